//! What does an HLL sketch print? The summary of Java's `HllSketch`, most of it read from the preamble of its bytes.

use std::fmt::Write;

use super::HllSketch;
use crate::{SketchError, bytes::Reader, java};

/// Bit of the flags that says the history of updates is lost.
const OUT_OF_ORDER: u8 = 16;

impl HllSketch {
    /// What Java's `toString` prints.
    #[must_use]
    pub fn to_text(&self) -> String {
        let bounds = self.bounds(1).map_or((f64::NAN, f64::NAN), |bounds| (bounds.lower, bounds.upper));
        let bytes = self.to_bytes();
        let (mode, flags, rest) = details(&bytes).unwrap_or(("LIST", 0, Vec::new()));
        let mut rows = vec![
            ("Log Config K", self.lg_k().to_string()),
            ("Hll Target", self.target().name().to_owned()),
            ("Current Mode", mode.to_owned()),
            ("Memory", false.to_string()),
            ("LB", java::double_text(bounds.0)),
            ("Estimate", java::double_text(self.estimate())),
            ("UB", java::double_text(bounds.1)),
            ("OutOfOrder Flag", (flags & OUT_OF_ORDER != 0).to_string()),
        ];
        rows.extend(rest);
        let mut text = String::from("### HLL SKETCH SUMMARY: \n");
        for (name, value) in rows {
            let _ = writeln!(text, "  {name:<15}: {value}");
        }
        text
    }
}

type Rows = Vec<(&'static str, String)>;

/// The mode, the flags, and rows that only this mode has.
fn details(bytes: &[u8]) -> Result<(&'static str, u8, Rows), SketchError> {
    let mut reader = Reader::new(super::KIND, bytes);
    let [_, _, _, _, _, flags, state, mode] = reader.array()?;
    Ok(match mode & 3 {
        0 => ("LIST", flags, vec![("Coupon Count", state.to_string())]),
        1 => ("SET", flags, vec![("Coupon Count", reader.u32_le()?.to_string())]),
        _ => {
            let [hip, kxq0, kxq1] = [reader.f64_le()?, reader.f64_le()?, reader.f64_le()?];
            let rows = vec![
                ("CurMin", state.to_string()),
                ("NumAtCurMin", reader.u32_le()?.to_string()),
                ("HipAccum", java::double_text(hip)),
                ("KxQ0", java::double_text(kxq0)),
                ("KxQ1", java::double_text(kxq1)),
                ("Rebuild KxQ Flg", false.to_string()),
            ];
            ("HLL", flags, rows)
        }
    })
}
