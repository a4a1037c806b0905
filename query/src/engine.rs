//! How does a query get from a JSON body to an answer? Read, given an id and a deadline, planned, run over one
//! snapshot, written; counted on the way.

use std::collections::HashMap;
use std::ops::Deref;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use alluvium_segments::catalog::{Catalog, Snapshot};
use parking_lot::Mutex;
use serde_json::{Value, json};

use crate::QueryError;
use crate::cache::{Answers, CacheCounts, CacheOptions, Partials};
use crate::counters::Counters;
use crate::defaults::QueryDefaults;
use crate::group::GroupLimits;
use crate::partial::Partial;
use crate::plan::{Plan, find_among};
use crate::request::NativeQuery;
use crate::run::{Control, Runner, Segments};

/// Settings of a [`QueryEngine`].
#[derive(Debug, Clone)]
pub struct EngineOptions {
    /// Worker threads for segment work.
    pub threads: usize,
    /// Time a query may take that says nothing, in milliseconds.
    pub default_timeout_ms: i64,
    /// Longest time a query may ask for, in milliseconds.
    pub max_timeout_ms: i64,
    /// Rows an inner query may return.
    pub max_subquery_rows: u64,
    /// What is kept of earlier queries.
    pub cache: CacheOptions,
    /// What holds for queries that do not say it.
    pub defaults: QueryDefaults,
    /// When there are so many groups that they are kept in another way.
    pub groups: GroupLimits,
}

impl Default for EngineOptions {
    fn default() -> Self {
        let threads = std::thread::available_parallelism().map_or(1, usize::from);
        Self {
            threads,
            default_timeout_ms: 300_000,
            max_timeout_ms: i64::MAX,
            max_subquery_rows: 100_000,
            cache: CacheOptions::default(),
            defaults: QueryDefaults::default(),
            groups: GroupLimits::default(),
        }
    }
}

/// The answer of a native query.
#[derive(Debug)]
pub struct NativeAnswer {
    /// The id it was given or has got.
    pub query_id: String,
    /// What the response context header says.
    pub response_context: Value,
    /// JSON; empty when the client has it.
    pub body: Vec<u8>,
    /// What the answer is known by, sent as `ETag`: when the client asked for it or it may be kept, and all that was read
    /// is sealed.
    pub etag: Option<String>,
    /// Whether the client has this very answer.
    pub unchanged: bool,
}

/// Answers queries over the segments of a catalogue.
#[derive(Debug)]
pub struct QueryEngine {
    catalog: Arc<Catalog>,
    pub(crate) options: EngineOptions,
    counters: Arc<Counters>,
    pub(crate) runner: Runner,
    partials: Option<Arc<Partials>>,
    pub(crate) answers: Option<Arc<Answers>>,
    running: Mutex<HashMap<String, Vec<Control>>>,
    next_id: AtomicU64,
}

/// Keeps a query in the list of running ones; cancels what is left of it when dropped.
#[derive(Debug)]
pub struct Running<E: Deref<Target = QueryEngine>> {
    engine: E,
    control: Control,
}

impl<E: Deref<Target = QueryEngine>> Running<E> {
    /// The query's right to run.
    #[must_use]
    pub fn control(&self) -> &Control {
        &self.control
    }
}

impl<E: Deref<Target = QueryEngine>> Drop for Running<E> {
    fn drop(&mut self) {
        let mut running = self.engine.running.lock();
        if let Some(controls) = running.get_mut(self.control.query_id()) {
            controls.retain(|c| !c.is_same(&self.control));
            if controls.is_empty() {
                running.remove(self.control.query_id());
            }
        }
        drop(running);
        self.control.cancel();
    }
}

impl QueryEngine {
    /// Starts the workers.
    ///
    /// # Errors
    /// When the system gives no threads.
    pub fn new(catalog: Arc<Catalog>, options: EngineOptions) -> Result<Arc<Self>, QueryError> {
        let counters = Arc::new(Counters::default());
        let partials = Partials::new(&options.cache.segments);
        let answers = Answers::new(&options.cache.results);
        let runner = Runner::new((options.threads, options.groups), Arc::clone(&counters), partials.clone())?;
        let (running, next_id) = (Mutex::default(), AtomicU64::new(1));
        Ok(Arc::new(Self { catalog, options, counters, runner, partials, answers, running, next_id }))
    }

    /// The catalogue.
    #[must_use]
    pub fn catalog(&self) -> &Arc<Catalog> {
        &self.catalog
    }

    /// Counts for `/metrics`.
    #[must_use]
    pub fn counters(&self) -> &Arc<Counters> {
        &self.counters
    }

    /// What the cache of partial results holds; nothing when there is none.
    #[must_use]
    pub fn segment_cache(&self) -> CacheCounts {
        self.partials.as_ref().map(|cache| cache.counts()).unwrap_or_default()
    }

    /// What the cache of whole answers holds; nothing when there is none.
    #[must_use]
    pub fn result_cache(&self) -> CacheCounts {
        self.answers.as_ref().map(|cache| cache.counts()).unwrap_or_default()
    }

    /// Registers a query, so that it can be cancelled by its id. `timeout_ms` is what it asks for (0: no limit of
    /// its own).
    ///
    /// # Errors
    /// When it asks for more time than it may have.
    pub fn begin(&self, query_id: &str, timeout_ms: Option<i64>) -> Result<Running<&Self>, QueryError> {
        let control = self.control(query_id, timeout_ms)?;
        Ok(Running { engine: self, control })
    }

