//! How does SQL reach the segments? Through the engine's pool, over the snapshot its query holds.

use std::sync::Arc;

use alluvium_segments::catalog::Snapshot;

use super::lower::Lowered;
use crate::QueryError;
use crate::answer::{buckets_within, with_buckets};
use crate::cache::Reads;
use crate::column::ColumnData;
use crate::partial::{Groups, Partial};
use crate::plan::{AggregatePlan, CacheUse, KnownColumns, Operator, ProjectionUse};
use crate::refused::single_values;
use crate::source::Limit;
use crate::{Control, QueryEngine, Segments};

/// What one SQL query needs to run segment work.
#[derive(Debug, Clone)]
pub(crate) struct Access {
    pub(crate) engine: Arc<QueryEngine>,
    pub(crate) snapshot: Arc<Snapshot>,
    pub(crate) control: Control,
    pub(crate) projections: ProjectionUse,
    pub(crate) caching: CacheUse,
    /// Whether periods without rows are in the answer of an aggregation by nothing but periods.
    pub(crate) fills: bool,
    /// Whether rows of several values are in a group for each.
    pub(crate) unnests: bool,
    /// What the subqueries that are joined may give.
    pub(crate) subquery_limit: Option<Limit>,
    /// Where it is noted what is read, when the answer may be kept.
    pub(crate) reads: Option<Reads>,
}

/// Some rows, as columns.
#[derive(Debug)]
pub(crate) struct Rows {
    pub(crate) count: usize,
    pub(crate) columns: Vec<ColumnData>,
}

impl Rows {
    /// The rows of several blocks in one.
    pub(crate) fn of_blocks(blocks: Vec<Self>) -> Option<Self> {
        blocks.into_iter().reduce(|mut all, more| {
            all.count += more.count;
            all.columns.iter_mut().zip(&more.columns).for_each(|(column, more)| column.append(more));
            all
        })
    }
}

impl Access {
    /// Runs segment work and returns its rows, in blocks.
    pub(crate) async fn run(&self, work: Lowered) -> Result<Vec<Rows>, QueryError> {
        let Lowered { mut plan, bucket, subtotal } = work;
        plan.projections.clone_from(&self.projections);
        plan.caching = self.caching;
        let operator = plan.operator.clone();
        self.bind_lookups(&mut plan)?;
        let segments = Segments::of(&plan.scope, &self.snapshot, false)?;
        if let (false, Operator::Aggregate(groups)) = (self.unnests, &operator) {
            let known = KnownColumns {
                columns: &[],
                timed: true,
                in_memory: false,
                segments: &segments.list,
                virtuals: &[],
            };
            single_values(&groups.dimensions, &known)?;
        }
        if let Some(reads) = &self.reads {
            reads.note(&plan.scope, &segments);
        }
        let fills = self.fills && bucket.is_some();
        let coverage = if fills { segments.coverage(&plan.scope.intervals) } else { Vec::new() };
        let partial = self.engine.execute_over(plan, &segments, &self.control).await?;
        match (partial, operator) {
            (Partial::Rows(set), Operator::Rows(_)) => {
                let rows = |b: crate::partial::RowBlock| Rows { count: b.rows, columns: b.columns };
                Ok(set.blocks.into_iter().map(rows).collect())
            }
            (Partial::Groups(blocks), Operator::Aggregate(plan)) if fills && plan.dimensions.is_empty() => {
                let groups = Groups::of_blocks(&plan, blocks)?;
                let starts = buckets_within(&coverage, &plan.granularity, groups.buckets(), &self.control)?;
                Ok(vec![group_rows(with_buckets(groups, &plan, starts)?, &plan, bucket, subtotal)])
            }
            // Groups of times come in their order, as those of Druid's timeseries do.
            (Partial::Groups(blocks), Operator::Aggregate(plan))
                if bucket.is_some() && plan.dimensions.is_empty() =>
            {
                let groups = Groups::of_blocks(&plan, blocks)?;
                Ok(vec![in_time(group_rows(groups, &plan, bucket, subtotal))])
            }
            (Partial::Groups(blocks), Operator::Aggregate(plan)) => {
                let blocks = blocks.into_iter().map(|groups| group_rows(groups, &plan, bucket, subtotal));
                Ok(blocks.collect())
            }
            _ => Err(QueryError::Internal("segment work gave another kind of result".to_owned())),
        }
    }
}

/// Groups as rows, the bucket as column number `bucket`.
fn group_rows(groups: Groups, plan: &AggregatePlan, bucket: Option<usize>, subtotal: bool) -> Rows {
    let mut groups = if bucket.is_none() && !subtotal { groups.or_empty_group(plan) } else { groups };
    let is_grouped = bucket.is_some() || !plan.dimensions.is_empty();
    if is_grouped && !subtotal {
        groups.set_stored();
    }
    let (count, buckets) = (groups.len(), groups.buckets().to_vec());
    let mut columns: Vec<ColumnData> = groups.finish(plan).into_iter().map(|c| c.data).collect();
    if let Some(at) = bucket {
        columns.insert(at.min(columns.len()), longs(buckets));
    }
    Rows { count, columns }
}

/// Rows whose first column is times, in their order.
fn in_time(mut rows: Rows) -> Rows {
    let Some(ColumnData::Longs(times)) = rows.columns.first() else { return rows };
    if times.values.is_sorted() {
        return rows;
    }
    let mut order: Vec<u32> = (0..rows.count as u32).collect();
    order.sort_by_key(|row| times.values.get(*row as usize));
    rows.columns = rows.columns.iter().map(|column| column.take(&order)).collect();
    rows
}

fn longs(values: Vec<i64>) -> ColumnData {
    let mut nulls = alluvium_segments::NullMask::default();
    nulls.push_valid(values.len());
    ColumnData::Longs(alluvium_segments::NumericBlock { values, nulls })
}
