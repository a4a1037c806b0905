//! What does the second referee, DuckDB, answer? Needs Python with `duckdb`.

use std::io::Write;
use std::process::{Command, Stdio};

use serde_json::{Value, json};

use super::canonical;
use super::data::Row;
use super::generate::Question;

/// Makes tables, fills them, asks; an error is an object, a time its milliseconds.
const DRIVER: &str = r#"
import datetime, decimal, duckdb, json, sys
c = duckdb.connect()
work = json.load(sys.stdin)
for table, columns in work["tables"].items():
    c.execute(f"CREATE TABLE {table}({columns['types']})")
    marks = ", ".join("?" * len(columns["rows"][0]))
    c.executemany(f"INSERT INTO {table} VALUES ({marks})", columns["rows"])
for statement in work.get("more", []):
    c.execute(statement)
epoch = datetime.datetime(1970, 1, 1)
def cell(value):
    if isinstance(value, datetime.datetime):
        return (value - epoch) // datetime.timedelta(milliseconds=1)
    if isinstance(value, decimal.Decimal):
        return float(value)
    return value
def ask(sql):
    try:
        return [[cell(value) for value in row] for row in c.execute(sql).fetchall()]
    except duckdb.Error as error:
        return {"error": str(error)}
print(json.dumps([ask(sql) for sql in work["questions"]]))
"#;

/// DuckDB's answer to each question: rows, or an object with `error`.
///
/// `work` has `tables` (a name each, with `types` and `rows`), statements `more` that are run then, and `questions`.
pub(super) fn answers(python: &std::path::Path, work: &Value) -> Vec<Value> {
    let mut process = Command::new(python)
        .args(["-c", DRIVER])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    process.stdin.take().unwrap().write_all(work.to_string().as_bytes()).unwrap();
    let output = process.wait_with_output().unwrap();
    assert!(output.status.success());
    serde_json::from_slice(&output.stdout).unwrap()
}

/// Asks DuckDB all questions, or says that it is skipped (`ALLUVIUM_PYTHON` names a Python with `duckdb`).
pub(super) fn agree(rows: &[Row], asked: &[(Question, Vec<String>)]) {
    let Some(python) = crate::real::part("DuckDB", "ALLUVIUM_PYTHON") else { return };
    let tags = rows.iter().enumerate().flat_map(|(id, row)| row.tags.iter().map(move |tag| json!([id, tag])));
    let work = json!({
        "tables": {
            "rows": {
                "types": "id BIGINT, t BIGINT, s VARCHAR, h VARCHAR, l BIGINT, d DOUBLE",
                "rows": rows.iter().enumerate().map(|(id, r)| json!([id, r.t, r.s, r.h, r.l, r.d])).collect::<Vec<_>>(),
            },
            "tags": {"types": "id BIGINT, tag VARCHAR", "rows": tags.collect::<Vec<_>>()},
        },
        "questions": asked.iter().map(|(question, _)| question.referee_sql()).collect::<Vec<_>>(),
    });
    let answers = answers(&python, &work);
    assert_eq!(answers.len(), asked.len());
    for ((question, expected), answer) in asked.iter().zip(answers) {
        let answer: Vec<Vec<Value>> = serde_json::from_value(answer).unwrap();
        assert_eq!(&canonical(answer), expected, "{}", question.referee_sql());
    }
    println!("DuckDB agrees on all {} questions", asked.len());
}
