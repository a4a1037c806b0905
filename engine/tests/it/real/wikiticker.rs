//! What is in the wikiticker file (39,244 edits of one day), computed from the file itself?

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufRead, BufReader};

use flate2::read::GzDecoder;
use serde_json::Value;

/// Edits in the file.
pub(super) const EDITS: i64 = 39_244;

/// The raw lines, and the sums a test compares with.
pub(super) struct Wikiticker {
    pub(super) lines: Vec<String>,
    /// Channel -> (edits, sum of `added`, sum of `delta`).
    pub(super) channels: BTreeMap<String, (i64, i64, i64)>,
}

impl Wikiticker {
    /// Reads the file `ALLUVIUM_WIKITICKER` names, or says that the test is skipped.
    pub(super) fn read() -> Option<Self> {
        let path = super::part("the wikiticker file", "ALLUVIUM_WIKITICKER")?;
        let reader = BufReader::new(GzDecoder::new(File::open(path).unwrap()));
        let lines: Vec<String> = reader.lines().map(Result::unwrap).collect();
        assert_eq!(lines.len() as i64, EDITS);
        let mut channels = BTreeMap::new();
        for line in &lines {
            let edit: Value = serde_json::from_str(line).unwrap();
            let sums: &mut (i64, i64, i64) =
                channels.entry(edit["channel"].as_str().unwrap().to_owned()).or_default();
            sums.0 += 1;
            sums.1 += edit["added"].as_i64().unwrap_or(0);
            sums.2 += edit["delta"].as_i64().unwrap_or(0);
        }
        Some(Self { lines, channels })
    }

    /// The five channels with the most edits, descending; ties by name.
    pub(super) fn top_channels(&self) -> Vec<(String, i64)> {
        let mut all: Vec<_> = self.channels.iter().map(|(name, sums)| (name.clone(), sums.0)).collect();
        all.sort_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(&b.0)));
        all.truncate(5);
        all
    }
}
