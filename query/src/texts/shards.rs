//! How do very many texts get numbers? In several tables, chosen by hash, each with a lock of its own: a worker brings
//! its texts to one table after the other, so that each stays in the processor's cache meanwhile and workers seldom wait.

use parking_lot::RwLock;

use crate::QueryError;
use crate::column::{TextColumn, TextHash, TextInterner, TextTable};
use crate::group::NarrowTable;
use crate::run::Control;

/// Tables of texts that may be very many.
const MANY: usize = 1 << 8;
/// Texts between two looks at whether the query may go on.
const LOOK: usize = 4096;
/// Fewer numbers than one in so many have their places found by hash.
const SPARSE: usize = 8;
/// Of an id whose text has no number yet.
const UNKNOWN: u32 = u32::MAX;
/// Of an id whose text has none, but will.
const WANTED: u32 = u32::MAX - 1;

/// Numbers of texts from 1; 0 is null. Text `i` of table `t` of `n` has number `(i - 1) * n + t + 1`.
#[derive(Debug)]
pub(super) struct Shards {
    tables: Box<[RwLock<TextInterner>]>,
    hash: TextHash,
    control: Option<Control>,
}

/// Texts on their way to one table.
#[derive(Debug, Default)]
struct Bound {
    texts: TextTable,
    hashes: Vec<u64>,
    ids: Vec<u32>,
}

impl Shards {
    fn new(tables: usize, control: Option<Control>) -> Self {
        let hash = TextHash::default();
        let tables = (0..tables).map(|_| RwLock::new(TextInterner::hashing(hash))).collect();
        Self { tables, hash, control }
    }

    /// For texts whose numbers are to be dense.
    pub(super) fn one() -> Self {
        Self::new(1, None)
    }

    /// For texts that may be very many, of one query.
    pub(super) fn many(control: Option<Control>) -> Self {
        Self::new(MANY, control)
    }

    /// Number of texts.
    pub(super) fn len(&self) -> usize {
        self.tables.iter().map(|table| table.read().table.len()).sum()
    }

    /// Numbers given so far are below this.
    pub(super) fn possible(&self) -> usize {
        let longest = self.tables.iter().map(|table| table.read().table.len()).max().unwrap_or(0);
        longest * self.tables.len() + 1
    }

    /// Hands out the texts of numbers from one on that are given already, null first when that is 0.
    pub(super) fn read(&self, from: u32, mut each: impl FnMut(Option<&str>)) {
        let tables: Vec<_> = self.tables.iter().map(|table| table.read()).collect();
        let end = tables.iter().map(|table| table.table.len()).max().unwrap_or(0) * tables.len();
        for code in from..=end as u32 {
            let (table, id) = self.place(code);
            each(tables.get(table).and_then(|table| table.table.get(id)));
        }
    }

    /// The table of a number, and the number there.
    fn place(&self, code: u32) -> (usize, u32) {
        let tables = self.tables.len() as u32;
        match code.checked_sub(1) {
            None => (0, 0),
            Some(at) => ((at % tables) as usize, at / tables + 1),
        }
    }

    fn number(&self, table: usize, id: u32) -> u32 {
        (id - 1) * self.tables.len() as u32 + table as u32 + 1
    }

    fn check(&self, done: usize) -> Result<(), QueryError> {
        match &self.control {
            Some(control) if done.is_multiple_of(LOOK) => control.check(),
            _ => Ok(()),
        }
    }

