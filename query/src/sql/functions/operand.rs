//! What does a function know of an argument when its call is written in the expression language?

use datafusion::arrow::datatypes::DataType;
use datafusion::common::ScalarValue;

/// An argument, rendered.
#[derive(Debug, Clone)]
pub(crate) struct Operand {
    /// In the expression language.
    pub(crate) text: String,
    /// Its SQL type.
    pub(crate) data_type: DataType,
    /// Its value, when it is a literal.
    pub(crate) literal: Option<ScalarValue>,
}

impl Operand {
    /// The text of a string literal.
    pub(crate) fn as_str(&self) -> Option<&str> {
        self.literal.as_ref()?.try_as_str().flatten()
    }

    /// The value of an integer literal.
    pub(crate) fn as_i64(&self) -> Option<i64> {
        match self.literal.as_ref()? {
            ScalarValue::Int64(v) => *v,
            ScalarValue::Int32(v) => v.map(i64::from),
            _ => None,
        }
    }

    /// Whether it is the literal NULL.
    pub(crate) fn is_null(&self) -> bool {
        self.literal.as_ref().is_some_and(ScalarValue::is_null)
    }

    /// Whether it is a text.
    pub(crate) fn is_text(&self) -> bool {
        matches!(self.data_type, DataType::Utf8 | DataType::LargeUtf8)
    }
}
