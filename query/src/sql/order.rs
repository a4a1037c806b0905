//! Which rows come first? Every sort key becomes a column of integers that compare as the values do, so that only
//! integers are compared; where few rows are wanted, only those are sorted.

use std::cmp::Ordering;

use alluvium_expression::{Value, compare_text, decode};
use alluvium_segments::{ColumnType, NumericBlock};

use crate::column::{ColumnData, TextColumn};

/// A sort key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Key {
    /// Number of the column.
    pub(crate) column: usize,
    pub(crate) descending: bool,
    pub(crate) nulls_first: bool,
    /// What its texts stand for.
    pub(crate) form: ColumnType,
}

/// The first `wanted` rows by some keys, in order; rows that are equal come as they lie.
pub(crate) fn first_rows(columns: &[ColumnData], keys: &[Key], rows: usize, wanted: usize) -> Vec<u32> {
    let ranks: Vec<Vec<u128>> =
        keys.iter().filter_map(|key| Some(ranks(columns.get(key.column)?, *key))).collect();
    let mut order: Vec<u32> = (0..rows as u32).collect();
    match ranks.as_slice() {
        [only] => {
            let rank = |row: &u32| (only.get(*row as usize), *row);
            sort_first(&mut order, wanted, |a, b| rank(a).cmp(&rank(b)));
        }
        all => sort_first(&mut order, wanted, |a, b| {
            let by = |ranks: &Vec<u128>| ranks.get(*a as usize).cmp(&ranks.get(*b as usize));
            all.iter().map(by).find(|o| o.is_ne()).unwrap_or_else(|| a.cmp(b))
        }),
    }
    order
}

fn sort_first(order: &mut Vec<u32>, wanted: usize, compare: impl Fn(&u32, &u32) -> Ordering) {
    if wanted == 0 {
        order.clear();
    } else if wanted < order.len() {
        order.select_nth_unstable_by(wanted - 1, &compare);
        order.truncate(wanted);
    }
    // Rows often come as a few runs that are in order, which this sort takes as they are.
    order.sort_by(compare);
}

/// Integers in the order wanted of the values: numbers by size with NaN largest, texts by their UTF-16 units, arrays by their elements.
fn ranks(column: &ColumnData, key: Key) -> Vec<u128> {
    const SIGN: u64 = 1 << 63;
    let double = |v: f64| {
        let bits = v.to_bits();
        if bits & SIGN == 0 { bits | SIGN } else { !bits }
    };
    match column {
        ColumnData::Longs(block) => numbers(block, key, |v| v as u64 ^ SIGN),
        ColumnData::Doubles(block) => numbers(block, key, double),
        ColumnData::Floats(block) => numbers(block, key, |v| double(f64::from(v))),
        ColumnData::Texts(texts) => {
            let by_id = text_ranks(texts, key.form);
            let rank = |id: &u32| (*id != 0).then(|| by_id.get(*id as usize).copied().unwrap_or(0));
            texts.ids.iter().map(|id| placed(rank(id), key)).collect()
        }
        ColumnData::TextLists(lists) => {
            // The order of lists is nobody's: they are equal.
            vec![0; lists.offsets.len().saturating_sub(1)]
        }
    }
}

fn numbers<T: Copy>(block: &NumericBlock<T>, key: Key, rank: impl Fn(T) -> u64) -> Vec<u128> {
    let values = block.values.iter().enumerate();
    values.map(|(row, v)| placed((!block.nulls.is_null(row)).then(|| rank(*v)), key)).collect()
}

/// A rank among the others in the direction wanted, nulls before or after all.
fn placed(rank: Option<u64>, key: Key) -> u128 {
    match rank {
        None if key.nulls_first => 0,
        None => u128::MAX,
        Some(rank) => 1 + u128::from(if key.descending { !rank } else { rank }),
    }
}

/// By id: the place of its text, or of the value it stands for, among all that are used.
fn text_ranks(texts: &TextColumn, form: ColumnType) -> Vec<u64> {
    let mut used = texts.ids.clone();
    used.sort_unstable();
    used.dedup();
    let text = |id: &u32| texts.table.get(*id);
    if form.is_coded() {
        let value = |id: &u32| text(id).map_or(Value::Null, |text| decode(text, form));
        let mut valued: Vec<(Value, u32)> = used.iter().map(|id| (value(id), *id)).collect();
        valued.sort_by(|(a, _), (b, _)| a.total_order(b));
        used = valued.into_iter().map(|(_, id)| id).collect();
    } else {
        used.sort_unstable_by(|a, b| match (text(a), text(b)) {
            (Some(a), Some(b)) => compare_text(a, b),
            (a, b) => a.is_some().cmp(&b.is_some()),
        });
    }
    let mut ranks = vec![0; texts.table.len() + 1];
    let (mut rank, mut last) = (0, None);
    for id in used {
        let text = texts.table.get(id);
        rank += u64::from(text != last);
        last = text;
        if let Some(place) = ranks.get_mut(id as usize) {
            *place = rank;
        }
    }
    ranks
}

#[cfg(test)]
mod tests {
    use super::*;

    fn order(values: &[Value], descending: bool, nulls_first: bool, wanted: usize) -> Vec<u32> {
        let columns = [ColumnData::from_values(values)];
        first_rows(
            &columns,
            &[Key { column: 0, descending, nulls_first, form: ColumnType::String }],
            values.len(),
            wanted,
        )
    }

    #[test]
    fn numbers_texts_and_nulls() {
        let longs = [Value::Long(3), Value::Null, Value::Long(-5), Value::Long(i64::MAX), Value::Long(3)];
        assert_eq!(order(&longs, false, true, 9), [1, 2, 0, 4, 3]);
        assert_eq!(order(&longs, true, false, 9), [3, 0, 4, 2, 1]);
        assert_eq!(order(&longs, true, true, 2), [1, 3]);
        assert_eq!(order(&longs, true, true, 0), [0_u32; 0]);
        let doubles = [0.5, -0.0, f64::NAN, -2.0, f64::INFINITY, 0.0].map(Value::Double);
        assert_eq!(order(&doubles, false, true, 9), [3, 1, 5, 0, 4, 2]);
        let texts = ["b", "", "a", "\u{e9}", "b"].map(|t| Value::String(t.into()));
        assert_eq!(order(&texts, false, true, 9), [1, 2, 0, 4, 3]);
        assert_eq!(order(&texts, true, true, 3), [3, 0, 4]);
        // Surrogates come before the last characters of the first plane.
        let texts = ["\u{fb01}", "\u{1f600}"].map(|t| Value::String(t.into()));
        assert_eq!(order(&texts, false, true, 2), [1, 0]);
    }

    #[test]
    fn several_keys() {
        let first = ColumnData::from_values(&[1, 2, 1, 2].map(Value::Long));
        let second = ColumnData::from_values(&["x", "y", "y", "x"].map(|t| Value::String(t.into())));
        let key =
            |column, descending| Key { column, descending, nulls_first: true, form: ColumnType::String };
        let rows = first_rows(&[first, second], &[key(0, true), key(1, false)], 4, 3);
        assert_eq!(rows, [3, 1, 0]);
    }
}
