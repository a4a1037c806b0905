//! Do Arrow's own clients get the file's own numbers: the ADBC Flight SQL driver, and pyarrow over HTTP? Needs Python with
//! `adbc-driver-flightsql` and `pyarrow`.

use std::io::Write;
use std::process::{Command, Stdio};

use serde_json::{Value, json};

use super::stage::stage;
use super::wikiticker::EDITS;

const DRIVER: &str = r##"
import datetime, json, sys, urllib.request
import adbc_driver_flightsql.dbapi as flight, pyarrow as pa, pyarrow.compute
http, address = sys.argv[1], sys.argv[2]
groups = 'SELECT channel, COUNT(*) AS edits, SUM(added) AS added, SUM("delta") AS "delta" FROM wikipedia GROUP BY 1'
out = {}
request = urllib.request.Request(http + "/druid/v2/sql", json.dumps({"query": groups}).encode(),
    {"Content-Type": "application/json", "Accept": "application/vnd.apache.arrow.stream"})
with urllib.request.urlopen(request) as answer:
    out["http"] = pa.ipc.open_stream(answer.read()).read_all().to_pylist()
with flight.connect(f"grpc://{address}", autocommit=True) as connection:
    with connection.cursor() as cursor:
        cursor.execute(groups)
        out["flight"] = cursor.fetch_arrow_table().to_pylist()
        cursor.execute("SELECT __time, page, added FROM wikipedia")
        table = cursor.fetch_arrow_table()
        out["all"] = [table.num_rows, pa.compute.sum(table["added"]).as_py(), str(table.schema.field("__time").type),
            pa.compute.min(table["__time"]).as_py().isoformat()]
        cursor.execute("SELECT distance, delay FROM flights")
        batches = [[batch.num_rows, *(pa.compute.sum(batch[name]).as_py() for name in ("distance", "delay"))]
            for batch in cursor.fetch_record_batch()]
        out["batches"] = [sum(part) for part in zip(*batches)]
        cursor.execute("SELECT origin, COUNT(*) AS n, SUM(distance) AS miles, SUM(delay) AS delay FROM flights GROUP BY 1")
        airports = cursor.fetchall()
        out["flights"] = [sum(row[place] for row in airports) for place in (1, 2, 3)]
        out["prepared"] = []
        for channel in ("#en.wikipedia", "#fr.wikipedia"):
            cursor.execute("SELECT COUNT(*) AS edits FROM wikipedia WHERE channel = ? AND __time >= ? AND added > ?",
                parameters=(channel, datetime.datetime(2015, 9, 12), -1))
            out["prepared"].append(cursor.fetchone()[0])
        cursor.execute("SET sqlTimeZone = 'Asia/Tokyo'; SELECT TIME_FORMAT(MIN(__time), 'HH:mm') AS t, ARRAY['x'] AS a, "
            "CAST(NULL AS BIGINT) AS n FROM wikipedia")
        out["row"] = list(cursor.fetchone())
        try:
            cursor.execute("SELECT nope FROM wikipedia")
        except Exception as error:
            out["error"] = f"{type(error).__name__}: {error}"
    out["types"] = connection.adbc_get_table_types()
    out["schema"] = [[f.name, str(f.type)] for f in connection.adbc_get_table_schema("flights", db_schema_filter="druid")]
    objects = connection.adbc_get_objects(depth="tables", db_schema_filter="druid").read_all().to_pylist()
    columns = connection.adbc_get_objects(depth="all", db_schema_filter="druid").read_all().to_pylist()
    out["columns"] = [c["column_name"] for c in columns[0]["catalog_db_schemas"][0]["db_schema_tables"][0]["table_columns"]]
    out["objects"] = [[c["catalog_name"], s["db_schema_name"], t["table_name"], t["table_type"]]
        for c in objects for s in c["catalog_db_schemas"] for t in s["db_schema_tables"]]
print(json.dumps(out))
"##;

#[test]
fn arrow_clients_get_the_files_own_numbers() {
    let Some(python) = super::part("the ADBC Flight SQL driver", "ALLUVIUM_ADBC_PYTHON") else { return };
    let Some(stage) = stage() else { return };
    let file = &stage.edits;
    let mut process = Command::new(python)
        .args(["-", &stage.server.url, &stage.flight_sql])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    process.stdin.take().unwrap().write_all(DRIVER.as_bytes()).unwrap();
    let output = process.wait_with_output().unwrap();
    assert!(output.status.success());
    let answers: Value = serde_json::from_slice(&output.stdout).unwrap();
    for way in ["http", "flight"] {
        let rows = answers[way].as_array().unwrap();
        assert_eq!(rows.len(), file.channels.len());
        for row in rows {
            let (edits, added, delta) = file.channels[row["channel"].as_str().unwrap()];
            assert_eq!(
                (&row["edits"], &row["added"], &row["delta"]),
                (&json!(edits), &json!(added), &json!(delta))
            );
        }
    }
    let added: i64 = file.channels.values().map(|sums| sums.1).sum();
    let first = "2015-09-12T00:46:58.771000+00:00";
    assert_eq!(answers["all"], json!([EDITS, added, "timestamp[ms, tz=UTC]", first]));
    let edits = |channel: &str| file.channels[channel].0;
    assert_eq!(answers["prepared"], json!([edits("#en.wikipedia"), edits("#fr.wikipedia")]));
    assert_eq!(answers["row"], json!(["09:46", ["x"], null]));
    let error = answers["error"].as_str().unwrap();
    assert!(error.contains("Column 'nope' not found"), "{error}");
    assert_eq!(answers["types"], json!(["SYSTEM_TABLE", "TABLE"]));
    let schema = json!([
        ["__time", "timestamp[ms, tz=UTC]"],
        ["origin", "string"],
        ["destination", "string"],
        ["distance", "int64"],
        ["delay", "int64"]
    ]);
    assert_eq!(answers["schema"], schema);
    assert_eq!(
        answers["objects"],
        json!([["druid", "druid", "flights", "TABLE"], ["druid", "druid", "wikipedia", "TABLE"]])
    );
    assert_eq!(answers["columns"], json!(["__time", "origin", "destination", "distance", "delay"]));
    let flights = &stage.flights;
    let wanted = json!([flights.lines.len(), flights.miles, flights.delay]);
    assert_eq!((&answers["flights"], &answers["batches"]), (&wanted, &wanted));
    println!(
        "ADBC Flight SQL and Arrow over HTTP: compared {} groups, {EDITS} edits, {} flights, tables and types",
        file.channels.len(),
        flights.lines.len()
    );
}
