//! What does a theta sketch print? The summary of Java's `DirectCompactSketch`, which Druid's are when they are shown.

use crate::java;
use crate::sample::{Sample, seed_hash};

pub(super) fn summary(sample: &Sample) -> String {
    let (lower, upper) = sample.bounds(2).map_or((f64::NAN, f64::NAN), |b| (b.lower, b.upper));
    let theta = sample.theta();
    let seed = seed_hash();
    let rows = [
        ("Estimate", java::double(sample.estimate())),
        ("Upper Bound, 95% conf", java::double(upper)),
        ("Lower Bound, 95% conf", java::double(lower)),
        ("Theta (double)", java::double(sample.fraction())),
        ("Theta (long)", theta.to_string()),
        ("Theta (long) hex", format!("{theta:016x}")),
        ("EstMode?", sample.estimates().to_string()),
        ("Empty?", sample.is_empty().to_string()),
        ("Ordered?", true.to_string()),
        ("Retained Entries", sample.len().to_string()),
        ("Seed Hash", format!("{seed:x} | {seed}")),
    ];
    let rows: String = rows.iter().map(|(name, value)| format!("   {name:<24}: {value}\n")).collect();
    format!("\n### DirectCompactSketch SUMMARY: \n{rows}### END SKETCH SUMMARY\n")
}
