//! What is one question, in the forms that the engines take?

use serde_json::Value;

use crate::answer::Shape;

/// One query.
#[derive(Debug)]
pub struct Query {
    /// Its name.
    pub name: &'static str,
    /// Columns of its answer, see [`Shape`].
    pub kinds: &'static str,
    /// See [`Shape`].
    pub cut: Option<usize>,
    /// SQL with the markers of [`crate::dialect`].
    pub sql: String,
    /// A lazy frame as a Python expression over `f` (the table), `t` (its time), `c` (a column by name),
    /// `between(a, b)` (dates), `start(unit)` and `pl`; engines without one are left out.
    pub polars: Option<String>,
    /// Keys of the query's context that Druid needs for an exact answer.
    pub context: &'static [(&'static str, bool)],
    /// A native query for us and Druid in place of the SQL.
    pub native: Option<Native>,
}

/// A native query.
#[derive(Debug)]
pub struct Native {
    /// The query.
    pub body: Value,
    /// How its answer becomes rows.
    pub rows: fn(&Value) -> Vec<Value>,
}

impl Query {
    /// A query in SQL.
    #[must_use]
    pub fn new(name: &'static str, kinds: &'static str, sql: impl Into<String>) -> Self {
        Self { name, kinds, cut: None, sql: sql.into(), polars: None, context: &[], native: None }
    }

    /// With Polars' form.
    #[must_use]
    pub fn polars(self, expression: impl Into<String>) -> Self {
        Self { polars: Some(expression.into()), ..self }
    }

    /// With a limit that cuts rows ordered by a column, descending.
    #[must_use]
    pub fn cut_by(self, column: usize) -> Self {
        Self { cut: Some(column), ..self }
    }

    /// With keys for Druid's context.
    #[must_use]
    pub fn context(self, context: &'static [(&'static str, bool)]) -> Self {
        Self { context, ..self }
    }

    /// With a native form for us and Druid.
    #[must_use]
    pub fn native(self, body: Value, rows: fn(&Value) -> Vec<Value>) -> Self {
        Self { native: Some(Native { body, rows }), ..self }
    }

    /// What its answers look like.
    #[must_use]
    pub fn shape(&self) -> Shape<'_> {
        Shape { kinds: self.kinds, cut: self.cut }
    }
}
