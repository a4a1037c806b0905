//! How does an answer come as Arrow's messages, one by one? A schema, then batches, each a header and a body, for protocols
//! that frame them in their own way (Arrow Flight); and how do values for parameters come the same way?

use std::io::Write;
use std::sync::Arc;

use alluvium_segments::catalog::Snapshot;
use alluvium_segments::time::format_iso;
use chrono_tz::Tz;
use datafusion::arrow::array::{ArrayRef, AsArray, BinaryArray, RecordBatch};
use datafusion::arrow::datatypes::{DataType, Field, Schema, SchemaRef, TimeUnit};
use datafusion::arrow::error::ArrowError;
use datafusion::arrow::ipc::reader::StreamReader;
use datafusion::arrow::ipc::writer::{DictionaryTracker, IpcDataGenerator, IpcWriteOptions};
use serde_json::{Value, json};

use super::answer::{SqlType, SqlValue, rows, sent_batch, sent_schema};
use super::describe::Described;
use super::fault::{from_datafusion, invalid};
use super::metadata::all_relations;
use super::request::SqlParameter;
use super::run::Flow;
use crate::QueryError;

/// A message in Arrow's IPC format.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ArrowMessage {
    /// The flatbuffer that says what the body is.
    pub header: Vec<u8>,
    /// The buffers; none of a schema.
    pub body: Vec<u8>,
}

/// What is known of an answer before it is asked for, as schemas: whole IPC messages, with their length before them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ArrowDescription {
    /// Of the rows.
    pub columns: Vec<u8>,
    /// Of the parameters: a column each, in order.
    pub parameters: Vec<u8>,
}

impl ArrowDescription {
    pub(super) fn of(described: &Described) -> Result<Self, QueryError> {
        let parameters = described.parameters.iter().enumerate().map(|(at, sql_type)| {
            Field::new(format!("parameter_{}", at + 1), parameter_type(*sql_type), true)
        });
        let parameters = Schema::new(parameters.collect::<Vec<_>>());
        let columns = sent_schema(&described.schema, described.zone);
        let both = || Ok(Self { columns: whole(&columns)?, parameters: whole(&parameters)? });
        both().map_err(|e: ArrowError| from_datafusion(e.into()))
    }
}

fn parameter_type(sql_type: SqlType) -> DataType {
    match sql_type.name {
        "BIGINT" | "INTEGER" => DataType::Int64,
        "DOUBLE" | "FLOAT" => DataType::Float64,
        "BOOLEAN" => DataType::Boolean,
        "TIMESTAMP" | "DATE" => DataType::Timestamp(TimeUnit::Millisecond, None),
        _ => DataType::Utf8,
    }
}

/// A schema as a message with its length before it.
fn whole(schema: &Schema) -> Result<Vec<u8>, ArrowError> {
    let header = schema_message(schema).header;
    let mut out = Vec::with_capacity(header.len() + 8);
    framed(&header, &mut out);
    Ok(out)
}

/// A header with its length before it, up to a multiple of eight bytes.
fn framed(header: &[u8], out: &mut Vec<u8>) {
    let length = header.len().next_multiple_of(8);
    out.extend_from_slice(&u32::MAX.to_le_bytes());
    out.extend_from_slice(&u32::try_from(length).unwrap_or(u32::MAX).to_le_bytes());
    out.extend_from_slice(header);
    out.resize(out.len() + length - header.len(), 0);
}

fn schema_message(schema: &Schema) -> ArrowMessage {
    let (mut tracker, options) = (DictionaryTracker::new(false), IpcWriteOptions::default());
    let encoded =
        IpcDataGenerator::default().schema_to_bytes_with_dictionary_tracker(schema, &mut tracker, &options);
    ArrowMessage { header: encoded.ipc_message, body: encoded.arrow_data }
}

/// An answer as messages; the query ends when this is dropped.
pub struct SqlArrow {
    flow: Flow,
    schema: SchemaRef,
    /// For answers that list tables: where their schemas are looked up.
    tables: Option<Arc<Snapshot>>,
}

impl std::fmt::Debug for SqlArrow {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SqlArrow").field("schema", &self.schema).finish_non_exhaustive()
    }
}

