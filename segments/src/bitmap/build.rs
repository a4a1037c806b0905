//! How is the index of a column built? Rows are sorted by id with one counting pass, then written as one
//! bitmap an id; where that does not pay, no index is built.

use roaring::RoaringBitmap;

use crate::SegmentError;

/// The two sections of an index.
#[derive(Debug)]
pub(crate) struct BitmapSections {
    /// Start of each id's bitmap and end of the last, `u64` each.
    pub(crate) offsets: Vec<u8>,
    /// The bitmaps.
    pub(crate) bytes: Vec<u8>,
}

/// Whether an index pays: not for near-unique columns (fewer than two rows a value), where it is larger than
/// the ids, and the sorted dictionary with a scan of packed ids answers as well.
pub(crate) fn pays(cardinality: u32, rows: usize) -> bool {
    rows > 0 && u64::from(cardinality) * 2 <= rows as u64 + 2
}

/// Builds the index. `rows_of` calls back with every (row, id) pair in ascending order of rows, twice alike;
/// a row that is null is reported with id 0.
pub(crate) fn build(
    cardinality: u32,
    mut rows_of: impl FnMut(&mut dyn FnMut(u32, u32)),
) -> Result<BitmapSections, SegmentError> {
    let mut starts = vec![0u32; cardinality as usize + 1];
    rows_of(&mut |_, id| {
        if let Some(count) = starts.get_mut(id as usize + 1) {
            *count += 1;
        }
    });
    for i in 1..starts.len() {
        starts[i] += starts[i - 1];
    }
    let mut next = starts.clone();
    let mut rows = vec![0u32; starts.last().copied().unwrap_or(0) as usize];
    rows_of(&mut |row, id| {
        if let Some(at) = next.get_mut(id as usize)
            && let Some(slot) = rows.get_mut(*at as usize)
        {
            *slot = row;
            *at += 1;
        }
    });
    let mut sections = BitmapSections { offsets: Vec::new(), bytes: Vec::new() };
    sections.offsets.extend_from_slice(&0u64.to_le_bytes());
    for pair in starts.windows(2) {
        let list = rows.get(pair[0] as usize..pair[1] as usize).unwrap_or_default();
        append(list, &mut sections.bytes)?;
        sections.offsets.extend_from_slice(&(sections.bytes.len() as u64).to_le_bytes());
    }
    Ok(sections)
}

/// Appends a bitmap; an empty one takes no bytes. A row that holds an id twice is listed twice.
fn append(rows: &[u32], bytes: &mut Vec<u8>) -> Result<(), SegmentError> {
    if rows.is_empty() {
        return Ok(());
    }
    let mut bitmap = RoaringBitmap::new();
    bitmap.extend(rows.iter().copied());
    bitmap.optimize();
    let failed = |e: std::io::Error| SegmentError::Invalid(format!("a bitmap cannot be written: {e}"));
    bitmap.serialize_into(bytes).map_err(failed)
}
