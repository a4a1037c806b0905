//! Which protobuf messages does Avatica have? Those a Druid client sends or gets, with the field numbers of Avatica's
//! published `common.proto`, `requests.proto` and `responses.proto`.
//!
//! Texts that may be null are empty when they are; where that is not enough a field `has_..` says so. Optional fields
//! below are those whose presence clients look at.

use std::collections::HashMap;

/// How a value is represented.
#[derive(Debug, Clone, Copy, PartialEq, Eq, prost::Enumeration)]
#[repr(i32)]
pub(super) enum Rep {
    PrimitiveBoolean = 0,
    PrimitiveByte = 1,
    PrimitiveChar = 2,
    PrimitiveShort = 3,
    PrimitiveInt = 4,
    PrimitiveLong = 5,
    PrimitiveFloat = 6,
    PrimitiveDouble = 7,
    Boolean = 8,
    Byte = 9,
    Character = 10,
    Short = 11,
    Integer = 12,
    Long = 13,
    Float = 14,
    Double = 15,
    JavaSqlTime = 16,
    JavaSqlTimestamp = 17,
    JavaSqlDate = 18,
    JavaUtilDate = 19,
    ByteString = 20,
    String = 21,
    Number = 22,
    Object = 23,
    Null = 24,
    BigInteger = 25,
    BigDecimal = 26,
    Array = 27,
    Struct = 28,
    Multiset = 29,
}

/// The envelope of every message: the name of a Java class, and its bytes.
#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct WireMessage {
    #[prost(string, tag = "1")]
    pub(super) name: String,
    #[prost(bytes = "vec", tag = "2")]
    pub(super) wrapped_message: Vec<u8>,
}

#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct ConnectionProperties {
    #[prost(bool, tag = "1")]
    pub(super) is_dirty: bool,
    #[prost(bool, tag = "2")]
    pub(super) auto_commit: bool,
    #[prost(bool, tag = "7")]
    pub(super) has_auto_commit: bool,
    #[prost(bool, tag = "3")]
    pub(super) read_only: bool,
    #[prost(bool, tag = "8")]
    pub(super) has_read_only: bool,
    #[prost(uint32, tag = "4")]
    pub(super) transaction_isolation: u32,
    #[prost(string, tag = "5")]
    pub(super) catalog: String,
    #[prost(string, tag = "6")]
    pub(super) schema: String,
}

#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct StatementHandle {
    #[prost(string, tag = "1")]
    pub(super) connection_id: String,
    #[prost(uint32, tag = "2")]
    pub(super) id: u32,
    #[prost(message, optional, tag = "3")]
    pub(super) signature: Option<Signature>,
}

#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct Signature {
    #[prost(message, repeated, tag = "1")]
    pub(super) columns: Vec<ColumnMetaData>,
    #[prost(string, tag = "2")]
    pub(super) sql: String,
    #[prost(message, repeated, tag = "3")]
    pub(super) parameters: Vec<AvaticaParameter>,
    #[prost(message, optional, tag = "4")]
    pub(super) cursor_factory: Option<CursorFactory>,
    /// 0: SELECT.
    #[prost(int32, tag = "5")]
    pub(super) statement_type: i32,
}

#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct ColumnMetaData {
    #[prost(uint32, tag = "1")]
    pub(super) ordinal: u32,
    #[prost(bool, tag = "2")]
    pub(super) auto_increment: bool,
    #[prost(bool, tag = "3")]
    pub(super) case_sensitive: bool,
    #[prost(bool, tag = "4")]
    pub(super) searchable: bool,
    #[prost(bool, tag = "5")]
    pub(super) currency: bool,
    #[prost(uint32, tag = "6")]
    pub(super) nullable: u32,
    #[prost(bool, tag = "7")]
    pub(super) signed: bool,
    #[prost(uint32, tag = "8")]
    pub(super) display_size: u32,
    #[prost(string, tag = "9")]
    pub(super) label: String,
    #[prost(string, tag = "10")]
    pub(super) column_name: String,
    #[prost(uint32, tag = "12")]
    pub(super) precision: u32,
    #[prost(uint32, tag = "13")]
    pub(super) scale: u32,
    #[prost(bool, tag = "16")]
    pub(super) read_only: bool,
    #[prost(string, tag = "19")]
    pub(super) column_class_name: String,
    #[prost(message, optional, tag = "20")]
    pub(super) avatica_type: Option<AvaticaType>,
}

