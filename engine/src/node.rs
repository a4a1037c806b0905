//! Which parts is a node made of, and in which order are they started and stopped?

use std::fs;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use alluvium_ingest::IngestError;
use alluvium_ingest::service::{IngestDeps, IngestLimits, IngestService, TaskLocation};
use alluvium_query::sql::{MemoryOptions, SqlEngine, SqlOptions};
use alluvium_query::{EngineOptions, QueryEngine, QueryError};
use alluvium_segments::catalog::{Catalog, DeepStorage, Loader, MetadataStore, SegmentCache, SegmentRecord};
use alluvium_segments::mapped::MappedSegment;
use alluvium_segments::{Segment, SegmentError};
use tokio::runtime::{Builder, Handle, Runtime};

use crate::EngineError;
use crate::avatica;
use crate::clock::now_ms;
use crate::config::{Config, QueryConfig};
use crate::deep_storage::ObjectDeepStorage;
use crate::lock::DirectoryLock;
use crate::lookups::Lookups;
use crate::metadata::SqliteMetadata;
use crate::statements::Statements;
use crate::system_tables::NodeTables;

/// The file in the data folder that names the node; the name owns its leases over restarts.
const NAME_FILE: &str = "node";

/// The parts of one node. Requests share it; [`crate::server::Server`] starts and stops it.
#[derive(Debug)]
pub struct Node {
    /// Where DataFusion's upper operators and merges run. The first to be dropped: its tasks use the other parts, some of
    /// which may not be dropped by a task.
    query_threads: Runtime,
    config: Config,
    address: SocketAddr,
    started: Instant,
    stopping: AtomicBool,
    loader: Arc<Loader>,
    ingest: Arc<IngestService>,
    lookups: Lookups,
    queries: Arc<QueryEngine>,
    sql: Arc<SqlEngine>,
    avatica: Arc<avatica::Service>,
    statements: Arc<Statements>,
    _lock: DirectoryLock,
}

impl Node {
    /// Takes the data folder, opens every part, loads what is published and resumes what was read; `address` is
    /// where the server listens.
    ///
    /// # Errors
    /// When the folder is in use or cannot be written, or metadata or deep storage cannot be opened.
    pub fn open(config: Config, address: SocketAddr) -> Result<Self, EngineError> {
        let lock = DirectoryLock::take(&config.data_dir)?;
        let metadata: Arc<dyn MetadataStore> =
            Arc::new(SqliteMetadata::open(&config.data_dir.join("metadata.db"))?);
        let deep: Arc<dyn DeepStorage> = Arc::new(ObjectDeepStorage::local(&config.deep_storage_dir())?);
        let cache =
            SegmentCache::new(&config.data_dir.join("cache"), Arc::clone(&deep), Box::new(open_segment))?;
        let catalog = Arc::new(Catalog::default());
        let loader = Arc::new(Loader::new(Arc::clone(&catalog), Arc::clone(&metadata), cache));
        let report = loader.load_all()?;
        for (segment, reason) in &report.broken {
            tracing::error!(%segment, reason, "a published segment cannot be read");
        }
        tracing::info!(segments = report.opened, broken = report.broken.len(), "segments are served");

        let ingest = IngestService::new(IngestDeps {
            loader: Arc::clone(&loader),
            deep_storage: deep,
            work_dir: config.data_dir.join("tmp"),
            owner: node_name(&config.data_dir)?,
            location: TaskLocation { host: address.ip().to_string(), port: address.port(), tls_port: -1 },
            limits: IngestLimits {
                commit_age_ms: i64::try_from(config.ingest.commit_period_ms).unwrap_or(i64::MAX),
                batch_slots: config.ingest.task_slots,
                ..IngestLimits::default()
            },
        })
        .map_err(ingest_failed)?;
        let lookups = Lookups::open(Arc::clone(&metadata), Arc::clone(&catalog))?;
        let tables = NodeTables {
            metadata,
            catalog: Arc::clone(&catalog),
            ingest: Arc::clone(&ingest),
            address,
            config: config.clone(),
            started_ms: now_ms(),
        };
        let queries = QueryEngine::new(catalog, engine_options(&config)).map_err(query_failed)?;
        let sql_options = SqlOptions { memory: sql_memory(&config)?, ..SqlOptions::default() };
        let sql =
            SqlEngine::new(Arc::clone(&queries), Arc::new(tables), &sql_options).map_err(query_failed)?;
        let query_threads = Builder::new_multi_thread()
            .thread_name("alluvium-query")
            .thread_stack_size(alluvium_query::sql::STACK_BYTES)
            .enable_time()
            .build()
            .map_err(|source| EngineError::Io { action: "start the query threads".to_owned(), source })?;
        let sql = Arc::new(sql);
        let threads = query_threads.handle().clone();
        let avatica = avatica::Service::new(Arc::clone(&sql), threads.clone(), config.avatica.clone());
        let folder = config.data_dir.join("statements");
        let statements = Statements::open(Arc::clone(&sql), threads, &folder, config.statements.clone())
            .map_err(|source| EngineError::DataDir { action: "open", path: folder, source })?;
        ingest.start().map_err(ingest_failed)?;
        Ok(Self {
            config,
            address,
            started: Instant::now(),
            stopping: AtomicBool::new(false),
            loader,
            ingest,
            lookups,
            queries,
            sql,
            avatica,
            statements,
            query_threads,
            _lock: lock,
        })
    }

