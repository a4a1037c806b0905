//! Of which type are the values of a column, and how are values of the type stored?

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// The type of a column's values. Closed: a new kind breaks every `match` on purpose.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "&'static str")]
pub enum ColumnType {
    /// 64-bit integer.
    Long,
    /// 32-bit float.
    Float,
    /// 64-bit float.
    Double,
    /// Dictionary-encoded text, one or several values a row.
    String,
    /// A list of values a row, which is one value: lists are equal or not, and a list of none is not null. Stored as
    /// its JSON text.
    Array(Element),
    /// Anything JSON can say. Stored as its JSON text.
    Json,
    /// A state of an aggregator, which this crate does not look into. Stored as its JSON text: a string of base64, or
    /// an object.
    Complex(Complex),
}

/// The kinds of aggregator states that are stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Complex {
    /// DataSketches' HLL sketch.
    HllSketch,
    /// DataSketches' theta sketch.
    ThetaSketch,
    /// DataSketches' classic quantiles sketch.
    QuantilesDoublesSketch,
    /// DataSketches' KLL sketch of doubles.
    KllDoublesSketch,
    /// DataSketches' KLL sketch of floats.
    KllFloatsSketch,
    /// DataSketches' tuple sketch of arrays of doubles.
    ArrayOfDoublesSketch,
    /// Druid's own distinct count.
    HyperUnique,
    /// Druid's approximate histogram.
    ApproximateHistogram,
    /// Druid's histogram of fixed buckets.
    FixedBucketsHistogram,
    /// Count, sum and squared distances.
    Variance,
    /// A t-digest.
    TDigestSketch,
    /// A Bloom filter.
    Bloom,
    /// A DDSketch.
    DdSketch,
    /// A time and a long: what first and last keep.
    PairLongLong,
    /// A time and a double.
    PairLongDouble,
    /// A time and a float.
    PairLongFloat,
    /// A time and a text.
    PairLongString,
}

/// The type of what an array holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Element {
    /// 64-bit integers.
    Long,
    /// 64-bit floats.
    Double,
    /// Texts.
    String,
}

/// In which kind of column values are stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Storage {
    /// Of longs.
    Long,
    /// Of floats.
    Float,
    /// Of doubles.
    Double,
    /// Of texts: the values themselves, or what stands for them.
    Texts,
}

impl fmt::Display for Storage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Long => "LONG",
            Self::Float => "FLOAT",
            Self::Double => "DOUBLE",
            Self::Texts => "texts",
        })
    }
}

/// All types with their names.
const NAMES: [(ColumnType, &str); 25] = [
    (ColumnType::Long, "LONG"),
    (ColumnType::Float, "FLOAT"),
    (ColumnType::Double, "DOUBLE"),
    (ColumnType::String, "STRING"),
    (ColumnType::Array(Element::Long), "ARRAY<LONG>"),
    (ColumnType::Array(Element::Double), "ARRAY<DOUBLE>"),
    (ColumnType::Array(Element::String), "ARRAY<STRING>"),
    (ColumnType::Json, "COMPLEX<json>"),
    (ColumnType::Complex(Complex::HllSketch), "COMPLEX<HLLSketch>"),
    (ColumnType::Complex(Complex::ThetaSketch), "COMPLEX<thetaSketch>"),
    (ColumnType::Complex(Complex::QuantilesDoublesSketch), "COMPLEX<quantilesDoublesSketch>"),
    (ColumnType::Complex(Complex::KllDoublesSketch), "COMPLEX<KllDoublesSketch>"),
    (ColumnType::Complex(Complex::KllFloatsSketch), "COMPLEX<KllFloatsSketch>"),
    (ColumnType::Complex(Complex::ArrayOfDoublesSketch), "COMPLEX<arrayOfDoublesSketch>"),
    (ColumnType::Complex(Complex::HyperUnique), "COMPLEX<hyperUnique>"),
    (ColumnType::Complex(Complex::ApproximateHistogram), "COMPLEX<approximateHistogram>"),
    (ColumnType::Complex(Complex::FixedBucketsHistogram), "COMPLEX<fixedBucketsHistogram>"),
    (ColumnType::Complex(Complex::Variance), "COMPLEX<variance>"),
    (ColumnType::Complex(Complex::TDigestSketch), "COMPLEX<tDigestSketch>"),
    (ColumnType::Complex(Complex::Bloom), "COMPLEX<bloom>"),
    (ColumnType::Complex(Complex::DdSketch), "COMPLEX<ddSketch>"),
    (ColumnType::Complex(Complex::PairLongLong), "COMPLEX<serializablePairLongLong>"),
    (ColumnType::Complex(Complex::PairLongDouble), "COMPLEX<serializablePairLongDouble>"),
    (ColumnType::Complex(Complex::PairLongFloat), "COMPLEX<serializablePairLongFloat>"),
    (ColumnType::Complex(Complex::PairLongString), "COMPLEX<serializablePairLongString>"),
];

