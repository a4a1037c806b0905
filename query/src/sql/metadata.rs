//! What does a query see in `INFORMATION_SCHEMA` and `sys`? Tables made when they are named: schemas, tables,
//! columns with JDBC types, functions, and what the node tells about itself.

use std::sync::Arc;

use alluvium_segments::ColumnType;
use alluvium_segments::catalog::Snapshot;
use datafusion::arrow::array::{ArrayRef, Int64Array, RecordBatch, StringArray};
use datafusion::arrow::datatypes::{DataType, Field, Schema};
use datafusion::catalog::{MemTable, TableProvider};
use datafusion::common::Result;
use serde_json::{Value, json};

use super::functions::{JSON, definitions};
use super::lookups::lookup_schema;
use super::signatures::signature;
use super::system::{SYSTEM_TABLES, SystemTables, SystemType, system_rows};
use super::table::{arrow_schema, state_of};

use SystemType::{Long, Text};

/// A table's name and columns.
type Columns = &'static [(&'static str, SystemType)];

/// The tables of `INFORMATION_SCHEMA`.
const INFORMATION: [(&str, Columns); 4] =
    [("SCHEMATA", &SCHEMATA), ("TABLES", &TABLES), ("COLUMNS", &COLUMNS), ("ROUTINES", &ROUTINES)];

const SCHEMATA: [(&str, SystemType); 7] = [
    ("CATALOG_NAME", Text),
    ("SCHEMA_NAME", Text),
    ("SCHEMA_OWNER", Text),
    ("DEFAULT_CHARACTER_SET_CATALOG", Text),
    ("DEFAULT_CHARACTER_SET_SCHEMA", Text),
    ("DEFAULT_CHARACTER_SET_NAME", Text),
    ("SQL_PATH", Text),
];

const TABLES: [(&str, SystemType); 6] = [
    ("TABLE_CATALOG", Text),
    ("TABLE_SCHEMA", Text),
    ("TABLE_NAME", Text),
    ("TABLE_TYPE", Text),
    ("IS_JOINABLE", Text),
    ("IS_BROADCAST", Text),
];

const COLUMNS: [(&str, SystemType); 17] = [
    ("TABLE_CATALOG", Text),
    ("TABLE_SCHEMA", Text),
    ("TABLE_NAME", Text),
    ("COLUMN_NAME", Text),
    ("ORDINAL_POSITION", Long),
    ("COLUMN_DEFAULT", Text),
    ("IS_NULLABLE", Text),
    ("DATA_TYPE", Text),
    ("CHARACTER_MAXIMUM_LENGTH", Text),
    ("CHARACTER_OCTET_LENGTH", Text),
    ("NUMERIC_PRECISION", Long),
    ("NUMERIC_PRECISION_RADIX", Long),
    ("NUMERIC_SCALE", Long),
    ("DATETIME_PRECISION", Long),
    ("CHARACTER_SET_NAME", Text),
    ("COLLATION_NAME", Text),
    ("JDBC_TYPE", Long),
];

const ROUTINES: [(&str, SystemType); 6] = [
    ("ROUTINE_CATALOG", Text),
    ("ROUTINE_SCHEMA", Text),
    ("ROUTINE_NAME", Text),
    ("ROUTINE_TYPE", Text),
    ("IS_AGGREGATOR", Text),
    ("SIGNATURES", Text),
];

/// Aggregates that ROUTINES lists beside the functions.
const AGGREGATES: [&str; 24] = [
    "ANY_VALUE",
    "APPROX_COUNT_DISTINCT",
    "APPROX_COUNT_DISTINCT_BUILTIN",
    "APPROX_COUNT_DISTINCT_DS_HLL",
    "APPROX_QUANTILE_DS",
    "ARRAY_AGG",
    "AVG",
    "COUNT",
    "EARLIEST",
    "EARLIEST_BY",
    "GROUPING",
    "LATEST",
    "LATEST_BY",
    "LISTAGG",
    "MAX",
    "MIN",
    "STDDEV",
    "STDDEV_POP",
    "STDDEV_SAMP",
    "STRING_AGG",
    "SUM",
    "VARIANCE",
    "VAR_POP",
    "VAR_SAMP",
];

/// The names of schemas, the default one first.
pub(crate) const SCHEMAS: [&str; 5] = ["druid", "INFORMATION_SCHEMA", "lookup", "sys", "view"];

