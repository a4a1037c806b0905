//! How does SQL reach the segments? Through the engine's pool, over the snapshot its query holds.

use std::sync::Arc;

use alluvium_segments::catalog::Snapshot;

use super::lower::Lowered;
use crate::QueryError;
use crate::cache::Reads;
use crate::column::ColumnData;
use crate::partial::Partial;
use crate::plan::{CacheUse, Operator, ProjectionUse};
use crate::{Control, QueryEngine, Segments};

/// What one SQL query needs to run segment work.
#[derive(Debug, Clone)]
pub(crate) struct Access {
    pub(crate) engine: Arc<QueryEngine>,
    pub(crate) snapshot: Arc<Snapshot>,
    pub(crate) control: Control,
    pub(crate) projections: ProjectionUse,
    pub(crate) caching: CacheUse,
    /// Where it is noted what is read, when the answer may be kept.
    pub(crate) reads: Option<Reads>,
}

/// Some rows, as columns.
#[derive(Debug)]
pub(crate) struct Rows {
    pub(crate) count: usize,
    pub(crate) columns: Vec<ColumnData>,
}

impl Access {
    /// Runs segment work and returns its rows.
    pub(crate) async fn run(&self, work: Lowered) -> Result<Vec<Rows>, QueryError> {
        let Lowered { mut plan, bucket } = work;
        plan.projections.clone_from(&self.projections);
        plan.caching = self.caching;
        let operator = plan.operator.clone();
        let segments = Segments::of(&plan.scope, &self.snapshot, false)?;
        if let Some(reads) = &self.reads {
            reads.note(&plan.scope, &segments);
        }
        let partial = self.engine.execute_over(plan, &segments, &self.control).await?;
        match (partial, operator) {
            (Partial::Rows(set), Operator::Rows(_)) => {
                let rows = |b: crate::partial::RowBlock| Rows { count: b.rows, columns: b.columns };
                Ok(set.blocks.into_iter().map(rows).collect())
            }
            (Partial::Groups(groups), Operator::Aggregate(plan)) => {
                let groups = if bucket.is_none() { groups.or_empty_group(&plan) } else { groups };
                let (count, buckets) = (groups.len(), groups.buckets().to_vec());
                let mut columns: Vec<ColumnData> = groups.finish(&plan).into_iter().map(|c| c.data).collect();
                if let Some(at) = bucket {
                    columns.insert(at.min(columns.len()), longs(buckets));
                }
                Ok(vec![Rows { count, columns }])
            }
            _ => Err(QueryError::Internal("segment work gave another kind of result".to_owned())),
        }
    }
}

fn longs(values: Vec<i64>) -> ColumnData {
    let mut nulls = alluvium_segments::NullMask::default();
    nulls.push_valid(values.len());
    ColumnData::Longs(alluvium_segments::NumericBlock { values, nulls })
}
