//! How is a column of strings written: dictionary, ids, row offsets, index?

use super::merge::Strings;
use crate::bitmap;
use crate::dictionary::text_pages;
use crate::encoding::{Policy, encode_words};
use crate::file::{BitmapKind, ColumnEntry, ColumnKind, FileWriter, SectionKind};
use crate::{BLOCK_ROWS, ColumnSpec, SegmentError};

/// Writes the sections of a column of strings, its rows in the order of `firsts`.
pub(super) fn write_strings(
    file: &mut FileWriter,
    number: usize,
    spec: &ColumnSpec,
    column: &Strings,
    firsts: &[u32],
) -> Result<ColumnEntry, SegmentError> {
    let offset_width = write_texts(file, number, column)?;
    let (ids, offsets) = arrange(column, firsts);
    write_words(file, number, [SectionKind::Blocks, SectionKind::Data], &ids, Policy::Ids)?;
    if let Some(offsets) = &offsets {
        let kinds = [SectionKind::OffsetBlocks, SectionKind::OffsetData];
        write_words(file, number, kinds, offsets, Policy::Offsets)?;
    }
    let cardinality = column.cardinality();
    let facts = bitmap::IndexFacts { cardinality, values: ids.len(), multi: offsets.is_some() };
    let bitmap = bitmap::kind(spec, facts);
    match bitmap {
        BitmapKind::None => {}
        BitmapKind::Roaring => {
            let rows = bitmap::RowIds { ids: &ids, offsets: offsets.as_deref() };
            let sections = bitmap::build(cardinality, rows);
            file.section(number, SectionKind::BitmapOffsets, &sections.offsets)?;
            file.section(number, SectionKind::BitmapBytes, &sections.bytes)?;
        }
        BitmapKind::Postings => {
            let (starts, rows) = bitmap::postings(cardinality, &ids);
            let kinds = [SectionKind::PostingStartBlocks, SectionKind::PostingStartData];
            write_words(file, number, kinds, &starts, Policy::Ids)?;
            let kinds = [SectionKind::PostingRowBlocks, SectionKind::PostingRowData];
            write_words(file, number, kinds, &rows, Policy::Ids)?;
        }
    }
    Ok(ColumnEntry {
        name: spec.name.clone(),
        kind: ColumnKind::of(spec.column_type),
        multi: offsets.is_some(),
        bitmap,
        cardinality,
        offset_width,
        nulls: count_nulls(&ids, offsets.as_deref()),
        values: ids.len() as u64,
        bounds: None,
        bytes_before: text_bytes(column, &ids),
    })
}

/// Ids and row offsets in the new order.
fn arrange(column: &Strings, firsts: &[u32]) -> (Vec<u32>, Option<Vec<u32>>) {
    if column.offsets.is_none() {
        let ids = firsts.iter().map(|row| column.ids.get(*row as usize).copied().unwrap_or(0)).collect();
        return (ids, None);
    }
    let mut ids = Vec::with_capacity(column.ids.len());
    let mut offsets = Vec::with_capacity(firsts.len() + 1);
    offsets.push(0);
    for row in firsts {
        ids.extend_from_slice(column.row(*row as usize));
        offsets.push(ids.len() as u32);
    }
    (ids, Some(offsets))
}

fn rows<'i>(ids: &'i [u32], offsets: &'i [u32]) -> impl Iterator<Item = &'i [u32]> {
    offsets.windows(2).map(|pair| ids.get(pair[0] as usize..pair[1] as usize).unwrap_or_default())
}

fn count_nulls(ids: &[u32], offsets: Option<&[u32]>) -> u64 {
    match offsets {
        None => ids.iter().filter(|id| **id == 0).count() as u64,
        Some(offsets) => rows(ids, offsets).filter(|r| r.is_empty() || r.contains(&0)).count() as u64,
    }
}

/// Bytes of all texts in all rows.
fn text_bytes(column: &Strings, ids: &[u32]) -> u64 {
    let mut lengths = Vec::with_capacity(column.ends.len() + 1);
    lengths.push(0);
    let starts = std::iter::once(&0).chain(&column.ends);
    lengths.extend(column.ends.iter().zip(starts).map(|(end, start)| end - start));
    ids.iter().map(|id| lengths.get(*id as usize).copied().unwrap_or(0)).sum()
}

/// Writes texts in pages where that is smaller, otherwise as they are; returns the bytes of an offset (0: pages).
fn write_texts(file: &mut FileWriter, number: usize, column: &Strings) -> Result<u8, SegmentError> {
    let width = if column.bytes.len() > u32::MAX as usize { 8 } else { 4 };
    let plain = column.bytes.len() + (column.ends.len() + 1) * usize::from(width);
    if let Some(pages) = text_pages(&column.bytes, &column.ends, plain) {
        file.section(number, SectionKind::TextPages, &pages.entries)?;
        file.section(number, SectionKind::TextPageBytes, &pages.bytes)?;
        return Ok(0);
    }
    let mut offsets = Vec::with_capacity((column.ends.len() + 1) * usize::from(width));
    for end in std::iter::once(&0).chain(&column.ends) {
        offsets.extend_from_slice(&end.to_le_bytes()[..usize::from(width)]);
    }
    file.section(number, SectionKind::TextOffsets, &offsets)?;
    file.section(number, SectionKind::TextBytes, &column.bytes)?;
    Ok(width)
}

/// Writes numbers in blocks: their entries and payloads.
fn write_words(
    file: &mut FileWriter,
    number: usize,
    [blocks, payloads]: [SectionKind; 2],
    values: &[u32],
    policy: Policy,
) -> Result<(), SegmentError> {
    let (mut entries, mut data, mut words) = (Vec::new(), Vec::new(), Vec::with_capacity(BLOCK_ROWS));
    for part in values.chunks(BLOCK_ROWS) {
        words.clear();
        words.extend(part.iter().map(|v| u64::from(*v)));
        entries.extend_from_slice(&encode_words(&words, policy, &mut data).to_bytes());
    }
    file.section(number, blocks, &entries)?;
    file.section(number, payloads, &data)
}
