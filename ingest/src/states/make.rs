//! How do the input values of rows become states? When a batch is handed over, row by row.

use alluvium_segments::{BatchColumn, StringBatch};
use alluvium_sketches::{Item, Recipe, Summary};
use serde_json::Value;

use super::{StateKind, StateSpec};

/// What makes the states of one metric.
#[derive(Debug, Clone)]
pub(crate) struct StateMaker {
    spec: StateSpec,
    /// The metric's column.
    pub(crate) column: usize,
    /// The number of its first field among those of all metrics; the others follow.
    first: usize,
    /// The state of a row without values.
    nothing: Option<String>,
}

impl StateMaker {
    /// For the metric of a column, whose fields begin at a number.
    pub(crate) fn new(spec: &StateSpec, column: usize, first: usize) -> Self {
        // Druid keeps an empty summary for rows without values, but for an HLL sketch, which is null then.
        let nothing = match &spec.kind {
            StateKind::Summary(recipe) if recipe.kind() != alluvium_sketches::Kind::Hll => {
                recipe.empty().ok().map(|summary| summary.to_json().to_string())
            }
            _ => None,
        };
        Self { spec: spec.clone(), column, first, nothing }
    }

    /// The numbers of its fields, with their names; the row's time is none.
    pub(crate) fn fields(&self) -> impl Iterator<Item = (usize, &str)> {
        let fields = self.spec.fields.iter().enumerate();
        let time = self.spec.wants_time();
        fields.filter(move |(at, _)| !(time && *at == 1)).map(|(at, name)| (self.first + at, name.as_str()))
    }

    /// How many numbers its fields take.
    pub(crate) fn width(&self) -> usize {
        self.spec.fields.len()
    }

    /// Why a text is no state, where the field with this number holds states.
    pub(crate) fn check(&self, field: usize, text: &str) -> Option<String> {
        let StateKind::Summary(recipe) = &self.spec.kind else { return None };
        let states = recipe.merges && field == self.first;
        let read = states.then(|| recipe.combine(std::iter::once(text)))?;
        read.err().map(|error| error.to_string())
    }

    /// The metric's column, of rows whose fields are JSON texts.
    pub(crate) fn column(&self, fields: &[BatchColumn], times: &[i64]) -> BatchColumn {
        let mut out = StringBatch::default();
        for (row, time) in times.iter().enumerate() {
            let state = match &self.spec.kind {
                StateKind::Summary(recipe) => self.summary(recipe, fields, row),
                StateKind::Pair(pair) => {
                    let time = if self.spec.wants_time() {
                        Some(*time)
                    } else {
                        cell(fields, self.first + 1, row).as_ref().and_then(Value::as_i64)
                    };
                    let value = cell(fields, self.first, row).unwrap_or(Value::Null);
                    pair.make(time, &value)
                }
            };
            out.push(state.as_deref());
        }
        BatchColumn::String(out)
    }

    fn summary(&self, recipe: &Recipe, fields: &[BatchColumn], row: usize) -> Option<String> {
        let value = cell(fields, self.first, row);
        let rest: Vec<f64> = (1..self.width())
            .map(|at| cell(fields, self.first + at, row).and_then(|value| number(&value)).unwrap_or(0.0))
            .collect();
        let mut summary = recipe.empty().ok()?;
        let mut any = false;
        let mut add = |value: &Value| any |= add(recipe, &mut summary, value, &rest);
        match &value {
            None => add(&Value::Null),
            Some(Value::Array(items)) => items.iter().for_each(&mut add),
            Some(value) => add(value),
        }
        if any { Some(summary.to_json().to_string()) } else { self.nothing.clone() }
    }
}

/// Adds a value; says whether it counts.
fn add(recipe: &Recipe, summary: &mut Summary, value: &Value, rest: &[f64]) -> bool {
    let text;
    let item = match value {
        Value::Null => Item::Null,
        Value::String(state) if recipe.merges => return summary.add_base64(state).is_ok(),
        Value::String(text) => Item::Text(text),
        Value::Number(number) => match number.as_i64() {
            Some(long) => Item::Long(long),
            None => Item::Double(number.as_f64().unwrap_or(f64::NAN)),
        },
        other => {
            text = other.to_string();
            Item::Text(&text)
        }
    };
    let prepared = recipe.prepare(item);
    summary.add(prepared, rest);
    prepared != alluvium_sketches::Prepared::Nothing
}

fn number(value: &Value) -> Option<f64> {
    match value {
        Value::Number(number) => number.as_f64(),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    }
}

/// The value of a field in a row.
fn cell(fields: &[BatchColumn], field: usize, row: usize) -> Option<Value> {
    let BatchColumn::String(texts) = fields.get(field)? else { return None };
    let text = texts.value(texts.row(row).next()?)?;
    serde_json::from_str(text).ok()
}
