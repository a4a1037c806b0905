//! How are measurements summed up? Minimum and median a query and side, the ratio of minima, a geometric mean.

use serde_json::{Value, json};

/// Times of one query on both sides, in milliseconds.
#[derive(Debug, Clone)]
pub struct Measurement {
    /// Name of the query.
    pub name: String,
    /// Our times.
    pub ours_ms: Vec<f64>,
    /// The peer's times.
    pub peer_ms: Vec<f64>,
}

impl Measurement {
    /// Our minimum over the peer's: below 1 we are faster.
    #[must_use]
    pub fn ratio(&self) -> f64 {
        minimum(&self.ours_ms) / minimum(&self.peer_ms)
    }
}

fn minimum(times: &[f64]) -> f64 {
    times.iter().copied().fold(f64::INFINITY, f64::min)
}

fn median(times: &[f64]) -> f64 {
    let mut sorted = times.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted.get(sorted.len() / 2).copied().unwrap_or(f64::NAN)
}

/// The geometric mean of the ratios.
#[must_use]
pub fn geometric_mean(all: &[Measurement]) -> f64 {
    (all.iter().map(|m| m.ratio().ln()).sum::<f64>() / all.len() as f64).exp()
}

/// A table for people.
#[must_use]
pub fn table(peer: &str, all: &[Measurement]) -> String {
    let mut text = format!(
        "{:<28} {:>10} {:>10} {:>12} {:>12} {:>7}\n",
        "query",
        "ours min",
        "median",
        format!("{peer} min"),
        "median",
        "ratio"
    );
    for m in all {
        text += &format!(
            "{:<28} {:>10.2} {:>10.2} {:>12.2} {:>12.2} {:>7.2}\n",
            m.name,
            minimum(&m.ours_ms),
            median(&m.ours_ms),
            minimum(&m.peer_ms),
            median(&m.peer_ms),
            m.ratio()
        );
    }
    text + &format!("geometric mean of ratios (ms, minima): {:.3}\n", geometric_mean(all))
}

/// The same for programs.
#[must_use]
pub fn to_json(peer: &str, all: &[Measurement]) -> Value {
    let queries: Vec<Value> = all
        .iter()
        .map(|m| json!({"query": m.name, "ours_ms": m.ours_ms, "peer_ms": m.peer_ms, "ratio": m.ratio()}))
        .collect();
    json!({"peer": peer, "queries": queries, "geometric_mean": geometric_mean(all)})
}
