//! Which bytes stand for a sketch of relative error? The protocol buffers of Datadog's sketches: the message
//! `DDSketch` with its `IndexMapping` and two `Store`s.

use super::mapping::{Curve, Mapping};
use super::store::Store;
use super::{DdSketch, KIND};
use crate::SketchError;
use crate::bytes::Reader;

/// How a field is written.
const VARINT: u64 = 0;
const FIXED: u64 = 1;
const LENGTH: u64 = 2;

fn varint(bytes: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        bytes.push(value as u8 | 0x80);
        value >>= 7;
    }
    bytes.push(value as u8);
}

fn double(bytes: &mut Vec<u8>, field: u64, value: f64) {
    if value != 0.0 {
        varint(bytes, field << 3 | FIXED);
        bytes.extend(value.to_le_bytes());
    }
}

fn message(bytes: &mut Vec<u8>, field: u64, content: &[u8]) {
    varint(bytes, field << 3 | LENGTH);
    varint(bytes, content.len() as u64);
    bytes.extend(content);
}

fn zigzag(value: i32) -> u64 {
    u64::from((value << 1 ^ value >> 31) as u32)
}

impl Mapping {
    fn to_bytes(self) -> Vec<u8> {
        let mut bytes = Vec::new();
        double(&mut bytes, 1, self.gamma);
        double(&mut bytes, 2, self.offset);
        if self.curve != Curve::Exact {
            varint(&mut bytes, 3 << 3 | VARINT);
            varint(&mut bytes, self.curve as u64);
        }
        bytes
    }
}

impl Store {
    fn to_bytes(&self) -> Vec<u8> {
        let (first, counts) = self.range();
        let mut bytes = Vec::new();
        if !counts.is_empty() {
            let counts: Vec<u8> = counts.iter().flat_map(|count| count.to_le_bytes()).collect();
            message(&mut bytes, 2, &counts);
            if first != 0 {
                varint(&mut bytes, 3 << 3 | VARINT);
                varint(&mut bytes, zigzag(first));
            }
        }
        bytes
    }
}

/// A field of a message.
enum Value<'a> {
    Number(u64),
    Double(f64),
    Message(&'a [u8]),
}

fn number(reader: &mut Reader) -> Result<u64, SketchError> {
    let mut value = 0;
    for shift in (0..64).step_by(7) {
        let byte = reader.byte()?;
        value |= u64::from(byte & 0x7f) << shift;
        if byte < 0x80 {
            return Ok(value);
        }
    }
    Err(reader.corrupt("a number is too long"))
}

fn signed(value: u64) -> i32 {
    let value = value as u32;
    (value >> 1) as i32 ^ -((value & 1) as i32)
}

/// The fields of a message with their numbers.
fn fields(bytes: &[u8]) -> Result<Vec<(u64, Value<'_>)>, SketchError> {
    let mut reader = Reader::new(KIND, bytes);
    let mut fields = Vec::new();
    while reader.left() > 0 {
        let key = number(&mut reader)?;
        let value = match key & 7 {
            VARINT => Value::Number(number(&mut reader)?),
            FIXED => Value::Double(reader.f64_le()?),
            LENGTH => {
                let length = number(&mut reader)?;
                let length = usize::try_from(length).unwrap_or(usize::MAX);
                Value::Message(reader.take(length)?)
            }
            5 => Value::Number(u64::from(reader.u32_le()?)),
            _ => return Err(reader.corrupt("a field is of an unknown form")),
        };
        fields.push((key >> 3, value));
    }
    Ok(fields)
}

fn corrupt(reason: &str) -> SketchError {
    SketchError::corrupt(KIND, reason)
}

fn checked(count: f64) -> Result<f64, SketchError> {
    if count >= 0.0 && count.is_finite() { Ok(count) } else { Err(corrupt("a count is no number")) }
}

fn read_mapping(bytes: &[u8]) -> Result<Mapping, SketchError> {
    let (mut gamma, mut offset, mut curve) = (0.0, 0.0, 0);
    for field in fields(bytes)? {
        match field {
            (1, Value::Double(value)) => gamma = value,
            (2, Value::Double(value)) => offset = value,
            (3, Value::Number(value)) => curve = value,
            _ => {}
        }
    }
    let known = [Curve::Exact, Curve::Linear, Curve::Cubic];
    let curve = known.into_iter().find(|known| *known as u64 == curve);
    let curve = curve.ok_or_else(|| corrupt("the interpolation is none of NONE, LINEAR and CUBIC"))?;
    if !(gamma > 1.0 && gamma.is_finite() && offset.is_finite()) {
        return Err(corrupt("gamma is not above 1"));
    }
    Ok(Mapping { gamma, offset, curve })
}

fn read_store(bytes: &[u8], most_bins: usize) -> Result<Store, SketchError> {
    let mut store = Store::new(most_bins);
    let (mut counts, mut first) = (Vec::new(), 0);
    for field in fields(bytes)? {
        match field {
            (1, Value::Message(entry)) => {
                let (mut index, mut count) = (0, 0.0);
                for field in fields(entry)? {
                    match field {
                        (1, Value::Number(value)) => index = signed(value),
                        (2, Value::Double(value)) => count = checked(value)?,
                        _ => {}
                    }
                }
                store.add(index, count);
            }
            (2, Value::Message(packed)) => {
                for count in packed.chunks(8) {
                    let count = <[u8; 8]>::try_from(count).map_err(|_| corrupt("a count is cut off"))?;
                    counts.push(checked(f64::from_le_bytes(count))?);
                }
            }
            (2, Value::Double(count)) => counts.push(checked(count)?),
            (3, Value::Number(value)) => first = signed(value),
            _ => {}
        }
    }
    for (place, count) in counts.into_iter().enumerate() {
        let index = i64::from(first) + place as i64;
        store.add(i32::try_from(index).map_err(|_| corrupt("a bin is out of range"))?, count);
    }
    Ok(store)
}

impl DdSketch {
    /// Datadog's message.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        message(&mut bytes, 1, &self.mapping.to_bytes());
        message(&mut bytes, 2, &self.positive.to_bytes());
        message(&mut bytes, 3, &self.negative.to_bytes());
        double(&mut bytes, 4, self.zeros);
        bytes
    }

    /// Reads Datadog's message, into as many bins as Druid gives it.
    ///
    /// # Errors
    /// When the bytes are none.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, SketchError> {
        let bins = Self::DEFAULT_BINS;
        let (mut mapping, mut positive, mut negative) = (None, Store::new(bins), Store::new(bins));
        let mut zeros = 0.0;
        for field in fields(bytes)? {
            match field {
                (1, Value::Message(bytes)) => mapping = Some(read_mapping(bytes)?),
                (2, Value::Message(bytes)) => positive = read_store(bytes, bins)?,
                (3, Value::Message(bytes)) => negative = read_store(bytes, bins)?,
                (4, Value::Double(count)) => zeros = checked(count)?,
                _ => {}
            }
        }
        let mapping = mapping.ok_or_else(|| corrupt("there is no mapping"))?;
        Ok(Self { mapping, positive, negative, zeros })
    }
}
