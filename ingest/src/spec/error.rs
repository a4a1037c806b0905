//! Why is a spec refused, and at which field?

use alluvium_segments::ErrorClass;

/// What is wrong with a field.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum SpecErrorKind {
    /// Required, and not there.
    Missing,
    /// Not a field of Druid's.
    Unknown,
    /// Druid knows it; this server does not honour it, and ignoring it would change answers or durability.
    Unsupported(String),
    /// Not a value this field may have.
    Invalid(String),
}

/// A spec that is refused. Shown as `spec.ioConfig.foo: unknown field`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{path}: {}", self.reason())]
pub struct SpecError {
    /// Where in the JSON, dotted.
    pub path: String,
    /// What is wrong there.
    pub kind: SpecErrorKind,
}

impl SpecError {
    /// A required field that is not there.
    #[must_use]
    pub fn missing(path: impl Into<String>) -> Self {
        Self { path: path.into(), kind: SpecErrorKind::Missing }
    }

    /// A field nobody knows.
    #[must_use]
    pub fn unknown(path: impl Into<String>) -> Self {
        Self { path: path.into(), kind: SpecErrorKind::Unknown }
    }

    /// A field that is not honoured.
    #[must_use]
    pub fn unsupported(path: impl Into<String>, why: impl Into<String>) -> Self {
        Self { path: path.into(), kind: SpecErrorKind::Unsupported(why.into()) }
    }

    /// A value that does not fit.
    #[must_use]
    pub fn invalid(path: impl Into<String>, why: impl Into<String>) -> Self {
        Self { path: path.into(), kind: SpecErrorKind::Invalid(why.into()) }
    }

    /// Always the caller's fault (400).
    #[must_use]
    pub fn class(&self) -> ErrorClass {
        ErrorClass::InvalidInput
    }

    fn reason(&self) -> String {
        match &self.kind {
            SpecErrorKind::Missing => "required, but missing".to_owned(),
            SpecErrorKind::Unknown => "unknown field".to_owned(),
            SpecErrorKind::Unsupported(why) => format!("not supported: {why}"),
            SpecErrorKind::Invalid(why) => why.clone(),
        }
    }
}

impl From<SpecError> for crate::IngestError {
    fn from(error: SpecError) -> Self {
        Self::Spec(error)
    }
}
