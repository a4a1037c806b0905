//! What may be configured, with which default, in which unit? A TOML file; flags win over it, unknown fields
//! are refused.

use std::fs;
use std::path::{Path, PathBuf};

use alluvium_query::plan::CacheUse;
use alluvium_query::sql::MemoryOptions;
use alluvium_query::{CacheLimits, CacheOptions, QueryDefaults};
use serde::Deserialize;

use crate::EngineError;
use crate::druid_properties;
use crate::flags::ServerOptions;

/// The configuration of a server. The file has the same names; every field may be left out.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Address to listen on; port 0 picks a free one.
    pub listen: String,
    /// Folder for metadata, segments and caches. Taken from the working directory when relative.
    pub data_dir: PathBuf,
    /// Folder of the deep storage; `DATA_DIR/deep` when left out.
    pub deep_storage: Option<PathBuf>,
    /// What is logged, in the syntax of `tracing` filters (`info`, `warn,alluvium=debug`).
    pub log: String,
    /// Section `[http]`.
    pub http: HttpConfig,
    /// Section `[query]`.
    pub query: QueryConfig,
    /// Section `[cache]`.
    pub cache: CacheConfig,
    /// Section `[ingest]`.
    pub ingest: IngestConfig,
    /// Section `[avatica]`.
    pub avatica: AvaticaConfig,
    /// Section `[statements]`.
    pub statements: StatementsConfig,
    /// Section `[postgres]`.
    pub postgres: PostgresConfig,
    /// Section `[flight]`.
    pub flight: FlightConfig,
    /// Section `[druid]`: runtime properties by Druid's names, as they were written.
    pub druid: toml::Table,
    /// What the section says about queries.
    #[serde(skip)]
    pub defaults: QueryDefaults,
}

/// Limits of the HTTP side.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct HttpConfig {
    /// Longest request body, in bytes.
    pub max_body_bytes: usize,
    /// How long a graceful stop waits for open requests, in milliseconds.
    pub stop_timeout_ms: u64,
}

/// Limits of queries.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct QueryConfig {
    /// Worker threads for segments; 0 takes one a core.
    pub threads: usize,
    /// Deadline of a query that names none in its context, in milliseconds.
    pub timeout_ms: u64,
    /// Memory of the SQL operators above the segments (joins, sorts, windows), all queries together, in bytes.
    pub memory_bytes: usize,
    /// The same of one query, in bytes.
    pub memory_per_query_bytes: usize,
    /// Files of what does not fit into that (in the folder `spill` of the data), all queries together, in bytes.
    pub spill_bytes: u64,
}

/// What is kept of earlier queries, and for which later ones. A query may refuse in its context what is allowed here.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct CacheConfig {
    /// Whether queries are answered from kept partial results of sealed segments.
    pub use_segments: bool,
    /// Whether partial results of sealed segments are kept.
    pub populate_segments: bool,
    /// Memory for partial results, in bytes; 0 keeps none.
    pub segment_bytes: usize,
    /// Longest partial result that is kept, in bytes.
    pub segment_entry_bytes: usize,
    /// Whether queries are answered by kept answers.
    pub use_results: bool,
    /// Whether answers are kept.
    pub populate_results: bool,
    /// Memory for answers, in bytes; 0 keeps none.
    pub result_bytes: usize,
    /// Longest answer that is kept, in bytes.
    pub result_entry_bytes: usize,
}

/// Limits of ingestion.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct IngestConfig {
    /// Rows read from a stream are committed at least this often, in milliseconds.
    pub commit_period_ms: u64,
    /// Batch tasks that run at the same time; further ones wait.
    pub task_slots: usize,
}

/// Limits of JDBC.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct AvaticaConfig {
    /// Connections open at the same time.
    pub max_connections: usize,
    /// Statements open on a connection at the same time.
    pub max_statements: usize,
    /// A connection nobody uses for so long is closed, in milliseconds.
    pub idle_timeout_ms: u64,
    /// Fewest rows a client may ask for at a time; one that asks for fewer gets so many.
    pub min_rows_per_frame: usize,
    /// Most rows a client gets at a time.
    pub max_rows_per_frame: usize,
}

