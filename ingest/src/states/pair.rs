//! What do `longFirst`, `stringLast` and their like keep? A time and the value of that time, as Druid shows such pairs.

use alluvium_segments::Complex;
use serde_json::{Map, Value, json};

/// The value of the first or of the last time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pair {
    /// Whether the last time counts.
    pub last: bool,
    /// The type of values.
    pub of: PairOf,
    /// Texts are cut at this many bytes.
    pub max_bytes: usize,
}

/// The type of a pair's values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PairOf {
    /// 64-bit integers.
    Long,
    /// 32-bit floats.
    Float,
    /// 64-bit floats.
    Double,
    /// Texts; rows without one do not count.
    Text,
}

/// Druid's default of `maxStringBytes`.
const MAX_BYTES: usize = 1024;

impl Pair {
    /// Of an aggregator's type, and the options that stand beside it.
    pub(super) fn of_type(kind: &str, json: &Map<String, Value>) -> Result<Option<Self>, String> {
        let (prefix, last) = match (kind.strip_suffix("First"), kind.strip_suffix("Last")) {
            (Some(prefix), _) => (prefix, false),
            (_, Some(prefix)) => (prefix, true),
            _ => return Ok(None),
        };
        let of = match prefix {
            "long" => PairOf::Long,
            "float" => PairOf::Float,
            "double" => PairOf::Double,
            "string" => PairOf::Text,
            _ => return Ok(None),
        };
        let max_bytes = match json.get("maxStringBytes") {
            None | Some(Value::Null) => MAX_BYTES,
            Some(bytes) => bytes.as_u64().ok_or("maxStringBytes must be a number of bytes")? as usize,
        };
        Ok(Some(Self { last, of, max_bytes }))
    }

    /// The type of the column.
    pub(super) fn complex(&self) -> Complex {
        match self.of {
            PairOf::Long => Complex::PairLongLong,
            PairOf::Float => Complex::PairLongFloat,
            PairOf::Double => Complex::PairLongDouble,
            PairOf::Text => Complex::PairLongString,
        }
    }

    /// The aggregator that makes one of several pairs in a column.
    pub(super) fn combining_json(&self, column: &str) -> Map<String, Value> {
        let of = match self.of {
            PairOf::Long => "long",
            PairOf::Float => "float",
            PairOf::Double => "double",
            PairOf::Text => "string",
        };
        let kind = format!("{of}{}", if self.last { "Last" } else { "First" });
        let mut json = Map::new();
        json.insert("type".to_owned(), kind.into());
        json.insert("name".to_owned(), column.into());
        json.insert("fieldName".to_owned(), column.into());
        json.insert("timeColumn".to_owned(), "__time".into());
        if self.of == PairOf::Text {
            json.insert("maxStringBytes".to_owned(), self.max_bytes.into());
        }
        json
    }

    /// The pair of a time and a value; `None` where there is none to keep.
    pub(super) fn make(&self, time: Option<i64>, value: &Value) -> Option<String> {
        let number = || match value {
            Value::Number(number) => number.as_f64(),
            Value::String(text) => text.trim().parse().ok(),
            _ => None,
        };
        let kept = match self.of {
            PairOf::Long => match value {
                Value::Number(whole) if whole.is_i64() => value.clone(),
                _ => number().map_or(Value::Null, |number| Value::from(number as i64)),
            },
            PairOf::Double => number().map_or(Value::Null, Value::from),
            // The digits of the float, not of the double next to it.
            PairOf::Float => number().map_or(Value::Null, |number| {
                (number as f32).to_string().parse::<f64>().map_or(Value::Null, Value::from)
            }),
            PairOf::Text => match value {
                Value::Null => return None,
                // Druid's bytes of such a pair do not tell it from one without a text.
                Value::String(text) if text.is_empty() => Value::Null,
                Value::String(text) => Value::from(&text[..text.floor_char_boundary(self.max_bytes)]),
                other => Value::from(other.to_string()),
            },
        };
        Some(json!({"lhs": time?, "rhs": kept}).to_string())
    }

    /// The one of several pairs that counts.
    ///
    /// # Errors
    /// When a text is no pair.
    pub(super) fn pick(&self, pairs: &mut dyn Iterator<Item = &str>) -> Result<String, String> {
        let mut best: Option<(i64, &str)> = None;
        for text in pairs {
            let pair: Value = serde_json::from_str(text).map_err(|error| format!("`{text}`: {error}"))?;
            let time = pair.get("lhs").and_then(Value::as_i64);
            let time = time.ok_or_else(|| format!("`{text}` is no pair of a time and a value"))?;
            let better = best.is_none_or(|(known, _)| if self.last { time >= known } else { time < known });
            if better {
                best = Some((time, text));
            }
        }
        best.map(|(_, text)| text.to_owned()).ok_or_else(|| "there is no pair".to_owned())
    }
}
