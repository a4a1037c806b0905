//! Which dictionary ids match a test of texts? By lookup or by range where the dictionary is sorted, else each
//! entry is tested once.

use std::sync::OnceLock;

use alluvium_expression::StringPredicate;
use alluvium_segments::{LaneSlice, StringColumn};

use crate::QueryError;

/// Searching for a text takes as long as testing so many ids whose verdicts are known.
const LOOK_UP: usize = 128;

/// A set of dictionary ids.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct IdSet {
    /// Whether null (id 0) is in it.
    pub(super) null: bool,
    pub(super) rest: Rest,
    /// Made when lanes are first compared with it.
    table: OnceLock<Vec<u8>>,
    /// Made when its rows are first looked up.
    list: OnceLock<Vec<u32>>,
}

/// Ids above 0.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) enum Rest {
    #[default]
    None,
    One(u32),
    /// From, up to but without.
    Range(u32, u32),
    Bits(Vec<u64>),
}

impl IdSet {
    /// The ids of a column whose texts match (`want` true), or for which the test is true or unknown (`want`
    /// false: rows without such an id are those for which it is false).
    pub(super) fn new(
        predicate: &StringPredicate,
        column: &dyn StringColumn,
        want: bool,
    ) -> Result<Self, QueryError> {
        let null = predicate.matches(None).unwrap_or(!want);
        let rest = if let Some(values) = predicate.values() {
            let mut ids = Vec::with_capacity(values.len());
            for value in values.iter().flatten() {
                ids.extend(column.lookup(Some(value))?);
            }
            Rest::of(ids, column.cardinality())
        } else if let (Some(range), true) = (predicate.range(), column.is_sorted()) {
            let start = match &range.lower {
                None => 1,
                Some(text) => after(column, text, range.lower_open)?,
            };
            let end = match &range.upper {
                None => column.cardinality(),
                Some(text) => after(column, text, !range.upper_open)?,
            };
            if range.exact {
                if start < end { Rest::Range(start, end) } else { Rest::None }
            } else {
                tested(predicate, column, start..end.max(start), want)?
            }
        } else {
            tested(predicate, column, 1..column.cardinality(), want)?
        };
        Ok(Self { null, rest, ..Self::default() })
    }

    /// The ids whose texts pass a test, as [`IdSet::new`] has them: each is tested.
    pub(super) fn by_test(
        column: &dyn StringColumn,
        want: bool,
        test: impl Fn(Option<&str>) -> Option<bool>,
    ) -> Result<Self, QueryError> {
        let mut ids = Vec::new();
        for id in 1..column.cardinality() {
            if test(column.value(id)?).unwrap_or(!want) {
                ids.push(id);
            }
        }
        let null = test(None).unwrap_or(!want);
        Ok(Self { null, rest: Rest::of(ids, column.cardinality()), ..Self::default() })
    }

    /// Whether its ids are found faster by searching for texts than by testing each id.
    pub(super) fn is_looked_up(predicate: &StringPredicate, column: &dyn StringColumn) -> bool {
        match predicate.values() {
            Some(values) => values.len() * LOOK_UP < column.cardinality() as usize,
            None => column.is_sorted() && predicate.range().is_some_and(|range| range.exact),
        }
    }

    /// Of ids that were found by testing each.
    pub(super) fn of(
        predicate: &StringPredicate,
        ids: Vec<u32>,
        column: &dyn StringColumn,
        want: bool,
    ) -> Self {
        let null = predicate.matches(None).unwrap_or(!want);
        Self { null, rest: Rest::of(ids, column.cardinality()), ..Self::default() }
    }

    /// Whether an id is in it.
    #[inline]
    pub(super) fn contains(&self, id: u32) -> bool {
        if id == 0 {
            return self.null;
        }
        match &self.rest {
            Rest::None => false,
            Rest::One(one) => id == *one,
            Rest::Range(start, end) => *start <= id && id < *end,
            Rest::Bits(bits) => bits.get(id as usize / 64).is_some_and(|w| w >> (id % 64) & 1 == 1),
        }
    }

