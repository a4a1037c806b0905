//! Which distinct values has each group seen? Every value of any group has a number here, and what is kept are pairs of
//! group and number: as much memory as groups by that value would take, and sets of several segments meet by number. Texts of sealed
//! segments have common numbers already, where their dictionaries are not too large.

use std::sync::Arc;

use alluvium_segments::{ColumnType, Storage};

use super::bytes::{Fixed, Reader, put_run};
use crate::QueryError;
use crate::column::{ColumnData, TextInterner};
use crate::group::NarrowTable;
use crate::texts::SharedTexts;

/// The distinct values of all groups.
#[derive(Debug, Clone)]
pub(crate) struct ValueSets {
    groups: usize,
    values: Values,
    /// Group and number of a value, a half of the word each.
    pairs: NarrowTable,
}

/// The values by number.
#[derive(Debug, Clone)]
enum Values {
    Texts(TextInterner),
    /// By the numbers that they have in all segments.
    Shared(Arc<SharedTexts>),
    /// By their bits.
    Numbers(NarrowTable),
}

impl ValueSets {
    /// Of values of a type, for no groups.
    pub(crate) fn new(of: ColumnType) -> Self {
        let values = match of.storage() {
            Storage::Texts => Values::Texts(TextInterner::default()),
            _ => Values::Numbers(NarrowTable::default()),
        };
        Self { groups: 0, values, pairs: NarrowTable::default() }
    }

    /// Of texts that have common numbers, for no groups.
    pub(crate) fn shared(texts: Arc<SharedTexts>) -> Self {
        Self { groups: 0, values: Values::Shared(texts), pairs: NarrowTable::default() }
    }

    /// Makes room for so many groups.
    pub(crate) fn grow(&mut self, groups: usize) {
        self.groups = groups;
    }

    /// Number of groups.
    pub(super) fn len(&self) -> usize {
        self.groups
    }

    /// Whether no group has seen anything.
    pub(super) fn is_empty(&self) -> bool {
        self.pairs.keys().is_empty()
    }

    /// The numbers of the values of a column, `None` of nulls.
    pub(crate) fn numbers(&mut self, column: &ColumnData) -> Result<Vec<Option<u32>>, QueryError> {
        let rows = 0..column.len();
        Ok(match (&mut self.values, column) {
            (Values::Texts(texts), ColumnData::Texts(c)) => {
                rows.map(|row| c.get(row).map(|text| texts.intern(Some(text)))).collect()
            }
            (Values::Numbers(table), ColumnData::Longs(b)) => {
                rows.map(|row| (!b.nulls.is_null(row)).then(|| table.intern(b.values[row] as u64))).collect()
            }
            (Values::Numbers(table), ColumnData::Floats(b)) => rows
                .map(|row| (!b.nulls.is_null(row)).then(|| table.intern(u64::from(b.values[row].to_bits()))))
                .collect(),
            (Values::Numbers(table), ColumnData::Doubles(b)) => rows
                .map(|row| (!b.nulls.is_null(row)).then(|| table.intern(b.values[row].to_bits())))
                .collect(),
            _ => return Err(QueryError::Internal("distinct values of an unexpected type".to_owned())),
        })
    }

    /// Notes that a group has seen the value of a number.
    pub(crate) fn add(&mut self, group: u32, number: u32) {
        self.pairs.intern(pair(group, number));
    }

    /// How many values each group has seen.
    pub(crate) fn counts(&self) -> Vec<i64> {
        let mut counts = vec![0; self.groups];
        for word in self.pairs.keys() {
            counts[(word >> 32) as usize] += 1;
        }
        counts
    }

    /// Those of some groups, which become 0, 1 and so on.
    pub(super) fn take(self, groups: &[u32]) -> Self {
        let mut place = vec![u32::MAX; self.groups];
        groups.iter().zip(0u32..).for_each(|(group, new)| place[*group as usize] = new);
        let mut pairs = NarrowTable::default();
        for word in self.pairs.keys() {
            let new = place[(word >> 32) as usize];
            if new != u32::MAX {
                pairs.intern(pair(new, *word as u32));
            }
        }
        Self { groups: groups.len(), values: self.values, pairs }
    }

