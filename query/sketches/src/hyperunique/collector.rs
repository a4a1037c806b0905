//! What does a collector keep of the hashes it has seen, and what does it estimate? Registers of four bits above a
//! common offset, and one register that overflows.

use super::bytes::DENSE;

pub(super) const BUCKETS: usize = 2048;
const RANGE: u8 = 15;
const ALPHA: f64 = 0.7213 / (1.0 + 1.079 / BUCKETS as f64);
const CORRECTION: f64 = ALPHA * (BUCKETS * BUCKETS) as f64;
const LOW: f64 = 5.0 * BUCKETS as f64 / 2.0;
const TWO_64: f64 = 18_446_744_073_709_551_616.0;

/// A collector. Two are equal when they have seen the same hashes (up to what four bits keep).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HyperUnique {
    pub(super) offset: u8,
    pub(super) overflow: u8,
    pub(super) overflow_bucket: u16,
    pub(super) nonzero: u16,
    /// Two registers a byte, the even one in the upper half.
    pub(super) registers: Box<[u8; BUCKETS / 2]>,
    /// Whether the estimate is that of the collector as Druid stores it.
    pub(super) stored: bool,
}

impl Default for HyperUnique {
    fn default() -> Self {
        let registers = Box::new([0; BUCKETS / 2]);
        Self { offset: 0, overflow: 0, overflow_bucket: 0, nonzero: 0, registers, stored: false }
    }
}

/// Position of the lowest set bit counted from 1, over the first eight bytes of the hash, byte by byte.
fn rank(h1: u64) -> u8 {
    if h1 == 0 { 64 } else { h1.trailing_zeros() as u8 + 1 }
}

impl HyperUnique {
    /// Adds the hash of a value.
    pub fn update(&mut self, hash: (u64, u64)) {
        let last = hash.1.to_le_bytes();
        let bucket = (u16::from(last[6]) << 8 | u16::from(last[7])) & (BUCKETS as u16 - 1);
        self.add_rank(bucket, rank(hash.0));
    }

    fn add_rank(&mut self, bucket: u16, rank: u8) {
        if rank <= self.offset {
            return;
        }
        if rank > self.offset + RANGE {
            if rank > self.overflow {
                if self.overflow > 0 && self.overflow <= self.offset + RANGE {
                    let (bucket, rank) = (self.overflow_bucket, self.overflow);
                    self.add_rank(bucket, rank);
                }
                self.overflow = rank;
                self.overflow_bucket = bucket;
            }
            return;
        }
        self.raise(bucket, rank - self.offset);
        if usize::from(self.nonzero) == BUCKETS {
            self.offset += 1;
            self.decrement();
        }
    }

    fn register(&self, bucket: u16) -> u8 {
        let byte = self.registers[usize::from(bucket >> 1) % (BUCKETS / 2)];
        if bucket & 1 == 0 { byte >> 4 } else { byte & 0x0f }
    }

    fn set(&mut self, bucket: u16, value: u8) {
        let byte = &mut self.registers[usize::from(bucket >> 1) % (BUCKETS / 2)];
        *byte = if bucket & 1 == 0 { *byte & 0x0f | value << 4 } else { *byte & 0xf0 | value };
    }

    fn raise(&mut self, bucket: u16, value: u8) {
        let known = self.register(bucket);
        if value > known {
            self.set(bucket, value);
            self.nonzero += u16::from(known == 0);
        }
    }

    /// Takes one from every register: the common offset has grown.
    fn decrement(&mut self) {
        let mut nonzero = 0;
        for byte in self.registers.iter_mut() {
            let upper = (*byte >> 4).saturating_sub(1);
            let lower = (*byte & 0x0f).saturating_sub(1);
            nonzero += u16::from(upper != 0) + u16::from(lower != 0);
            *byte = upper << 4 | lower;
        }
        self.nonzero = nonzero;
    }

