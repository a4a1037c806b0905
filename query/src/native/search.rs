//! How is search carried out? Segment by segment, each with a limit of its own: what Druid finds in one segment and takes
//! for equal by the order asked for is one hit, and granularities bring results of whole segments together.

use alluvium_expression::StringOrdering;
use alluvium_segments::SegmentRef;
use alluvium_segments::time::Granularity;
use alluvium_segments::{ColumnSpec, ColumnType, Role};
use chrono_tz::Tz;
use futures::future::try_join_all;

use super::Run;
use crate::QueryError;
use crate::answer::{self, Hit, Surroundings, TimeFormat};
use crate::column::Datum;
use crate::partial::{Groups, Partial};
use crate::plan::{AggregateFunction, AggregatePlan, AggregatorPlan, DimensionPlan, Input, Operator, Plan};
use crate::request::Search;

/// Segments that are searched at the same time.
const AT_ONCE: usize = 16;

impl Run<'_> {
    pub(super) async fn search(
        &self,
        query: &Search,
        around: &Surroundings<'_>,
    ) -> Result<Vec<u8>, QueryError> {
        // With the time of each whether it is that of several segments.
        let mut results: Vec<((i64, bool), Vec<Hit>)> = Vec::new();
        for segments in self.input.segments.list.chunks(AT_ONCE) {
            for (start, hits) in try_join_all(segments.iter().map(|s| self.search_in(query, s))).await? {
                let is_same = |time: i64| is_same(&query.granularity, time, start);
                match results.last_mut().filter(|((time, _), _)| is_same(*time)) {
                    Some(((time, several), known)) => {
                        *several = true;
                        let limit = if is_all(query) { query.limit } else { usize::MAX };
                        *known = merged(query, std::mem::take(known), hits, limit);
                        if !is_all(query) {
                            *time = query.granularity.bucket_start(*time);
                        }
                    }
                    None => results.push(((start, false), hits)),
                }
            }
        }
        let alone = TimeFormat { zone: Tz::UTC, ..around.times };
        let times = |time: &(i64, bool)| if time.1 { around.times } else { alone };
        Ok(answer::search(results.iter().map(|(time, hits)| (times(time), time.0, hits.as_slice()))))
    }

    /// What one segment has, in the order asked for, and when the segment starts.
    async fn search_in(&self, query: &Search, segment: &SegmentRef) -> Result<(i64, Vec<Hit>), QueryError> {
        let run = Run { input: self.input.only(segment), ..*self };
        let mut hits = Hits { query, found: Vec::new() };
        for dimension in self.searched(query) {
            let name = dimension.name.clone();
            let (values, counts) = run.counted(query, dimension).await?;
            let mut rows: Vec<usize> = (0..values.len()).collect();
            rows.sort_by(|a, b| {
                StringOrdering::Lexicographic.compare_nullable(values[*a].as_deref(), values[*b].as_deref())
            });
            for row in rows.into_iter().filter(|row| query.query.accepts(values[*row].as_deref())) {
                hits.add(Hit { dimension: name.clone(), value: values[row].clone(), count: counts[row] });
                if hits.found.len() >= query.limit {
                    break;
                }
            }
            if hits.found.len() >= query.limit {
                break;
            }
        }
        Ok((segment.segment.id().interval.start, hits.found))
    }

    /// The dimensions asked for, or all.
    fn searched(&self, query: &Search) -> Vec<DimensionPlan> {
        let is_searched = |c: &&ColumnSpec| matches!(c.role, Role::Dimension(_)) && !c.column_type.is_coded();
        let mut dimensions = query.dimensions.clone();
        if dimensions.is_empty() {
            let columns = self.input.columns.iter().filter(is_searched);
            dimensions =
                columns.map(|c| DimensionPlan::column(&c.name, &c.name, ColumnType::String)).collect();
        }
        let computed = |name: &str| query.virtual_columns.iter().any(|column| column.name == name);
        for dimension in &mut dimensions {
            // Indexes tell which rows have a value, not how often.
            dimension.once = matches!(&dimension.input, Input::Column(name) if !computed(name));
        }
        dimensions
    }

    /// The values of a dimension and the number of rows of each.
    async fn counted(
        &self,
        query: &Search,
        dimension: DimensionPlan,
    ) -> Result<(Vec<Option<String>>, Vec<i64>), QueryError> {
        let count =
            AggregatorPlan { name: "count".to_owned(), function: AggregateFunction::Count, filter: None };
        let plan = AggregatePlan {
            granularity: Granularity::All,
            dimensions: vec![dimension],
            aggregators: vec![count],
            top: None,
        };
        let mut scope = self.scope();
        scope.virtual_columns.clone_from(&query.virtual_columns);
        scope.filter.clone_from(&query.filter);
        let partial = self.execute(Plan::new(scope, Operator::Aggregate(plan.clone()))).await?;
        let Partial::Groups(blocks) = partial else { return Ok((Vec::new(), Vec::new())) };
        let columns = Groups::of_blocks(&plan, blocks)?.finish(&plan);
        let [values, counts] = columns.as_slice() else { return Ok((Vec::new(), Vec::new())) };
        let count = |row| if let Datum::Long(count) = counts.data.get(row) { count } else { 0 };
        let len = values.data.len();
        Ok(((0..len).map(|row| values.data.text(row)).collect(), (0..len).map(count).collect()))
    }
}

/// The hits of one segment, in order, each once.
struct Hits<'q> {
    query: &'q Search,
    found: Vec<Hit>,
}

impl Hits<'_> {
    fn add(&mut self, hit: Hit) {
        match self.found.binary_search_by(|known| compare(self.query, known, &hit)) {
            Ok(at) => self.found[at].count += hit.count,
            Err(at) => self.found.insert(at, hit),
        }
    }
}

fn is_all(query: &Search) -> bool {
    matches!(query.granularity, Granularity::All)
}

/// Whether two results are in one bucket.
fn is_same(granularity: &Granularity, a: i64, b: i64) -> bool {
    matches!(granularity, Granularity::All) || granularity.bucket_start(a) == granularity.bucket_start(b)
}

/// The order asked for: by value, then by dimension.
fn compare(query: &Search, a: &Hit, b: &Hit) -> std::cmp::Ordering {
    let order = query.sort.compare_nullable(a.value.as_deref(), b.value.as_deref());
    order.then_with(|| a.dimension.cmp(&b.dimension))
}

/// Two lists as one, in order: neighbours of one value are one hit.
fn merged(query: &Search, a: Vec<Hit>, b: Vec<Hit>, limit: usize) -> Vec<Hit> {
    let (mut a, mut b) = (a.into_iter().peekable(), b.into_iter().peekable());
    let mut out: Vec<Hit> = Vec::new();
    loop {
        let next = match (a.peek(), b.peek()) {
            (Some(x), Some(y)) if compare(query, x, y).is_gt() => b.next(),
            (Some(_), _) => a.next(),
            _ => b.next(),
        };
        let Some(hit) = next else { break };
        let is_full = out.len() >= limit;
        match out.last_mut().filter(|last| last.dimension == hit.dimension && last.value == hit.value) {
            Some(last) => last.count += hit.count,
            None if is_full => break,
            None => out.push(hit),
        }
    }
    out
}
