//! How many values are in each bin, when there may not be more than so many bins? The lowest are joined.

/// Counts of neighbouring bins.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Store {
    most_bins: usize,
    /// The number of the first bin.
    first: i64,
    counts: Vec<f64>,
}

impl Store {
    /// Of no values.
    pub(super) fn new(most_bins: usize) -> Self {
        Self { most_bins, first: 0, counts: Vec::new() }
    }

    /// Adds to a bin, or to the lowest there is room for.
    pub(super) fn add(&mut self, index: i32, count: f64) {
        let index = i64::from(index);
        if count <= 0.0 {
            return;
        }
        if self.counts.is_empty() {
            self.first = index;
        }
        let end = (self.first + self.counts.len() as i64).max(index + 1);
        let lowest = self.first.min(index).max(end - self.most_bins as i64);
        if lowest > self.first {
            let gone = ((lowest - self.first) as usize).min(self.counts.len());
            let joined: f64 = self.counts.drain(..gone).sum();
            self.first = lowest;
            self.counts.resize((end - lowest) as usize, 0.0);
            self.counts[0] += joined;
        } else if lowest < self.first {
            let more = (self.first - lowest) as usize;
            self.counts.splice(0..0, std::iter::repeat_n(0.0, more));
            self.first = lowest;
        }
        self.counts.resize((end - lowest) as usize, 0.0);
        self.counts[(index.max(lowest) - lowest) as usize] += count;
    }

    /// Adds all of another.
    pub(super) fn merge(&mut self, other: &Self) {
        other.bins().rev().for_each(|(index, count)| self.add(index, count));
    }

    /// Numbers of bins that have values, ascending, with their counts.
    pub(super) fn bins(&self) -> impl DoubleEndedIterator<Item = (i32, f64)> {
        let numbered = self.counts.iter().enumerate().filter(|(_, count)| **count > 0.0);
        numbered.map(|(place, count)| ((self.first + place as i64) as i32, *count))
    }

    /// All bins from the first with values to the last, and the number of the first.
    pub(super) fn range(&self) -> (i32, &[f64]) {
        (self.first as i32, &self.counts)
    }

    pub(super) fn total(&self) -> f64 {
        self.counts.iter().sum()
    }

    pub(super) fn memory_bytes(&self) -> usize {
        8 * self.counts.capacity()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lowest_bins_are_joined() {
        let mut store = Store::new(3);
        [5, 6, 7].iter().for_each(|index| store.add(*index, 1.0));
        store.add(8, 1.0);
        assert_eq!(store.range(), (6, [2.0, 1.0, 1.0].as_slice()));
        store.add(-100, 1.0);
        assert_eq!(store.range(), (6, [3.0, 1.0, 1.0].as_slice()));
        store.add(i32::MAX, 1.0);
        assert_eq!(store.bins().collect::<Vec<_>>(), [(i32::MAX - 2, 5.0), (i32::MAX, 1.0)]);
        let mut other = Store::new(3);
        other.add(i32::MIN, 2.0);
        other.merge(&store);
        assert_eq!(other.bins().collect::<Vec<_>>(), [(i32::MAX - 2, 7.0), (i32::MAX, 1.0)]);
    }

    #[test]
    fn bins_come_in_any_order() {
        let mut store = Store::new(100);
        for index in [3, -3, 0, 40] {
            store.add(index, 1.0);
        }
        assert_eq!(store.bins().map(|(index, _)| index).collect::<Vec<_>>(), [-3, 0, 3, 40]);
        assert_eq!(store.total(), 4.0);
    }
}
