//! How does an aggregate of expressions go from row to row, from segment to segment, and to its answer?

use alluvium_expression::{Bindings, Expr, ExprType, Value, eval};
use serde::{Deserialize, Serialize};

use crate::QueryError;
use crate::refusal::Refusal;

/// An aggregate by expressions: each row makes a new accumulator of the one before it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Fold {
    /// The aggregate's name, by which `combine` reads the other accumulator.
    pub name: String,
    /// By which name expressions read the accumulator.
    pub accumulator: String,
    /// The accumulator before any row.
    pub initial: Value,
    /// What a row makes of the accumulator.
    pub fold: Expr,
    /// What two accumulators become.
    pub combine: Expr,
    /// What the answer is made by; it reads `o`.
    pub finalize: Option<Expr>,
    /// How answers are ordered: below, at or above 0 of `o1` and `o2`.
    pub compare: Option<Expr>,
    /// Whether rows are folded at all: without input fields Druid does not.
    pub folds: bool,
    /// Whether nothing is the answer when there was no row.
    pub null_without_rows: bool,
    /// Whether rows count in which something that `fold` reads is null.
    pub counts_nulls: bool,
    /// How large an accumulator may become.
    pub max_bytes: usize,
}

/// A row, or nothing, with named values before it.
pub(crate) struct WithValues<'b> {
    pub(crate) named: &'b [(&'b str, &'b Value)],
    pub(crate) row: Option<&'b dyn Bindings>,
}

impl WithValues<'_> {
    fn named(&self, name: &str) -> Option<&Value> {
        self.named.iter().find(|(known, _)| *known == name).map(|(_, value)| *value)
    }
}

impl Bindings for WithValues<'_> {
    fn get(&self, name: &str) -> Value {
        let of_row = || self.row.map_or(Value::Null, |row| row.get(name));
        self.named(name).cloned().unwrap_or_else(of_row)
    }

    fn holds_arrays(&self, name: &str) -> bool {
        self.named(name).is_some() || self.row.is_some_and(|row| row.holds_arrays(name))
    }

    fn number_type(&self, name: &str) -> Option<ExprType> {
        if self.named(name).is_some() { None } else { self.row?.number_type(name) }
    }
}

impl Fold {
    /// The columns that rows are read by.
    pub(crate) fn columns(&self) -> Vec<std::sync::Arc<str>> {
        let mut names = self.fold.required_columns();
        names.retain(|name| **name != *self.accumulator);
        names
    }

    /// What a row makes of an accumulator.
    pub(crate) fn step(&self, known: Option<&Value>, row: &dyn Bindings) -> Result<Value, QueryError> {
        let known = known.unwrap_or(&self.initial);
        let named = [(self.accumulator.as_str(), known)];
        self.checked(eval(&self.fold, &WithValues { named: &named, row: Some(row) })?)
    }

    /// What two accumulators become.
    pub(crate) fn combined(&self, known: &Value, more: &Value) -> Result<Value, QueryError> {
        let named = [(self.accumulator.as_str(), known), (self.name.as_str(), more)];
        self.checked(eval(&self.combine, &WithValues { named: &named, row: None })?)
    }

    /// The answer of an accumulator.
    pub(crate) fn finished(&self, state: Option<&Value>) -> Result<Value, QueryError> {
        let value = match state {
            Some(value) => value,
            None if self.null_without_rows => &Value::Null,
            None => &self.initial,
        };
        let Some(finalize) = &self.finalize else { return Ok(value.clone()) };
        Ok(eval(finalize, &WithValues { named: &[("o", value)], row: None })?)
    }

    /// The order of two answers.
    pub(crate) fn order(&self, a: &Value, b: &Value) -> std::cmp::Ordering {
        let by_values = || a.total_order(b);
        let Some(compare) = &self.compare else { return by_values() };
        let order = eval(compare, &WithValues { named: &[("o1", a), ("o2", b)], row: None });
        order.ok().and_then(|order| order.as_long()).map_or_else(by_values, |order| order.cmp(&0))
    }

    fn checked(&self, value: Value) -> Result<Value, QueryError> {
        let size = size_of(&value);
        if size <= self.max_bytes {
            return Ok(value);
        }
        let named = value.value_type().unwrap_or(ExprType::String);
        let message = format!(
            "Exceeded memory usage when aggregating type [{named}], size [{size}] is larger than max [{}]",
            self.max_bytes
        );
        Err(QueryError::refused(Refusal::Evaluation, message))
    }
}

/// Bytes of a value as Druid counts them: one for null or not, four for a length.
fn size_of(value: &Value) -> usize {
    1 + match value {
        Value::Null => 0,
        Value::Long(_) | Value::Double(_) => 8,
        Value::String(text) => 4 + text.len(),
        // Sketches are as large as they were asked to be.
        Value::Json(_) => 0,
        array => 4 + array.elements().iter().map(size_of).sum::<usize>(),
    }
}
