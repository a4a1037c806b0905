//! Which SQL types are there, at which type do two of them meet, and what are their names?

use alluvium_segments::Complex;
use datafusion::arrow::datatypes::{DataType, Field};

use crate::sql::explain::native_name;
use crate::sql::functions::JSON;
use crate::sql::metadata::sql_type;
use crate::sql::table::state_of;

/// An SQL type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum SqlType {
    /// Of the literal NULL.
    Null,
    Boolean,
    TinyInt,
    SmallInt,
    Integer,
    BigInt,
    Decimal,
    Real,
    Float,
    Double,
    /// A text with its length in UTF-16 code units: that of literals.
    Char(usize),
    Varchar,
    Date,
    Timestamp,
    Array(Box<SqlType>),
    Json,
    /// The states of an aggregator.
    State(Complex),
    /// Any other, as computed.
    Other(DataType),
}

impl SqlType {
    /// The type of values that are computed as this.
    pub(crate) fn of(data_type: &DataType) -> Self {
        match data_type {
            DataType::Null => Self::Null,
            DataType::Boolean => Self::Boolean,
            DataType::Int8 | DataType::Int16 | DataType::Int32 => Self::Integer,
            t if t.is_integer() => Self::BigInt,
            DataType::Float16 | DataType::Float32 => Self::Float,
            DataType::Float64 => Self::Double,
            DataType::Decimal128(..) => Self::Decimal,
            DataType::Utf8 | DataType::LargeUtf8 => Self::Varchar,
            DataType::Date32 | DataType::Date64 => Self::Date,
            DataType::Timestamp(..) => Self::Timestamp,
            DataType::List(item) => Self::Array(Box::new(Self::of(item.data_type()))),
            t if *t == JSON => Self::Json,
            other => Self::Other(other.clone()),
        }
    }

    /// The type of a field's values.
    pub(crate) fn of_field(field: &Field) -> Self {
        state_of(field).map_or_else(|| Self::of(field.data_type()), Self::State)
    }

    /// Whether no expression but functions made for it looks into a value.
    pub(crate) fn is_complex(&self) -> bool {
        matches!(self, Self::Json | Self::State(_))
    }

    /// Its SQL name.
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::Null => "NULL",
            Self::Boolean => "BOOLEAN",
            Self::TinyInt => "TINYINT",
            Self::SmallInt => "SMALLINT",
            Self::Integer => "INTEGER",
            Self::BigInt => "BIGINT",
            Self::Decimal => "DECIMAL",
            Self::Real => "REAL",
            Self::Float => "FLOAT",
            Self::Double => "DOUBLE",
            Self::Char(_) => "CHAR",
            Self::Varchar => "VARCHAR",
            Self::Date => "DATE",
            Self::Timestamp => "TIMESTAMP",
            Self::Array(_) => "ARRAY",
            Self::Json | Self::State(_) => "OTHER",
            Self::Other(data_type) => sql_type(data_type).0,
        }
    }

    /// The name of the type below.
    pub(crate) fn native(&self) -> String {
        match self {
            Self::Null | Self::Char(_) | Self::Varchar => "STRING".to_owned(),
            Self::Float => "FLOAT".to_owned(),
            Self::Double | Self::Decimal | Self::Real => "DOUBLE".to_owned(),
            Self::Array(element) => format!("ARRAY<{}>", element.native()),
            Self::Json => "COMPLEX<json>".to_owned(),
            Self::State(complex) => format!("COMPLEX<{}>", complex.name()),
            Self::Other(data_type) => native_name(data_type).to_owned(),
            _ => "LONG".to_owned(),
        }
    }

    pub(crate) fn is_text(&self) -> bool {
        matches!(self, Self::Char(_) | Self::Varchar)
    }

    pub(crate) fn is_integer(&self) -> bool {
        matches!(self, Self::TinyInt | Self::SmallInt | Self::Integer | Self::BigInt)
    }

    /// Whether values are kept in binary floating point by name, which `DECIMAL` is not.
    pub(crate) fn is_approximate(&self) -> bool {
        matches!(self, Self::Real | Self::Float | Self::Double)
    }

    pub(crate) fn is_numeric(&self) -> bool {
        self.is_integer() || self.is_approximate() || *self == Self::Decimal
    }

    fn rank(&self) -> usize {
        match self {
            Self::TinyInt => 0,
            Self::SmallInt => 1,
            Self::Integer => 2,
            _ => 3,
        }
    }

    /// The type that holds the values of both, as Druid's planner finds it.
    pub(crate) fn meet(&self, other: &Self) -> Self {
        match (self, other) {
            (a, b) if a == b => a.clone(),
            (Self::Null, known) | (known, Self::Null) => known.clone(),
            (a, b) if a.is_numeric() && b.is_numeric() => a.meet_number(b),
            (a, b) if a.is_text() || b.is_text() => Self::Varchar,
            (Self::Date, Self::Timestamp) | (Self::Timestamp, Self::Date) => Self::Timestamp,
            (Self::Array(a), Self::Array(b)) => Self::Array(Box::new(a.meet(b))),
            (a, _) => a.clone(),
        }
    }

    fn meet_number(&self, other: &Self) -> Self {
        match (self.is_approximate(), other.is_approximate()) {
            // Of two that are as precise as each other the first stays.
            (true, true) => if *self == Self::Real { other } else { self }.clone(),
            (true, false) => if *other == Self::Decimal { &Self::Double } else { self }.clone(),
            (false, true) => if *self == Self::Decimal { &Self::Double } else { other }.clone(),
            (false, false) if *self == Self::Decimal || *other == Self::Decimal => Self::Decimal,
            (false, false) => if self.rank() >= other.rank() { self } else { other }.clone(),
        }
    }

    /// The type of `+`, `-`, `*`, `/` of both; texts are read as numbers.
    pub(crate) fn arithmetic(&self, other: &Self) -> Option<Self> {
        match (self, other) {
            (a, b) if a.is_text() && b.is_text() => Some(Self::Decimal),
            (text, number) | (number, text) if text.is_text() && number.is_numeric() => Some(number.clone()),
            (Self::Null, Self::Null) => Some(Self::Null),
            (Self::Null, number) | (number, Self::Null) if number.is_numeric() => Some(number.clone()),
            (a, b) if a.is_numeric() && b.is_numeric() => Some(a.meet(b)),
            _ => None,
        }
    }
}
