//! What does a query see? One immutable [`Snapshot`], replaced as a whole when a commit changes what is sealed
//! or when a live segment opens, freezes or is dropped. A row is in exactly one segment of a snapshot.

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::sync::Arc;

use arc_swap::ArcSwap;
use parking_lot::Mutex;

use super::lookup::{Lookup, lookup_of_table};
use crate::time::Interval;
use crate::{ColumnSpec, Segment, SegmentId, SegmentRef};

/// A segment whose rows are still arriving; `view` gives the rows published so far, without a lock.
pub trait LiveHandle: Send + Sync + Debug {
    /// The identity it was allocated.
    fn id(&self) -> &SegmentId;

    /// What is published so far.
    fn view(&self) -> Arc<dyn Segment>;
}

/// The segments of a datasource at one instant.
#[derive(Debug, Clone, Default)]
pub struct Datasource {
    /// Its name.
    pub name: String,
    /// Sealed and visible: what the timeline leaves after overshadowing.
    pub sealed: Vec<SegmentRef>,
    /// Live or frozen, not sealed yet.
    pub live: Vec<Arc<dyn LiveHandle>>,
    /// Published segments that cannot be opened, with the reason: a query over their interval is refused.
    pub broken: Vec<(SegmentId, String)>,
    /// Columns besides `__time`: the newest segment's type wins.
    pub columns: Vec<ColumnSpec>,
}

impl Datasource {
    /// The segments with rows that may lie in any of the intervals; live ones as views of this moment.
    #[must_use]
    pub fn select(&self, intervals: &[Interval]) -> Vec<SegmentRef> {
        let wanted = |i: Interval| intervals.iter().any(|q| q.overlaps(i));
        let sealed = self.sealed.iter().filter(|s| wanted(s.visible)).cloned();
        let live = self.live.iter().filter(|l| wanted(l.id().interval)).map(|l| SegmentRef::whole(l.view()));
        sealed.chain(live).collect()
    }

    /// Columns besides `__time`, those of live segments (as of this moment) first: the newest type wins.
    #[must_use]
    pub fn current_columns(&self) -> Vec<ColumnSpec> {
        let mut columns = self.columns.clone();
        for live in &self.live {
            for spec in &live.view().schema().columns {
                match columns.iter_mut().find(|c| c.name == spec.name) {
                    Some(known) if known.column_type != spec.column_type => *known = spec.clone(),
                    Some(_) => {}
                    None => columns.push(spec.clone()),
                }
            }
        }
        columns
    }
}

/// Everything that can be asked, at one instant.
#[derive(Debug, Clone, Default)]
pub struct Snapshot {
    /// Counts replacements.
    pub generation: u64,
    /// By name.
    pub datasources: BTreeMap<String, Arc<Datasource>>,
    /// Registered lookups by name. Shared, since commits of rows leave them as they are.
    pub lookups: Arc<BTreeMap<String, LoadedLookup>>,
}

/// A registered lookup as it was loaded.
#[derive(Debug, Clone)]
pub struct LoadedLookup {
    /// What it says.
    pub lookup: Arc<Lookup>,
    /// The same as rows of the columns `k` and `v`.
    pub table: Arc<Datasource>,
}

impl Snapshot {
    /// A datasource by name, or the rows of a lookup by the name of its table.
    #[must_use]
    pub fn datasource(&self, name: &str) -> Option<&Arc<Datasource>> {
        match lookup_of_table(name) {
            Some(lookup) => self.lookups.get(lookup).map(|loaded| &loaded.table),
            None => self.datasources.get(name),
        }
    }

    /// A registered lookup by name.
    #[must_use]
    pub fn lookup(&self, name: &str) -> Option<&Arc<Lookup>> {
        self.lookups.get(name).map(|loaded| &loaded.lookup)
    }
}

/// The current snapshot; readers load it without a lock, writers replace it one after the other.
#[derive(Debug, Default)]
pub struct Catalog {
    current: ArcSwap<Snapshot>,
    writer: Mutex<()>,
}

impl Catalog {
    /// The snapshot of this instant.
    #[must_use]
    pub fn snapshot(&self) -> Arc<Snapshot> {
        self.current.load_full()
    }

    /// Replaces the snapshot by what `change` makes of it; returns the new generation.
    pub fn update(&self, change: impl FnOnce(&mut Snapshot)) -> u64 {
        let _one_writer = self.writer.lock();
        let mut next = Snapshot::clone(&self.current.load());
        change(&mut next);
        next.generation += 1;
        let generation = next.generation;
        self.current.store(Arc::new(next));
        generation
    }

    /// Replaces one datasource by what `change` makes of it (an empty one when it is new).
    pub fn update_datasource(&self, name: &str, change: impl FnOnce(&mut Datasource)) -> u64 {
        self.update(|snapshot| {
            let known = snapshot.datasources.get(name);
            let empty = || Datasource { name: name.to_owned(), ..Datasource::default() };
            let mut datasource = known.map_or_else(empty, |d| Datasource::clone(d));
            change(&mut datasource);
            snapshot.datasources.insert(name.to_owned(), Arc::new(datasource));
        })
    }
}