/// A table of a metadata schema; `None` when it has no such table.
pub(crate) fn metadata_table(
    schema: &str,
    table: &str,
    snapshot: &Snapshot,
    system: &dyn SystemTables,
) -> Result<Option<Arc<dyn TableProvider>>> {
    if schema == "sys" {
        let known = SYSTEM_TABLES.iter().find(|(name, _)| *name == table);
        return known.map(|(name, columns)| mem_table(columns, &system_rows(system, name))).transpose();
    }
    let Some((name, columns)) = INFORMATION.iter().find(|(name, _)| *name == table) else { return Ok(None) };
    let rows = match *name {
        "SCHEMATA" => SCHEMAS.iter().map(|s| json!({"CATALOG_NAME": "druid", "SCHEMA_NAME": s})).collect(),
        "TABLES" => tables(snapshot),
        "COLUMNS" => all_columns(snapshot),
        _ => routines(),
    };
    mem_table(columns, &rows).map(Some)
}

fn mem_table(columns: Columns, rows: &[Value]) -> Result<Arc<dyn TableProvider>> {
    let schema = Arc::new(Schema::new(columns.iter().map(field).collect::<Vec<_>>()));
    let arrays: Vec<ArrayRef> = columns.iter().map(|(name, kind)| array(rows, name, *kind)).collect();
    let batch = RecordBatch::try_new(Arc::clone(&schema), arrays)?;
    Ok(Arc::new(MemTable::try_new(schema, vec![vec![batch]])?))
}

fn array(rows: &[Value], column: &str, kind: SystemType) -> ArrayRef {
    let cells = rows.iter().map(|row| row.get(column).filter(|v| !v.is_null()));
    match kind {
        Text => {
            let text = |v: &Value| v.as_str().map_or_else(|| v.to_string(), str::to_owned);
            Arc::new(cells.map(|v| v.map(text)).collect::<StringArray>())
        }
        Long => {
            let long = |v: &Value| v.as_bool().map(i64::from).or_else(|| v.as_i64());
            Arc::new(cells.map(|v| v.and_then(long)).collect::<Int64Array>())
        }
    }
}

fn tables(snapshot: &Snapshot) -> Vec<Value> {
    let row = |schema: &str, name: &str, kind: &str| {
        json!({"TABLE_CATALOG": "druid", "TABLE_SCHEMA": schema, "TABLE_NAME": name, "TABLE_TYPE": kind,
            "IS_JOINABLE": if schema == "lookup" { "YES" } else { "NO" },
            "IS_BROADCAST": if schema == "lookup" { "YES" } else { "NO" }})
    };
    let lookups = snapshot.lookups.keys().map(|name| row("lookup", name, "TABLE"));
    let datasources = snapshot.datasources.keys().map(|name| row("druid", name, "TABLE"));
    let information = INFORMATION.iter().map(|(name, _)| row("INFORMATION_SCHEMA", name, "SYSTEM_TABLE"));
    let system = SYSTEM_TABLES.iter().map(|(name, _)| row("sys", name, "SYSTEM_TABLE"));
    datasources.chain(information).chain(lookups).chain(system).collect()
}

/// The SQL name of a type, and JDBC's number for it.
pub(crate) fn sql_type(data_type: &DataType) -> (&'static str, i64) {
    match data_type {
        DataType::Timestamp(..) => ("TIMESTAMP", 93),
        DataType::Date32 | DataType::Date64 => ("DATE", 91),
        DataType::Float32 => ("FLOAT", 6),
        DataType::Float64 | DataType::Decimal128(..) => ("DOUBLE", 8),
        DataType::Boolean => ("BOOLEAN", 16),
        DataType::Int8 | DataType::Int16 | DataType::Int32 => ("INTEGER", 4),
        DataType::List(_) | DataType::LargeList(_) | DataType::FixedSizeList(..) => ("ARRAY", 2003),
        t if *t == JSON => ("COMPLEX<json>", 1111),
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Null => ("VARCHAR", 12),
        t if t.is_integer() => ("BIGINT", -5),
        _ => ("OTHER", 1111),
    }
}