/// Limits of queries that are taken to run by themselves.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct StatementsConfig {
    /// Statements that run at the same time; further ones wait.
    pub slots: usize,
    /// Results are kept for so long, in milliseconds.
    pub keep_ms: u64,
    /// Results that are kept, all together, in bytes; the oldest go first.
    pub max_bytes: u64,
}

/// Where clients of PostgreSQL's protocol are served.
#[derive(Debug, Clone, PartialEq, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct PostgresConfig {
    /// Address to listen on (PostgreSQL's own port is 5432); nowhere when left out. Port 0 picks a free one.
    pub listen: Option<String>,
}

/// Where clients of Arrow Flight SQL are served.
#[derive(Debug, Clone, PartialEq, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct FlightConfig {
    /// Address to listen on; nowhere when left out. Port 0 picks a free one.
    pub listen: Option<String>,
}

impl Default for StatementsConfig {
    fn default() -> Self {
        Self { slots: 2, keep_ms: 86_400_000, max_bytes: 4 << 30 }
    }
}

impl Default for AvaticaConfig {
    fn default() -> Self {
        Self {
            max_connections: 25,
            max_statements: 4,
            idle_timeout_ms: 300_000,
            min_rows_per_frame: 100,
            max_rows_per_frame: 5_000,
        }
    }
}

impl Default for Config {
    fn default() -> Self {
        Self {
            listen: "127.0.0.1:8888".to_owned(),
            data_dir: PathBuf::from("alluvium-data"),
            deep_storage: None,
            log: "info".to_owned(),
            http: HttpConfig::default(),
            query: QueryConfig::default(),
            cache: CacheConfig::default(),
            ingest: IngestConfig::default(),
            avatica: AvaticaConfig::default(),
            statements: StatementsConfig::default(),
            postgres: PostgresConfig::default(),
            flight: FlightConfig::default(),
            druid: toml::Table::new(),
            defaults: QueryDefaults::default(),
        }
    }
}

impl Default for HttpConfig {
    fn default() -> Self {
        Self { max_body_bytes: 64 << 20, stop_timeout_ms: 10_000 }
    }
}

impl Default for QueryConfig {
    fn default() -> Self {
        let memory = MemoryOptions::default();
        Self {
            threads: 0,
            timeout_ms: 300_000,
            memory_bytes: memory.all_bytes,
            memory_per_query_bytes: memory.query_bytes,
            spill_bytes: memory.spill_bytes,
        }
    }
}

impl Default for CacheConfig {
    fn default() -> Self {
        let CacheOptions { segments, results } = CacheOptions::default();
        Self {
            use_segments: segments.allowed.read,
            populate_segments: segments.allowed.fill,
            segment_bytes: segments.bytes,
            segment_entry_bytes: segments.entry_bytes,
            use_results: results.allowed.read,
            populate_results: results.allowed.fill,
            result_bytes: results.bytes,
            result_entry_bytes: results.entry_bytes,
        }
    }
}

impl CacheConfig {
    /// The same for the query engine.
    #[must_use]
    pub fn options(&self) -> CacheOptions {
        CacheOptions {
            segments: CacheLimits {
                allowed: CacheUse { read: self.use_segments, fill: self.populate_segments },
                bytes: self.segment_bytes,
                entry_bytes: self.segment_entry_bytes,
            },
            results: CacheLimits {
                allowed: CacheUse { read: self.use_results, fill: self.populate_results },
                bytes: self.result_bytes,
                entry_bytes: self.result_entry_bytes,
            },
        }
    }
}

impl Default for IngestConfig {
    fn default() -> Self {
        Self { commit_period_ms: 300_000, task_slots: 2 }
    }
}

impl Config {
    /// Reads a file.
    ///
    /// # Errors
    /// When it cannot be read, is not TOML, or has a field that does not exist here.
    pub fn load(path: &Path) -> Result<Self, EngineError> {
        let failed = |message| EngineError::Config { path: path.to_owned(), message };
        let text = fs::read_to_string(path).map_err(|e| failed(format!("cannot be read: {e}")))?;
        let mut config: Self =
            toml::from_str(&text).map_err(|e| failed(e.to_string().trim_end().to_owned()))?;
        druid_properties::apply(&mut config).map_err(failed)?;
        config.check().map_err(failed)?;
        Ok(config)
    }

