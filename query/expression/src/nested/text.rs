//! How is a nested value written? As JSON without blanks, doubles as Java writes them.

use std::io;

use serde_json::Value as Json;
use serde_json::ser::{Formatter, Serializer};

use crate::double_text;

/// The text of a nested value.
#[must_use]
pub fn json_text(json: &Json) -> String {
    let mut out = Vec::with_capacity(64);
    let mut writer = Serializer::with_formatter(&mut out, JavaNumbers);
    match serde::Serialize::serialize(json, &mut writer) {
        Ok(()) => String::from_utf8(out).unwrap_or_else(|_| json.to_string()),
        // Writing to memory does not fail.
        Err(_) => json.to_string(),
    }
}

struct JavaNumbers;

impl Formatter for JavaNumbers {
    fn write_f64<W: ?Sized + io::Write>(&mut self, writer: &mut W, value: f64) -> io::Result<()> {
        writer.write_all(double_text(value).as_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn doubles_are_written_as_java_does() {
        let json = serde_json::json!({"a": 1e300, "b": [1.0, 2, -0.5], "c": "x\"y"});
        assert_eq!(json_text(&json), r#"{"a":1.0E300,"b":[1.0,2,-0.5],"c":"x\"y"}"#);
    }
}
