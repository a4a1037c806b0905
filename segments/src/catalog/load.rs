//! How do published segments come into the catalogue, and how does a commit? One lock orders publications and
//! refreshes, so that a snapshot has each row either live or sealed, never both and never neither.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Arc;

use parking_lot::Mutex;

use super::timeline::visible;
use super::{
    Catalog, Commit, Datasource, LiveHandle, MetadataStore, Publication, SegmentCache, SegmentRecord,
};
use crate::{ColumnSpec, Segment, SegmentError, SegmentId, SegmentRef};

/// A used segment: opened, or why not.
type Opened = Result<Arc<dyn Segment>, String>;

/// All used segments of a datasource, overshadowed ones included.
type Held = BTreeMap<SegmentId, (SegmentRecord, Opened)>;

/// What a load found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LoadReport {
    /// Segments that were opened.
    pub opened: usize,
    /// Segments that could not be, with the reason.
    pub broken: Vec<(SegmentId, String)>,
}

/// Keeps the catalogue in step with the metadata store.
pub struct Loader {
    catalog: Arc<Catalog>,
    metadata: Arc<dyn MetadataStore>,
    cache: SegmentCache,
    held: Mutex<BTreeMap<String, Held>>,
}

impl fmt::Debug for Loader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Loader").field("cache", &self.cache).finish_non_exhaustive()
    }
}

impl Loader {
    /// A loader of nothing yet.
    #[must_use]
    pub fn new(catalog: Arc<Catalog>, metadata: Arc<dyn MetadataStore>, cache: SegmentCache) -> Self {
        Self { catalog, metadata, cache, held: Mutex::default() }
    }

    /// The catalogue it feeds.
    #[must_use]
    pub fn catalog(&self) -> &Arc<Catalog> {
        &self.catalog
    }

    /// The metadata store it follows.
    #[must_use]
    pub fn metadata(&self) -> &Arc<dyn MetadataStore> {
        &self.metadata
    }

    /// The local files.
    #[must_use]
    pub fn cache(&self) -> &SegmentCache {
        &self.cache
    }

    /// Opens all used segments, several at a time. One that does not open is listed as broken and hinders none.
    ///
    /// # Errors
    /// When the metadata store cannot be read.
    pub fn load_all(&self) -> Result<LoadReport, SegmentError> {
        let mut held = self.held.lock();
        let names = self.metadata.datasources()?;
        let records = self.metadata.segments(None)?;
        let opened = self.open_many(&records);
        let mut report = LoadReport::default();
        let mut fresh: BTreeMap<String, Held> = names.into_iter().map(|n| (n, Held::new())).collect();
        for (record, segment) in records.into_iter().zip(opened) {
            match &segment {
                Ok(_) => report.opened += 1,
                Err(reason) => report.broken.push((record.id.clone(), reason.clone())),
            }
            let datasource = fresh.entry(record.id.datasource.clone()).or_default();
            datasource.insert(record.id.clone(), (record, segment));
        }
        *held = fresh;
        self.catalog.update(|snapshot| {
            for (name, segments) in held.iter() {
                let mut datasource = live_part(snapshot.datasources.get(name), name);
                fill(&mut datasource, segments);
                snapshot.datasources.insert(name.clone(), Arc::new(datasource));
            }
        });
        Ok(report)
    }

    /// Reads a datasource's used segments again: after some were marked used or unused.
    ///
    /// # Errors
    /// When the metadata store cannot be read.
    pub fn refresh(&self, datasource: &str) -> Result<LoadReport, SegmentError> {
        let mut held = self.held.lock();
        self.reread(&mut held, datasource)?;
        let segments = held.get(datasource);
        self.catalog.update_datasource(datasource, |d| fill(d, segments.unwrap_or(&Held::new())));
        let segments = segments.into_iter().flat_map(BTreeMap::values);
        let mut report = LoadReport::default();
        for (record, opened) in segments {
            match opened {
                Ok(_) => report.opened += 1,
                Err(reason) => report.broken.push((record.id.clone(), reason.clone())),
            }
        }
        Ok(report)
    }

