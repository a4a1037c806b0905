//! What does a sample of hashes print? The summary of Java's `DirectCompactSketch` or `DirectArrayOfDoublesCompactSketch`,
//! which Druid's are when they are shown.

use super::{Sample, seed_hash};
use crate::java;

impl Sample {
    /// The summary under the name of the Java class; sketches without values also print `theta` in hexadecimal digits
    /// and that they are in order.
    pub(crate) fn summary(&self, class: &str) -> String {
        let (lower, upper) = self.bounds(2).map_or((f64::NAN, f64::NAN), |b| (b.lower, b.upper));
        let theta = self.theta();
        let seed = seed_hash();
        let plain = |name, value: String| (self.width == 0).then_some((name, value));
        let rows = [
            Some(("Estimate", java::double_text(self.estimate()))),
            Some(("Upper Bound, 95% conf", java::double_text(upper))),
            Some(("Lower Bound, 95% conf", java::double_text(lower))),
            Some(("Theta (double)", java::double_text(self.fraction()))),
            Some(("Theta (long)", theta.to_string())),
            plain("Theta (long) hex", format!("{theta:016x}")),
            Some(("EstMode?", self.estimates().to_string())),
            Some(("Empty?", self.is_empty().to_string())),
            plain("Ordered?", true.to_string()),
            Some(("Retained Entries", self.len().to_string())),
            Some(("Seed Hash", format!("{seed:x} | {seed}"))),
        ];
        let rows: String =
            rows.into_iter().flatten().map(|(name, value)| format!("   {name:<24}: {value}\n")).collect();
        format!("### {class} SUMMARY: \n{rows}### END SKETCH SUMMARY\n")
    }
}
