//! How do the questions of web analytics over a wide table of page views compare with the peers in the same run?

use std::path::PathBuf;
use std::process::ExitCode;

use alluvium_benches::compare;
use alluvium_benches::generate::{self, Events};
use alluvium_benches::options::{CompareOptions, exit};
use alluvium_benches::workload::events;
use clap::Parser;

/// Synthetic page views with the traits of real ones, beside the peers, in one run.
#[derive(Debug, Parser)]
struct Options {
    /// Rows.
    #[arg(long, default_value_t = 5_000_000)]
    rows: u64,
    /// The Parquet file, made when it is missing [default: CACHE/events-ROWS/hits.parquet].
    #[arg(long, value_name = "FILE")]
    data: Option<PathBuf>,
    #[command(flatten)]
    compare: CompareOptions,
}

fn main() -> ExitCode {
    exit(run(&Options::parse()))
}

fn run(options: &Options) -> Result<(), String> {
    let workload = events::workload(options.rows, &options.compare.granularity);
    let in_cache = || options.compare.node.cache().join(&workload.name).join("hits.parquet");
    let parquet = options.data.clone().unwrap_or_else(in_cache);
    generate::write(&parquet, || Box::new(Events::new(options.rows)))?;
    compare::run(workload, &parquet, &options.compare)
}
