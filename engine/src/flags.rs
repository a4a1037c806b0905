//! What was typed? Flags and commands; the rooms behind decide what they mean.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

/// The real-time OLAP server that speaks Apache Druid's language.
#[derive(Debug, Parser)]
#[command(name = "alluvium", version, about, arg_required_else_help = true)]
pub struct Flags {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Run the server.
    Server(ServerOptions),
    /// Look into a segment file.
    Segment(SegmentOptions),
    /// Ask a running server in SQL.
    Sql(SqlOptions),
    /// Post a supervisor or task spec to a running server.
    Submit(SubmitOptions),
    /// Real flights from a Kafka topic into queryable segments, in one command.
    Quickstart(QuickstartOptions),
}

/// Options of `alluvium server`.
#[derive(Debug, Clone, Default, Args)]
pub struct ServerOptions {
    /// Address to listen on; port 0 picks a free one and prints it [default: 127.0.0.1:8888].
    #[arg(long, value_name = "ADDR")]
    pub listen: Option<String>,
    /// Folder for metadata, segments and caches [default: alluvium-data].
    #[arg(long, value_name = "DIR")]
    pub data_dir: Option<PathBuf>,
    /// Configuration file (TOML); flags win over it.
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
}

/// Options of `alluvium segment`.
#[derive(Debug, Clone, Args)]
pub struct SegmentOptions {
    /// What to show.
    #[command(subcommand)]
    pub view: SegmentView,
}

/// What to show of a segment.
#[derive(Debug, Clone, Subcommand)]
pub enum SegmentView {
    /// Rows, interval, sizes.
    Inspect(SegmentTarget),
    /// Each column: type, cardinality, encoding, bytes before and after, bitmaps, dictionary samples.
    Columns(SegmentTarget),
    /// Rows as JSON lines.
    Dump(DumpOptions),
    /// Check every checksum.
    Verify(SegmentTarget),
}

/// Which segment.
#[derive(Debug, Clone, Args)]
pub struct SegmentTarget {
    /// Path of a segment file, or a segment id of the data folder.
    #[arg(value_name = "PATH|ID")]
    pub segment: String,
    /// Folder in which an id is looked up [default: alluvium-data].
    #[arg(long, value_name = "DIR")]
    pub data_dir: Option<PathBuf>,
    /// Print JSON.
    #[arg(long)]
    pub json: bool,
}

/// Options of `alluvium segment dump`.
#[derive(Debug, Clone, Args)]
pub struct DumpOptions {
    /// Which segment.
    #[command(flatten)]
    pub target: SegmentTarget,
    /// Print at most this many rows.
    #[arg(long, value_name = "ROWS")]
    pub limit: Option<usize>,
    /// Print these columns only (may be repeated).
    #[arg(long = "column", value_name = "NAME")]
    pub columns: Vec<String>,
    /// Print the groups of this projection instead of the rows.
    #[arg(long, value_name = "NAME")]
    pub projection: Option<String>,
}

/// Options of `alluvium sql`.
#[derive(Debug, Clone, Args)]
pub struct SqlOptions {
    /// The statement.
    pub sql: String,
    /// Where the server listens.
    #[arg(long, default_value = "http://127.0.0.1:8888")]
    pub url: String,
    /// Print JSON even on a terminal.
    #[arg(long)]
    pub json: bool,
}

/// Options of `alluvium submit`.
#[derive(Debug, Clone, Args)]
pub struct SubmitOptions {
    /// Supervisor or task spec, a JSON file; `-` reads standard input.
    pub spec: PathBuf,
    /// Where the server listens.
    #[arg(long, default_value = "http://127.0.0.1:8888")]
    pub url: String,
    /// Wait until a task has ended, and fail if it failed.
    #[arg(long)]
    pub wait: bool,
}

/// Options of `alluvium quickstart`.
#[derive(Debug, Clone, Args)]
pub struct QuickstartOptions {
    /// Exit when everything is shown, instead of serving on.
    #[arg(long)]
    pub once: bool,
    /// Folder for its data [default: alluvium-quickstart].
    #[arg(long, value_name = "DIR", default_value = "alluvium-quickstart")]
    pub data_dir: PathBuf,
    /// Address to listen on.
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:8888")]
    pub listen: String,
}
