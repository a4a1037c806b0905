//! Which value has so many below it? Few values are kept as they are; many are counted in bins of equal relative
//! width, 4,096 for each power of two, so that an answer is within 0.013 % of a value of exactly the rank asked for
//! (a log-linear histogram, after G. Tene's HdrHistogram and Masson, Rim and Lee, "DDSketch", VLDB 2019). Bins are
//! halved in number, and their width doubled, when values spread too far.

/// Values kept as they are.
const MOST_VALUES: usize = 512;
/// Bits of a double's order that are cut off at the finest width.
const FINEST: u32 = 40;
/// Most bins.
const MOST_BINS: usize = 1 << 18;
/// Room that is added where a value falls outside, in bins.
const SLACK: u64 = 1 << 12;

/// The values of one group; NaN is left out.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Quantiles {
    values: Vec<f64>,
    bins: Option<Bins>,
}

#[derive(Debug, Clone, PartialEq)]
struct Bins {
    /// Bits that are cut off.
    cut: u32,
    /// Number of the first bin.
    first: u64,
    counts: Vec<u64>,
    count: u64,
    least: f64,
    most: f64,
}

/// The bits of a double, made to ascend with it.
#[inline]
fn rank_bits(value: f64) -> u64 {
    let bits = value.to_bits();
    if bits >> 63 == 1 { !bits } else { bits | 1 << 63 }
}

fn value_of(rank_bits: u64) -> f64 {
    f64::from_bits(if rank_bits >> 63 == 1 { rank_bits & !(1 << 63) } else { !rank_bits })
}

impl Quantiles {
    /// Adds a value.
    #[inline]
    pub(crate) fn add(&mut self, value: f64) {
        if let Some(bins) = &mut self.bins {
            bins.add(value, 1);
        } else if !value.is_nan() {
            self.values.push(value);
            if self.values.len() > MOST_VALUES {
                self.spill();
            }
        }
    }

    fn spill(&mut self) {
        let mut bins = Bins::new();
        self.values.drain(..).for_each(|value| bins.add(value, 1));
        self.bins = Some(bins);
    }

    /// Adds all values of another.
    pub(crate) fn merge(&mut self, other: &Self) {
        other.values.iter().for_each(|value| self.add(*value));
        if let Some(theirs) = &other.bins {
            if self.bins.is_none() {
                let values = std::mem::take(&mut self.values);
                self.bins = Some(theirs.clone());
                values.into_iter().for_each(|value| self.add(value));
            } else if let Some(bins) = &mut self.bins {
                bins.merge(theirs);
            }
        }
    }

    /// The value below or at which the fraction of all values lies; NaN of no values.
    pub(crate) fn quantile(&self, fraction: f64) -> f64 {
        if let Some(bins) = &self.bins {
            return bins.quantile(fraction);
        }
        let mut sorted = self.values.clone();
        sorted.sort_by(f64::total_cmp);
        let rank = (fraction * sorted.len() as f64).ceil() as usize;
        sorted.get(rank.saturating_sub(1)).copied().unwrap_or(f64::NAN)
    }

    /// Bytes of memory it takes.
    pub(crate) fn size(&self) -> usize {
        8 * (self.values.capacity() + self.bins.as_ref().map_or(0, |bins| bins.counts.capacity()))
    }

    /// For the wire: words.
    pub(crate) fn to_words(&self) -> Vec<u64> {
        match &self.bins {
            None => std::iter::once(0).chain(self.values.iter().map(|v| v.to_bits())).collect(),
            Some(b) => {
                let head = [1, u64::from(b.cut), b.first, b.least.to_bits(), b.most.to_bits()];
                head.into_iter().chain(b.counts.iter().copied()).collect()
            }
        }
    }

    /// Reads what `to_words` wrote; `None` of anything else.
    pub(crate) fn from_words(words: &[u64]) -> Option<Self> {
        match words {
            [0, values @ ..] if values.len() <= MOST_VALUES => {
                let values: Vec<f64> = values.iter().map(|bits| f64::from_bits(*bits)).collect();
                values.iter().all(|v| !v.is_nan()).then_some(Self { values, bins: None })
            }
            [1, cut, first, least, most, counts @ ..] if counts.len() <= MOST_BINS => {
                let cut = u32::try_from(*cut).ok().filter(|cut| (FINEST..64).contains(cut))?;
                let count = counts.iter().try_fold(0u64, |sum, count| sum.checked_add(*count))?;
                let fits = first.checked_add(counts.len() as u64)? <= 1 << (64 - cut);
                let (least, most) = (f64::from_bits(*least), f64::from_bits(*most));
                let bins = Bins { cut, first: *first, counts: counts.to_vec(), count, least, most };
                (fits && count > 0).then_some(Self { values: Vec::new(), bins: Some(bins) })
            }
            _ => None,
        }
    }
}

impl Bins {
    fn new() -> Self {
        let (least, most) = (f64::INFINITY, f64::NEG_INFINITY);
        Self { cut: FINEST, first: 0, counts: Vec::new(), count: 0, least, most }
    }

    #[inline]
    fn add(&mut self, value: f64, times: u64) {
        if value.is_nan() {
            return;
        }
        self.least = self.least.min(value);
        self.most = self.most.max(value);
        self.count += times;
        let at = (rank_bits(value) >> self.cut).wrapping_sub(self.first);
        match self.counts.get_mut(at as usize) {
            Some(count) => *count += times,
            None => self.add_outside(rank_bits(value), times),
        }
    }

