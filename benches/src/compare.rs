//! How does a comparison go? Load, check every answer against the exact one, then time in interleaved rounds.

use std::path::Path;
use std::time::Instant;

use parquet::file::reader::{FileReader, SerializedFileReader};

use crate::druid;
use crate::engine::{Embedded, Engine, Host, Served, count};
use crate::machine::{self, CpuSeconds};
use crate::node::Node;
use crate::options::{CompareOptions, write};
use crate::report::{EngineReport, Outcome, QueryReport, Report};
use crate::venv;
use crate::workload::Workload;

/// Passes over all queries before anything is timed, of engines that are servers: a JVM compiles on the way.
const WARM_PASSES: usize = 5;

/// Runs a workload over a Parquet file on all engines asked for; prints and writes the report.
///
/// # Errors
/// When an engine cannot be started or loaded, or when an answer of ours is wrong.
pub fn run(mut workload: Workload, parquet: &Path, options: &CompareOptions) -> Result<(), String> {
    options.check()?;
    if !options.queries.is_empty() {
        let known = |name: &String| workload.queries.iter().any(|q| q.name == name);
        if let Some(unknown) = options.queries.iter().find(|name| !known(name)) {
            return Err(format!("no query `{unknown}`"));
        }
        workload.queries.retain(|q| options.queries.iter().any(|name| name == q.name));
    }
    let parquet = parquet.canonicalize().map_err(|e| format!("`{}`: {e}", parquet.display()))?;
    let mut bench = Bench::start(&workload, &parquet, options)?;
    bench.check()?;
    bench.time(options)?;
    let report = bench.report(options);
    print!("{}", report.text());
    options.node.write_json(&report.json())?;
    if let Some(path) = &options.svg {
        write(path, &report.svg())?;
    }
    let wrong = report.wrong_of_ours();
    if wrong.is_empty() { Ok(()) } else { Err(format!("wrong answers of ours: {}", wrong.join(", "))) }
}

/// Loaded engines and what was measured so far.
struct Bench<'w> {
    workload: &'w Workload,
    rows: u64,
    engines: Vec<Box<dyn Engine>>,
    /// DuckDB for the exact answers.
    referee: Embedded,
    queries: Vec<QueryReport>,
    /// CPU that others used while we timed, in cores.
    foreign_cores: f64,
}

impl<'w> Bench<'w> {
    fn start(workload: &'w Workload, parquet: &Path, options: &CompareOptions) -> Result<Self, String> {
        let rows = rows_of(parquet)?;
        let python = venv::python(&options.venv())?;
        let stores = options.node.cache().join(&workload.name);
        let start = |name: &str, folder: &str| {
            eprintln!("loading {rows} rows into {name}");
            Embedded::start(name, &python, &stores.join(folder), workload, parquet)
                .map_err(|e| format!("{name}: {e}"))
        };
        let mut engines: Vec<Box<dyn Engine>> = Vec::new();
        if options.engines.iter().any(|e| e == "ours") {
            eprintln!("loading {rows} rows into ours");
            engines.push(Box::new(ours(workload, parquet, rows, options)?));
        }
        let mut referee = start("duckdb", "referee")?;
        let in_polars = workload.queries.iter().any(|q| q.polars.is_some());
        for name in options.engines.iter().filter(|e| *e != "ours" && (in_polars || *e != "polars")) {
            engines.push(Box::new(start(name, name)?));
        }
        if let Some(url) = &options.druid {
            engines.push(Box::new(druid(workload, rows, options, &mut referee, url)?));
        }
        for engine in &engines {
            let facts = engine.facts();
            let seconds = facts.load_seconds.map_or_else(String::new, |s| format!(", loaded in {s:.1} s"));
            eprintln!("{} {}{seconds}", engine.name(), facts.version);
        }
        Ok(Self { workload, rows, engines, referee, queries: Vec::new(), foreign_cores: 0.0 })
    }

    fn check(&mut self) -> Result<(), String> {
        for query in &self.workload.queries {
            let shape = query.shape();
            let exact = self.referee.exact_rows(query).map_err(|e| format!("{}: {e}", query.name))?;
            let exact = shape.cells(&exact).map_err(|e| format!("{}: {e}", query.name))?;
            if exact.is_empty() {
                return Err(format!("{}: the exact answer is empty", query.name));
            }
            let mut outcomes = Vec::new();
            for engine in &mut self.engines {
                let outcome = match engine.rows(query) {
                    Err(refused) => Outcome::refused(refused),
                    Ok(rows) => match shape.cells(&rows).and_then(|got| shape.compare(&exact, &got)) {
                        Err(wrong) => Outcome::wrong(wrong),
                        Ok(error) => Outcome::right(query.kinds.contains('a').then_some(error)),
                    },
                };
                if let Some(why) = &outcome.left_out {
                    eprintln!("{} {}: {why}", engine.name(), query.name);
                }
                outcomes.push(outcome);
            }
            self.queries.push(QueryReport { name: query.name.to_owned(), outcomes });
        }
        Ok(())
    }

