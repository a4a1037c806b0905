//! Which bytes stand for a sketch of keys with doubles? Those of Java's `ArrayOfDoublesCompactSketch`; its tables
//! are read too.

use super::{ArrayOfDoubles, KIND};
use crate::SketchError;
use crate::bytes::Reader;
use crate::sample::{Sample, lg_of, seed_hash};

/// Apache's number of the family.
const FAMILY: u8 = 9;
/// Types of sketch within the family.
const TABLE: u8 = 2;
const COMPACT: u8 = 3;
/// Flags.
const EMPTY: u8 = 4;
const ENTRIES: u8 = 8;

impl ArrayOfDoubles {
    /// The compact form.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let sample = self.shown();
        let entries = sample.sorted();
        let empty = if sample.is_empty() { EMPTY } else { 0 };
        let some = if entries.is_empty() { 0 } else { ENTRIES };
        let mut bytes = vec![1, 1, FAMILY, COMPACT, empty | some, sample.width() as u8];
        bytes.extend(seed_hash().to_le_bytes());
        bytes.extend(sample.theta().to_le_bytes());
        if !entries.is_empty() {
            bytes.extend((entries.len() as u32).to_le_bytes());
            bytes.extend([0; 4]);
            entries.iter().for_each(|(hash, _)| bytes.extend(hash.to_le_bytes()));
            for (_, row) in entries {
                row.iter().for_each(|value| bytes.extend(value.to_le_bytes()));
            }
        }
        bytes
    }

    /// Reads the compact form, or a table.
    ///
    /// # Errors
    /// When the bytes are neither, or were hashed with another seed.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, SketchError> {
        let mut reader = Reader::new(KIND, bytes);
        let [longs, version, family, form, flags, width] = reader.array()?;
        reader.ensure(
            longs == 1 && version == 1 && family == FAMILY,
            "the preamble is not that of the family",
        )?;
        reader.ensure((1..=127).contains(&width), "the number of values is out of range")?;
        let width = usize::from(width);
        let seed = reader.u16_le()?;
        reader.ensure(seed == seed_hash(), "the seed is another")?;
        let theta = reader.u64_le()?;
        reader.ensure((1..=i64::MAX as u64).contains(&theta), "theta is out of range")?;
        let (empty, some) = (flags & EMPTY != 0, flags & ENTRIES != 0);
        reader.ensure(!(empty && some), "it is empty and has entries")?;
        match form {
            COMPACT => {
                let count = if some { reader.array::<8>()? } else { [0; 8] };
                let count = u32::from_le_bytes([count[0], count[1], count[2], count[3]]) as usize;
                let lg_k = lg_of(count.max(Self::DEFAULT_ENTRIES));
                rows(&mut reader, Sample::below(lg_k, width, theta, empty), count)
            }
            TABLE => {
                let [lg_k, lg_table, _, _] = reader.array()?;
                reader.ensure((4..=26).contains(&lg_k) && lg_table <= 27, "the sizes are out of range")?;
                reader.array::<12>()?;
                let places = if some { 1 << lg_table } else { 0 };
                rows(&mut reader, Sample::below(lg_k, width, theta, empty), places)
            }
            _ => Err(reader.corrupt("the type of sketch is neither compact nor a table")),
        }
    }
}

/// Hashes, then the rows of each; a hash of zero is a free place.
fn rows(reader: &mut Reader, mut sample: Sample, count: usize) -> Result<ArrayOfDoubles, SketchError> {
    let hashes = reader.words_le(count)?;
    let size = count.checked_mul(sample.width()).ok_or_else(|| reader.corrupt("a count overflows"))?;
    let values = reader.doubles_le(size)?;
    let theta = sample.theta();
    for (hash, row) in hashes.into_iter().zip(values.chunks(sample.width())) {
        reader.ensure(hash < theta, "a hash is not below theta")?;
        if hash != 0 {
            sample.insert(hash, row);
        }
    }
    Ok(ArrayOfDoubles { sample, union: false })
}
