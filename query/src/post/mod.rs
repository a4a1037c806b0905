//! What is computed from finished aggregates? Post-aggregators, a value a row of the result.

mod arithmetic;
mod evaluate;
mod read;
mod statistics;
mod summaries;

use alluvium_expression::{Expr, ExprType, FindLookup, UnknownLookup, Value};
use alluvium_sketches::{Kind, Question, Summary};

use crate::QueryError;
use crate::answer::Table;
use crate::column::Datum;
use arithmetic::Operation;
use statistics::Statistic;
use summaries::Sets;

pub(crate) use read::post_aggregators;

/// A post-aggregator.
#[derive(Debug, Clone)]
pub(crate) struct PostAggregator {
    /// Output name.
    pub(crate) name: String,
    /// Whether numbers come after infinite values and what is no number, in the order of its values.
    pub(crate) numbers_last: bool,
    formula: Formula,
}

#[derive(Debug, Clone)]
enum Formula {
    Arithmetic(Operation, Vec<Formula>),
    /// A column as it is: the summary, where an aggregator has made one.
    Field(String),
    /// A column as it is shown.
    Finalized(String),
    Constant(Value),
    /// An expression, and the type to give its value.
    Expression(Box<Expr>, Option<ExprType>),
    Extreme {
        greatest: bool,
        long: bool,
        fields: Vec<Formula>,
    },
    /// What is asked of a summary, of a kind if that is said.
    Ask {
        kind: Option<Kind>,
        question: Question,
        of: Box<Formula>,
    },
    /// One summary made of several.
    Sets(Sets, Vec<Formula>),
    /// A summary that the query brings.
    Given(Box<Summary>),
    Statistic(Statistic, Vec<Formula>),
}

impl PostAggregator {
    /// A field it needs that is none of the outputs before it.
    pub(crate) fn missing(&self, known: impl Fn(&str) -> bool + Copy) -> Option<&str> {
        self.formula.missing(known)
    }

    /// Puts the lookups it names beside their names.
    pub(crate) fn bind_lookups(&mut self, find: &mut FindLookup<'_>) -> Result<(), UnknownLookup> {
        self.formula.bind_lookups(find)
    }

    /// Its value for one row; earlier columns of the table are what it can use.
    pub(crate) fn value(&self, table: &Table, row: usize) -> Result<Value, QueryError> {
        self.formula.value(table, row)
    }

    /// Whether its values are summaries.
    pub(crate) fn makes_summaries(&self, table: &Table) -> bool {
        self.formula.makes_summaries(table)
    }

    /// The summary it makes for one row.
    pub(crate) fn summary(&self, table: &Table, row: usize) -> Result<Summary, QueryError> {
        self.formula.summary(table, row)
    }
}

impl Formula {
    fn bind_lookups(&mut self, find: &mut FindLookup<'_>) -> Result<(), UnknownLookup> {
        match self {
            Self::Expression(expression, _) => expression.bind_lookups(find),
            Self::Arithmetic(_, parts)
            | Self::Extreme { fields: parts, .. }
            | Self::Sets(_, parts)
            | Self::Statistic(_, parts) => parts.iter_mut().try_for_each(|part| part.bind_lookups(find)),
            Self::Ask { of, .. } => of.bind_lookups(find),
            Self::Field(_) | Self::Finalized(_) | Self::Constant(_) | Self::Given(_) => Ok(()),
        }
    }

    fn missing(&self, known: impl Fn(&str) -> bool + Copy) -> Option<&str> {
        match self {
            Self::Field(name) | Self::Finalized(name) => Some(name.as_str()).filter(|n| !known(n)),
            Self::Arithmetic(_, parts)
            | Self::Extreme { fields: parts, .. }
            | Self::Sets(_, parts)
            | Self::Statistic(_, parts) => parts.iter().find_map(|part| part.missing(known)),
            Self::Ask { of, .. } => of.missing(known),
            Self::Constant(_) | Self::Expression(..) | Self::Given(_) => None,
        }
    }
}

/// A result value as a value of the expression language.
pub(crate) fn value_of(datum: Datum<'_>) -> Value {
    match datum {
        Datum::Null => Value::Null,
        Datum::Long(v) => Value::Long(v),
        Datum::Float(v) => Value::Double(f64::from(v)),
        Datum::Double(v) => Value::Double(v),
        Datum::Text(text) => Value::from(text),
    }
}