impl ColumnType {
    /// Druid's name: `LONG`, `ARRAY<STRING>`, `COMPLEX<json>` and so on.
    #[must_use]
    pub fn druid_name(self) -> &'static str {
        NAMES.iter().find(|(known, _)| *known == self).map_or("STRING", |(_, name)| name)
    }

    /// How its values are stored.
    #[must_use]
    pub fn storage(self) -> Storage {
        match self {
            Self::Long => Storage::Long,
            Self::Float => Storage::Float,
            Self::Double => Storage::Double,
            Self::String | Self::Array(_) | Self::Json | Self::Complex(_) => Storage::Texts,
        }
    }

    /// Whether its values are stored as texts that stand for them.
    #[must_use]
    pub fn is_coded(self) -> bool {
        matches!(self, Self::Array(_) | Self::Json | Self::Complex(_))
    }

    /// Whether its values are states of an aggregator.
    #[must_use]
    pub fn is_complex(self) -> bool {
        matches!(self, Self::Complex(_))
    }

    /// Whether its values are numbers.
    #[must_use]
    pub fn is_numeric(self) -> bool {
        matches!(self, Self::Long | Self::Float | Self::Double)
    }
}

impl Complex {
    /// Druid's name of the complex type: `HLLSketch` and so on.
    #[must_use]
    pub fn name(self) -> &'static str {
        let name = ColumnType::Complex(self).druid_name();
        name.strip_prefix("COMPLEX<").and_then(|name| name.strip_suffix('>')).unwrap_or(name)
    }

    /// Of Druid's name of the complex type.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        match format!("COMPLEX<{name}>").parse() {
            Ok(ColumnType::Complex(complex)) => Some(complex),
            _ => None,
        }
    }
}

impl fmt::Display for ColumnType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.druid_name())
    }
}

/// A text that names no type of a column.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` is not a type; there are LONG, FLOAT, DOUBLE, STRING, ARRAY<...> of these, and COMPLEX<json>, COMPLEX<HLLSketch> and so on"
)]
pub struct UnknownColumnType(pub String);

impl FromStr for ColumnType {
    type Err = UnknownColumnType;

    /// In any case; an array of floats is one of doubles.
    fn from_str(text: &str) -> Result<Self, UnknownColumnType> {
        if text.eq_ignore_ascii_case("ARRAY<FLOAT>") {
            return Ok(Self::Array(Element::Double));
        }
        let found = NAMES.iter().find(|(_, name)| name.eq_ignore_ascii_case(text));
        found.map(|(known, _)| *known).ok_or_else(|| UnknownColumnType(text.to_owned()))
    }
}

impl TryFrom<String> for ColumnType {
    type Error = UnknownColumnType;

    fn try_from(text: String) -> Result<Self, UnknownColumnType> {
        text.parse()
    }
}

impl From<ColumnType> for &'static str {
    fn from(column_type: ColumnType) -> Self {
        column_type.druid_name()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_and_written() {
        for (column_type, name) in NAMES {
            assert_eq!((name.parse(), column_type.druid_name()), (Ok(column_type), name));
            let json = serde_json::to_string(&column_type).unwrap();
            assert_eq!(
                (json.as_str(), serde_json::from_str(&json).ok()),
                (format!("\"{name}\"").as_str(), Some(column_type))
            );
        }
        assert!("ARRAY<ARRAY<LONG>>".parse::<ColumnType>().is_err());
        assert_eq!(Complex::from_name("thetaSketch"), Some(Complex::ThetaSketch));
        assert_eq!((Complex::HllSketch.name(), Complex::from_name("json")), ("HLLSketch", None));
    }
}