    /// Publishes: one transaction in the metadata store, then one new generation of the catalogue, in which the
    /// commit's segments (`opened`) take the place of the live ones they were made from (`retire`).
    ///
    /// `committed` is called between the two. A fenced commit changes nothing.
    ///
    /// # Errors
    /// As [`MetadataStore::publish`]; then nothing has changed, or the outcome is unknown and the same call
    /// may be repeated.
    pub fn publish(
        &self,
        commit: &Commit,
        opened: &[Arc<dyn Segment>],
        retire: &[Arc<dyn LiveHandle>],
        now_ms: i64,
        committed: &dyn Fn(),
    ) -> Result<Publication, SegmentError> {
        let mut held = self.held.lock();
        let outcome = self.metadata.publish(commit, now_ms)?;
        if let Publication::Fenced(_) = outcome {
            return Ok(outcome);
        }
        committed();
        let mut touched: BTreeSet<&str> = BTreeSet::from([commit.datasource.as_str()]);
        touched.extend(retire.iter().map(|l| l.id().datasource.as_str()));
        for (record, segment) in commit.add.iter().zip(opened) {
            touched.insert(&record.id.datasource);
            let datasource = held.entry(record.id.datasource.clone()).or_default();
            datasource.insert(record.id.clone(), (record.clone(), Ok(segment.clone())));
        }
        if let Some(segments) = held.get_mut(&commit.datasource) {
            segments.retain(|id, _| !commit.remove.contains(id));
            for (interval, version) in &commit.replace {
                segments.retain(|id, _| !interval.covers(id.interval) || id.version >= *version);
            }
        }
        self.catalog.update(|snapshot| {
            for name in touched {
                let mut datasource = live_part(snapshot.datasources.get(name), name);
                datasource.live.retain(|known| !retire.iter().any(|gone| Arc::ptr_eq(known, gone)));
                fill(&mut datasource, held.get(name).unwrap_or(&Held::new()));
                snapshot.datasources.insert(name.to_owned(), Arc::new(datasource));
            }
        });
        Ok(outcome)
    }

    fn reread(&self, held: &mut BTreeMap<String, Held>, datasource: &str) -> Result<(), SegmentError> {
        let records = self.metadata.segments(Some(datasource))?;
        let mut known = held.remove(datasource).unwrap_or_default();
        let mut fresh = Held::new();
        let mut missing = Vec::new();
        for record in records {
            match known.remove(&record.id) {
                Some((_, Ok(segment))) => {
                    fresh.insert(record.id.clone(), (record, Ok(segment)));
                }
                _ => missing.push(record),
            }
        }
        let opened = self.open_many(&missing);
        fresh.extend(missing.into_iter().zip(opened).map(|(r, o)| (r.id.clone(), (r, o))));
        held.insert(datasource.to_owned(), fresh);
        Ok(())
    }

    fn open_many(&self, records: &[SegmentRecord]) -> Vec<Opened> {
        let open = |record: &SegmentRecord| {
            self.cache.open(record).map_err(|error| {
                tracing::error!(segment = %record.id, %error, "a published segment cannot be opened");
                error.to_string()
            })
        };
        let chunk = records.len().div_ceil(4).max(16);
        std::thread::scope(|scope| {
            let workers: Vec<_> = records
                .chunks(chunk)
                .map(|part| (part.len(), scope.spawn(move || part.iter().map(open).collect::<Vec<_>>())))
                .collect();
            let failed = |n: usize| vec![Err("opening it made a thread panic".to_owned()); n];
            workers.into_iter().flat_map(|(n, w)| w.join().unwrap_or_else(|_| failed(n))).collect()
        })
    }
}

fn live_part(known: Option<&Arc<Datasource>>, name: &str) -> Datasource {
    let live = known.map(|d| d.live.clone()).unwrap_or_default();
    Datasource { name: name.to_owned(), live, ..Datasource::default() }
}

/// Fills in what is sealed: what the timeline leaves visible, what of it is broken, and the columns.
fn fill(datasource: &mut Datasource, held: &Held) {
    datasource.sealed.clear();
    datasource.broken.clear();
    datasource.columns.clear();
    let records: Vec<SegmentRecord> = held.values().map(|(record, _)| record.clone()).collect();
    for (at, parts) in visible(&records).visible {
        let Some((id, opened)) = records.get(at).and_then(|r| Some((&r.id, &held.get(&r.id)?.1))) else {
            continue;
        };
        match opened {
            Ok(segment) => datasource.sealed.extend(parts.into_iter().map(|visible| SegmentRef {
                segment: segment.clone(),
                visible,
                hidden: None,
            })),
            Err(reason) => datasource.broken.push((id.clone(), reason.clone())),
        }
    }
    datasource.columns = merged_columns(&records);
}

/// Columns of all records; where types differ the newest segment's wins.
fn merged_columns(records: &[SegmentRecord]) -> Vec<ColumnSpec> {
    let mut newest: Vec<&SegmentRecord> = records.iter().collect();
    newest.sort_by(|a, b| (b.created_ms, &b.id).cmp(&(a.created_ms, &a.id)));
    let mut names = BTreeSet::new();
    let mut columns = Vec::new();
    for spec in newest.iter().flat_map(|r| &r.schema.columns) {
        if names.insert(spec.name.as_str()) {
            columns.push(spec.clone());
        }
    }
    columns
}
