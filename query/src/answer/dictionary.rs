//! How much memory may the texts of groups take that Druid keeps in a dictionary while it merges them? As much as the
//! context says; without a word of it ours is bounded by the memory of the query.

use std::collections::HashSet;

use alluvium_expression::utf16_len;

use crate::QueryError;
use crate::column::ColumnData;
use crate::partial::Groups;
use crate::request::Context;

/// Bytes that Druid counts for a text besides those of its characters.
const ENTRY_BYTES: u64 = 44;

/// Refuses groups whose texts take more than the context allows.
pub(crate) fn check_dictionary(groups: &Groups, context: &Context) -> Result<(), QueryError> {
    let Some(most) = context.long("maxMergingDictionarySize")? else { return Ok(()) };
    let mut bytes = 0;
    for column in groups.keys().iter().filter(|column| matches!(column, ColumnData::Texts(_))) {
        let texts: HashSet<String> = (0..column.len()).filter_map(|row| column.text(row)).collect();
        bytes += texts.iter().map(|text| 2 * utf16_len(text) as u64 + ENTRY_BYTES).sum::<u64>();
    }
    if i64::try_from(bytes).is_ok_and(|bytes| bytes <= most) {
        return Ok(());
    }
    let advice = "Try enabling disk spilling by setting druid.query.groupBy.maxOnDiskStorage to an amount of bytes \
                  available on your machine for on-disk scratch files.";
    Err(QueryError::ResourceLimit(format!("Not enough dictionary memory to execute this query. {advice}")))
}
