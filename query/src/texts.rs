//! Which number does a text have in every segment of a datasource? Each segment numbers its texts by itself; here
//! the texts of one column get numbers common to all, and each segment's translation is kept (that of a live one grows with
//! its dictionary), so that groups of many segments meet by number.

mod shards;

use std::sync::{Arc, Weak};

use alluvium_segments::{Segment, StringColumn};
use hashbrown::HashMap;
use parking_lot::Mutex;

use self::shards::Shards;
use crate::QueryError;
use crate::column::TextColumn;
use crate::run::Control;

/// Larger dictionaries are not translated whole.
const MOST_ENTRIES: u32 = 1 << 20;
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
#[derive(Debug)]
pub(crate) struct SharedTexts {
    texts: Shards,
    /// With more texts than this it gives no more numbers.
    most: usize,
    /// By address of the segment, which is valid as long as the segment is.
    known: Mutex<HashMap<usize, Translation>>,
    /// By address of what the views of a live segment share.
    growing: Mutex<HashMap<usize, GrowingTranslation>>,
    /// Translations of the last sealed segments that had others than those before.
    recent: Mutex<Vec<Arc<[u32]>>>,
}

impl SharedTexts {
    fn new(texts: Shards, most: usize) -> Arc<Self> {
        Arc::new(Self {
            texts,
            most,
            known: Mutex::default(),
            growing: Mutex::default(),
            recent: Mutex::default(),
        })
    }

    /// For texts of one query, which may be very many: their numbers are not dense.
    pub(crate) fn of_query(control: Option<&Control>) -> Arc<Self> {
        Self::new(Shards::many(control.cloned()), usize::MAX)
    }

    /// Numbers given so far are below this.
    pub(crate) fn possible(&self) -> u64 {
        self.texts.possible() as u64
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
        let ids = known.len() as u32..column.cardinality();
        self.texts.append(ids, |id| Ok(column.value(id)?), &mut codes)?;
        Ok(codes.into())
    }

    /// Hands out the texts from a number on, null first when that is 0.
    pub(crate) fn read(&self, from: u32, each: impl FnMut(Option<&str>)) {
        self.texts.read(from, each);
    }

    /// The common numbers of texts, each distinct one looked up once by `ids` below `distinct`.
    pub(crate) fn of_ids<'t>(
        &self,
        distinct: usize,
        ids: impl Iterator<Item = u32>,
        text: impl Fn(u32) -> Result<Option<&'t str>, QueryError>,
    ) -> Result<Vec<u32>, QueryError> {
        self.texts.of_ids(distinct, ids, text)
    }

    /// The texts of numbers, as a column.
    pub(crate) fn column(&self, codes: impl Iterator<Item = u32>) -> TextColumn {
        self.texts.column(&codes.collect::<Vec<_>>())
    }

    /// Whether there are so many texts that queries do better without common numbers.
    pub(crate) fn is_full(&self) -> bool {
        self.texts.len() > self.most
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
#[derive(Debug)]
pub(crate) struct Dictionaries {
    columns: Mutex<HashMap<ColumnName, Arc<SharedTexts>>>,
    /// Texts of each.
    most: usize,
}

impl Dictionaries {
    /// For columns of at most about so many texts.
    pub(crate) fn new(most: usize) -> Self {
        Self { columns: Mutex::default(), most }
    }

    /// Those of a column of datasources (of all of them together).
    pub(crate) fn of(&self, datasources: &[String], column: &str) -> Arc<SharedTexts> {
        let mut columns = self.columns.lock();
        let fresh = || SharedTexts::new(Shards::one(), self.most);
        let texts = columns.entry((datasources.to_vec(), column.to_owned())).or_insert_with(fresh);
        if texts.is_worn() {
            *texts = fresh();
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
        let texts = SharedTexts::of_query(None);
        let of = |codes: &[u32]| texts.unified(codes.into());
        let (one, other, same) = (of(&[0, 1, 2]), of(&[0, 2, 1]), of(&[0, 1, 2]));
        assert!(Arc::ptr_eq(&one, &same) && !Arc::ptr_eq(&one, &other));
        assert_eq!(*other, [0, 2, 1]);
        (0..RECENT as u32 * 2).for_each(|code| assert_eq!(*of(&[0, 9, code]), [0, 9, code]));
        assert_eq!(texts.recent.lock().len(), RECENT);
    }
}
