//! Messages there and back, and bytes that are no messages.

use super::*;

fn call(name: &str, message: &impl Message) -> Result<Request, Fault> {
    let name = format!("{REQUESTS}{name}");
    read(&WireMessage { name, wrapped_message: message.encode_to_vec() }.encode_to_vec())
}

#[test]
fn calls() {
    let connection_id = "c".to_owned();
    let at = || At { connection: "c".to_owned(), statement: 3 };
    let fetch = FetchRequest {
        connection_id: connection_id.clone(),
        statement_id: 3,
        offset: 100,
        fetch_max_row_count: 100,
        frame_max_size: 0,
    };
    let wanted = Request::Fetch { at: at(), offset: 100, rows: 100 };
    assert_eq!(call("FetchRequest", &fetch).unwrap(), wanted);
    let value = |rep: Rep| TypedValue { rep: rep.into(), ..TypedValue::default() };
    let execute = ExecuteRequest {
        statement_handle: Some(StatementHandle { connection_id, id: 3, signature: None }),
        parameter_values: vec![
            TypedValue { string_value: "x".to_owned(), ..value(Rep::String) },
            TypedValue { number_value: -7, ..value(Rep::Integer) },
            TypedValue { number_value: i64::from(0.1_f32.to_bits()), ..value(Rep::Float) },
            TypedValue { bytes_value: vec![0xff, 0xfe], ..value(Rep::BigInteger) },
            TypedValue { null: true, ..value(Rep::Object) },
        ],
        first_frame_max_size: 0,
        deprecated_first_frame_max_size: 0,
        has_parameter_values: true,
    };
    let wanted = |sql_type: &str, value: Value| SqlParameter { sql_type: sql_type.to_owned(), value };
    let parameters = vec![
        wanted("VARCHAR", json!("x")),
        wanted("BIGINT", json!(-7)),
        wanted("DOUBLE", json!(0.1)),
        wanted("BIGINT", json!(-2)),
        wanted("VARCHAR", Value::Null),
    ];
    let wanted = Request::Execute { at: at(), parameters, first_frame: -1 };
    assert_eq!(call("ExecuteRequest", &execute).unwrap(), wanted);
}

#[test]
fn what_is_null_and_what_is_empty() {
    let tables = TablesRequest { connection_id: "c".to_owned(), ..TablesRequest::default() };
    let wanted = |catalog: Option<&str>, types: Option<Vec<String>>| Request::Metadata {
        connection: "c".to_owned(),
        wanted: Metadata::Tables { catalog: catalog.map(str::to_owned), schema: None, table: None, types },
    };
    assert_eq!(call("TablesRequest", &tables).unwrap(), wanted(None, None));
    let empty = TablesRequest { has_catalog: true, has_type_list: true, ..tables };
    assert_eq!(call("TablesRequest", &empty).unwrap(), wanted(Some(""), Some(Vec::new())));
}

#[test]
fn an_answer() {
    let result = ResultSet {
        connection: "c".to_owned(),
        statement: 3,
        signature: Signature {
            sql: "SELECT".to_owned(),
            columns: vec![SqlColumn {
                name: "n".to_owned(),
                sql_type: alluvium_query::sql::SqlType { name: "BIGINT", jdbc: -5 },
                element: None,
                nullable: true,
            }],
            parameters: Vec::new(),
        },
        frame: Frame {
            offset: 7,
            done: false,
            rows: vec![
                vec![SqlValue::Long(-1)],
                vec![SqlValue::Null],
                vec![SqlValue::List(vec![SqlValue::Text("x".to_owned()), SqlValue::Null])],
            ],
        },
    };
    let bytes = write(Response::ResultSet(Box::new(result)), "h:1");
    let envelope = WireMessage::decode(bytes.as_slice()).unwrap();
    assert_eq!(envelope.name, "org.apache.calcite.avatica.proto.Responses$ResultSetResponse");
    let answer = ResultSetResponse::decode(envelope.wrapped_message.as_slice()).unwrap();
    assert_eq!((answer.update_count, answer.metadata.unwrap().server_address.as_str()), (u64::MAX, "h:1"));
    let column = &answer.signature.unwrap().columns[0];
    let avatica_type = column.avatica_type.as_ref().unwrap();
    assert_eq!((avatica_type.id.cast_signed(), avatica_type.rep()), (-5, Rep::Number));
    let frame = answer.first_frame.unwrap();
    let scalar = |row: usize| frame.rows[row].value[0].scalar_value.as_ref();
    assert_eq!((scalar(0).unwrap().number_value, scalar(0).unwrap().rep()), (-1, Rep::Long));
    assert!(scalar(1).unwrap().null);
    let list = &frame.rows[2].value[0];
    assert!(list.has_array_value && scalar(2).is_none() && list.array_value[1].null);
}

#[test]
fn bytes_that_are_no_call() {
    for bytes in [&b"\xff\xff\xff"[..], b"", b"\x0a\x03abc", b"{\"request\":\"fetch\"}"] {
        assert!(read(bytes).is_err(), "{bytes:?}");
    }
    assert!(call("FlyRequest", &DoneResponse { metadata: None }).is_err());
}

proptest::proptest! {
    #[test]
    fn any_bytes_are_a_call_or_an_error(
        bytes in proptest::collection::vec(0_u8..=255, 0..200),
        name in 0_usize..20,
    ) {
        let _ = read(&bytes);
        let names = ["OpenConnectionRequest", "CloseConnectionRequest", "ConnectionSyncRequest",
            "CreateStatementRequest", "CloseStatementRequest", "PrepareRequest", "PrepareAndExecuteRequest",
            "ExecuteRequest", "FetchRequest", "DatabasePropertyRequest", "CommitRequest", "RollbackRequest",
            "SyncResultsRequest", "CatalogsRequest", "TableTypesRequest", "TypeInfoRequest", "SchemasRequest",
            "TablesRequest", "ColumnsRequest", "ExecuteBatchRequest"];
        let name = format!("{REQUESTS}{}", names[name]);
        let _ = read(&WireMessage { name, wrapped_message: bytes }.encode_to_vec());
    }
}
