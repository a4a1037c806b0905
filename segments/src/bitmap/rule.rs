//! Is an index of a column built, and of which kind? What the schema says, else by cost.

use crate::file::BitmapKind;
use crate::{BitmapIndex, ColumnSpec, Role};

/// Rows that a value must have on average for an index by cost, and for bitmaps rather than postings: with fewer, the
/// bitmaps' directory and headers take more bytes than the rows in them, and more than the packed ids, whose scan takes
/// 0.15 ns a row.
pub(crate) const MIN_ROWS_A_VALUE: u64 = 64;

/// Values from which on an index by cost is built: with fewer, a value's bitmap is so dense that it takes as long to
/// read as narrow packed ids (6 bits a row and less) take to compare. Columns of several values a row are exempt: no
/// kernel scans them.
pub(crate) const MIN_VALUES: u32 = 64;

/// What is known of a column when its rows are sealed.
#[derive(Debug, Clone, Copy)]
pub(crate) struct IndexFacts {
    /// Number of ids, null included.
    pub(crate) cardinality: u32,
    /// Number of ids in all rows.
    pub(crate) values: usize,
    /// Whether rows may have other than one value.
    pub(crate) multi: bool,
}

/// The kind of index to build.
pub(crate) fn kind(spec: &ColumnSpec, facts: IndexFacts) -> BitmapKind {
    let Role::Dimension(options) = &spec.role else { return BitmapKind::None };
    let IndexFacts { cardinality, values, multi } = facts;
    let repeats = values as u64 >= u64::from(cardinality) * MIN_ROWS_A_VALUE;
    match options.bitmap_index {
        BitmapIndex::Never => BitmapKind::None,
        BitmapIndex::ByCost if repeats && (multi || cardinality >= MIN_VALUES) => BitmapKind::Roaring,
        BitmapIndex::ByCost => BitmapKind::None,
        BitmapIndex::Always if repeats || multi => BitmapKind::Roaring,
        BitmapIndex::Always => BitmapKind::Postings,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{ColumnType, DimensionOptions, MetricFunction};

    #[test]
    fn kinds() {
        let of = |bitmap_index, cardinality, values, multi| {
            let role = Role::Dimension(DimensionOptions { bitmap_index, ..DimensionOptions::default() });
            let spec = ColumnSpec { role, ..ColumnSpec::dimension("a", ColumnType::String) };
            kind(&spec, IndexFacts { cardinality, values, multi })
        };
        let (by_cost, always) = (BitmapIndex::ByCost, BitmapIndex::Always);
        assert_eq!(of(by_cost, 64, 4096, false), BitmapKind::Roaring);
        assert_eq!(of(by_cost, 64, 4095, false), BitmapKind::None);
        assert_eq!(of(by_cost, 63, 75_000, false), BitmapKind::None);
        assert_eq!(of(by_cost, 63, 75_000, true), BitmapKind::Roaring);
        assert_eq!(of(by_cost, 63, 4000, true), BitmapKind::None);
        assert_eq!(of(always, 3, 75_000, false), BitmapKind::Roaring);
        assert_eq!(of(always, 25_000, 75_000, false), BitmapKind::Postings);
        assert_eq!(of(always, 25_000, 75_000, true), BitmapKind::Roaring);
        assert_eq!(of(BitmapIndex::Never, 100, 75_000, false), BitmapKind::None);
        let metric = ColumnSpec::metric("a", ColumnType::String, MetricFunction::Max, None);
        assert_eq!(
            kind(&metric, IndexFacts { cardinality: 100, values: 75_000, multi: false }),
            BitmapKind::None
        );
    }
}