    fn time(&mut self, options: &CompareOptions) -> Result<(), String> {
        self.warm()?;
        let mut processes: Vec<u32> = self.engines.iter().filter_map(|e| e.facts().process).collect();
        processes.push(std::process::id());
        processes.iter().for_each(|p| machine::forget_peak(*p));
        let (started, cpu) = (Instant::now(), CpuSeconds::read(&processes));
        for run in 0..options.runs {
            eprintln!("run {} of {}", run + 1, options.runs);
            for (query, report) in self.workload.queries.iter().zip(&mut self.queries) {
                let live: Vec<usize> =
                    (0..self.engines.len()).filter(|e| report.outcomes[*e].left_out.is_none()).collect();
                // The first round is not timed.
                for round in 0..=options.repeats {
                    for turn in 0..live.len() {
                        let engine = live[(round + turn) % live.len()];
                        let ms = self.engines[engine]
                            .time_ms(query)
                            .map_err(|e| format!("{} {}: {e}", self.engines[engine].name(), query.name))?;
                        if round > 0 {
                            report.outcomes[engine].times_ms.push(ms);
                        }
                    }
                }
            }
        }
        let foreign = CpuSeconds::read(&processes).foreign_since(cpu);
        self.foreign_cores = foreign / started.elapsed().as_secs_f64();
        Ok(())
    }

    fn warm(&mut self) -> Result<(), String> {
        for (at, engine) in self.engines.iter_mut().enumerate() {
            if !["ours", "druid"].contains(&engine.name()) {
                continue;
            }
            for _ in 0..WARM_PASSES {
                for (query, report) in self.workload.queries.iter().zip(&self.queries) {
                    if report.outcomes[at].left_out.is_none() {
                        engine.time_ms(query)?;
                    }
                }
            }
        }
        Ok(())
    }

    fn report(self, options: &CompareOptions) -> Report {
        let engines = self.engines.iter().map(|engine| EngineReport {
            name: engine.name().to_owned(),
            facts: engine.facts().clone(),
            query_peak_bytes: engine.facts().process.and_then(machine::peak_bytes),
        });
        Report {
            workload: self.workload.name.clone(),
            rows: self.rows,
            granularity: self.workload.granularity.clone(),
            projections: self.workload.projections.len(),
            cores: machine::cores(),
            processor: machine::processor(),
            foreign_cores: self.foreign_cores,
            runs: options.runs,
            repeats: options.repeats,
            engines: engines.collect(),
            queries: self.queries,
            groups: self.workload.groups.iter().map(|(l, s)| ((*l).to_owned(), (*s).to_owned())).collect(),
            published: self
                .workload
                .published
                .iter()
                .map(|p| {
                    let times = p.minimum_ms.iter().map(|(q, ms)| ((*q).to_owned(), *ms)).collect();
                    (p.engine.to_owned(), times)
                })
                .collect(),
        }
    }
}

fn ours(workload: &Workload, parquet: &Path, rows: u64, options: &CompareOptions) -> Result<Served, String> {
    let (host, seconds) = match &options.ours {
        Some(url) => (Host::Foreign(Node::attach(url)?), None),
        None => {
            let mut scratch = options.node.start()?;
            let seconds = scratch.node.run_task(&workload.task(parquet))?;
            (Host::Scratch(scratch), Some(seconds))
        }
    };
    whole(Served::new("ours", host, workload, seconds)?, rows)
}

fn druid(
    workload: &Workload,
    rows: u64,
    options: &CompareOptions,
    referee: &mut Embedded,
    url: &str,
) -> Result<Served, String> {
    let mut node = Node::attach(url)?;
    let there = count(&mut node, workload.table).unwrap_or_default();
    let seconds = if there == rows {
        None
    } else {
        let csv = options.node.cache().join(&workload.name).join("csv");
        eprintln!("loading {rows} rows into druid");
        let mut coordinator = Node::attach(&options.druid_coordinator)?;
        Some(druid::load(workload, referee, &csv, [&mut coordinator, &mut node], rows)?)
    };
    whole(Served::new("druid", Host::Foreign(node), workload, seconds)?, rows)
}

/// Refuses a table that lacks rows.
fn whole(mut engine: Served, rows: u64) -> Result<Served, String> {
    match engine.count()? {
        found if found == rows => Ok(engine),
        found => Err(format!("{} has {found} rows of {rows}", engine.name())),
    }
}

fn rows_of(parquet: &Path) -> Result<u64, String> {
    let file = std::fs::File::open(parquet).map_err(|e| format!("`{}`: {e}", parquet.display()))?;
    let reader = SerializedFileReader::new(file).map_err(|e| format!("`{}`: {e}", parquet.display()))?;
    let rows = reader.metadata().file_metadata().num_rows();
    u64::try_from(rows).map_err(|e| e.to_string())
}