    /// Estimates from now on as Druid does of a collector that was stored: of few values only the bytes that are not zero
    /// are there, and the overflow is not looked for elsewhere.
    pub fn set_stored(&mut self) {
        self.stored = true;
    }

    /// Adds everything another collector has seen.
    pub fn merge(&mut self, other: &Self) {
        if other.offset > self.offset {
            let mine = std::mem::replace(self, other.clone());
            self.merge(&mine);
            return;
        }
        for bucket in 0..BUCKETS as u16 {
            let value = other.register(bucket);
            if value > 0 || other.offset > 0 {
                let rank = value + other.offset;
                if rank > self.offset {
                    self.add_rank(bucket, rank);
                }
            }
        }
        if other.overflow > 0 {
            self.add_rank(other.overflow_bucket, other.overflow);
        }
    }

    /// The estimated number of distinct values.
    #[must_use]
    pub fn estimate(&self) -> f64 {
        let mut zeros = 0u32;
        let mut sum = 0.0;
        let sparse = self.stored && self.nonzero < DENSE;
        for (i, byte) in self.registers.iter().enumerate() {
            let mut upper = (byte >> 4) + self.offset;
            let mut lower = (byte & 0x0f) + self.offset;
            if self.overflow != 0 && usize::from(self.overflow_bucket >> 1) == i && !(sparse && *byte == 0) {
                if self.overflow_bucket & 1 == 0 {
                    upper = upper.max(self.overflow);
                } else {
                    lower = lower.max(self.overflow);
                }
                // Druid looks at these bits, and not at whether the register is zero: kept to the digit.
                zeros += u32::from(upper & 0xf0 == 0) + u32::from(lower & 0x0f == 0);
            } else {
                zeros += u32::from(byte >> 4 == 0) + u32::from(byte & 0x0f == 0);
            }
            sum += 1.0 / 2f64.powi(i32::from(upper)) + 1.0 / 2f64.powi(i32::from(lower));
        }
        corrected(sum, zeros)
    }

    /// Bytes of memory it takes.
    #[must_use]
    pub fn memory_bytes(&self) -> usize {
        size_of::<Self>() + BUCKETS / 2
    }
}

fn corrected(sum: f64, zeros: u32) -> f64 {
    let estimate = CORRECTION / sum;
    if estimate <= LOW {
        if zeros == 0 {
            return estimate;
        }
        return BUCKETS as f64 * (BUCKETS as f64 / f64::from(zeros)).ln();
    }
    if estimate > TWO_64 / 30.0 {
        let ratio = estimate / TWO_64;
        return if ratio >= 1.0 { f64::INFINITY } else { -TWO_64 * (1.0 - ratio).ln() };
    }
    estimate
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hyperunique::hash_of_bytes;

    fn of(values: std::ops::Range<u64>) -> HyperUnique {
        let mut hll = HyperUnique::default();
        for v in values {
            hll.update(hash_of_bytes(&v.to_le_bytes()));
        }
        hll
    }

    #[test]
    fn few_values_estimate_as_druid_prints_them() {
        let mut hll = HyperUnique::default();
        assert_eq!(hll.estimate(), 0.0);
        for text in ["a", "b", "c", "d", "e", "f", "g", "h", "i", "a"] {
            let utf16: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
            hll.update(hash_of_bytes(&utf16));
        }
        assert_eq!(hll.estimate().to_string(), "9.019833517963864");
    }

    #[test]
    fn merging_equals_adding() {
        for (a, b, c) in [(0, 10, 30), (0, 5000, 100_000), (0, 90_000, 100_000), (0, 3, 400_000)] {
            let mut merged = of(a..b);
            merged.merge(&of(b..c));
            let whole = of(a..c);
            let error = (whole.estimate() - (c - a) as f64).abs() / ((c - a) as f64);
            assert!(error < 0.1, "{error}");
            assert!((merged.estimate() - whole.estimate()).abs() / whole.estimate() < 1e-2);
            assert_eq!(HyperUnique::from_bytes(&merged.to_bytes()), Ok(merged));
        }
    }
}