#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct AvaticaType {
    #[prost(uint32, tag = "1")]
    pub(super) id: u32,
    #[prost(string, tag = "2")]
    pub(super) name: String,
    #[prost(enumeration = "Rep", tag = "3")]
    pub(super) rep: i32,
    #[prost(message, optional, boxed, tag = "5")]
    pub(super) component: Option<Box<AvaticaType>>,
}

#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct AvaticaParameter {
    #[prost(bool, tag = "1")]
    pub(super) signed: bool,
    #[prost(uint32, tag = "2")]
    pub(super) precision: u32,
    #[prost(uint32, tag = "3")]
    pub(super) scale: u32,
    #[prost(uint32, tag = "4")]
    pub(super) parameter_type: u32,
    #[prost(string, tag = "5")]
    pub(super) type_name: String,
    #[prost(string, tag = "6")]
    pub(super) class_name: String,
    #[prost(string, tag = "7")]
    pub(super) name: String,
}

#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct CursorFactory {
    /// 3: ARRAY.
    #[prost(int32, tag = "1")]
    pub(super) style: i32,
}

#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct Frame {
    #[prost(uint64, tag = "1")]
    pub(super) offset: u64,
    #[prost(bool, tag = "2")]
    pub(super) done: bool,
    #[prost(message, repeated, tag = "3")]
    pub(super) rows: Vec<Row>,
}

#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct Row {
    #[prost(message, repeated, tag = "1")]
    pub(super) value: Vec<ColumnValue>,
}

/// A value of a row; field 1 repeats it for clients before Avatica 1.6.
#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct ColumnValue {
    #[prost(message, repeated, tag = "1")]
    pub(super) value: Vec<TypedValue>,
    #[prost(message, repeated, tag = "2")]
    pub(super) array_value: Vec<TypedValue>,
    #[prost(bool, tag = "3")]
    pub(super) has_array_value: bool,
    #[prost(message, optional, tag = "4")]
    pub(super) scalar_value: Option<TypedValue>,
}

#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct TypedValue {
    #[prost(enumeration = "Rep", tag = "1")]
    pub(super) rep: i32,
    #[prost(bool, tag = "2")]
    pub(super) bool_value: bool,
    #[prost(string, tag = "3")]
    pub(super) string_value: String,
    #[prost(sint64, tag = "4")]
    pub(super) number_value: i64,
    #[prost(bytes = "vec", tag = "5")]
    pub(super) bytes_value: Vec<u8>,
    #[prost(double, tag = "6")]
    pub(super) double_value: f64,
    #[prost(bool, tag = "7")]
    pub(super) null: bool,
    #[prost(message, repeated, tag = "8")]
    pub(super) array_value: Vec<TypedValue>,
    #[prost(enumeration = "Rep", tag = "9")]
    pub(super) component_type: i32,
    #[prost(bool, tag = "10")]
    pub(super) implicitly_null: bool,
}

/// `CatalogsRequest`, `TableTypesRequest`, `TypeInfoRequest`, `DatabasePropertyRequest`, `CreateStatementRequest`,
/// `CloseConnectionRequest`, `CommitRequest`, `RollbackRequest`.
#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct OfConnection {
    #[prost(string, tag = "1")]
    pub(super) connection_id: String,
}

