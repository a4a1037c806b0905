//! Which lookups are wanted, which are served, and how does one become the other? Changes go to the metadata store;
//! each lookup that reads from somewhere has a thread of its own.

use std::collections::BTreeMap;
use std::hash::{BuildHasher, RandomState};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use alluvium_query::loaded_lookup;
use alluvium_segments::SegmentError;
use alluvium_segments::catalog::{Catalog, Lookup, LookupChange, LookupRecord, MetadataStore};
use parking_lot::{Condvar, Mutex};
use serde_json::Value;

use super::Loaded;
use super::spec::{CachedNamespace, Factory, LookupSpec, Namespace, Polling};
use crate::clock::now_ms;

/// The tier whose lookups this node serves.
pub(crate) const TIER: &str = "__default";
/// How long after a source could not be read it is tried again: at first, and at most.
const RETRY: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(60));

/// Specifications by name, by tier.
pub(crate) type Tiers = BTreeMap<String, BTreeMap<String, Value>>;

/// Why a change was not made.
#[derive(Debug)]
pub(crate) enum Change {
    /// A specification cannot be used.
    Invalid(String),
    /// Those there are do not allow it.
    Refused(String),
    /// The metadata store failed.
    Store(SegmentError),
}

impl From<SegmentError> for Change {
    fn from(error: SegmentError) -> Self {
        Self::Store(error)
    }
}

/// The lookups of a node.
#[derive(Debug)]
pub(crate) struct Lookups {
    metadata: Arc<dyn MetadataStore>,
    /// Held while lookups change.
    changing: Mutex<()>,
    served: Arc<Served>,
}

/// What the threads share.
#[derive(Debug)]
struct Served {
    catalog: Arc<Catalog>,
    tasks: Mutex<BTreeMap<String, Arc<Task>>>,
}

/// One lookup that is served, or will be once it is loaded.
#[derive(Debug)]
struct Task {
    name: String,
    spec: Value,
    /// Whether it has been loaded, or tried to.
    tried: AtomicBool,
    loaded: AtomicBool,
    version: Mutex<Option<String>>,
    stopped: Mutex<bool>,
    changed: Condvar,
}

