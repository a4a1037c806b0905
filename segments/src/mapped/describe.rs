//! What can be told of a mapped column without reading its rows? Sizes, encodings, index: for the inspector.

use std::collections::BTreeMap;

use super::leaves::Leaves;
use super::segment::{MappedColumn, MappedSegment};
use super::words::WordColumn;
use crate::SegmentError;
use crate::encoding::{RAW, SCALED};
use crate::file::{ColumnEntry, FileBytes, Footer, SectionEntry};

/// The bytes of one column.
#[derive(Debug)]
pub(crate) struct ColumnBytes<'s> {
    /// What the directory says.
    pub(crate) entry: &'s ColumnEntry,
    /// Its sections.
    pub(crate) sections: Vec<&'s SectionEntry>,
    /// Number of blocks by encoding.
    pub(crate) encodings: BTreeMap<String, u64>,
}

impl MappedSegment {
    /// The blocks of a column's values or ids, after each other as they lie in the file, checked: what the fastest scan
    /// of the column has to read. Unknown columns have none.
    ///
    /// # Errors
    /// When the bytes are corrupt.
    pub fn stored_bytes(&self, name: &str) -> Result<&[u8], SegmentError> {
        let Some((_, column)) = self.mapped_columns().find(|(entry, _)| entry.name == name) else {
            return Ok(&[]);
        };
        let words = column.words();
        words.file.read(words.data, 0..words.file.section_bytes(words.data))
    }

    pub(crate) fn footer(&self) -> &Footer {
        &self.footer
    }

    /// The leaves of a nested column, after `__time`; `None` where they are not stored.
    ///
    /// # Errors
    /// When the bytes are corrupt.
    pub(crate) fn leaves_of(&self, name: &str) -> Result<Option<&Self>, SegmentError> {
        self.leaves_by_name(name).map(Leaves::mapped).transpose()
    }

    /// The format version of its file.
    pub(crate) fn format_version(&self) -> u32 {
        self.file.version()
    }

    pub(super) fn file(&self) -> &FileBytes {
        &self.file
    }

    pub(super) fn mapped_columns(&self) -> impl Iterator<Item = (&ColumnEntry, &MappedColumn)> {
        self.footer.columns.iter().zip(&self.columns)
    }

    /// Describes every column, `__time` first.
    pub(crate) fn column_bytes(&self) -> Result<Vec<ColumnBytes<'_>>, SegmentError> {
        let describe = |(i, (entry, column)): (usize, (_, &MappedColumn))| {
            let entry: &ColumnEntry = entry;
            let sections = self.footer.sections.iter().filter(|s| s.column as usize == i).collect();
            let encodings = encodings(column.words())?;
            Ok(ColumnBytes { entry, sections, encodings })
        };
        self.mapped_columns().enumerate().map(describe).collect()
    }
}

impl MappedColumn {
    /// The blocks of its values or ids.
    fn words(&self) -> &WordColumn {
        match self {
            Self::Time(c) | Self::Long(c) => &c.words,
            Self::Float(c) => &c.words,
            Self::Double(c) => &c.words,
            Self::String(c) => &c.ids,
        }
    }
}

fn encodings(words: &WordColumn) -> Result<BTreeMap<String, u64>, SegmentError> {
    let mut counts = BTreeMap::new();
    for number in 0..words.blocks() {
        let entry = words.entry(number)?;
        let name = entry.encoding.name();
        let name = match entry.exponent {
            RAW => name.to_owned(),
            SCALED => format!("scaled-{name}"),
            _ => format!("decimal-{name}"),
        };
        *counts.entry(name).or_default() += 1;
    }
    Ok(counts)
}