#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct SchemasRequest {
    #[prost(string, tag = "1")]
    pub(super) catalog: String,
    #[prost(string, tag = "2")]
    pub(super) schema_pattern: String,
    #[prost(string, tag = "3")]
    pub(super) connection_id: String,
    #[prost(bool, tag = "4")]
    pub(super) has_catalog: bool,
    #[prost(bool, tag = "5")]
    pub(super) has_schema_pattern: bool,
}

#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct TablesRequest {
    #[prost(string, tag = "1")]
    pub(super) catalog: String,
    #[prost(string, tag = "2")]
    pub(super) schema_pattern: String,
    #[prost(string, tag = "3")]
    pub(super) table_name_pattern: String,
    #[prost(string, repeated, tag = "4")]
    pub(super) type_list: Vec<String>,
    #[prost(bool, tag = "6")]
    pub(super) has_type_list: bool,
    #[prost(string, tag = "7")]
    pub(super) connection_id: String,
    #[prost(bool, tag = "8")]
    pub(super) has_catalog: bool,
    #[prost(bool, tag = "9")]
    pub(super) has_schema_pattern: bool,
    #[prost(bool, tag = "10")]
    pub(super) has_table_name_pattern: bool,
}

#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct ColumnsRequest {
    #[prost(string, tag = "1")]
    pub(super) catalog: String,
    #[prost(string, tag = "2")]
    pub(super) schema_pattern: String,
    #[prost(string, tag = "3")]
    pub(super) table_name_pattern: String,
    #[prost(string, tag = "4")]
    pub(super) column_name_pattern: String,
    #[prost(string, tag = "5")]
    pub(super) connection_id: String,
    #[prost(bool, tag = "6")]
    pub(super) has_catalog: bool,
    #[prost(bool, tag = "7")]
    pub(super) has_schema_pattern: bool,
    #[prost(bool, tag = "8")]
    pub(super) has_table_name_pattern: bool,
    #[prost(bool, tag = "9")]
    pub(super) has_column_name_pattern: bool,
}

#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct PrepareAndExecuteRequest {
    #[prost(string, tag = "1")]
    pub(super) connection_id: String,
    #[prost(string, tag = "2")]
    pub(super) sql: String,
    #[prost(uint64, tag = "3")]
    pub(super) max_row_count: u64,
    #[prost(uint32, tag = "4")]
    pub(super) statement_id: u32,
    #[prost(int64, tag = "5")]
    pub(super) max_rows_total: i64,
    #[prost(int32, tag = "6")]
    pub(super) first_frame_max_size: i32,
}

#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct PrepareRequest {
    #[prost(string, tag = "1")]
    pub(super) connection_id: String,
    #[prost(string, tag = "2")]
    pub(super) sql: String,
    #[prost(uint64, tag = "3")]
    pub(super) max_row_count: u64,
    #[prost(int64, tag = "4")]
    pub(super) max_rows_total: i64,
}

#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct FetchRequest {
    #[prost(string, tag = "1")]
    pub(super) connection_id: String,
    #[prost(uint32, tag = "2")]
    pub(super) statement_id: u32,
    #[prost(uint64, tag = "3")]
    pub(super) offset: u64,
    #[prost(uint32, tag = "4")]
    pub(super) fetch_max_row_count: u32,
    #[prost(int32, tag = "5")]
    pub(super) frame_max_size: i32,
}

#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct CloseStatementRequest {
    #[prost(string, tag = "1")]
    pub(super) connection_id: String,
    #[prost(uint32, tag = "2")]
    pub(super) statement_id: u32,
}

#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct OpenConnectionRequest {
    #[prost(string, tag = "1")]
    pub(super) connection_id: String,
    #[prost(map = "string, string", tag = "2")]
    pub(super) info: HashMap<String, String>,
}

#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct ConnectionSyncRequest {
    #[prost(string, tag = "1")]
    pub(super) connection_id: String,
    #[prost(message, optional, tag = "2")]
    pub(super) conn_props: Option<ConnectionProperties>,
}

