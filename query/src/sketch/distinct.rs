//! How many distinct values were there, in at most 16 KiB a group? Apache DataSketches' HLL: exact to the digit as
//! long as it keeps its coupons one by one, within about 0.8 % after that.

use datasketches::hash::value::{canonical_float, raw_bytes};
use datasketches::hll::{Coupon, HllSketch, HllType, HllUnion};

use crate::QueryError;

/// Registers kept, as a power of two; at least as many as any default of Druid's.
const LG_K: u8 = 14;

/// The values of one group.
#[derive(Debug, Clone)]
pub(crate) struct DistinctSketch {
    sketch: HllSketch,
}

fn failed(e: impl std::fmt::Display) -> QueryError {
    QueryError::Internal(format!("a distinct sketch: {e}"))
}

impl DistinctSketch {
    /// Of no values.
    pub(crate) fn new() -> Result<Self, QueryError> {
        Ok(Self { sketch: HllSketch::new(LG_K, HllType::Hll8).map_err(failed)? })
    }

    /// Adds a value by its coupon.
    pub(crate) fn add(&mut self, coupon: Coupon) {
        self.sketch.update_with_coupon(coupon);
    }

    /// Adds all values of another.
    pub(crate) fn merge(&mut self, other: &Self) -> Result<(), QueryError> {
        let mut union = HllUnion::new(LG_K).map_err(failed)?;
        union.update(&self.sketch);
        union.update(&other.sketch);
        self.sketch = union.to_sketch(HllType::Hll8);
        Ok(())
    }

    /// The number of distinct values.
    pub(crate) fn estimate(&self) -> f64 {
        self.sketch.estimate()
    }

    /// In Apache DataSketches' serialised form.
    pub(crate) fn to_bytes(&self) -> Vec<u8> {
        self.sketch.serialize()
    }

    /// Reads what `to_bytes` wrote; `None` of anything else.
    pub(crate) fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let sketch = HllSketch::deserialize(bytes).ok()?;
        (sketch.lg_config_k() == LG_K).then_some(Self { sketch })
    }
}

/// The coupon of a long, as Java's `update(long)` gives it.
pub(crate) fn coupon_of_long(value: i64) -> Coupon {
    Coupon::from_value(value)
}

/// The coupon of a double, as Java's `update(double)` gives it.
pub(crate) fn coupon_of_double(value: f64) -> Coupon {
    Coupon::from_value(canonical_float::from_f64(value))
}

/// The coupon of a text, by its UTF-16 code units as Druid hashes it.
pub(crate) fn coupon_of_text(text: &str) -> Coupon {
    let bytes: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
    Coupon::from_value(raw_bytes::from_vec(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_counts_are_exact_and_large_ones_close() {
        for (values, tolerance) in [(0, 0.0), (1, 1e-6), (1400, 1e-3), (20_000, 0.03), (300_000, 0.03)] {
            let mut parts = [DistinctSketch::new().unwrap(), DistinctSketch::new().unwrap()];
            for value in 0..values {
                parts[value as usize % 2].add(coupon_of_long(value));
                parts[0].add(coupon_of_long(value / 2));
            }
            let [mut whole, other] = parts;
            whole.merge(&other).unwrap();
            let error = (whole.estimate() - values as f64).abs() / (values as f64).max(1.0);
            assert!(error <= tolerance, "{} of {values}", whole.estimate());
            let back = DistinctSketch::from_bytes(&whole.to_bytes()).unwrap();
            assert_eq!(back.estimate(), whole.estimate());
        }
        assert!(DistinctSketch::from_bytes(b"nothing of the kind").is_none());
    }
}
