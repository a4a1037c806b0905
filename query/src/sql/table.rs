//! What is a datasource to DataFusion? A table over the snapshot of one query, whose scans and filters our
//! segment operators run.

use std::sync::Arc;

use alluvium_segments::catalog::Datasource;
use alluvium_segments::{ColumnType, TIME_COLUMN};
use async_trait::async_trait;
use datafusion::arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use datafusion::catalog::{Session, TableProvider};
use datafusion::common::Result;
use datafusion::logical_expr::{Expr, TableProviderFilterPushDown, TableType};
use datafusion::physical_plan::ExecutionPlan;

use super::access::Access;
use super::exec::SegmentExec;
use super::fault::{invalid, outside};
use super::functions::TIMESTAMP;
use super::node::{Part, Shown};
use super::translate::{SegmentQuery, Work, filter_json, time_intervals};

/// A datasource as of one snapshot.
#[derive(Debug)]
pub(crate) struct DatasourceTable {
    name: String,
    schema: SchemaRef,
    access: Access,
}

impl DatasourceTable {
    pub(crate) fn new(datasource: &Datasource, access: Access) -> Self {
        Self { name: datasource.name.clone(), schema: arrow_schema(datasource), access }
    }

    /// Its name.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// Its columns, `__time` first.
    pub(crate) fn arrow_schema(&self) -> &Schema {
        &self.schema
    }

    /// Where its segments are read.
    pub(crate) fn access(&self) -> &Access {
        &self.access
    }

    /// A provider as this kind of table, if it is one.
    pub(crate) fn of(provider: &Arc<dyn TableProvider>) -> Option<Arc<Self>> {
        let provider: Arc<dyn std::any::Any + Send + Sync> = Arc::<dyn TableProvider>::clone(provider);
        provider.downcast::<Self>().ok()
    }
}

/// `__time` first, then the columns in their order.
pub(crate) fn arrow_schema(datasource: &Datasource) -> SchemaRef {
    let mut fields = vec![Field::new(TIME_COLUMN, TIMESTAMP, false)];
    for column in datasource.current_columns() {
        if column.name != TIME_COLUMN {
            fields.push(Field::new(column.name, arrow_type(column.column_type), true));
        }
    }
    Arc::new(Schema::new(fields))
}

/// The SQL type of a column.
pub(crate) fn arrow_type(column_type: ColumnType) -> DataType {
    match column_type {
        ColumnType::Long => DataType::Int64,
        ColumnType::Float => DataType::Float32,
        ColumnType::Double => DataType::Float64,
        ColumnType::String => DataType::Utf8,
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
        let one = |filter: &&Expr| match filter_json(filter, &self.schema) {
            Some(_) => TableProviderFilterPushDown::Exact,
            None => TableProviderFilterPushDown::Unsupported,
        };
        Ok(filters.iter().map(one).collect())
    }

    async fn scan(
        &self,
        _state: &dyn Session,
        projection: Option<&Vec<usize>>,
        filters: &[Expr],
        limit: Option<usize>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let schema = match projection {
            Some(columns) => Arc::new(self.schema.project(columns)?),
            None => Arc::clone(&self.schema),
        };
        let filter = match filters.iter().cloned().reduce(Expr::and) {
            Some(whole) => Some(filter_json(&whole, &self.schema).ok_or_else(|| {
                outside(invalid(format!("the filter {whole} cannot be run over `{}`", self.name)))
            })?),
            None => None,
        };
        let columns: Vec<String> = schema.fields().iter().map(|f| f.name().clone()).collect();
        let shown = (0..columns.len()).map(Shown::Result).collect();
        let limit = limit.and_then(|n| u64::try_from(n).ok());
        let query = SegmentQuery {
            datasource: self.name.clone(),
            intervals: time_intervals(filters),
            filter,
            work: Work::Rows { columns, descending: None, offset: 0, limit },
        };
        let exec = SegmentExec::new(self.access.clone(), vec![Part { query, shown }], schema);
        Ok(Arc::new(exec))
    }
}
