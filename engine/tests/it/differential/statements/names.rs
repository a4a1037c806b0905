//! Which rows has the table `names`? Texts that join with `random.s`, some twice, some null, and odd numbers.

use std::sync::Arc;

use alluvium_segments::{BatchColumn, ColumnSpec, ColumnType, NumericBatch, RowBatch, Schema, StringBatch};
use fastrand::Rng;
use serde_json::{Value, json};

use super::super::data::{FIRST_DAY, SMALL};

/// One row.
#[derive(Debug, Clone)]
pub(super) struct Name {
    t: i64,
    name: Option<String>,
    place: Option<i64>,
    /// Up to the ends of a long.
    big: Option<i64>,
    weight: Option<f64>,
}

impl Name {
    /// As the referee's table has it.
    pub(super) fn json(&self) -> Value {
        json!([self.t, self.name, self.place, self.big, self.weight])
    }
}

const BIG: [i64; 7] = [i64::MIN, i64::MAX, 1 << 53, (1 << 53) + 1, -1, 0, i32::MAX as i64 + 1];

/// Twenty-four rows.
pub(super) fn rows(rng: &mut Rng) -> Vec<Name> {
    let row = |n: usize| {
        let known = SMALL.get(n).map(|text| (*text).to_owned());
        let other = || match rng.u8(..4) {
            0 => None,
            1 => Some(SMALL[rng.usize(..SMALL.len())].to_owned()),
            _ => Some(format!("h{}", rng.u16(..400))),
        };
        Name {
            t: FIRST_DAY + n as i64 * 1_800_000,
            name: known.or_else(other),
            place: (rng.u8(..6) > 0).then(|| rng.i64(-5..60)),
            big: (rng.u8(..6) > 0).then(|| BIG[rng.usize(..BIG.len())]),
            weight: (rng.u8(..6) > 0).then(|| f64::from(rng.i32(-40..40)) / 4.0),
        }
    };
    (0..24).map(row).collect()
}

/// The rows as the engine takes them.
pub(super) fn batch(rows: &[Name]) -> RowBatch {
    let schema = Arc::new(Schema::new(vec![
        ColumnSpec::dimension("name", ColumnType::String),
        ColumnSpec::dimension("place", ColumnType::Long),
        ColumnSpec::dimension("big", ColumnType::Long),
        ColumnSpec::dimension("weight", ColumnType::Double),
    ]));
    let mut name = StringBatch::default();
    let (mut place, mut big, mut weight) =
        (NumericBatch::default(), NumericBatch::default(), NumericBatch::default());
    for row in rows {
        name.push(row.name.as_deref());
        place.push(row.place);
        big.push(row.big);
        weight.push(row.weight);
    }
    RowBatch {
        schema,
        time: rows.iter().map(|row| row.t).collect(),
        columns: vec![
            BatchColumn::String(name),
            BatchColumn::Long(place),
            BatchColumn::Long(big),
            BatchColumn::Double(weight),
        ],
    }
}
