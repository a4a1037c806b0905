//! What may be asked of a benchmark on the command line?

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;

use crate::engine::EMBEDDED;
use crate::node::{Node, ScratchNode};

/// Where our server comes from and where things are kept; every benchmark has these.
#[derive(Debug, Clone, Args)]
pub struct OursOptions {
    /// Our server binary [default: the one beside this program].
    #[arg(long, value_name = "PATH")]
    pub server: Option<PathBuf>,
    /// Folder for data and the peers' tables [default: `$ALLUVIUM_BENCH_DATA` or `~/.cache/alluvium-bench`].
    #[arg(long, value_name = "DIR")]
    pub cache: Option<PathBuf>,
    /// Where to write the measurements.
    #[arg(long, value_name = "FILE")]
    pub json: Option<PathBuf>,
}

/// Options that all comparisons share.
#[derive(Debug, Clone, Args)]
pub struct CompareOptions {
    /// Engines, separated by commas: `ours`, `duckdb`, `clickhouse`, `datafusion`, `polars`.
    #[arg(long, value_delimiter = ',', default_value = "ours,duckdb,clickhouse,datafusion,polars")]
    pub engines: Vec<String>,
    /// A running server of ours that has the table, in place of a new one.
    #[arg(long, value_name = "URL", conflicts_with = "server")]
    pub ours: Option<String>,
    /// A broker of Apache Druid to measure too; the table is loaded when it is not there.
    #[arg(long, value_name = "URL")]
    pub druid: Option<String>,
    /// The coordinator and overlord of that Druid.
    #[arg(long, value_name = "URL", default_value = "http://127.0.0.1:8081")]
    pub druid_coordinator: String,
    /// Queries, separated by commas [default: all].
    #[arg(long, value_delimiter = ',')]
    pub queries: Vec<String>,
    /// Interleaved runs over all queries.
    #[arg(long, default_value_t = 3)]
    pub runs: usize,
    /// Timed repeats a run, query and engine; one more before them is not timed.
    #[arg(long, default_value_t = 7)]
    pub repeats: usize,
    /// `segmentGranularity`, for Druid and for us.
    #[arg(long, default_value = "MONTH")]
    pub granularity: String,
    /// Virtual environment with the peers, made when it is missing [default: CACHE/venv].
    #[arg(long, value_name = "DIR", visible_alias = "venv")]
    pub python_venv: Option<PathBuf>,
    /// Where to draw the minima.
    #[arg(long, value_name = "FILE")]
    pub svg: Option<PathBuf>,
    /// Ours.
    #[command(flatten)]
    pub node: OursOptions,
}

impl OursOptions {
    /// The folder for everything that is kept between runs.
    #[must_use]
    pub fn cache(&self) -> PathBuf {
        let home = || std::env::var_os("HOME").map_or_else(std::env::temp_dir, PathBuf::from);
        let default = || home().join(".cache/alluvium-bench");
        let set = || std::env::var_os("ALLUVIUM_BENCH_DATA").map(PathBuf::from);
        self.cache.clone().or_else(set).unwrap_or_else(default)
    }

    /// Starts a server over a new folder, which is removed with it.
    ///
    /// # Errors
    /// When the server does not start.
    pub fn start(&self) -> Result<ScratchNode, String> {
        let beside = || std::env::current_exe().map(|exe| exe.with_file_name("alluvium"));
        let binary = self.server.clone().map_or_else(beside, Ok).map_err(|e| e.to_string())?;
        let folder = self.cache().join(format!("server-{}", std::process::id()));
        std::fs::create_dir_all(&folder).map_err(|e| format!("`{}`: {e}", folder.display()))?;
        Node::start(&binary, &folder).map(|node| ScratchNode { node, folder })
    }

    /// Writes measurements where they were asked for.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn write_json(&self, measured: &serde_json::Value) -> Result<(), String> {
        match &self.json {
            Some(path) => write(path, &format!("{measured:#}\n")),
            None => Ok(()),
        }
    }
}

impl CompareOptions {
    /// The virtual environment's folder.
    #[must_use]
    pub fn venv(&self) -> PathBuf {
        self.python_venv.clone().unwrap_or_else(|| self.node.cache().join("venv"))
    }

    /// Refuses engines that do not exist.
    ///
    /// # Errors
    /// Which one, and which there are.
    pub fn check(&self) -> Result<(), String> {
        match self.engines.iter().find(|e| *e != "ours" && !EMBEDDED.contains(&e.as_str())) {
            Some(unknown) => Err(format!("no engine `{unknown}`; there are `ours`, {}", EMBEDDED.join(", "))),
            None => Ok(()),
        }
    }
}

/// Writes a file of a report.
///
/// # Errors
/// When it cannot be written.
pub fn write(path: &std::path::Path, text: &str) -> Result<(), String> {
    std::fs::write(path, text).map_err(|e| format!("`{}`: {e}", path.display()))
}

/// The exit code of a benchmark's `main`.
#[must_use]
pub fn exit(outcome: Result<(), String>) -> ExitCode {
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}
