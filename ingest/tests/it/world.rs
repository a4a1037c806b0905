//! What do the tests stand on? A service over a folder, a stream in memory, stores that can be made to fail, and
//! eyes for what a query would see.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use alluvium_ingest::service::{IngestDeps, IngestLimits, IngestService, TaskLocation};
use alluvium_ingest::source::memory::MemoryStream;
use alluvium_segments::catalog::{Catalog, DeepStorage, Loader, MetadataStore, SegmentCache, SegmentRecord};
use alluvium_segments::mapped::MappedSegment;
use alluvium_segments::time::Interval;
use alluvium_segments::{Column, NumericBlock, Segment, SegmentError};
use serde_json::{Value, json};

use crate::memory_store::MemoryStore;

/// A folder as deep storage; refuses uploads while it is told to.
#[derive(Debug)]
pub(crate) struct Folder {
    root: PathBuf,
    pub(crate) full: AtomicBool,
}

impl DeepStorage for Folder {
    fn upload(&self, file: &Path, location: &str) -> Result<(), SegmentError> {
        if self.full.load(Ordering::Acquire) {
            let message = "no space left on device".to_owned();
            return Err(SegmentError::Store { what: "upload to deep storage", message });
        }
        let to = self.root.join(location);
        std::fs::create_dir_all(to.parent().unwrap()).unwrap();
        std::fs::copy(file, to).unwrap();
        Ok(())
    }

    fn download(&self, location: &str, file: &Path) -> Result<(), SegmentError> {
        std::fs::copy(self.root.join(location), file).unwrap();
        Ok(())
    }

    fn list(&self) -> Result<Vec<(String, i64)>, SegmentError> {
        Ok(Vec::new())
    }

    fn delete(&self, location: &str) -> Result<(), SegmentError> {
        std::fs::remove_file(self.root.join(location)).unwrap();
        Ok(())
    }
}

/// What survives a crash, and the service of the moment.
pub(crate) struct World {
    pub(crate) folder: tempfile::TempDir,
    pub(crate) store: Arc<MemoryStore>,
    pub(crate) deep: Arc<Folder>,
    pub(crate) stream: MemoryStream,
    pub(crate) service: Arc<IngestService>,
    pub(crate) catalog: Arc<Catalog>,
    kafka: bool,
    commit_age_ms: i64,
}

impl World {
    /// Over the stream in memory; nothing is committed unless told so or stopped.
    pub(crate) fn new() -> Self {
        Self::build(false, 3_600_000)
    }

    /// The same, with commits at this age.
    pub(crate) fn committing(commit_age_ms: i64) -> Self {
        Self::build(false, commit_age_ms)
    }

    /// Over Kafka.
    pub(crate) fn kafka() -> Self {
        Self::build(true, 3_600_000)
    }

    fn build(kafka: bool, commit_age_ms: i64) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let deep = Arc::new(Folder { root: folder.path().join("deep"), full: AtomicBool::new(false) });
        let store = Arc::new(MemoryStore::default());
        let stream = MemoryStream::default();
        let (service, catalog) = open(folder.path(), &store, &deep, &stream, kafka, commit_age_ms);
        Self { folder, store, deep, stream, service, catalog, kafka, commit_age_ms }
    }

    /// Loses everything in memory and starts again from what is stored.
    pub(crate) fn crash(&mut self) {
        self.service.abandon();
        self.start_again();
    }

    /// Stops as an orderly server does, and starts again.
    pub(crate) fn restart(&mut self) {
        self.service.stop();
        self.start_again();
    }

    fn start_again(&mut self) {
        let (folder, age) = (self.folder.path(), self.commit_age_ms);
        (self.service, self.catalog) = open(folder, &self.store, &self.deep, &self.stream, self.kafka, age);
    }

    /// Every value of a long column that a query would see now, sorted.
    pub(crate) fn longs(&self, datasource: &str, column: &str) -> Vec<i64> {
        let snapshot = self.catalog.snapshot();
        let Some(found) = snapshot.datasource(datasource) else { return Vec::new() };
        let mut values = Vec::new();
        for segment in found.select(&[Interval::ETERNITY]) {
            let segment = segment.segment;
            match segment.column(column).unwrap() {
                Some(Column::Long(numbers)) => {
                    let mut block = NumericBlock::default();
                    numbers.read(0..segment.rows(), &mut block).unwrap();
                    values.extend(block.values);
                }
                None => {}
                Some(other) => panic!("{column} is {other:?}"),
            }
        }
        values.sort_unstable();
        values
    }

    /// Rows of used segments in the metadata store.
    pub(crate) fn committed(&self, datasource: &str) -> u64 {
        self.store.segments(Some(datasource)).unwrap().iter().map(|r| r.rows).sum()
    }

    pub(crate) fn status(&self, id: &str) -> Value {
        self.service.supervisor_status(id).unwrap()["payload"].clone()
    }
}

