//! Which number does a text have in every segment of a datasource? Each segment numbers its texts by itself; here
//! the texts of one column get numbers common to all, and each segment's translation is kept (that of a live one grows with
//! its dictionary), so that groups of many segments meet by number.

use std::sync::{Arc, Weak};

use alluvium_segments::{Segment, StringColumn};
use hashbrown::HashMap;
use parking_lot::{Mutex, RwLock};

use crate::QueryError;
use crate::column::{TextColumn, TextInterner};

/// Larger dictionaries are not translated whole.
const MOST_ENTRIES: u32 = 1 << 20;
/// A column with more texts than this gives no more numbers.
const MOST_TEXTS: usize = 1 << 21;
/// Translations of segments that are gone before a column starts anew.
const MOST_GONE: usize = 1024;

/// Translations that are compared with that of a new segment.
const RECENT: usize = 8;

/// A segment and the common number of each of its ids.
type Translation = (Weak<dyn Segment>, Arc<[u32]>);

/// What the views of a live segment share, and the common number of each id of its dictionary so far.
type GrowingTranslation = (Weak<()>, Arc<[u32]>);

/// The common numbers of a column's texts, and which one each id of a segment has.
pub(crate) type CommonNumbers = (Arc<SharedTexts>, Arc<[u32]>);

/// The common numbers of the texts of one column. Number 0 is null.
#[derive(Debug, Default)]
pub(crate) struct SharedTexts {
    interner: RwLock<TextInterner>,
    /// By address of the segment, which is valid as long as the segment is.
    known: Mutex<HashMap<usize, Translation>>,
    /// By address of what the views of a live segment share.
    growing: Mutex<HashMap<usize, GrowingTranslation>>,
    /// Translations of the last sealed segments that had others than those before.
    recent: Mutex<Vec<Arc<[u32]>>>,
}

impl SharedTexts {
    /// Numbers given so far are below this.
    pub(crate) fn possible(&self) -> u64 {
        self.interner.read().table.len() as u64 + 1
    }

    /// The common number of each id of a column of a segment; of a live one perhaps of more ids than it has.
    pub(crate) fn of_segment(
        &self,
        segment: &Arc<dyn Segment>,
        column: &dyn StringColumn,
    ) -> Result<Arc<[u32]>, QueryError> {
        if let Some(lineage) = segment.lineage() {
            return self.of_growing(lineage, column);
        }
        let address = Arc::as_ptr(segment).cast::<()>() as usize;
        if let Some((owner, codes)) = self.known.lock().get(&address)
            && owner.strong_count() > 0
        {
            return Ok(Arc::clone(codes));
        }
        let codes = self.unified(self.translate(&[], column)?);
        self.known.lock().insert(address, (Arc::downgrade(segment), Arc::clone(&codes)));
        Ok(codes)
    }

    /// The same of a live segment, of whose dictionary the first ids may be known.
    fn of_growing(&self, lineage: &Arc<()>, column: &dyn StringColumn) -> Result<Arc<[u32]>, QueryError> {
        let address = Arc::as_ptr(lineage) as usize;
        let mut growing = self.growing.lock();
        let known = growing.get(&address).filter(|(owner, _)| owner.strong_count() > 0);
        let known = known.map(|(_, codes)| Arc::clone(codes)).unwrap_or_default();
        if known.len() >= column.cardinality() as usize {
            return Ok(known);
        }
        let codes = self.translate(&known, column)?;
        growing.retain(|_, (owner, _)| owner.strong_count() > 0);
        growing.insert(address, (Arc::downgrade(lineage), Arc::clone(&codes)));
        Ok(codes)
    }

    /// The translation of another segment where it is the same: many segments have the same texts, and what follows
    /// from a translation is found once for all of them.
    fn unified(&self, codes: Arc<[u32]>) -> Arc<[u32]> {
        let mut recent = self.recent.lock();
        if let Some(same) = recent.iter().find(|known| **known == codes) {
            return Arc::clone(same);
        }
        if recent.len() >= RECENT {
            recent.remove(0);
        }
        recent.push(Arc::clone(&codes));
        codes
    }

