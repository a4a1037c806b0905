//! When are there so many groups that they are kept in another way?

/// Where ways to keep groups end. The answer is the same whatever these are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GroupLimits {
    /// Possible keys for which a flat array is taken, however few rows there are.
    pub flat: u64,
    /// Possible keys for which a flat array is taken where there are rows enough.
    pub most_flat: u64,
    /// Groups found by hash that a worker keeps before it hands them on.
    pub held: usize,
    /// Rows that a worker keeps where hardly any two are in one group.
    pub listed: usize,
    /// Groups handed on that wait to be merged.
    pub waiting: usize,
    /// Groups of all workers that one of them merges alone.
    pub alone: usize,
    /// Rows or groups for each part that is merged by itself.
    pub part: usize,
    /// Words that sets of distinct values, a bit a possible one, take before each value makes a group.
    pub sets: u64,
    /// Texts of a column that keep numbers of their own between queries.
    pub texts: usize,
}

impl Default for GroupLimits {
    fn default() -> Self {
        Self {
            flat: 1 << 18,
            most_flat: 1 << 22,
            held: 1 << 18,
            listed: 1 << 16,
            waiting: 1 << 24,
            alone: 1 << 17,
            part: 1 << 13,
            sets: 1 << 20,
            texts: 1 << 21,
        }
    }
}