    /// Its first and last id, where it holds all between them.
    pub(super) fn range(&self) -> Option<(u32, u32)> {
        match &self.rest {
            Rest::None if self.null => Some((0, 0)),
            Rest::One(id) if !self.null => Some((*id, *id)),
            Rest::Range(start, end) if start < end && (!self.null || *start <= 1) => {
                Some((start - u32::from(self.null), end - 1))
            }
            _ => None,
        }
    }

    /// Marks the lanes whose id, `base` plus the lane, is in it.
    pub(super) fn mask(&self, base: u64, lanes: LaneSlice<'_>, out: &mut [u64]) {
        match self.range() {
            Some((_, last)) if u64::from(last) < base => out.fill(0),
            Some((first, last)) => {
                lanes.mask_range(u64::from(first).saturating_sub(base), u64::from(last) - base, out);
            }
            None if self.len() == 0 => out.fill(0),
            None => lanes.mask_table(self.table().get(base as usize..).unwrap_or_default(), out),
        }
    }

    /// The ids, ascending, listed; for sets of few.
    pub(super) fn list(&self) -> &[u32] {
        self.list.get_or_init(|| self.ids().collect())
    }

    /// A flag an id, up to the last in the set.
    fn table(&self) -> &[u8] {
        self.table.get_or_init(|| {
            let ids: Vec<u32> = self.ids().collect();
            let mut table = vec![0; ids.last().map_or(0, |last| *last as usize + 1)];
            ids.iter().for_each(|id| table[*id as usize] = 1);
            table
        })
    }

    /// How many ids are in it.
    pub(super) fn len(&self) -> usize {
        let rest = match &self.rest {
            Rest::None => 0,
            Rest::One(_) => 1,
            Rest::Range(start, end) => (end - start) as usize,
            Rest::Bits(bits) => bits.iter().map(|w| w.count_ones() as usize).sum(),
        };
        rest + usize::from(self.null)
    }

    /// The ids, ascending.
    fn ids(&self) -> Box<dyn Iterator<Item = u32> + '_> {
        let null = self.null.then_some(0).into_iter();
        match &self.rest {
            Rest::None => Box::new(null),
            Rest::One(id) => Box::new(null.chain(std::iter::once(*id))),
            Rest::Range(start, end) => Box::new(null.chain(*start..*end)),
            Rest::Bits(bits) => {
                let of_word = |(w, word): (usize, &u64)| {
                    let word = *word;
                    (0..64u32).filter(move |bit| word >> bit & 1 == 1).map(move |bit| w as u32 * 64 + bit)
                };
                Box::new(null.chain(bits.iter().enumerate().flat_map(of_word)))
            }
        }
    }
}

impl Rest {
    fn of(ids: Vec<u32>, cardinality: u32) -> Self {
        match ids.as_slice() {
            [] => Self::None,
            [one] => Self::One(*one),
            many => {
                let mut bits = vec![0u64; cardinality as usize / 64 + 1];
                for id in many {
                    if let Some(word) = bits.get_mut(*id as usize / 64) {
                        *word |= 1 << (id % 64);
                    }
                }
                Self::Bits(bits)
            }
        }
    }
}

/// The first id whose text is not before `text`, or (`beyond`) is after it.
fn after(column: &dyn StringColumn, text: &str, beyond: bool) -> Result<u32, QueryError> {
    let id = column.lower_bound(text)?;
    let equal = beyond && id < column.cardinality() && column.value(id)? == Some(text);
    Ok(id + u32::from(equal))
}

fn tested(
    predicate: &StringPredicate,
    column: &dyn StringColumn,
    ids: std::ops::Range<u32>,
    want: bool,
) -> Result<Rest, QueryError> {
    let mut found = Vec::new();
    for id in ids {
        if predicate.matches(column.value(id)?).unwrap_or(!want) {
            found.push(id);
        }
    }
    Ok(Rest::of(found, column.cardinality()))
}
