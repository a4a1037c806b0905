//! Which bytes stand for a collector? Those of Druid's version 1: a head of seven bytes, then all registers, or, of
//! few, each byte of registers with its place. Version 0 is read too.

use super::collector::{BUCKETS, HyperUnique};
use crate::SketchError;
use crate::bytes::Reader;

const KIND: &str = "hyperUnique";
const VERSION: u8 = 1;
/// Bytes before the registers.
const HEAD: usize = 7;
const OLD_HEAD: usize = 3;
const REGISTERS: usize = BUCKETS / 2;
/// From so many registers on, all are written.
pub(super) const DENSE: u16 = 128;

impl HyperUnique {
    /// Druid's version 1.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = vec![VERSION, self.offset];
        bytes.extend(self.nonzero.to_be_bytes());
        bytes.push(self.overflow);
        bytes.extend(self.overflow_bucket.to_be_bytes());
        if self.nonzero >= DENSE {
            bytes.extend(self.registers.iter());
            return bytes;
        }
        for (place, byte) in self.registers.iter().enumerate().filter(|(_, byte)| **byte != 0) {
            bytes.extend(((place + HEAD) as u16).to_be_bytes());
            bytes.push(*byte);
        }
        // Druid makes room for each register, and leaves free what two of one byte have saved.
        bytes.resize(HEAD + 3 * usize::from(self.nonzero), 0);
        bytes
    }

    /// Reads versions 1 and 0; no bytes are no values.
    ///
    /// # Errors
    /// When the bytes are neither, or do not agree with themselves.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, SketchError> {
        let mut hll = Self::default();
        if bytes.is_empty() {
            return Ok(hll);
        }
        let mut reader = Reader::new(KIND, bytes);
        let old = bytes.len().is_multiple_of(3) || bytes.len() == OLD_HEAD + REGISTERS;
        if !old {
            let version = reader.byte()?;
            reader.ensure(version == VERSION, "the version is neither 0 nor 1")?;
        }
        hll.offset = reader.byte()?;
        reader.u16_be()?;
        if !old {
            hll.overflow = reader.byte()?;
            hll.overflow_bucket = reader.u16_be()?;
        }
        let in_range = hll.offset <= 63 && hll.overflow <= 64 && usize::from(hll.overflow_bucket) < BUCKETS;
        reader.ensure(in_range, "the head is out of range")?;
        let head = if old { OLD_HEAD } else { HEAD };
        if reader.left() == REGISTERS {
            hll.registers.copy_from_slice(reader.take(REGISTERS)?);
        } else {
            while reader.left() > 0 {
                let (place, byte) = (usize::from(reader.u16_be()?), reader.byte()?);
                match place.checked_sub(head).and_then(|place| hll.registers.get_mut(place)) {
                    Some(register) => *register = byte,
                    None => reader.ensure(byte == 0, "a register is out of range")?,
                }
            }
        }
        let halves = hll.registers.iter().map(|byte| u16::from(byte >> 4 != 0) + u16::from(byte & 15 != 0));
        hll.nonzero = halves.sum();
        reader.ensure(usize::from(hll.nonzero) < BUCKETS, "all registers are above the offset")?;
        Ok(hll)
    }
}

#[cfg(test)]
mod tests {
    use super::super::{hash_of_bytes, hash_of_text};
    use super::*;

    fn of(values: std::ops::Range<u64>) -> HyperUnique {
        let mut hll = HyperUnique::default();
        values.for_each(|value| hll.update(hash_of_bytes(&value.to_le_bytes())));
        hll
    }

    #[test]
    fn few_registers_are_written_with_their_places() {
        let mut hll = HyperUnique::default();
        hll.update(hash_of_text("a"));
        let bytes = hll.to_bytes();
        assert_eq!(bytes.len(), 10);
        assert_eq!(bytes[..7], [1, 0, 0, 1, 0, 0, 0]);
        let place = usize::from(u16::from_be_bytes([bytes[7], bytes[8]])) - HEAD;
        assert_eq!(hll.registers[place], bytes[9]);
        assert_eq!(HyperUnique::default().to_bytes(), [1, 0, 0, 0, 0, 0, 0]);
        assert_eq!(of(0..1000).to_bytes().len(), HEAD + REGISTERS);
    }

    #[test]
    fn what_is_written_is_read() {
        for count in [0, 1, 5, 100, 127, 128, 140, 5000, 1_000_000] {
            let hll = of(0..count);
            let bytes = hll.to_bytes();
            assert_eq!(HyperUnique::from_bytes(&bytes), Ok(hll));
            if bytes.len() < 200 {
                crate::fixtures::abuse(&bytes, HyperUnique::from_bytes, |mut hll| {
                    hll.merge(&of(0..10));
                    hll.update(hash_of_text("x"));
                    let _ = (hll.estimate(), hll.to_bytes());
                });
            }
        }
        assert_eq!(HyperUnique::from_bytes(&[]), Ok(HyperUnique::default()));
        let old = [0, 0, 1, 0, 3, 0x10];
        assert_eq!(HyperUnique::from_bytes(&old).unwrap().registers[0], 0x10);
        assert!(HyperUnique::from_bytes(&[1, 0, 0, 1, 0, 0, 0, 255, 255, 1]).is_err());
        assert!(HyperUnique::from_bytes(&[2, 0, 0, 1, 0, 0, 0, 0, 9, 1]).is_err());
    }
}