    /// What the flags of `alluvium server` say, over what the file says, over the defaults.
    ///
    /// # Errors
    /// As [`Config::load`].
    pub fn from_flags(flags: &ServerOptions) -> Result<Self, EngineError> {
        let mut config = flags.config.as_deref().map_or_else(|| Ok(Self::default()), Self::load)?;
        if let Some(listen) = &flags.listen {
            config.listen.clone_from(listen);
        }
        if let Some(data_dir) = &flags.data_dir {
            config.data_dir.clone_from(data_dir);
        }
        Ok(config)
    }

    /// The folder of the deep storage.
    #[must_use]
    pub fn deep_storage_dir(&self) -> PathBuf {
        self.deep_storage.clone().unwrap_or_else(|| self.data_dir.join("deep"))
    }

    fn check(&self) -> Result<(), String> {
        let positive = |value: u64, name: &str| match value {
            0 => Err(format!("`{name}` must be greater than 0")),
            _ => Ok(()),
        };
        positive(self.http.max_body_bytes as u64, "http.max_body_bytes")?;
        positive(self.query.timeout_ms, "query.timeout_ms")?;
        positive(self.query.memory_bytes as u64, "query.memory_bytes")?;
        positive(self.query.memory_per_query_bytes as u64, "query.memory_per_query_bytes")?;
        positive(self.ingest.commit_period_ms, "ingest.commit_period_ms")?;
        positive(self.ingest.task_slots as u64, "ingest.task_slots")?;
        positive(self.avatica.max_connections as u64, "avatica.max_connections")?;
        positive(self.avatica.max_statements as u64, "avatica.max_statements")?;
        positive(self.avatica.idle_timeout_ms, "avatica.idle_timeout_ms")?;
        positive(self.avatica.max_rows_per_frame as u64, "avatica.max_rows_per_frame")?;
        positive(self.statements.slots as u64, "statements.slots")?;
        positive(self.statements.keep_ms, "statements.keep_ms")?;
        positive(self.statements.max_bytes, "statements.max_bytes")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn load(text: &str) -> Result<Config, EngineError> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("alluvium.toml");
        fs::write(&path, text).unwrap();
        Config::load(&path)
    }

    #[test]
    fn fields_have_defaults_and_flags_win() {
        let config = load("listen = '0.0.0.0:1'\n[query]\nthreads = 3\n").unwrap();
        assert_eq!((config.listen.as_str(), config.query.threads), ("0.0.0.0:1", 3));
        assert_eq!(config.query.timeout_ms, 300_000);
        let flags = ServerOptions { listen: Some("127.0.0.1:0".to_owned()), ..ServerOptions::default() };
        assert_eq!(Config::from_flags(&flags).unwrap().listen, "127.0.0.1:0");
    }

    #[test]
    fn the_documented_defaults_are_the_defaults() {
        let page = include_str!("../CONFIG.md");
        let block = page.split("```toml\n").nth(1).and_then(|rest| rest.split("```").next()).unwrap();
        assert_eq!(load(block).unwrap(), Config::default());
        let fields: toml::Table = block.parse().unwrap();
        let documented = |section: &str| fields[section].as_table().unwrap().len();
        assert_eq!((documented("http"), documented("query"), documented("ingest")), (2, 5, 2));
        assert_eq!((documented("cache"), documented("avatica"), documented("statements")), (8, 5, 3));
        assert_eq!((documented("postgres"), documented("flight")), (0, 0));
    }

    #[test]
    fn unknown_fields_and_bad_values_are_refused_by_name() {
        let refused = |text: &str| load(text).unwrap_err().explain();
        assert!(refused("lissten = 'x'").contains("lissten"));
        assert!(refused("[query]\ntimeout = 3").contains("timeout"));
        assert!(refused("[query]\ntimeout_ms = 0").contains("query.timeout_ms"));
        assert!(refused("[query]\ntimeout_ms = 'x'").contains("timeout_ms"));
        assert!(Config::load(Path::new("/nowhere/x.toml")).unwrap_err().explain().contains("cannot be read"));
    }
}
