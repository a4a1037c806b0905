//! Which times are accepted? The spec's intervals, and the rules for late and early rows.

use alluvium_segments::time::{Interval, Millis};

/// The times a row may have; everything else is thrown away.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TimeWindow {
    /// The span rows may lie in.
    pub span: Interval,
    /// Sorted, disjoint spans rows must lie in; `None`: no such rule.
    pub intervals: Option<Vec<Interval>>,
}

impl Default for TimeWindow {
    fn default() -> Self {
        Self { span: Interval::ETERNITY, intervals: None }
    }
}

impl TimeWindow {
    /// The span of a task that starts at `start_ms` and is to end at `end_ms`: late rows are those before
    /// the start less the late period (or before its fixed instant), early ones those after the end plus
    /// the early period.
    #[must_use]
    pub fn span_of_task(io: &crate::spec::IoConfig, start_ms: Millis, end_ms: Millis) -> Interval {
        let late = io.late_rejection_start.or_else(|| Some(start_ms.saturating_sub(io.late_rejection_ms?)));
        let early = io.early_rejection_ms.map(|ms| end_ms.saturating_add(ms).saturating_add(1));
        let all = Interval::ETERNITY;
        Interval::new(late.unwrap_or(all.start), early.unwrap_or(all.end))
    }

    /// Whether a row of time `t` is taken.
    #[must_use]
    pub fn accepts(&self, t: Millis) -> bool {
        if !self.span.contains(t) {
            return false;
        }
        let Some(intervals) = &self.intervals else { return true };
        let after = intervals.partition_point(|i| i.start <= t);
        after > 0 && intervals.get(after - 1).is_some_and(|i| i.contains(t))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn intervals_and_span() {
        let intervals = Some(vec![Interval::new(10, 20), Interval::new(30, 40)]);
        let window = TimeWindow { span: Interval::new(12, 35), intervals };
        let taken: Vec<i64> = (0..50).filter(|&t| window.accepts(t)).collect();
        let expected: Vec<i64> = (12..20).chain(30..35).collect();
        assert_eq!(taken, expected);
        assert!(TimeWindow::default().accepts(0));
    }
}
