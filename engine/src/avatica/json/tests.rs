//! Calls as the driver writes them, answers as it reads them.

use super::*;
use crate::avatica::response::Response;

fn column(name: &str, sql_name: &'static str, jdbc: i32, nullable: bool) -> SqlColumn {
    SqlColumn {
        name: name.to_owned(),
        sql_type: SqlType { name: sql_name, jdbc },
        element: (sql_name == "ARRAY").then_some(SqlType::VARCHAR),
        nullable,
    }
}

#[test]
fn calls() {
    let open = br#"{"request":"openConnection","connectionId":"c","info":{"sqlTimeZone":"Asia/Tokyo"}}"#;
    let info = vec![("sqlTimeZone".to_owned(), "Asia/Tokyo".to_owned())];
    assert_eq!(read(open).unwrap(), Request::OpenConnection { connection: "c".to_owned(), info });
    let run = br#"{"request":"prepareAndExecute","connectionId":"c","statementId":3,"sql":"SELECT 1",
        "maxRowsInFirstFrame":-1,"maxRowCount":-1}"#;
    let at = || At { connection: "c".to_owned(), statement: 3 };
    let wanted =
        Request::PrepareAndExecute { at: at(), sql: "SELECT 1".to_owned(), max_rows: None, first_frame: -1 };
    assert_eq!(read(run).unwrap(), wanted);
    let execute = br#"{"request":"execute","statementHandle":{"connectionId":"c","id":3,"signature":null},
        "parameterValues":[{"type":"STRING","value":"x","componentType":null},{"type":"LONG","value":100},
        {"type":"JAVA_SQL_TIMESTAMP","value":5},{"type":"JAVA_SQL_DATE","value":2},null],"maxRowCount":100}"#;
    let value = |sql_type: &str, value: Value| SqlParameter { sql_type: sql_type.to_owned(), value };
    let parameters = vec![
        value("VARCHAR", json!("x")),
        value("BIGINT", json!(100)),
        value("TIMESTAMP", json!(5)),
        value("TIMESTAMP", json!(172_800_000)),
        value("VARCHAR", Value::Null),
    ];
    assert_eq!(read(execute).unwrap(), Request::Execute { at: at(), parameters, first_frame: 100 });
    let tables = br#"{"request":"getTables","connectionId":"c","catalog":null,"schemaPattern":"druid",
        "tableNamePattern":null,"typeList":["TABLE"]}"#;
    let wanted = Metadata::Tables {
        catalog: None,
        schema: Some("druid".to_owned()),
        table: None,
        types: Some(vec!["TABLE".to_owned()]),
    };
    assert_eq!(read(tables).unwrap(), Request::Metadata { connection: "c".to_owned(), wanted });
    for wrong in ["", "[]", "{}", r#"{"request":"fly"}"#, r#"{"request":"fetch","connectionId":"c"}"#] {
        assert!(read(wrong.as_bytes()).is_err(), "{wrong}");
    }
}

#[test]
fn an_answer_byte_for_byte() {
    let signature = Signature {
        sql: "SELECT".to_owned(),
        columns: vec![column("n", "BIGINT", -5, false), column("a", "ARRAY", 2003, true)],
        parameters: vec![SqlType::VARCHAR],
    };
    let rows = vec![
        vec![SqlValue::Long(1), SqlValue::List(vec![SqlValue::Text("x".to_owned()), SqlValue::Null])],
        vec![SqlValue::Timestamp(5), SqlValue::Float(0.1)],
        vec![SqlValue::Double(2.0), SqlValue::Double(f64::NAN)],
    ];
    let result = ResultSet {
        connection: "c".to_owned(),
        statement: 3,
        signature,
        frame: Frame { offset: 0, done: true, rows },
    };
    let answer = write(&Response::Executed(Box::new(result)), "h:1");
    let wanted = concat!(
        r#"{"response":"executeResults","missingStatement":false,"results":[{"response":"resultSet","#,
        r#""connectionId":"c","statementId":3,"ownStatement":true,"signature":{"columns":["#,
        r#"{"ordinal":0,"autoIncrement":false,"caseSensitive":true,"searchable":true,"currency":false,"#,
        r#""nullable":0,"signed":true,"displaySize":20,"label":"n","columnName":"n","schemaName":"","#,
        r#""precision":19,"scale":0,"tableName":"","catalogName":"","#,
        r#""type":{"type":"scalar","id":-5,"name":"BIGINT","rep":"NUMBER"},"readOnly":true,"#,
        r#""writable":false,"definitelyWritable":false,"columnClassName":"java.lang.Long"},"#,
        r#"{"ordinal":1,"autoIncrement":false,"caseSensitive":true,"searchable":true,"currency":false,"#,
        r#""nullable":1,"signed":true,"displaySize":40,"label":"a","columnName":"a","schemaName":"","#,
        r#""precision":0,"scale":0,"tableName":"","catalogName":"","#,
        r#""type":{"type":"array","id":2003,"name":"ARRAY","rep":"ARRAY","#,
        r#""component":{"type":"scalar","id":12,"name":"VARCHAR","rep":"STRING"}},"readOnly":true,"#,
        r#""writable":false,"definitelyWritable":false,"columnClassName":"java.sql.Array"}],"#,
        r#""sql":"SELECT","parameters":[{"signed":true,"precision":0,"scale":0,"parameterType":12,"#,
        r#""typeName":"VARCHAR","className":"java.lang.String","name":"?0"}],"#,
        r#""cursorFactory":{"style":"ARRAY","clazz":null,"fieldNames":null},"statementType":"SELECT"},"#,
        r#""firstFrame":{"offset":0,"done":true,"rows":[[1,["x",null]],[5,0.1],[2.0,"NaN"]]},"#,
        r#""updateCount":-1,"rpcMetadata":{"response":"rpcMetadata","serverAddress":"h:1"}}],"#,
        r#""rpcMetadata":{"response":"rpcMetadata","serverAddress":"h:1"}}"#,
    );
    assert_eq!(String::from_utf8(answer).unwrap(), wanted);
}

#[test]
fn small_answers() {
    let text = |response: &Response| {
        let text = String::from_utf8(write(response, "h:1")).unwrap();
        text.replace(r#","rpcMetadata":{"response":"rpcMetadata","serverAddress":"h:1"}"#, "")
    };
    assert_eq!(text(&Response::ConnectionOpened), r#"{"response":"openConnection"}"#);
    assert_eq!(text(&Response::DatabaseProperties), r#"{"response":"databaseProperties","map":{}}"#);
    assert_eq!(
        text(&Response::Fetched(Fetched::NoResults)),
        r#"{"response":"fetch","frame":null,"missingStatement":false,"missingResults":true}"#
    );
    assert_eq!(
        text(&Response::StatementMissing),
        r#"{"response":"executeResults","missingStatement":true,"results":[]}"#
    );
    assert_eq!(
        text(&Response::Failed(Fault::no_connection("c"))),
        concat!(
            r#"{"response":"error","exceptions":["NoSuchConnectionException: c"],"#,
            r#""errorMessage":"NoSuchConnectionException: c","errorCode":1,"sqlState":"00000","#,
            r#""severity":"ERROR"}"#
        )
    );
    assert_eq!(
        text(&Response::ConnectionSynced(Properties::initial())),
        concat!(
            r#"{"response":"connectionSync","connProps":{"connProps":"connPropsImpl","autoCommit":true,"#,
            r#""readOnly":true,"transactionIsolation":0,"catalog":null,"schema":null,"dirty":false}}"#
        )
    );
}
