//! What does a test say of the texts of many segments? Each text that several dictionaries share is tested once a query,
//! by its common number, and not once a segment.

use std::collections::HashMap;
use std::sync::Arc;

use alluvium_expression::{ColumnFilter, StringPredicate};
use alluvium_segments::{Segment, StringColumn};
use parking_lot::Mutex;

use crate::QueryError;
use crate::texts::{CommonNumbers, Dictionaries, SharedTexts};

/// Smaller dictionaries are tested entry by entry.
const FEW_ENTRIES: u32 = 64;

/// The verdicts of all tests of one query.
#[derive(Debug)]
pub(crate) struct Verdicts {
    datasources: Vec<String>,
    dictionaries: Arc<Dictionaries>,
    /// Whether more than one segment is asked.
    shared: bool,
    /// By place of the test in the plan, which outlives its tasks.
    known: Mutex<HashMap<usize, Arc<Verdict>>>,
}

/// What one test says.
#[derive(Debug)]
struct Verdict {
    texts: Arc<SharedTexts>,
    /// Of each common number so far.
    truth: Mutex<Vec<Option<bool>>>,
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

    /// The ids (but null's) of a column of a sealed segment whose texts match or, where the test is unknown, `unknown`
    /// does. `None`: the dictionary is not worth it.
    pub(crate) fn matching(
        &self,
        filter: &ColumnFilter,
        predicate: &StringPredicate,
        segment: &Arc<dyn Segment>,
        column: &dyn StringColumn,
        unknown: bool,
    ) -> Result<Option<Vec<u32>>, QueryError> {
        let sized = column.cardinality() >= FEW_ENTRIES && Dictionaries::takes(column);
        if !self.shared || !sized || segment.is_live() {
            return Ok(None);
        }
        let place = std::ptr::from_ref(filter) as usize;
        let verdict = {
            let mut known = self.known.lock();
            let fresh = || {
                let texts = self.dictionaries.of(&self.datasources, &filter.column);
                Arc::new(Verdict { texts, truth: Mutex::default() })
            };
            Arc::clone(known.entry(place).or_insert_with(fresh))
        };
        if verdict.texts.is_full() {
            return Ok(None);
        }
        let codes = verdict.texts.of_segment(segment, column)?;
        let mut truth = verdict.truth.lock();
        verdict.texts.read(truth.len() as u32, |text| truth.push(predicate.matches(text)));
        let matches = |code: &u32| truth.get(*code as usize).copied().flatten().unwrap_or(unknown);
        let ids = codes.iter().enumerate().skip(1).filter(|(_, code)| matches(code));
        Ok(Some(ids.map(|(id, _)| id as u32).collect()))
    }
}
