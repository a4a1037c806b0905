//! What is in a segment file? What `alluvium segment inspect|columns|dump|verify` shows, as values that print
//! as tables or serialise to JSON. Nothing here changes a file.

mod columns;
mod dump;
mod summary;
mod verify;

pub use columns::{ColumnSummary, columns};
pub use dump::{DumpOptions, dump};
pub use summary::{ProjectionSummary, Summary, summary};
pub use verify::{SectionCheck, Verification, verify};
