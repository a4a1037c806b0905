//! What does the footer say? Identity, schema, rows, columns, sections and checksums, each a part with a tag,
//! so that later versions can add parts: optional ones are skipped by older readers, required ones refused.

use super::layout::SectionKind;
use super::parts;
use crate::encoding::Damage;
use crate::{ColumnType, RowOrder, Schema, SegmentId};

/// What a column holds. The numbers are part of the format.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ColumnKind {
    /// `__time`.
    Time = 0,
    /// Longs.
    Long = 1,
    /// Floats.
    Float = 2,
    /// Doubles.
    Double = 3,
    /// Strings.
    String = 4,
    /// Arrays, as texts.
    Array = 5,
    /// Nested values, as texts.
    Nested = 6,
    /// States of aggregators, as texts.
    Complex = 7,
}

impl ColumnKind {
    pub(super) fn from_tag(tag: u8) -> Result<Self, Damage> {
        Ok(match tag {
            0 => Self::Time,
            1 => Self::Long,
            2 => Self::Float,
            3 => Self::Double,
            4 => Self::String,
            5 => Self::Array,
            6 => Self::Nested,
            7 => Self::Complex,
            _ => {
                return Err(Damage::new("a column kind known to this format version", format!("kind {tag}")));
            }
        })
    }

    /// The kind for a type of the schema.
    pub(crate) fn of(column_type: ColumnType) -> Self {
        match column_type {
            ColumnType::Long => Self::Long,
            ColumnType::Float => Self::Float,
            ColumnType::Double => Self::Double,
            ColumnType::String => Self::String,
            ColumnType::Array(_) => Self::Array,
            ColumnType::Json => Self::Nested,
            ColumnType::Complex(_) => Self::Complex,
        }
    }
}

/// Which index a string column has. The numbers are part of the format; 2 is reserved for ranges.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum BitmapKind {
    /// None: rows are found by scanning ids.
    None = 0,
    /// A roaring bitmap a value.
    Roaring = 1,
    /// Row numbers by id, packed.
    Postings = 3,
}

impl BitmapKind {
    pub(super) fn from_tag(tag: u8) -> Result<Self, Damage> {
        match tag {
            0 => Ok(Self::None),
            1 => Ok(Self::Roaring),
            3 => Ok(Self::Postings),
            _ => Err(Damage::new("an index kind known to this format version", format!("kind {tag}"))),
        }
    }
}

/// One column of the directory.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct ColumnEntry {
    /// Its name; the first column is `__time`.
    pub(crate) name: String,
    /// What it holds.
    pub(crate) kind: ColumnKind,
    /// Whether rows may have other than one value (strings only).
    pub(crate) multi: bool,
    /// Which index it has (strings only).
    pub(crate) bitmap: BitmapKind,
    /// Number of ids, null included (strings only).
    pub(crate) cardinality: u32,
    /// Bytes of each text offset: 4 or 8, or 0 where texts lie in pages (strings only).
    pub(crate) offset_width: u8,
    /// Rows that are null, or hold a null.
    pub(crate) nulls: u64,
    /// Number of values (ids) in all rows; the number of rows unless multi.
    pub(crate) values: u64,
    /// Own bits of the smallest and the largest value (numbers only).
    pub(crate) bounds: Option<(u64, u64)>,
    /// Bytes of its values without any encoding.
    pub(crate) bytes_before: u64,
}

/// One section.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct SectionEntry {
    /// First byte in the file; a multiple of 64.
    pub(crate) offset: u64,
    /// Bytes of content; zeroes follow up to a multiple of 64.
    pub(crate) bytes: u64,
    /// Number of its kind; kinds unknown to this version are kept as they are.
    pub(crate) tag: u16,
    /// Whether a reader that does not know the kind must refuse the file.
    pub(crate) required: bool,
    /// Number of the column it belongs to.
    pub(crate) column: u32,
    /// Number of its first checksum.
    pub(crate) first_granule: u32,
}

impl SectionEntry {
    /// Its kind, if this version knows it.
    pub(crate) fn kind(&self) -> Option<SectionKind> {
        SectionKind::from_tag(self.tag)
    }

    /// The name shown to people.
    pub(crate) fn name(&self) -> String {
        self.kind().map_or_else(|| format!("unknown-{}", self.tag), |kind| kind.name().to_owned())
    }
}

/// A projection whose rows the file holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ProjectionEntry {
    /// Its name; the schema has its definition.
    pub(crate) name: String,
    /// Number of rows.
    pub(crate) rows: u64,
    /// Number of its section.
    pub(crate) section: u32,
}

/// The leaves of a nested column that the file holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct LeavesEntry {
    /// Number of the nested column.
    pub(crate) column: u32,
    /// Number of their section.
    pub(crate) section: u32,
    /// Whether every path of the column's documents is among them.
    pub(crate) complete: bool,
}

/// Everything the footer holds.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Footer {
    /// Identity.
    pub(crate) id: SegmentId,
    /// Columns besides `__time`, and how rows were made.
    pub(crate) schema: Schema,
    /// Number of rows.
    pub(crate) rows: u64,
    /// Their order.
    pub(crate) order: RowOrder,
    /// Smallest and largest `__time`.
    pub(crate) time_bounds: Option<(i64, i64)>,
    /// The columns, `__time` first, then as in the schema.
    pub(crate) columns: Vec<ColumnEntry>,
    /// The sections in file order.
    pub(crate) sections: Vec<SectionEntry>,
    /// CRC-32C of each granule of each section.
    pub(crate) granules: Vec<u32>,
    /// The projections, in the order of their sections.
    pub(crate) projections: Vec<ProjectionEntry>,
    /// The leaves of nested columns, in the order of their sections.
    pub(crate) leaves: Vec<LeavesEntry>,
}

impl Footer {
    /// Its bytes.
    pub(crate) fn to_bytes(&self) -> Result<Vec<u8>, serde_json::Error> {
        parts::write(self)
    }

    /// Reads a footer; the error comes with the offset in the footer.
    pub(crate) fn from_bytes(bytes: &[u8]) -> Result<Self, (usize, Damage)> {
        parts::read(bytes)
    }

    /// The section of a kind of a column. Sections ascend by column.
    pub(crate) fn section(&self, column: usize, kind: SectionKind) -> Option<usize> {
        let first = self.sections.partition_point(|s| (s.column as usize) < column);
        let of_column = self.sections.iter().skip(first).take_while(|s| s.column as usize == column);
        of_column.enumerate().find(|(_, s)| s.tag == kind as u16).map(|(i, _)| first + i)
    }
}