impl Lookups {
    /// Serves the lookups of the store, and waits for those that are read from somewhere as long as each allows.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub(crate) fn open(
        metadata: Arc<dyn MetadataStore>,
        catalog: Arc<Catalog>,
    ) -> Result<Self, SegmentError> {
        let served = Arc::new(Served { catalog, tasks: Mutex::default() });
        let lookups = Self { metadata, changing: Mutex::default(), served };
        let patience = lookups.sync()?;
        let since = Instant::now();
        for (task, patience) in patience {
            task.wait_for_first(patience.saturating_sub(since.elapsed()));
        }
        Ok(lookups)
    }

    /// What is wanted; `None` before there have been any lookups.
    pub(crate) fn wanted(&self) -> Result<Option<Tiers>, SegmentError> {
        let Some(records) = self.metadata.lookups()? else { return Ok(None) };
        let mut tiers = Tiers::new();
        for LookupRecord { tier, name, spec } in records {
            tiers.entry(tier).or_default().insert(name, spec);
        }
        Ok(Some(tiers))
    }

    /// Adds lookups, and replaces those of the same tier and name by a higher version.
    pub(crate) fn update(&self, tiers: &Tiers, audit: Value) -> Result<(), Change> {
        for (name, spec) in tiers.values().flatten() {
            LookupSpec::read(spec).map_err(|why| Change::Invalid(format!("lookup `{name}`: {why}")))?;
        }
        let _one_change = self.changing.lock();
        let known = self.wanted()?;
        if known.is_none() && !tiers.is_empty() {
            let why = "Not initialized. If this is the first lookup, post an empty map to initialize";
            return Err(Change::Refused(why.to_owned()));
        }
        let known = known.unwrap_or_default();
        let mut put = Vec::new();
        for (tier, lookups) in tiers {
            for (name, spec) in lookups {
                let old = known.get(tier).and_then(|lookups| lookups.get(name));
                if old.is_some_and(|old| !replaces(spec, old)) {
                    let why =
                        format!("given update for lookup [{tier}]:[{name}] can't replace existing spec");
                    return Err(Change::Refused(format!("{why}: its version must be higher")));
                }
                put.push(LookupRecord { tier: tier.clone(), name: name.clone(), spec: spec.clone() });
            }
        }
        self.metadata.change_lookups(&LookupChange { put, audit, ..LookupChange::default() }, now_ms())?;
        self.sync()?;
        Ok(())
    }

    /// Removes a lookup, or all of a tier; says whether there were any.
    pub(crate) fn delete(&self, tier: &str, name: Option<&str>, audit: Value) -> Result<bool, Change> {
        let _one_change = self.changing.lock();
        let Some(lookups) = self.wanted()?.and_then(|mut tiers| tiers.remove(tier)) else { return Ok(false) };
        let named = |known: &String| name.is_none_or(|name| name == known);
        let delete: Vec<_> = lookups.into_keys().filter(named).map(|name| (tier.to_owned(), name)).collect();
        if delete.is_empty() {
            return Ok(false);
        }
        self.metadata.change_lookups(&LookupChange { delete, audit, ..LookupChange::default() }, now_ms())?;
        self.sync()?;
        Ok(true)
    }

    /// The specifications that this node has, with whether each is loaded.
    pub(crate) fn states(&self) -> BTreeMap<String, (Value, bool)> {
        let tasks = self.served.tasks.lock();
        let state = |task: &Arc<Task>| (task.spec.clone(), task.loaded.load(Ordering::Acquire));
        tasks.iter().map(|(name, task)| (name.clone(), state(task))).collect()
    }

    /// What the state of a source is known by that a lookup was loaded from; `None` for one that is written out.
    pub(crate) fn source_version(&self, name: &str) -> Option<String> {
        let task = Arc::clone(self.served.tasks.lock().get(name)?);
        task.version.lock().clone()
    }

    /// Ends all threads; what is loaded stays.
    pub(crate) fn stop(&self) {
        self.served.tasks.lock().values().for_each(|task| task.stop());
    }

    /// Starts what is wanted and not served, stops what is served and not wanted; gives the lookups that are still to
    /// be read, and how long a start waits for each.
    fn sync(&self) -> Result<Vec<(Arc<Task>, Duration)>, SegmentError> {
        let wanted = self.wanted()?.and_then(|mut tiers| tiers.remove(TIER)).unwrap_or_default();
        let mut reading = Vec::new();
        {
            let mut tasks = self.served.tasks.lock();
            let gone: Vec<String> =
                tasks.keys().filter(|name| !wanted.contains_key(*name)).cloned().collect();
            for name in gone {
                tasks.remove(&name).iter().for_each(|task| task.stop());
                self.served.catalog.update(|snapshot| {
                    Arc::make_mut(&mut snapshot.lookups).remove(&name);
                });
                tracing::info!(lookup = name, "a lookup is dropped");
            }
        }
        for (name, spec) in wanted {
            let known = self.served.tasks.lock().get(&name).is_some_and(|task| task.spec == spec);
            if !known {
                reading.extend(self.start(&name, spec));
            }
        }
        Ok(reading)
    }

    fn start(&self, name: &str, spec: Value) -> Option<(Arc<Task>, Duration)> {
        let read = match LookupSpec::read(&spec) {
            Ok(read) => read,
            Err(why) => {
                tracing::error!(lookup = name, why, "a lookup cannot be served");
                return None;
            }
        };
        let task = Arc::new(Task {
            name: name.to_owned(),
            spec,
            tried: AtomicBool::new(false),
            loaded: AtomicBool::new(false),
            version: Mutex::default(),
            stopped: Mutex::default(),
            changed: Condvar::new(),
        });
        // What was served under this name stays until the new one is loaded.
        if let Some(old) = self.served.tasks.lock().insert(name.to_owned(), Arc::clone(&task)) {
            old.stop();
        }
        match read.lookup_extractor_factory {
            Factory::Map(map) => {
                self.served.publish(&task, Lookup::new(map.entries(), map.is_one_to_one));
                None
            }
            Factory::CachedNamespace(cached) => match &cached.extraction_namespace {
                Namespace::StaticMap(map) => {
                    self.served.publish(&task, Lookup::new(map.entries(), cached.injective));
                    None
                }
                _ => self.read_on(task, *cached),
            },
        }
    }

    /// Reads a source, again and again, on a thread of its own.
    fn read_on(&self, task: Arc<Task>, cached: CachedNamespace) -> Option<(Arc<Task>, Duration)> {
        let patience = Duration::from_millis(cached.first_cache_timeout);
        let polling = cached.extraction_namespace.polling().ok()?;
        let (served, reader) = (Arc::clone(&self.served), Arc::clone(&task));
        let thread = std::thread::Builder::new().name("alluvium-lookup".to_owned());
        let started = thread.spawn(move || served.poll(&reader, &cached, polling));
        if let Err(error) = started {
            tracing::error!(lookup = task.name, %error, "no thread reads a lookup");
            return None;
        }
        Some((task, patience))
    }
}

