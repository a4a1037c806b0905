//! Which cases are there, what does each ask, and what did Druid answer?

use std::fs;

use serde_json::{Map, Value, json};

use super::folder;
use crate::node::{Answer, Node};

/// How far numbers may be apart where a case does not say it.
pub(super) const EXACT: f64 = 1e-9;

/// A question with Druid's answer.
#[derive(Debug)]
pub(super) struct Case {
    /// Its file and name: `native/filters filter_selector`.
    pub(super) id: String,
    /// `kind name` of the entries of `features.toml` that it is about.
    pub(super) features: Vec<String>,
    /// Whether the error that is expected says that there is no such thing here, so that its words count too.
    pub(super) missing: bool,
    /// How far numbers may be apart, as a share.
    pub(super) tolerance: f64,
    /// Fields of results that are not compared: bytes that are not certain.
    pub(super) ignored: Vec<String>,
    pub(super) question: Question,
    pub(super) expected: Expected,
}

#[derive(Debug)]
pub(super) enum Question {
    /// The body of `POST /druid/v2`.
    Native(Value),
    /// The body of `POST /druid/v2/sql`.
    Sql(Value),
}

#[derive(Debug)]
pub(super) enum Expected {
    /// Status and body of a native answer.
    Native { status: u16, answer: Value },
    /// Rows as they are in `arrayLines`; whether their order says nothing; the SQL types, where they are known.
    Rows { rows: Vec<Value>, unordered: bool, types: Option<String> },
    /// The body as it is, line by line.
    Lines(Vec<String>),
    /// An SQL error: `status`, `errorCode` and `category` count.
    SqlError(Value),
}

impl Case {
    pub(super) fn ask(&self, node: &Node) -> Answer {
        match &self.question {
            Question::Native(body) => node.post("/druid/v2", body),
            Question::Sql(body) => node.post("/druid/v2/sql", body),
        }
    }
}

fn files(family: &str, ending: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder().join(family)).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|e| e == ending) {
            let stem = path.file_stem().unwrap().to_str().unwrap();
            found.push((format!("{family}/{stem}"), fs::read_to_string(&path).unwrap()));
        }
    }
    found.sort();
    assert!(found.len() > 20, "{family} has {} files", found.len());
    found
}

/// The native cases: a JSON list a file.
pub(super) fn native_cases() -> Vec<Case> {
    let mut cases = Vec::new();
    for (file, text) in files("native", "json") {
        let list: Vec<Value> = serde_json::from_str(&text).unwrap_or_else(|e| panic!("{file}: {e}"));
        for case in list {
            let text = |key: &str| case[key].as_str().unwrap_or_else(|| panic!("{file}: {case}")).to_owned();
            let features =
                case["features"].as_array().unwrap().iter().map(|f| f.as_str().unwrap().to_owned());
            let named = |name: &Value| name.as_str().unwrap().to_owned();
            let status = case["status"].as_u64().unwrap() as u16;
            cases.push(Case {
                id: format!("{file} {}", text("name")),
                features: features.collect(),
                missing: case["here"] == "no",
                tolerance: case["tolerance"].as_f64().unwrap_or(EXACT),
                ignored: case["ignore"].as_array().into_iter().flatten().map(named).collect(),
                question: Question::Native(case["request"].clone()),
                expected: Expected::Native { status, answer: case["answer"].clone() },
            });
        }
    }
    cases
}

/// The SQL cases: records separated by blank lines.
pub(super) fn sql_cases() -> Vec<Case> {
    let mut cases = Vec::new();
    for (file, text) in files("sql", "slt") {
        let mut lines = text.lines().peekable();
        while lines.next_if(|line| line.starts_with("## ")).is_some() {}
        while lines.peek().is_some() {
            if lines.next_if(|line| line.is_empty()).is_none() {
                cases.push(record(&file, &mut lines));
            }
        }
    }
    cases
}

/// A line of an answer; as text where it is no JSON (half of a surrogate pair, for one).
pub(super) fn parsed(line: &str) -> Value {
    serde_json::from_str(line).unwrap_or_else(|_| json!(line))
}

/// Reads one record: head lines, the line that names it, SQL, `----`, what is expected, a blank line.
fn record<'t>(file: &str, lines: &mut impl Iterator<Item = &'t str>) -> Case {
    let mut features = Vec::new();
    let mut body = Map::new();
    let (mut types, mut own_format, mut missing) = (None, false, false);
    let named = loop {
        let line = lines.next().unwrap_or_else(|| panic!("{file} ends within a record"));
        let Some(head) = line.strip_prefix('#') else { break line };
        let (key, value) = head.trim().split_once(':').unwrap_or_else(|| panic!("{file}: {line}"));
        let value = value.trim();
        let json = || serde_json::from_str::<Value>(value).unwrap_or_else(|e| panic!("{file}: {line}: {e}"));
        match key {
            "feature" => features.push(value.to_owned()),
            "types" => types = Some(value.to_owned()),
            "context" | "parameters" => drop(body.insert(key.to_owned(), json())),
            "request" => {
                own_format = true;
                body.extend(json().as_object().unwrap().clone());
            }
            "here" => missing = value == "no",
            "note" | "recorded" => {}
            _ => panic!("{file}: {line}"),
        }
    };
    let words: Vec<&str> = named.split_whitespace().collect();
    let mut until = |end: &str| {
        let mut found = Vec::new();
        for line in lines.by_ref() {
            if line == end {
                break;
            }
            found.push(line);
        }
        found
    };
    let sql = until("----").join("\n");
    let answer = until("");
    body.entry("resultFormat").or_insert(json!("arrayLines"));
    body.insert("query".to_owned(), json!(sql));
    if !own_format {
        for key in ["header", "typesHeader", "sqlTypesHeader"] {
            body.insert(key.to_owned(), json!(true));
        }
    }
    let parsed = |line: &&str| parsed(line);
    let expected = match (words.as_slice(), own_format) {
        (["statement", "error", _], _) => Expected::SqlError(parsed(&answer[0])),
        (_, true) => Expected::Lines(answer.iter().map(|line| (*line).to_owned()).collect()),
        (["query", "J", rest @ ..], false) => {
            let unordered = rest.len() > 1 && rest[0] == "rowsort";
            Expected::Rows { rows: answer.iter().map(parsed).collect(), unordered, types }
        }
        _ => panic!("{file}: {named}"),
    };
    let id = format!("{file} {}", words.last().unwrap());
    let (question, ignored) = (Question::Sql(Value::Object(body)), Vec::new());
    Case { id, features, missing, tolerance: EXACT, ignored, question, expected }
}
