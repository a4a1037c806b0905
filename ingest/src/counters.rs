//! How many rows went where, and how fast? Totals and moving averages in Druid's shape, and the last errors.

use std::collections::VecDeque;

use serde_json::{Value, json};

use crate::parse::{Reject, RowStats};

/// The windows of the moving averages: name and seconds.
const WINDOWS: [(&str, f64); 3] = [("1m", 60.0), ("5m", 300.0), ("15m", 900.0)];

/// Averages move in steps of this many milliseconds.
const STEP_MS: i64 = 1000;

fn values(stats: &RowStats) -> [u64; 5] {
    [stats.processed, stats.processed_bytes, stats.unparseable, stats.thrown_away, stats.processed_with_error]
}

const NAMES: [&str; 5] = ["processed", "processedBytes", "unparseable", "thrownAway", "processedWithError"];

/// Counters of one task.
#[derive(Debug, Clone, Default)]
pub(crate) struct Counters {
    totals: RowStats,
    rates: [[f64; 5]; 3],
    /// When the averages moved last, and the totals of then.
    moved: Option<(i64, RowStats)>,
    errors: VecDeque<Value>,
}

impl Counters {
    pub(crate) fn totals(&self) -> RowStats {
        self.totals
    }

    /// Adds the counts of a batch.
    pub(crate) fn add(&mut self, stats: RowStats, now_ms: i64) {
        self.totals.add(stats);
        self.tick(now_ms);
    }

    /// Lets the averages catch up with the clock.
    pub(crate) fn tick(&mut self, now_ms: i64) {
        let Some((then, before)) = self.moved else {
            self.moved = Some((now_ms, RowStats::default()));
            return;
        };
        let elapsed = now_ms - then;
        if elapsed < STEP_MS {
            return;
        }
        let seconds = elapsed as f64 / 1000.0;
        let (now, before) = (values(&self.totals), values(&before));
        for ((_, window), rates) in WINDOWS.iter().zip(&mut self.rates) {
            let keep = (-seconds / window).exp();
            for (rate, (now, before)) in rates.iter_mut().zip(now.iter().zip(before)) {
                let current = (now - before) as f64 / seconds;
                *rate = *rate * keep + current * (1.0 - keep);
            }
        }
        self.moved = Some((now_ms, self.totals));
    }

    /// Keeps the newest `limit` errors.
    pub(crate) fn save_error(&mut self, error: Value, limit: usize) {
        if limit == 0 {
            return;
        }
        while self.errors.len() >= limit {
            self.errors.pop_front();
        }
        self.errors.push_back(error);
    }

    pub(crate) fn errors(&self) -> Vec<Value> {
        self.errors.iter().cloned().collect()
    }

    /// `{"processed":..,"processedBytes":..,..}`.
    pub(crate) fn totals_json(&self) -> Value {
        NAMES.iter().zip(values(&self.totals)).map(|(name, n)| ((*name).to_owned(), json!(n))).collect()
    }

    /// `{"movingAverages":{"buildSegments":..},"totals":{"buildSegments":..}}`.
    pub(crate) fn stats_json(&self) -> Value {
        let row = |rates: &[f64; 5]| -> Value {
            NAMES.iter().zip(rates).map(|(name, n)| ((*name).to_owned(), json!(n))).collect()
        };
        let averages: Value =
            WINDOWS.iter().zip(&self.rates).map(|((name, _), r)| ((*name).to_owned(), row(r))).collect();
        json!({
            "movingAverages": {"buildSegments": averages},
            "totals": {"buildSegments": self.totals_json()},
        })
    }
}

/// An error as `recentErrors` and reports show it.
pub(crate) fn error_json(reject: &Reject, input: &[u8], at: &str, now_ms: i64) -> Value {
    let clipped: String = String::from_utf8_lossy(input).chars().take(1000).collect();
    json!({
        "timeOfExceptionMillis": now_ms,
        "input": clipped,
        "errorType": reject.kind.as_str(),
        "details": [reject.message],
        "where": at,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn averages_follow_the_rate() {
        let mut counters = Counters::default();
        let batch = RowStats { processed: 100, ..RowStats::default() };
        for second in 0..600 {
            counters.add(batch, second * 1000);
        }
        let stats = counters.stats_json();
        let rate = stats["movingAverages"]["buildSegments"]["1m"]["processed"].as_f64().unwrap();
        assert!((99.0..101.0).contains(&rate), "{rate}");
        assert_eq!(stats["totals"]["buildSegments"]["processed"], 60_000);
        counters.tick(1_200_000);
        let rate =
            counters.stats_json()["movingAverages"]["buildSegments"]["1m"]["processed"].as_f64().unwrap();
        assert!(rate < 1.0, "{rate}");
    }

    #[test]
    fn the_newest_errors_are_kept() {
        let mut counters = Counters::default();
        for i in 0..5 {
            counters.save_error(json!(i), 2);
        }
        assert_eq!(counters.errors(), [json!(3), json!(4)]);
        counters.save_error(json!(5), 0);
        assert_eq!(counters.errors().len(), 2);
    }
}
