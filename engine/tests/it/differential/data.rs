//! Over which rows are random queries asked? Nulls, empty strings, multi-values, equal timestamps, and
//! dictionaries that differ from day to day.

use std::sync::Arc;

use alluvium_segments::time::DAY_MS;
use alluvium_segments::{BatchColumn, ColumnSpec, ColumnType, NumericBatch, RowBatch, Schema, StringBatch};
use fastrand::Rng;

/// 2024-03-01, the first of [`DAYS`] days.
pub(super) const FIRST_DAY: i64 = 1_709_251_200_000;
pub(super) const DAYS: i64 = 3;

/// One row, as both sides see it.
#[derive(Debug, Clone)]
pub(super) struct Row {
    pub(super) t: i64,
    /// Few values.
    pub(super) s: Option<String>,
    /// Many values.
    pub(super) h: Option<String>,
    /// Any number of values, null among them.
    pub(super) tags: Vec<Option<String>>,
    pub(super) l: Option<i64>,
    /// Quarters, so that sums are exact in any order.
    pub(super) d: Option<f64>,
}

pub(super) const SMALL: [&str; 7] = ["", "a", "b", "ab", "B", "\u{fc}nder", "zz top"];
pub(super) const TAGS: [&str; 5] = ["", "red", "green", "blue", "r"];

/// Rows of one day.
pub(super) fn rows_of_day(rng: &mut Rng, day: i64, count: usize) -> Vec<Row> {
    let maybe = |rng: &mut Rng| rng.u8(..10) > 0;
    (0..count)
        .map(|_| {
            // Few distinct instants: many rows share one.
            let t = FIRST_DAY + day * DAY_MS + rng.i64(0..400) * 216_000;
            let small = SMALL[(rng.usize(..5) + day as usize) % SMALL.len()];
            let tags = match rng.u8(..6) {
                0 => vec![],
                1 => vec![None],
                n => (2..n.max(3))
                    .map(|_| maybe(rng).then(|| TAGS[rng.usize(..TAGS.len())].to_owned()))
                    .collect(),
            };
            Row {
                t,
                s: maybe(rng).then(|| small.to_owned()),
                h: maybe(rng).then(|| format!("h{}", rng.i64(0..200) + day * 100)),
                tags,
                l: maybe(rng).then(|| rng.i64(-50..200)),
                d: maybe(rng).then(|| rng.i32(-400..400).into()).map(|quarters: f64| quarters / 4.0),
            }
        })
        .collect()
}

pub(super) fn schema() -> Arc<Schema> {
    Arc::new(Schema::new(vec![
        ColumnSpec::dimension("s", ColumnType::String),
        ColumnSpec::dimension("h", ColumnType::String),
        ColumnSpec::dimension("tags", ColumnType::String),
        ColumnSpec::dimension("l", ColumnType::Long),
        ColumnSpec::dimension("d", ColumnType::Double),
    ]))
}

pub(super) fn batch(schema: &Arc<Schema>, rows: &[Row]) -> RowBatch {
    let (mut s, mut h, mut tags) = (StringBatch::default(), StringBatch::default(), StringBatch::default());
    let (mut l, mut d) = (NumericBatch::default(), NumericBatch::default());
    for row in rows {
        s.push(row.s.as_deref());
        h.push(row.h.as_deref());
        row.tags.iter().for_each(|tag| tags.push_value(tag.as_deref()));
        tags.end_row();
        l.push(row.l);
        d.push(row.d);
    }
    RowBatch {
        schema: Arc::clone(schema),
        time: rows.iter().map(|row| row.t).collect(),
        columns: vec![
            BatchColumn::String(s),
            BatchColumn::String(h),
            BatchColumn::String(tags),
            BatchColumn::Long(l),
            BatchColumn::Double(d),
        ],
    }
}