/// Everything with columns that a query can name: schema, name, columns.
pub(crate) fn all_relations(snapshot: &Snapshot) -> Vec<(&'static str, String, Vec<Field>)> {
    let mut relations = Vec::new();
    for (name, datasource) in &snapshot.datasources {
        let schema = arrow_schema(&datasource.current_columns());
        let fields = schema.fields().iter().map(|field| field.as_ref().clone()).collect();
        relations.push(("druid", name.clone(), fields));
    }
    for name in snapshot.lookups.keys() {
        let fields = lookup_schema().fields().iter().map(|field| field.as_ref().clone()).collect();
        relations.push(("lookup", name.to_string(), fields));
    }
    let information = INFORMATION.iter().map(|(name, columns)| ("INFORMATION_SCHEMA", *name, *columns));
    let system = SYSTEM_TABLES.iter().map(|(name, columns)| ("sys", *name, *columns));
    for (schema, table, columns) in information.chain(system) {
        relations.push((schema, table.to_owned(), columns.iter().map(field).collect()));
    }
    relations
}

fn field((name, kind): &(&str, SystemType)) -> Field {
    Field::new(*name, if *kind == Text { DataType::Utf8 } else { DataType::Int64 }, true)
}

fn all_columns(snapshot: &Snapshot) -> Vec<Value> {
    let mut rows = Vec::new();
    for (schema, table, fields) in all_relations(snapshot) {
        for (i, field) in fields.iter().enumerate() {
            rows.push(column((schema, &table, i), field));
        }
    }
    rows
}

fn column(place: (&str, &str, usize), field: &Field) -> Value {
    let (schema, table, position) = place;
    let (name, nullable) = (field.name(), field.is_nullable());
    let (type_name, jdbc) = match state_of(field) {
        Some(state) => (ColumnType::Complex(state).druid_name(), 1111),
        None => sql_type(field.data_type()),
    };
    let text = type_name == "VARCHAR";
    // That of binary floating point is none, which has a number.
    let scale = match type_name {
        "BIGINT" => Some(0),
        "DOUBLE" | "FLOAT" => Some(i64::from(i32::MIN)),
        _ => None,
    };
    let precision = match type_name {
        "BIGINT" => Some(19),
        "DOUBLE" | "FLOAT" => Some(15),
        _ => None,
    };
    json!({
        "TABLE_CATALOG": "druid", "TABLE_SCHEMA": schema, "TABLE_NAME": table, "COLUMN_NAME": name,
        "ORDINAL_POSITION": position + 1, "COLUMN_DEFAULT": "",
        "IS_NULLABLE": if nullable { "YES" } else { "NO" }, "DATA_TYPE": type_name,
        "NUMERIC_PRECISION": precision, "NUMERIC_PRECISION_RADIX": precision.map(|_| 10),
        "NUMERIC_SCALE": scale,
        "DATETIME_PRECISION": (type_name == "TIMESTAMP").then_some(3),
        "CHARACTER_SET_NAME": text.then_some("UTF-16LE"),
        "COLLATION_NAME": text.then_some("UTF-16LE$en_US$primary"), "JDBC_TYPE": jdbc,
    })
}

fn routines() -> Vec<Value> {
    let row = |name: String, signature: String, aggregate: bool| {
        json!({"ROUTINE_CATALOG": "druid", "ROUTINE_SCHEMA": "INFORMATION_SCHEMA", "ROUTINE_NAME": name,
            "ROUTINE_TYPE": "FUNCTION", "IS_AGGREGATOR": if aggregate { "YES" } else { "NO" },
            "SIGNATURES": signature})
    };
    let hidden = [
        "timestamp_diff",
        "mv_harmonize_nulls",
        "json_scalar",
        "join_texts",
        "text_like",
        "time_plus",
        "date_text",
        "as_number",
        "of_values",
        "json_value_shown",
        "finalized_sketch",
        "ifnull",
    ];
    let plain = |name: &str| !name.starts_with("cast_") && !hidden.contains(&name);
    let functions = definitions().filter(|d| plain(d.name));
    let functions = functions.map(|d| row(d.name.to_uppercase(), signature(d.name), false));
    let aggregates = AGGREGATES.iter().map(|a| row((*a).to_owned(), signature(a), true));
    let mut rows: Vec<Value> = aggregates.chain(functions).collect();
    rows.sort_by_key(|r| r["ROUTINE_NAME"].to_string());
    rows
}