    /// Adds what the groups of another have seen to the groups `into[i]`.
    pub(crate) fn merge(&mut self, other: &Self, into: &[u32]) -> Result<(), QueryError> {
        if let (Values::Texts(_), Values::Shared(texts), []) =
            (&self.values, &other.values, self.pairs.keys())
        {
            self.values = Values::Shared(Arc::clone(texts));
        }
        let numbers: Option<Vec<u32>> = match (&mut self.values, &other.values) {
            (Values::Shared(a), Values::Shared(b)) if Arc::ptr_eq(a, b) => None,
            (_, Values::Shared(_)) => return self.merge(&other.unshared(), into),
            (Values::Shared(texts), Values::Texts(more)) => {
                let ids = 0..=more.table.len() as u32;
                Some(texts.of_ids(more.table.len() + 1, ids, |id| Ok(more.table.get(id)))?)
            }
            (Values::Texts(texts), Values::Texts(more)) => {
                Some((0..=more.table.len() as u32).map(|id| texts.intern(more.table.get(id))).collect())
            }
            (Values::Numbers(table), Values::Numbers(more)) => {
                Some(more.keys().iter().map(|bits| table.intern(*bits)).collect())
            }
            // Sets of one aggregator have one type (checked when bytes are read).
            _ => return Ok(()),
        };
        for word in other.pairs.keys() {
            let number = *word as u32;
            let number = numbers.as_ref().map_or(number, |numbers| numbers[number as usize]);
            self.pairs.intern(pair(into[(word >> 32) as usize], number));
        }
        Ok(())
    }

    /// The same with numbers of its own.
    fn unshared(&self) -> Self {
        let Values::Shared(shared) = &self.values else { return self.clone() };
        let mut codes: Vec<u32> = self.pairs.keys().iter().map(|word| *word as u32).collect();
        codes.sort_unstable();
        codes.dedup();
        let column = shared.column(codes.iter().copied());
        let mut texts = TextInterner::default();
        let numbers: Vec<u32> = (0..codes.len()).map(|row| texts.intern(column.get(row))).collect();
        let mut pairs = NarrowTable::default();
        for word in self.pairs.keys() {
            if let Ok(at) = codes.binary_search(&(*word as u32)) {
                pairs.intern(pair((word >> 32) as u32, numbers[at]));
            }
        }
        Self { groups: self.groups, values: Values::Texts(texts), pairs }
    }

    /// Whether both are of texts, or of numbers.
    pub(super) fn is_like(&self, other: &Self) -> bool {
        std::mem::discriminant(&self.values) == std::mem::discriminant(&other.values)
    }

    pub(super) fn put(&self, out: &mut Vec<u8>) {
        if matches!(self.values, Values::Shared(_)) {
            return self.unshared().put(out);
        }
        (self.groups as u64).put(out);
        match &self.values {
            Values::Texts(texts) => {
                0u8.put(out);
                (texts.table.len() as u64).put(out);
                let ids = 1..=texts.table.len() as u32;
                ids.for_each(|id| put_run(out, texts.table.get(id).unwrap_or_default().as_bytes()));
            }
            Values::Shared(_) => {}
            Values::Numbers(table) => {
                1u8.put(out);
                put_run(out, table.keys());
            }
        }
        put_run(out, self.pairs.keys());
    }

    pub(super) fn read(reader: &mut Reader<'_>) -> Result<Self, QueryError> {
        let groups = usize::try_from(reader.one::<u64>()?).unwrap_or(usize::MAX);
        let (values, numbers) = match reader.one::<u8>()? {
            0 => {
                let mut texts = TextInterner::default();
                for _ in 0..reader.len(8)? {
                    texts.intern(Some(reader.text()?));
                }
                let end = texts.table.len() as u64 + 1;
                (Values::Texts(texts), 1..end)
            }
            1 => {
                let mut table = NarrowTable::default();
                for bits in reader.run::<u64>()? {
                    table.intern(bits);
                }
                let end = table.keys().len() as u64;
                (Values::Numbers(table), 0..end)
            }
            _ => return Err(reader.fail("texts or numbers")),
        };
        let mut pairs = NarrowTable::default();
        for word in reader.run::<u64>()? {
            if word >> 32 >= groups as u64 || !numbers.contains(&(word & u64::from(u32::MAX))) {
                return Err(reader.fail("groups and values that are there"));
            }
            pairs.intern(word);
        }
        Ok(Self { groups, values, pairs })
    }
}

fn pair(group: u32, number: u32) -> u64 {
    u64::from(group) << 32 | u64::from(number)
}