    /// The numbers of texts, each distinct one looked up once by `ids` below `distinct`.
    pub(super) fn of_ids<'t>(
        &self,
        distinct: usize,
        ids: impl Iterator<Item = u32>,
        text: impl Fn(u32) -> Result<Option<&'t str>, QueryError>,
    ) -> Result<Vec<u32>, QueryError> {
        let mut known = vec![UNKNOWN; distinct];
        let mut codes: Vec<u32> = ids.collect();
        for id in &codes {
            let entry = known.get_mut(*id as usize);
            *entry.ok_or_else(|| QueryError::Internal(format!("dictionary id {id} is out of range")))? =
                WANTED;
        }
        self.number_wanted(&mut known, text)?;
        codes.iter_mut().for_each(|code| *code = known[*code as usize]);
        Ok(codes)
    }

    /// Gives all wanted ids the numbers of their texts.
    fn number_wanted<'t>(
        &self,
        known: &mut [u32],
        text: impl Fn(u32) -> Result<Option<&'t str>, QueryError>,
    ) -> Result<(), QueryError> {
        let mut bound: Vec<Bound> = self.tables.iter().map(|_| Bound::default()).collect();
        let mut done = 0;
        for (id, entry) in known.iter_mut().enumerate().filter(|(_, entry)| **entry == WANTED) {
            self.check(done)?;
            done += 1;
            let Some(text) = text(id as u32)? else {
                *entry = 0;
                continue;
            };
            let hash = self.hash.of(text);
            // Tables use the bits at both ends.
            let to = &mut bound[(hash >> 24) as usize % self.tables.len()];
            to.texts.push(text);
            to.hashes.push(hash);
            to.ids.push(id as u32);
        }
        for (at, bound) in bound.into_iter().enumerate().filter(|(_, bound)| !bound.ids.is_empty()) {
            let mut table = self.tables[at].write();
            for ((hash, id), place) in bound.hashes.iter().zip(&bound.ids).zip(1..) {
                self.check(done)?;
                done += 1;
                let text = bound.texts.get(place).unwrap_or_default();
                known[*id as usize] = self.number(at, table.intern_hashed(*hash, text));
            }
        }
        Ok(())
    }

    /// Gives the texts of a column's ids from one on numbers, which are appended.
    pub(super) fn append<'t>(
        &self,
        ids: std::ops::Range<u32>,
        text: impl Fn(u32) -> Result<Option<&'t str>, QueryError>,
        codes: &mut Vec<u32>,
    ) -> Result<(), QueryError> {
        let mut known = vec![WANTED; ids.len()];
        self.number_wanted(&mut known, |id| text(ids.start + id))?;
        codes.extend(known);
        Ok(())
    }

    /// The texts of numbers, as a column.
    pub(super) fn column(&self, codes: &[u32]) -> TextColumn {
        let tables: Vec<_> = self.tables.iter().map(|table| table.read()).collect();
        let longest = tables.iter().map(|table| table.table.len()).max().unwrap_or(0);
        let possible = longest * tables.len() + 1;
        let mut column = TextColumn { table: TextTable::default(), ids: Vec::with_capacity(codes.len()) };
        let sparse = codes.len().saturating_mul(SPARSE) < possible;
        let (mut found, mut places) = (NarrowTable::default(), vec![0u32; if sparse { 0 } else { possible }]);
        for code in codes {
            let (table, id) = self.place(*code);
            let Some(text) = tables[table].table.get(id) else {
                column.ids.push(0);
                continue;
            };
            let place = match places.get_mut(*code as usize) {
                Some(place) if *place == 0 => {
                    *place = column.table.push(text);
                    *place
                }
                Some(place) => *place,
                None => {
                    let place = found.intern(u64::from(*code)) + 1;
                    if place as usize > column.table.len() {
                        column.table.push(text);
                    }
                    place
                }
            };
            column.ids.push(place);
        }
        column
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(id: u32) -> Result<Option<&'static str>, QueryError> {
        const TEXTS: [&str; 6] = ["", "a", "b", "abcdefgh", "abcdefghi", "a\0"];
        Ok(id.checked_sub(1).map(|i| TEXTS[i as usize % TEXTS.len()]))
    }

    #[test]
    fn equal_texts_have_one_number_and_others_another() {
        for shards in [Shards::one(), Shards::many(None)] {
            let codes = shards.of_ids(20, [7, 0, 2, 1, 3, 4, 5, 6, 8].into_iter(), text).unwrap();
            assert_eq!((codes[0], codes[1], codes[2]), (codes[3], 0, codes[8]));
            assert_eq!(shards.len(), 6);
            assert!(codes.iter().all(|code| (*code as usize) < shards.possible()));
            let column = shards.column(&codes);
            let texts: Vec<_> = (0..codes.len()).map(|row| column.get(row)).collect();
            assert_eq!(texts[..4], [Some(""), None, Some("a"), Some("")]);
            assert_eq!(texts[4..], [Some("b"), Some("abcdefgh"), Some("abcdefghi"), Some("a\0"), Some("a")]);
            assert_eq!(column.table.len(), 6);
            // Few of many, found by hash.
            let few = shards.column(&[codes[4], 0, codes[4]]);
            assert_eq!((few.get(0), few.get(1), few.get(2)), (Some("b"), None, Some("b")));
            assert!(shards.of_ids(2, [5].into_iter(), text).is_err());
        }
    }

    #[test]
    fn all_numbers_are_read_in_order() {
        let shards = Shards::one();
        let mut codes = Vec::new();
        shards.append(0..4, text, &mut codes).unwrap();
        assert_eq!(codes, [0, 1, 2, 3]);
        let mut read = Vec::new();
        shards.read(0, |text| read.push(text.map(str::to_owned)));
        assert_eq!(read.len(), 4);
        assert_eq!(read[1].as_deref(), Some(""));
    }

    #[test]
    fn a_cancelled_query_gets_no_numbers() {
        let control = Control::new("q", 0);
        let shards = Shards::many(Some(control.clone()));
        control.cancel();
        assert!(shards.of_ids(20, [7].into_iter().chain(0..8), text).is_err());
    }
}
