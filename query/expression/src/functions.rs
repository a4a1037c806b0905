//! Which functions are there, how many arguments do they take, and what do they give?
//!
//! Each group of functions is a file with a table at its head; [`find`] looks through all tables.

mod apply;
mod array;
mod array_change;
mod bitwise;
mod conditional;
mod decimal;
mod general;
mod ip;
mod iso;
mod json;
mod lookup;
mod math;
mod pattern;
mod registry;
mod sketch;
mod sketch_sets;
mod spatial;
mod text;
mod text_edit;
mod text_format;
mod time;

use crate::ast::{Call, ColumnTypes};
use crate::eval::Bindings;
use crate::{Expr, ExprError, ExprType, Value};

pub(crate) use conditional::{CASE_SEARCHED, CASE_SIMPLE, COALESCE, IF, IS_NULL, NOT_NULL, NVL};
pub(crate) use general::CAST;
pub(crate) use lookup::LOOKUP;
pub use registry::function_names;
pub(crate) use registry::{Prepared, check, find};
pub use sketch::of_finished;
pub(crate) use spatial::WITHIN;
pub(crate) use text::utf16_slice;
pub(crate) use text_format::java_format;
pub(crate) use time::{TIMESTAMP_EXTRACT, TIMESTAMP_FLOOR, TimeUnit, floored, in_eternity};

/// Bits of [`Function::arrays`].
const FIRST: u32 = 1;
const SECOND: u32 = 2;
const LAST: u32 = 1 << 30;
const ALL: u32 = u32::MAX;
/// No limit on the number of arguments.
const ANY: usize = usize::MAX;

/// Evaluated arguments to result.
type ValuesBody = fn(&Prepared, &[Value]) -> Result<Value, ExprError>;
/// Arguments not evaluated yet.
type LazyBody = fn(&Call, &dyn Bindings) -> Result<Value, ExprError>;

/// What is made of constant arguments.
type Prepare = fn(&[Expr]) -> Result<Prepared, ExprError>;

/// How a function is evaluated.
#[derive(Clone, Copy)]
pub(crate) enum Body {
    /// Of one double; null for null.
    Math1(fn(f64) -> f64),
    /// Of two doubles; null when one is null.
    Math2(fn(f64, f64) -> f64),
    /// Of all arguments.
    Values(ValuesBody),
    /// Of the arguments it chooses to evaluate.
    Lazy(LazyBody),
}

/// What a function gives.
#[derive(Clone, Copy)]
pub(crate) enum Gives {
    /// Always this.
    Type(ExprType),
    /// What argument `i` is.
    Same(usize),
    /// Longs for longs, else doubles.
    Math,
    /// The type all arguments from `i` on meet at.
    Common(usize),
    /// Decided by the function.
    Custom(fn(&Call, &ColumnTypes<'_>) -> Option<ExprType>),
}

const LONG: Gives = Gives::Type(ExprType::Long);
const DOUBLE: Gives = Gives::Type(ExprType::Double);
const STRING: Gives = Gives::Type(ExprType::String);
const JSON: Gives = Gives::Type(ExprType::Json);
const STRINGS: Gives = Gives::Type(ExprType::StringArray);

/// A function of the language.
pub(crate) struct Function {
    /// First name, as documented.
    pub(crate) name: &'static str,
    aliases: &'static [&'static str],
    min: usize,
    max: usize,
    arrays: u32,
    any: bool,
    pub(crate) body: Body,
    gives: Gives,
    prepare: Option<Prepare>,
}

impl std::fmt::Debug for Function {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name)
    }
}

impl Function {
    const fn new(name: &'static str, args: (usize, usize), gives: Gives, body: Body) -> Self {
        Self {
            name,
            aliases: &[],
            min: args.0,
            max: args.1,
            arrays: 0,
            any: false,
            body,
            gives,
            prepare: None,
        }
    }

    const fn alias(mut self, aliases: &'static [&'static str]) -> Self {
        self.aliases = aliases;
        self
    }

    const fn arrays(mut self, arrays: u32) -> Self {
        self.arrays = arrays;
        self
    }

    /// Takes values of any type: arrays too, but not several values of a row.
    const fn of_any(mut self) -> Self {
        self.any = true;
        self
    }

    const fn prepare(mut self, prepare: Prepare) -> Self {
        self.prepare = Some(prepare);
        self
    }

    /// Whether argument `i` of `count` stands where an array is wanted.
    pub(crate) fn wants_array(&self, i: usize, count: usize) -> bool {
        self.arrays == ALL
            || (i < 30 && self.arrays >> i & 1 == 1)
            || (self.arrays & LAST != 0 && i + 1 == count)
    }

    /// Whether its arguments may be of any type.
    pub(crate) fn takes_any(&self) -> bool {
        self.any
    }

    /// The type of every result of a call that is not null, where there is one.
    pub(crate) fn exact_type(&self, call: &Call, columns: &ColumnTypes<'_>) -> Option<ExprType> {
        let exact = |arg: &Expr| arg.exact_type(columns);
        match self.gives {
            Gives::Type(fixed) => Some(fixed),
            Gives::Same(i) => call.args.get(i).and_then(exact),
            Gives::Math => {
                let all = call.args.iter().all(|arg| exact(arg).is_some_and(ExprType::is_numeric));
                self.output_type(call, columns).filter(|_| all)
            }
            Gives::Common(from) => {
                let wanted = self.output_type(call, columns)?;
                let values = call.args.get(from..).unwrap_or_default().iter();
                let mut values = values.filter(|arg| arg.as_literal() != Some(&Value::Null));
                values.all(|arg| exact(arg) == Some(wanted)).then_some(wanted)
            }
            Gives::Custom(decide) => {
                // The type of these hangs on constants only.
                let constant = [CAST, TIMESTAMP_EXTRACT, "json_value"].contains(&self.name);
                constant.then(|| decide(call, columns)).flatten()
            }
        }
    }

    /// The type of the result of a call.
    pub(crate) fn output_type(&self, call: &Call, columns: &ColumnTypes<'_>) -> Option<ExprType> {
        let arg = |i: usize| call.args.get(i).and_then(|a| a.output_type(columns));
        match self.gives {
            Gives::Type(fixed) => Some(fixed),
            Gives::Same(i) => arg(i),
            Gives::Math => {
                let types = (0..call.args.len()).map(arg);
                types
                    .reduce(crate::ast::math_type)
                    .flatten()
                    .map(|t| if t == ExprType::Long { t } else { ExprType::Double })
            }
            Gives::Common(from) => (from..call.args.len()).filter_map(arg).reduce(ExprType::common),
            Gives::Custom(decide) => decide(call, columns),
        }
    }
}

#[cfg(test)]
mod tests;
