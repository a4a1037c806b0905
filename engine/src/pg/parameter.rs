//! What is a parameter's value? Text or binary of a type the client has named or was told; here it becomes an SQL type and
//! a value.

use alluvium_query::sql::SqlParameter;
use pgwire::api::Type;
use pgwire::api::results::FieldFormat;
use pgwire::error::PgWireError;
use serde_json::{Value, json};

use super::fault::fault;

/// Milliseconds from 1970-01-01 to 2000-01-01.
const EPOCH_MS: i64 = 946_684_800_000;
/// Milliseconds of a day.
const DAY_MS: i64 = 86_400_000;

/// A parameter of its bytes; `None` is NULL.
pub(super) fn parameter(
    bytes: Option<&[u8]>,
    pg: &Type,
    format: FieldFormat,
) -> Result<SqlParameter, PgWireError> {
    let sql_type = match *pg {
        Type::BOOL => "BOOLEAN",
        Type::INT2 | Type::INT4 | Type::INT8 | Type::OID => "BIGINT",
        Type::FLOAT4 | Type::FLOAT8 | Type::NUMERIC => "DOUBLE",
        Type::TIMESTAMP | Type::TIMESTAMPTZ | Type::DATE => "TIMESTAMP",
        Type::INT8_ARRAY | Type::INT4_ARRAY | Type::FLOAT8_ARRAY | Type::TEXT_ARRAY | Type::VARCHAR_ARRAY => {
            "ARRAY"
        }
        _ => "VARCHAR",
    };
    let value = match (bytes, format) {
        (None, _) => Value::Null,
        (Some(bytes), FieldFormat::Text) => text(utf8(bytes)?, pg)?,
        (Some(bytes), FieldFormat::Binary) => binary(bytes, pg)?,
    };
    Ok(SqlParameter { sql_type: sql_type.to_owned(), value })
}

fn utf8(bytes: &[u8]) -> Result<&str, PgWireError> {
    std::str::from_utf8(bytes).map_err(|_| fault("22021", "a parameter is not UTF-8"))
}

/// What SQL reads from text itself stays text.
fn text(text: &str, pg: &Type) -> Result<Value, PgWireError> {
    Ok(match *pg {
        Type::BOOL => match text.to_ascii_lowercase().as_str() {
            "t" | "true" | "1" | "on" | "yes" | "y" => json!(true),
            "f" | "false" | "0" | "off" | "no" | "n" => json!(false),
            _ => return Err(wrong(pg)),
        },
        Type::INT8_ARRAY | Type::INT4_ARRAY | Type::FLOAT8_ARRAY | Type::TEXT_ARRAY | Type::VARCHAR_ARRAY => {
            list(text, pg)?
        }
        _ => json!(text),
    })
}

fn wrong(pg: &Type) -> PgWireError {
    fault("22P02", &format!("invalid input syntax for type {}", pg.name()))
}

/// `{a,"b c",NULL}`
fn list(text: &str, pg: &Type) -> Result<Value, PgWireError> {
    let inner = text.trim().strip_prefix('{').and_then(|text| text.strip_suffix('}'));
    let inner = inner.ok_or_else(|| wrong(pg))?;
    let mut items = Vec::new();
    let mut chars = inner.chars().peekable();
    while chars.peek().is_some() {
        let (mut item, mut quoted) = (String::new(), false);
        if chars.next_if_eq(&'"').is_some() {
            quoted = true;
            loop {
                match chars.next().ok_or_else(|| wrong(pg))? {
                    '"' => break,
                    '\\' => item.push(chars.next().ok_or_else(|| wrong(pg))?),
                    c => item.push(c),
                }
            }
        } else {
            while let Some(c) = chars.next_if(|c| *c != ',') {
                item.push(c);
            }
        }
        if chars.next().is_some_and(|c| c != ',') {
            return Err(wrong(pg));
        }
        items.push(match (quoted, *pg == Type::TEXT_ARRAY || *pg == Type::VARCHAR_ARRAY) {
            (false, _) if item.eq_ignore_ascii_case("null") => Value::Null,
            (_, true) => json!(item),
            (_, false) => serde_json::from_str(item.trim()).map_err(|_| wrong(pg))?,
        });
    }
    Ok(Value::Array(items))
}

fn binary(bytes: &[u8], pg: &Type) -> Result<Value, PgWireError> {
    let odd = || wrong(pg);
    let long = || bytes.try_into().map(i64::from_be_bytes).map_err(|_| odd());
    let int = || bytes.try_into().map(i32::from_be_bytes).map_err(|_| odd());
    Ok(match *pg {
        Type::BOOL => json!(bytes.first().is_some_and(|byte| *byte != 0)),
        Type::INT2 => json!(bytes.try_into().map(i16::from_be_bytes).map_err(|_| odd())?),
        Type::INT4 => json!(int()?),
        Type::OID => json!(int()?.cast_unsigned()),
        Type::INT8 => json!(long()?),
        Type::FLOAT4 => {
            let number: f32 = bytes.try_into().map(f32::from_be_bytes).map_err(|_| odd())?;
            number.to_string().parse::<f64>().map_or(Value::Null, |number| json!(number))
        }
        Type::FLOAT8 => json!(bytes.try_into().map(f64::from_be_bytes).map_err(|_| odd())?),
        Type::NUMERIC => json!(numeric(bytes).ok_or_else(odd)?),
        Type::TIMESTAMP => json!(long()?.div_euclid(1000).saturating_add(EPOCH_MS)),
        // An instant, whatever the session's zone.
        Type::TIMESTAMPTZ => {
            let instant = long()?.div_euclid(1000).saturating_add(EPOCH_MS);
            json!(alluvium_segments::time::format_iso(instant))
        }
        Type::DATE => json!(i64::from(int()?) * DAY_MS + EPOCH_MS),
        Type::INT8_ARRAY => array(bytes, &Type::INT8)?,
        Type::INT4_ARRAY => array(bytes, &Type::INT4)?,
        Type::FLOAT8_ARRAY => array(bytes, &Type::FLOAT8)?,
        Type::TEXT_ARRAY | Type::VARCHAR_ARRAY => array(bytes, &Type::TEXT)?,
        Type::TEXT | Type::VARCHAR | Type::BPCHAR | Type::NAME | Type::UNKNOWN | Type::JSON => {
            json!(utf8(bytes)?)
        }
        _ => {
            let text = format!("parameters of type {} cannot be used here; cast them to text", pg.name());
            return Err(fault("0A000", &text));
        }
    })
}

