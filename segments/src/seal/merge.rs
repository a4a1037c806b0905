//! How do several dictionaries become one sorted one? Only texts that kept rows hold are taken; sorted inputs
//! are merged as runs; then every id is replaced once.

use super::texts::Piece;
use crate::SegmentError;
use crate::dictionary::sorted;

/// A column of strings of all kept rows, in ids of one sorted dictionary.
#[derive(Debug, Default)]
pub(super) struct Strings {
    /// The texts one after the other, in Druid's order.
    pub(super) bytes: Vec<u8>,
    /// End of each text in `bytes`; text `i` has id `i + 1`.
    pub(super) ends: Vec<u64>,
    /// Ids of all rows.
    pub(super) ids: Vec<u32>,
    /// Start of each row in `ids` and end of the last; `None` for one id a row (0 for null).
    pub(super) offsets: Option<Vec<u32>>,
}

impl Strings {
    /// Number of ids, null included.
    pub(super) fn cardinality(&self) -> u32 {
        self.ends.len() as u32 + 1
    }

    /// The text of an id; `None` of null's.
    pub(super) fn text(&self, id: u32) -> Option<&str> {
        let place = (id as usize).checked_sub(1)?;
        let end = *self.ends.get(place)? as usize;
        let start = place.checked_sub(1).map_or(0, |before| self.ends[before] as usize);
        std::str::from_utf8(self.bytes.get(start..end)?).ok()
    }

    /// The ids of a row; a null row of a single-value column has id 0.
    pub(super) fn row(&self, row: usize) -> &[u32] {
        let range = match &self.offsets {
            None => row..row + 1,
            Some(offsets) => {
                let at = |i: usize| offsets.get(i).map_or(0, |o| *o as usize);
                at(row)..at(row + 1)
            }
        };
        self.ids.get(range).unwrap_or_default()
    }
}

/// Merges the pieces of a column.
pub(super) fn merge(pieces: Vec<Piece<'_>>) -> Result<Strings, SegmentError> {
    let mut strings = Strings::default();
    let maps = merge_texts(&pieces, &mut strings)?;
    let multi = pieces.iter().any(is_multi);
    if multi {
        strings.offsets = Some(vec![0]);
    }
    for (piece, map) in pieces.iter().zip(&maps) {
        let new = |id: &u32| map.get(*id as usize).copied().unwrap_or(0);
        let Some(offsets) = &mut strings.offsets else {
            match &piece.offsets {
                None => strings.ids.extend(piece.ids.iter().map(new)),
                // At most one value a row, as `is_multi` found.
                Some(rows) => strings.ids.extend(rows.windows(2).map(|pair| {
                    piece.ids.get(pair[0] as usize..pair[1] as usize).and_then(|r| r.first()).map_or(0, new)
                })),
            }
            continue;
        };
        match &piece.offsets {
            None => {
                for id in &piece.ids {
                    if *id != 0 {
                        strings.ids.push(new(id));
                    }
                    offsets.push(strings.ids.len() as u32);
                }
            }
            Some(rows) => {
                let start = strings.ids.len() as u32;
                strings.ids.extend(piece.ids.iter().map(new));
                offsets.extend(rows.iter().skip(1).map(|end| start + end));
            }
        }
        if strings.ids.len() >= u32::MAX as usize {
            return Err(SegmentError::Invalid(
                "2^32 values of one column are too many for a segment".to_owned(),
            ));
        }
    }
    Ok(strings)
}

/// Whether some row has several values, or the one value null.
fn is_multi(piece: &Piece<'_>) -> bool {
    piece.offsets.as_ref().is_some_and(|offsets| {
        offsets.windows(2).any(|pair| {
            let row = piece.ids.get(pair[0] as usize..pair[1] as usize).unwrap_or_default();
            row.len() > 1 || row == [0]
        })
    })
}

/// Sorts the texts in use and returns the new id of each old one, a table a piece.
fn merge_texts(pieces: &[Piece<'_>], strings: &mut Strings) -> Result<Vec<Vec<u32>>, SegmentError> {
    let mut maps = Vec::with_capacity(pieces.len());
    let mut texts: Vec<(&str, u32, u32)> = Vec::new();
    for (number, piece) in pieces.iter().enumerate() {
        let mut map = vec![0u32; piece.texts.cardinality()];
        for id in &piece.ids {
            let slot = map.get_mut(*id as usize);
            *slot.ok_or_else(|| SegmentError::Invalid(format!("id {id} is not in its dictionary")))? = 1;
        }
        if let Some(null) = map.first_mut() {
            *null = 0;
        }
        for (id, used) in map.iter().enumerate().skip(1) {
            if *used != 0 {
                texts.push((piece.texts.text(id as u32)?, number as u32, id as u32));
            }
        }
        maps.push(map);
    }
    let mut last = None;
    for at in sorted(texts.len(), |at| texts[at as usize].0) {
        let (text, piece, old) = texts[at as usize];
        if last != Some(text) {
            strings.bytes.extend_from_slice(text.as_bytes());
            strings.ends.push(strings.bytes.len() as u64);
            last = Some(text);
        }
        if let Some(slot) = maps.get_mut(piece as usize).and_then(|map| map.get_mut(old as usize)) {
            *slot = strings.ends.len() as u32;
        }
    }
    if strings.ends.len() >= u32::MAX as usize {
        return Err(SegmentError::Invalid("2^32 texts are too many for one dictionary".to_owned()));
    }
    Ok(maps)
}