impl SqlArrow {
    pub(super) fn new(flow: Flow) -> Self {
        let schema = sent_schema(&flow.schema, flow.settings.zone);
        Self { flow, schema, tables: None }
    }

    /// With fields as a protocol prescribes them: each is told whether it may be null, and says nothing of SQL.
    #[must_use]
    pub fn with_nulls(mut self, nullable: &[bool]) -> Self {
        let fields = self.schema.fields().iter().enumerate().map(|(at, field)| {
            let nullable = nullable.get(at).copied().unwrap_or(true);
            Field::new(field.name(), field.data_type().clone(), nullable)
        });
        self.schema = Arc::new(Schema::new(fields.collect::<Vec<_>>()));
        self
    }

    /// Adds a column `table_schema`: the schema of the table whose schema's name is in the second column and whose own is in
    /// the third, as an IPC message.
    #[must_use]
    pub fn with_table_schemas(mut self, snapshot: Arc<Snapshot>) -> Self {
        let mut fields: Vec<_> = self.schema.fields().iter().map(Arc::clone).collect();
        fields.push(Arc::new(Field::new("table_schema", DataType::Binary, false)));
        self.schema = Arc::new(Schema::new(fields));
        self.tables = Some(snapshot);
        self
    }

    /// The message that comes first.
    #[must_use]
    pub fn schema(&self) -> ArrowMessage {
        schema_message(&self.schema)
    }

    /// The next batch.
    ///
    /// # Errors
    /// When the query fails on the way, is cancelled, or its time is over.
    pub async fn next(&mut self) -> Result<Option<ArrowMessage>, QueryError> {
        let Some(batch) = self.flow.next().await? else { return Ok(None) };
        let message = self.message(&batch);
        message.map(Some).map_err(|e| self.flow.failed(from_datafusion(e.into())))
    }

    fn message(&self, batch: &RecordBatch) -> Result<ArrowMessage, ArrowError> {
        let zone = self.flow.settings.zone;
        let batch = match &self.tables {
            None => sent_batch(batch, &self.schema, zone)?,
            Some(snapshot) => with_schemas(batch, &self.schema, snapshot)?,
        };
        let (mut tracker, options) = (DictionaryTracker::new(false), IpcWriteOptions::default());
        let (_, encoded) =
            IpcDataGenerator::default().encode(&batch, &mut tracker, &options, &mut Default::default())?;
        Ok(ArrowMessage { header: encoded.ipc_message, body: encoded.arrow_data })
    }
}

/// A list of tables with their schemas.
fn with_schemas(
    batch: &RecordBatch,
    schema: &SchemaRef,
    snapshot: &Snapshot,
) -> Result<RecordBatch, ArrowError> {
    let relations = all_relations(snapshot);
    let (schemas, names) = (batch.column(1).as_string::<i32>(), batch.column(2).as_string::<i32>());
    let mut found = Vec::with_capacity(batch.num_rows());
    for row in 0..batch.num_rows() {
        let (of, name) = (schemas.value(row), names.value(row));
        let relation = relations.iter().find(|(schema, table, _)| *schema == of && table == name);
        let fields = relation.map(|(_, _, fields)| fields.clone()).unwrap_or_default();
        found.push(whole(&sent_schema(&Schema::new(fields), Tz::UTC))?);
    }
    let mut columns: Vec<ArrayRef> = batch.columns().to_vec();
    columns.push(Arc::new(found.iter().map(|schema| Some(schema.as_slice())).collect::<BinaryArray>()));
    RecordBatch::try_new(Arc::clone(schema), columns)
}

/// Values for parameters: the first row of what messages hold.
///
/// # Errors
/// When they are no messages of Arrow's.
pub fn parameters(messages: &[ArrowMessage]) -> Result<Vec<SqlParameter>, QueryError> {
    let read = || -> Result<Vec<SqlParameter>, ArrowError> {
        let mut stream = Vec::new();
        for message in messages.iter().filter(|message| !message.header.is_empty()) {
            framed(&message.header, &mut stream);
            stream.extend_from_slice(&message.body);
        }
        // The end of a stream.
        stream.write_all(&[0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0])?;
        let mut values = Vec::new();
        for batch in StreamReader::try_new(stream.as_slice(), None)? {
            let batch = batch?;
            let zoned = |at: usize| {
                let data_type = batch.schema_ref().field(at).data_type().clone();
                matches!(data_type, DataType::Timestamp(_, Some(_)))
            };
            if let Some(row) = rows(&batch, Tz::UTC)?.into_iter().next() {
                values = row.into_iter().enumerate().map(|(at, value)| value_of(value, zoned(at))).collect();
                break;
            }
        }
        Ok(values)
    };
    read().map_err(|error| invalid(format!("the parameters cannot be read: {error}")))
}

