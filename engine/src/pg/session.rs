//! What does a connection of a client of PostgreSQL's remember? Its settings: some are the context of queries, the others
//! are known so that they can be shown.

use std::collections::BTreeMap;

use parking_lot::Mutex;
use serde_json::{Map, Value, json};

use super::fault::fault;
use pgwire::error::PgWireError;

/// Settings of PostgreSQL's that clients set or look at, with the values they have at first.
const SETTINGS: [(&str, &str); 24] = [
    ("application_name", ""),
    ("bytea_output", "hex"),
    ("client_encoding", "UTF8"),
    ("client_min_messages", "notice"),
    ("datestyle", "ISO, YMD"),
    ("default_transaction_isolation", "read committed"),
    ("default_transaction_read_only", "on"),
    ("enable_bitmapscan", "on"),
    ("enable_seqscan", "on"),
    ("extra_float_digits", "1"),
    ("idle_in_transaction_session_timeout", "0"),
    ("integer_datetimes", "on"),
    ("intervalstyle", "postgres"),
    ("is_superuser", "off"),
    ("lock_timeout", "0"),
    ("max_identifier_length", "63"),
    ("search_path", "druid"),
    ("server_encoding", "UTF8"),
    ("server_version", super::VERSION),
    ("server_version_num", super::VERSION_NUMBER),
    ("standard_conforming_strings", "on"),
    ("transaction_isolation", "read committed"),
    ("transaction_read_only", "on"),
    ("xmloption", "content"),
];

/// The settings of a connection.
#[derive(Debug, Default)]
pub(super) struct Session {
    /// Settings of PostgreSQL's that were set, by name in lower case.
    shown: Mutex<BTreeMap<String, String>>,
    /// The context of queries.
    context: Mutex<Map<String, Value>>,
}

impl Session {
    /// The context of the next query.
    pub(super) fn context(&self) -> Map<String, Value> {
        self.context.lock().clone()
    }

    /// Sets a value, or takes it back.
    pub(super) fn set(&self, name: &str, value: Option<Value>) -> Result<(), PgWireError> {
        let lower = name.to_ascii_lowercase();
        let text = value.as_ref().map(shown_text);
        let (key, value) = match lower.as_str() {
            "timezone" => ("sqlTimeZone", value),
            "statement_timeout" => ("timeout", text.as_deref().map(milliseconds).transpose()?.flatten()),
            _ if SETTINGS.iter().any(|(known, _)| *known == lower) => {
                let mut shown = self.shown.lock();
                match text {
                    Some(text) => shown.insert(lower, text),
                    None => shown.remove(&lower),
                };
                return Ok(());
            }
            _ => (name, value),
        };
        let mut context = self.context.lock();
        match value {
            Some(value) => context.insert(key.to_owned(), value),
            None => context.remove(key),
        };
        Ok(())
    }

    /// Takes all back.
    pub(super) fn reset(&self) {
        self.shown.lock().clear();
        self.context.lock().clear();
    }

    /// The value of a setting as text.
    pub(super) fn show(&self, name: &str) -> Result<String, PgWireError> {
        let lower = name.to_ascii_lowercase();
        let key = match lower.as_str() {
            "timezone" | "time zone" => "sqlTimeZone",
            "statement_timeout" => "timeout",
            "transaction isolation level" => return Ok("read committed".to_owned()),
            _ => name,
        };
        let set = self.shown.lock().get(&lower).cloned();
        let set = set.or_else(|| self.context.lock().get(key).map(shown_text));
        let first = || match key {
            "sqlTimeZone" => Some("UTC".to_owned()),
            "timeout" => Some("0".to_owned()),
            _ => SETTINGS.iter().find(|(known, _)| *known == lower).map(|(_, value)| (*value).to_owned()),
        };
        set.or_else(first)
            .ok_or_else(|| fault("42704", &format!("unrecognized configuration parameter \"{name}\"")))
    }
}

fn shown_text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Bool(true) => "on".to_owned(),
        Value::Bool(false) => "off".to_owned(),
        other => other.to_string(),
    }
}

/// A time as PostgreSQL writes one, in milliseconds unless it has a unit; 0: none.
fn milliseconds(text: &str) -> Result<Option<Value>, PgWireError> {
    let text = text.trim();
    let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (digits, unit) = text.split_at(end);
    let of = match unit.trim() {
        "" | "ms" => 1,
        "s" => 1000,
        "min" => 60_000,
        "h" => 3_600_000,
        _ => 0,
    };
    let time = digits.parse::<i64>().ok().filter(|_| of > 0).and_then(|time| time.checked_mul(of));
    match time {
        Some(0) => Ok(None),
        Some(time) => Ok(Some(json!(time))),
        None => {
            Err(fault("22023", &format!("invalid value for parameter \"statement_timeout\": \"{text}\"")))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_are_context_or_only_known() {
        let session = Session::default();
        session.set("TimeZone", Some(json!("Asia/Tokyo"))).unwrap();
        session.set("statement_timeout", Some(json!("2min"))).unwrap();
        session.set("DateStyle", Some(json!("ISO"))).unwrap();
        session.set("useApproximateCountDistinct", Some(json!(false))).unwrap();
        let wanted = json!({"sqlTimeZone": "Asia/Tokyo", "timeout": 120_000,
            "useApproximateCountDistinct": false});
        assert_eq!(Value::Object(session.context()), wanted);
        assert_eq!(session.show("datestyle").unwrap(), "ISO");
        assert_eq!(session.show("time zone").unwrap(), "Asia/Tokyo");
        assert!(session.show("nothing").is_err());
        assert!(session.set("statement_timeout", Some(json!("soon"))).is_err());
        session.set("statement_timeout", Some(json!(0))).unwrap();
        session.set("TimeZone", None).unwrap();
        assert_eq!(session.show("timezone").unwrap(), "UTC");
        session.reset();
        assert!(session.context().is_empty());
    }
}
