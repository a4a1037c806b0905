//! What does a plan ask of one segment? All of it but the names of its results, the intervals that do not cut the segment's
//! rows, and the tests of `__time` that hold for all of them (SQL has its conditions on time twice): queries over a window
//! that moves ask the same of each segment inside it.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;

use alluvium_expression::{Filter, LongPredicate};
use alluvium_segments::time::Interval;
use alluvium_segments::{SegmentRef, TIME_COLUMN};

use crate::QueryError;
use crate::plan::{AggregatePlan, Scope};

/// What is asked, as text, with its hash.
#[derive(Debug)]
pub(crate) struct Asked {
    text: String,
    hash: u64,
}

impl Asked {
    fn new(text: String) -> Arc<Self> {
        let mut hasher = DefaultHasher::new();
        text.hash(&mut hasher);
        Arc::new(Self { hash: hasher.finish(), text })
    }

    /// Its length in bytes.
    pub(crate) fn len(&self) -> usize {
        self.text.len()
    }
}

/// What is asked of which rows of which segment.
#[derive(Debug, Clone)]
pub(crate) struct PartKey {
    pub(crate) asked: Arc<Asked>,
    /// Address of the segment; valid as long as something knows the segment, which whoever keeps the key must.
    pub(crate) segment: usize,
    /// When its rows are seen, no further than they reach.
    pub(crate) seen: Vec<Interval>,
}

impl PartialEq for PartKey {
    fn eq(&self, other: &Self) -> bool {
        let same = Arc::ptr_eq(&self.asked, &other.asked) || self.asked.text == other.asked.text;
        self.segment == other.segment && self.seen == other.seen && same
    }
}

impl Eq for PartKey {}

impl Hash for PartKey {
    fn hash<H: Hasher>(&self, state: &mut H) {
        (self.asked.hash, self.segment).hash(state);
        self.seen.iter().for_each(|interval| (interval.start, interval.end).hash(state));
    }
}

/// The address of a segment.
pub(crate) fn address(segment: &SegmentRef) -> usize {
    Arc::as_ptr(&segment.segment).cast::<()>() as usize
}

/// When rows of a segment are seen by a query over these intervals, no further than its rows reach.
pub(crate) fn seen(segment: &SegmentRef, intervals: &[Interval]) -> Vec<Interval> {
    let Some((min, max)) = segment.segment.time_bounds() else { return Vec::new() };
    let rows = Interval { start: min, end: max.saturating_add(1) };
    let seen = intervals.iter().filter_map(|i| i.intersect(segment.visible)?.intersect(rows));
    seen.filter(|i| i.start < i.end).collect()
}

/// A test of `__time` that all times of a range pass.
#[derive(Debug)]
struct TimeTest {
    /// Number of the conjunct.
    at: usize,
    low: i64,
    high: i64,
}

/// What one plan asks of any segment.
#[derive(Debug)]
pub(crate) struct Question {
    /// All but the filter.
    base: String,
    /// What the filter is a conjunction of.
    conjuncts: Vec<String>,
    times: Vec<TimeTest>,
    /// By which of `times` hold.
    known: Vec<(Vec<bool>, Arc<Asked>)>,
}

impl Question {
    /// What a plan asks.
    ///
    /// # Errors
    /// When it does not serialise.
    pub(crate) fn new(scope: &Scope, plan: &AggregatePlan) -> Result<Self, QueryError> {
        let mut plan = plan.clone();
        plan.dimensions.iter_mut().for_each(|dimension| dimension.name.clear());
        plan.aggregators.iter_mut().for_each(|aggregator| aggregator.name.clear());
        let mut fields = Vec::new();
        scope.filter.iter().for_each(|filter| flatten(filter, &mut fields));
        let lost = |e: serde_json::Error| QueryError::Internal(format!("a plan does not serialise: {e}"));
        let base = serde_json::to_string(&(&scope.virtual_columns, &scope.lookups, &plan)).map_err(lost)?;
        let conjuncts = fields.iter().map(|f| serde_json::to_string(f).map_err(lost));
        let conjuncts = conjuncts.collect::<Result<_, _>>()?;
        let stored = scope.virtual_columns.iter().all(|v| v.name != TIME_COLUMN);
        let tests = fields.iter().enumerate().filter(|_| stored);
        let times = tests.filter_map(|(at, filter)| time_test(at, filter)).collect();
        Ok(Self { base, conjuncts, times, known: Vec::new() })
    }

    /// What it asks of a segment whose rows are seen then.
    pub(crate) fn of(&mut self, seen: &[Interval]) -> Arc<Asked> {
        let holds = |test: &TimeTest| {
            seen.iter().all(|i| test.low <= i.start && i.end.saturating_sub(1) <= test.high)
        };
        let held: Vec<bool> = self.times.iter().map(holds).collect();
        if let Some((_, asked)) = self.known.iter().find(|(known, _)| *known == held) {
            return Arc::clone(asked);
        }
        let mut text = self.base.clone();
        for (at, conjunct) in self.conjuncts.iter().enumerate() {
            let implied = self.times.iter().zip(&held).any(|(test, held)| test.at == at && *held);
            if !implied {
                text.push('\n');
                text.push_str(conjunct);
            }
        }
        let asked = Asked::new(text);
        self.known.push((held, Arc::clone(&asked)));
        asked
    }
}

/// The filters of which all must be true.
fn flatten<'f>(filter: &'f Filter, out: &mut Vec<&'f Filter>) {
    match filter {
        Filter::And(fields) => fields.iter().for_each(|field| flatten(field, out)),
        other => out.push(other),
    }
}

fn time_test(at: usize, filter: &Filter) -> Option<TimeTest> {
    let Filter::Column(test) = filter else { return None };
    if test.column != TIME_COLUMN {
        return None;
    }
    let predicate = LongPredicate::new(test);
    let (low, high) = predicate.range().filter(|_| predicate.range_is_exact())?;
    Some(TimeTest { at, low, high })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn question(filter: &serde_json::Value, name: &str) -> Question {
        let mut scope = Scope::table("t");
        scope.filter = Some(Filter::from_json(filter).unwrap());
        let count = crate::plan::AggregatorPlan {
            name: name.to_owned(),
            function: crate::plan::AggregateFunction::Count,
            filter: None,
        };
        let granularity = alluvium_segments::time::Granularity::All;
        let plan = AggregatePlan { granularity, dimensions: Vec::new(), aggregators: vec![count], top: None };
        Question::new(&scope, &plan).unwrap()
    }

    #[test]
    fn tests_of_time_that_hold_do_not_matter() {
        let within = |lower: i64, upper: i64| {
            json!({"type": "and", "fields": [
                {"type": "selector", "dimension": "s", "value": "a"},
                {"type": "range", "column": "__time", "matchValueType": "LONG", "lower": lower, "upper": upper,
                    "upperOpen": true}]})
        };
        let hour = [Interval::new(100, 200)];
        let text = |filter: &serde_json::Value, name: &str| question(filter, name).of(&hour).text.clone();
        let wide = text(&within(0, 1000), "n");
        assert_eq!(wide, text(&within(100, 200), "other name"));
        assert_ne!(wide, text(&within(100, 199), "n"));
        assert_ne!(wide, text(&within(101, 200), "n"));
        assert_eq!(wide, text(&json!({"type": "selector", "dimension": "s", "value": "a"}), "n"));
        assert_ne!(wide, text(&json!({"type": "selector", "dimension": "s", "value": "b"}), "n"));
    }
}
