//! Where do the values of a column come from: a column of the segment, some of its texts, or an expression?

use alluvium_segments::{Column, NumericColumn, StringColumn};

use crate::scan::computed::Computed;

/// Where a column's values come from.
pub(crate) enum Origin<'s> {
    /// The segment has no such column: all null.
    Missing,
    /// Longs (`__time` too).
    Long(&'s dyn NumericColumn<i64>),
    /// Floats.
    Float(&'s dyn NumericColumn<f32>),
    /// Doubles.
    Double(&'s dyn NumericColumn<f64>),
    /// Texts, one or several a row.
    Texts(&'s dyn StringColumn),
    /// The texts that pass, by dictionary id.
    Kept(&'s dyn StringColumn, Vec<bool>),
    /// An expression.
    Computed(Box<Computed>),
}

impl<'s> Origin<'s> {
    /// That of a stored column.
    pub(super) fn of(column: Column<'s>) -> Self {
        match column {
            Column::Time(column) | Column::Long(column) => Self::Long(column),
            Column::Float(column) => Self::Float(column),
            Column::Double(column) => Self::Double(column),
            Column::String(column) => Self::Texts(column),
        }
    }
}

impl std::fmt::Debug for Origin<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Missing => "Missing",
            Self::Long(_) => "Long",
            Self::Float(_) => "Float",
            Self::Double(_) => "Double",
            Self::Texts(_) => "Texts",
            Self::Kept(..) => "Kept",
            Self::Computed(_) => "Computed",
        })
    }
}
