//! How do rows of SQL reach a client that asks for them bit by bit? They are made on the query threads, a few blocks
//! ahead of what is taken, and no longer than somebody may still take them.

use std::sync::Arc;

use alluvium_query::QueryError;
use alluvium_query::sql::{SqlColumn, SqlEngine, SqlRequest, SqlValue};
use tokio::runtime::Handle;
use tokio::sync::mpsc;
use tokio::task::{AbortHandle, JoinHandle};

use crate::clock::now_ms;

/// Blocks of rows that wait to be taken.
const BLOCKS_WAITING: usize = 2;

/// A part of an answer: first its columns, then rows, then its end or what failed.
#[derive(Debug)]
pub(crate) enum Part {
    Columns(Vec<SqlColumn>),
    Rows(Vec<Vec<SqlValue>>),
    End,
    Failed(QueryError),
}

/// A running query's answer; the query ends when this is dropped.
#[derive(Debug)]
pub(crate) struct RowFeed {
    parts: mpsc::Receiver<Part>,
    task: JoinHandle<()>,
}

impl Drop for RowFeed {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl RowFeed {
    /// Starts a query on `threads`.
    pub(crate) fn start(engine: Arc<SqlEngine>, threads: &Handle, request: SqlRequest) -> Self {
        let (sender, parts) = mpsc::channel(BLOCKS_WAITING);
        let task = threads.spawn(async move {
            if let Err(error) = feed(&engine, request, &sender).await {
                // Nobody listens any more.
                let _ = sender.send(Part::Failed(error)).await;
            }
        });
        Self { parts, task }
    }

    /// An answer whose parts are there.
    #[cfg(test)]
    pub(crate) fn of(parts: Vec<Part>) -> Self {
        let (sender, receiver) = mpsc::channel(parts.len().max(1));
        let task = tokio::spawn(async move {
            for part in parts {
                let _ = sender.send(part).await;
            }
        });
        Self { parts: receiver, task }
    }

    /// The next part; `None` when the query was ended from outside. Nothing is lost when it is not waited for.
    pub(crate) async fn next(&mut self) -> Option<Part> {
        self.parts.recv().await
    }

    /// The next part, if it is there already.
    pub(crate) fn ready(&mut self) -> Option<Part> {
        self.parts.try_recv().ok()
    }

    /// Ends the query from outside.
    pub(crate) fn abort_handle(&self) -> AbortHandle {
        self.task.abort_handle()
    }
}

async fn feed(engine: &SqlEngine, request: SqlRequest, parts: &mpsc::Sender<Part>) -> Result<(), QueryError> {
    let mut rows = engine.rows(request, now_ms()).await?;
    let mut part = Part::Columns(rows.columns().to_vec());
    loop {
        let last = matches!(part, Part::End);
        if parts.send(part).await.is_err() || last {
            return Ok(());
        }
        part = match rows.next().await? {
            Some(rows) => Part::Rows(rows),
            None => Part::End,
        };
    }
}
