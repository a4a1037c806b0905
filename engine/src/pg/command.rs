//! What does a text of a client of PostgreSQL's ask for? Statements apart at their semicolons; settings, transactions and
//! the like, which change the session or nothing; all else is a query.

use serde_json::Value;

/// One statement.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Command {
    Query(String),
    /// `None`: the value it had at first.
    Set {
        name: String,
        value: Option<Value>,
    },
    /// All settings as they were at first.
    ResetAll,
    Show(String),
    Begin,
    /// The end of a transaction, by its word.
    End(&'static str),
    /// What is answered by its word and changes nothing.
    Nothing(&'static str),
}

/// The statements of a text.
pub(super) fn commands(text: &str) -> Vec<Command> {
    split(text).into_iter().filter_map(command).collect()
}

/// The parts of a text between semicolons that stand in no quotes and no comments.
fn split(text: &str) -> Vec<&str> {
    let mut parts = Vec::new();
    let mut start = 0;
    let mut rest = text.char_indices().peekable();
    while let Some((at, c)) = rest.next() {
        match c {
            ';' => {
                parts.push(&text[start..at]);
                start = at + 1;
            }
            '\'' | '"' => while rest.next().is_some_and(|(_, inner)| inner != c) {},
            '-' if rest.next_if(|(_, next)| *next == '-').is_some() => {
                while rest.next().is_some_and(|(_, inner)| inner != '\n') {}
            }
            '/' if rest.next_if(|(_, next)| *next == '*').is_some() => {
                let mut before = ' ';
                for (_, inner) in rest.by_ref() {
                    if before == '*' && inner == '/' {
                        break;
                    }
                    before = inner;
                }
            }
            _ => {}
        }
    }
    parts.push(&text[start..]);
    parts
}

/// What stands before the first word: blanks and comments.
fn without_lead(mut text: &str) -> &str {
    loop {
        text = text.trim_start();
        text = if let Some(comment) = text.strip_prefix("--") {
            comment.split_once('\n').map_or("", |(_, rest)| rest)
        } else if let Some(comment) = text.strip_prefix("/*") {
            comment.split_once("*/").map_or("", |(_, rest)| rest)
        } else {
            return text;
        };
    }
}

fn command(text: &str) -> Option<Command> {
    let bare = without_lead(text).trim_end();
    if bare.is_empty() {
        return None;
    }
    let end = bare.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(bare.len());
    let (word, rest) = bare.split_at(end);
    let rest = rest.trim();
    Some(match word.to_ascii_uppercase().as_str() {
        "SET" => set(rest),
        "RESET" if rest.eq_ignore_ascii_case("ALL") => Command::ResetAll,
        "RESET" => Command::Set { name: name(rest), value: None },
        "SHOW" => Command::Show(name(rest)),
        "BEGIN" | "START" => Command::Begin,
        "COMMIT" | "END" => Command::End("COMMIT"),
        "ROLLBACK" | "ABORT" if !starts_with_word(rest, "TO") => Command::End("ROLLBACK"),
        "ROLLBACK" => Command::Nothing("ROLLBACK"),
        "SAVEPOINT" => Command::Nothing("SAVEPOINT"),
        "RELEASE" => Command::Nothing("RELEASE"),
        "DISCARD" => Command::Nothing("DISCARD ALL"),
        "DEALLOCATE" => Command::Nothing("DEALLOCATE"),
        "LISTEN" => Command::Nothing("LISTEN"),
        "UNLISTEN" => Command::Nothing("UNLISTEN"),
        _ => Command::Query(text.to_owned()),
    })
}

fn starts_with_word(text: &str, word: &str) -> bool {
    text.split_whitespace().next().is_some_and(|first| first.eq_ignore_ascii_case(word))
}

/// `name = value`, `name TO value`, and the forms with words of their own.
fn set(rest: &str) -> Command {
    let mut rest = rest;
    for scope in ["SESSION", "LOCAL"] {
        if starts_with_word(rest, scope) {
            rest = rest[scope.len()..].trim_start();
        }
    }
    for (words, wanted) in [("TIME ZONE", "TimeZone"), ("NAMES", "client_encoding")] {
        if rest.get(..words.len()).is_some_and(|start| start.eq_ignore_ascii_case(words)) {
            return Command::Set { name: wanted.to_owned(), value: literal(rest[words.len()..].trim()) };
        }
    }
    for nothing in ["TRANSACTION", "CHARACTERISTICS", "CONSTRAINTS", "ROLE", "AUTHORIZATION"] {
        if starts_with_word(rest, nothing) {
            return Command::Nothing("SET");
        }
    }
    let end = rest.find(|c: char| c == '=' || c.is_whitespace()).unwrap_or(rest.len());
    let (key, value) = rest.split_at(end);
    let value = value.trim_start();
    let value = match value.strip_prefix('=') {
        Some(value) => value,
        None if starts_with_word(value, "TO") => &value[2..],
        None => value,
    };
    Command::Set { name: name(key), value: literal(value.trim()) }
}

fn name(text: &str) -> String {
    text.trim().trim_matches('"').to_owned()
}

/// A value as it is written; `None` for DEFAULT.
fn literal(text: &str) -> Option<Value> {
    if text.eq_ignore_ascii_case("DEFAULT") {
        return None;
    }
    if let Some(inner) = text.strip_prefix('\'').and_then(|text| text.strip_suffix('\'')) {
        return Some(Value::String(inner.replace("''", "'")));
    }
    Some(match text.to_ascii_lowercase().as_str() {
        "true" | "on" => Value::Bool(true),
        "false" | "off" => Value::Bool(false),
        _ => serde_json::from_str::<serde_json::Number>(text)
            .map_or_else(|_| Value::String(text.trim_matches('"').to_owned()), Value::Number),
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn statements_of_a_text() {
        let text = "SELECT ';' AS \"a;b\" -- ; no\n FROM t /* ; */; ; SET x = 'it''s;' ;begin";
        let set = Command::Set { name: "x".to_owned(), value: Some(json!("it's;")) };
        let query = "SELECT ';' AS \"a;b\" -- ; no\n FROM t /* ; */".to_owned();
        assert_eq!(commands(text), [Command::Query(query), set, Command::Begin]);
        assert!(commands(" ; -- nothing\n;").is_empty());
    }

    #[test]
    fn settings() {
        let of = |text: &str| match commands(text).as_slice() {
            [Command::Set { name, value }] => (name.clone(), value.clone()),
            other => panic!("{text}: {other:?}"),
        };
        let pair = |name: &str, value: Option<Value>| (name.to_owned(), value);
        assert_eq!(of("/* x */ set Timeout TO 5000"), pair("Timeout", Some(json!(5000))));
        assert_eq!(of("SET SESSION a.b = on"), pair("a.b", Some(json!(true))));
        assert_eq!(of("SET TIME ZONE 'UTC'"), pair("TimeZone", Some(json!("UTC"))));
        assert_eq!(of("SET client_min_messages TO warning"), {
            pair("client_min_messages", Some(json!("warning")))
        });
        assert_eq!(of("set x = default"), pair("x", None));
        assert_eq!(of("RESET x"), pair("x", None));
        assert_eq!(commands("SET TRANSACTION READ ONLY"), [Command::Nothing("SET")]);
        assert_eq!(commands("ROLLBACK TO SAVEPOINT a"), [Command::Nothing("ROLLBACK")]);
        assert_eq!(commands("abort"), [Command::End("ROLLBACK")]);
    }

    proptest::proptest! {
        #[test]
        fn any_text_has_statements(text in "([;'\"a-zA-Z =/*-]|SET|TO|TIME ZONE|\n|\u{e9}){0,30}") {
            let _ = commands(&text);
        }
    }
}
