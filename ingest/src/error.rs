//! What can go wrong with ingestion, and of which class is it?

use alluvium_segments::{ErrorClass, SegmentError};

use crate::spec::SpecError;

/// An error of the ingest room.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum IngestError {
    /// A spec that cannot be accepted: names the field and says what to do.
    #[error(transparent)]
    Spec(SpecError),
    /// A request that cannot be met, with the reason.
    #[error("{0}")]
    Invalid(String),
    /// Something named does not exist. Druid's wording.
    #[error("[{0}] does not exist")]
    NotFound(String),
    /// The state does not allow it.
    #[error("{0}")]
    Conflict(String),
    /// The stream cannot be reached or read.
    #[error("cannot read stream `{stream}`: {message}")]
    Stream {
        /// Topic or bootstrap servers.
        stream: String,
        /// What the client library said.
        message: String,
    },
    /// Stored positions lie outside what the stream still holds.
    #[error(
        "offset {stored} of `{topic}` partition {partition} is out of range: the stream holds [{low}, {high}) {hint}"
    )]
    OutOfRange {
        /// Topic.
        topic: String,
        /// Partition.
        partition: i32,
        /// Where reading should resume.
        stored: i64,
        /// Oldest offset held.
        low: i64,
        /// End of the partition.
        high: i64,
        /// What is missing, and what to do.
        hint: String,
    },
    /// Reading an input of a batch task failed.
    #[error("cannot {action} `{name}`: {message}")]
    Input {
        /// What was tried, as a verb.
        action: &'static str,
        /// File, URL or glob.
        name: String,
        /// Why not.
        message: String,
    },
    /// Another owner has taken over; what was not committed is given up and read again.
    #[error("{0}")]
    Fenced(String),
    /// More bad records than the spec allows.
    #[error("{0}")]
    TooManyBadRecords(String),
    /// Segments, the metadata store or deep storage failed.
    #[error(transparent)]
    Segment(#[from] SegmentError),
}

impl IngestError {
    /// The class of this error; the server maps it to an HTTP status.
    #[must_use]
    pub fn class(&self) -> ErrorClass {
        match self {
            Self::Spec(error) => error.class(),
            Self::Invalid(_) => ErrorClass::InvalidInput,
            Self::NotFound(_) => ErrorClass::NotFound,
            Self::Conflict(_) | Self::Fenced(_) => ErrorClass::Conflict,
            Self::Stream { .. }
            | Self::OutOfRange { .. }
            | Self::Input { .. }
            | Self::TooManyBadRecords(_) => ErrorClass::Runtime,
            Self::Segment(error) => error.class(),
        }
    }
}

/// An error with what caused it, in one line.
pub(crate) fn with_causes(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        let inner_text = inner.to_string();
        if !text.contains(&inner_text) {
            text.push_str(": ");
            text.push_str(&inner_text);
        }
        cause = inner.source();
    }
    text
}
