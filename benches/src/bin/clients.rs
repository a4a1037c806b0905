//! How many small queries a second do 1, 4, 16 and 64 clients get, how long do they wait, and what when a heavy
//! query runs beside them?

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use alluvium_benches::generate;
use alluvium_benches::machine::CpuSeconds;
use alluvium_benches::node::ScratchNode;
use alluvium_benches::options::{OursOptions, exit};
use alluvium_benches::traffic::{self, SMALL, Seen};
use alluvium_benches::workload::ssb;
use clap::Parser;
use fastrand::Rng;
use serde_json::{Value, json};

/// Small queries with random parameters (S1, S2, S7, S8 of `ssb`) from many keep-alive clients at the same time.
#[derive(Debug, Parser)]
struct Options {
    /// Running servers with the table, as NAME=URL, asked in turn [default: one of ours, started and loaded].
    #[arg(value_name = "NAME=URL")]
    targets: Vec<String>,
    /// Numbers of clients.
    #[arg(long, value_delimiter = ',', default_value = "1,4,16,64")]
    clients: Vec<usize>,
    /// Length of each measurement.
    #[arg(long, default_value_t = 10.0)]
    seconds: f64,
    /// Measurements of each target and number of clients.
    #[arg(long, default_value_t = 2)]
    rounds: usize,
    /// Only these of S1, S2, S7, S8.
    #[arg(long, value_delimiter = ',')]
    only: Vec<String>,
    /// Also ask a heavy query again and again beside them.
    #[arg(long)]
    heavy: bool,
    /// The heavy query.
    #[arg(
        long,
        default_value = "SELECT LO_ORDERKEY, SUM(LO_REVENUE) AS revenue FROM lineorder_flat GROUP BY LO_ORDERKEY \
                         ORDER BY revenue DESC LIMIT 10"
    )]
    heavy_sql: String,
    /// Name of the table.
    #[arg(long, default_value = "lineorder_flat")]
    table: String,
    /// Scale factor of the table that is loaded into ours.
    #[arg(long, default_value_t = 1.0)]
    sf: f64,
    /// `lineorder_flat.parquet` or its folder, made when it is missing [default: CACHE/ssb-sfSF].
    #[arg(long, value_name = "PATH")]
    data: Option<PathBuf>,
    /// Whether the table that is loaded has pre-aggregations.
    #[arg(long)]
    projections: bool,
    /// `segmentGranularity` of the table that is loaded.
    #[arg(long, default_value = "MONTH")]
    granularity: String,
    #[command(flatten)]
    node: OursOptions,
}

fn main() -> ExitCode {
    exit(run(&Options::parse()))
}

fn run(options: &Options) -> Result<(), String> {
    let names: Vec<&str> = match options.only.as_slice() {
        [] => SMALL.to_vec(),
        only => only.iter().map(String::as_str).collect(),
    };
    if let Some(unknown) = names.iter().find(|name| !SMALL.contains(*name)) {
        return Err(format!("no small query `{unknown}`"));
    }
    let mut scratch = None;
    let targets = match options.targets.as_slice() {
        [] => vec![("ours".to_owned(), scratch.insert(loaded(options)?).node.url().to_owned())],
        given => given.iter().map(|t| target(t)).collect::<Result<_, _>>()?,
    };
    let ask = |rng: &mut Rng| {
        let name = names[rng.usize(..names.len())];
        traffic::sql_body(&traffic::small_query(name, &options.table, rng))
    };
    let mut measured = Vec::new();
    for (name, url) in &targets {
        let warm = traffic::drive(url, 4, Duration::from_secs_f64(options.seconds.min(8.0)), ask)?;
        if warm.errors > 0 || warm.times_ms.is_empty() {
            return Err(format!("{name}: {}", warm.line()));
        }
    }
    for clients in &options.clients {
        for round in 0..options.rounds {
            for (name, url) in &targets {
                measured.push(measure(options, name, url, [*clients, round], &ask)?);
            }
        }
    }
    options.node.write_json(&Value::from(measured))
}

fn measure(
    options: &Options,
    name: &str,
    url: &str,
    [clients, round]: [usize; 2],
    ask: &(impl Fn(&mut Rng) -> String + Sync),
) -> Result<Value, String> {
    let length = Duration::from_secs_f64(options.seconds);
    let me = [std::process::id()];
    let before = CpuSeconds::read(&me);
    let alone = traffic::drive(url, clients, length, ask)?;
    let own = CpuSeconds::read(&me).own_since(before);
    let head = format!("{name:<12} {clients:>3} clients, round {round}");
    println!("{head}: {}  our CPU {own:.1} s", alone.line());
    let mut found = json!({
        "target": name, "clients": clients, "round": round, "alone": alone.json(), "client_cpu_seconds": own
    });
    if options.heavy {
        let heavy = traffic::sql_body(&options.heavy_sql);
        let (small, heavy): (Seen, Seen) = traffic::drive_beside(url, clients, length, ask, &heavy)?;
        println!("{head}, beside a heavy query: {}", small.line());
        println!("{head}, the heavy query: {}", heavy.line());
        found["beside_heavy"] = small.json();
        found["heavy"] = heavy.json();
    }
    Ok(found)
}

fn target(text: &str) -> Result<(String, String), String> {
    let (name, url) = text.split_once('=').ok_or_else(|| format!("`{text}` is not NAME=URL"))?;
    Ok((name.to_owned(), url.to_owned()))
}

/// A server of ours with the table.
fn loaded(options: &Options) -> Result<ScratchNode, String> {
    let workload = ssb::workload(options.sf, &options.granularity, options.projections);
    let at = options.data.clone().unwrap_or_else(|| options.node.cache().join(&workload.name));
    let parquet = generate::ssb_file(&at, options.sf)?.canonicalize().map_err(|e| e.to_string())?;
    let mut scratch = options.node.start()?;
    eprintln!("loading `{}`", parquet.display());
    scratch.node.run_task(&workload.task(&parquet))?;
    Ok(scratch)
}
