//! When are two answers the same? Numbers may differ in the last digits, ids of segments and the cut of scan batches say
//! nothing, and of errors the status, the codes and the category count.

use serde_json::Value;

use super::cases::{Case, EXACT, Expected, Question, parsed};
use crate::node::Answer;

/// What came of a case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Verdict {
    Same,
    /// Another answer, or another error.
    Different,
    /// An error where Druid answers.
    Refused,
    /// An answer where Druid refuses.
    Accepted,
}

impl Verdict {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Same => "same",
            Self::Different => "different",
            Self::Refused => "refused",
            Self::Accepted => "accepted",
        }
    }
}

/// The same with what was answered, for the reader.
#[derive(Debug)]
pub(super) struct Outcome {
    pub(super) verdict: Verdict,
    /// The beginning of the answer.
    pub(super) answer: String,
}

pub(super) fn judge(case: &Case, answer: &Answer) -> Outcome {
    let verdict = match &case.expected {
        Expected::Native { status, answer: wanted } => native(case, (*status, wanted), answer),
        Expected::SqlError(_) if answer.status < 400 => Verdict::Accepted,
        Expected::SqlError(wanted) => {
            let found: Value = serde_json::from_str(&answer.text).unwrap_or_default();
            let mut same = ["errorCode", "category"].iter().all(|key| wanted[key] == found[key]);
            same &= !case.missing || same_message(wanted, &found);
            either(same && wanted["status"] == answer.status)
        }
        _ if answer.status >= 400 => Verdict::Refused,
        Expected::Lines(wanted) => {
            let found: Vec<&str> = answer.text.trim_end_matches('\n').lines().collect();
            let pairs = || wanted.iter().zip(&found);
            either(wanted.len() == found.len() && pairs().all(|(a, b)| a == b || same_text(a, b)))
        }
        Expected::Rows { rows, unordered, types } => {
            let Some(lines) = answer.text.strip_suffix("\n\n") else {
                return outcome(Verdict::Different, answer);
            };
            let lines: Vec<&str> = lines.lines().collect();
            let (head, lines) = lines.split_at(3.min(lines.len()));
            let found: Vec<Value> = lines.iter().map(|line| parsed(line)).collect();
            let found_types: Option<Vec<String>> =
                head.get(2).and_then(|line| serde_json::from_str(line).ok());
            let same_types = types.is_none() || types == &found_types.map(|list| list.join(","));
            either(same_types && same_rows(rows, found, *unordered))
        }
    };
    outcome(verdict, answer)
}

fn outcome(verdict: Verdict, answer: &Answer) -> Outcome {
    Outcome {
        verdict,
        answer: format!("{} {}", answer.status, answer.text.chars().take(160).collect::<String>()),
    }
}

fn either(same: bool) -> Verdict {
    if same { Verdict::Same } else { Verdict::Different }
}

fn native(case: &Case, (status, wanted): (u16, &Value), answer: &Answer) -> Verdict {
    let found: Value = serde_json::from_str(&answer.text).unwrap_or_default();
    match (status >= 400, answer.status >= 400) {
        (false, true) => Verdict::Refused,
        (true, false) => Verdict::Accepted,
        // Where Druid itself breaks (500), any clear refusal is right.
        (true, true) if status == 500 => either(found["errorMessage"].is_string()),
        (true, true) => {
            let keys = ["error", "errorCode", "category", "persona"];
            let said = !case.missing || same_message(wanted, &found);
            either(said && status == answer.status && keys.iter().all(|key| wanted[key] == found[key]))
        }
        (false, false) => {
            let mut found = loose(case, &found);
            case.ignored.iter().for_each(|name| forget(&mut found, name));
            either(within(case.tolerance, &loose(case, wanted), &found))
        }
    }
}

/// Whether an error begins with the words wanted.
fn same_message(wanted: &Value, found: &Value) -> bool {
    let begins = wanted["errorMessage"].as_str().filter(|text| !text.is_empty());
    begins.is_some_and(|begin| found["errorMessage"].as_str().is_some_and(|text| text.starts_with(begin)))
}

