//! What does topN answer? For each bucket the first values of a dimension by a metric.

mod queue;

use std::cmp::Ordering;
use std::collections::BTreeMap;

use alluvium_expression::StringOrdering;
use alluvium_segments::time::Granularity;

use self::queue::Queue;
use super::write::{write_key, write_list};
use super::{Cells, Show, Surroundings, Table};
use crate::QueryError;
use crate::partial::Groups;
use crate::request::{TopMetric, TopN};
use crate::run::Control;

/// The rows of each bucket, buckets in order.
pub(crate) fn top_n_table(
    query: &TopN,
    groups: Groups,
    show: Show,
) -> Result<(Table, Vec<Vec<usize>>), QueryError> {
    let mut table = Table::new(groups, &query.aggregation.plan, &query.aggregation.post, show)?;
    let ranking = Ranking::new(query, &table);
    let mut rows: Vec<usize> = (0..table.rows).filter(|row| ranking.is_wanted(*row)).collect();
    let bucket = |row: usize| table.buckets.get(row).copied().unwrap_or_default();
    // Groups that were chosen segment by segment are in order but for their ranks.
    let ties = |a, b| if query.is_by_segment() { Ordering::Equal } else { ranking.by_dimension(a, b) };
    rows.sort_by(|a, b| {
        let (a, b) = (*a, *b);
        bucket(a).cmp(&bucket(b)).then_with(|| ranking.compare(a, b)).then_with(|| ties(a, b))
    });
    let threshold = usize::try_from(query.threshold).unwrap_or(usize::MAX);
    let buckets = rows.chunk_by(|a, b| bucket(*a) == bucket(*b));
    let blocks = buckets.map(|rows| rows.iter().take(threshold).copied().collect()).collect();
    table.extract(&query.aggregation.late);
    Ok((table, blocks))
}

/// The rows that a segment, or several put together, hand on: at most `most` a bucket, in the order in which Druid hands
/// them on. `turn` gives the order in which rows come.
pub(crate) fn handed_on(
    query: &TopN,
    table: &Table,
    most: usize,
    turn: impl Fn(usize, usize) -> Ordering,
) -> Vec<u32> {
    let ranking = Ranking::new(query, table);
    let bucket = |row: usize| table.buckets.get(row).copied().unwrap_or_default();
    let mut rows: Vec<usize> = (0..table.rows).collect();
    rows.sort_by(|a, b| bucket(*a).cmp(&bucket(*b)).then_with(|| turn(*a, *b)));
    let mut out = Vec::new();
    for rows in rows.chunk_by(|a, b| bucket(*a) == bucket(*b)) {
        let ranks = |a: &usize, b: &usize| match ranking.is_numeric() {
            true => ranking.compare(*b, *a).then_with(|| ranking.by_dimension(*a, *b)),
            false => ranking.compare(*b, *a),
        };
        let mut queue = Queue::new(ranks);
        for row in rows.iter().copied().filter(|row| ranking.is_wanted(*row)) {
            let is_ahead = |last: &usize| ranking.compare(row, *last).is_lt();
            if queue.len() < most || queue.first().is_some_and(is_ahead) {
                queue.push(row);
            }
            if queue.len() > most {
                queue.pop();
            }
        }
        let mut kept = queue.into_items();
        kept.sort_by(|a, b| {
            let ties = || if ranking.is_numeric() { ranking.by_dimension(*a, *b) } else { Ordering::Equal };
            ranking.compare(*a, *b).then_with(ties)
        });
        out.extend(kept.into_iter().map(|row| row as u32));
    }
    out
}

/// Which groups come first.
struct Ranking<'t> {
    table: &'t Table,
    metric: &'t TopMetric,
    inverted: bool,
    dimension: Option<&'t Cells>,
}

impl<'t> Ranking<'t> {
    fn new(query: &'t TopN, table: &'t Table) -> Self {
        let (mut metric, mut inverted) = (&query.metric, false);
        while let TopMetric::Inverted(inner) = metric {
            (metric, inverted) = (inner, !inverted);
        }
        Self { table, metric, inverted, dimension: table.columns.first().map(|c| &c.cells) }
    }

