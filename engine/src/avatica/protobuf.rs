//! How are calls and answers written as protobuf? In an envelope that names a Java class of Avatica's.

use alluvium_query::sql::{SqlColumn, SqlParameter, SqlValue};
use prost::Message;
use serde_json::{Value, json};

use super::column::{JdbcType, parameter_name};
use super::fault::Fault;
use super::json::shortest;
use super::messages::{
    AvaticaParameter, AvaticaType, CloseStatementRequest, ColumnMetaData, ColumnValue, ColumnsRequest,
    ConnectionProperties, ConnectionSyncRequest, ConnectionSyncResponse, CreateStatementResponse,
    CursorFactory, DatabasePropertyResponse, DoneResponse, EmptyResponse, ErrorResponse, ExecuteRequest,
    ExecuteResponse, FetchRequest, FetchResponse, OfConnection, OpenConnectionRequest,
    PrepareAndExecuteRequest, PrepareRequest, PrepareResponse, Rep, ResultSetResponse, Row, RpcMetadata,
    SchemasRequest, StatementHandle, TablesRequest, TypedValue, WireMessage,
};
use super::parameter::parameter;
use super::request::{At, Metadata, Properties, Request};
use super::response::{Fetched, Frame, Response, ResultSet, Signature};

/// The content type of answers.
pub(super) const CONTENT_TYPE: &str = "application/x-google-protobuf";

/// What the names of requests start with.
const REQUESTS: &str = "org.apache.calcite.avatica.proto.Requests$";
/// What the names of responses start with.
const RESPONSES: &str = "org.apache.calcite.avatica.proto.Responses$";

/// The style of cursors whose rows are arrays.
const STYLE_ARRAY: i32 = 3;
/// The severity ERROR.
const SEVERITY_ERROR: i32 = 2;

/// Reads a call.
pub(super) fn read(body: &[u8]) -> Result<Request, Fault> {
    let envelope: WireMessage = decode(body)?;
    let name = envelope.name.strip_prefix(REQUESTS).unwrap_or(&envelope.name);
    request(name, &envelope.wrapped_message)
}

fn decode<M: Message + Default>(bytes: &[u8]) -> Result<M, Fault> {
    M::decode(bytes).map_err(|error| Fault::new(format!("the request is no protobuf of Avatica's: {error}")))
}

fn request(name: &str, bytes: &[u8]) -> Result<Request, Fault> {
    let connection = || decode::<OfConnection>(bytes).map(|message| message.connection_id);
    Ok(match name {
        "OpenConnectionRequest" => {
            let OpenConnectionRequest { connection_id, info } = decode(bytes)?;
            Request::OpenConnection { connection: connection_id, info: info.into_iter().collect() }
        }
        "CloseConnectionRequest" => Request::CloseConnection { connection: connection()? },
        "ConnectionSyncRequest" => {
            let message: ConnectionSyncRequest = decode(bytes)?;
            let wanted = message.conn_props.map(properties).unwrap_or_default();
            Request::ConnectionSync { connection: message.connection_id, wanted }
        }
        "CreateStatementRequest" => Request::CreateStatement { connection: connection()? },
        "CloseStatementRequest" => {
            let message: CloseStatementRequest = decode(bytes)?;
            Request::CloseStatement(At { connection: message.connection_id, statement: message.statement_id })
        }
        "PrepareRequest" => {
            let message: PrepareRequest = decode(bytes)?;
            let max_rows = max_rows(message.max_rows_total, message.max_row_count);
            Request::Prepare { connection: message.connection_id, sql: message.sql, max_rows }
        }
        "PrepareAndExecuteRequest" => {
            let message: PrepareAndExecuteRequest = decode(bytes)?;
            Request::PrepareAndExecute {
                at: At { connection: message.connection_id, statement: message.statement_id },
                sql: message.sql,
                max_rows: max_rows(message.max_rows_total, message.max_row_count),
                first_frame: frame_size(message.first_frame_max_size, 0),
            }
        }
        "ExecuteRequest" => {
            let message: ExecuteRequest = decode(bytes)?;
            let handle = message.statement_handle;
            let handle = handle.ok_or_else(|| Fault::new("`statementHandle` is missing"))?;
            let values = message.parameter_values.into_iter();
            Request::Execute {
                at: At { connection: handle.connection_id, statement: handle.id },
                parameters: values.map(typed_value).collect::<Result<_, _>>()?,
                first_frame: frame_size(
                    message.first_frame_max_size,
                    message.deprecated_first_frame_max_size,
                ),
            }
        }
        "FetchRequest" => {
            let message: FetchRequest = decode(bytes)?;
            Request::Fetch {
                at: At { connection: message.connection_id, statement: message.statement_id },
                offset: message.offset,
                rows: frame_size(message.frame_max_size, u64::from(message.fetch_max_row_count)),
            }
        }
        "DatabasePropertyRequest" => Request::DatabaseProperties { connection: connection()? },
        "CommitRequest" => Request::Commit { connection: connection()? },
        "RollbackRequest" => Request::Rollback { connection: connection()? },
        "SyncResultsRequest" => Request::Unsupported("syncResults"),
        "PrepareAndExecuteBatchRequest" => Request::Unsupported("prepareAndExecuteBatch"),
        "ExecuteBatchRequest" => Request::Unsupported("executeBatch"),
        other => return metadata_request(other, bytes),
    })
}

