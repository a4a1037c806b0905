//! How fast do rows get in, beside the peers? JSON from bytes in memory to queryable rows, a parquet file through a
//! batch task, a Kafka topic through a supervisor.
//!
//! ```text
//! load json    [--rows N] [--python PATH]
//! load parquet FILE --time COLUMN [--granularity MONTH] [--python PATH] [--server PATH]
//! load kafka   BROKER --jars DIR [--rows N] [--tasks N] [--partitions N] [--server PATH]
//! ```
//!
//! `--python` is a Python that has the peers (`chdb`, `duckdb`); without it only ours is measured. `--jars` are
//! Kafka's own, whose producer fills the topic.

mod json;
mod kafka;
mod parquet;
mod peers;
mod record;

use std::collections::HashMap;
use std::path::PathBuf;

fn main() {
    if let Err(error) = run() {
        eprintln!("error: {error}");
        std::process::exit(1);
    }
}

fn run() -> Result<(), String> {
    let options = Options::read()?;
    match options.words.first().map(String::as_str) {
        Some("json") => json::run(&options),
        Some("parquet") => parquet::run(&options),
        Some("kafka") => kafka::run(&options),
        _ => Err("load what? json, parquet or kafka".to_owned()),
    }
}

/// The command line.
struct Options {
    words: Vec<String>,
    flags: HashMap<String, String>,
}

impl Options {
    fn read() -> Result<Self, String> {
        let (mut words, mut flags) = (Vec::new(), HashMap::new());
        let mut arguments = std::env::args().skip(1);
        while let Some(word) = arguments.next() {
            match word.strip_prefix("--") {
                None => words.push(word),
                Some(flag) => {
                    let value = arguments.next().ok_or(format!("--{flag} takes a value"))?;
                    flags.insert(flag.to_owned(), value);
                }
            }
        }
        Ok(Self { words, flags })
    }

    fn text(&self, flag: &str) -> Option<&str> {
        self.flags.get(flag).map(String::as_str)
    }

    fn number(&self, flag: &str, default: usize) -> Result<usize, String> {
        let Some(text) = self.text(flag) else { return Ok(default) };
        text.parse().map_err(|_| format!("--{flag} takes a number, not `{text}`"))
    }

    /// What stands behind the kind of load.
    fn subject(&self, what: &str) -> Result<&str, String> {
        self.words.get(1).map(String::as_str).ok_or_else(|| format!("which {what}?"))
    }

    /// Our server: the one named, or that beside this program.
    fn server(&self) -> Result<PathBuf, String> {
        let beside = std::env::current_exe().map_err(|e| e.to_string())?.with_file_name("alluvium");
        Ok(self.text("server").map_or(beside, PathBuf::from))
    }
}

/// An empty folder for one run; removed when dropped.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Result<Self, String> {
        let path = std::env::temp_dir().join(format!("alluvium-load-{}", std::process::id()));
        std::fs::create_dir_all(&path).map_err(|e| e.to_string())?;
        Ok(Self(path))
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}
