//! How are calls and answers written as JSON? As Avatica's JSON service does.

use alluvium_query::sql::{SqlColumn, SqlParameter, SqlType, SqlValue};
use serde_json::{Map, Value, json};

use super::column::{JdbcType, parameter_name};
use super::fault::Fault;
use super::parameter::parameter;
use super::request::{At, Metadata, Properties, Request};
use super::response::{Fetched, Frame, Response, ResultSet, Signature};

/// The content type of answers.
pub(super) const CONTENT_TYPE: &str = "application/json;charset=utf-8";

/// Reads a call.
pub(super) fn read(body: &[u8]) -> Result<Request, Fault> {
    let json: Value = serde_json::from_slice(body)
        .map_err(|error| Fault::new(format!("the request is no JSON of Avatica's: {error}")))?;
    let Value::Object(fields) = json else {
        return Err(Fault::new("a request of Avatica's is a JSON object"));
    };
    Fields(fields).request()
}

/// The fields of a call.
struct Fields(Map<String, Value>);

impl Fields {
    fn request(&self) -> Result<Request, Fault> {
        let name = self.text("request")?;
        let connection = || self.text("connectionId");
        let metadata = |wanted| Ok(Request::Metadata { connection: connection()?, wanted });
        match name.as_str() {
            "openConnection" => Ok(Request::OpenConnection { connection: connection()?, info: self.info() }),
            "closeConnection" => Ok(Request::CloseConnection { connection: connection()? }),
            "connectionSync" => {
                Ok(Request::ConnectionSync { connection: connection()?, wanted: self.properties() })
            }
            "createStatement" => Ok(Request::CreateStatement { connection: connection()? }),
            "closeStatement" => Ok(Request::CloseStatement(self.at()?)),
            "prepare" => Ok(Request::Prepare {
                connection: connection()?,
                sql: self.text("sql")?,
                max_rows: self.max_rows(),
            }),
            "prepareAndExecute" => Ok(Request::PrepareAndExecute {
                at: self.at()?,
                sql: self.text("sql")?,
                max_rows: self.max_rows(),
                first_frame: self.number("maxRowsInFirstFrame").unwrap_or(-1),
            }),
            "execute" => self.execute(),
            "fetch" => Ok(Request::Fetch {
                at: self.at()?,
                offset: u64::try_from(self.number("offset").unwrap_or(0)).unwrap_or(0),
                rows: self.number("fetchMaxRowCount").unwrap_or(-1),
            }),
            "getCatalogs" => metadata(Metadata::Catalogs),
            "getTableTypes" => metadata(Metadata::TableTypes),
            "getTypeInfo" => metadata(Metadata::TypeInfo),
            "getSchemas" => metadata(Metadata::Schemas {
                catalog: self.maybe("catalog"),
                schema: self.maybe("schemaPattern"),
            }),
            "getTables" => metadata(Metadata::Tables {
                catalog: self.maybe("catalog"),
                schema: self.maybe("schemaPattern"),
                table: self.maybe("tableNamePattern"),
                types: self.texts("typeList"),
            }),
            "getColumns" => metadata(Metadata::Columns {
                catalog: self.maybe("catalog"),
                schema: self.maybe("schemaPattern"),
                table: self.maybe("tableNamePattern"),
                column: self.maybe("columnNamePattern"),
            }),
            "databaseProperties" => Ok(Request::DatabaseProperties { connection: connection()? }),
            "commit" => Ok(Request::Commit { connection: connection()? }),
            "rollback" => Ok(Request::Rollback { connection: connection()? }),
            "syncResults" => Ok(Request::Unsupported("syncResults")),
            "prepareAndExecuteBatch" => Ok(Request::Unsupported("prepareAndExecuteBatch")),
            "executeBatch" => Ok(Request::Unsupported("executeBatch")),
            other => Err(Fault::new(format!("`{other}` is no request of Avatica's"))),
        }
    }

    fn execute(&self) -> Result<Request, Fault> {
        let handle = self.0.get("statementHandle").and_then(Value::as_object);
        let handle = handle.ok_or_else(|| Fault::new("the field `statementHandle` is missing"))?;
        let number = handle.get("id").and_then(Value::as_u64).and_then(|id| u32::try_from(id).ok());
        let connection = handle.get("connectionId").and_then(Value::as_str);
        let (Some(connection), Some(statement)) = (connection, number) else {
            return Err(Fault::new("`statementHandle` needs `connectionId` and `id`"));
        };
        let given = self.0.get("parameterValues").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
        Ok(Request::Execute {
            at: At { connection: connection.to_owned(), statement },
            parameters: given.iter().map(typed_value).collect::<Result<_, _>>()?,
            first_frame: self.number("maxRowCount").unwrap_or(-1),
        })
    }

