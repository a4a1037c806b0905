//! SQL over live and sealed rows, end to end: each answer is written down and checked.

mod druid;
pub(super) mod fixture;
mod forms;
mod memory;
mod plans;
mod prepared;
mod types;
mod values;

use fixture::{engine, rows};

/// Cases that need operators of DataFusion directly over a datasource.
const FALLBACKS: usize = 0;

#[tokio::test]
async fn cases() {
    let (engine, _folder) = engine();
    let mut failures = Vec::new();
    let mut lines = include_str!("cases.slt").lines().filter(|l| !l.is_empty() && !l.starts_with('#'));
    let mut count = 0;
    while let (Some(query), Some(wanted)) = (lines.next(), lines.next()) {
        count += 1;
        let got = rows(&engine, query).await;
        if got != wanted {
            failures.push(format!("{query}\n  wanted {wanted}\n  got    {got}"));
        }
    }
    assert!(failures.is_empty(), "{} of {count}:\n{}", failures.len(), failures.join("\n"));
    assert!(count > 60, "{count}");
    assert_eq!(engine.engine().counters().fallbacks(), FALLBACKS as u64);
}
