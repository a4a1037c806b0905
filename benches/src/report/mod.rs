//! What came out? Times by query and engine, their minima, medians and ratios, as text, JSON and a plot.

mod arithmetic;
mod json;
mod text;

use crate::engine::Facts;
use crate::plot;

pub use arithmetic::{geometric_mean, median, minimum, percentile};

/// Everything that a comparison found.
#[derive(Debug)]
pub struct Report {
    /// Name of the workload.
    pub workload: String,
    /// Rows of the table.
    pub rows: u64,
    /// `segmentGranularity` of ours and Druid.
    pub granularity: String,
    /// How many projections ours keeps.
    pub projections: usize,
    /// Cores of the machine.
    pub cores: usize,
    /// Name of the processor.
    pub processor: String,
    /// CPU that other processes used while we timed, in cores.
    pub foreign_cores: f64,
    /// Interleaved runs.
    pub runs: usize,
    /// Timed repeats a run.
    pub repeats: usize,
    /// The engines, in the order of every query's outcomes.
    pub engines: Vec<EngineReport>,
    /// The queries.
    pub queries: Vec<QueryReport>,
    /// Label and start of the names of queries that get their own means.
    pub groups: Vec<(String, String)>,
    /// Minimal milliseconds by query, measured elsewhere, by engine.
    pub published: Vec<(String, Vec<(String, f64)>)>,
}

/// One engine.
#[derive(Debug)]
pub struct EngineReport {
    /// Its name.
    pub name: String,
    /// What was known of it after loading.
    pub facts: Facts,
    /// Peak memory while queries were timed, in bytes.
    pub query_peak_bytes: Option<u64>,
}

/// One query.
#[derive(Debug)]
pub struct QueryReport {
    /// Its name.
    pub name: String,
    /// What each engine did.
    pub outcomes: Vec<Outcome>,
}

/// What an engine did with a query.
#[derive(Debug, Default)]
pub struct Outcome {
    /// Times in milliseconds.
    pub times_ms: Vec<f64>,
    /// Why it was not timed: `refused: ...` or `wrong: ...`.
    pub left_out: Option<String>,
    /// Largest relative error of an approximate answer.
    pub error: Option<f64>,
}

impl Outcome {
    /// The engine does not take the query.
    #[must_use]
    pub fn refused(why: String) -> Self {
        Self { left_out: Some(format!("refused: {why}")), ..Self::default() }
    }

    /// The engine's answer is wrong.
    #[must_use]
    pub fn wrong(how: String) -> Self {
        Self { left_out: Some(format!("wrong: {how}")), ..Self::default() }
    }

    /// The engine's answer is right, with an error when it is approximate.
    #[must_use]
    pub fn right(error: Option<f64>) -> Self {
        Self { error, ..Self::default() }
    }
}

impl Report {
    /// Queries that ours answered wrongly.
    #[must_use]
    pub fn wrong_of_ours(&self) -> Vec<String> {
        let Some(ours) = self.ours() else { return Vec::new() };
        let wrong =
            |q: &&QueryReport| q.outcomes[ours].left_out.as_ref().is_some_and(|why| why.starts_with("wrong"));
        self.queries.iter().filter(wrong).map(|q| q.name.clone()).collect()
    }

    /// Minima by query and engine, drawn; engines measured elsewhere included.
    #[must_use]
    pub fn svg(&self) -> String {
        let rows: Vec<&str> = self.queries.iter().map(|q| q.name.as_str()).collect();
        let measured = self.engines.iter().enumerate().map(|(at, engine)| plot::Dots {
            name: engine.name.clone(),
            values: self.queries.iter().map(|q| q.minimum(at)).collect(),
        });
        let elsewhere = self.published.iter().enumerate().map(|(at, (name, _))| plot::Dots {
            name: format!("{name} (elsewhere)"),
            values: self.queries.iter().map(|q| self.published_ms(at, &q.name)).collect(),
        });
        let dots: Vec<plot::Dots> = measured.chain(elsewhere).collect();
        let title = format!("{}: minimum of hot runs, ms (log scale)", self.workload);
        plot::dots(&title, &rows, &dots)
    }
}
