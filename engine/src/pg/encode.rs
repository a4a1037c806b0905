//! How is a value written to a client of PostgreSQL's? As text or in binary, in the type its column was described with.

use alluvium_query::sql::SqlValue;
use alluvium_segments::time::{DAY_MS, civil_from_days};
use bytes::{BufMut, BytesMut};
use pgwire::api::Type;
use pgwire::api::results::{FieldFormat, FieldInfo};
use pgwire::messages::data::DataRow;

/// Days from 1970-01-01 to 2000-01-01, where PostgreSQL's clock begins.
const EPOCH_DAYS: i64 = 10_957;

/// A row of values for columns.
pub(super) fn row(values: &[SqlValue], columns: &[FieldInfo]) -> DataRow {
    let mut out = BytesMut::with_capacity(columns.len() * 12);
    for (column, value) in columns.iter().zip(values) {
        put(value, column.datatype(), column.format(), &mut out);
    }
    let count = i16::try_from(columns.len().min(values.len())).unwrap_or(i16::MAX);
    DataRow::new(out, count)
}

/// The length of a value, then its bytes; -1 for NULL.
fn put(value: &SqlValue, pg: &Type, format: FieldFormat, out: &mut BytesMut) {
    if *value == SqlValue::Null {
        out.put_i32(-1);
        return;
    }
    let bytes = match format {
        FieldFormat::Text => text(value, pg).into_bytes(),
        FieldFormat::Binary => binary(value, pg),
    };
    out.put_i32(i32::try_from(bytes.len()).unwrap_or(i32::MAX));
    out.put_slice(&bytes);
}

fn text(value: &SqlValue, pg: &Type) -> String {
    match value {
        SqlValue::Null => "NULL".to_owned(),
        SqlValue::Boolean(truth) if *pg == Type::BOOL || *pg == Type::BOOL_ARRAY => {
            if *truth { "t" } else { "f" }.to_owned()
        }
        SqlValue::Boolean(truth) => truth.to_string(),
        SqlValue::Long(number) => number.to_string(),
        SqlValue::Float(number) => odd(f64::from(*number)).map_or_else(|| number.to_string(), str::to_owned),
        SqlValue::Double(number) => odd(*number).map_or_else(|| number.to_string(), str::to_owned),
        SqlValue::Text(text) => text.clone(),
        SqlValue::Timestamp(clock) => timestamp(*clock),
        SqlValue::Date(days) => date(i64::from(*days)),
        SqlValue::List(items) => {
            let items: Vec<String> = items.iter().map(|item| element(item, pg)).collect();
            format!("{{{}}}", items.join(","))
        }
    }
}

/// PostgreSQL's words for what is no finite number.
fn odd(number: f64) -> Option<&'static str> {
    match number {
        number if number.is_nan() => Some("NaN"),
        f64::INFINITY => Some("Infinity"),
        f64::NEG_INFINITY => Some("-Infinity"),
        _ => None,
    }
}

/// An element of an array's text: quoted where it could be taken for something else.
fn element(value: &SqlValue, pg: &Type) -> String {
    let bare = text(value, pg);
    match value {
        SqlValue::Text(_) => {
            let is_plain = !bare.is_empty()
                && !bare.eq_ignore_ascii_case("null")
                && !bare.contains(|c: char| "\"\\{},".contains(c) || c.is_whitespace());
            if is_plain {
                return bare;
            }
            format!("\"{}\"", bare.replace('\\', "\\\\").replace('"', "\\\""))
        }
        SqlValue::Timestamp(_) => format!("\"{bare}\""),
        _ => bare,
    }
}