    fn text(&self, name: &str) -> Result<String, Fault> {
        self.maybe(name).ok_or_else(|| Fault::new(format!("the field `{name}` is missing")))
    }

    fn maybe(&self, name: &str) -> Option<String> {
        self.0.get(name)?.as_str().map(str::to_owned)
    }

    fn number(&self, name: &str) -> Option<i64> {
        self.0.get(name)?.as_i64()
    }

    fn texts(&self, name: &str) -> Option<Vec<String>> {
        let texts = self.0.get(name)?.as_array()?.iter();
        Some(texts.filter_map(Value::as_str).map(str::to_owned).collect())
    }

    fn at(&self) -> Result<At, Fault> {
        let statement = self.number("statementId").and_then(|id| u32::try_from(id).ok());
        let statement = statement.ok_or_else(|| Fault::new("the field `statementId` is missing"))?;
        Ok(At { connection: self.text("connectionId")?, statement })
    }

    /// Older clients write `maxRowCount`; 0 and less mean all.
    fn max_rows(&self) -> Option<u64> {
        let rows = self.number("maxRowsTotal").or_else(|| self.number("maxRowCount"))?;
        u64::try_from(rows).ok().filter(|rows| *rows > 0)
    }

    fn info(&self) -> Vec<(String, String)> {
        let info = self.0.get("info").and_then(Value::as_object);
        let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        info.into_iter().flatten().map(|(key, value)| (key.clone(), text(value))).collect()
    }

    fn properties(&self) -> Properties {
        let given = |name: &str| self.0.get("connProps")?.get(name);
        let text = |name: &str| given(name)?.as_str().map(str::to_owned);
        Properties {
            auto_commit: given("autoCommit").and_then(Value::as_bool),
            read_only: given("readOnly").and_then(Value::as_bool),
            transaction_isolation: given("transactionIsolation")
                .and_then(Value::as_u64)
                .and_then(|level| u32::try_from(level).ok()),
            catalog: text("catalog"),
            schema: text("schema"),
        }
    }
}

/// `{"type":"LONG","value":1}`, or null for what was never set.
fn typed_value(json: &Value) -> Result<SqlParameter, Fault> {
    if json.is_null() {
        return parameter("NULL", Value::Null);
    }
    let kind = json.get("type").and_then(Value::as_str).unwrap_or("OBJECT");
    parameter(kind, json.get("value").cloned().unwrap_or_default())
}

/// Writes an answer.
pub(super) fn write(response: &Response, address: &str) -> Vec<u8> {
    let mut json = body(response, address);
    let metadata = json!({"response": "rpcMetadata", "serverAddress": address});
    if let Value::Object(fields) = &mut json {
        fields.insert("rpcMetadata".to_owned(), metadata);
    }
    json.to_string().into_bytes()
}

fn body(response: &Response, address: &str) -> Value {
    match response {
        Response::ConnectionOpened => json!({"response": "openConnection"}),
        Response::ConnectionClosed => json!({"response": "closeConnection"}),
        Response::ConnectionSynced(p) => json!({"response": "connectionSync", "connProps": {
            "connProps": "connPropsImpl", "autoCommit": p.auto_commit, "readOnly": p.read_only,
            "transactionIsolation": p.transaction_isolation, "catalog": p.catalog, "schema": p.schema,
            "dirty": false}}),
        Response::StatementCreated { connection, statement } => {
            json!({"response": "createStatement", "connectionId": connection, "statementId": statement})
        }
        Response::StatementClosed => json!({"response": "closeStatement"}),
        Response::Prepared { connection, statement, signature } => {
            json!({"response": "prepare", "statement": {"connectionId": connection, "id": statement,
                "signature": signature_json(signature)}})
        }
        Response::Executed(result) => json!({"response": "executeResults", "missingStatement": false,
            "results": [result_set(result, address)]}),
        Response::StatementMissing => {
            json!({"response": "executeResults", "missingStatement": true, "results": []})
        }
        Response::Fetched(fetched) => {
            let frame = match fetched {
                Fetched::Frame(frame) => frame_json(frame),
                Fetched::NoStatement | Fetched::NoResults => Value::Null,
            };
            json!({"response": "fetch", "frame": frame,
                "missingStatement": *fetched == Fetched::NoStatement,
                "missingResults": *fetched == Fetched::NoResults})
        }
        Response::ResultSet(result) => result_set(result, address),
        Response::DatabaseProperties => json!({"response": "databaseProperties", "map": {}}),
        Response::Committed => json!({"response": "commit"}),
        Response::RolledBack => json!({"response": "rollback"}),
        Response::Failed(fault) => json!({"response": "error", "exceptions": [fault.message],
            "errorMessage": fault.message, "errorCode": fault.code, "sqlState": Fault::SQL_STATE,
            "severity": "ERROR"}),
    }
}