fn metadata_request(name: &str, bytes: &[u8]) -> Result<Request, Fault> {
    let simple =
        |wanted| Ok(Request::Metadata { connection: decode::<OfConnection>(bytes)?.connection_id, wanted });
    // Before the fields `has_..` a text that was not empty was meant.
    let given = |text: String, has: bool| (has || !text.is_empty()).then_some(text);
    match name {
        "CatalogsRequest" => simple(Metadata::Catalogs),
        "TableTypesRequest" => simple(Metadata::TableTypes),
        "TypeInfoRequest" => simple(Metadata::TypeInfo),
        "SchemasRequest" => {
            let m: SchemasRequest = decode(bytes)?;
            let wanted = Metadata::Schemas {
                catalog: given(m.catalog, m.has_catalog),
                schema: given(m.schema_pattern, m.has_schema_pattern),
            };
            Ok(Request::Metadata { connection: m.connection_id, wanted })
        }
        "TablesRequest" => {
            let m: TablesRequest = decode(bytes)?;
            let wanted = Metadata::Tables {
                catalog: given(m.catalog, m.has_catalog),
                schema: given(m.schema_pattern, m.has_schema_pattern),
                table: given(m.table_name_pattern, m.has_table_name_pattern),
                types: (m.has_type_list || !m.type_list.is_empty()).then_some(m.type_list),
            };
            Ok(Request::Metadata { connection: m.connection_id, wanted })
        }
        "ColumnsRequest" => {
            let m: ColumnsRequest = decode(bytes)?;
            let wanted = Metadata::Columns {
                catalog: given(m.catalog, m.has_catalog),
                schema: given(m.schema_pattern, m.has_schema_pattern),
                table: given(m.table_name_pattern, m.has_table_name_pattern),
                column: given(m.column_name_pattern, m.has_column_name_pattern),
            };
            Ok(Request::Metadata { connection: m.connection_id, wanted })
        }
        other => Err(Fault::new(format!("`{other}` is no request of Avatica's"))),
    }
}

/// 0 and less mean all; the older field is read when the newer one says nothing.
fn max_rows(total: i64, count: u64) -> Option<u64> {
    let total = u64::try_from(total).ok()?;
    let rows = if total > 0 { total } else { count };
    (rows > 0 && i64::try_from(rows).is_ok()).then_some(rows)
}

/// 0: not said.
fn frame_size(size: i32, older: u64) -> i64 {
    match (size, older) {
        (0, 0) => -1,
        (0, older) => i64::try_from(older).unwrap_or(-1),
        (size, _) => i64::from(size),
    }
}

fn properties(given: ConnectionProperties) -> Properties {
    let text = |text: String| Some(text).filter(|text| !text.is_empty());
    Properties {
        auto_commit: given.has_auto_commit.then_some(given.auto_commit),
        read_only: given.has_read_only.then_some(given.read_only),
        transaction_isolation: Some(given.transaction_isolation).filter(|level| *level > 0),
        catalog: text(given.catalog),
        schema: text(given.schema),
    }
}

fn typed_value(given: TypedValue) -> Result<SqlParameter, Fault> {
    let (kind, value) = kind_and_value(given);
    parameter(kind, value)
}

