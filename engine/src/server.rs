//! How does a server process live? Start, say where it listens, serve until a signal, stop without losing a row.

use std::env;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::runtime::{Builder, Runtime};
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tracing_subscriber::EnvFilter;

use crate::EngineError;
use crate::config::Config;
use crate::druid_properties;
use crate::flags::ServerOptions;
use crate::flight;
use crate::http::Listener;
use crate::node::Node;
use crate::pg;

/// A running server.
#[derive(Debug)]
pub struct Server {
    node: Arc<Node>,
    runtime: Runtime,
    stop_serving: watch::Sender<bool>,
    serving: JoinHandle<()>,
    /// Where PostgreSQL's protocol is served, if anywhere.
    postgres: Option<(SocketAddr, JoinHandle<()>)>,
    /// Where Arrow Flight SQL is served, if anywhere.
    flight: Option<(SocketAddr, JoinHandle<()>)>,
}

/// Runs `alluvium server` until SIGINT or SIGTERM.
///
/// # Errors
/// When the server cannot start, or cannot stop cleanly.
pub fn run(options: &ServerOptions) -> Result<(), EngineError> {
    let config = Config::from_flags(options)?;
    init_logging(&config.log)?;
    for property in druid_properties::without_effect(&config) {
        tracing::info!(property, "has no effect here");
    }
    arm_crash()?;
    let server = Server::start(config)?;
    println!("Alluvium {} listens on {}", env!("CARGO_PKG_VERSION"), server.url());
    if let Some(address) = server.postgres_address() {
        println!("PostgreSQL clients are served on {address}");
    }
    if let Some(address) = server.flight_address() {
        println!("Arrow Flight SQL clients are served on {address}");
    }
    server.wait_for_signal()?;
    server.stop()
}

/// Plans the crash a test asks for by `ALLUVIUM_CRASH_AT` (`door:pass`) and `ALLUVIUM_CRASH_LOG`.
fn arm_crash() -> Result<(), EngineError> {
    let Ok(plan) = env::var("ALLUVIUM_CRASH_AT") else { return Ok(()) };
    let wrong = |message: String| EngineError::Config { path: "ALLUVIUM_CRASH_AT".into(), message };
    let (door, pass) = plan.rsplit_once(':').unwrap_or((&plan, "1"));
    let pass = pass.parse().map_err(|_| wrong(format!("`{pass}` is not a number")))?;
    let log = env::var_os("ALLUVIUM_CRASH_LOG")
        .ok_or_else(|| wrong("ALLUVIUM_CRASH_LOG must name the file to note the door in".to_owned()))?;
    alluvium_ingest::crash::arm(door, pass, log.into()).map_err(wrong)
}

/// Sends log events to standard error.
///
/// # Errors
/// When the filter cannot be read.
pub fn init_logging(filter: &str) -> Result<(), EngineError> {
    let filter = EnvFilter::try_new(filter)
        .map_err(|e| EngineError::Config { path: "log".into(), message: e.to_string() })?;
    // A second call, in tests, keeps the first subscriber.
    let log = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    // A log that cannot be written (its disk is full) must not end the thread that logs.
    let _ = log.log_internal_errors(false).try_init();
    Ok(())
}

impl Server {
    /// Binds the address, opens the data folder, and answers from then on.
    ///
    /// # Errors
    /// When the address or the data folder cannot be used.
    pub fn start(config: Config) -> Result<Self, EngineError> {
        let runtime = Builder::new_multi_thread()
            .thread_name("alluvium-http")
            .thread_stack_size(alluvium_query::sql::STACK_BYTES)
            .enable_all()
            .build()
            .map_err(|source| EngineError::Io { action: "start the HTTP threads".to_owned(), source })?;
        let listener = runtime.block_on(Listener::bind(&config.listen))?;
        let postgres = config.postgres.listen.clone();
        let postgres = postgres.map(|address| runtime.block_on(pg::Listener::bind(&address))).transpose()?;
        let flight = config.flight.listen.clone();
        let flight = flight.map(|address| runtime.block_on(flight::Listener::bind(&address))).transpose()?;
        let patience = Duration::from_millis(config.http.stop_timeout_ms);
        let node = Arc::new(Node::open(config, listener.address())?);
        let (stop_serving, stop) = watch::channel(false);
        let serving = runtime.spawn(listener.serve(Arc::clone(&node), stop.clone(), patience));
        let postgres = postgres.map(|listener| {
            let address = listener.address();
            tracing::info!(%address, "serving clients of PostgreSQL");
            (address, runtime.spawn(listener.serve(Arc::clone(&node), stop.clone())))
        });
        let flight = flight.map(|listener| {
            let address = listener.address();
            tracing::info!(%address, "serving clients of Arrow Flight SQL");
            (address, runtime.spawn(listener.serve(Arc::clone(&node), stop)))
        });
        tracing::info!(address = %node.address(), data_dir = %node.config().data_dir.display(), "serving");
        Ok(Self { node, runtime, stop_serving, serving, postgres, flight })
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.node.address()
    }

    /// Where it listens, as a client writes it.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.address())
    }

    /// Where it serves clients of PostgreSQL's protocol, if it does.
    #[must_use]
    pub fn postgres_address(&self) -> Option<SocketAddr> {
        self.postgres.as_ref().map(|(address, _)| *address)
    }

    /// Where it serves clients of Arrow Flight SQL, if it does.
    #[must_use]
    pub fn flight_address(&self) -> Option<SocketAddr> {
        self.flight.as_ref().map(|(address, _)| *address)
    }

    /// Its parts.
    #[must_use]
    pub fn node(&self) -> &Arc<Node> {
        &self.node
    }

    /// Returns on SIGINT or SIGTERM.
    ///
    /// # Errors
    /// When the process cannot listen to signals.
    pub fn wait_for_signal(&self) -> Result<(), EngineError> {
        let failed = |source| EngineError::Io { action: "listen to signals".to_owned(), source };
        self.runtime.block_on(async {
            let mut interrupt = signal(SignalKind::interrupt()).map_err(failed)?;
            let mut terminate = signal(SignalKind::terminate()).map_err(failed)?;
            tokio::select! {
                _ = interrupt.recv() => tracing::info!("SIGINT"),
                _ = terminate.recv() => tracing::info!("SIGTERM"),
            }
            Ok(())
        })
    }

    /// Commits what is not committed, lets open requests end, and gives everything back. A second SIGINT or
    /// SIGTERM ends the process at once.
    ///
    /// # Errors
    /// When something could not be committed; it will be read again after the next start.
    pub fn stop(self) -> Result<(), EngineError> {
        self.runtime.spawn(async {
            if let (Ok(mut interrupt), Ok(mut terminate)) =
                (signal(SignalKind::interrupt()), signal(SignalKind::terminate()))
            {
                tokio::select! { _ = interrupt.recv() => {}, _ = terminate.recv() => {} }
                std::process::exit(130);
            }
        });
        self.node.stop();
        // Nobody listens when the accept loop has ended by itself.
        let _ = self.stop_serving.send(true);
        if let Err(error) = self.runtime.block_on(self.serving) {
            tracing::warn!(%error, "the accept loop ended badly");
        }
        for (address, listener) in self.postgres.into_iter().chain(self.flight) {
            if let Err(error) = self.runtime.block_on(listener) {
                tracing::warn!(%error, %address, "a listener ended badly");
            }
        }
        self.runtime.shutdown_timeout(Duration::from_secs(1));
        tracing::info!("stopped");
        Ok(())
    }
}
