//! What does a KLL sketch print? The summary of Java's compact sketch in memory, which Druid's are
//! when they are shown.

use crate::quantiles::Ranked;
use std::fmt::Write;

use super::{Kll, Number};

/// The parameter `m` of all sketches.
const M: usize = 8;

impl<N: Number> Kll<N> {
    /// What Java's `toString` prints.
    #[must_use]
    pub fn to_text(&self) -> String {
        let kept = self.kept();
        let (levels, retained) = (kept.levels.len(), self.retained());
        let compact = self.to_bytes().len();
        let updatable = 20 + 4 * (levels + 1) + N::BYTES * (2 + kept.capacity);
        let error = |interval| format!("{:.3}%", 100.0 * self.rank_error(interval));
        let item = |value: f64| if self.count() == 0 { "NaN".into() } else { N::text(value) };
        let rows = [
            ("K", self.k().to_string()),
            ("Dynamic min K", self.sketch.min_k().to_string()),
            ("M", M.to_string()),
            ("N", self.count().to_string()),
            ("Epsilon", error(false)),
            ("Epsilon PMF", error(true)),
            ("Empty", (self.count() == 0).to_string()),
            ("Estimation Mode", self.sketch.is_estimation_mode().to_string()),
            ("Levels", levels.to_string()),
            ("Level 0 Sorted", kept.sorted.to_string()),
            ("Capacity Items", kept.capacity.to_string()),
            ("Retained Items", retained.to_string()),
            ("Empty/Garbage Items", kept.capacity.saturating_sub(retained).to_string()),
            ("ReadOnly", "true(Format)".to_owned()),
            ("Updatable Storage Bytes", updatable.to_string()),
            ("Compact Storage Bytes", compact.to_string()),
            ("Min Item", item(self.min())),
            ("Max Item", item(self.max())),
        ];
        let name = N::KIND.replace("Kll", "KllDirectCompact");
        let mut text = format!("\n### {name} Summary:\n");
        for (name, value) in rows {
            let _ = writeln!(text, "   {name:<23}: {value}");
        }
        text + "### End sketch summary\n"
    }
}
