//! Which type does a call have, given those of its arguments?

use alluvium_segments::Complex;
use datafusion::arrow::datatypes::DataType;
use datafusion::common::ScalarValue;
use datafusion::logical_expr::Expr;

use super::{JSON, TIMESTAMP, list_of, plain, widest};
use crate::sql::types::SqlType;

/// The type of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Returns {
    Long,
    /// A long of 8, 16, 32 bits, by name only.
    TinyInt,
    SmallInt,
    Integer,
    Double,
    /// Doubles by other names.
    Float,
    Real,
    Decimal,
    Text,
    /// A text of the length that the last argument says.
    Char,
    /// A text of no length.
    Name,
    Timestamp,
    /// An instant at which a day begins.
    Date,
    Boolean,
    /// That of the argument with this number.
    Argument(usize),
    /// That of the argument with this number, which is a number or is read as one.
    Number(usize),
    /// A text, of the type of the argument with this number where that is one.
    SameText(usize),
    Json,
    /// The state of an aggregator.
    State(Complex),
    /// An array of texts.
    Texts,
    /// An array of longs.
    Longs,
    /// An array of doubles.
    Doubles,
    /// An array of nested values.
    Jsons,
    /// An array with elements of the type of the argument with this number.
    ArrayOf(usize),
    /// The type of the elements of the argument with this number.
    ElementOf(usize),
    /// The widest of all arguments: text over numbers, doubles over longs.
    Widest,
    /// Of `GREATEST` and `LEAST`: texts, doubles or longs.
    Reduced,
    /// Of a quotient.
    Quotient,
    /// Of a remainder.
    Remainder,
    /// Of texts put together.
    Joined,
    /// Of an instant plus some periods: a date stays one when whole days are added.
    Shifted,
}

impl Returns {
    /// The type in which a call with arguments of these types is computed.
    pub(crate) fn of(self, args: &[DataType]) -> DataType {
        match self {
            Self::Long | Self::TinyInt | Self::SmallInt | Self::Integer => DataType::Int64,
            Self::Double | Self::Float | Self::Real | Self::Decimal => DataType::Float64,
            Self::Text | Self::Char | Self::Name | Self::SameText(_) | Self::Joined => DataType::Utf8,
            Self::Timestamp | Self::Date | Self::Shifted => TIMESTAMP,
            Self::Boolean => DataType::Boolean,
            Self::Argument(i) => args.get(i).map_or(DataType::Utf8, plain),
            Self::Number(i) => match args.get(i) {
                Some(DataType::Utf8) => DataType::Float64,
                other => other.map_or(DataType::Float64, plain),
            },
            Self::Json | Self::State(_) => JSON,
            Self::Texts => list_of(DataType::Utf8),
            Self::Longs => list_of(DataType::Int64),
            Self::Doubles => list_of(DataType::Float64),
            Self::Jsons => list_of(JSON),
            Self::ArrayOf(i) => match args.get(i) {
                Some(list @ DataType::List(_)) => list.clone(),
                other => list_of(other.map_or(DataType::Utf8, plain)),
            },
            Self::ElementOf(i) => match args.get(i) {
                Some(DataType::List(item)) => plain(item.data_type()),
                other => other.map_or(DataType::Utf8, plain),
            },
            Self::Widest => widest(args),
            Self::Reduced => match widest(args) {
                known @ (DataType::Utf8 | DataType::Float64 | DataType::List(_)) => known,
                _ => DataType::Int64,
            },
            Self::Quotient | Self::Remainder => match widest(args) {
                DataType::Int64 => DataType::Int64,
                _ => DataType::Float64,
            },
        }
    }

    /// The SQL type of a call with arguments of these; `None`: that of the values.
    pub(crate) fn sql(self, kinds: &[SqlType], args: &[Expr]) -> Option<SqlType> {
        let kind = |i: usize| kinds.get(i).cloned();
        Some(match self {
            Self::Long => SqlType::BigInt,
            Self::TinyInt => SqlType::TinyInt,
            Self::SmallInt => SqlType::SmallInt,
            Self::Integer => SqlType::Integer,
            Self::Double => SqlType::Double,
            Self::Float => SqlType::Float,
            Self::Real => SqlType::Real,
            Self::Decimal => SqlType::Decimal,
            Self::Text => SqlType::Varchar,
            Self::Char => SqlType::Char(args.last().and_then(length).unwrap_or(0).min(LONGEST)),
            Self::Name => SqlType::Char(0),
            Self::Timestamp => SqlType::Timestamp,
            Self::Date => SqlType::Date,
            Self::Boolean => SqlType::Boolean,
            Self::Argument(i) => kind(i)?,
            Self::Number(i) => kind(i).map(|k| if k.is_text() { SqlType::Decimal } else { k })?,
            Self::SameText(i) => match kind(i)? {
                known @ (SqlType::Null | SqlType::Char(_)) => known,
                _ => SqlType::Varchar,
            },
            Self::State(complex) => SqlType::State(complex),
            Self::Json | Self::Texts | Self::Longs | Self::Doubles | Self::Jsons | Self::ArrayOf(_) => {
                return None;
            }
            Self::ElementOf(i) => match kind(i)? {
                SqlType::Array(element) => *element,
                _ => return None,
            },
            Self::Widest => kinds.iter().cloned().reduce(|a, b| a.meet(&b))?,
            Self::Reduced => reduced(kinds),
            Self::Quotient => kind(0)?.arithmetic(&kind(1)?)?,
            Self::Remainder => match (kind(0)?, kind(1)?) {
                (whole, by) if whole.is_integer() || whole == SqlType::Null => by,
                _ => SqlType::Decimal,
            },
            Self::Joined => kinds.iter().cloned().reduce(joined)?,
            Self::Shifted => match (kind(0)?, args.get(1)) {
                (SqlType::Date, Some(Expr::Literal(period, _))) if is_of_days(period) => SqlType::Date,
                _ => SqlType::Timestamp,
            },
        })
    }
}

/// Longest `CHAR` that is padded.
const LONGEST: usize = 1 << 16;

/// Texts where one is among them (as long as the longest), else doubles where one is, else longs.
fn reduced(kinds: &[SqlType]) -> SqlType {
    let known = || kinds.iter().filter(|kind| **kind != SqlType::Null);
    let texts = known().filter(|kind| kind.is_text()).cloned().reduce(|a, b| a.meet(&b));
    match (texts, known().next()) {
        (Some(text), _) => text,
        (None, None) => SqlType::Null,
        (None, Some(array @ SqlType::Array(_))) => array.clone(),
        (None, Some(_)) if known().all(|k| !k.is_approximate() && *k != SqlType::Decimal) => SqlType::BigInt,
        (None, Some(_)) => SqlType::Double,
    }
}

fn joined(a: SqlType, b: SqlType) -> SqlType {
    match (a, b) {
        (SqlType::Char(a), SqlType::Char(b)) => SqlType::Char(a + b),
        (SqlType::Char(a), SqlType::Null) | (SqlType::Null, SqlType::Char(a)) => SqlType::Char(a),
        _ => SqlType::Varchar,
    }
}

fn length(expr: &Expr) -> Option<usize> {
    match expr {
        Expr::Literal(ScalarValue::Int64(Some(n)), _) => usize::try_from(*n).ok(),
        _ => None,
    }
}

/// Whether a period has no part shorter than a day.
fn is_of_days(period: &ScalarValue) -> bool {
    period.try_as_str().flatten().is_some_and(|text| !text.contains('T'))
}