#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct ExecuteRequest {
    #[prost(message, optional, tag = "1")]
    pub(super) statement_handle: Option<StatementHandle>,
    #[prost(message, repeated, tag = "2")]
    pub(super) parameter_values: Vec<TypedValue>,
    #[prost(uint64, tag = "3")]
    pub(super) deprecated_first_frame_max_size: u64,
    #[prost(bool, tag = "4")]
    pub(super) has_parameter_values: bool,
    #[prost(int32, tag = "5")]
    pub(super) first_frame_max_size: i32,
}

#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct RpcMetadata {
    #[prost(string, tag = "1")]
    pub(super) server_address: String,
}

#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct ResultSetResponse {
    #[prost(string, tag = "1")]
    pub(super) connection_id: String,
    #[prost(uint32, tag = "2")]
    pub(super) statement_id: u32,
    #[prost(bool, tag = "3")]
    pub(super) own_statement: bool,
    #[prost(message, optional, tag = "4")]
    pub(super) signature: Option<Signature>,
    #[prost(message, optional, tag = "5")]
    pub(super) first_frame: Option<Frame>,
    /// -1 for rows.
    #[prost(uint64, tag = "6")]
    pub(super) update_count: u64,
    #[prost(message, optional, tag = "7")]
    pub(super) metadata: Option<RpcMetadata>,
}

#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct ExecuteResponse {
    #[prost(message, repeated, tag = "1")]
    pub(super) results: Vec<ResultSetResponse>,
    #[prost(bool, tag = "2")]
    pub(super) missing_statement: bool,
    #[prost(message, optional, tag = "3")]
    pub(super) metadata: Option<RpcMetadata>,
}

#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct PrepareResponse {
    #[prost(message, optional, tag = "1")]
    pub(super) statement: Option<StatementHandle>,
    #[prost(message, optional, tag = "2")]
    pub(super) metadata: Option<RpcMetadata>,
}

#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct FetchResponse {
    #[prost(message, optional, tag = "1")]
    pub(super) frame: Option<Frame>,
    #[prost(bool, tag = "2")]
    pub(super) missing_statement: bool,
    #[prost(bool, tag = "3")]
    pub(super) missing_results: bool,
    #[prost(message, optional, tag = "4")]
    pub(super) metadata: Option<RpcMetadata>,
}

#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct CreateStatementResponse {
    #[prost(string, tag = "1")]
    pub(super) connection_id: String,
    #[prost(uint32, tag = "2")]
    pub(super) statement_id: u32,
    #[prost(message, optional, tag = "3")]
    pub(super) metadata: Option<RpcMetadata>,
}

/// `OpenConnectionResponse`, `CloseConnectionResponse`, `CloseStatementResponse`.
#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct DoneResponse {
    #[prost(message, optional, tag = "1")]
    pub(super) metadata: Option<RpcMetadata>,
}

/// `CommitResponse`, `RollbackResponse`.
#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct EmptyResponse {}

#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct ConnectionSyncResponse {
    #[prost(message, optional, tag = "1")]
    pub(super) conn_props: Option<ConnectionProperties>,
    #[prost(message, optional, tag = "2")]
    pub(super) metadata: Option<RpcMetadata>,
}

/// `DatabasePropertyResponse` without properties.
#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct DatabasePropertyResponse {
    #[prost(message, optional, tag = "2")]
    pub(super) metadata: Option<RpcMetadata>,
}

#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct ErrorResponse {
    #[prost(string, repeated, tag = "1")]
    pub(super) exceptions: Vec<String>,
    #[prost(bool, tag = "7")]
    pub(super) has_exceptions: bool,
    #[prost(string, tag = "2")]
    pub(super) error_message: String,
    /// 2: ERROR.
    #[prost(int32, tag = "3")]
    pub(super) severity: i32,
    #[prost(uint32, tag = "4")]
    pub(super) error_code: u32,
    #[prost(string, tag = "5")]
    pub(super) sql_state: String,
    #[prost(message, optional, tag = "6")]
    pub(super) metadata: Option<RpcMetadata>,
}
