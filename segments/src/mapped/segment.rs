//! What is an open file, and how does it answer as a [`Segment`]?

use std::path::Path;
use std::sync::Arc;

use hashbrown::HashMap;

use super::leaves::Leaves;
use super::numeric::MappedNumbers;
use super::projection::Projection;
use super::strings::MappedStrings;
use super::verify::{self, Problem};
use crate::encoding::Damage;
use crate::file::{ColumnEntry, ColumnKind, FileBytes, Footer, OpenMode, SectionKind};
use crate::{Column, Leaf, PathStep, RowOrder, Schema, Segment, SegmentError, SegmentId, TIME_COLUMN};

/// A sealed segment, read from its file.
///
/// The file may be unlinked while it is open: the system keeps its blocks until the last reader drops the
/// segment. It must not be changed or cut in place.
#[derive(Debug)]
pub struct MappedSegment {
    pub(super) file: Arc<FileBytes>,
    pub(super) footer: Footer,
    pub(super) columns: Vec<MappedColumn>,
    numbers: HashMap<String, usize>,
    projections: Vec<Projection>,
    pub(super) leaves: Vec<Leaves>,
}

/// A column, by kind.
#[derive(Debug)]
pub(super) enum MappedColumn {
    Time(MappedNumbers<i64>),
    Long(MappedNumbers<i64>),
    Float(MappedNumbers<f32>),
    Double(MappedNumbers<f64>),
    String(MappedStrings),
}

impl MappedSegment {
    /// Opens a file by mapping it. Header, trailer and footer are checked at once, everything else before its
    /// first use.
    ///
    /// # Errors
    /// When the file cannot be opened, is damaged, or is of a later format version.
    pub fn open(path: &Path) -> Result<Self, SegmentError> {
        Self::open_with(path, OpenMode::Map)
    }

    /// Opens a file in a given mode.
    ///
    /// # Errors
    /// As [`MappedSegment::open`].
    pub fn open_with(path: &Path, mode: OpenMode) -> Result<Self, SegmentError> {
        let (file, footer) = FileBytes::open(path, mode)?;
        Self::of(file, footer)
    }

    pub(super) fn of(file: FileBytes, footer: Footer) -> Result<Self, SegmentError> {
        let file = Arc::new(file);
        check_columns(&file, &footer)?;
        let open = |(i, entry): (usize, &ColumnEntry)| {
            Ok(match entry.kind {
                ColumnKind::Time => MappedColumn::Time(MappedNumbers::open(&file, &footer, i, entry)?),
                ColumnKind::Long => MappedColumn::Long(MappedNumbers::open(&file, &footer, i, entry)?),
                ColumnKind::Float => MappedColumn::Float(MappedNumbers::open(&file, &footer, i, entry)?),
                ColumnKind::Double => MappedColumn::Double(MappedNumbers::open(&file, &footer, i, entry)?),
                ColumnKind::String | ColumnKind::Array | ColumnKind::Nested | ColumnKind::Complex => {
                    MappedColumn::String(MappedStrings::open(&file, &footer, i, entry)?)
                }
            })
        };
        let columns =
            footer.columns.iter().enumerate().map(open).collect::<Result<Vec<_>, SegmentError>>()?;
        let numbers = footer.columns.iter().enumerate().map(|(i, c)| (c.name.clone(), i)).collect();
        let projections = Projection::all(&file, &footer)?;
        let leaves = Leaves::all(&file, &footer)?;
        Ok(Self { file, footer, columns, numbers, projections, leaves })
    }

    /// Where the file is (or was, if it is unlinked).
    #[must_use]
    pub fn path(&self) -> &Path {
        self.file.path()
    }

    /// The rows of a projection, as a segment of their own.
    ///
    /// # Errors
    /// When the file has no such projection, or its bytes are corrupt.
    pub fn projection(&self, name: &str) -> Result<&Self, SegmentError> {
        let found = self.projections.iter().find(|p| p.spec().name == name);
        let missing = || SegmentError::NotFound { what: "projection", name: name.to_owned() };
        found.ok_or_else(missing)?.mapped().map(|segment| &**segment)
    }

    /// The leaves of a nested column.
    pub(super) fn leaves_by_name(&self, column: &str) -> Option<&Leaves> {
        let number = self.numbers.get(column)?;
        self.leaves.iter().find(|leaves| leaves.column == *number)
    }

    /// CRC-32C of the whole file as it is now.
    #[must_use]
    pub fn checksum(&self) -> u32 {
        self.file.checksum()
    }

    /// Compares every checksum, decodes every block and checks what blocks, dictionaries and indexes say of each
    /// other. Empty when all is well.
    #[must_use]
    pub fn verify(&self) -> Vec<Problem> {
        verify::verify(self)
    }
}

impl Segment for MappedSegment {
    fn id(&self) -> &SegmentId {
        &self.footer.id
    }

    fn rows(&self) -> usize {
        self.footer.rows as usize
    }

    fn schema(&self) -> &Schema {
        &self.footer.schema
    }

    fn order(&self) -> RowOrder {
        self.footer.order
    }

    fn time_bounds(&self) -> Option<(i64, i64)> {
        self.footer.time_bounds
    }

    fn column(&self, name: &str) -> Result<Option<Column<'_>>, SegmentError> {
        let column = self.numbers.get(name).and_then(|i| self.columns.get(*i));
        Ok(column.map(|column| match column {
            MappedColumn::Time(c) => Column::Time(c),
            MappedColumn::Long(c) => Column::Long(c),
            MappedColumn::Float(c) => Column::Float(c),
            MappedColumn::Double(c) => Column::Double(c),
            MappedColumn::String(c) => Column::String(c),
        }))
    }

    fn leaf(&self, column: &str, path: &[PathStep]) -> Result<Leaf<'_>, SegmentError> {
        self.leaves_by_name(column).map_or(Ok(Leaf::Unknown), |leaves| leaves.leaf(path))
    }

    fn is_live(&self) -> bool {
        false
    }

    fn size_bytes(&self) -> u64 {
        self.file.len()
    }

    fn projections(&self) -> &[Projection] {
        &self.projections
    }
}

/// The section of a kind that a column must have.
pub(super) fn required(
    file: &FileBytes,
    footer: &Footer,
    column: usize,
    kind: SectionKind,
) -> Result<usize, SegmentError> {
    footer.section(column, kind).ok_or_else(|| {
        let name = footer.columns.get(column).map_or("", |c| c.name.as_str());
        file.corrupt(0, 0, Damage::new(format!("section `{}` of column `{name}`", kind.name()), "none"))
    })
}

/// The directory names `__time` and the schema's columns, in this order and of these types.
fn check_columns(file: &FileBytes, footer: &Footer) -> Result<(), SegmentError> {
    let specs = footer.schema.columns.iter().map(|s| (s.name.as_str(), ColumnKind::of(s.column_type)));
    let expected = std::iter::once((TIME_COLUMN, ColumnKind::Time)).chain(specs);
    let found = footer.columns.iter().map(|c| (c.name.as_str(), c.kind));
    if expected.clone().eq(found.clone()) {
        return Ok(());
    }
    let (expected, found) = (expected.collect::<Vec<_>>(), found.collect::<Vec<_>>());
    Err(file.corrupt(0, 0, Damage::new(format!("columns {expected:?}"), format!("{found:?}"))))
}
