//! Where are the leaves of a nested column? In a section of the file that holds the column: a file in itself, opened over
//! the same bytes when it is first wanted.

use std::sync::{Arc, OnceLock};

use super::segment::MappedSegment;
use crate::encoding::Damage;
use crate::file::{ColumnKind, FileBytes, Footer, LeavesEntry, SectionKind};
use crate::{ColumnType, Leaf, PathStep, Segment, SegmentError, leaf_name};

/// The leaves of one nested column.
#[derive(Debug)]
pub(super) struct Leaves {
    /// Number of the nested column.
    pub(super) column: usize,
    /// Number of their section.
    pub(super) section: usize,
    complete: bool,
    rows: u64,
    file: Arc<FileBytes>,
    opened: OnceLock<MappedSegment>,
}

impl Leaves {
    /// Those that a footer lists.
    pub(super) fn all(file: &Arc<FileBytes>, footer: &Footer) -> Result<Vec<Self>, SegmentError> {
        let find = |entry: &LeavesEntry| {
            let (column, section) = (entry.column as usize, entry.section as usize);
            let damaged = |expected: &str| {
                let found = format!("leaves of column {column} in section {section}");
                file.corrupt(0, 0, Damage::new(expected, found))
            };
            if footer.columns.get(column).map(|c| c.kind) != Some(ColumnKind::Nested) {
                return Err(damaged("a nested column"));
            }
            if footer.sections.get(section).and_then(|s| s.kind()) != Some(SectionKind::Leaves) {
                return Err(damaged("a section of kind `leaves`"));
            }
            let (file, opened) = (Arc::clone(file), OnceLock::new());
            Ok(Self { column, section, complete: entry.complete, rows: footer.rows, file, opened })
        };
        footer.leaves.iter().map(find).collect()
    }

    /// The leaves as columns of a segment with the same rows; opened the first time.
    pub(crate) fn mapped(&self) -> Result<&MappedSegment, SegmentError> {
        if let Some(opened) = self.opened.get() {
            return Ok(opened);
        }
        let (file, footer) = self.file.open_section(self.section)?;
        if footer.rows != self.rows {
            let damage = Damage::new(format!("{} rows", self.rows), format!("{} rows", footer.rows));
            return Err(self.file.corrupt(self.section, 0, damage));
        }
        let opened = MappedSegment::of(file, footer)?;
        Ok(self.opened.get_or_init(|| opened))
    }

    /// What is stored of a path.
    pub(super) fn leaf(&self, path: &[PathStep]) -> Result<Leaf<'_>, SegmentError> {
        let segment = self.mapped()?;
        let stored = |path: &[PathStep]| {
            let name = leaf_name(path);
            let found = segment.schema().find(&name).map(|(_, spec)| spec.column_type);
            found.map(|column_type| (name, column_type))
        };
        if let Some((name, column_type)) = stored(path) {
            let column = segment.column(&name)?;
            return Ok(column.map_or(Leaf::Unknown, |column| Leaf::Stored(column_type, column)));
        }
        // An item of a list of scalars is within the value of the list.
        let within_list = match path {
            [list @ .., PathStep::Item(_)] => stored(list).is_some_and(|(_, of)| of == ColumnType::Json),
            _ => false,
        };
        Ok(if self.complete && !within_list { Leaf::Absent } else { Leaf::Unknown })
    }
}