fn open(
    folder: &Path,
    store: &Arc<MemoryStore>,
    deep: &Arc<Folder>,
    stream: &MemoryStream,
    kafka: bool,
    commit_age_ms: i64,
) -> (Arc<IngestService>, Arc<Catalog>) {
    let mapped =
        |path: &Path, _: &SegmentRecord| MappedSegment::open(path).map(|s| Arc::new(s) as Arc<dyn Segment>);
    let cache = SegmentCache::new(&folder.join("cache"), deep.clone(), Box::new(mapped)).unwrap();
    let catalog = Arc::new(Catalog::default());
    let loader = Arc::new(Loader::new(catalog.clone(), store.clone(), cache));
    let report = loader.load_all().unwrap();
    assert_eq!(report.broken, []);
    let deps = IngestDeps {
        loader,
        deep_storage: deep.clone(),
        work_dir: folder.join("work"),
        owner: "node".to_owned(),
        location: TaskLocation { host: "localhost".to_owned(), port: 8888, tls_port: -1 },
        limits: IngestLimits { commit_age_ms, ..IngestLimits::default() },
    };
    let stream = stream.clone();
    let service = if kafka {
        IngestService::new(deps).unwrap()
    } else {
        IngestService::with_streams(deps, Box::new(move |_| Arc::new(stream.clone()))).unwrap()
    };
    service.start().unwrap();
    (service, catalog)
}

/// A supervisor spec of datasource `d`: time `t`, dimensions `page` and `n`, hourly segments.
pub(crate) fn spec(changes: &Value) -> Value {
    let mut spec = json!({"type": "kafka", "spec": {
        "dataSchema": {
            "dataSource": "d",
            "timestampSpec": {"column": "t", "format": "millis"},
            "dimensionsSpec": {"dimensions": ["page", {"type": "long", "name": "n"}]},
            "granularitySpec": {"segmentGranularity": "hour", "queryGranularity": "none", "rollup": false},
        },
        "ioConfig": {
            "topic": "topic",
            "inputFormat": {"type": "json"},
            "consumerProperties": {"bootstrap.servers": "localhost:1"},
            "useEarliestOffset": true,
            "period": "PT0.2S",
        },
        "tuningConfig": {"type": "kafka"},
    }});
    merge(&mut spec, changes);
    spec
}

fn merge(into: &mut Value, from: &Value) {
    match (into, from) {
        (Value::Object(into), Value::Object(from)) => {
            for (key, value) in from {
                merge(into.entry(key.clone()).or_insert(Value::Null), value);
            }
        }
        (into, from) => *into = from.clone(),
    }
}

/// Record `n`: three hours in turn.
pub(crate) fn record(n: i64) -> Vec<u8> {
    json!({"t": 1_600_000_000_000_i64 + n % 3 * 3_600_000, "page": format!("p{}", n % 7), "n": n})
        .to_string()
        .into_bytes()
}

/// Waits until `ready` holds.
pub(crate) fn wait_for(what: &str, mut ready: impl FnMut() -> bool) {
    let until = Instant::now() + Duration::from_secs(60);
    while !ready() {
        assert!(Instant::now() < until, "waited in vain for {what}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// `[0, end)` as a list.
pub(crate) fn up_to(end: i64) -> Vec<i64> {
    (0..end).collect()
}