    fn is_numeric(&self) -> bool {
        matches!(self.metric, TopMetric::Numeric(_))
    }

    /// Whether a row lies behind the stop, where there is one.
    fn is_wanted(&self, row: usize) -> bool {
        let (TopMetric::Dimension { ordering, previous: Some(stop) }, Some(cells)) =
            (self.metric, self.dimension)
        else {
            return true;
        };
        // Null comes before any stop.
        let Some(text) = cells.value(row).as_string() else { return false };
        let order = ordering.compare(&text, stop);
        if self.inverted { order.is_lt() } else { order.is_gt() }
    }

    /// Which of two rows comes first, by what is asked for.
    fn compare(&self, a: usize, b: usize) -> Ordering {
        let turned = |order: Ordering| if self.inverted { order.reverse() } else { order };
        match (self.metric, self.dimension) {
            // Largest metric first, smallest when inverted, nulls last.
            (TopMetric::Numeric(name), _) => self.table.column(name).map_or(Ordering::Equal, |cells| {
                nulls(cells, b, a).unwrap_or_else(|| turned(self.table.compare(name, cells, b, a)))
            }),
            // Nulls first, either way round.
            (TopMetric::Dimension { ordering, .. }, Some(cells)) => {
                nulls(cells, a, b).unwrap_or_else(|| turned(by_value(cells, *ordering, a, b)))
            }
            _ => Ordering::Equal,
        }
    }

    fn by_dimension(&self, a: usize, b: usize) -> Ordering {
        self.dimension.map_or(Ordering::Equal, |cells| cells.compare(a, b))
    }
}

/// The order of two rows of which one is null at least: nulls first.
fn nulls(cells: &Cells, a: usize, b: usize) -> Option<Ordering> {
    match (cells.value(a).is_null(), cells.value(b).is_null()) {
        (false, false) => None,
        (a, b) => Some(b.cmp(&a)),
    }
}

fn by_value(cells: &Cells, ordering: StringOrdering, a: usize, b: usize) -> Ordering {
    match cells {
        Cells::Data(data) => ordering.compare_nullable(data.text(a).as_deref(), data.text(b).as_deref()),
        computed @ Cells::Computed(_) => computed.compare(a, b),
    }
}

/// The whole answer; buckets of the data without groups are there too, unless each is a millisecond.
pub(crate) fn top_n(
    query: &TopN,
    groups: Groups,
    around: &Surroundings<'_>,
    control: &Control,
) -> Result<Vec<u8>, QueryError> {
    let (mut table, blocks) = top_n_table(query, groups, around.show)?;
    let plan = &query.aggregation.plan;
    table.widen(plan, |bucket| around.segments_of(&plan.granularity, bucket.unwrap_or_default()) > 1);
    let start = |rows: &[usize]| rows.first().and_then(|row| table.buckets.get(*row)).copied();
    let granularity = &query.aggregation.plan.granularity;
    let mut timed: BTreeMap<i64, &[usize]> = BTreeMap::new();
    if !matches!(granularity, Granularity::None) {
        timed.extend(around.buckets(granularity, &table.buckets, control)?.into_iter().map(|t| (t, &[][..])));
    }
    timed.extend(
        blocks.iter().map(|rows| (start(rows).unwrap_or_else(|| around.all_time()), rows.as_slice())),
    );
    let mut out = vec![b'['];
    write_list(&timed, &mut out, |(t, rows), out| {
        out.extend(b"{\"timestamp\":");
        around.times_of(granularity, *t).write(*t, out);
        out.extend(b",\"result\":[");
        write_list(*rows, out, |row, out| {
            out.push(b'{');
            write_list(&table.columns, out, |column, out| {
                write_key(&column.name, out);
                column.cells.write(*row, out);
            });
            out.push(b'}');
        });
        out.extend(b"]}");
    });
    out.push(b']');
    Ok(out)
}
