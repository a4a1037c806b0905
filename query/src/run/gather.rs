//! How do the rows of several tasks become one result? Blocks are concatenated or merged by their sort keys, and
//! limits are applied.

use std::sync::atomic::{AtomicI64, Ordering};

use super::rows::unordered_limit;
use crate::QueryError;
use crate::column::ColumnData;
use crate::partial::{Partial, RowBlock, RowSet};
use crate::plan::{Operator, Plan, RowsPlan};
use crate::scan::compare_keys;

/// Whether earlier tasks have found all the rows that are wanted.
#[derive(Debug)]
pub(super) struct Enough {
    wanted: Option<i64>,
    /// Rows found by each task; -1: not done.
    found: Vec<AtomicI64>,
}

impl Enough {
    pub(super) fn new(plan: &Plan, tasks: usize) -> Self {
        let wanted = unordered_limit(plan).map(|limit| i64::try_from(limit).unwrap_or(i64::MAX));
        Self { wanted, found: (0..tasks).map(|_| AtomicI64::new(-1)).collect() }
    }

    /// Whether the tasks before `task` are enough.
    pub(super) fn before(&self, task: usize) -> bool {
        let Some(wanted) = self.wanted else { return false };
        let mut sum = 0i64;
        for found in self.found.iter().take(task) {
            match found.load(Ordering::Relaxed) {
                ..0 => return false,
                rows => sum = sum.saturating_add(rows),
            }
            if sum >= wanted {
                return true;
            }
        }
        false
    }

    /// Notes what a task has found.
    pub(super) fn done(&self, task: usize, partial: &Partial) {
        if let (Partial::Rows(rows), Some(found)) = (partial, self.found.get(task)) {
            let count: usize = rows.blocks.iter().map(|block| block.rows).sum();
            found.store(count as i64, Ordering::Relaxed);
        }
    }
}

/// Joins rows or bounds, which come in segment order.
pub(super) fn gather(plan: &Plan, partials: Vec<Partial>) -> Result<Partial, QueryError> {
    Ok(match &plan.operator {
        Operator::Aggregate(_) => return Err(QueryError::Internal("groups are no rows".to_owned())),
        Operator::Rows(rows) => {
            let blocks = partials.into_iter().flat_map(|partial| match partial {
                Partial::Rows(set) => set.blocks,
                _ => Vec::new(),
            });
            let blocks = blocks.collect();
            let set = if rows.order.is_empty() { in_turn(rows, blocks) } else { by_keys(rows, blocks) };
            Partial::Rows(set)
        }
        Operator::TimeBounds => {
            let bounds = partials.into_iter().filter_map(|partial| match partial {
                Partial::TimeBounds(bounds) => bounds,
                _ => None,
            });
            Partial::TimeBounds(bounds.reduce(|a, b| (a.0.min(b.0), a.1.max(b.1))))
        }
    })
}

fn in_turn(plan: &RowsPlan, blocks: Vec<RowBlock>) -> RowSet {
    let mut skip = usize::try_from(plan.offset).unwrap_or(usize::MAX);
    let mut left = plan.limit.map_or(usize::MAX, |limit| usize::try_from(limit).unwrap_or(usize::MAX));
    let mut out = RowSet::default();
    for mut block in blocks {
        let skipped = skip.min(block.rows);
        skip -= skipped;
        let taken = left.min(block.rows - skipped);
        left -= taken;
        if taken == 0 {
            continue;
        }
        if taken < block.rows {
            let rows: Vec<u32> = (skipped as u32..(skipped + taken) as u32).collect();
            block.columns.iter_mut().for_each(|column| *column = column.take(&rows));
            block.rows = taken;
        }
        out.blocks.push(block);
    }
    out
}

/// All rows sorted by their keys; runs of rows from one block stay one block.
fn by_keys(plan: &RowsPlan, blocks: Vec<RowBlock>) -> RowSet {
    let rows = |b: usize| (0..blocks[b].rows as u32).map(move |row| (b, row));
    let mut all: Vec<(usize, u32)> = (0..blocks.len()).flat_map(rows).collect();
    let keys = |at: &(usize, u32)| -> (&[ColumnData], usize) { (&blocks[at.0].order, at.1 as usize) };
    all.sort_by(|a, b| {
        let by_keys = compare_keys(&plan.order, keys(a), keys(b));
        // Ties are in the order of blocks, and in these they are in order already.
        by_keys.then_with(|| if plan.is_backwards() { b.0.cmp(&a.0) } else { a.0.cmp(&b.0) })
    });
    let skip = usize::try_from(plan.offset).unwrap_or(usize::MAX).min(all.len());
    let limit = plan.limit.map_or(usize::MAX, |limit| usize::try_from(limit).unwrap_or(usize::MAX));
    let end = skip.saturating_add(limit).min(all.len());
    let mut out = RowSet::default();
    for run in all[skip..end].chunk_by(|a, b| a.0 == b.0) {
        let rows: Vec<u32> = run.iter().map(|(_, row)| *row).collect();
        let from = &blocks[run[0].0];
        out.blocks.push(RowBlock {
            segment: from.segment.clone(),
            rows: rows.len(),
            columns: from.columns.iter().map(|column| column.take(&rows)).collect(),
            order: Vec::new(),
        });
    }
    out
}