    /// Stops taking rows in and commits what is not committed. Queries are still answered.
    pub fn stop(&self) {
        self.stopping.store(true, Ordering::Release);
        self.ingest.stop();
        self.lookups.stop();
    }

    /// The configuration.
    #[must_use]
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// Where the server listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// How long it has been running.
    #[must_use]
    pub fn uptime(&self) -> Duration {
        self.started.elapsed()
    }

    /// Whether it has begun to stop.
    #[must_use]
    pub fn is_stopping(&self) -> bool {
        self.stopping.load(Ordering::Acquire)
    }

    /// Durable truth.
    #[must_use]
    pub fn metadata(&self) -> &dyn MetadataStore {
        self.loader.metadata().as_ref()
    }

    /// What can be asked.
    #[must_use]
    pub fn catalog(&self) -> &Catalog {
        self.loader.catalog()
    }

    /// What keeps the catalogue in step with the metadata store.
    #[must_use]
    pub fn loader(&self) -> &Loader {
        &self.loader
    }

    /// Supervisors and tasks.
    #[must_use]
    pub fn ingest(&self) -> &IngestService {
        &self.ingest
    }

    /// Registered lookups.
    #[must_use]
    pub(crate) fn lookups(&self) -> &Lookups {
        &self.lookups
    }

    /// SQL.
    #[must_use]
    pub fn sql(&self) -> &Arc<SqlEngine> {
        &self.sql
    }

    /// JDBC's connections.
    pub(crate) fn avatica(&self) -> &avatica::Service {
        &self.avatica
    }

    /// Queries that were taken to run by themselves.
    pub(crate) fn statements(&self) -> &Arc<Statements> {
        &self.statements
    }

    /// Native queries, and the counts of all.
    #[must_use]
    pub fn queries(&self) -> &Arc<QueryEngine> {
        &self.queries
    }

    /// The threads on which queries are put together; those that read segments are the engine's own.
    #[must_use]
    pub fn query_threads(&self) -> &Handle {
        self.query_threads.handle()
    }
}

fn engine_options(config: &Config) -> EngineOptions {
    let mut options = EngineOptions {
        default_timeout_ms: i64::try_from(config.query.timeout_ms).unwrap_or(i64::MAX),
        cache: config.cache.options(),
        defaults: config.defaults.clone(),
        ..EngineOptions::default()
    };
    if config.query.threads > 0 {
        options.threads = config.query.threads;
    }
    options
}

/// The memory of SQL, and an empty folder for what does not fit into it.
fn sql_memory(config: &Config) -> Result<MemoryOptions, EngineError> {
    let QueryConfig { memory_bytes, memory_per_query_bytes, spill_bytes, .. } = config.query;
    let folder = config.data_dir.join("spill");
    let failed = |source| EngineError::DataDir { action: "empty", path: folder.clone(), source };
    // What is there is of queries that a stop has ended.
    match std::fs::remove_dir_all(&folder) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(failed(error)),
        _ => std::fs::create_dir_all(&folder).map_err(failed)?,
    }
    Ok(MemoryOptions {
        all_bytes: memory_bytes,
        query_bytes: memory_per_query_bytes,
        spill_folder: (spill_bytes > 0).then_some(folder),
        spill_bytes,
    })
}

fn open_segment(path: &Path, record: &SegmentRecord) -> Result<Arc<dyn Segment>, SegmentError> {
    let segment = MappedSegment::open(path)?;
    if segment.id() != &record.id {
        let text = format!("`{}` holds segment `{}`, not `{}`", path.display(), segment.id(), record.id);
        return Err(SegmentError::Invalid(text));
    }
    Ok(Arc::new(segment))
}

/// The node's name: kept in the data folder, made up at the first start.
fn node_name(data_dir: &Path) -> Result<String, EngineError> {
    let path = data_dir.join(NAME_FILE);
    let failed = |action| {
        let path = path.clone();
        move |source| EngineError::DataDir { action, path, source }
    };
    match fs::read_to_string(&path) {
        Ok(name) if !name.trim().is_empty() => return Ok(name.trim().to_owned()),
        Ok(_) => {}
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
        Err(error) => return Err(failed("read")(error)),
    }
    let name = uuid::Uuid::new_v4().to_string();
    let written = path.with_extension("new");
    fs::write(&written, &name).and_then(|()| fs::rename(&written, &path)).map_err(failed("write"))?;
    Ok(name)
}

fn ingest_failed(error: IngestError) -> EngineError {
    match error {
        IngestError::Segment(error) => EngineError::Segment(error),
        other => EngineError::Failed(other.to_string()),
    }
}

fn query_failed(error: QueryError) -> EngineError {
    EngineError::Failed(error.to_string())
}
