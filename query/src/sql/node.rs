//! How does segment work stand in DataFusion's logical plan? As a leaf with a schema.

use std::cmp::Ordering;
use std::collections::BTreeSet;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use datafusion::common::{DFSchema, DFSchemaRef, ScalarValue};
use datafusion::logical_expr::{Expr, LogicalPlan, UserDefinedLogicalNodeCore};

use super::lower::Lowered;
use super::prepare::Values;
use super::table::DatasourceTable;
use super::translate::{SegmentQuery, Work, restriction};
use crate::QueryError;

/// An output column of a part.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Shown {
    /// The result column with this number.
    Result(usize),
    /// The same value in every row.
    Constant(ScalarValue),
}

/// One query and what of its result is shown.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Part {
    pub(crate) query: SegmentQuery,
    pub(crate) shown: Vec<Shown>,
}

impl Part {
    /// Whether its result is groups.
    pub(crate) fn is_groups(&self) -> bool {
        matches!(self.query.work, Work::Groups { .. })
    }

    /// The work of its query over the rows for these values.
    pub(crate) fn filled(
        &self,
        work: Lowered,
        table: &DatasourceTable,
        values: &Values,
    ) -> Result<Lowered, QueryError> {
        if self.query.conditions.is_empty() {
            return Ok(work);
        }
        let rows = restriction(&self.query.conditions, values, table.arrow_schema());
        let lost = || QueryError::Internal("a condition translates for some values only".to_owned());
        work.over(&rows.ok_or_else(lost)?)
    }
}

/// Segment work: the rows of all parts, one after the other.
#[derive(Debug, Clone)]
pub(crate) struct SegmentNode {
    pub(crate) table: Arc<DatasourceTable>,
    pub(crate) parts: Vec<Part>,
    schema: DFSchemaRef,
    /// Two nodes are the same when this text is.
    identity: String,
}

impl SegmentNode {
    pub(crate) fn new(table: Arc<DatasourceTable>, parts: Vec<Part>, schema: DFSchemaRef) -> Self {
        let identity = format!("{parts:?}");
        Self { table, parts, schema, identity }
    }

    /// The same that shows only some of its columns.
    pub(crate) fn showing(&self, columns: &BTreeSet<usize>) -> datafusion::common::Result<Self> {
        let fields = self.schema.iter().enumerate().filter(|(at, _)| columns.contains(at));
        let fields = fields.map(|(_, (qualifier, field))| (qualifier.cloned(), Arc::clone(field))).collect();
        let schema = DFSchema::new_with_metadata(fields, self.schema.metadata().clone())?;
        let parts = self.parts.iter().map(|part| {
            let shown = part.shown.iter().enumerate().filter(|(at, _)| columns.contains(at));
            Part { query: part.query.clone(), shown: shown.map(|(_, shown)| shown.clone()).collect() }
        });
        Ok(Self::new(Arc::clone(&self.table), parts.collect(), Arc::new(schema)))
    }
}

impl PartialEq for SegmentNode {
    fn eq(&self, other: &Self) -> bool {
        self.identity == other.identity
    }
}

impl Eq for SegmentNode {}

impl PartialOrd for SegmentNode {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        self.identity.partial_cmp(&other.identity)
    }
}

impl Hash for SegmentNode {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.identity.hash(state);
    }
}

impl UserDefinedLogicalNodeCore for SegmentNode {
    fn name(&self) -> &str {
        "Segments"
    }

    fn inputs(&self) -> Vec<&LogicalPlan> {
        Vec::new()
    }

    fn schema(&self) -> &DFSchemaRef {
        &self.schema
    }

    fn expressions(&self) -> Vec<Expr> {
        Vec::new()
    }

    fn fmt_for_explain(&self, f: &mut fmt::Formatter) -> fmt::Result {
        write!(f, "Segments:")?;
        for part in &self.parts {
            write!(f, " {}", super::explain::native_json(&part.query, &self.table))?;
        }
        Ok(())
    }

    fn with_exprs_and_inputs(
        &self,
        _exprs: Vec<Expr>,
        _inputs: Vec<LogicalPlan>,
    ) -> datafusion::common::Result<Self> {
        Ok(self.clone())
    }
}
