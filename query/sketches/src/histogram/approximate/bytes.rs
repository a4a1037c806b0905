//! Which bytes stand for a histogram whose bins follow the values? Druid's three forms, told apart by signs: values
//! one by one when there are few, else bins that are used (written), or all bins (read only).

use super::{ApproximateHistogram, Bin, KIND};
use crate::SketchError;
use crate::bytes::Reader;

/// The bit of a count that says the bin is approximate.
const APPROXIMATE: u64 = 1 << 63;
/// Values at most when they are written one by one.
const FEW: u64 = 127;
/// Counts that are read are below this, so that many can be added up.
const MOST: u64 = 1 << 48;

impl ApproximateHistogram {
    /// The shorter of Druid's forms, the upper byte first.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let exact: u64 = self.bins.iter().filter(|bin| !bin.approximate).map(|bin| bin.count).sum();
        let rest = self.count() - exact;
        let some = self.size <= i16::MAX as usize && exact <= FEW && rest <= FEW;
        let single = || 3 + 4 * exact as usize + if rest > 0 { 9 + 4 * rest as usize } else { 0 };
        if some && single() < 16 + 12 * self.bins.len() {
            return self.single_bytes(exact, rest);
        }
        let mut bytes = (self.size as i32).to_be_bytes().to_vec();
        bytes.extend((-(self.bins.len() as i32)).to_be_bytes());
        self.bins.iter().for_each(|bin| bytes.extend(bin.position.to_be_bytes()));
        for bin in &self.bins {
            let mark = if bin.approximate { APPROXIMATE } else { 0 };
            bytes.extend((bin.count | mark).to_be_bytes());
        }
        bytes.extend(self.least.to_be_bytes());
        bytes.extend(self.most.to_be_bytes());
        bytes
    }

    fn single_bytes(&self, exact: u64, rest: u64) -> Vec<u8> {
        let values = |approximate: bool| {
            let bins = self.bins.iter().filter(move |bin| bin.approximate == approximate);
            bins.flat_map(|bin| std::iter::repeat_n(bin.position, bin.count as usize))
        };
        let mut bytes = (-(self.size as i32) as i16).to_be_bytes().to_vec();
        if rest > 0 {
            bytes.extend((-(rest as i64) as i8).to_be_bytes());
            values(true).chain([self.least, self.most]).for_each(|value| bytes.extend(value.to_be_bytes()));
        }
        bytes.push(exact as u8);
        values(false).for_each(|value| bytes.extend(value.to_be_bytes()));
        bytes
    }

    /// Reads Druid's three forms.
    ///
    /// # Errors
    /// When the bytes are none of them.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, SketchError> {
        let mut reader = Reader::new(KIND, bytes);
        let mut peek = reader.clone();
        if peek.i16_be()? < 0 {
            return single(&mut reader);
        }
        let (size, count) = (reader.i32_be()?, reader.i32_be()?);
        let (dense, count) = (count >= 0, count.unsigned_abs() as usize);
        let size = usize::try_from(size).unwrap_or(0);
        reader.ensure(count <= size, "there are more bins than the size")?;
        let places = if dense { size } else { count };
        reader.ensure(reader.left() / 12 >= places, "there are fewer bins than counted")?;
        let positions = (0..places).map(|_| reader.f32_be()).collect::<Result<Vec<f32>, _>>()?;
        let counts = (0..places).map(|_| reader.u64_be()).collect::<Result<Vec<u64>, _>>()?;
        let mut histogram = ApproximateHistogram::of(size);
        let bins = positions.into_iter().zip(counts).take(count);
        histogram.bins = bins.map(|(position, count)| bin(position, count)).collect();
        (histogram.least, histogram.most) = (reader.f32_be()?, reader.f32_be()?);
        histogram.checked(&reader)
    }

    fn checked(self, reader: &Reader) -> Result<Self, SketchError> {
        let ascends = self.bins.is_sorted_by(|a, b| a.position.total_cmp(&b.position).is_lt());
        let numbers = self.bins.iter().all(|bin| !bin.position.is_nan() && bin.count > 0);
        reader.ensure(ascends && numbers, "the bins are not in order")?;
        let total = self.bins.iter().try_fold(0u64, |sum, bin| sum.checked_add(bin.count));
        reader.ensure(total.is_some_and(|total| total < MOST), "the counts are out of range")?;
        let bounded = self.bins.is_empty() || self.least <= self.most;
        reader.ensure(bounded, "the least value is above the most")?;
        Ok(self)
    }
}

fn bin(position: f32, count: u64) -> Bin {
    Bin { position, count: count & !APPROXIMATE, approximate: count & APPROXIMATE != 0 }
}

/// Values one by one; of those in approximate bins, the position.
fn single(reader: &mut Reader) -> Result<ApproximateHistogram, SketchError> {
    let size = i32::from(reader.i16_be()?).unsigned_abs() as usize;
    let mut histogram = ApproximateHistogram::of(size);
    let mut count = i32::from(i8::from_be_bytes(reader.array()?));
    let mut bins: Vec<Bin> = Vec::new();
    let mut bounds = None;
    if count < 0 {
        let approximate = read_bins(reader, count.unsigned_abs(), true)?;
        bins.extend(approximate);
        bounds = Some((reader.f32_be()?, reader.f32_be()?));
        count = i32::from(i8::from_be_bytes(reader.array()?));
    }
    let exact = read_bins(reader, u32::try_from(count).unwrap_or(0), false)?;
    for bin in &exact {
        histogram.least = histogram.least.min(bin.position);
        histogram.most = histogram.most.max(bin.position);
    }
    bins.extend(exact);
    bins.sort_by(|a, b| a.position.total_cmp(&b.position));
    histogram.bins = bins;
    if let Some((least, most)) = bounds {
        (histogram.least, histogram.most) = (least, most);
    }
    reader.ensure(histogram.bins.len() <= size, "there are more bins than the size")?;
    histogram.checked(reader)
}

fn read_bins(reader: &mut Reader, count: u32, approximate: bool) -> Result<Vec<Bin>, SketchError> {
    let mut values = (0..count).map(|_| reader.f32_be()).collect::<Result<Vec<f32>, _>>()?;
    values.sort_by(f32::total_cmp);
    let runs = values.chunk_by(|a, b| a.total_cmp(b).is_eq());
    Ok(runs.map(|run| Bin { position: run[0], count: run.len() as u64, approximate }).collect())
}
