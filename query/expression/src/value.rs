//! What is one value, and what does it count as where another type is wanted?

mod number;

use std::cmp::Ordering;
use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::ExprType;
use crate::nested;
use crate::order::compare_text;
pub use alluvium_sketches::{double_text, float_text};
pub use number::{compare_doubles, parse_double, parse_long, parse_number};

/// A value. Booleans are the longs 1 and 0; arrays may hold nulls.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub enum Value {
    /// No value.
    #[default]
    Null,
    /// 64-bit integer.
    Long(i64),
    /// 64-bit float.
    Double(f64),
    /// Text.
    String(Arc<str>),
    /// Several texts: an array, or the values of a multi-value column.
    StringArray(Arc<[Option<Arc<str>>]>),
    /// Several longs.
    LongArray(Arc<[Option<i64>]>),
    /// Several doubles.
    DoubleArray(Arc<[Option<f64>]>),
    /// A nested value, scalar or not.
    Json(Arc<serde_json::Value>),
}

impl Value {
    /// 1 or 0.
    #[must_use]
    pub fn from_bool(value: bool) -> Self {
        Self::Long(i64::from(value))
    }

    /// 1, 0 or null.
    #[must_use]
    pub fn from_truth(value: Option<bool>) -> Self {
        value.map_or(Self::Null, Self::from_bool)
    }

    /// Whether there is no value.
    #[must_use]
    pub fn is_null(&self) -> bool {
        matches!(self, Self::Null)
    }

    /// Its type; null has none.
    #[must_use]
    pub fn value_type(&self) -> Option<ExprType> {
        Some(match self {
            Self::Null => return None,
            Self::Long(_) => ExprType::Long,
            Self::Double(_) => ExprType::Double,
            Self::String(_) => ExprType::String,
            Self::StringArray(_) => ExprType::StringArray,
            Self::LongArray(_) => ExprType::LongArray,
            Self::DoubleArray(_) => ExprType::DoubleArray,
            Self::Json(_) => ExprType::Json,
        })
    }

    /// Whether it is an array.
    #[must_use]
    pub fn is_array(&self) -> bool {
        matches!(self, Self::StringArray(_) | Self::LongArray(_) | Self::DoubleArray(_))
    }

    /// As a long: doubles are cut towards zero (saturating), texts are parsed (`true` is 1, `false` 0), an array of one element counts
    /// as the element. `None` for null and for text that is no number.
    #[must_use]
    pub fn as_long(&self) -> Option<i64> {
        match self {
            Self::Null => None,
            Self::Long(v) => Some(*v),
            Self::Double(v) => Some(*v as i64),
            Self::String(text) => match parse_number(text) {
                Self::Null => number::truth(text).map(i64::from),
                number => number.as_long(),
            },
            Self::Json(json) => nested::scalar(json)?.as_long(),
            array => array.only_element()?.as_long(),
        }
    }

    /// The long that is equal to it, if any: of texts too, `20.0` among them.
    #[must_use]
    pub fn exact_long(&self) -> Option<i64> {
        match self.as_number() {
            Self::Long(long) => Some(long),
            Self::Double(d) if d == d.trunc() && d.abs() < 9.2e18 => Some(d as i64),
            _ => None,
        }
    }

    /// As a double, by the same rules.
    #[must_use]
    pub fn as_double(&self) -> Option<f64> {
        match self {
            Self::Null => None,
            Self::Long(v) => Some(*v as f64),
            Self::Double(v) => Some(*v),
            Self::String(text) => parse_double(text).or_else(|| number::truth(text).map(f64::from)),
            Self::Json(json) => nested::scalar(json)?.as_double(),
            array => array.only_element()?.as_double(),
        }
    }

    /// As the only operand of mathematics, where texts are no numbers.
    #[must_use]
    pub fn as_math(&self) -> Option<f64> {
        if matches!(self, Self::String(_)) { None } else { self.as_double() }
    }

