//! May a value have been among those added? The Bloom filter of Apache Hive and Druid (`BloomKFilter`): all bits of
//! a value lie in one block of eight words. After Kirsch and Mitzenmacher, "Less Hashing, Same Performance: Building
//! a Better Bloom Filter" (ESA 2006); values are hashed and bytes laid out as in Hive's storage API 2.7.

use crate::bytes::Reader;
use crate::murmur::{finish, mix1, word};
use crate::{SketchError, sample};

const KIND: &str = "bloom";
/// Words of a block.
const BLOCK: usize = 8;
/// The share of values not added that pass, as Java widens the float 0.05.
const FALSE_POSITIVES: f64 = 0.05f32 as f64;
/// What Hive starts its hashes with.
const SEED: u64 = 104_729;
/// The hash of null.
const NULL: u64 = 2_862_933_555_777_941_757;
/// Words at most.
const MOST_WORDS: usize = 1 << 25;

/// A Bloom filter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bloom {
    hashes: u8,
    words: Vec<u64>,
}

/// Hive's 64 bits of Murmur3.
fn hash_of(bytes: &[u8]) -> u64 {
    let mut hash = SEED;
    let (words, tail) = bytes.as_chunks::<8>();
    for bytes in words {
        hash = step(hash, u64::from_le_bytes(*bytes));
    }
    if !tail.is_empty() {
        hash ^= mix1(word(tail));
    }
    finish(hash ^ bytes.len() as u64)
}

fn step(hash: u64, word: u64) -> u64 {
    (hash ^ mix1(word)).rotate_left(27).wrapping_mul(5).wrapping_add(0x52dc_e729)
}

impl Bloom {
    /// Druid's default of `maxNumEntries`.
    pub const DEFAULT_ENTRIES: u64 = 1500;

    /// Of no values, for so many distinct ones at most.
    ///
    /// # Errors
    /// Unless there are 1 to about 340 million.
    pub fn new(max_entries: u64) -> Result<Self, SketchError> {
        let (entries, ln2) = (max_entries as f64, std::f64::consts::LN_2);
        let bits = (-entries * FALSE_POSITIVES.ln() / (ln2 * ln2)).floor();
        let words = (bits / 64.0).ceil();
        if max_entries == 0 || words > (MOST_WORDS - BLOCK) as f64 {
            let text = format!("`maxNumEntries` is from 1 to 340 million, not {max_entries}");
            return Err(SketchError::parameter(text));
        }
        let words = words as usize;
        let hashes = (bits / entries * ln2).round().max(1.0);
        Ok(Self { hashes: hashes as u8, words: vec![0; words + BLOCK - words % BLOCK] })
    }

    /// The word and the bit in it of each hash of a value.
    fn places(&self, hash: u64) -> impl Iterator<Item = (usize, u64)> + use<> {
        let (low, high) = (hash as i32, (hash >> 32) as i32);
        let positive = |value: i32| if value < 0 { !value } else { value } as usize;
        let block = positive(low.wrapping_add(high)) % (self.words.len() / BLOCK).max(1);
        (1..=i32::from(self.hashes)).map(move |i| {
            let combined = positive(low.wrapping_add((i + 1).wrapping_mul(high)));
            (block * BLOCK + combined % BLOCK, 1 << (combined / BLOCK % 64))
        })
    }

    /// The hash of a value.
    pub(crate) fn hash(item: crate::Item<'_>) -> u64 {
        match item {
            crate::Item::Null => NULL,
            crate::Item::Text(text) => hash_of(text.as_bytes()),
            crate::Item::Long(value) => hash_of_long(value),
            crate::Item::Float(value) => hash_of(&float_bits(value)),
            crate::Item::Double(value) => hash_of_long(bits(value)),
        }
    }

    /// Adds a value by its hash.
    pub(crate) fn update_hash(&mut self, hash: u64) {
        self.add(hash);
    }

    /// Whether a value may have been added.
    #[must_use]
    pub fn test(&self, item: crate::Item<'_>) -> bool {
        self.has(Self::hash(item))
    }

    fn add(&mut self, hash: u64) {
        for (place, bit) in self.places(hash) {
            self.words[place] |= bit;
        }
    }

    fn has(&self, hash: u64) -> bool {
        self.places(hash).all(|(place, bit)| self.words[place] & bit != 0)
    }

    /// Adds bytes.
    pub fn update_bytes(&mut self, value: &[u8]) {
        self.add(hash_of(value));
    }

    /// Adds a text by its UTF-8.
    pub fn update_text(&mut self, value: &str) {
        self.update_bytes(value.as_bytes());
    }

    /// Adds a long.
    pub fn update_long(&mut self, value: i64) {
        self.add(hash_of_long(value));
    }

    /// Adds a double.
    pub fn update_double(&mut self, value: f64) {
        self.update_long(bits(value));
    }

    /// Adds a float.
    pub fn update_float(&mut self, value: f32) {
        self.update_bytes(&float_bits(value));
    }

    /// Adds null.
    pub fn update_null(&mut self) {
        self.add(NULL);
    }

    /// Whether bytes may have been added.
    #[must_use]
    pub fn test_bytes(&self, value: &[u8]) -> bool {
        self.has(hash_of(value))
    }

    /// Whether a text may have been added.
    #[must_use]
    pub fn test_text(&self, value: &str) -> bool {
        self.test_bytes(value.as_bytes())
    }