impl Drop for Lookups {
    fn drop(&mut self) {
        self.stop();
    }
}

/// Whether a specification's version is above another's.
fn replaces(new: &Value, old: &Value) -> bool {
    let version = |spec: &Value| spec.get("version").and_then(Value::as_str).map(str::to_owned);
    version(new) > version(old)
}

impl Served {
    /// Makes a lookup part of the snapshot, if the task is still the one of its name.
    fn publish(&self, task: &Arc<Task>, lookup: Lookup) {
        let entries = lookup.len();
        let known = self.catalog.snapshot();
        let same = known.lookup(&task.name).is_some_and(|known| known.says_the_same(&lookup));
        let loaded = (!same).then(|| loaded_lookup(&task.name, Arc::new(lookup)));
        let tasks = self.tasks.lock();
        if !tasks.get(&task.name).is_some_and(|known| Arc::ptr_eq(known, task)) {
            return;
        }
        if let Some(loaded) = loaded {
            self.catalog.update(|snapshot| {
                Arc::make_mut(&mut snapshot.lookups).insert(task.name.clone(), loaded);
            });
            tracing::info!(lookup = task.name, entries, "a lookup is loaded");
        }
        task.loaded.store(true, Ordering::Release);
    }

    fn poll(&self, task: &Arc<Task>, cached: &CachedNamespace, polling: Polling) {
        let mut retry = RETRY.0;
        loop {
            let wait = match self.read(task, cached, polling) {
                Ok(()) => {
                    retry = RETRY.0;
                    polling.period.map(|period| period + random_below(polling.jitter))
                }
                Err(why) => {
                    tracing::warn!(lookup = task.name, why, "a lookup cannot be read; it is tried again");
                    let wait = retry;
                    retry = (retry * 2).min(RETRY.1);
                    Some(polling.period.map_or(wait, |period| period.min(wait)))
                }
            };
            task.tried.store(true, Ordering::Release);
            task.changed.notify_all();
            let Some(wait) = wait else { return };
            if task.stopped_within(wait) {
                return;
            }
        }
    }

    fn read(&self, task: &Arc<Task>, cached: &CachedNamespace, polling: Polling) -> Result<(), String> {
        let known = task.version.lock().clone();
        let loaded = match &cached.extraction_namespace {
            Namespace::Uri(uri) => uri.load(known.as_deref())?,
            Namespace::Jdbc(jdbc) => jdbc.load(known.as_deref())?,
            Namespace::StaticMap(_) => None,
        };
        let Some(Loaded { entries, version }) = loaded else { return Ok(()) };
        let lookup = Lookup::new(entries, cached.injective);
        if let Some(percent) = polling.memory_percent {
            let (_, total, _) = crate::about::memory_bytes();
            let bytes = lookup.text_bytes() as u64;
            if total > 0 && bytes > total / 100 * percent {
                tracing::warn!(lookup = task.name, bytes, percent, "a lookup is above its maxHeapPercentage");
            }
        }
        self.publish(task, lookup);
        *task.version.lock() = Some(version);
        Ok(())
    }
}

impl Task {
    fn stop(&self) {
        *self.stopped.lock() = true;
        self.changed.notify_all();
    }

    /// Waits; says whether it was stopped meanwhile.
    fn stopped_within(&self, wait: Duration) -> bool {
        let until = Instant::now() + wait;
        let mut stopped = self.stopped.lock();
        while !*stopped {
            if self.changed.wait_until(&mut stopped, until).timed_out() {
                break;
            }
        }
        *stopped
    }

    fn wait_for_first(&self, patience: Duration) {
        let until = Instant::now() + patience;
        let mut stopped = self.stopped.lock();
        while !self.tried.load(Ordering::Acquire) && !*stopped {
            // A note that came before the wait is seen by the next look.
            let look = until.min(Instant::now() + Duration::from_millis(20));
            self.changed.wait_until(&mut stopped, look);
            if Instant::now() >= until {
                return;
            }
        }
    }
}

fn random_below(limit: Duration) -> Duration {
    let limit = u64::try_from(limit.as_millis()).unwrap_or(u64::MAX);
    Duration::from_millis(RandomState::new().hash_one(0) % limit.saturating_add(1))
}
