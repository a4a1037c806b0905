//! What can go wrong with a summary? Bytes that are none, parameters out of range, and two that do not fit together.

/// An error of this crate; all of them are faults of what was given.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SketchError {
    /// The bytes are no summary of the kind: truncated, of an unknown version, or inconsistent.
    #[error("the bytes are no `{kind}`: {reason}")]
    Corrupt {
        /// Druid's name of the complex type.
        kind: &'static str,
        /// What does not hold.
        reason: String,
    },
    /// A parameter is out of its range.
    #[error("{0}")]
    Parameter(String),
    /// Two summaries cannot be merged.
    #[error("a `{kind}` cannot be merged with this other: {reason}")]
    Mismatch {
        /// Druid's name of the complex type.
        kind: &'static str,
        /// What differs.
        reason: String,
    },
}

impl SketchError {
    pub(crate) fn corrupt(kind: &'static str, reason: impl Into<String>) -> Self {
        Self::Corrupt { kind, reason: reason.into() }
    }

    pub(crate) fn mismatch(kind: &'static str, reason: impl Into<String>) -> Self {
        Self::Mismatch { kind, reason: reason.into() }
    }

    pub(crate) fn parameter(reason: impl Into<String>) -> Self {
        Self::Parameter(reason.into())
    }
}