    /// The same for an answer that outlives the call.
    ///
    /// # Errors
    /// As `begin`.
    pub fn begin_shared(
        engine: &Arc<Self>,
        query_id: &str,
        timeout_ms: Option<i64>,
    ) -> Result<Running<Arc<Self>>, QueryError> {
        let control = engine.control(query_id, timeout_ms)?;
        Ok(Running { engine: Arc::clone(engine), control })
    }

    fn control(&self, query_id: &str, timeout_ms: Option<i64>) -> Result<Control, QueryError> {
        let max = self.options.max_timeout_ms;
        let timeout = match timeout_ms {
            None => self.options.default_timeout_ms.min(max),
            Some(0) if max == i64::MAX => 0,
            Some(0) => max,
            Some(ms) if ms < 0 => {
                return Err(QueryError::Context(format!(
                    "Timeout must be a non negative value, but was [{ms}]"
                )));
            }
            Some(ms) if ms > max => {
                let message = format!("Configured [timeout = {ms}] is more than enforced limit of [{max}]");
                return Err(QueryError::invalid(message));
            }
            Some(ms) => ms,
        };
        let control = Control::new(query_id, timeout);
        self.running.lock().entry(query_id.to_owned()).or_default().push(control.clone());
        Ok(control)
    }

    /// Asks all queries of an id to stop; says whether there are any.
    pub fn cancel(&self, query_id: &str) -> bool {
        let running = self.running.lock();
        let controls = running.get(query_id);
        controls.into_iter().flatten().for_each(Control::cancel);
        controls.is_some()
    }

    /// How many queries run now.
    #[must_use]
    pub fn running(&self) -> usize {
        self.running.lock().values().map(Vec::len).sum()
    }

    /// Whether a query of an id runs now.
    #[must_use]
    pub fn is_running(&self, query_id: &str) -> bool {
        self.running.lock().contains_key(query_id)
    }

    /// A query id that no other query has.
    #[must_use]
    pub fn new_query_id(&self, now_ms: i64) -> String {
        format!("{now_ms:x}-{:x}", self.next_id.fetch_add(1, Ordering::Relaxed))
    }

    /// Runs a plan over a snapshot.
    ///
    /// # Errors
    /// When a segment cannot be read, the query is cancelled or its time is over.
    pub async fn execute(
        &self,
        plan: Plan,
        snapshot: &Snapshot,
        control: &Control,
    ) -> Result<Partial, QueryError> {
        let segments = Segments::of(&plan.scope, snapshot, false)?;
        self.runner.execute(plan, &segments, control).await
    }

    /// Runs a plan over segments that were chosen already.
    ///
    /// # Errors
    /// As `execute`.
    pub async fn execute_over(
        &self,
        plan: Plan,
        segments: &Segments,
        control: &Control,
    ) -> Result<Partial, QueryError> {
        self.runner.execute(plan, segments, control).await
    }

    /// Answers a native query.
    ///
    /// # Errors
    /// See [`QueryError`]; `to_druid_json` gives the body to answer with.
    pub async fn native(&self, body: Value, now_ms: i64) -> Result<NativeAnswer, QueryError> {
        self.native_unless(body, now_ms, None).await
    }

    /// The same for a client that has the answers of these tags already (the text of `If-None-Match`).
    ///
    /// # Errors
    /// As `native`.
    pub async fn native_unless(
        &self,
        mut body: Value,
        now_ms: i64,
        tags: Option<&str>,
    ) -> Result<NativeAnswer, QueryError> {
        self.options.defaults.complete(&mut body);
        let kind = body.get("queryType").and_then(Value::as_str).unwrap_or("unknown").to_owned();
        let answer = self.answer(&body, now_ms, tags).await;
        let known = answer.is_ok() || !matches!(&answer, Err(QueryError::Invalid(_)));
        self.counters.query(if known { &kind } else { "invalid" });
        if answer.is_err() {
            self.counters.failure();
        }
        answer
    }

    async fn answer(
        &self,
        body: &Value,
        now_ms: i64,
        tags: Option<&str>,
    ) -> Result<NativeAnswer, QueryError> {
        let mut query = NativeQuery::read(body, 0)?;
        let query_id = query.context.text("queryId").unwrap_or_else(|| self.new_query_id(now_ms));
        let running = self.begin(&query_id, query.context.long("timeout")?)?;
        let snapshot = self.catalog.snapshot();
        let mut lookups = Vec::new();
        query.bind_lookups(&mut |name| {
            lookups.push(name.to_owned());
            find_among(&snapshot.lookups, name)
        })?;
        let remembered =
            self.remembered((&query, &lookups), body, &snapshot, (tags.is_some(), running.control()))?;
        let etag = remembered.as_ref().map(|known| known.tag.clone());
        let unchanged = remembered.as_ref().zip(tags).is_some_and(|(known, tags)| known.is_known_by(tags));
        let known = remembered.as_ref().filter(|_| !unchanged).and_then(|known| known.find(&snapshot));
        let body = match known {
            Some(body) => body,
            None if unchanged => Vec::new(),
            None => {
                let body = self.run_native(&query, &snapshot, running.control()).await?;
                if let Some(remembered) = remembered {
                    remembered.keep(&body);
                }
                body
            }
        };
        Ok(NativeAnswer { query_id, response_context: json!({}), body, etag, unchanged })
    }
}
