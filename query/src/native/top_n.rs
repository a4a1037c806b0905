//! How is a topN carried out whose answer depends on what each segment hands on? Segment by segment: each hands on its
//! first groups, and so do those that are put together, one segment after the other.

use std::collections::HashMap;

use alluvium_expression::{StringOrdering, Value};

use super::Run;
use crate::QueryError;
use crate::answer::{Show, Table, handed_on};
use crate::partial::{Groups, Merger, Partial};
use crate::plan::{AggregatePlan, Operator, Plan};
use crate::request::TopN;

/// Groups a segment hands on unless more are asked for or the context says otherwise.
const HANDED_ON: i64 = 1000;

impl Run<'_> {
    /// The groups of a topN.
    pub(super) async fn top_groups(&self, query: &TopN) -> Result<Groups, QueryError> {
        if !query.is_by_segment() {
            return self.groups(&query.aggregation).await;
        }
        let least = self.query.context.long("minTopNThreshold")?.unwrap_or(HANDED_ON);
        let most = usize::try_from(least.max(0)).unwrap_or(usize::MAX);
        let most = most.max(usize::try_from(query.threshold).unwrap_or(usize::MAX));
        let mut plan = query.aggregation.plan.clone();
        plan.top = None;
        let mut whole: Option<Groups> = None;
        for segment in &self.input.segments.list {
            self.control.check()?;
            let run = Run { input: self.input.only(segment), ..*self };
            let next = run.groups_by(query, &plan).await?;
            let table = table(query, &plan, &next)?;
            let by_value = |a, b| by_value(&table, a, b);
            let kept = handed_on(query, &table, most, by_value);
            let next = next.take(&kept);
            whole = Some(match whole {
                None => next,
                Some(known) => put_together(query, &plan, known, next, most)?,
            });
        }
        Ok(whole.unwrap_or_else(|| Groups::empty(&plan)))
    }

    async fn groups_by(&self, query: &TopN, plan: &AggregatePlan) -> Result<Groups, QueryError> {
        let mut whole = query.aggregation.plan(self.scope());
        whole.operator = Operator::Aggregate(plan.clone());
        match self.execute_groups(Plan { unseen: Vec::new(), ..whole }).await? {
            Partial::Groups(blocks) => Groups::of_blocks(plan, blocks),
            _ => Ok(Groups::empty(plan)),
        }
    }
}

fn table(query: &TopN, plan: &AggregatePlan, groups: &Groups) -> Result<Table, QueryError> {
    Table::new(groups.clone(), plan, &query.aggregation.post, Show::Finalized)
}

/// The order of a dictionary.
fn by_value(table: &Table, a: usize, b: usize) -> std::cmp::Ordering {
    let Some(dimension) = table.columns.first() else { return std::cmp::Ordering::Equal };
    dimension.cells.compare_by(StringOrdering::Natural, a, b)
}

/// Groups of several segments and those of the next one: the former stay in their turn.
fn put_together(
    query: &TopN,
    plan: &AggregatePlan,
    known: Groups,
    next: Groups,
    most: usize,
) -> Result<Groups, QueryError> {
    let mut turns: HashMap<(i64, Option<String>), usize> = HashMap::new();
    for groups in [&known, &next] {
        for row in 0..groups.len {
            let turn = turns.len();
            turns.entry(key(groups, row)).or_insert(turn);
        }
    }
    let mut merger = Merger::of_values(plan);
    merger.add(plan, known, false)?;
    merger.add(plan, next, false)?;
    let merged = merger.finish(plan, &[])?;
    let table = table(query, plan, &merged)?;
    let turn: Vec<Option<usize>> =
        (0..merged.len).map(|row| turns.get(&key(&merged, row)).copied()).collect();
    let kept = handed_on(query, &table, most, |a, b| turn[a].cmp(&turn[b]));
    Ok(merged.take(&kept))
}

/// What tells a group from others.
fn key(groups: &Groups, row: usize) -> (i64, Option<String>) {
    let bucket = groups.buckets.get(row).copied().unwrap_or_default();
    let value = groups.keys.first().map_or(Value::Null, |column| column.value(row));
    (bucket, value.as_string().map(|text| text.to_string()))
}
