//! Which plans need no operators of DataFusion? Those in which only order, limit and the choice of columns stand above
//! one piece of segment work: they run on the columns of its result.

use std::sync::Arc;

use alluvium_segments::TIME_COLUMN;
use datafusion::arrow::array::{ArrayRef, RecordBatch, RecordBatchOptions};
use datafusion::arrow::datatypes::{DataType, SchemaRef};
use datafusion::common::{DFSchema, Result};
use datafusion::logical_expr::{
    Expr, ExprSchemable, Extension, FetchType, LogicalPlan, Projection, SkipType, Sort,
};

use super::access::{Access, Rows};
use super::arrays::{taken, to_array};
use super::exec::BATCH_ROWS;
use super::fault::outside;
use super::lower::{Lowered, lower};
use super::node::{Part, SegmentNode, Shown};
use super::order::{Key, first_rows};
use super::prepare::Values;
use super::table::DatasourceTable;
use super::translate::{Work, native_type};
use crate::QueryError;
use crate::plan::{Operator, Top};

/// Most groups of which those that are equal in the order wanted come in that of their keys, as Druid has them.
const MAX_TIES: usize = 1024;

/// One piece of segment work, and which of its rows and columns are shown in which order.
#[derive(Debug)]
pub(crate) struct Direct {
    table: Arc<DatasourceTable>,
    part: Part,
    work: Lowered,
    /// The result column of each output column.
    outputs: Vec<usize>,
    order: Vec<Key>,
    /// By what groups that are equal come in order, where they are few: their keys.
    ties: Vec<Key>,
    skip: usize,
    fetch: Option<usize>,
    schema: SchemaRef,
}

impl Direct {
    /// A plan as this; `None` when anything else stands in it.
    pub(crate) fn of(plan: &LogicalPlan) -> Option<Self> {
        let mut direct = Self::read(plan)?;
        direct.schema = Arc::clone(plan.schema().inner());
        if let Work::Rows { columns, descending, .. } = &direct.part.query.work {
            let in_time = |key: &Key| {
                columns.get(key.column).is_some_and(|c| c == TIME_COLUMN)
                    && *descending == Some(key.descending)
            };
            match direct.order.as_slice() {
                [] => {}
                [key] if in_time(key) => direct.order.clear(),
                _ => return None,
            }
        }
        let top = direct.top();
        if let Operator::Aggregate(plan) = &mut direct.work.plan.operator {
            plan.top = top;
        }
        direct.ties = direct.ties();
        let ordered = direct.order.iter().map(|key| key.column);
        let seen: Vec<usize> = direct.outputs.iter().copied().chain(ordered).collect();
        direct.work = direct.work.seen(&seen);
        Some(direct)
    }

    fn read(plan: &LogicalPlan) -> Option<Self> {
        match plan {
            LogicalPlan::Extension(extension) => Self::segments(extension),
            LogicalPlan::SubqueryAlias(alias) => Self::read(&alias.input),
            LogicalPlan::Projection(projection) => Self::read(&projection.input)?.projected(projection),
            LogicalPlan::Sort(sort) => Self::read(&sort.input)?.sorted(sort),
            LogicalPlan::Limit(limit) => {
                let below = Self::read(&limit.input)?;
                match (limit.get_skip_type().ok()?, limit.get_fetch_type().ok()?) {
                    (SkipType::Literal(skip), FetchType::Literal(fetch)) => Some(below.limited(skip, fetch)),
                    _ => None,
                }
            }
            _ => None,
        }
    }

    fn segments(extension: &Extension) -> Option<Self> {
        let node = extension.node.as_any().downcast_ref::<SegmentNode>()?;
        let [part] = node.parts.as_slice() else { return None };
        let result = |shown: &Shown| match shown {
            Shown::Result(at) => Some(*at),
            Shown::Constant(_) => None,
        };
        Some(Self {
            table: Arc::clone(&node.table),
            part: part.clone(),
            work: lower(&part.query).ok()?,
            outputs: part.shown.iter().map(result).collect::<Option<_>>()?,
            order: Vec::new(),
            ties: Vec::new(),
            skip: 0,
            fetch: None,
            schema: Arc::clone(extension.node.schema().inner()),
        })
    }

    fn projected(mut self, projection: &Projection) -> Option<Self> {
        let schema = projection.input.schema();
        self.outputs = projection.expr.iter().map(|e| self.column(e, schema)).collect::<Option<_>>()?;
        Some(self)
    }

    fn sorted(mut self, sort: &Sort) -> Option<Self> {
        if self.skip > 0 || self.fetch.is_some() {
            return None;
        }
        let schema = sort.input.schema();
        let key = |key: &datafusion::logical_expr::SortExpr| {
            let column = self.column(&key.expr, schema)?;
            let form = native_type(&key.expr.get_type(schema).ok()?)?;
            Some(Key { column, descending: !key.asc, nulls_first: key.nulls_first, form })
        };
        self.order = sort.expr.iter().map(key).collect::<Option<_>>()?;
        self.fetch = sort.fetch;
        Some(self)
    }

    fn limited(mut self, skip: usize, fetch: Option<usize>) -> Self {
        let left = self.fetch.map(|known| known.saturating_sub(skip));
        self.fetch = match (left, fetch) {
            (Some(a), Some(b)) => Some(a.min(b)),
            (a, b) => a.or(b),
        };
        self.skip = self.skip.saturating_add(skip);
        self
    }