/// A native answer without ids of segments, sizes and the cut of scan batches.
fn loose(case: &Case, answer: &Value) -> Value {
    let Question::Native(request) = &case.question else { return answer.clone() };
    let Value::Array(items) = answer else { return answer.clone() };
    match request["queryType"].as_str() {
        Some("scan") => {
            let mut joined: Vec<Value> = Vec::new();
            for item in items {
                let mut item = item.clone();
                if let Some(batch) = item.as_object_mut() {
                    batch.remove("segmentId");
                }
                match joined.last_mut() {
                    Some(last)
                        if last["columns"] == item["columns"]
                            && last["rowSignature"] == item["rowSignature"] =>
                    {
                        let more = item["events"].as_array().cloned().unwrap_or_default();
                        if let Some(events) = last["events"].as_array_mut() {
                            events.extend(more);
                        }
                    }
                    _ => joined.push(item),
                }
            }
            Value::Array(joined)
        }
        Some("segmentMetadata") => {
            let mut items = items.clone();
            for item in &mut items {
                if let Some(map) = item.as_object_mut() {
                    map.remove("id");
                }
                sizes(item);
            }
            Value::Array(items)
        }
        _ => segments(answer.clone()),
    }
}

/// Sizes other than 0 are all alike.
fn sizes(value: &mut Value) {
    match value {
        Value::Object(map) => {
            for (key, value) in map {
                if key == "size" && value.as_f64().is_some_and(|size| size != 0.0) {
                    *value = Value::from("SIZE");
                } else {
                    sizes(value);
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(sizes),
        _ => {}
    }
}

/// Ids of segments (of `bySegment`) are left out.
fn segments(mut value: Value) -> Value {
    match &mut value {
        Value::Object(map) => {
            map.remove("segment");
            map.values_mut().for_each(|v| *v = segments(std::mem::take(v)));
        }
        Value::Array(items) => items.iter_mut().for_each(|v| *v = segments(std::mem::take(v))),
        _ => {}
    }
    value
}

fn same_rows(wanted: &[Value], mut found: Vec<Value>, unordered: bool) -> bool {
    let mut wanted = wanted.to_vec();
    if unordered {
        wanted.sort_by_cached_key(key);
        found.sort_by_cached_key(key);
    }
    wanted.len() == found.len() && wanted.iter().zip(&found).all(|(a, b)| same(a, b))
}

/// A text to sort by; near numbers have the same.
fn key(value: &Value) -> String {
    match value {
        Value::Number(number) => format!("{:.6e}", number.as_f64().unwrap_or_default()),
        Value::Array(items) => items.iter().map(key).collect::<Vec<_>>().join(","),
        other => other.to_string(),
    }
}

fn same(a: &Value, b: &Value) -> bool {
    within(EXACT, a, b)
}

/// Takes a field out of the results of a native answer.
fn forget(answer: &mut Value, name: &str) {
    for item in answer.as_array_mut().into_iter().flatten() {
        item["result"].as_object_mut().and_then(|result| result.remove(name));
    }
}

/// The same, where numbers may be apart by a share.
fn within(tolerance: f64, a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Number(x), Value::Number(y)) => {
            if x.is_f64() || y.is_f64() {
                let (x, y) = (x.as_f64().unwrap_or(f64::NAN), y.as_f64().unwrap_or(f64::NAN));
                x == y || (x - y).abs() <= tolerance * x.abs().max(y.abs())
            } else {
                x == y
            }
        }
        (Value::Array(x), Value::Array(y)) => {
            x.len() == y.len() && x.iter().zip(y).all(|(a, b)| within(tolerance, a, b))
        }
        (Value::Object(x), Value::Object(y)) => {
            x.len() == y.len() && x.iter().all(|(key, a)| y.get(key).is_some_and(|b| within(tolerance, a, b)))
        }
        (Value::String(x), Value::String(y)) => x == y || same_text(x, y),
        _ => a == b,
    }
}

/// Texts that are lists or objects in JSON are compared as such.
fn same_text(a: &str, b: &str) -> bool {
    let parsed =
        |text: &str| serde_json::from_str::<Value>(text).ok().filter(|v| v.is_array() || v.is_object());
    parsed(a).zip(parsed(b)).is_some_and(|(a, b)| same(&a, &b))
}