fn value_of(value: SqlValue, zoned: bool) -> SqlParameter {
    let (sql_type, value) = match value {
        SqlValue::Null => ("VARCHAR", Value::Null),
        SqlValue::Boolean(truth) => ("BOOLEAN", json!(truth)),
        SqlValue::Long(number) => ("BIGINT", json!(number)),
        SqlValue::Float(number) => ("DOUBLE", json!(f64::from(number))),
        SqlValue::Double(number) => ("DOUBLE", json!(number)),
        SqlValue::Text(text) => ("VARCHAR", json!(text)),
        SqlValue::Timestamp(instant) if zoned => ("TIMESTAMP", json!(format_iso(instant))),
        SqlValue::Timestamp(clock) => ("TIMESTAMP", json!(clock)),
        SqlValue::Date(days) => ("TIMESTAMP", json!(i64::from(days) * 86_400_000)),
        SqlValue::List(items) => {
            ("ARRAY", Value::Array(items.into_iter().map(|item| value_of(item, zoned).value).collect()))
        }
    };
    SqlParameter { sql_type: sql_type.to_owned(), value }
}

/// The messages of a batch, as a client sends parameters.
#[cfg(test)]
fn messages_of(batch: &RecordBatch) -> Vec<ArrowMessage> {
    let (mut tracker, options) = (DictionaryTracker::new(false), IpcWriteOptions::default());
    let (_, encoded) =
        IpcDataGenerator::default().encode(batch, &mut tracker, &options, &mut Default::default()).unwrap();
    vec![
        schema_message(batch.schema_ref()),
        ArrowMessage { header: encoded.ipc_message, body: encoded.arrow_data },
    ]
}

#[cfg(test)]
mod tests {
    use datafusion::arrow::array::{Int64Array, StringArray};

    use super::*;
    use crate::sql::SqlRequest;
    use crate::sql::tests::fixture::engine;

    #[test]
    fn parameters_there() {
        let schema =
            Schema::new(vec![Field::new("a", DataType::Int64, true), Field::new("b", DataType::Utf8, true)]);
        let columns: Vec<ArrayRef> =
            vec![Arc::new(Int64Array::from(vec![7])), Arc::new(StringArray::from(vec![None::<&str>]))];
        let batch = RecordBatch::try_new(Arc::new(schema), columns).unwrap();
        let given = parameters(&messages_of(&batch)).unwrap();
        assert_eq!((given[0].sql_type.as_str(), &given[0].value), ("BIGINT", &json!(7)));
        assert_eq!(given[1].value, Value::Null);
        let broken = ArrowMessage { header: vec![1, 2, 3], body: Vec::new() };
        assert!(parameters(&[broken]).is_err());
    }

    #[tokio::test]
    async fn messages_are_a_stream() {
        let (engine, _folder) = engine();
        let request = SqlRequest::text("SELECT channel, added FROM wiki WHERE added > ? ORDER BY __time");
        let described = engine.describe_arrow(&request, 0).unwrap();
        assert!(described.parameters.starts_with(&[0xff, 0xff, 0xff, 0xff]));
        let value = SqlParameter { sql_type: "BIGINT".to_owned(), value: json!(50) };
        let request = SqlRequest { parameters: vec![value], ..request };
        let mut arrow = engine.arrow(request, 0).await.unwrap();
        let mut stream = Vec::new();
        framed(&arrow.schema().header, &mut stream);
        assert_eq!(stream, described.columns);
        while let Some(message) = arrow.next().await.unwrap() {
            framed(&message.header, &mut stream);
            stream.extend_from_slice(&message.body);
        }
        let batches: Vec<RecordBatch> =
            StreamReader::try_new(stream.as_slice(), None).unwrap().collect::<Result<_, _>>().unwrap();
        assert_eq!(batches.iter().map(RecordBatch::num_rows).sum::<usize>(), 2);
    }
}
