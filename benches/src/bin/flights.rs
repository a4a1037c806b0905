//! How do timeseries, topN, groupBy, scans and SQL over 3 million real flights compare with the peers in the same run?

use std::path::PathBuf;
use std::process::ExitCode;

use alluvium_benches::compare;
use alluvium_benches::options::{CompareOptions, exit};
use alluvium_benches::workload::flights;
use clap::Parser;

/// Real flights beside the peers, in one run.
#[derive(Debug, Parser)]
struct Options {
    /// A Parquet file of flights: `date`, `delay`, `distance`, `origin`, `destination`.
    parquet: PathBuf,
    #[command(flatten)]
    compare: CompareOptions,
}

fn main() -> ExitCode {
    let options = Options::parse();
    let workload = flights::workload(&options.compare.granularity);
    exit(compare::run(workload, &options.parquet, &options.compare))
}
