//! Of which type is the value of an expression?

use std::fmt;
use std::str::FromStr;

use alluvium_segments::{ColumnType, Element};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// The type of a value. There is no single-precision type: floats are doubles here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ExprType {
    /// 64-bit integer; also booleans (1 and 0) and instants (milliseconds).
    Long,
    /// 64-bit float.
    Double,
    /// Text; a multi-value column counts as text, its functions map over the values.
    String,
    /// List of longs.
    LongArray,
    /// List of doubles.
    DoubleArray,
    /// List of texts.
    StringArray,
    /// Nested values.
    Json,
}

impl ExprType {
    /// Druid's name: `LONG`, `ARRAY<STRING>` ...
    #[must_use]
    pub fn druid_name(self) -> &'static str {
        match self {
            Self::Long => "LONG",
            Self::Double => "DOUBLE",
            Self::String => "STRING",
            Self::LongArray => "ARRAY<LONG>",
            Self::DoubleArray => "ARRAY<DOUBLE>",
            Self::StringArray => "ARRAY<STRING>",
            Self::Json => "COMPLEX<json>",
        }
    }

    /// Whether it is a list.
    #[must_use]
    pub fn is_array(self) -> bool {
        matches!(self, Self::LongArray | Self::DoubleArray | Self::StringArray)
    }

    /// Whether it is a long or a double.
    #[must_use]
    pub fn is_numeric(self) -> bool {
        matches!(self, Self::Long | Self::Double)
    }

    /// The type of the elements of a list; other types are their own.
    #[must_use]
    pub fn element(self) -> Self {
        match self {
            Self::LongArray => Self::Long,
            Self::DoubleArray => Self::Double,
            Self::StringArray => Self::String,
            other => other,
        }
    }

    /// The list of this type; lists stay.
    #[must_use]
    pub fn array(self) -> Self {
        match self {
            Self::Long => Self::LongArray,
            Self::Double => Self::DoubleArray,
            Self::String => Self::StringArray,
            other => other,
        }
    }

    /// The type that holds both: equal types stay, nested values hold all, numbers meet at double, anything else at
    /// string.
    #[must_use]
    pub fn common(self, other: Self) -> Self {
        if self == other {
            return self;
        }
        if self == Self::Json || other == Self::Json {
            return Self::Json;
        }
        let (a, b) = (self.element(), other.element());
        let scalar = match (a, b) {
            _ if a == b => a,
            (Self::String, _) | (_, Self::String) => Self::String,
            _ => Self::Double,
        };
        if self.is_array() || other.is_array() { scalar.array() } else { scalar }
    }
}

impl fmt::Display for ExprType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.druid_name())
    }
}

/// A text that names no type.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` is not a type; use LONG, DOUBLE, STRING, ARRAY<LONG>, ARRAY<DOUBLE>, ARRAY<STRING> or COMPLEX<json>"
)]
pub struct UnknownType(pub String);

impl FromStr for ExprType {
    type Err = UnknownType;

    /// Any case; `FLOAT` reads as double; `LONG_ARRAY` and its like are old spellings.
    fn from_str(text: &str) -> Result<Self, UnknownType> {
        Ok(match text.trim().to_ascii_uppercase().as_str() {
            "LONG" => Self::Long,
            "DOUBLE" | "FLOAT" => Self::Double,
            "STRING" => Self::String,
            "ARRAY<LONG>" | "LONG_ARRAY" => Self::LongArray,
            "ARRAY<DOUBLE>" | "DOUBLE_ARRAY" | "ARRAY<FLOAT>" => Self::DoubleArray,
            "ARRAY<STRING>" | "STRING_ARRAY" => Self::StringArray,
            "COMPLEX<JSON>" | "JSON" => Self::Json,
            _ => return Err(UnknownType(text.to_owned())),
        })
    }
}

impl From<ColumnType> for ExprType {
    fn from(column: ColumnType) -> Self {
        match column {
            ColumnType::Long => Self::Long,
            ColumnType::Float | ColumnType::Double => Self::Double,
            ColumnType::String => Self::String,
            ColumnType::Array(Element::Long) => Self::LongArray,
            ColumnType::Array(Element::Double) => Self::DoubleArray,
            ColumnType::Array(Element::String) => Self::StringArray,
            ColumnType::Json | ColumnType::Complex(_) => Self::Json,
        }
    }
}

impl Serialize for ExprType {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.druid_name())
    }
}

impl<'de> Deserialize<'de> for ExprType {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}
