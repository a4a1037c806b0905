//! How do generated rows become a file? A row group at a time; the file has its name only when it is whole.

use std::fs::{self, File};
use std::path::Path;
use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::datatypes::Schema;
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::properties::WriterProperties;

/// Rows of a row group.
pub const GROUP_ROWS: usize = 1 << 18;

/// A source of row groups.
pub trait RowGroups {
    /// The columns.
    fn schema(&self) -> Arc<Schema>;

    /// The next rows, at most about [`GROUP_ROWS`]; none at the end.
    ///
    /// # Errors
    /// When the columns do not fit the schema.
    fn next(&mut self) -> Result<Option<RecordBatch>, String>;
}

/// Writes all row groups to a Parquet file with zstd, unless it exists; gives whether it was written.
///
/// # Errors
/// When the file cannot be written.
pub fn write(path: &Path, open: impl FnOnce() -> Box<dyn RowGroups>) -> Result<bool, String> {
    if path.exists() {
        return Ok(false);
    }
    let failed = |e: &dyn std::fmt::Display| format!("`{}`: {e}", path.display());
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).map_err(|e| failed(&e))?;
    }
    let mut groups = open();
    let unfinished = path.with_extension("unfinished");
    let file = File::create(&unfinished).map_err(|e| failed(&e))?;
    let properties = WriterProperties::builder()
        .set_compression(Compression::ZSTD(ZstdLevel::default()))
        .set_max_row_group_row_count(Some(2 * GROUP_ROWS))
        .build();
    let mut writer = ArrowWriter::try_new(file, groups.schema(), Some(properties)).map_err(|e| failed(&e))?;
    let mut rows = 0;
    while let Some(batch) = groups.next()? {
        rows += batch.num_rows();
        writer.write(&batch).and_then(|()| writer.flush()).map_err(|e| failed(&e))?;
    }
    writer.close().map_err(|e| failed(&e))?;
    fs::rename(&unfinished, path).map_err(|e| failed(&e))?;
    eprintln!("wrote {rows} rows to `{}`", path.display());
    Ok(true)
}