    #[cold]
    fn add_outside(&mut self, rank_bits: u64, times: u64) {
        let number = rank_bits >> self.cut;
        self.make_room(number, number);
        let at = (rank_bits >> self.cut) - self.first;
        if let Some(count) = self.counts.get_mut(at as usize) {
            *count += times;
        }
    }

    /// Extends the bins to two numbers of the present width, and coarsens them when they become too many.
    fn make_room(&mut self, low: u64, high: u64) {
        let highest = (1u64 << (64 - self.cut)) - 1;
        let (mut first, mut last) = (low, high);
        if !self.counts.is_empty() {
            first = first.min(self.first);
            last = last.max(self.first + self.counts.len() as u64 - 1);
        }
        // Some room around, so that this is rare; none beyond the numbers there are.
        let slack = if last - first + 1 > MOST_BINS as u64 / 2 { 0 } else { SLACK };
        if first < self.first || self.counts.is_empty() {
            first = first.saturating_sub(slack);
        }
        last = last.saturating_add(slack).min(highest);
        if last - first >= MOST_BINS as u64 {
            self.coarsen();
            return self.make_room(low >> 1, high >> 1);
        }
        let before = if self.counts.is_empty() { 0 } else { (self.first - first) as usize };
        let mut counts = vec![0; (last - first + 1) as usize];
        if let Some(part) = counts.get_mut(before..before + self.counts.len()) {
            part.copy_from_slice(&self.counts);
        }
        (self.first, self.counts) = (first, counts);
    }

    /// Joins bins two by two.
    fn coarsen(&mut self) {
        let first = self.first >> 1;
        let mut counts = vec![0; self.counts.len() / 2 + 1];
        for (i, count) in self.counts.iter().enumerate() {
            let at = ((self.first + i as u64) >> 1) - first;
            if let Some(slot) = counts.get_mut(at as usize) {
                *slot += count;
            }
        }
        (self.cut, self.first, self.counts) = (self.cut + 1, first, counts);
    }

    fn merge(&mut self, other: &Self) {
        let mut other = other.clone();
        while other.cut < self.cut {
            other.coarsen();
        }
        while self.cut < other.cut {
            self.coarsen();
        }
        let Some(length) = (other.counts.len() as u64).checked_sub(1) else { return };
        let last = other.first + length;
        if other.first < self.first || last >= self.first + self.counts.len() as u64 {
            self.make_room(other.first, last);
            while other.cut < self.cut {
                other.coarsen();
            }
        }
        let from = (other.first - self.first) as usize;
        let counts = self.counts.get_mut(from..).unwrap_or_default();
        counts.iter_mut().zip(&other.counts).for_each(|(count, more)| *count += more);
        self.count += other.count;
        self.least = self.least.min(other.least);
        self.most = self.most.max(other.most);
    }

    fn quantile(&self, fraction: f64) -> f64 {
        let rank = (fraction * self.count as f64).clamp(0.0, self.count as f64);
        let mut below = 0.0;
        for (i, count) in self.counts.iter().enumerate().filter(|(_, count)| **count > 0) {
            let count = *count as f64;
            if below + count >= rank {
                let number = self.first + i as u64;
                let start = value_of(number << self.cut);
                let end = value_of(((number + 1) << self.cut).wrapping_sub(1));
                let (low, high) = (start.max(self.least), end.min(self.most));
                if low == high || !(high - low).is_finite() {
                    return low;
                }
                return low + (high - low) * ((rank - below) / count);
            }
            below += count;
        }
        self.most
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// How far a value is from those of its rank, relative to its size.
    fn error(sorted: &[f64], fraction: f64, found: f64) -> f64 {
        let rank = fraction * sorted.len() as f64;
        let at = |rank: f64| sorted[(rank as usize).min(sorted.len() - 1)];
        let (low, high) = (at((rank - 1.0).max(0.0).floor()), at(rank.ceil()));
        let off = if found < low { low - found } else { (found - high).max(0.0) };
        off / found.abs().max(f64::MIN_POSITIVE)
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn close_to_the_value_of_the_rank(
            seeds in prop::collection::vec(any::<u32>(), 1..3000), spread in 1.0f64..1e9, parts in 1usize..5,
            fraction in 0.0f64..=1.0,
        ) {
            let values: Vec<f64> = seeds.iter().map(|s| (f64::from(*s) / 4e9 - 0.3) * spread).collect();
            let mut whole = Quantiles::default();
            for part in values.chunks(values.len().div_ceil(parts)) {
                let mut some = Quantiles::default();
                part.iter().for_each(|value| some.add(*value));
                prop_assert_eq!(&Quantiles::from_words(&some.to_words()).unwrap(), &some);
                whole.merge(&some);
            }
            let mut sorted = values;
            sorted.sort_by(f64::total_cmp);
            let found = whole.quantile(fraction);
            prop_assert!(error(&sorted, fraction, found) < 2.0 / 4096.0, "{found} at {fraction}");
        }
    }

    #[test]
    fn wild_values() {
        let mut wild = Quantiles::default();
        assert!(wild.quantile(0.5).is_nan());
        for value in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, f64::MIN_POSITIVE, -0.0, 0.0, 1e300, -1e300]
        {
            (0..200).for_each(|_| wild.add(value));
        }
        assert_eq!(wild.quantile(0.0), f64::NEG_INFINITY);
        assert_eq!(wild.quantile(1.0), f64::INFINITY);
        assert!(wild.quantile(0.5).abs() < 1e-3);
        assert!(Quantiles::from_words(&[7]).is_none());
    }
}
