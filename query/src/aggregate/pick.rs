//! How are first, last and any computed? During the scan only row numbers (and times) are noted; the values are
//! read once, at the end.

use alluvium_segments::{BLOCK_ROWS, ColumnType};

use super::kernel::{Rows, Target, for_each};
use crate::QueryError;
use crate::column::{ColumnData, TextColumn, TextInterner};
use crate::partial::Picks;
use crate::plan::AggregateFunction;
use crate::scan::{SlotId, Source, Values, slot_column};

const NO_ROW: u32 = u32::MAX;

/// First, last or any.
#[derive(Debug)]
pub(super) struct Pick {
    slot: SlotId,
    time: Option<SlotId>,
    last: bool,
    value_type: ColumnType,
    max_bytes: Option<u32>,
    rows: Vec<u32>,
    times: Vec<i64>,
}

impl Pick {
    pub(super) fn new(function: &AggregateFunction, slot: SlotId, time: Option<SlotId>) -> Self {
        use AggregateFunction as F;
        let (value_type, max_bytes) = match function {
            F::First { value_type, max_bytes, .. }
            | F::Last { value_type, max_bytes, .. }
            | F::Any { value_type, max_bytes, .. } => (*value_type, *max_bytes),
            _ => (ColumnType::String, None),
        };
        let last = matches!(function, F::Last { .. });
        Self { slot, time, last, value_type, max_bytes, rows: Vec::new(), times: Vec::new() }
    }

    pub(super) fn grow(&mut self, groups: usize) {
        self.rows.resize(groups, NO_ROW);
        self.times.resize(groups, 0);
    }

    pub(super) fn add(
        &mut self,
        source: &mut Source<'_>,
        target: Target<'_>,
        rows: Rows<'_>,
    ) -> Result<(), QueryError> {
        let (known, times, last) = (&mut self.rows, &mut self.times, self.last);
        let Some(time) = self.time else {
            source.load(self.slot)?;
            let values = source.values(self.slot);
            for_each(target, rows, |group, p| {
                if known[group] == NO_ROW && !values.is_null(p) {
                    known[group] = source.row(p);
                }
            });
            return Ok(());
        };
        source.load(time)?;
        let Values::Long(block) = source.values(time) else { return Ok(()) };
        for_each(target, rows, |group, p| {
            let t = block.values[p];
            let better = known[group] == NO_ROW || if last { t >= times[group] } else { t < times[group] };
            if better && !block.nulls.is_null(p) {
                known[group] = source.row(p);
                times[group] = t;
            }
        });
        Ok(())
    }

    pub(super) fn finish(self, source: &mut Source<'_>) -> Result<Picks, QueryError> {
        let mut wanted: Vec<u32> = self.rows.iter().copied().filter(|row| *row != NO_ROW).collect();
        wanted.sort_unstable();
        wanted.dedup();
        let mut values = ColumnData::empty(self.value_type);
        for chunk in wanted.chunks(BLOCK_ROWS) {
            source.begin_rows(chunk.to_vec());
            values = values.concat(&slot_column(source, self.slot, Some(self.value_type))?);
        }
        // One more row, for groups that have none.
        values.grow_null(wanted.len() + 1);
        let seen = self.rows.iter().map(|row| *row != NO_ROW).collect();
        let at = |row: &u32| wanted.binary_search(row).unwrap_or(wanted.len()) as u32;
        let mut values = values.take(&self.rows.iter().map(at).collect::<Vec<_>>());
        if let (Some(max), ColumnData::Texts(texts)) = (self.max_bytes, &values) {
            values = ColumnData::Texts(cut(texts, max as usize));
        }
        Ok(Picks { times: self.times, seen, values })
    }
}

/// Texts of at most `max` bytes, cut between characters.
fn cut(texts: &TextColumn, max: usize) -> TextColumn {
    let mut out = TextInterner::default();
    let ids = (0..texts.ids.len()).map(|row| {
        let text = texts.get(row).map(|text| &text[..text.floor_char_boundary(max)]);
        out.intern(text)
    });
    let ids = ids.collect();
    TextColumn { table: out.table, ids }
}
