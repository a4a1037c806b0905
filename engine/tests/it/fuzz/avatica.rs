//! Which odd calls of JDBC's protocol are sent? Calls in JSON and protobuf with strange members, statements and bytes.

use fastrand::Rng;
use serde_json::{Value, json};

use super::change;
use crate::node::Node;

/// Sends one; what it was.
pub(super) fn call(rng: &mut Rng, node: &Node, texts: &[String]) -> String {
    let sql =
        if rng.bool() { change::text(rng, texts) } else { "SELECT city FROM plain WHERE n2 = ?".to_owned() };
    let (path, body) = if rng.bool() {
        let body = change::json(rng, &calls(&sql));
        let text = body.to_string();
        let body = if rng.u8(..4) == 0 { change::bytes(rng, text.as_bytes()) } else { text.into_bytes() };
        ("/druid/v2/sql/avatica/", body)
    } else {
        let call = wire(rng, &sql);
        ("/druid/v2/sql/avatica-protobuf/", if rng.bool() { change::bytes(rng, &call) } else { call })
    };
    // Each time there is a connection to speak of.
    let open = json!({"request": "openConnection", "connectionId": "c", "info": {}}).to_string();
    node.post_bytes("/druid/v2/sql/avatica/", open.as_bytes());
    let status = node.post_bytes(path, &body);
    assert!((200..=599).contains(&status));
    format!("{path} {}", String::from_utf8_lossy(&body))
}

fn calls(sql: &str) -> Vec<Value> {
    let handle = json!({"connectionId": "c", "id": 1, "signature": null});
    let call = |name: &str, more: Value| {
        let mut call = json!({"request": name, "connectionId": "c", "statementId": 1});
        more.as_object().unwrap().iter().for_each(|(key, value)| call[key] = value.clone());
        call
    };
    vec![
        call("createStatement", json!({})),
        call("prepare", json!({"sql": sql, "maxRowCount": -1})),
        call("prepareAndExecute", json!({"sql": sql, "maxRowsInFirstFrame": -1, "maxRowCount": -1})),
        call(
            "execute",
            json!({"statementHandle": handle, "maxRowCount": 5,
            "parameterValues": [{"type": "LONG", "value": 1}]}),
        ),
        call("fetch", json!({"offset": 0, "fetchMaxRowCount": 3})),
        call(
            "getTables",
            json!({"catalog": null, "schemaPattern": "druid", "tableNamePattern": "%", "typeList": null}),
        ),
        call("getColumns", json!({"tableNamePattern": "pl_in", "columnNamePattern": "%"})),
        call(
            "connectionSync",
            json!({"connProps": {"connProps": "connPropsImpl", "autoCommit": true, "dirty": true}}),
        ),
        call("syncResults", json!({"state": {"type": "SQL", "sql": sql}, "offset": 1})),
        call("databaseProperties", json!({})),
        call("closeStatement", json!({})),
        call("closeConnection", json!({})),
    ]
}

/// A call in protobuf: its class and its fields.
fn wire(rng: &mut Rng, sql: &str) -> Vec<u8> {
    let calls = [
        "OpenConnectionRequest",
        "CreateStatementRequest",
        "PrepareRequest",
        "PrepareAndExecuteRequest",
        "FetchRequest",
        "TablesRequest",
        "ColumnsRequest",
        "ExecuteRequest",
        "CloseConnectionRequest",
        "Nothing",
    ];
    let name = format!("org.apache.calcite.avatica.proto.Requests${}", calls[rng.usize(..calls.len())]);
    let mut message = Vec::new();
    for _ in 0..rng.u8(1..6) {
        let field = rng.u8(1..9);
        if rng.bool() {
            member(&mut message, field, if rng.bool() { b"c" } else { sql.as_bytes() });
        } else {
            message.push(field << 3);
            varint(&mut message, rng.u64(..) >> rng.u8(..64));
        }
    }
    let mut wire = Vec::new();
    member(&mut wire, 1, name.as_bytes());
    member(&mut wire, 2, &message);
    wire
}

fn member(out: &mut Vec<u8>, field: u8, bytes: &[u8]) {
    out.push(field << 3 | 2);
    varint(out, bytes.len() as u64);
    out.extend(bytes);
}

fn varint(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}
