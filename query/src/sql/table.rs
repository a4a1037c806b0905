//! What is a datasource to DataFusion? A table of columns, whose scans and filters our segment operators run; the
//! rows come in with the query that runs, not with its plan.

use std::sync::Arc;

use alluvium_segments::{ColumnSpec, ColumnType, Complex, Element, TIME_COLUMN};
use async_trait::async_trait;
use datafusion::arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use datafusion::catalog::{Session, TableProvider};
use datafusion::common::Result;
use datafusion::logical_expr::{Expr, TableProviderFilterPushDown, TableType};
use datafusion::physical_plan::ExecutionPlan;

use super::fault::outside;
use super::functions::{JSON, TIMESTAMP, list_of};
use super::prepare::Values;
use super::translate::filter_json;
use crate::QueryError;

/// A datasource, or several as one, with the columns it had when a statement was planned.
#[derive(Debug)]
pub(crate) struct DatasourceTable {
    names: Vec<String>,
    schema: SchemaRef,
    values: Arc<Values>,
}

impl DatasourceTable {
    /// `values` are those of the statement that is planned, for the holes in its conditions.
    pub(crate) fn new(names: Vec<String>, schema: SchemaRef, values: Arc<Values>) -> Self {
        Self { names, schema, values }
    }

    /// The datasources whose rows it has.
    pub(crate) fn names(&self) -> &[String] {
        &self.names
    }

    /// Its columns, `__time` first where it has that.
    pub(crate) fn arrow_schema(&self) -> &Schema {
        &self.schema
    }

    /// The values of the statement it was planned for.
    pub(crate) fn values(&self) -> &Values {
        &self.values
    }

    /// A provider as this kind of table, if it is one.
    pub(crate) fn of(provider: &Arc<dyn TableProvider>) -> Option<Arc<Self>> {
        let provider: Arc<dyn std::any::Any + Send + Sync> = Arc::<dyn TableProvider>::clone(provider);
        provider.downcast::<Self>().ok()
    }
}

/// `__time` first, then the dimensions in their order and the metrics by name, as segments of Druid have them.
pub(crate) fn arrow_schema(columns: &[ColumnSpec]) -> SchemaRef {
    let mut fields = vec![Field::new(TIME_COLUMN, TIMESTAMP, false)];
    let mut metrics: Vec<&ColumnSpec> = columns.iter().filter(|column| column.is_metric()).collect();
    metrics.sort_by(|a, b| a.name.cmp(&b.name));
    for column in columns.iter().filter(|column| !column.is_metric()).chain(metrics) {
        if column.name != TIME_COLUMN {
            fields.push(of_state(
                Field::new(&column.name, arrow_type(column.column_type), true),
                column.column_type,
            ));
        }
    }
    Arc::new(Schema::new(fields))
}

/// What a field says of values that are states of an aggregator.
const STATE: &str = "druid.type";

/// A field of values of a type, which says of which kind they are where they are states.
pub(crate) fn of_state(field: Field, column_type: ColumnType) -> Field {
    match column_type {
        ColumnType::Complex(_) => {
            let name = column_type.druid_name().to_owned();
            field.with_metadata([(STATE.to_owned(), name)].into())
        }
        _ => field,
    }
}

/// The kind of the states that a field's values are.
pub(crate) fn state_of(field: &Field) -> Option<Complex> {
    match field.metadata().get(STATE)?.parse() {
        Ok(ColumnType::Complex(complex)) => Some(complex),
        _ => None,
    }
}

/// The SQL type of a column.
pub(crate) fn arrow_type(column_type: ColumnType) -> DataType {
    match column_type {
        ColumnType::Long => DataType::Int64,
        ColumnType::Float => DataType::Float32,
        ColumnType::Double => DataType::Float64,
        ColumnType::String => DataType::Utf8,
        ColumnType::Array(Element::Long) => list_of(DataType::Int64),
        ColumnType::Array(Element::Double) => list_of(DataType::Float64),
        ColumnType::Array(Element::String) => list_of(DataType::Utf8),
        ColumnType::Json | ColumnType::Complex(_) => JSON,
    }
}

#[async_trait]
impl TableProvider for DatasourceTable {
    fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema)
    }

    fn table_type(&self) -> TableType {
        TableType::Base
    }

    fn supports_filters_pushdown(&self, filters: &[&Expr]) -> Result<Vec<TableProviderFilterPushDown>> {
        let one = |filter: &&Expr| match filter_json(&self.values.fill((*filter).clone()), &self.schema) {
            Some(_) => TableProviderFilterPushDown::Exact,
            None => TableProviderFilterPushDown::Unsupported,
        };
        Ok(filters.iter().map(one).collect())
    }

    async fn scan(
        &self,
        _state: &dyn Session,
        _projection: Option<&Vec<usize>>,
        _filters: &[Expr],
        _limit: Option<usize>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        // Scans have become segment work before anything is planned to run.
        Err(outside(QueryError::Internal(format!("a scan of {:?} was left in the plan", self.names))))
    }
}