fn result_set(result: &ResultSet, address: &str) -> Value {
    json!({"response": "resultSet", "connectionId": result.connection, "statementId": result.statement,
        "ownStatement": true, "signature": signature_json(&result.signature),
        "firstFrame": frame_json(&result.frame), "updateCount": -1,
        "rpcMetadata": {"response": "rpcMetadata", "serverAddress": address}})
}

fn signature_json(signature: &Signature) -> Value {
    let columns: Vec<Value> = signature.columns.iter().enumerate().map(column).collect();
    let parameters: Vec<Value> = signature.parameters.iter().enumerate().map(parameter_json).collect();
    json!({"columns": columns, "sql": signature.sql, "parameters": parameters,
        "cursorFactory": {"style": "ARRAY", "clazz": null, "fieldNames": null}, "statementType": "SELECT"})
}

fn column((ordinal, column): (usize, &SqlColumn)) -> Value {
    let (own, element) = JdbcType::of_column(column);
    let mut avatica_type = type_json(&own);
    if let (Some(element), Some(fields)) = (element, avatica_type.as_object_mut()) {
        fields.insert("type".to_owned(), json!("array"));
        fields.insert("component".to_owned(), type_json(&element));
    }
    json!({"ordinal": ordinal, "autoIncrement": false, "caseSensitive": true, "searchable": true,
        "currency": false, "nullable": i32::from(column.nullable), "signed": true,
        "displaySize": own.display_size, "label": column.name, "columnName": column.name, "schemaName": "",
        "precision": own.precision, "scale": 0, "tableName": "", "catalogName": "", "type": avatica_type,
        "readOnly": true, "writable": false, "definitelyWritable": false, "columnClassName": own.class})
}

fn type_json(jdbc: &JdbcType) -> Value {
    json!({"type": "scalar", "id": jdbc.sql.jdbc, "name": jdbc.sql.name, "rep": jdbc.rep_name})
}

fn parameter_json((place, sql_type): (usize, &SqlType)) -> Value {
    let jdbc = JdbcType::of(*sql_type);
    json!({"signed": true, "precision": jdbc.precision, "scale": 0, "parameterType": sql_type.jdbc,
        "typeName": sql_type.name, "className": jdbc.class, "name": parameter_name(place)})
}

fn frame_json(frame: &Frame) -> Value {
    let rows: Vec<Value> =
        frame.rows.iter().map(|row| Value::Array(row.iter().map(value_json).collect())).collect();
    json!({"offset": frame.offset, "done": frame.done, "rows": rows})
}

fn value_json(value: &SqlValue) -> Value {
    match value {
        SqlValue::Null => Value::Null,
        SqlValue::Boolean(truth) => json!(truth),
        SqlValue::Long(number) | SqlValue::Timestamp(number) => json!(number),
        SqlValue::Date(days) => json!(days),
        SqlValue::Float(number) => double(shortest(*number)),
        SqlValue::Double(number) => double(*number),
        SqlValue::Text(text) => json!(text),
        SqlValue::List(values) => Value::Array(values.iter().map(value_json).collect()),
    }
}

/// What JSON has no number for is a text.
fn double(number: f64) -> Value {
    match number {
        number if number.is_nan() => json!("NaN"),
        f64::INFINITY => json!("Infinity"),
        f64::NEG_INFINITY => json!("-Infinity"),
        number => json!(number),
    }
}

/// The double of a float's shortest decimal form.
pub(super) fn shortest(number: f32) -> f64 {
    number.to_string().parse().unwrap_or_else(|_| f64::from(number))
}

#[cfg(test)]
mod tests;
