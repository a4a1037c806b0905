//! How do the Star Schema Benchmark and twelve serving queries compare with the peers in the same run?

use std::path::PathBuf;
use std::process::ExitCode;

use alluvium_benches::compare;
use alluvium_benches::generate;
use alluvium_benches::options::{CompareOptions, exit};
use alluvium_benches::workload::ssb;
use clap::{Parser, ValueEnum};

/// The flat Star Schema Benchmark (13 queries) and 12 serving queries, beside the peers, in one run.
#[derive(Debug, Parser)]
struct Options {
    /// Scale factor; 1 is 6 million rows.
    #[arg(long, default_value_t = 1.0)]
    sf: f64,
    /// `lineorder_flat.parquet` or its folder, made when it is missing [default: CACHE/ssb-sfSF].
    #[arg(long, value_name = "PATH")]
    data: Option<PathBuf>,
    /// Whether ours keeps pre-aggregations.
    #[arg(long, value_enum, default_value_t = Switch::Off)]
    projections: Switch,
    #[command(flatten)]
    compare: CompareOptions,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Switch {
    On,
    Off,
}

fn main() -> ExitCode {
    exit(run(&Options::parse()))
}

fn run(options: &Options) -> Result<(), String> {
    let granularity = &options.compare.granularity;
    let workload = ssb::workload(options.sf, granularity, options.projections == Switch::On);
    let at = options.data.clone().unwrap_or_else(|| options.compare.node.cache().join(&workload.name));
    let parquet = generate::ssb_file(&at, options.sf)?;
    compare::run(workload, &parquet, &options.compare)
}
