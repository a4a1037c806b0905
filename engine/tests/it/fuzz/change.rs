//! How is a request changed at random? A tree of JSON at one place, a text by cutting, doubling and mixing its words.

use fastrand::Rng;
use serde_json::{Map, Value, json};

/// One of some trees, changed in up to three places.
pub(super) fn json(rng: &mut Rng, seeds: &[Value]) -> Value {
    let mut tree = seeds[rng.usize(..seeds.len())].clone();
    for _ in 0..rng.u8(1..4) {
        let from = rng.usize(..seeds.len());
        let other = part(rng, &seeds[from]).clone();
        change(rng, &mut tree, other);
    }
    tree
}

/// Any part of a tree.
fn part<'t>(rng: &mut Rng, tree: &'t Value) -> &'t Value {
    let below: Option<&Value> = match tree {
        Value::Object(map) => map.values().nth(rng.usize(..map.len().max(1))),
        Value::Array(list) => list.get(rng.usize(..list.len().max(1))),
        _ => None,
    };
    match below {
        Some(below) if rng.u8(..4) > 0 => part(rng, below),
        _ => tree,
    }
}

/// Changes one place of a tree, the deeper the likelier.
fn change(rng: &mut Rng, tree: &mut Value, other: Value) {
    let deeper = rng.u8(..5) > 0;
    match tree {
        Value::Object(map) if deeper && !map.is_empty() => {
            let at = rng.usize(..map.len());
            match rng.u8(..12) {
                0 => {
                    let key = map.keys().nth(at).cloned().unwrap();
                    map.remove(&key);
                }
                1 => {
                    let key = map.keys().nth(at).cloned().unwrap();
                    map.insert(format!("{key}x"), other);
                }
                _ => change(rng, map.values_mut().nth(at).unwrap(), other),
            }
        }
        Value::Array(list) if deeper && !list.is_empty() => {
            let at = rng.usize(..list.len());
            match rng.u8(..12) {
                0 => drop(list.remove(at)),
                1 => list.push(other),
                _ => change(rng, &mut list[at], other),
            }
        }
        _ => *tree = odd(rng, tree, other),
    }
}

fn odd(rng: &mut Rng, old: &Value, other: Value) -> Value {
    match rng.u8(..14) {
        0..=4 => other,
        5 => Value::Null,
        6 => json!(i64::MIN),
        7 => json!(-1),
        8 => json!(1e308),
        9 => json!([old, old]),
        10 => json!({"type": old}),
        11 => json!("\u{0}\u{1f600}\u{fffd}"),
        12 => Value::Object(Map::new()),
        _ => json!(old.to_string()),
    }
}

/// One of some texts, changed in up to three places.
pub(super) fn text(rng: &mut Rng, seeds: &[String]) -> String {
    let mut words = words(&seeds[rng.usize(..seeds.len())]);
    for _ in 0..rng.u8(1..4) {
        let at = rng.usize(..words.len().max(1));
        match rng.u8(..8) {
            0 if !words.is_empty() => drop(words.remove(at)),
            1 if !words.is_empty() => words.insert(at, words[at].clone()),
            2 => {
                let odd = [
                    "(",
                    ")",
                    "'",
                    "\"",
                    "-",
                    "9223372036854775808",
                    "NULL",
                    "\u{1f600}",
                    "*",
                    ",",
                    "''",
                    "1e999",
                    "[",
                    "{",
                    "\\",
                    "--",
                    "/*",
                    "OVER ()",
                    "::",
                    "\u{0}",
                ];
                words.insert(at.min(words.len()), odd[rng.usize(..odd.len())].to_owned());
            }
            3 => words.truncate(at),
            _ => {
                let others = self::words(&seeds[rng.usize(..seeds.len())]);
                let from = rng.usize(..others.len().max(1));
                let some = others.into_iter().skip(from).take(rng.usize(1..8));
                let end = (at + rng.usize(..4)).min(words.len());
                words.splice(at.min(end)..end, some);
            }
        }
    }
    words.concat()
}

/// Runs of letters and digits, and each other character by itself.
fn words(text: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let mut within = false;
    for c in text.chars() {
        let letter = c.is_alphanumeric() || c == '_';
        match words.last_mut() {
            Some(last) if within && letter => last.push(c),
            _ => words.push(c.to_string()),
        }
        within = letter;
    }
    words
}

/// Bytes changed in up to three places.
pub(super) fn bytes(rng: &mut Rng, bytes: &[u8]) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    for _ in 0..rng.u8(1..4) {
        let at = rng.usize(..bytes.len().max(1)).min(bytes.len());
        match rng.u8(..4) {
            0 => bytes.truncate(at),
            1 => bytes.insert(at, rng.u8(..)),
            2 if at < bytes.len() => drop(bytes.remove(at)),
            _ if at < bytes.len() => bytes[at] = rng.u8(..),
            _ => {}
        }
    }
    bytes
}

/// The expressions in a native query.
pub(super) fn expressions(query: &Value) -> Vec<String> {
    match query {
        Value::Object(map) => {
            let own = map.get("expression").and_then(Value::as_str).map(str::to_owned);
            own.into_iter().chain(map.values().flat_map(expressions)).collect()
        }
        Value::Array(list) => list.iter().flat_map(expressions).collect(),
        _ => Vec::new(),
    }
}
