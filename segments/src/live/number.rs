//! Which numbers can a live column hold, and what is known of a run of them?

use std::fmt::Debug;
use std::ops::Range;

use super::chunk::ChunkColumn;
use super::column::NumericChunk;
use crate::combine::Combine;
use crate::{NullMask, Zone};

/// A number of a live column.
pub(crate) trait Number: Combine + Default + PartialOrd + Debug + Send + Sync + 'static {
    /// The chunk column of this type.
    fn of(column: &ChunkColumn) -> Option<&NumericChunk<Self>>;

    /// The words that stand for the number in a rollup key: equal for equal values, and for any two NaN.
    fn key_words(self) -> [u32; 2];

    /// The number of these own bits, for longs.
    fn of_word(word: u64) -> Self {
        let _ = word;
        Self::default()
    }

    /// The own bits of longs; `None` of other numbers.
    fn words(values: &[Self]) -> Option<&[u64]> {
        let _ = values;
        None
    }
}

impl Number for i64 {
    fn of(column: &ChunkColumn) -> Option<&NumericChunk<Self>> {
        if let ChunkColumn::Long(c) = column { Some(c) } else { None }
    }

    fn key_words(self) -> [u32; 2] {
        [self as u32, (self >> 32) as u32]
    }

    fn of_word(word: u64) -> Self {
        word as Self
    }

    fn words(values: &[Self]) -> Option<&[u64]> {
        Some(bytemuck::cast_slice(values))
    }
}

impl Number for f32 {
    fn of(column: &ChunkColumn) -> Option<&NumericChunk<Self>> {
        if let ChunkColumn::Float(c) = column { Some(c) } else { None }
    }

    fn key_words(self) -> [u32; 2] {
        [if self.is_nan() { Self::NAN.to_bits() } else { self.to_bits() }, 0]
    }
}

impl Number for f64 {
    fn of(column: &ChunkColumn) -> Option<&NumericChunk<Self>> {
        if let ChunkColumn::Double(c) = column { Some(c) } else { None }
    }

    fn key_words(self) -> [u32; 2] {
        let bits = if self.is_nan() { Self::NAN.to_bits() } else { self.to_bits() };
        [bits as u32, (bits >> 32) as u32]
    }
}

/// What is known of a range of values.
pub(crate) fn zone_of<T: Number>(values: &[T], nulls: &NullMask, rows: Range<usize>) -> Zone<T> {
    if !nulls.any() {
        return Zone { bounds: bounds_of(values[rows].iter().copied()), nulls: 0 };
    }
    let null_rows = rows.clone().filter(|i| nulls.is_null(*i)).count();
    let valid = rows.filter(|i| !nulls.is_null(*i)).map(|i| values[i]);
    Zone { bounds: bounds_of(valid), nulls: null_rows as u32 }
}

/// Smallest and largest, NaN left out.
fn bounds_of<T: Number>(mut values: impl Iterator<Item = T>) -> Option<(T, T)> {
    // A NaN is not ordered even with itself.
    let first = values.find(|v| v.partial_cmp(v).is_some())?;
    Some(values.fold((first, first), |(low, high), v| {
        (if v < low { v } else { low }, if v > high { v } else { high })
    }))
}

/// What is known of two runs of values together.
pub(crate) fn join_zones<T: Number>(a: Zone<T>, b: Zone<T>) -> Zone<T> {
    let bounds = match (a.bounds, b.bounds) {
        (Some((low, high)), Some((l, h))) => {
            Some((if l < low { l } else { low }, if h > high { h } else { high }))
        }
        (known, None) | (None, known) => known,
    };
    Zone { bounds, nulls: a.nulls + b.nulls }
}
