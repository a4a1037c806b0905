//! How are measurements summed up? Minimum, median, percentiles, ratios of minima, geometric means.

use super::{QueryReport, Report};

/// A peer whose error is no larger than this computes the answer exactly, and is no measure for those that approximate.
const EXACT: f64 = 1e-9;

/// The least of some times.
#[must_use]
pub fn minimum(times: &[f64]) -> Option<f64> {
    times.iter().copied().min_by(f64::total_cmp)
}

/// The middle of some times.
#[must_use]
pub fn median(times: &[f64]) -> Option<f64> {
    percentile(times, 0.5)
}

/// The time that a part of all do not exceed.
#[must_use]
pub fn percentile(times: &[f64], part: f64) -> Option<f64> {
    let mut sorted = times.to_vec();
    sorted.sort_by(f64::total_cmp);
    let at = (sorted.len() as f64 * part).ceil() as usize;
    sorted.get(at.saturating_sub(1)).copied()
}

/// The geometric mean of some ratios or times.
#[must_use]
pub fn geometric_mean(values: &[f64]) -> Option<f64> {
    let logs: f64 = values.iter().map(|v| v.ln()).sum();
    (!values.is_empty()).then(|| (logs / values.len() as f64).exp())
}

impl QueryReport {
    /// An engine's minimum in milliseconds.
    #[must_use]
    pub fn minimum(&self, engine: usize) -> Option<f64> {
        minimum(&self.outcomes[engine].times_ms)
    }

    /// Ours over another engine, of minima: below 1 we are faster.
    #[must_use]
    pub fn ratio(&self, ours: usize, other: usize) -> Option<f64> {
        Some(self.minimum(ours)? / self.minimum(other)?)
    }
}

impl Report {
    /// Which engine is ours.
    #[must_use]
    pub fn ours(&self) -> Option<usize> {
        self.engines.iter().position(|e| e.name == "ours")
    }

    /// All others.
    pub fn peers(&self) -> impl Iterator<Item = usize> {
        let ours = self.ours();
        (0..self.engines.len()).filter(move |at| Some(*at) != ours)
    }

    /// A published minimum of a query, by the engine's place.
    #[must_use]
    pub fn published_ms(&self, engine: usize, query: &str) -> Option<f64> {
        let times = &self.published.get(engine)?.1;
        times.iter().find(|(name, _)| name == query).map(|(_, ms)| *ms)
    }

    /// The fastest peer of a query and its minimum; those measured elsewhere only when asked for.
    #[must_use]
    pub fn fastest_peer(&self, query: &QueryReport, elsewhere: bool) -> Option<(&str, f64)> {
        let here = self.peers().filter_map(|at| Some((self.engines[at].name.as_str(), query.minimum(at)?)));
        let there = self.published.iter().enumerate().filter(|_| elsewhere);
        let there =
            there.filter_map(|(at, (name, _))| Some((name.as_str(), self.published_ms(at, &query.name)?)));
        here.chain(there).min_by(|a, b| a.1.total_cmp(&b.1))
    }

    /// Ours over the fastest peer of a query.
    #[must_use]
    pub fn ratio_to_fastest(&self, query: &QueryReport, elsewhere: bool) -> Option<f64> {
        Some(query.minimum(self.ours()?)? / self.fastest_peer(query, elsewhere)?.1)
    }

    /// Queries whose approximate answer of ours is further off than that of the best peer that approximates: ours, the
    /// best peer's.
    #[must_use]
    pub fn worse_errors(&self) -> Vec<(&str, f64, f64)> {
        let Some(ours) = self.ours() else { return Vec::new() };
        let compared = self.queries.iter().filter_map(|q| {
            let own = q.outcomes[ours].error?;
            let approximate = |error: &f64| *error > EXACT;
            let errors = self.peers().filter_map(|at| q.outcomes[at].error).filter(approximate);
            let best = errors.min_by(f64::total_cmp)?;
            Some((q.name.as_str(), own, best))
        });
        compared.filter(|(_, own, best)| own > best).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::Facts;
    use crate::report::{EngineReport, Outcome};

    fn outcome(times_ms: &[f64], error: Option<f64>) -> Outcome {
        Outcome { times_ms: times_ms.to_vec(), left_out: None, error }
    }

    fn report() -> Report {
        let engine = |name: &str| EngineReport {
            name: name.to_owned(),
            facts: Facts::default(),
            query_peak_bytes: None,
        };
        let first = vec![outcome(&[2.0, 1.0], None), outcome(&[4.0, 5.0], None), outcome(&[3.0], None)];
        let second =
            vec![outcome(&[4.0], Some(0.02)), Outcome::wrong("x".to_owned()), outcome(&[2.0], Some(0.01))];
        Report {
            workload: "w".to_owned(),
            rows: 1,
            granularity: "MONTH".to_owned(),
            projections: 0,
            cores: 2,
            processor: String::new(),
            foreign_cores: 0.0,
            runs: 1,
            repeats: 1,
            engines: vec![engine("ours"), engine("a"), engine("b")],
            queries: vec![
                QueryReport { name: "Q1".to_owned(), outcomes: first },
                QueryReport { name: "S1".to_owned(), outcomes: second },
            ],
            groups: vec![("star".to_owned(), "Q".to_owned())],
            published: vec![("far".to_owned(), vec![("Q1".to_owned(), 0.5)])],
        }
    }

    #[test]
    fn minima_medians_and_percentiles() {
        assert_eq!(minimum(&[]), None);
        assert_eq!(minimum(&[3.0, 1.0, 2.0]), Some(1.0));
        assert_eq!(median(&[3.0, 1.0, 2.0]), Some(2.0));
        let hundred: Vec<f64> = (1..=100).map(f64::from).collect();
        assert_eq!((percentile(&hundred, 0.99), percentile(&hundred, 1.0)), (Some(99.0), Some(100.0)));
        assert_eq!(percentile(&[7.0], 0.99), Some(7.0));
        assert!((geometric_mean(&[1.0, 4.0]).unwrap() - 2.0).abs() < 1e-12);
        assert_eq!(geometric_mean(&[]), None);
    }

    #[test]
    fn ratios_are_of_minima_and_leave_out_who_was_not_timed() {
        let mut report = report();
        assert_eq!(report.queries[0].ratio(0, 1), Some(0.25));
        assert_eq!(report.queries[1].ratio(0, 1), None);
        assert_eq!(report.fastest_peer(&report.queries[0], false), Some(("b", 3.0)));
        assert_eq!(report.fastest_peer(&report.queries[0], true), Some(("far", 0.5)));
        assert_eq!(report.ratio_to_fastest(&report.queries[0], true), Some(2.0));
        assert_eq!(report.ratio_to_fastest(&report.queries[1], true), Some(2.0));
        assert_eq!(report.worse_errors(), [("S1", 0.02, 0.01)]);
        assert!(report.wrong_of_ours().is_empty());
        report.queries[1].outcomes[2].error = Some(0.0);
        assert!(report.worse_errors().is_empty(), "a peer that does not approximate");
    }

    #[test]
    fn every_form_names_every_engine_and_query() {
        let report = report();
        for text in [report.text(), report.json().to_string(), report.svg()] {
            for name in ["ours", "far", "Q1", "S1"] {
                assert!(text.contains(name), "{name} in {text}");
            }
        }
        assert_eq!(report.json()["queries"][0]["engines"]["ours"]["minimum_ms"], 1.0);
    }
}
