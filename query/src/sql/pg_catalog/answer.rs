//! How is a statement about the catalogue answered? DataFusion plans and runs it over tables made for it.

use std::sync::Arc;

use alluvium_segments::catalog::Snapshot;
use datafusion::arrow::array::RecordBatch;
use datafusion::arrow::compute::cast;
use datafusion::arrow::datatypes::{DataType, Field, Schema};
use datafusion::catalog::{CatalogProvider, MemorySchemaProvider, SchemaProvider};
use datafusion::common::{DataFusionError, Result};
use datafusion::logical_expr::LogicalPlan;
use datafusion::prelude::{SessionConfig, SessionContext};
use datafusion::sql::parser::Statement as PlannedStatement;

use super::rewrite::{self, Names};
use super::{CatalogAnswer, CatalogStatement, functions, tables};
use crate::QueryError;
use crate::sql::answer::{SqlColumn, SqlType, columns, rows};
use crate::sql::describe::SqlDescription;
use crate::sql::fault::from_datafusion;
use crate::sql::request::SqlParameter;

/// Answers a statement for a user.
pub(crate) async fn answer(
    statement: &CatalogStatement,
    parameters: &[SqlParameter],
    snapshot: &Snapshot,
    user: &str,
) -> std::result::Result<CatalogAnswer, QueryError> {
    let run = async {
        let (context, plan, names) = plan(statement, parameters, snapshot, user).await?;
        let schema = Arc::clone(plan.schema().inner());
        let batches = context.execute_logical_plan(plan).await?.collect().await?;
        let mut answer = CatalogAnswer { columns: told(&schema, &names), rows: Vec::new() };
        for batch in batches {
            answer.rows.extend(rows(&plain(&batch)?, chrono_tz::Tz::UTC)?);
        }
        Ok::<_, DataFusionError>(answer)
    };
    run.await.map_err(from_datafusion)
}

/// Describes a statement; parameters of unknown type are texts.
pub(crate) async fn describe(
    statement: &CatalogStatement,
    known: &[Option<SqlType>],
    snapshot: &Snapshot,
    user: &str,
) -> std::result::Result<SqlDescription, QueryError> {
    let count = statement.parsed.parameters;
    let parameters: Vec<SqlType> =
        (0..count).map(|n| known.get(n).copied().flatten().unwrap_or(SqlType::VARCHAR)).collect();
    let sample = |sql_type: &SqlType| {
        let value = if *sql_type == SqlType::VARCHAR { "".into() } else { 0.into() };
        SqlParameter { sql_type: sql_type.name.to_owned(), value }
    };
    let samples: Vec<SqlParameter> = parameters.iter().map(sample).collect();
    let planned = plan(statement, &samples, snapshot, user).await;
    let (_, plan, names) = planned.map_err(from_datafusion)?;
    let columns = told(plan.schema().inner(), &names);
    Ok(SqlDescription { columns, parameters, explain: false })
}

async fn plan(
    statement: &CatalogStatement,
    parameters: &[SqlParameter],
    snapshot: &Snapshot,
    user: &str,
) -> Result<(SessionContext, LogicalPlan, Names)> {
    let (statement, names) = rewrite::rewrite(&statement.parsed, parameters, user)?;
    let context = context(snapshot, user)?;
    let statement = PlannedStatement::Statement(Box::new(statement));
    let plan = context.state().statement_to_plan(statement).await?;
    Ok((context, plan, names))
}

/// The tables and functions.
fn context(snapshot: &Snapshot, user: &str) -> Result<SessionContext> {
    let mut config = SessionConfig::new()
        .with_target_partitions(1)
        .with_default_catalog_and_schema("alluvium", "pg_catalog")
        .with_information_schema(false);
    config.options_mut().sql_parser.map_string_types_to_utf8view = false;
    let context = SessionContext::new_with_config(config);
    let catalog = context.catalog("alluvium");
    let catalog = catalog.ok_or_else(|| DataFusionError::Internal("no catalog".to_owned()))?;
    let relations = tables::relations(snapshot);
    for (schema, tables) in tables::all(&relations, user)? {
        let provider = Arc::new(MemorySchemaProvider::new());
        for (name, table) in tables {
            provider.register_table(name.to_owned(), table)?;
        }
        CatalogProvider::register_schema(catalog.as_ref(), schema, provider)?;
    }
    for function in functions::all(&relations) {
        context.register_udf(function);
    }
    Ok(context)
}

/// The columns as a client is told them.
fn told(schema: &Schema, names: &Names) -> Vec<SqlColumn> {
    let mut columns = columns(&plain_schema(schema));
    for column in &mut columns {
        if let Some(name) = names.get(&column.name) {
            column.name.clone_from(name);
        }
    }
    columns
}

/// A batch whose texts are all of one Arrow type.
fn plain(batch: &RecordBatch) -> Result<RecordBatch> {
    let schema = Arc::new(plain_schema(batch.schema_ref()));
    let columns = batch.columns().iter().zip(schema.fields());
    let columns = columns.map(|(column, field)| Ok(cast(column, field.data_type())?));
    Ok(RecordBatch::try_new(Arc::clone(&schema), columns.collect::<Result<_>>()?)?)
}

fn plain_schema(schema: &Schema) -> Schema {
    let field = |field: &Arc<Field>| {
        let data_type = match field.data_type() {
            DataType::Utf8View | DataType::LargeUtf8 => DataType::Utf8,
            other => other.clone(),
        };
        Field::new(field.name(), data_type, true)
    };
    Schema::new(schema.fields().iter().map(field).collect::<Vec<_>>())
}