    /// The result column an expression names.
    fn column(&self, expr: &Expr, schema: &DFSchema) -> Option<usize> {
        match expr {
            Expr::Alias(alias) => self.column(&alias.expr, schema),
            Expr::Column(column) => self.outputs.get(schema.maybe_index_of_column(column)?).copied(),
            _ => None,
        }
    }

    /// The keys of groups that are shown and by which nothing is ordered.
    fn ties(&self) -> Vec<Key> {
        let Work::Groups { dimensions, .. } = &self.part.query.work else { return Vec::new() };
        let is_free = |column: &usize| {
            self.outputs.contains(column) && self.order.iter().all(|key| key.column != *column)
        };
        let keys = dimensions.iter().enumerate().filter(|(column, _)| is_free(column));
        keys.map(|(column, key)| Key { column, descending: false, nulls_first: true, form: key.output })
            .collect()
    }

    /// The groups that will be shown, when one number alone decides which.
    fn top(&self) -> Option<Top> {
        let Work::Groups { dimensions, aggregators } = &self.part.query.work else { return None };
        let ([key], Some(fetch)) = (self.order.as_slice(), self.fetch) else { return None };
        let aggregator = key.column.checked_sub(dimensions.len()).filter(|a| *a < aggregators.len())?;
        let at = self.outputs.iter().position(|o| *o == key.column)?;
        let is_number = !matches!(self.schema.fields().get(at)?.data_type(), DataType::Utf8);
        // Nulls count as the smallest, below as here.
        let count = self.skip.saturating_add(fetch);
        (is_number && key.nulls_first != key.descending).then_some(Top {
            aggregator,
            descending: key.descending,
            count,
        })
    }

    /// The columns of the answer.
    pub(crate) fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    /// The rows of the work, before order and limit.
    pub(crate) async fn rows(&self, access: &Access, values: &Values) -> Result<Vec<Rows>, QueryError> {
        let blocks = access.run(self.part.filled(self.work.clone(), &self.table, values)?).await?;
        // An order is one over all blocks.
        Ok(if self.order.is_empty() { blocks } else { Rows::of_blocks(blocks).into_iter().collect() })
    }

    /// The rows that are shown, in batches made one after the other.
    pub(crate) fn batches(self: &Arc<Self>, blocks: Vec<Rows>) -> Batches {
        let left = self.fetch.unwrap_or(usize::MAX);
        Batches { direct: Arc::clone(self), blocks: blocks.into_iter(), skip: self.skip, left, current: None }
    }

    /// The rows of a block that are shown after `skip`, at most `left`.
    fn chosen(&self, block: &Rows, skip: usize, left: usize) -> Vec<u32> {
        let end = skip.saturating_add(left).min(block.count);
        let mut rows = match self.order.is_empty() {
            true => (0..end as u32).collect(),
            false if block.count <= MAX_TIES => {
                let keys: Vec<Key> = self.order.iter().chain(&self.ties).copied().collect();
                first_rows(&block.columns, &keys, block.count, end)
            }
            false => first_rows(&block.columns, &self.order, block.count, end),
        };
        rows.drain(..skip.min(rows.len()));
        rows
    }

    fn batch(&self, block: &Rows, rows: &[u32]) -> Result<RecordBatch> {
        // Groups by time alone mostly come in order.
        let whole = rows.len() == block.count && rows.iter().zip(0u32..).all(|(row, place)| *row == place);
        let mut arrays: Vec<ArrayRef> = Vec::with_capacity(self.outputs.len());
        for (at, field) in self.outputs.iter().zip(self.schema.fields()) {
            let missing = || outside(QueryError::Internal(format!("result column {at} is missing")));
            let column = block.columns.get(*at).ok_or_else(missing)?;
            arrays.push(match whole {
                true => to_array(column, field.data_type())?,
                false => taken(column, rows, field.data_type())?,
            });
        }
        let options = RecordBatchOptions::new().with_row_count(Some(rows.len()));
        Ok(RecordBatch::try_new_with_options(Arc::clone(&self.schema), arrays, &options)?)
    }
}

/// The rows of an answer, batch by batch.
#[derive(Debug)]
pub(crate) struct Batches {
    direct: Arc<Direct>,
    blocks: std::vec::IntoIter<Rows>,
    skip: usize,
    left: usize,
    /// A block, which of its rows are shown, and how many of those have been.
    current: Option<(Rows, Vec<u32>, usize)>,
}

impl Iterator for Batches {
    type Item = Result<RecordBatch>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Some((block, rows, done)) = &mut self.current {
                let end = (*done + BATCH_ROWS).min(rows.len());
                if let Some(part) = rows.get(*done..end).filter(|part| !part.is_empty()) {
                    *done = end;
                    return Some(self.direct.batch(block, part));
                }
                self.current = None;
            }
            if self.left == 0 {
                return None;
            }
            let block = self.blocks.next()?;
            let rows = self.direct.chosen(&block, self.skip, self.left);
            self.skip = self.skip.saturating_sub(block.count);
            self.left -= rows.len();
            self.current = Some((block, rows, 0));
        }
    }
}