    /// As text: longs in decimal, doubles as `Double.toString` of Java writes them, an array of one element as
    /// the element, longer ones as `[a, b]`.
    #[must_use]
    pub fn as_string(&self) -> Option<Arc<str>> {
        match self {
            Self::Null => None,
            Self::String(text) => Some(Arc::clone(text)),
            Self::Long(v) => Some(v.to_string().into()),
            Self::Double(v) => Some(double_text(*v).into()),
            Self::Json(json) => match nested::scalar(json) {
                Some(scalar) => scalar.as_string(),
                None => Some(json.to_string().into()),
            },
            array => {
                let elements = array.elements();
                if let [only] = elements.as_slice() {
                    return only.as_string();
                }
                let text = |v: &Self| v.as_string().map_or_else(|| "null".to_owned(), |s| s.to_string());
                let parts: Vec<String> = elements.iter().map(text).collect();
                Some(format!("[{}]", parts.join(", ")).into())
            }
        }
    }

    /// As a truth value: numbers are true above 0, text when it reads `true` in any case.
    #[must_use]
    pub fn as_bool(&self) -> Option<bool> {
        match self {
            Self::Null => None,
            Self::Long(v) => Some(*v > 0),
            Self::Double(v) => Some(*v > 0.0),
            Self::String(text) => Some(text.eq_ignore_ascii_case("true")),
            Self::Json(json) => nested::scalar(json)?.as_bool(),
            array => array.only_element()?.as_bool(),
        }
    }

    /// As a number, keeping longs: texts become longs where they can, else doubles; null where neither.
    #[must_use]
    pub fn as_number(&self) -> Self {
        match self {
            Self::Long(_) | Self::Double(_) => self.clone(),
            Self::String(text) => match parse_number(text) {
                Self::Null => number::truth(text).map(i64::from).into(),
                number => number,
            },
            Self::Null => Self::Null,
            Self::Json(json) => nested::scalar(json).map_or(Self::Null, |v| v.as_number()),
            array => array.only_element().map_or(Self::Null, |v| v.as_number()),
        }
    }

    /// Converted to a type; null where that is impossible. A single value becomes an array of one.
    #[must_use]
    pub fn cast(&self, to: ExprType) -> Self {
        if self.is_null() || self.value_type() == Some(to) {
            return self.clone();
        }
        match to {
            ExprType::Json => Self::Json(Arc::new(self.to_json())),
            ExprType::Long => self.as_long().map_or(Self::Null, Self::Long),
            ExprType::Double => self.as_double().map_or(Self::Null, Self::Double),
            ExprType::String => self.as_string().map_or(Self::Null, Self::String),
            array => Self::array_of(array.element(), &self.elements()),
        }
    }

    /// The elements of an array; a single value is an array of one, null has no elements.
    #[must_use]
    pub fn elements(&self) -> Vec<Self> {
        match self {
            Self::Null => Vec::new(),
            Self::StringArray(items) => {
                items.iter().map(|i| i.clone().map_or(Self::Null, Self::String)).collect()
            }
            Self::LongArray(items) => items.iter().map(|i| i.map_or(Self::Null, Self::Long)).collect(),
            Self::DoubleArray(items) => items.iter().map(|i| i.map_or(Self::Null, Self::Double)).collect(),
            Self::Json(json) => match &**json {
                serde_json::Value::Array(items) => items.iter().map(nested::element).collect(),
                _ => vec![self.clone()],
            },
            scalar => vec![scalar.clone()],
        }
    }

    /// Number of elements of an array; `None` for anything else.
    #[must_use]
    pub fn array_len(&self) -> Option<usize> {
        match self {
            Self::StringArray(items) => Some(items.len()),
            Self::LongArray(items) => Some(items.len()),
            Self::DoubleArray(items) => Some(items.len()),
            _ => None,
        }
    }

    /// An array with elements of `element` type, each converted to it.
    #[must_use]
    pub fn array_of(element: ExprType, items: &[Self]) -> Self {
        match element.element() {
            ExprType::Long => Self::LongArray(items.iter().map(Self::as_long).collect()),
            ExprType::Double => Self::DoubleArray(items.iter().map(Self::as_double).collect()),
            _ => Self::StringArray(items.iter().map(Self::as_string).collect()),
        }
    }

    /// An array of the narrowest type that holds all items (strings when there is none to tell).
    #[must_use]
    pub fn array_from(items: &[Self]) -> Self {
        let types = items.iter().filter_map(Self::value_type);
        let element = types.reduce(ExprType::common).unwrap_or(ExprType::String);
        Self::array_of(element, items)
    }

    fn only_element(&self) -> Option<Self> {
        if self.array_len() == Some(1) { self.elements().into_iter().next() } else { None }
    }

