//! What can go wrong while an expression or a filter is read or evaluated, and of which class is it?

use alluvium_segments::ErrorClass;

/// An error of the expression language.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ExprError {
    /// The text is no expression.
    #[error("cannot read expression `{text}`: {message} at position {at}")]
    Syntax {
        /// The whole text (shortened when long).
        text: String,
        /// Byte offset of the trouble.
        at: usize,
        /// What was expected or found, and what to do.
        message: String,
    },
    /// A function nobody knows.
    #[error("function `{0}` is not defined; see the list of expression functions in the documentation")]
    UnknownFunction(String),
    /// A function was given too few, too many or wrong arguments.
    #[error("function `{function}`: {message}")]
    Argument {
        /// Its name.
        function: &'static str,
        /// What is wrong.
        message: String,
    },
    /// Arithmetic that has no result.
    #[error("{0}")]
    Arithmetic(&'static str),
    /// A function that has no result for its arguments.
    #[error("Function[{function}] {message}")]
    Failed {
        /// Its name.
        function: &'static str,
        /// Why, as Druid words it.
        message: String,
    },
    /// A function that Druid lets fail by the exception of a library.
    #[error("Function[{function}] {message}")]
    Thrown {
        /// Its name.
        function: &'static str,
        /// Why.
        message: String,
    },
    /// A value does not fit the operation.
    #[error("{0}")]
    Evaluation(String),
    /// An array where a single value is needed; scalar evaluation then maps over multi-value columns.
    #[error("{0} needs single values, not an array; use `map` to apply it to each element")]
    ArrayNotAllowed(&'static str),
    /// A name that no registered lookup has.
    #[error(transparent)]
    UnknownLookup(#[from] crate::UnknownLookup),
    /// A column that is used as one value here and as an array there.
    #[error("column `{0}` is used both as a single value and as an array; use `map` for one of the two")]
    MixedUse(String),
}

impl ExprError {
    /// The class of this error.
    #[must_use]
    pub fn class(&self) -> ErrorClass {
        match self {
            Self::UnknownLookup(_) => ErrorClass::Runtime,
            _ => ErrorClass::InvalidInput,
        }
    }

    pub(crate) fn argument(function: &'static str, message: impl Into<String>) -> Self {
        Self::Argument { function, message: message.into() }
    }

    pub(crate) fn thrown(function: &'static str, message: impl Into<String>) -> Self {
        Self::Thrown { function, message: message.into() }
    }

    /// A function that Druid lets fail without saying why.
    pub(crate) fn unknown(function: &'static str) -> Self {
        Self::Failed { function, message: "encountered unknown exception.".to_owned() }
    }

    pub(crate) fn evaluation(message: impl Into<String>) -> Self {
        Self::Evaluation(message.into())
    }
}

/// A filter or extraction function that cannot be used, naming the field at fault.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FilterError {
    /// A field is absent.
    #[error("`{what}` needs the field `{field}`")]
    Missing {
        /// The type of filter or function.
        what: String,
        /// The field.
        field: &'static str,
    },
    /// A field holds something else than it should.
    #[error("`{what}`: field `{field}` {problem}")]
    Field {
        /// The type of filter or function.
        what: String,
        /// The field.
        field: &'static str,
        /// What is wrong with it.
        problem: String,
    },
    /// Not an object with a `type`.
    #[error("{0}")]
    Shape(String),
    /// A type nobody knows.
    #[error("unknown {kind} type `{name}`; known types: {known}")]
    UnknownType {
        /// Filter, extraction function or search query.
        kind: &'static str,
        /// What was written.
        name: String,
        /// What could have been written.
        known: &'static str,
    },
    /// A type of Druid that is not available here.
    #[error("{kind} type `{name}` is not supported: {reason}")]
    Unsupported {
        /// Filter, extraction function or search query.
        kind: &'static str,
        /// Its name.
        name: String,
        /// Why, or what to use instead.
        reason: &'static str,
    },
    /// The expression of an expression filter.
    #[error(transparent)]
    Expression(#[from] ExprError),
}

impl FilterError {
    /// The class of this error.
    #[must_use]
    pub fn class(&self) -> ErrorClass {
        match self {
            Self::Unsupported { .. } => ErrorClass::Unsupported,
            Self::Expression(error) => error.class(),
            _ => ErrorClass::InvalidInput,
        }
    }
}
