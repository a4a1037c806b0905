//! Which functions does Druid SQL have, and what is each in the expression language? One table: the planner
//! takes names and types from it, the translator and the evaluator its text.

mod arrays;
mod casts;
mod evaluate;
mod json;
mod lists;
mod numeric;
mod operand;
mod quote;
mod returns;
mod sketches;
mod strings;
mod time;
mod types;
mod udf;

use std::sync::Arc;

use datafusion::arrow::datatypes::{DataType, Field, TimeUnit};

pub(crate) use evaluate::unprepared;
pub(crate) use lists::list_functions;
pub(crate) use operand::Operand;
use quote::call;
pub(crate) use quote::{quote_name, quote_text};
pub(crate) use returns::Returns;
pub(crate) use strings::makes_several;
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

/// How a call is written in the expression language; `None`: these arguments cannot be.
#[derive(Clone, Copy)]
pub(crate) enum Render {
    /// A function of the same arguments.
    Call(&'static str),
    /// A function of the same arguments, texts being read as numbers.
    Numbers(&'static str),
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

const fn math(
    name: &'static str,
    arity: (usize, usize),
    returns: Returns,
    native: &'static str,
) -> Definition {
    Definition { name, arity, returns, render: Render::Numbers(native) }
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
        sketches::FUNCTIONS,
    ];
    tables.into_iter().flatten()
}

impl Definition {
    /// The call in the expression language.
    pub(crate) fn render(&self, args: &[Operand]) -> Option<String> {
        match self.render {
            Render::Call(native) => Some(call(native, args)),
            Render::Numbers(native) => {
                let number = |arg: &Operand| match arg.is_text() {
                    true => format!("CAST({},'DOUBLE')", arg.text),
                    false => arg.text.clone(),
                };
                let args: Vec<String> = args.iter().map(number).collect();
                Some(format!("{native}({})", args.join(",")))
            }
            Render::With(render) => render(args),
        }
    }
}

#[cfg(test)]
mod tests;