    /// Order by Druid's comparison: text with text as text, longs as longs, arrays by their elements, anything
    /// else as doubles. `None` when either is null or is text that is no number beside a number.
    #[must_use]
    pub fn compare(&self, other: &Self) -> Option<Ordering> {
        match (self, other) {
            (Self::Null, _) | (_, Self::Null) => None,
            (Self::String(a), Self::String(b)) => Some(compare_text(a, b)),
            (Self::Long(a), Self::Long(b)) => Some(a.cmp(b)),
            (a, b) if a.is_array() || b.is_array() => Some(compare_arrays(a, b)),
            (a, b) => Some(compare_doubles(a.as_double()?, b.as_double()?)),
        }
    }

    /// Equality by the same rules, except that the doubles 0.0 and -0.0 are equal and NaN equals nothing.
    #[must_use]
    pub fn equals(&self, other: &Self) -> Option<bool> {
        match (self, other) {
            (Self::Null, _) | (_, Self::Null) => None,
            (Self::String(a), Self::String(b)) => Some(a == b),
            (Self::Long(a), Self::Long(b)) => Some(a == b),
            (Self::Json(a), Self::Json(b)) => Some(a == b),
            (a, b) if a.is_array() || b.is_array() => Some(compare_arrays(a, b) == Ordering::Equal),
            (a, b) => Some(a.as_double()? == b.as_double()?),
        }
    }

    /// Total order for sorting, nulls first; text that is no number sorts before numbers.
    #[must_use]
    pub fn total_order(&self, other: &Self) -> Ordering {
        match (self.is_null(), other.is_null()) {
            (true, true) => Ordering::Equal,
            (true, false) => Ordering::Less,
            (false, true) => Ordering::Greater,
            (false, false) => self.compare(other).unwrap_or_else(|| {
                let number = |v: &Self| v.as_double().is_some();
                number(self).cmp(&number(other))
            }),
        }
    }

    /// From JSON: objects and nested lists become their JSON text, booleans 1 and 0.
    #[must_use]
    pub fn from_json(json: &serde_json::Value) -> Self {
        use serde_json::Value as Json;
        match json {
            Json::Null => Self::Null,
            Json::Bool(b) => Self::from_bool(*b),
            Json::Number(n) => n
                .as_i64()
                .map(Self::Long)
                .or_else(|| n.as_f64().map(Self::Double))
                .unwrap_or_else(|| Self::String(n.to_string().into())),
            Json::String(s) => Self::String(s.as_str().into()),
            Json::Array(items) => Self::array_from(&items.iter().map(Self::from_json).collect::<Vec<_>>()),
            Json::Object(_) => Self::String(json.to_string().into()),
        }
    }

    /// To JSON; NaN and the infinities become the texts `NaN`, `Infinity` and `-Infinity`.
    #[must_use]
    pub fn to_json(&self) -> serde_json::Value {
        use serde_json::Value as Json;
        match self {
            Self::Null => Json::Null,
            Self::Long(v) => Json::from(*v),
            Self::Double(v) if v.is_finite() => Json::from(*v),
            Self::Double(v) => Json::from(double_text(*v)),
            Self::String(text) => Json::from(text.as_ref()),
            Self::Json(json) => json.as_ref().clone(),
            array => Json::Array(array.elements().iter().map(Self::to_json).collect()),
        }
    }
}

fn compare_arrays(a: &Value, b: &Value) -> Ordering {
    let (a, b) = (a.elements(), b.elements());
    for (x, y) in a.iter().zip(&b) {
        let order = x.total_order(y);
        if order != Ordering::Equal {
            return order;
        }
    }
    a.len().cmp(&b.len())
}

impl From<i64> for Value {
    fn from(value: i64) -> Self {
        Self::Long(value)
    }
}

impl From<f64> for Value {
    fn from(value: f64) -> Self {
        Self::Double(value)
    }
}

impl From<bool> for Value {
    fn from(value: bool) -> Self {
        Self::from_bool(value)
    }
}

impl From<&str> for Value {
    fn from(value: &str) -> Self {
        Self::String(value.into())
    }
}

impl From<String> for Value {
    fn from(value: String) -> Self {
        Self::String(value.into())
    }
}

impl<T: Into<Self>> From<Option<T>> for Value {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}

impl fmt::Display for Value {
    /// As a literal of the expression language.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        crate::ast::write_literal(self, f)
    }
}