/// The name of a value's kind as JSON has it, and the value.
fn kind_and_value(given: TypedValue) -> (&'static str, Value) {
    if given.null || given.implicitly_null {
        return ("NULL", Value::Null);
    }
    let number = json!(given.number_value);
    match given.rep() {
        Rep::PrimitiveBoolean | Rep::Boolean => ("BOOLEAN", json!(given.bool_value)),
        Rep::PrimitiveChar | Rep::Character | Rep::String => ("STRING", json!(given.string_value)),
        Rep::PrimitiveByte
        | Rep::Byte
        | Rep::PrimitiveShort
        | Rep::Short
        | Rep::PrimitiveInt
        | Rep::Integer
        | Rep::PrimitiveLong
        | Rep::Long
        | Rep::Number => ("LONG", number),
        // A float travels as its bits.
        Rep::PrimitiveFloat | Rep::Float => {
            let bits = u32::try_from(given.number_value & i64::from(u32::MAX)).unwrap_or_default();
            ("DOUBLE", json!(shortest(f32::from_bits(bits))))
        }
        Rep::PrimitiveDouble | Rep::Double => ("DOUBLE", json!(given.double_value)),
        Rep::BigDecimal => ("BIG_DECIMAL", json!(given.string_value)),
        Rep::JavaSqlTimestamp | Rep::JavaUtilDate => ("JAVA_SQL_TIMESTAMP", number),
        Rep::JavaSqlDate => ("JAVA_SQL_DATE", number),
        Rep::Array => {
            let items = given.array_value.into_iter().map(|item| kind_and_value(item).1);
            ("ARRAY", Value::Array(items.collect()))
        }
        Rep::Null => ("NULL", Value::Null),
        Rep::JavaSqlTime => ("JAVA_SQL_TIME", number),
        Rep::ByteString => ("BYTE_STRING", Value::Null),
        Rep::BigInteger => ("BIG_INTEGER", big_integer(&given.bytes_value)),
        Rep::Object => ("OBJECT", Value::Null),
        Rep::Struct => ("STRUCT", Value::Null),
        Rep::Multiset => ("MULTISET", Value::Null),
    }
}

/// Two's complement, the highest byte first; what no long holds is none here.
fn big_integer(bytes: &[u8]) -> Value {
    if bytes.is_empty() || bytes.len() > 8 {
        return json!("");
    }
    let sign = if bytes.first().is_some_and(|first| *first > 127) { -1_i64 } else { 0 };
    json!(bytes.iter().fold(sign, |number, byte| number << 8 | i64::from(*byte)))
}

/// Writes an answer.
pub(super) fn write(response: Response, address: &str) -> Vec<u8> {
    let metadata = Some(RpcMetadata { server_address: address.to_owned() });
    let done = |name, metadata| wrap(name, &DoneResponse { metadata });
    match response {
        Response::ConnectionOpened => done("OpenConnectionResponse", metadata),
        Response::ConnectionClosed => done("CloseConnectionResponse", metadata),
        Response::StatementClosed => done("CloseStatementResponse", metadata),
        Response::ConnectionSynced(p) => wrap(
            "ConnectionSyncResponse",
            &ConnectionSyncResponse {
                conn_props: Some(ConnectionProperties {
                    is_dirty: false,
                    auto_commit: p.auto_commit.unwrap_or_default(),
                    has_auto_commit: p.auto_commit.is_some(),
                    read_only: p.read_only.unwrap_or_default(),
                    has_read_only: p.read_only.is_some(),
                    transaction_isolation: p.transaction_isolation.unwrap_or_default(),
                    catalog: p.catalog.unwrap_or_default(),
                    schema: p.schema.unwrap_or_default(),
                }),
                metadata,
            },
        ),
        Response::StatementCreated { connection, statement } => {
            let (connection_id, statement_id) = (connection, statement);
            wrap(
                "CreateStatementResponse",
                &CreateStatementResponse { connection_id, statement_id, metadata },
            )
        }
        Response::Prepared { connection, statement, signature } => {
            let signature = Some(signature_message(&signature));
            let handle = StatementHandle { connection_id: connection, id: statement, signature };
            wrap("PrepareResponse", &PrepareResponse { statement: Some(handle), metadata })
        }
        Response::Executed(result) => {
            let results = vec![result_set(*result, metadata.clone())];
            wrap("ExecuteResponse", &ExecuteResponse { results, missing_statement: false, metadata })
        }
        Response::StatementMissing => {
            let missing = ExecuteResponse { results: Vec::new(), missing_statement: true, metadata };
            wrap("ExecuteResponse", &missing)
        }
        Response::Fetched(fetched) => wrap("FetchResponse", &fetch_response(fetched, metadata)),
        Response::ResultSet(result) => wrap("ResultSetResponse", &result_set(*result, metadata)),
        Response::DatabaseProperties => {
            wrap("DatabasePropertyResponse", &DatabasePropertyResponse { metadata })
        }
        Response::Committed => wrap("CommitResponse", &EmptyResponse {}),
        Response::RolledBack => wrap("RollbackResponse", &EmptyResponse {}),
        Response::Failed(fault) => wrap("ErrorResponse", &error_response(fault, metadata)),
    }
}

fn wrap(name: &str, message: &impl Message) -> Vec<u8> {
    let name = format!("{RESPONSES}{name}");
    WireMessage { name, wrapped_message: message.encode_to_vec() }.encode_to_vec()
}

fn fetch_response(fetched: Fetched, metadata: Option<RpcMetadata>) -> FetchResponse {
    let missing_statement = fetched == Fetched::NoStatement;
    let missing_results = fetched == Fetched::NoResults;
    let frame = match fetched {
        Fetched::Frame(frame) => Some(frame_message(frame)),
        Fetched::NoStatement | Fetched::NoResults => None,
    };
    FetchResponse { frame, missing_statement, missing_results, metadata }
}