/// `2015-09-12 00:46:58.771`
fn timestamp(clock_ms: i64) -> String {
    let of_day = clock_ms.rem_euclid(DAY_MS);
    let (seconds, ms) = (of_day / 1000, of_day % 1000);
    let (date, era) = calendar(clock_ms.div_euclid(DAY_MS));
    let time = format!("{:02}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60);
    let fraction = if ms == 0 { String::new() } else { format!(".{ms:03}").trim_end_matches('0').to_owned() };
    format!("{date} {time}{fraction}{era}")
}

fn date(days: i64) -> String {
    let (date, era) = calendar(days);
    format!("{date}{era}")
}

/// A day, and ` BC` for one before the year 1.
fn calendar(days: i64) -> (String, &'static str) {
    let date = civil_from_days(days);
    let (year, era) = if date.year > 0 { (date.year, "") } else { (1 - date.year, " BC") };
    (format!("{year:04}-{:02}-{:02}", date.month, date.day), era)
}

fn binary(value: &SqlValue, pg: &Type) -> Vec<u8> {
    match (pg, value) {
        (&Type::BOOL, SqlValue::Boolean(truth)) => vec![u8::from(*truth)],
        (&Type::INT8, SqlValue::Long(number)) => number.to_be_bytes().to_vec(),
        (&Type::INT4, SqlValue::Long(number)) => {
            let number = i32::try_from(*number).unwrap_or(if *number < 0 { i32::MIN } else { i32::MAX });
            number.to_be_bytes().to_vec()
        }
        (&Type::FLOAT4, SqlValue::Float(number)) => number.to_be_bytes().to_vec(),
        (&Type::FLOAT4, SqlValue::Double(number)) => (*number as f32).to_be_bytes().to_vec(),
        (&Type::FLOAT8, SqlValue::Double(number)) => number.to_be_bytes().to_vec(),
        (&Type::FLOAT8, SqlValue::Float(number)) => f64::from(*number).to_be_bytes().to_vec(),
        (&Type::FLOAT8, SqlValue::Long(number)) => (*number as f64).to_be_bytes().to_vec(),
        (&Type::TIMESTAMP, SqlValue::Timestamp(clock)) => {
            let micros = clock.saturating_sub(EPOCH_DAYS * DAY_MS).saturating_mul(1000);
            micros.to_be_bytes().to_vec()
        }
        (&Type::DATE, SqlValue::Date(days)) => {
            days.saturating_sub(i32::try_from(EPOCH_DAYS).unwrap_or_default()).to_be_bytes().to_vec()
        }
        (array, SqlValue::List(items)) => array_binary(items, array),
        // Texts, and what is described as one.
        (_, value) => text(value, pg).into_bytes(),
    }
}

fn array_binary(items: &[SqlValue], array: &Type) -> Vec<u8> {
    let element = match *array {
        Type::INT8_ARRAY => Type::INT8,
        Type::FLOAT8_ARRAY => Type::FLOAT8,
        Type::BOOL_ARRAY => Type::BOOL,
        Type::TIMESTAMP_ARRAY => Type::TIMESTAMP,
        _ => Type::TEXT,
    };
    let mut out = BytesMut::new();
    out.put_i32(i32::from(!items.is_empty()));
    out.put_i32(i32::from(items.contains(&SqlValue::Null)));
    out.put_u32(element.oid());
    if !items.is_empty() {
        out.put_i32(i32::try_from(items.len()).unwrap_or(i32::MAX));
        out.put_i32(1);
        items.iter().for_each(|item| put(item, &element, FieldFormat::Binary, &mut out));
    }
    out.to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts() {
        let shown = |value: SqlValue, pg: Type| text(&value, &pg);
        assert_eq!(shown(SqlValue::Timestamp(1_442_018_818_771), Type::TIMESTAMP), "2015-09-12 00:46:58.771");
        assert_eq!(
            shown(SqlValue::Timestamp(-62_198_755_200_000), Type::TIMESTAMP),
            "0002-01-01 00:00:00 BC"
        );
        assert_eq!(shown(SqlValue::Timestamp(500), Type::TIMESTAMP), "1970-01-01 00:00:00.5");
        assert_eq!(shown(SqlValue::Date(16_690), Type::DATE), "2015-09-12");
        assert_eq!(shown(SqlValue::Boolean(true), Type::BOOL), "t");
        assert_eq!(shown(SqlValue::Double(f64::NEG_INFINITY), Type::FLOAT8), "-Infinity");
        let list = ["x", "a b", "", "null", "q\"\\"].map(|text| SqlValue::Text(text.to_owned()));
        let list = list.into_iter().chain([SqlValue::Null]).collect();
        assert_eq!(shown(SqlValue::List(list), Type::TEXT_ARRAY), r#"{x,"a b","","null","q\"\\",NULL}"#);
    }

    #[test]
    fn binaries() {
        let at = SqlValue::Timestamp(946_684_800_001);
        assert_eq!(binary(&at, &Type::TIMESTAMP), 1000_i64.to_be_bytes());
        assert_eq!(binary(&SqlValue::Date(10_958), &Type::DATE), 1_i32.to_be_bytes());
        assert_eq!(binary(&SqlValue::Long(7), &Type::TEXT), b"7");
        let list = SqlValue::List(vec![SqlValue::Long(5), SqlValue::Null]);
        let bytes = binary(&list, &Type::INT8_ARRAY);
        assert_eq!(bytes.len(), 20 + 4 + 8 + 4);
        assert_eq!(bytes[..8], [0, 0, 0, 1, 0, 0, 0, 1]);
    }
}
