//! Datasources, segments and the tables of schema `sys`.

use serde_json::{Value, json};

use super::{node_with_edits, refused};

#[test]
fn datasources_and_their_segments() {
    let node = node_with_edits();
    assert_eq!(node.get("/druid/v2/datasources").json(), json!(["edits"]));
    let columns = json!({ "dimensions": ["channel", "user"], "metrics": ["added"] });
    assert_eq!(node.get("/druid/v2/datasources/edits").json(), columns);
    let nothing = json!({ "dimensions": [], "metrics": [] });
    assert_eq!(node.get("/druid/v2/datasources/edits?interval=2020/2021").json(), nothing);
    assert_eq!(node.get("/druid/v2/datasources/nope").json(), nothing);
    let candidates =
        node.get("/druid/v2/datasources/edits/candidates?intervals=2015-09-12/2015-09-13").json();
    assert_eq!(candidates.as_array().unwrap().len(), 1);

    let root = "/druid/coordinator/v1";
    assert_eq!(node.get(&format!("{root}/datasources")).json(), json!(["edits"]));
    let simple = node.get(&format!("{root}/datasources?simple")).json();
    assert_eq!(simple[0]["properties"]["segments"]["count"], 2);
    assert_eq!(node.get(&format!("{root}/loadstatus")).json(), json!({ "edits": 100.0 }));
    let ids = node.get(&format!("{root}/metadata/datasources/edits/segments")).json();
    assert_eq!(ids.as_array().unwrap().len(), 2);
    let id = ids[0].as_str().unwrap();
    assert!(id.starts_with("edits_2015-09-1"), "{id}");
    let one = node.get(&format!("{root}/datasources/edits/segments/{id}")).json();
    assert_eq!(one["metadata"]["dataSource"], "edits");
    let all = node.get(&format!("{root}/metadata/segments?datasources=edits")).json();
    assert_eq!(all[0]["metrics"], "added");
    refused(&node.get(&format!("{root}/datasources/nope")), 404, &["nope"]);
    let intervals = node.get(&format!("{root}/datasources/edits/intervals")).json();
    assert_eq!(intervals[0], "2015-09-13T00:00:00.000Z/2015-09-14T00:00:00.000Z");
}

#[test]
fn dropping_a_datasource_hides_it_at_once_and_it_can_come_back() {
    let node = node_with_edits();
    let path = "/druid/coordinator/v1/datasources/edits";
    assert_eq!(node.delete(path).json(), json!({ "numChangedSegments": 2 }));
    assert_eq!(node.get("/druid/v2/datasources").json(), json!([]));
    assert_eq!(node.get("/druid/coordinator/v1/metadata/datasources").json(), json!([]));
}

#[test]
fn system_tables() {
    let node = node_with_edits();
    let segments = "SELECT datasource, SUM(num_rows), COUNT(*), MAX(is_realtime), MIN(is_available)
        FROM sys.segments GROUP BY 1";
    assert_eq!(node.sql(segments), json!([["edits", 6, 2, 0, 1]]));
    let tasks = node.sql("SELECT status, type, datasource FROM sys.tasks");
    assert_eq!(tasks, json!([["SUCCESS", "index_parallel", "edits"]]));
    let servers = node.sql("SELECT DISTINCT server FROM sys.servers");
    assert_eq!(servers.as_array().unwrap().len(), 1);
    assert!(node.sql("SELECT * FROM sys.supervisors").as_array().is_some_and(Vec::is_empty));
    let held = node.sql("SELECT COUNT(*) FROM sys.server_segments");
    assert_eq!(held, json!([[2]]));
    let tables = node.sql("SELECT TABLE_NAME FROM INFORMATION_SCHEMA.TABLES WHERE TABLE_SCHEMA = 'druid'");
    assert_eq!(tables, json!([["edits"]]));
    let property = node.sql("SELECT \"value\" FROM sys.server_properties WHERE property = 'druid.service'");
    assert_eq!(property.as_array().map(Vec::len), Some(1));
    assert_ne!(property[0][0], Value::Null);
}