fn error_response(fault: Fault, metadata: Option<RpcMetadata>) -> ErrorResponse {
    ErrorResponse {
        exceptions: vec![fault.message.clone()],
        has_exceptions: true,
        error_message: fault.message,
        severity: SEVERITY_ERROR,
        error_code: fault.code.cast_unsigned(),
        sql_state: Fault::SQL_STATE.to_owned(),
        metadata,
    }
}

fn result_set(result: ResultSet, metadata: Option<RpcMetadata>) -> ResultSetResponse {
    ResultSetResponse {
        connection_id: result.connection,
        statement_id: result.statement,
        own_statement: true,
        signature: Some(signature_message(&result.signature)),
        first_frame: Some(frame_message(result.frame)),
        update_count: u64::MAX,
        metadata,
    }
}

fn signature_message(signature: &Signature) -> super::messages::Signature {
    let parameters = signature.parameters.iter().enumerate().map(|(place, sql_type)| {
        let jdbc = JdbcType::of(*sql_type);
        AvaticaParameter {
            signed: true,
            precision: jdbc.precision,
            scale: 0,
            parameter_type: sql_type.jdbc.cast_unsigned(),
            type_name: sql_type.name.to_owned(),
            class_name: jdbc.class.to_owned(),
            name: parameter_name(place),
        }
    });
    super::messages::Signature {
        columns: (0..).zip(&signature.columns).map(column).collect(),
        sql: signature.sql.clone(),
        parameters: parameters.collect(),
        cursor_factory: Some(CursorFactory { style: STYLE_ARRAY }),
        statement_type: 0,
    }
}

fn column((ordinal, column): (u32, &SqlColumn)) -> ColumnMetaData {
    let (own, element) = JdbcType::of_column(column);
    let component = element.map(|element| Box::new(type_message(&element, None)));
    ColumnMetaData {
        ordinal,
        auto_increment: false,
        case_sensitive: true,
        searchable: true,
        currency: false,
        nullable: u32::from(column.nullable),
        signed: true,
        display_size: own.display_size,
        label: column.name.clone(),
        column_name: column.name.clone(),
        precision: own.precision,
        scale: 0,
        read_only: true,
        column_class_name: own.class.to_owned(),
        avatica_type: Some(type_message(&own, component)),
    }
}

fn type_message(jdbc: &JdbcType, component: Option<Box<AvaticaType>>) -> AvaticaType {
    let (id, name) = (jdbc.sql.jdbc.cast_unsigned(), jdbc.sql.name.to_owned());
    AvaticaType { id, name, rep: jdbc.rep.into(), component }
}

fn frame_message(frame: Frame) -> super::messages::Frame {
    let row = |row: Vec<SqlValue>| Row { value: row.into_iter().map(column_value).collect() };
    let rows = frame.rows.into_iter().map(row).collect();
    super::messages::Frame { offset: frame.offset, done: frame.done, rows }
}

fn column_value(value: SqlValue) -> ColumnValue {
    match value {
        SqlValue::List(items) => {
            let items: Vec<TypedValue> = items.into_iter().map(value_message).collect();
            ColumnValue {
                value: items.clone(),
                array_value: items,
                has_array_value: true,
                scalar_value: None,
            }
        }
        scalar => {
            let scalar = value_message(scalar);
            ColumnValue { value: vec![scalar.clone()], scalar_value: Some(scalar), ..ColumnValue::default() }
        }
    }
}

fn value_message(value: SqlValue) -> TypedValue {
    let of = |rep: Rep| TypedValue { rep: rep.into(), ..TypedValue::default() };
    match value {
        SqlValue::Null => TypedValue { null: true, ..of(Rep::Null) },
        SqlValue::Boolean(truth) => TypedValue { bool_value: truth, ..of(Rep::Boolean) },
        SqlValue::Long(number) | SqlValue::Timestamp(number) => {
            TypedValue { number_value: number, ..of(Rep::Long) }
        }
        SqlValue::Date(days) => TypedValue { number_value: i64::from(days), ..of(Rep::Integer) },
        SqlValue::Float(number) => TypedValue { double_value: shortest(number), ..of(Rep::Double) },
        SqlValue::Double(number) => TypedValue { double_value: number, ..of(Rep::Double) },
        SqlValue::Text(text) => TypedValue { string_value: text, ..of(Rep::String) },
        SqlValue::List(items) => {
            let array_value = items.into_iter().map(value_message).collect();
            TypedValue { array_value, component_type: Rep::Object.into(), ..of(Rep::Array) }
        }
    }
}

#[cfg(test)]
mod tests;