    /// The common numbers of all ids, of which the first are known.
    fn translate(&self, known: &[u32], column: &dyn StringColumn) -> Result<Arc<[u32]>, QueryError> {
        let mut codes = Vec::with_capacity(column.cardinality() as usize);
        codes.extend_from_slice(known);
        let mut interner = self.interner.write();
        for id in known.len() as u32..column.cardinality() {
            codes.push(interner.intern(column.value(id)?));
        }
        Ok(codes.into())
    }

    /// Hands out the texts from a number on, null first when that is 0.
    pub(crate) fn read(&self, from: u32, mut each: impl FnMut(Option<&str>)) {
        let interner = self.interner.read();
        (from..=interner.table.len() as u32).for_each(|code| each(interner.table.get(code)));
    }

    /// The common numbers of texts, each distinct one looked up once by `ids` below `distinct`.
    pub(crate) fn of_ids<'t>(
        &self,
        distinct: usize,
        ids: impl Iterator<Item = u32>,
        text: impl Fn(u32) -> Result<Option<&'t str>, QueryError>,
    ) -> Result<Vec<u32>, QueryError> {
        const UNKNOWN: u32 = u32::MAX;
        let mut known = vec![UNKNOWN; distinct];
        let mut interner = self.interner.write();
        let mut codes = Vec::with_capacity(ids.size_hint().0);
        for id in ids {
            let entry = known.get_mut(id as usize);
            let entry =
                entry.ok_or_else(|| QueryError::Internal(format!("dictionary id {id} is out of range")))?;
            if *entry == UNKNOWN {
                *entry = interner.intern(text(id)?);
            }
            codes.push(*entry);
        }
        Ok(codes)
    }

    /// The texts of numbers, as a column.
    pub(crate) fn column(&self, codes: impl Iterator<Item = u32>) -> TextColumn {
        let interner = self.interner.read();
        let mut places: Vec<u32> = vec![0; interner.table.len() + 1];
        let mut column = TextColumn::default();
        for code in codes {
            let place = places.get_mut(code as usize);
            let id = match (place, interner.table.get(code)) {
                (Some(place), Some(text)) => {
                    if *place == 0 {
                        *place = column.table.push(text);
                    }
                    *place
                }
                _ => 0,
            };
            column.ids.push(id);
        }
        column
    }

    /// Whether there are so many texts that queries do better without common numbers.
    pub(crate) fn is_full(&self) -> bool {
        self.interner.read().table.len() > MOST_TEXTS
    }

    fn is_worn(&self) -> bool {
        let known = self.known.lock();
        known.len() > MOST_GONE
            && known.values().filter(|(owner, _)| owner.strong_count() == 0).count() > MOST_GONE
    }
}

/// Datasources and a column of theirs.
type ColumnName = (Vec<String>, String);

/// The common numbers of all columns that were grouped by.
#[derive(Debug, Default)]
pub(crate) struct Dictionaries {
    columns: Mutex<HashMap<ColumnName, Arc<SharedTexts>>>,
}

impl Dictionaries {
    /// Those of a column of datasources (of all of them together).
    pub(crate) fn of(&self, datasources: &[String], column: &str) -> Arc<SharedTexts> {
        let mut columns = self.columns.lock();
        let texts = columns.entry((datasources.to_vec(), column.to_owned())).or_default();
        if texts.is_worn() {
            *texts = Arc::default();
        }
        Arc::clone(texts)
    }

    /// Whether a dictionary is small enough to be translated whole.
    pub(crate) fn takes(column: &dyn StringColumn) -> bool {
        column.cardinality() <= MOST_ENTRIES
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn segments_with_the_same_texts_share_a_translation() {
        let texts = SharedTexts::default();
        let of = |codes: &[u32]| texts.unified(codes.into());
        let (one, other, same) = (of(&[0, 1, 2]), of(&[0, 2, 1]), of(&[0, 1, 2]));
        assert!(Arc::ptr_eq(&one, &same) && !Arc::ptr_eq(&one, &other));
        assert_eq!(*other, [0, 2, 1]);
        (0..RECENT as u32 * 2).for_each(|code| assert_eq!(*of(&[0, 9, code]), [0, 9, code]));
        assert_eq!(texts.recent.lock().len(), RECENT);
    }
}