/// An array of one dimension: dimensions, whether there are NULLs, element type, length, lower bound, elements.
fn array(bytes: &[u8], element: &Type) -> Result<Value, PgWireError> {
    let odd = || fault("22P03", "an array parameter is cut off");
    let int = |at: usize| -> Result<i32, PgWireError> {
        let word = bytes.get(at..at + 4).and_then(|word| word.try_into().ok());
        word.map(i32::from_be_bytes).ok_or_else(odd)
    };
    if int(0)? == 0 {
        return Ok(json!([]));
    }
    let count = usize::try_from(int(12)?).map_err(|_| odd())?;
    let (mut items, mut at) = (Vec::new(), 20);
    for _ in 0..count {
        let length = int(at)?;
        at += 4;
        let Ok(length) = usize::try_from(length) else {
            items.push(Value::Null);
            continue;
        };
        items.push(binary(bytes.get(at..at + length).ok_or_else(odd)?, element)?);
        at += length;
    }
    Ok(Value::Array(items))
}

/// The decimal text of a `numeric`: digits to the base 10,000 with a weight, a sign and a scale.
fn numeric(bytes: &[u8]) -> Option<String> {
    let word = |at: usize| bytes.get(at * 2..at * 2 + 2)?.try_into().ok().map(u16::from_be_bytes);
    let (count, weight, sign) = (usize::from(word(0)?), i32::from(word(1)?.cast_signed()), word(2)?);
    let scale = usize::from(word(3)?);
    if !matches!(sign, 0 | 0x4000) {
        return None;
    }
    let digit = |place: i32| -> Option<u16> {
        match usize::try_from(weight - place) {
            Ok(at) if at < count => word(4 + at),
            _ => Some(0),
        }
    };
    let mut text = String::from(if sign == 0 { "" } else { "-" });
    let first = weight.max(0);
    for place in (0..=first).rev() {
        let digit = digit(place)?;
        text.push_str(&if place == first { digit.to_string() } else { format!("{digit:04}") });
    }
    if scale > 0 {
        let mut fraction = String::new();
        let mut place = -1;
        while fraction.len() < scale {
            fraction.push_str(&format!("{:04}", digit(place)?));
            place -= 1;
        }
        fraction.truncate(scale);
        text.push('.');
        text.push_str(&fraction);
    }
    Some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(bytes: &[u8], pg: &Type, format: FieldFormat) -> Value {
        parameter(Some(bytes), pg, format).unwrap().value
    }

    #[test]
    fn texts_and_binaries() {
        assert_eq!(of(b"t", &Type::BOOL, FieldFormat::Text), json!(true));
        assert_eq!(of(b"12", &Type::INT8, FieldFormat::Text), json!("12"));
        assert_eq!(of(&7_i32.to_be_bytes(), &Type::INT4, FieldFormat::Binary), json!(7));
        assert_eq!(of(&1000_i64.to_be_bytes(), &Type::TIMESTAMP, FieldFormat::Binary), json!(EPOCH_MS + 1));
        let list = br#"{x,"a \"b",NULL}"#;
        assert_eq!(of(list, &Type::TEXT_ARRAY, FieldFormat::Text), json!(["x", "a \"b", null]));
        // 12345.678 and -0.5
        let number = [0, 3, 0, 1, 0, 0, 0, 3, 0, 1, 9, 41, 26, 124];
        assert_eq!(of(&number, &Type::NUMERIC, FieldFormat::Binary), json!("12345.678"));
        let half = [0, 1, 0xff, 0xff, 0x40, 0, 0, 1, 19, 136];
        assert_eq!(of(&half, &Type::NUMERIC, FieldFormat::Binary), json!("-0.5"));
        assert!(parameter(Some(b"x"), &Type::INT8, FieldFormat::Binary).is_err());
        assert!(parameter(Some(b"\xff"), &Type::TEXT, FieldFormat::Binary).is_err());
    }

    proptest::proptest! {
        #[test]
        fn any_bytes_are_a_value_or_an_error(bytes in proptest::collection::vec(0_u8..=255, 0..64)) {
            for pg in [Type::BOOL, Type::INT2, Type::INT4, Type::INT8, Type::FLOAT8, Type::NUMERIC, Type::TIMESTAMP,
                Type::TIMESTAMPTZ, Type::DATE, Type::TEXT, Type::INT8_ARRAY, Type::TEXT_ARRAY, Type::UUID] {
                for format in [FieldFormat::Text, FieldFormat::Binary] {
                    let _ = parameter(Some(&bytes), &pg, format);
                }
            }
        }
    }
}
