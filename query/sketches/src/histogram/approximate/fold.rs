//! How do two histograms become one? Bins nearer to each other than a cutoff are joined, and those beyond the limits
//! make one bin on each side.

use super::{ApproximateHistogram, Bin};

/// The bins of both, ascending; the first of equal ones is the right one's.
fn in_order<'a>(left: &'a [Bin], right: &'a [Bin]) -> impl Iterator<Item = Bin> + 'a {
    let (mut j, mut k) = (0, 0);
    std::iter::from_fn(move || match (left.get(j), right.get(k)) {
        (Some(mine), Some(theirs)) if mine.position < theirs.position => {
            j += 1;
            Some(*mine)
        }
        (_, Some(theirs)) => {
            k += 1;
            Some(*theirs)
        }
        (Some(mine), None) => {
            j += 1;
            Some(*mine)
        }
        (None, None) => None,
    })
}

/// A bin with another joined to it, in single precision as Druid does it.
fn joined(bin: Bin, next: Bin) -> Bin {
    let count = bin.count + next.count;
    let share = bin.count as f32 / count as f32;
    let position = -(next.position - bin.position) * share + next.position;
    Bin { position, count, approximate: true }
}

const NONE: Bin = Bin { position: 0.0, count: 0, approximate: true };

impl ApproximateHistogram {
    /// Adds all values of another.
    pub fn merge(&mut self, other: &Self) {
        if other.bins.is_empty() {
            return;
        }
        self.least = self.least.min(other.least);
        self.most = self.most.max(other.most);
        self.bins = if self.bins.len() + other.bins.len() <= self.size {
            self.side_by_side(other)
        } else {
            self.by_rule(other)
        };
        while self.bins.len() > self.size.max(1) {
            let Some((nearest, _)) = self.nearest() else {
                return;
            };
            self.join(nearest);
        }
    }

    /// All bins of both, equal ones as one.
    fn side_by_side(&self, other: &Self) -> Vec<Bin> {
        let mut bins: Vec<Bin> = Vec::with_capacity(self.bins.len() + other.bins.len());
        for bin in in_order(&self.bins, &other.bins) {
            match bins.last_mut() {
                Some(last) if last.position == bin.position => {
                    last.count += bin.count;
                    // Druid adds the marks with the counts: two of them are none.
                    last.approximate ^= bin.approximate;
                }
                _ => bins.push(bin),
            }
        }
        bins
    }

    /// How near bins have to be to be joined.
    fn cutoff(&self) -> f32 {
        let size = self.size as f32;
        match (self.lower_limit.is_finite(), self.upper_limit.is_finite()) {
            (true, true) => (self.upper_limit - self.lower_limit) / (size - 3.0),
            (false, true) => (self.upper_limit - self.least) / (size - 2.0),
            (true, false) => (self.most - self.lower_limit) / (size - 2.0),
            (false, false) => (self.most - self.least) / (size - 1.0),
        }
    }

    fn by_rule(&self, other: &Self) -> Vec<Bin> {
        let cutoff = self.cutoff();
        let below = |bins: &[Bin]| bins.partition_point(|bin| bin.position < self.lower_limit);
        let (mine, rest) = self.bins.split_at(below(&self.bins));
        let (theirs, other_rest) = other.bins.split_at(below(&other.bins));
        let low = mine.iter().chain(theirs).fold(NONE, |low, bin| joined(low, *bin));
        let mut bins = Vec::with_capacity(self.size.min(self.bins.len() + other.bins.len()));
        if low.count > 0 {
            bins.push(low);
        }
        let mut high = NONE;
        for (number, bin) in in_order(rest, other_rest).enumerate() {
            match bins.last_mut() {
                _ if number == 0 => bins.push(bin),
                _ if bin.position > self.upper_limit => high = joined(high, bin),
                Some(last) if bin.position - last.position <= cutoff => *last = joined(*last, bin),
                _ => bins.push(Bin { approximate: false, ..bin }),
            }
        }
        if high.count > 0 {
            bins.push(high);
        }
        bins
    }
}
