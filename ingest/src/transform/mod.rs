//! Which columns are derived from a row's fields, and which rows does the filter keep? Derived columns see
//! the input fields and not each other; the filter and the metrics' expressions see the derived row.

use std::sync::Arc;

use alluvium_expression::{Bindings, Expr, ExprError, Filter, RowFilter, UnknownLookup, Value, eval, parse};
use alluvium_segments::catalog::Lookup;

use crate::spec::{DataSchema, MetricInput, SpecError};

#[cfg(test)]
mod tests;

/// Whether an expression can be read.
pub(crate) fn check_expression(expression: &str) -> Result<(), String> {
    let mut expression = parse(expression).map_err(|e| e.to_string())?;
    expression.bind_lookups(&mut no_lookup).map_err(|e| refused(&e))
}

/// Whether a native filter can be read.
pub(crate) fn check_filter(filter: &serde_json::Value) -> Result<(), String> {
    let mut filter = Filter::from_json(filter).map_err(|e| e.to_string())?;
    filter.bind_lookups(&mut no_lookup).map_err(|e| refused(&e))
}

/// Rows stay what they are when a lookup changes: none is asked while they are read.
fn no_lookup(name: &str) -> Result<Arc<Lookup>, UnknownLookup> {
    Err(UnknownLookup(name.to_owned()))
}

fn refused(UnknownLookup(name): &UnknownLookup) -> String {
    format!("lookup `{name}` is asked, which only queries may; look it up when rows are queried")
}

/// The compiled `transformSpec`, and the expressions of the metrics.
#[derive(Debug)]
pub(crate) struct Transformer {
    transforms: Vec<(String, Expr)>,
    filter: Option<RowFilter>,
    /// Number of the metric in the spec, and what it aggregates.
    metrics: Vec<(usize, Expr)>,
}

/// What a row became.
#[derive(Debug)]
pub(crate) enum Transformed {
    /// The derived columns, in the order of the spec, and the metrics' inputs by metric number.
    Row { derived: Vec<Value>, metrics: Vec<(usize, Value)> },
    /// The filter does not want it.
    ThrownAway,
}

impl Transformer {
    /// `None` where the spec derives and filters nothing.
    pub(crate) fn new(data: &DataSchema) -> Result<Option<Self>, SpecError> {
        let read = |text: &str, path: &str| parse(text).map_err(|e| SpecError::invalid(path, e.to_string()));
        let transforms = data.transform.transforms.iter();
        let transforms = transforms
            .map(|t| Ok((t.name.clone(), read(&t.expression, "transformSpec.transforms")?)))
            .collect::<Result<Vec<_>, SpecError>>()?;
        let filter = match &data.transform.filter {
            None => None,
            Some(json) => Some(RowFilter::new(
                &Filter::from_json(json)
                    .map_err(|e| SpecError::invalid("transformSpec.filter", e.to_string()))?,
            )),
        };
        let mut metrics = Vec::new();
        for (i, metric) in data.metrics.iter().enumerate() {
            if let MetricInput::Expression(text) = &metric.input {
                metrics.push((i, read(text, "metricsSpec")?));
            }
        }
        let nothing = transforms.is_empty() && filter.is_none() && metrics.is_empty();
        Ok((!nothing).then_some(Self { transforms, filter, metrics }))
    }

    /// Names of the derived columns.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.transforms.iter().map(|(name, _)| name.as_str())
    }

    /// Whether a column of this name is derived.
    pub(crate) fn derives(&self, name: &str) -> bool {
        self.names().any(|derived| derived == name)
    }

    /// Derives and filters one row of input fields.
    pub(crate) fn apply(&self, input: &dyn Bindings) -> Result<Transformed, (String, ExprError)> {
        let mut derived = Vec::with_capacity(self.transforms.len());
        for (name, expr) in &self.transforms {
            derived.push(eval(expr, input).map_err(|e| (name.clone(), e))?);
        }
        let row = Derived { transformer: self, values: &derived, input };
        if let Some(filter) = &self.filter
            && filter.matches(&row).map_err(|e| ("filter".to_owned(), e))? != Some(true)
        {
            return Ok(Transformed::ThrownAway);
        }
        let mut metrics = Vec::with_capacity(self.metrics.len());
        for (metric, expr) in &self.metrics {
            metrics.push((*metric, eval(expr, &row).map_err(|e| (format!("metric {metric}"), e))?));
        }
        Ok(Transformed::Row { derived, metrics })
    }
}

/// Derived columns before input fields.
struct Derived<'r> {
    transformer: &'r Transformer,
    values: &'r [Value],
    input: &'r dyn Bindings,
}

impl Bindings for Derived<'_> {
    fn get(&self, name: &str) -> Value {
        let at = self.transformer.names().position(|derived| derived == name);
        match at.and_then(|at| self.values.get(at)) {
            Some(value) => value.clone(),
            None => self.input.get(name),
        }
    }
}
