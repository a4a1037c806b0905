//! What does a test say of the texts of many segments? It is compiled once a query. Each text that several dictionaries
//! share is tested once, by its common number, and the ids that pass are found once for all segments whose
//! dictionaries are the same.

use std::sync::{Arc, OnceLock};

use alluvium_expression::{ColumnFilter, StringPredicate};
use alluvium_segments::{Segment, StringColumn};
use hashbrown::HashMap;
use parking_lot::Mutex;

use super::ids::IdSet;
use crate::QueryError;
use crate::texts::{CommonNumbers, Dictionaries, SharedTexts};

/// Sets of ids of different dictionaries that one test keeps.
const MOST_SETS: usize = 8;

/// A test by its place in the plan, which outlives its tasks, and whether rows are wanted for which it is true.
type Place = (usize, bool);

/// The verdicts of all tests of one query.
#[derive(Debug)]
pub(crate) struct Verdicts {
    datasources: Vec<String>,
    dictionaries: Arc<Dictionaries>,
    /// Whether more than one segment is asked.
    shared: bool,
    known: Mutex<HashMap<Place, Arc<Verdict>>>,
}

/// The common numbers of a dictionary, and its ids that pass.
type Passing = (Arc<[u32]>, Arc<IdSet>);

/// What one test says.
#[derive(Debug)]
pub(super) struct Verdict {
    pub(super) predicate: StringPredicate,
    /// Whether rows are wanted for which it is true, not those for which it is false.
    want: bool,
    texts: OnceLock<Arc<SharedTexts>>,
    /// Of each common number so far.
    truth: Mutex<Vec<Option<bool>>>,
    /// Of each dictionary so far.
    sets: Mutex<Vec<Passing>>,
}

impl Verdicts {
    /// For a query over so many segments of these datasources.
    pub(crate) fn new(datasources: &[String], segments: usize, dictionaries: &Arc<Dictionaries>) -> Self {
        let (datasources, dictionaries) = (datasources.to_vec(), Arc::clone(dictionaries));
        Self { datasources, dictionaries, shared: segments > 1, known: Mutex::default() }
    }

    /// The common numbers of the texts of a column of a sealed segment, and which each id has; `None` when its
    /// dictionary, or all of them together, are too large.
    pub(crate) fn numbers(
        &self,
        name: &str,
        segment: &Arc<dyn Segment>,
        column: &dyn StringColumn,
    ) -> Result<Option<CommonNumbers>, QueryError> {
        if segment.is_live() || !Dictionaries::takes(column) {
            return Ok(None);
        }
        let texts = self.dictionaries.of(&self.datasources, name);
        if texts.is_full() {
            return Ok(None);
        }
        let codes = texts.of_segment(segment, column)?;
        Ok(Some((texts, codes)))
    }

    /// The test of a filter of the plan, compiled.
    pub(super) fn of(&self, filter: &ColumnFilter, want: bool) -> Arc<Verdict> {
        let place = (std::ptr::from_ref(filter) as usize, want);
        let fresh = || {
            Arc::new(Verdict {
                predicate: StringPredicate::new(filter),
                want,
                texts: OnceLock::new(),
                truth: Mutex::default(),
                sets: Mutex::default(),
            })
        };
        Arc::clone(self.known.lock().entry(place).or_insert_with(fresh))
    }

    /// The ids of a column of a segment that pass (see [`IdSet::new`]); `name` is that by which segments share its texts.
    pub(super) fn ids(
        &self,
        verdict: &Verdict,
        name: Option<&str>,
        segment: &Arc<dyn Segment>,
        column: &dyn StringColumn,
    ) -> Result<Arc<IdSet>, QueryError> {
        let Verdict { predicate, want, texts, truth, sets } = verdict;
        let alone = || IdSet::new(predicate, column, *want).map(Arc::new);
        let Some(name) = name else { return alone() };
        if !self.shared
            || !Dictionaries::takes(column)
            || segment.is_live()
            || IdSet::is_looked_up(predicate, column)
        {
            return alone();
        }
        let texts = texts.get_or_init(|| self.dictionaries.of(&self.datasources, name));
        if texts.is_full() {
            return alone();
        }
        let codes = texts.of_segment(segment, column)?;
        let mut sets = sets.lock();
        if let Some((_, ids)) = sets.iter().find(|(known, _)| Arc::ptr_eq(known, &codes)) {
            return Ok(Arc::clone(ids));
        }
        let mut truth = truth.lock();
        texts.read(truth.len() as u32, |text| truth.push(predicate.matches(text)));
        let passes = |code: &u32| truth.get(*code as usize).copied().flatten().unwrap_or(!want);
        let ids = codes.iter().enumerate().skip(1).filter(|(_, code)| passes(code));
        let ids = ids.map(|(id, _)| id as u32).collect();
        let ids = Arc::new(IdSet::of(predicate, ids, column, *want));
        if sets.len() < MOST_SETS {
            sets.push((codes, Arc::clone(&ids)));
        }
        Ok(ids)
    }
}