    /// Whether a long may have been added.
    #[must_use]
    pub fn test_long(&self, value: i64) -> bool {
        self.has(hash_of_long(value))
    }

    /// Whether a double may have been added.
    #[must_use]
    pub fn test_double(&self, value: f64) -> bool {
        self.test_long(bits(value))
    }

    /// Whether a float may have been added.
    #[must_use]
    pub fn test_float(&self, value: f32) -> bool {
        self.test_bytes(&float_bits(value))
    }

    /// Whether null may have been added.
    #[must_use]
    pub fn test_null(&self) -> bool {
        self.has(NULL)
    }

    /// Adds all values of another.
    ///
    /// # Errors
    /// When the other is of another size.
    pub fn merge(&mut self, other: &Self) -> Result<(), SketchError> {
        if self.hashes != other.hashes || self.words.len() != other.words.len() {
            return Err(SketchError::mismatch(KIND, "they were made for different numbers of entries"));
        }
        self.words.iter_mut().zip(&other.words).for_each(|(word, more)| *word |= more);
        Ok(())
    }

    /// Hive's form: hashes of a value, the number of words, and the words, the upper byte first.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = vec![self.hashes];
        bytes.extend((self.words.len() as u32).to_be_bytes());
        self.words.iter().for_each(|word| bytes.extend(word.to_be_bytes()));
        bytes
    }

    /// Reads Hive's form.
    ///
    /// # Errors
    /// When the bytes are none.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, SketchError> {
        let mut reader = Reader::new(KIND, bytes);
        let (hashes, length) = (reader.byte()?, reader.i32_be()?);
        reader.ensure(hashes < 128, "the number of hashes is out of range")?;
        let length = usize::try_from(length).unwrap_or(0);
        reader.ensure(length > 0 && length % BLOCK == 0, "the words are no whole blocks")?;
        let words = reader.take(length.saturating_mul(8))?.as_chunks::<8>().0;
        let words = words.iter().map(|word| u64::from_be_bytes(*word)).collect();
        reader.finish()?;
        Ok(Self { hashes, words })
    }

    /// Bytes of memory it takes.
    #[must_use]
    pub fn memory_bytes(&self) -> usize {
        size_of::<Self>() + 8 * self.words.capacity()
    }
}

/// Hive takes the bytes of a long from the upper one on.
fn hash_of_long(value: i64) -> u64 {
    finish(step(SEED, value.swap_bytes() as u64) ^ 8)
}

/// Java's `doubleToLongBits`: one NaN.
fn bits(value: f64) -> i64 {
    if value.is_nan() { i64::from_le_bytes(sample::canonical(value)) } else { value.to_bits() as i64 }
}

fn float_bits(value: f32) -> [u8; 4] {
    if value.is_nan() { 0x7fc0_0000u32.to_le_bytes() } else { value.to_bits().to_le_bytes() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_added_passes_and_little_else() {
        let mut bloom = Bloom::new(1500).unwrap();
        for value in 0..1500 {
            bloom.update_text(&format!("value {value}"));
        }
        assert!((0..1500).all(|value| bloom.test_text(&format!("value {value}"))));
        let wrong = (0..20_000).filter(|value| bloom.test_text(&format!("other {value}"))).count();
        assert!(wrong < 2000, "{wrong} of 20000");
        let mut all = Bloom::new(10).unwrap();
        assert!(!all.test_null() && !all.test_long(7) && !all.test_double(0.5) && !all.test_float(0.5));
        all.update_null();
        all.update_long(7);
        all.update_double(0.5);
        all.update_float(0.5);
        all.update_text("");
        assert!(all.test_null() && all.test_long(7) && all.test_double(0.5) && all.test_float(0.5));
        assert!(all.test_text("") && !all.test_text("x"));
    }

    #[test]
    fn sizes_are_hives() {
        // 93 bits, 2 words, padded to a block; 9352 bits, 147 words, padded to 152.
        let sizes = [(15, 4, 8), (1500, 4, 152)];
        for (entries, hashes, words) in sizes {
            let bloom = Bloom::new(entries).unwrap();
            assert_eq!((bloom.hashes, bloom.words.len()), (hashes, words));
        }
        assert!(Bloom::new(0).is_err() && Bloom::new(u64::MAX).is_err());
    }

    #[test]
    fn parts_are_worth_the_whole_in_any_order() {
        let of = |values: std::ops::Range<i64>| {
            let mut bloom = Bloom::new(50).unwrap();
            values.for_each(|value| bloom.update_long(value));
            bloom
        };
        let (mut forth, mut back) = (of(0..30), of(30..80));
        forth.merge(&of(30..80)).unwrap();
        back.merge(&of(0..30)).unwrap();
        assert_eq!((&forth, &back), (&of(0..80), &forth));
        assert!(forth.merge(&Bloom::new(10_000).unwrap()).is_err());
        let bytes = forth.to_bytes();
        assert_eq!(Bloom::from_bytes(&bytes), Ok(forth));
        for end in 0..bytes.len() {
            assert!(Bloom::from_bytes(&bytes[..end]).is_err());
        }
        crate::fixtures::abuse(&bytes, Bloom::from_bytes, |mut bloom| {
            bloom.update_text("x");
            assert!(bloom.test_text("x"));
        });
        assert!(Bloom::from_bytes(&[4, 0x7f, 0xff, 0xff, 0xf8]).is_err());
    }
}
