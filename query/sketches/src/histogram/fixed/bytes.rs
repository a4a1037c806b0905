//! Which bytes stand for a histogram of fixed buckets? Druid's version 1, the upper byte first: all buckets, or,
//! when less than half have values, those with their numbers.

use super::{FixedBuckets, KIND, OutlierMode};
use crate::SketchError;
use crate::bytes::Reader;

const VERSION: u8 = 1;
const FULL: u8 = 1;
const SPARSE: u8 = 2;
/// Counts that are read are below this, so that many can be added up.
const MOST: u64 = 1 << 48;

impl FixedBuckets {
    /// Druid's form.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let filled = self.buckets.iter().filter(|count| **count > 0).count();
        let sparse = filled < self.buckets.len() / 2;
        let mut bytes = vec![VERSION, if sparse { SPARSE } else { FULL }];
        bytes.extend([self.lower_limit.to_be_bytes(), self.upper_limit.to_be_bytes()].concat());
        bytes.extend((self.buckets.len() as u32).to_be_bytes());
        bytes.push(OutlierMode::ALL.iter().position(|mode| *mode == self.mode).unwrap_or(0) as u8);
        for count in [self.count, self.below, self.above, self.missing] {
            bytes.extend(count.to_be_bytes());
        }
        bytes.extend([self.most.to_be_bytes(), self.least.to_be_bytes()].concat());
        if sparse {
            bytes.extend((filled as u32).to_be_bytes());
            for (number, count) in self.buckets.iter().enumerate().filter(|(_, count)| **count > 0) {
                bytes.extend((number as u32).to_be_bytes());
                bytes.extend(count.to_be_bytes());
            }
        } else {
            self.buckets.iter().for_each(|count| bytes.extend(count.to_be_bytes()));
        }
        bytes
    }

    /// Reads Druid's form.
    ///
    /// # Errors
    /// When the bytes are none, or have more than 2^22 buckets.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, SketchError> {
        let mut reader = Reader::new(KIND, bytes);
        let [version, form] = reader.array()?;
        reader.ensure(
            version == VERSION && (form == FULL || form == SPARSE),
            "the version or form is unknown",
        )?;
        let (lower, upper, number) = (reader.f64_be()?, reader.f64_be()?, reader.i32_be()?);
        let number = usize::try_from(number).unwrap_or(0);
        let mode = OutlierMode::ALL.get(usize::from(reader.byte()?)).copied();
        let mode = mode.ok_or_else(|| reader.corrupt("the mode for outliers is unknown"))?;
        let [count, below, above, missing] = [(); 4].map(|()| reader.u64_be());
        let (most, least) = (reader.f64_be()?, reader.f64_be()?);
        let enough = form == SPARSE || reader.left() / 8 >= number;
        reader.ensure(enough, "there are fewer buckets than counted")?;
        let mut read = Self::new(lower, upper, number, mode).map_err(|e| reader.corrupt(e.to_string()))?;
        (read.count, read.below, read.above, read.missing) = (count?, below?, above?, missing?);
        (read.most, read.least) = (most, least);
        if form == FULL {
            for bucket in &mut read.buckets {
                *bucket = reader.u64_be()?;
            }
        } else {
            for _ in 0..reader.i32_be()? {
                let (number, count) = (reader.i32_be()?, reader.u64_be()?);
                let bucket = usize::try_from(number).ok().and_then(|number| read.buckets.get_mut(number));
                match bucket {
                    Some(bucket) => *bucket = count,
                    None => return Err(reader.corrupt("a bucket is out of range")),
                }
            }
        }
        let total = read.buckets.iter().try_fold(0u64, |sum, count| sum.checked_add(*count));
        reader.ensure(total == Some(read.count) && read.count < MOST, "the counts do not add up")?;
        let small = [read.below, read.above, read.missing].iter().all(|count| *count < MOST);
        reader.ensure(small, "the counts are out of range")?;
        reader.ensure(!read.most.is_nan() && !read.least.is_nan(), "a bound is no number")?;
        Ok(read)
    }
}
