//! What is a parsed value before its column is known? A small tree that borrows its texts from the record;
//! only the general path (flattening, transforms, filters) and nested values build it.

use std::borrow::Cow;
use std::fmt;

use alluvium_expression::double_text;
use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};

/// A value of a record.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Field<'f> {
    Null,
    Bool(bool),
    Long(i64),
    Double(f64),
    Text(Cow<'f, str>),
    List(Vec<Field<'f>>),
    Map(Vec<(Cow<'f, str>, Field<'f>)>),
}

impl<'f> Field<'f> {
    /// The value of a key of an object; the last one where a key is repeated.
    pub(crate) fn get(&self, key: &str) -> Option<&Field<'f>> {
        let Self::Map(map) = self else { return None };
        map.iter().rev().find(|(k, _)| k == key).map(|(_, v)| v)
    }

    /// As a number, if it is one.
    pub(crate) fn as_f64(&self) -> Option<f64> {
        match self {
            Self::Long(v) => Some(*v as f64),
            Self::Double(v) => Some(*v),
            _ => None,
        }
    }

    /// Whether it is a list of scalars.
    pub(crate) fn is_flat_list(&self) -> bool {
        matches!(self, Self::List(list) if !list.iter().any(|f| matches!(f, Self::List(_) | Self::Map(_))))
    }

    /// As text, the way Java prints it: `{a=1}` and `[1, 2]` for what is nested.
    pub(crate) fn to_text(&self) -> Cow<'_, str> {
        match self {
            Self::Text(text) => Cow::Borrowed(text),
            Self::Bool(true) => Cow::Borrowed("true"),
            Self::Bool(false) => Cow::Borrowed("false"),
            Self::Null => Cow::Borrowed("null"),
            _ => {
                let mut text = String::new();
                self.write_text(&mut text);
                Cow::Owned(text)
            }
        }
    }

    /// As JSON.
    pub(crate) fn to_json(&self) -> String {
        let mut out = String::new();
        self.write_json(&mut out);
        out
    }

    fn write_json(&self, out: &mut String) {
        match self {
            Self::Null => out.push_str("null"),
            Self::Bool(truth) => out.push_str(if *truth { "true" } else { "false" }),
            Self::Long(v) => out.push_str(&v.to_string()),
            Self::Double(v) if v.is_finite() => out.push_str(&double_text(*v)),
            Self::Double(v) => write_json_text(&double_text(*v), out),
            Self::Text(text) => write_json_text(text, out),
            Self::List(list) => {
                out.push('[');
                for (i, field) in list.iter().enumerate() {
                    out.push_str(if i > 0 { "," } else { "" });
                    field.write_json(out);
                }
                out.push(']');
            }
            Self::Map(map) => {
                out.push('{');
                for (i, (key, field)) in map.iter().enumerate() {
                    out.push_str(if i > 0 { "," } else { "" });
                    write_json_text(key, out);
                    out.push(':');
                    field.write_json(out);
                }
                out.push('}');
            }
        }
    }

    fn write_text(&self, out: &mut String) {
        match self {
            Self::Long(v) => out.push_str(&v.to_string()),
            Self::Double(v) => out.push_str(&double_text(*v)),
            Self::List(list) => {
                out.push('[');
                for (i, field) in list.iter().enumerate() {
                    out.push_str(if i > 0 { ", " } else { "" });
                    field.write_text(out);
                }
                out.push(']');
            }
            Self::Map(map) => {
                out.push('{');
                for (i, (key, field)) in map.iter().enumerate() {
                    out.push_str(if i > 0 { ", " } else { "" });
                    out.push_str(key);
                    out.push('=');
                    field.write_text(out);
                }
                out.push('}');
            }
            scalar => out.push_str(&scalar.to_text()),
        }
    }
}

fn write_json_text(text: &str, out: &mut String) {
    out.push_str(&serde_json::Value::from(text).to_string());
}

/// Whole numbers beyond 64 bits are doubles, as in Druid.
pub(crate) fn unsigned<'f>(value: u64) -> Field<'f> {
    i64::try_from(value).map_or(Field::Double(value as f64), Field::Long)
}

impl<'de> Deserialize<'de> for Field<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(FieldVisitor)
    }
}

struct FieldVisitor;

impl<'de> Visitor<'de> for FieldVisitor {
    type Value = Field<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E: Error>(self) -> Result<Field<'de>, E> {
        Ok(Field::Null)
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Field<'de>, E> {
        Ok(Field::Bool(value))
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Field<'de>, E> {
        Ok(Field::Long(value))
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Field<'de>, E> {
        Ok(unsigned(value))
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Field<'de>, E> {
        Ok(Field::Double(value))
    }

    fn visit_borrowed_str<E: Error>(self, value: &'de str) -> Result<Field<'de>, E> {
        Ok(Field::Text(Cow::Borrowed(value)))
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<Field<'de>, E> {
        Ok(Field::Text(Cow::Owned(value.to_owned())))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut access: A) -> Result<Field<'de>, A::Error> {
        let mut list = Vec::new();
        while let Some(field) = access.next_element()? {
            list.push(field);
        }
        Ok(Field::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, access: A) -> Result<Field<'de>, A::Error> {
        read_map(access)
    }
}

/// The entries of an object.
pub(crate) fn read_map<'de, A: MapAccess<'de>>(mut access: A) -> Result<Field<'de>, A::Error> {
    let mut map = Vec::new();
    while let Some(Key(key)) = access.next_key()? {
        map.push((key, access.next_value()?));
    }
    Ok(Field::Map(map))
}

struct Key<'k>(Cow<'k, str>);

impl<'de> Deserialize<'de> for Key<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct KeyVisitor;
        impl<'de> Visitor<'de> for KeyVisitor {
            type Value = Key<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a key")
            }

            fn visit_borrowed_str<E: Error>(self, value: &'de str) -> Result<Key<'de>, E> {
                Ok(Key(Cow::Borrowed(value)))
            }

            fn visit_str<E: Error>(self, value: &str) -> Result<Key<'de>, E> {
                Ok(Key(Cow::Owned(value.to_owned())))
            }
        }
        deserializer.deserialize_str(KeyVisitor)
    }
}
