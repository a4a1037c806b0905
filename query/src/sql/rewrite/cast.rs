//! What is `CAST(x AS type)`? A call with a name a type: several are computed alike and differ by the name of their result.

use datafusion::sql::sqlparser::ast::{
    ArrayElemTypeDef, CharacterLength, DataType, ExactNumberInfo, Expr, TimezoneInfo,
};

use super::build::{call, integer, name_of, text};
use super::nested;
use crate::QueryError;
use crate::error::Refusal;
use crate::sql::fault::invalid;
use crate::sql::request::Settings;

/// The call of a cast.
pub(super) fn rewrite(expr: Expr, to: &DataType, settings: &Settings) -> Result<Expr, QueryError> {
    let zone = text(settings.zone.name());
    let of_date = is_date(&expr);
    Ok(match to {
        DataType::Timestamp(_, TimezoneInfo::WithTimeZone | TimezoneInfo::Tz) => {
            let message = format!("Unsupported DateTime type[{to}]");
            return Err(QueryError::refused(Refusal::Evaluation, message));
        }
        DataType::Timestamp(Some(0), _) => call("cast_timestamp_seconds", vec![expr, zone]),
        DataType::Timestamp(..) | DataType::Datetime(_) => call("cast_timestamp", vec![expr, zone]),
        DataType::Date => call("cast_date", vec![expr, zone]),
        DataType::Varchar(_) | DataType::CharacterVarying(_) | DataType::Text | DataType::String(_) => {
            call(if of_date { "date_text" } else { "cast_varchar" }, vec![expr, zone])
        }
        DataType::Char(length) | DataType::Character(length) => {
            let length = match length {
                Some(CharacterLength::IntegerLength { length, .. }) => i64::try_from(*length).unwrap_or(1),
                _ => 1,
            };
            call("cast_char", vec![expr, zone, integer(length)])
        }
        DataType::TinyInt(_) => number("cast_tinyint", expr, of_date)?,
        DataType::SmallInt(_) => number("cast_smallint", expr, of_date)?,
        DataType::Int(_) | DataType::Integer(_) => number("cast_integer", expr, of_date)?,
        DataType::BigInt(_) => number("cast_bigint", expr, of_date)?,
        DataType::Double(_) | DataType::DoublePrecision => number("cast_double", expr, of_date)?,
        DataType::Float(ExactNumberInfo::None | ExactNumberInfo::Precision(_)) => {
            number("cast_float", expr, of_date)?
        }
        DataType::Real => number("cast_real", expr, of_date)?,
        DataType::Decimal(_) | DataType::Numeric(_) | DataType::Dec(_) => {
            number("cast_decimal", expr, of_date)?
        }
        DataType::Boolean | DataType::Bool => call("cast_boolean", vec![expr]),
        DataType::Array(
            ArrayElemTypeDef::AngleBracket(of)
            | ArrayElemTypeDef::SquareBracket(of, _)
            | ArrayElemTypeDef::Parenthesis(of),
        ) if matches!(**of, DataType::Array(_)) => {
            return Err(invalid(format!(
                "Cast function cannot convert values to type {to}, an array of arrays"
            )));
        }
        DataType::Array(of) => call(nested::array_cast(of), vec![expr]),
        DataType::Binary(_) | DataType::Varbinary(_) => {
            return Err(QueryError::refused(Refusal::NotPlanned, format!("cannot CAST to {to}")));
        }
        other => return Err(invalid(format!("cannot CAST to {other}"))),
    })
}

fn number(name: &str, expr: Expr, of_date: bool) -> Result<Expr, QueryError> {
    if of_date {
        let to = name.trim_start_matches("cast_").to_uppercase();
        return Err(invalid(format!("Cast function cannot convert value of type DATE to type {to}")));
    }
    Ok(call(name, vec![expr]))
}

/// Whether an expression is written as a date. What is one by the type of a column is an instant here.
fn is_date(expr: &Expr) -> bool {
    match expr {
        Expr::Nested(inner) => is_date(inner),
        Expr::Function(function) => name_of(function) == "cast_date",
        _ => false,
    }
}
