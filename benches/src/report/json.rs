//! The report for programs.

use serde_json::{Map, Value, json};

use super::{Report, geometric_mean, median};

impl Report {
    /// Everything, raw times included.
    #[must_use]
    pub fn json(&self) -> Value {
        let engines: Vec<Value> = self
            .engines
            .iter()
            .map(|e| {
                json!({
                    "name": e.name, "version": e.facts.version, "load_seconds": e.facts.load_seconds,
                    "bytes_on_disk": e.facts.bytes, "load_peak_bytes": e.facts.load_peak_bytes,
                    "query_peak_bytes": e.query_peak_bytes
                })
            })
            .collect();
        let published: Map<String, Value> = self
            .published
            .iter()
            .map(|(name, times)| {
                (
                    name.clone(),
                    times.iter().map(|(q, ms)| (q.clone(), json!(ms))).collect::<Map<_, _>>().into(),
                )
            })
            .collect();
        json!({
            "workload": self.workload, "rows": self.rows, "segment_granularity": self.granularity,
            "projections": self.projections, "cores": self.cores, "processor": self.processor,
            "foreign_cores": self.foreign_cores, "runs": self.runs, "repeats": self.repeats,
            "engines": engines, "queries": self.queries_json(), "published_minimum_ms": published,
            "ratio_geometric_means": self.means_json()
        })
    }

    fn queries_json(&self) -> Vec<Value> {
        let query = |q: &super::QueryReport| {
            let engines: Map<String, Value> = self
                .engines
                .iter()
                .enumerate()
                .map(|(at, engine)| {
                    let outcome = &q.outcomes[at];
                    let ratio = self.ours().and_then(|ours| q.ratio(ours, at));
                    let value = json!({
                        "minimum_ms": q.minimum(at), "median_ms": median(&outcome.times_ms),
                        "times_ms": outcome.times_ms, "left_out": outcome.left_out, "error": outcome.error,
                        "ours_over_it": ratio
                    });
                    (engine.name.clone(), value)
                })
                .collect();
            let fastest = |elsewhere| {
                json!({
                    "engine": self.fastest_peer(q, elsewhere).map(|(name, _)| name),
                    "ours_over_it": self.ratio_to_fastest(q, elsewhere)
                })
            };
            json!({
                "query": q.name, "engines": engines, "fastest_peer": fastest(false),
                "fastest_peer_or_published": fastest(true)
            })
        };
        self.queries.iter().map(query).collect()
    }

    fn means_json(&self) -> Value {
        let ratios = |elsewhere| {
            let all: Vec<f64> =
                self.queries.iter().filter_map(|q| self.ratio_to_fastest(q, elsewhere)).collect();
            geometric_mean(&all)
        };
        let mut means = Map::new();
        for at in self.peers() {
            let all: Vec<f64> =
                self.queries.iter().filter_map(|q| self.ours().and_then(|ours| q.ratio(ours, at))).collect();
            means.insert(self.engines[at].name.clone(), json!(geometric_mean(&all)));
        }
        means.insert("fastest_peer".to_owned(), json!(ratios(false)));
        means.insert("fastest_peer_or_published".to_owned(), json!(ratios(true)));
        Value::Object(means)
    }
}
