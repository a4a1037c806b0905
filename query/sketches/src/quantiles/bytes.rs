//! Which bytes stand for a quantiles sketch? Those of Java's compact `DoublesSketch` (serial version 3); older
//! versions and the updatable form are read too.

use super::{Bits, KIND, QuantilesDoubles};
use crate::SketchError;
use crate::bytes::Reader;

/// Apache's number of the family.
const FAMILY: u8 = 8;
/// Flags.
const READ_ONLY: u8 = 2;
const EMPTY: u8 = 4;
const COMPACT: u8 = 8;
const ORDERED: u8 = 16;

impl QuantilesDoubles {
    /// The compact form, its buffer in order.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let flags = READ_ONLY | COMPACT | ORDERED;
        let (longs, empty) = if self.count == 0 { (1, EMPTY) } else { (2, 0) };
        let mut bytes = vec![longs, 3, FAMILY, flags | empty];
        bytes.extend((self.k as u16).to_le_bytes());
        bytes.extend([0; 2]);
        if self.count > 0 {
            bytes.extend(self.count.to_le_bytes());
            let mut base = self.base.clone();
            base.sort_unstable_by(f64::total_cmp);
            let values = [self.least, self.most].into_iter().chain(base);
            let values = values.chain(self.levels.iter().flatten().copied());
            values.for_each(|value| bytes.extend(value.to_le_bytes()));
        }
        bytes
    }

    /// Reads any form.
    ///
    /// # Errors
    /// When the bytes are none, or do not agree with themselves.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, SketchError> {
        let mut reader = Reader::new(KIND, bytes);
        let [longs, version, family, flags] = reader.array()?;
        let k = usize::from(reader.u16_le()?);
        reader.u16_le()?;
        reader.ensure(family == FAMILY, "the family is not that of quantiles")?;
        reader.ensure((1..=3).contains(&version), "the serial version is not 1, 2 or 3")?;
        let sketch = Self::new(k).map_err(|e| reader.corrupt(e.to_string()))?;
        if flags & EMPTY != 0 {
            return Ok(sketch);
        }
        let expected = if version == 1 { 5 } else { 2 };
        reader.ensure(longs == expected, "the preamble has another length")?;
        let count = reader.u64_le()?;
        reader.ensure((1..1 << 48).contains(&count), "the number of values is out of range")?;
        let compact = version == 2 || flags & COMPACT != 0;
        read_values(&mut reader, sketch, count, version == 1, compact)
    }
}

fn read_values(
    reader: &mut Reader,
    mut sketch: QuantilesDoubles,
    count: u64,
    oldest: bool,
    compact: bool,
) -> Result<QuantilesDoubles, SketchError> {
    let k = sketch.k;
    (sketch.least, sketch.most) = (reader.f64_le()?, reader.f64_le()?);
    if oldest {
        reader.u64_le()?;
    }
    let (base, pattern) = ((count % (2 * k as u64)) as usize, count / (2 * k as u64));
    sketch.base = reader.doubles_le(base)?;
    if !compact && pattern > 0 {
        reader.doubles_le(2 * k - base)?;
    }
    for level in 0..(u64::BITS - pattern.leading_zeros()) {
        let there = pattern >> level & 1 == 1;
        let values = if there || !compact { reader.doubles_le(k)? } else { Vec::new() };
        sketch.levels.push(if there { values } else { Vec::new() });
    }
    let within = |value: &f64| sketch.least <= *value && *value <= sketch.most;
    reader.ensure(
        sketch.base.iter().chain(sketch.levels.iter().flatten()).all(within),
        "a value is out of its bounds",
    )?;
    reader.ensure(sketch.levels.iter().all(|level| level.is_sorted()), "a level is not in order")?;
    sketch.count = count;
    sketch.bits = Bits(count ^ (k as u64) << 48);
    Ok(sketch)
}
