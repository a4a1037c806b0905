//! Which segments was an answer read from, and would it be read from the same ones now? Segments are known as themselves,
//! not by name: a segment that was dropped and made anew is another one.

use std::fmt::Write;
use std::sync::{Arc, Weak};

use alluvium_segments::catalog::{Snapshot, lookup_table};
use alluvium_segments::time::Interval;
use alluvium_segments::{ColumnSpec, Segment};
use alluvium_sketches::hash_of_bytes;
use parking_lot::Mutex;

use super::is_settled;
use crate::plan::Scope;
use crate::run::Segments;

/// The segments that one piece of work was done over.
#[derive(Debug, Clone)]
pub(crate) struct Read {
    datasources: Vec<String>,
    intervals: Vec<Interval>,
    /// In order, each with what is visible of it.
    segments: Vec<(Weak<dyn Segment>, Interval)>,
}

impl Read {
    /// These; `None` when what is read of one may change.
    pub(crate) fn of(scope: &Scope, segments: &Segments) -> Option<Self> {
        let known = |s: &alluvium_segments::SegmentRef| (Arc::downgrade(&s.segment), s.visible);
        segments.list.iter().all(is_settled).then(|| Self {
            datasources: scope.datasources.clone(),
            intervals: scope.intervals.clone(),
            segments: segments.list.iter().map(known).collect(),
        })
    }

    /// A registered lookup, as it is now; `None` when there is none of this name.
    pub(crate) fn of_lookup(name: &str, snapshot: &Snapshot) -> Option<Self> {
        let scope = Scope::table(&lookup_table(name));
        let segments = Segments::of(&scope, snapshot, false).ok()?;
        (!segments.list.is_empty()).then(|| Self::of(&scope, &segments)).flatten()
    }

    /// Whether these are the same segments, of which the same is visible.
    pub(crate) fn is_same(&self, segments: &Segments) -> bool {
        let same =
            |((known, visible), now): (&(Weak<dyn Segment>, Interval), &alluvium_segments::SegmentRef)| {
                let addresses = (known.as_ptr().cast::<()>(), Arc::as_ptr(&now.segment).cast::<()>());
                addresses.0 == addresses.1 && *visible == now.visible && is_settled(now)
            };
        self.segments.len() == segments.list.len() && self.segments.iter().zip(&segments.list).all(same)
    }

    /// Whether the same work would now be done over the same segments.
    pub(crate) fn is_current(&self, snapshot: &Snapshot) -> bool {
        let mut scope = Scope::table("");
        scope.datasources.clone_from(&self.datasources);
        scope.intervals.clone_from(&self.intervals);
        Segments::of(&scope, snapshot, false).is_ok_and(|segments| self.is_same(&segments))
    }

    /// Memory it takes, in bytes.
    pub(crate) fn bytes(&self) -> usize {
        let names: usize = self.datasources.iter().map(String::len).sum();
        names + self.intervals.len() * 16 + self.segments.len() * 32
    }
}

/// What is noted of a query's work while it runs; its parts share it.
#[derive(Debug, Clone)]
pub(crate) struct Reads {
    /// `None` once something was read that may change.
    noted: Arc<Mutex<Option<Vec<Read>>>>,
}

impl Default for Reads {
    fn default() -> Self {
        Self { noted: Arc::new(Mutex::new(Some(Vec::new()))) }
    }
}

impl Reads {
    /// Notes work over these segments.
    pub(crate) fn note(&self, scope: &Scope, segments: &Segments) {
        let mut noted = self.noted.lock();
        match Read::of(scope, segments) {
            Some(read) => noted.iter_mut().for_each(|reads| reads.push(read.clone())),
            None => *noted = None,
        }
    }

    /// Notes that a registered lookup was asked.
    pub(crate) fn note_lookup(&self, name: &str, snapshot: &Snapshot) {
        let mut noted = self.noted.lock();
        match Read::of_lookup(name, snapshot) {
            Some(read) => noted.iter_mut().for_each(|reads| reads.push(read.clone())),
            None => *noted = None,
        }
    }

    /// What was noted; `None` when something was read that may change.
    pub(crate) fn take(&self) -> Option<Vec<Read>> {
        self.noted.lock().take()
    }
}

/// Datasources with the columns that a query knew them by.
#[derive(Debug, Clone, Default)]
pub(crate) struct Tables(pub(crate) Vec<(String, Vec<ColumnSpec>)>);

impl Tables {
    /// As they are now; names without a datasource are left out.
    pub(crate) fn of(names: &[String], snapshot: &Snapshot) -> Self {
        let table = |name: &String| Some((name.clone(), snapshot.datasource(name)?.current_columns()));
        Self(names.iter().filter_map(table).collect())
    }

    /// Whether they still are so.
    pub(crate) fn is_current(&self, snapshot: &Snapshot) -> bool {
        let same = |(name, columns): &(String, Vec<ColumnSpec>)| {
            snapshot.datasource(name).is_some_and(|d| d.current_columns() == *columns)
        };
        self.0.iter().all(same)
    }

    /// Memory they take, in bytes.
    pub(crate) fn bytes(&self) -> usize {
        self.0.iter().map(|(name, columns)| name.len() + columns.len() * 96).sum()
    }
}

/// A text that differs when the answer to `key` over these segments may: it is the same after a restart.
pub(crate) fn entity_tag(
    key: &str,
    tables: &Tables,
    segments: &Segments,
    (lookups, snapshot): (&[String], &Snapshot),
) -> String {
    let mut text = format!("{}\n{key}\n{tables:?}\n", env!("CARGO_PKG_VERSION"));
    for segment in &segments.list {
        // Writing to a text cannot fail.
        let _ = writeln!(text, "{} {}", segment.segment.id(), segment.visible);
    }
    for lookup in lookups {
        let digest = snapshot.lookup(lookup).map(|lookup| lookup.digest()).unwrap_or_default();
        let _ = writeln!(text, "{lookup} {digest}");
    }
    let (high, low) = hash_of_bytes(text.as_bytes());
    format!("{high:016x}{low:016x}")
}
