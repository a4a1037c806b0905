//! How are the accumulators of expressions written in partial results?

use alluvium_expression::Value;
use serde::{Deserialize, Serialize};

use super::bytes::{Fixed, Reader, put_run};
use crate::QueryError;

/// A value whose doubles are kept bit by bit: JSON has no NaN.
#[derive(Serialize, Deserialize)]
enum Written {
    Double(u64),
    Doubles(Vec<Option<u64>>),
    Other(Value),
}

/// Writes the accumulators of groups, each a run of bytes, empty where there is none.
pub(super) fn put(out: &mut Vec<u8>, values: &[Option<Value>]) {
    (values.len() as u64).put(out);
    for value in values {
        let written = value.as_ref().map(|value| match value {
            Value::Double(d) => Written::Double(d.to_bits()),
            Value::DoubleArray(items) => {
                Written::Doubles(items.iter().map(|d| d.map(f64::to_bits)).collect())
            }
            other => Written::Other(other.clone()),
        });
        let bytes = written.and_then(|written| serde_json::to_vec(&written).ok()).unwrap_or_default();
        put_run(out, &bytes);
    }
}

/// Reads what [`put`] wrote.
pub(super) fn read(reader: &mut Reader<'_>) -> Result<Vec<Option<Value>>, QueryError> {
    let mut values = Vec::new();
    for _ in 0..reader.len(8)? {
        let bytes: Vec<u8> = reader.run()?;
        if bytes.is_empty() {
            values.push(None);
            continue;
        }
        let written = serde_json::from_slice(&bytes).map_err(|_| reader.fail("an accumulator"))?;
        values.push(Some(match written {
            Written::Double(bits) => Value::Double(f64::from_bits(bits)),
            Written::Doubles(items) => {
                Value::DoubleArray(items.into_iter().map(|bits| bits.map(f64::from_bits)).collect())
            }
            Written::Other(value) => value,
        }));
    }
    Ok(values)
}
