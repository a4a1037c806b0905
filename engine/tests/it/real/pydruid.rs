//! Does the client most Python programs use, pydruid, get the file's own numbers: through its DB-API cursor with
//! and without a header row, and through its builders of native queries? Needs Python with `pydruid`.

use std::io::Write;
use std::process::{Command, Stdio};

use serde_json::{Value, json};

use super::server::Server;
use super::wikiticker::{EDITS, Wikiticker};

const DRIVER: &str = r##"
import json, sys
from pydruid.client import PyDruid
from pydruid.db import connect
from pydruid.db.exceptions import ProgrammingError
from pydruid.utils.aggregators import cardinality, count, filtered, longsum
from pydruid.utils.filters import Dimension
from pydruid.utils.postaggregator import Field
url = sys.argv[1]
host, port = url.removeprefix("http://").split(":")
out = {}
for header in (False, True):
    cursor = connect(host=host, port=int(port), path="/druid/v2/sql/", header=header).cursor()
    answers = []
    for sql in (
        'SELECT channel, COUNT(*) AS edits, SUM(added) AS added, SUM("delta") AS "delta" FROM wikipedia GROUP BY 1',
        "SELECT COUNT(*) AS edits FROM wikipedia WHERE channel = %(channel)s AND __time >= '2015-09-12'",
        "SELECT page FROM wikipedia WHERE FALSE",
    ):
        cursor.execute(sql, {"channel": "#en.wikipedia"})
        names = None if cursor.description is None else [column[0] for column in cursor.description]
        answers.append([names, [list(row) for row in cursor.fetchall()]])
    try:
        cursor.execute("SELECT nope FROM wikipedia")
        cursor.fetchall()
    except ProgrammingError as error:
        answers.append(str(error))
    out["header" if header else "plain"] = answers
client = PyDruid(url, "druid/v2/")
day = {"datasource": "wikipedia", "intervals": "2015-09-12/pt24h"}
sums = {"edits": count("edits"), "added": longsum("added")}
top = client.topn(**day, granularity="all", dimension="channel", metric="edits", threshold=5,
    aggregations={**sums, "channels": cardinality("channel")}, post_aggregations={"mean": Field("added") / Field("edits")})
out["topN"] = top.result
english = Dimension("channel") == "#en.wikipedia"
hours = client.timeseries(**day, granularity="hour",
    aggregations={**sums, "english": filtered(english, count("edits"))})
out["timeseries"] = hours.result
groups = client.groupby(**day, granularity="all", dimensions=["channel"], aggregations=sums, filter=~english)
out["groupBy"] = groups.result
out["scan"] = client.scan(**day, granularity="all", limit=3, columns=["__time", "channel", "added"],
    filter=english).result
out["timeBoundary"] = client.time_boundary(datasource="wikipedia").result
print(json.dumps(out))
"##;

#[test]
fn pydruid_gets_the_files_own_numbers() {
    let Some(file) = Wikiticker::read() else { return };
    let Some(python) = super::part("pydruid", "ALLUVIUM_PYTHON") else { return };
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path(), None);
    file.load_into(&server, folder.path());
    let mut process = Command::new(python)
        .args(["-", &server.url])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    process.stdin.take().unwrap().write_all(DRIVER.as_bytes()).unwrap();
    let output = process.wait_with_output().unwrap();
    assert!(output.status.success());
    let answers: Value = serde_json::from_slice(&output.stdout).unwrap();
    sql(&answers["plain"], &file, false);
    sql(&answers["header"], &file, true);
    native(&answers, &file);
    server.stop();
}

/// Sums of a channel as the file has them.
fn channel(file: &Wikiticker, name: &Value) -> (i64, i64, i64) {
    file.channels[name.as_str().unwrap()]
}

fn sql(answers: &Value, file: &Wikiticker, header: bool) {
    assert_eq!(answers[0][0], json!(["channel", "edits", "added", "delta"]));
    let rows = answers[0][1].as_array().unwrap();
    assert_eq!(rows.len(), file.channels.len());
    for row in rows {
        let sums = channel(file, &row[0]);
        assert_eq!(*row, json!([row[0], sums.0, sums.1, sums.2]));
    }
    let english = channel(file, &json!("#en.wikipedia")).0;
    assert_eq!(answers[1], json!([["edits"], [[english]]]));
    // Without a header row pydruid knows the columns by the first row only.
    assert_eq!(answers[2], json!([header.then_some(["page"]), []]));
    let error = answers[3].as_str().unwrap();
    assert!(error.contains("INVALID_INPUT") && error.contains("Column 'nope' not found"), "{error}");
}

fn native(answers: &Value, file: &Wikiticker) {
    let top = answers["topN"][0]["result"].as_array().unwrap();
    let names: Vec<(String, i64)> = top
        .iter()
        .map(|row| (row["channel"].as_str().unwrap().to_owned(), row["edits"].as_i64().unwrap()))
        .collect();
    assert_eq!(names, file.top_channels());
    for row in top {
        let (edits, added, _) = channel(file, &row["channel"]);
        assert_eq!(row["added"], added);
        assert_eq!(row["mean"], added as f64 / edits as f64);
        assert!((row["channels"].as_f64().unwrap() - 1.0).abs() < 0.01, "{row}");
    }
    let hours = answers["timeseries"].as_array().unwrap();
    let sum = |name: &str| hours.iter().map(|hour| hour["result"][name].as_i64().unwrap()).sum::<i64>();
    let added: i64 = file.channels.values().map(|sums| sums.1).sum();
    let english = channel(file, &json!("#en.wikipedia"));
    assert_eq!((hours.len(), sum("edits"), sum("added"), sum("english")), (24, EDITS, added, english.0));
    let groups = answers["groupBy"].as_array().unwrap();
    assert_eq!(groups.len(), file.channels.len() - 1);
    for group in groups {
        let event = &group["event"];
        let sums = channel(file, &event["channel"]);
        assert_eq!((group["version"].as_str(), &event["edits"]), (Some("v1"), &json!(sums.0)), "{group}");
        assert_eq!(event["added"], sums.1, "{group}");
    }
    let events = answers["scan"][0]["events"].as_array().unwrap();
    assert!(events.len() == 3 && events.iter().all(|e| e["channel"] == "#en.wikipedia"), "{events:?}");
    let bounds = json!({"minTime": "2015-09-12T00:46:58.771Z", "maxTime": "2015-09-12T23:59:59.200Z"});
    assert_eq!(answers["timeBoundary"][0]["result"], bounds);
}
