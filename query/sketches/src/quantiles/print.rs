//! What does a quantiles sketch print? The summary of Java's `DirectCompactDoublesSketch`, which Druid's
//! are when they are shown.

use std::fmt::Write;

use super::QuantilesDoubles;
use crate::java;

impl QuantilesDoubles {
    /// How far ranks are off at most, with 99 % confidence: for a single value, and for the share of an interval.
    #[must_use]
    pub fn rank_error(&self, interval: bool) -> f64 {
        let (factor, power) = if interval { (1.854, 0.9657) } else { (1.576, 0.9726) };
        factor / (self.k as f64).powf(power)
    }

    /// What Java's `toString` prints.
    #[must_use]
    pub fn to_text(&self) -> String {
        let valid = self.levels.iter().filter(|level| !level.is_empty()).count();
        let levels = self.levels.len();
        let pattern = self.count / (2 * self.k as u64);
        let compact = if self.count == 0 { 8 } else { 8 * (4 + self.retained()) };
        let error = |interval| format!("{:.3}%", 100.0 * self.rank_error(interval));
        let rows = [
            ("Empty", (self.count == 0).to_string()),
            ("Memory, Capacity bytes", format!("true, {compact}")),
            ("Estimation Mode", (levels > 0).to_string()),
            ("K", java::grouped(self.k as u64)),
            ("N", java::grouped(self.count)),
            ("Levels (Needed, Total, Valid)", format!("{levels}, {levels}, {valid}")),
            ("Level Bit Pattern", format!("{pattern:b}")),
            ("BaseBufferCount", java::grouped(self.base.len() as u64)),
            ("Combined Buffer Capacity", java::grouped(self.capacity() as u64)),
            ("Retained Items", java::grouped(self.retained() as u64)),
            ("Compact Storage Bytes", java::grouped(compact as u64)),
            ("Updatable Storage Bytes", java::grouped(self.updatable_bytes() as u64)),
            ("Normalized Rank Error", error(false)),
            ("Normalized Rank Error (PMF)", error(true)),
            ("Min Item", java::scientific(self.least)),
            ("Max Item", java::scientific(self.most)),
        ];
        let mut text = String::from("\n### Quantiles DirectCompactDoublesSketch SUMMARY: \n");
        for (name, value) in rows {
            let _ = writeln!(text, "   {name:<29}: {value}");
        }
        text + "### END SKETCH SUMMARY\n"
    }

    /// Places a compact sketch has for values: as many as there are in the buffer, and `k` for each level.
    fn capacity(&self) -> usize {
        if self.levels.is_empty() {
            return self.base.len();
        }
        (2 + self.levels.len()) * self.k
    }

    fn updatable_bytes(&self) -> usize {
        if self.count == 0 {
            return 8;
        }
        if self.count <= self.k as u64 {
            return 8 * (4 + (self.count as usize).next_power_of_two().max(4));
        }
        8 * (4 + (2 + self.levels.len()) * self.k)
    }
}
