//! Which rows? Seeded generators that stream into Parquet files of any size.

pub mod events;
mod file;
mod pages;
mod ssb;
mod uniform;
mod words;

use std::path::{Path, PathBuf};

pub use events::Events;
pub use file::{GROUP_ROWS, RowGroups, write};
pub use ssb::Ssb;
pub use uniform::{R_VALUES, Uniform};
pub use words::{NATIONS, REGIONS};

/// The flat Star Schema Benchmark's file at a scale factor, made when it is missing: `at` itself when that is a
/// Parquet file, else in the folder `at`.
///
/// # Errors
/// When it cannot be written.
pub fn ssb_file(at: &Path, scale: f64) -> Result<PathBuf, String> {
    let is_file = at.extension().is_some_and(|e| e == "parquet");
    let path = if is_file { at.to_owned() } else { at.join("lineorder_flat.parquet") };
    write(&path, || Box::new(Ssb::new(scale)))?;
    Ok(path)
}
