//! Which statements are prepared? Their texts and the values bound to them, by a handle; the one that has not been used for
//! longest goes when there are too many.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};

use alluvium_query::sql::{SqlParameter, SqlRequest};
use parking_lot::Mutex;
use tonic::Status;

/// Statements that are kept.
const STATEMENTS: usize = 1000;

/// The prepared statements of a server.
#[derive(Debug, Default)]
pub(super) struct Statements {
    kept: Mutex<HashMap<String, (SqlRequest, u64)>>,
    uses: AtomicU64,
}

impl Statements {
    /// Keeps a statement; gives its handle.
    pub(super) fn keep(&self, request: SqlRequest) -> String {
        let (handle, used) = (uuid::Uuid::new_v4().to_string(), self.uses.fetch_add(1, Ordering::Relaxed));
        let mut kept = self.kept.lock();
        if kept.len() >= STATEMENTS
            && let Some(oldest) = kept.iter().min_by_key(|(_, (_, used))| *used).map(|(old, _)| old.clone())
        {
            kept.remove(&oldest);
        }
        kept.insert(handle.clone(), (request, used));
        handle
    }

    /// A statement with the values bound to it.
    pub(super) fn get(&self, handle: &[u8]) -> Result<SqlRequest, Status> {
        self.with(handle, |request| request.clone())
    }

    /// Binds values.
    pub(super) fn bind(&self, handle: &[u8], parameters: Vec<SqlParameter>) -> Result<(), Status> {
        self.with(handle, |request| request.parameters = parameters)
    }

    /// Forgets a statement.
    pub(super) fn close(&self, handle: &[u8]) {
        self.kept.lock().remove(String::from_utf8_lossy(handle).as_ref());
    }

    fn with<T>(&self, handle: &[u8], work: impl FnOnce(&mut SqlRequest) -> T) -> Result<T, Status> {
        let mut kept = self.kept.lock();
        let found = kept.get_mut(String::from_utf8_lossy(handle).as_ref());
        let (request, used) =
            found.ok_or_else(|| Status::not_found("there is no such prepared statement"))?;
        *used = self.uses.fetch_add(1, Ordering::Relaxed);
        Ok(work(request))
    }
}
