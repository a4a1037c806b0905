//! What can go wrong with segments and the catalogue, and of which class is it?

use std::path::PathBuf;

/// The class of an error; the server maps it to an HTTP status in one place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ErrorClass {
    /// The caller's input is wrong (400).
    InvalidInput,
    /// What was named does not exist (404).
    NotFound,
    /// The state does not allow it (409).
    Conflict,
    /// Too much at once (429).
    CapacityExceeded,
    /// Correct in Druid but not available here (501).
    Unsupported,
    /// Took longer than allowed (504).
    Timeout,
    /// Cancelled on request (500).
    Cancelled,
    /// Something below failed: disk, network, corrupt bytes (500).
    Runtime,
}

/// An error of the segment room.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SegmentError {
    /// Bytes that do not hold what they should.
    #[error("segment file `{}` is corrupt at byte {at}: expected {expected}, found {found}", file.display())]
    Corrupt {
        /// Which file.
        file: PathBuf,
        /// Byte offset in the file.
        at: u64,
        /// What should be there.
        expected: String,
        /// What is there.
        found: String,
    },
    /// The operating system refused.
    #[error("cannot {action} `{}`", path.display())]
    Io {
        /// What was tried, as a verb.
        action: &'static str,
        /// On which path.
        path: PathBuf,
        /// Why not.
        #[source]
        source: std::io::Error,
    },
    /// A request that cannot be met, with the reason.
    #[error("{0}")]
    Invalid(String),
    /// Something named does not exist.
    #[error("{what} `{name}` does not exist")]
    NotFound {
        /// The kind of thing.
        what: &'static str,
        /// Its name.
        name: String,
    },
    /// The metadata store holds another state than the caller assumed.
    #[error("{0}")]
    Conflict(String),
    /// The metadata store or the deep storage failed.
    #[error("{what}: {message}")]
    Store {
        /// Which store and operation.
        what: &'static str,
        /// What it said.
        message: String,
    },
}

impl SegmentError {
    /// The class of this error.
    #[must_use]
    pub fn class(&self) -> ErrorClass {
        match self {
            Self::Corrupt { .. } | Self::Io { .. } | Self::Store { .. } => ErrorClass::Runtime,
            Self::Invalid(_) => ErrorClass::InvalidInput,
            Self::NotFound { .. } => ErrorClass::NotFound,
            Self::Conflict(_) => ErrorClass::Conflict,
        }
    }
}
