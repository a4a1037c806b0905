//! What does a column's directory say of one block? 32 bytes a block, described in `FORMAT.md`.

use super::Damage;
use super::scaled::{SCALE_BYTES, SCALED};

/// Bytes of an entry.
pub(crate) const ENTRY_BYTES: usize = 32;

/// The `exponent` of blocks whose words are the values' own bits.
pub(crate) const RAW: u8 = 255;

/// How a block's words are laid down. The numbers are part of the format.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Encoding {
    /// All equal `base`; no payload.
    Constant = 0,
    /// `base` plus an offset of `width` bits.
    Packed = 1,
    /// Differences to the predecessor, `base` plus `width` bits each; a first value a chunk of 1024.
    Delta = 2,
    /// Runs: their ends, then an offset to `base` each, of `width` bytes.
    Runs = 3,
    /// An offset to `base` of `width` bytes each.
    Plain = 4,
    /// As plain, compressed by LZ4.
    Lz4 = 5,
}

impl Encoding {
    fn from_tag(tag: u8) -> Option<Self> {
        Some(match tag {
            0 => Self::Constant,
            1 => Self::Packed,
            2 => Self::Delta,
            3 => Self::Runs,
            4 => Self::Plain,
            5 => Self::Lz4,
            _ => return None,
        })
    }

    /// The name shown to people.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Constant => "constant",
            Self::Packed => "packed",
            Self::Delta => "delta",
            Self::Runs => "runs",
            Self::Plain => "plain",
            Self::Lz4 => "lz4",
        }
    }
}

/// One block of a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct BlockEntry {
    /// Where its payload starts in the column's data section; a multiple of 8.
    pub(crate) offset: u64,
    /// What is added to each stored offset (to each difference, for `Delta`).
    pub(crate) base: u64,
    /// Length of its payload, patches included.
    pub(crate) bytes: u32,
    /// Number of runs (`Runs`), or compressed bytes before padding (`Lz4`); 0 otherwise.
    pub(crate) runs: u32,
    /// Number of values kept apart because they are no short decimals.
    pub(crate) patches: u16,
    /// How the words are laid down.
    pub(crate) encoding: Encoding,
    /// Bits (`Packed`, `Delta`) or bytes (`Runs`, `Plain`, `Lz4`) a value.
    pub(crate) width: u8,
    /// Words are integers to divide by ten to this power, or `RAW`, or numbers of steps (`SCALED`).
    pub(crate) exponent: u8,
}

impl BlockEntry {
    /// Its 32 bytes.
    pub(crate) fn to_bytes(self) -> [u8; ENTRY_BYTES] {
        let mut bytes = [0; ENTRY_BYTES];
        bytes[0..8].copy_from_slice(&self.offset.to_le_bytes());
        bytes[8..16].copy_from_slice(&self.base.to_le_bytes());
        bytes[16..20].copy_from_slice(&self.bytes.to_le_bytes());
        bytes[20..24].copy_from_slice(&self.runs.to_le_bytes());
        bytes[24..26].copy_from_slice(&self.patches.to_le_bytes());
        bytes[26] = self.encoding as u8;
        bytes[27] = self.width;
        bytes[28] = self.exponent;
        bytes
    }

    /// Reads what [`BlockEntry::to_bytes`] wrote.
    pub(crate) fn from_bytes(bytes: &[u8; ENTRY_BYTES]) -> Result<Self, Damage> {
        let [o0, o1, o2, o3, o4, o5, o6, o7, b0, b1, b2, b3, b4, b5, b6, b7, rest @ ..] = *bytes;
        let [l0, l1, l2, l3, r0, r1, r2, r3, p0, p1, tag, width, exponent, z0, z1, z2] = rest;
        let encoding = Encoding::from_tag(tag).ok_or_else(|| {
            Damage::new("a block encoding known to this format version", format!("tag {tag}"))
        })?;
        if [z0, z1, z2] != [0; 3] {
            return Err(Damage::new("zeroes at the end of a block entry", format!("{:?}", [z0, z1, z2])));
        }
        if !matches!(exponent, RAW | SCALED) && usize::from(exponent) >= super::decimal::POWERS.len() {
            return Err(Damage::new("a decimal exponent up to 22", exponent.to_string()));
        }
        if exponent == SCALED && [p0, p1] != [0; 2] {
            return Err(Damage::new("a scaled block without patches", "patches"));
        }
        Ok(Self {
            offset: u64::from_le_bytes([o0, o1, o2, o3, o4, o5, o6, o7]),
            base: u64::from_le_bytes([b0, b1, b2, b3, b4, b5, b6, b7]),
            bytes: u32::from_le_bytes([l0, l1, l2, l3]),
            runs: u32::from_le_bytes([r0, r1, r2, r3]),
            patches: u16::from_le_bytes([p0, p1]),
            encoding,
            width,
            exponent,
        })
    }

    /// A word that none of the block's words, as unsigned numbers, exceeds; `None` where the entry cannot tell.
    pub(crate) fn most(&self) -> Option<u64> {
        let offset = match (self.encoding, self.width) {
            (Encoding::Constant, _) => 0,
            (Encoding::Packed, width @ 0..=63) => (1u64 << width) - 1,
            (Encoding::Plain | Encoding::Runs | Encoding::Lz4, bytes @ 1..=7) => (1u64 << (8 * bytes)) - 1,
            _ => return None,
        };
        self.base.checked_add(offset)
    }

    /// Bytes at the end of the payload that hold patches, or step and origin.
    pub(crate) fn tail_bytes(&self) -> usize {
        if self.exponent == SCALED {
            return SCALE_BYTES;
        }
        super::padded(2 * usize::from(self.patches)) + 8 * usize::from(self.patches)
    }
}
