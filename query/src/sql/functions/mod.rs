//! Which functions does Druid SQL have, and what is each in the expression language? One table: the planner
//! takes names and types from it, the translator and the evaluator its text.

mod arrays;
mod casts;
mod evaluate;
mod json;
mod numeric;
mod quote;
mod strings;
mod time;
mod types;
mod udf;

use std::sync::Arc;

use datafusion::arrow::datatypes::{DataType, Field, TimeUnit};
use datafusion::common::ScalarValue;

use quote::call;
pub(crate) use quote::{quote_name, quote_text};
pub(crate) use types::{plain, widest};
pub(crate) use udf::{DruidFunction, all_functions};

/// `COMPLEX<json>`: the text of nested values. No other values are of this Arrow type.
pub(crate) const JSON: DataType = DataType::Utf8View;

/// `ARRAY` of a type.
pub(crate) fn list_of(element: DataType) -> DataType {
    DataType::List(Arc::new(Field::new_list_field(element, true)))
}

/// `TIMESTAMP`: milliseconds without a zone.
pub(crate) const TIMESTAMP: DataType = DataType::Timestamp(TimeUnit::Millisecond, None);

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

/// The type of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Returns {
    Long,
    Double,
    Text,
    Timestamp,
    Boolean,
    /// That of the argument with this number.
    Argument(usize),
    Json,
    /// An array of texts.
    Texts,
    /// An array of nested values.
    Jsons,
    /// An array with elements of the type of the argument with this number.
    ArrayOf(usize),
    /// The type of the elements of the argument with this number.
    ElementOf(usize),
    /// The widest of all arguments: text over numbers, doubles over longs.
    Widest,
}

/// How a call is written in the expression language; `None`: these arguments cannot be.
#[derive(Clone, Copy)]
pub(crate) enum Render {
    /// A function of the same arguments.
    Call(&'static str),
    /// Anything else.
    With(fn(&[Operand]) -> Option<String>),
}

/// One function of Druid SQL.
#[derive(Clone, Copy)]
pub(crate) struct Definition {
    /// In lower case.
    pub(crate) name: &'static str,
    /// Fewest and most arguments.
    pub(crate) arity: (usize, usize),
    pub(crate) returns: Returns,
    pub(crate) render: Render,
}

/// Any number of arguments.
const MANY: usize = usize::MAX;

const fn simple(
    name: &'static str,
    arity: (usize, usize),
    returns: Returns,
    native: &'static str,
) -> Definition {
    Definition { name, arity, returns, render: Render::Call(native) }
}

const fn with(
    name: &'static str,
    arity: (usize, usize),
    returns: Returns,
    render: fn(&[Operand]) -> Option<String>,
) -> Definition {
    Definition { name, arity, returns, render: Render::With(render) }
}

/// Every function, in groups.
pub(crate) fn definitions() -> impl Iterator<Item = &'static Definition> {
    let tables = [
        numeric::FUNCTIONS,
        strings::FUNCTIONS,
        time::FUNCTIONS,
        casts::FUNCTIONS,
        arrays::FUNCTIONS,
        json::FUNCTIONS,
    ];
    tables.into_iter().flatten()
}

impl Definition {
    /// The call in the expression language.
    pub(crate) fn render(&self, args: &[Operand]) -> Option<String> {
        match self.render {
            Render::Call(native) => Some(call(native, args)),
            Render::With(render) => render(args),
        }
    }

    /// The type of a call with arguments of these types.
    pub(crate) fn return_type(&self, args: &[DataType]) -> DataType {
        match self.returns {
            Returns::Long => DataType::Int64,
            Returns::Double => DataType::Float64,
            Returns::Text => DataType::Utf8,
            Returns::Timestamp => TIMESTAMP,
            Returns::Boolean => DataType::Boolean,
            Returns::Argument(i) => args.get(i).map_or(DataType::Utf8, plain),
            Returns::Json => JSON,
            Returns::Texts => list_of(DataType::Utf8),
            Returns::Jsons => list_of(JSON),
            Returns::ArrayOf(i) => match args.get(i) {
                Some(list @ DataType::List(_)) => list.clone(),
                other => list_of(other.map_or(DataType::Utf8, plain)),
            },
            Returns::ElementOf(i) => match args.get(i) {
                Some(DataType::List(item)) => plain(item.data_type()),
                other => other.map_or(DataType::Utf8, plain),
            },
            Returns::Widest => widest(args),
        }
    }
}

#[cfg(test)]
mod tests;
