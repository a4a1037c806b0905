//! Which value has so many below it? Few values are kept as they are; many are counted in bins of equal relative
//! width, 4,096 for each power of two that has values, so that an answer is within 0.025 % of a value of exactly the rank
//! asked for (a log-linear histogram, after G. Tene's HdrHistogram and Masson, Rim and Lee, "DDSketch", VLDB 2019).
//! Bins double their width when values spread over too many powers of two.

/// Values kept as they are.
const MOST_VALUES: usize = 512;
/// Bits of a double below its sign and exponent.
const FRACTION: u32 = 52;
/// Bits of a double's order that are cut off at the finest width.
const FINEST: u32 = 40;
/// Most bins.
const MOST_BINS: usize = 1 << 19;

/// The values of one group; NaN is left out.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Quantiles {
    values: Vec<f64>,
    bins: Option<Bins>,
}

/// Counts of values, a page for each sign and power of two that has some.
#[derive(Debug, Clone, PartialEq)]
struct Bins {
    /// Bits that are cut off.
    cut: u32,
    /// Number of the first page.
    first: usize,
    pages: Vec<Option<Box<[u64]>>>,
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
            bins.add(value);
        } else if !value.is_nan() {
            self.values.push(value);
            if self.values.len() > MOST_VALUES {
                let mut bins = Bins::new();
                self.values.drain(..).for_each(|value| bins.add(value));
                self.bins = Some(bins);
            }
        }
    }

    /// Adds all values of another.
    pub(crate) fn merge(&mut self, other: &Self) {
        other.values.iter().for_each(|value| self.add(*value));
        if let Some(theirs) = &other.bins {
            if let Some(bins) = &mut self.bins {
                bins.merge(theirs);
            } else {
                let values = std::mem::take(&mut self.values);
                self.bins = Some(theirs.clone());
                values.into_iter().for_each(|value| self.add(value));
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
        8 * (self.values.capacity()
            + self.bins.as_ref().map_or(0, |bins| 2 * bins.pages.len() + bins.total()))
    }

    /// For the wire: words.
    pub(crate) fn to_words(&self) -> Vec<u64> {
        let Some(bins) = &self.bins else {
            return std::iter::once(0).chain(self.values.iter().map(|v| v.to_bits())).collect();
        };
        let mut words = vec![1, u64::from(bins.cut), bins.least.to_bits(), bins.most.to_bits()];
        for (number, page) in bins.pages() {
            words.push(number as u64);
            words.extend_from_slice(page);
        }
        words
    }

    /// Reads what `to_words` wrote; `None` of anything else.
    pub(crate) fn from_words(words: &[u64]) -> Option<Self> {
        match words {
            [0, values @ ..] if values.len() <= MOST_VALUES => {
                let values: Vec<f64> = values.iter().map(|bits| f64::from_bits(*bits)).collect();
                values.iter().all(|v| !v.is_nan()).then_some(Self { values, bins: None })
            }
            [1, cut, least, most, pages @ ..] if pages.len() <= 2 * MOST_BINS => {
                let mut bins = Bins::new();
                bins.cut = u32::try_from(*cut).ok().filter(|cut| (FINEST..=FRACTION).contains(cut))?;
                (bins.least, bins.most) = (f64::from_bits(*least), f64::from_bits(*most));
                let mut last = None;
                for page in pages.chunks(1 + bins.page_bins()) {
                    let (number, counts) = page.split_first()?;
                    let ascends = last.is_none_or(|last| last < *number) && *number < 1 << (64 - FRACTION);
                    if !ascends || counts.len() != bins.page_bins() {
                        return None;
                    }
                    last = Some(*number);
                    bins.count = counts.iter().try_fold(bins.count, |sum, count| sum.checked_add(*count))?;
                    bins.page(*number as usize).copy_from_slice(counts);
                }
                (bins.count > 0).then_some(Self { values: Vec::new(), bins: Some(bins) })
            }
            _ => None,
        }
    }
}

impl Bins {
    fn new() -> Self {
        let (least, most) = (f64::INFINITY, f64::NEG_INFINITY);
        Self { cut: FINEST, first: 0, pages: Vec::new(), count: 0, least, most }
    }

    /// Bins of a page.
    fn page_bins(&self) -> usize {
        1 << (FRACTION - self.cut)
    }

    /// Bins of all pages.
    fn total(&self) -> usize {
        self.pages.iter().flatten().map(|page| page.len()).sum()
    }

    /// The pages that have values, ascending, with their numbers.
    fn pages(&self) -> impl Iterator<Item = (usize, &[u64])> {
        let numbered = self.pages.iter().enumerate();
        numbered.filter_map(|(i, page)| page.as_deref().map(|page| (self.first + i, page)))
    }

    #[inline]
    fn add(&mut self, value: f64) {
        if value.is_nan() {
            return;
        }
        self.least = self.least.min(value);
        self.most = self.most.max(value);
        self.count += 1;
        let bits = rank_bits(value);
        let at = (bits >> FRACTION) as usize;
        if let Some(Some(page)) = self.pages.get_mut(at.wrapping_sub(self.first)) {
            let bin = (bits >> self.cut) as usize & (page.len() - 1);
            page[bin] += 1;
        } else {
            self.add_to_new(bits);
        }
    }

    #[cold]
    fn add_to_new(&mut self, bits: u64) {
        self.page((bits >> FRACTION) as usize);
        while self.total() > MOST_BINS && self.cut < FRACTION {
            self.coarsen();
        }
        let cut = self.cut;
        let page = self.page((bits >> FRACTION) as usize);
        let bin = (bits >> cut) as usize & (page.len() - 1);
        page[bin] += 1;
    }

    /// A page, made when it is new.
    fn page(&mut self, number: usize) -> &mut [u64] {
        if self.pages.is_empty() {
            self.first = number;
        }
        if number < self.first {
            let before = self.first - number;
            self.pages.splice(0..0, std::iter::repeat_n(None, before));
            self.first = number;
        }
        let (at, bins) = (number - self.first, self.page_bins());
        if at >= self.pages.len() {
            self.pages.resize(at + 1, None);
        }
        self.pages[at].get_or_insert_with(|| vec![0; bins].into_boxed_slice())
    }

    /// Joins bins two by two.
    fn coarsen(&mut self) {
        self.cut += 1;
        for page in self.pages.iter_mut().flatten() {
            *page = page.as_chunks::<2>().0.iter().map(|pair| pair[0] + pair[1]).collect();
        }
    }

    fn merge(&mut self, other: &Self) {
        let mut other = other.clone();
        for (number, _) in other.pages() {
            self.page(number);
        }
        while self.cut < FRACTION && (self.cut < other.cut || self.total() > MOST_BINS) {
            self.coarsen();
        }
        while other.cut < self.cut {
            other.coarsen();
        }
        for (number, page) in other.pages() {
            self.page(number).iter_mut().zip(page).for_each(|(count, more)| *count += more);
        }
        self.count += other.count;
        self.least = self.least.min(other.least);
        self.most = self.most.max(other.most);
    }

    fn quantile(&self, fraction: f64) -> f64 {
        let rank = (fraction * self.count as f64).clamp(0.0, self.count as f64);
        let mut below = 0.0;
        for (number, page) in self.pages() {
            for (bin, count) in page.iter().enumerate().filter(|(_, count)| **count > 0) {
                let count = *count as f64;
                if below + count >= rank {
                    let start = (number as u64) << FRACTION | (bin as u64) << self.cut;
                    let end = start | ((1 << self.cut) - 1);
                    let (low, high) = (value_of(start).max(self.least), value_of(end).min(self.most));
                    if low == high || !(high - low).is_finite() {
                        return low;
                    }
                    return low + (high - low) * ((rank - below) / count);
                }
                below += count;
            }
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
