//! How do the current rows of a column leave the scan? As an owned, typed column.

use alluvium_segments::{ColumnType, NullMask, NumericBlock, Storage};

use super::key::used_texts;
use super::source::{SlotId, Source, Values};
use crate::QueryError;
use crate::column::{ColumnData, TextColumn, TextListColumn};

/// The current rows of a column, in its own type or in `output`.
pub(crate) fn slot_column(
    source: &mut Source<'_>,
    slot: SlotId,
    output: Option<ColumnType>,
) -> Result<ColumnData, QueryError> {
    source.load(slot)?;
    let column = match source.values(slot) {
        Values::Null => nulls(source.len(), output),
        Values::Long(block) => ColumnData::Longs(block.clone()),
        Values::Float(block) => ColumnData::Floats(block.clone()),
        Values::Double(block) => ColumnData::Doubles(block.clone()),
        Values::Ids(ids) => {
            let texts = used_texts(source, slot, ids.iter().copied())?;
            let form = source.form(slot);
            return Ok(texts.recode(form, output.unwrap_or(form)));
        }
        Values::Multi(block) => {
            let TextColumn { table, ids } = used_texts(source, slot, block.ids.iter().copied())?;
            ColumnData::TextLists(TextListColumn { table, offsets: block.offsets.clone(), ids })
        }
    };
    Ok(match output {
        Some(output) => column.cast(output),
        None => column,
    })
}

fn nulls(rows: usize, output: Option<ColumnType>) -> ColumnData {
    fn block<T: Copy + Default>(rows: usize) -> NumericBlock<T> {
        let mut nulls = NullMask::default();
        nulls.push_null(rows);
        NumericBlock { values: vec![T::default(); rows], nulls }
    }
    match output.map(ColumnType::storage) {
        Some(Storage::Long) => ColumnData::Longs(block(rows)),
        Some(Storage::Float) => ColumnData::Floats(block(rows)),
        Some(Storage::Double) => ColumnData::Doubles(block(rows)),
        None | Some(Storage::Texts) => {
            ColumnData::Texts(TextColumn { ids: vec![0; rows], ..TextColumn::default() })
        }
    }
}
