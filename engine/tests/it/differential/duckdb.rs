//! Does the second referee, DuckDB, give the first one's answers to all questions? Needs Python with `duckdb`.

use std::io::Write;
use std::process::{Command, Stdio};

use serde_json::{Value, json};

use super::canonical;
use super::data::Row;
use super::generate::Question;

const DRIVER: &str = r#"
import duckdb, json, sys
c = duckdb.connect()
c.execute("CREATE TABLE rows(id BIGINT, t BIGINT, s VARCHAR, h VARCHAR, l BIGINT, d DOUBLE)")
c.execute("CREATE TABLE tags(id BIGINT, tag VARCHAR)")
work = json.load(sys.stdin)
c.executemany("INSERT INTO rows VALUES (?, ?, ?, ?, ?, ?)", work["rows"])
c.executemany("INSERT INTO tags VALUES (?, ?)", work["tags"])
print(json.dumps([c.execute(sql).fetchall() for sql in work["questions"]]))
"#;

/// Asks DuckDB all questions, or says that it is skipped (`ALLUVIUM_PYTHON` names a Python with `duckdb`).
pub(super) fn agree(rows: &[Row], asked: &[(Question, Vec<String>)]) {
    let Some(python) = crate::real::part("DuckDB", "ALLUVIUM_PYTHON") else { return };
    let tags = rows.iter().enumerate().flat_map(|(id, row)| row.tags.iter().map(move |tag| json!([id, tag])));
    let work = json!({
        "rows": rows.iter().enumerate().map(|(id, r)| json!([id, r.t, r.s, r.h, r.l, r.d])).collect::<Vec<_>>(),
        "tags": tags.collect::<Vec<_>>(),
        "questions": asked.iter().map(|(question, _)| question.referee_sql()).collect::<Vec<_>>(),
    });
    let mut process = Command::new(python)
        .args(["-c", DRIVER])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    process.stdin.take().unwrap().write_all(work.to_string().as_bytes()).unwrap();
    let output = process.wait_with_output().unwrap();
    assert!(output.status.success());
    let answers: Vec<Vec<Vec<Value>>> = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(answers.len(), asked.len());
    for ((question, expected), answer) in asked.iter().zip(answers) {
        assert_eq!(&canonical(answer), expected, "{}", question.referee_sql());
    }
    println!("DuckDB agrees on all {} questions", asked.len());
}
