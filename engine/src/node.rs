//! Which parts is a node made of, and in which order are they started and stopped?

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use alluvium_segments::catalog::{Catalog, DeepStorage, MetadataStore};

use crate::EngineError;
use crate::config::Config;
use crate::deep_storage::ObjectDeepStorage;
use crate::lock::DirectoryLock;
use crate::metadata::SqliteMetadata;

/// The parts of one node. Requests share it; [`crate::server::Server`] starts and stops it.
#[derive(Debug)]
pub struct Node {
    config: Config,
    address: SocketAddr,
    started: Instant,
    stopping: AtomicBool,
    metadata: Arc<dyn MetadataStore>,
    catalog: Arc<Catalog>,
    _lock: DirectoryLock,
}

impl Node {
    /// Takes the data folder and opens every part; `address` is where the server listens.
    ///
    /// # Errors
    /// When the folder is in use or cannot be written, or metadata or deep storage cannot be opened.
    pub fn open(config: Config, address: SocketAddr) -> Result<Self, EngineError> {
        let lock = DirectoryLock::take(&config.data_dir)?;
        let metadata: Arc<dyn MetadataStore> =
            Arc::new(SqliteMetadata::open(&config.data_dir.join("metadata.db"))?);
        let _deep: Arc<dyn DeepStorage> = Arc::new(ObjectDeepStorage::local(&config.deep_storage_dir())?);
        let catalog = Arc::new(Catalog::default());
        Ok(Self {
            config,
            address,
            started: Instant::now(),
            stopping: AtomicBool::new(false),
            metadata,
            catalog,
            _lock: lock,
        })
    }

    /// Stops taking rows in and commits what is not committed. Queries are still answered.
    ///
    /// # Errors
    /// When something could not be committed; it will be read again after the next start.
    pub fn stop(&self) -> Result<(), EngineError> {
        self.stopping.store(true, Ordering::Release);
        Ok(())
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
        self.metadata.as_ref()
    }

    /// What can be asked.
    #[must_use]
    pub fn catalog(&self) -> &Catalog {
        &self.catalog
    }
}
