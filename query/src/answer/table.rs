//! What does a finished result hold? Named columns a row a group, post-aggregates among them, which can be
//! asked, sorted and written.

use std::cmp::Ordering;

use alluvium_expression::{ExtractionFn, StringOrdering, Value, decode, double_text, float_text};
use alluvium_segments::{ColumnType, NullMask};
use alluvium_sketches::{Recipe, Summary};

use super::write::{write_datum, write_text};
use crate::QueryError;
use crate::column::{ColumnData, ResultColumn};
use crate::partial::{Groups, State};
use crate::plan::{AggregateFunction, AggregatePlan};
use crate::post::PostAggregator;

/// A finished result.
#[derive(Debug)]
pub(crate) struct Table {
    /// Number of rows.
    pub(crate) rows: usize,
    /// Bucket start of each row; empty for granularity `all`.
    pub(crate) buckets: Vec<i64>,
    /// Dimensions, aggregates, post-aggregates.
    pub(crate) columns: Vec<NamedCells>,
    /// The summaries of columns that have some, a summary a row.
    summaries: Vec<NamedSummaries>,
    /// Columns in whose order numbers come after what is none.
    numbers_last: Vec<String>,
}

/// What is shown of aggregates that keep more than they show.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Show {
    /// Their answers.
    Finalized,
    /// What they keep, of all of them.
    Kept,
    /// The summaries, for a query around this one.
    Summaries,
}

/// The summaries of a column; of those that have seen nothing there is only the recipe.
#[derive(Debug)]
struct NamedSummaries {
    name: String,
    recipe: Option<Recipe>,
    rows: Vec<Option<Box<Summary>>>,
}

/// A column of a [`Table`].
#[derive(Debug)]
pub(crate) struct NamedCells {
    pub(crate) name: String,
    pub(crate) cells: Cells,
}

/// Values of a column.
#[derive(Debug)]
pub(crate) enum Cells {
    Data(ColumnData),
    Computed(Vec<Value>),
}

impl Table {
    /// Finishes groups.
    pub(crate) fn new(
        groups: Groups,
        plan: &AggregatePlan,
        post: &[PostAggregator],
        show: Show,
    ) -> Result<Self, QueryError> {
        let (rows, buckets) = (groups.len(), groups.buckets().to_vec());
        let summaries = if post.is_empty() { Vec::new() } else { summaries(&groups, plan) };
        let kept = kept(&groups, plan, show)?;
        let finished = groups.finish(plan).into_iter();
        let types = plan.dimensions.iter().map(|d| Some(d.output_type));
        let types = types.chain(plan.aggregators.iter().map(|a| a.function.coded_type()));
        let means = plan.aggregators.iter().filter(|a| matches!(a.function, AggregateFunction::Mean(_)));
        let means: Vec<&String> = means.map(|a| &a.name).collect();
        let columns = finished.zip(types).map(|(ResultColumn { name, data }, column_type)| {
            let data = if means.contains(&&name) { or_zero(data) } else { data };
            let coded = column_type.filter(|t| t.is_coded());
            NamedCells { name, cells: coded.map_or_else(|| Cells::Data(data.clone()), |t| decoded(&data, t)) }
        });
        let numbers_last = post.iter().filter(|p| p.numbers_last).map(|p| p.name.clone()).collect();
        let mut table = Self { rows, buckets, columns: columns.collect(), summaries, numbers_last };
        for aggregator in post {
            let name = aggregator.name.clone();
            if aggregator.makes_summaries(&table) {
                let one = |row| aggregator.summary(&table, row).map(|summary| Some(Box::new(summary)));
                let made = (0..rows).map(one).collect::<Result<Vec<_>, _>>()?;
                let cells = Cells::Computed(made.iter().map(|summary| state(summary.as_deref())).collect());
                table.summaries.push(NamedSummaries { name: name.clone(), recipe: None, rows: made });
                table.columns.push(NamedCells { name, cells });
                continue;
            }
            let values = (0..rows).map(|row| aggregator.value(&table, row)).collect::<Result<Vec<_>, _>>()?;
            table.columns.push(NamedCells { name, cells: Cells::Computed(values) });
        }
        for (at, cells) in kept {
            if let Some(column) = table.columns.get_mut(plan.dimensions.len() + at) {
                column.cells = cells;
            }
        }
        Ok(table)
    }

    /// Whether a column has summaries.
    pub(crate) fn has_summaries(&self, name: &str) -> bool {
        self.summaries.iter().any(|column| column.name == name)
    }

    /// The summary of a row; `None` where the column has none.
    pub(crate) fn summary(&self, name: &str, row: usize) -> Result<Option<Summary>, QueryError> {
        let Some(column) = self.summaries.iter().find(|column| column.name == name) else { return Ok(None) };
        Ok(match (column.rows.get(row), &column.recipe) {
            (Some(Some(summary)), _) => Some(Summary::clone(summary)),
            (_, Some(recipe)) => Some(recipe.empty()?),
            _ => None,
        })
    }

    /// Makes something else of the values of some columns.
    pub(crate) fn extract(&mut self, functions: &[(String, ExtractionFn)]) {
        for (name, function) in functions {
            let rows = self.rows;
            let Some(column) = self.columns.iter_mut().find(|column| column.name == *name) else { continue };
            let values = (0..rows).map(|row| function.apply_value(&column.cells.value(row))).collect();
            column.cells = Cells::Computed(values);
        }
    }

    /// Makes doubles of floats that were put together of several segments, as Druid does of sums and extremes.
    pub(crate) fn widen(&mut self, plan: &AggregatePlan, is_merged: impl Fn(Option<i64>) -> bool) {
        let numbers = plan.aggregators.iter().filter(|aggregator| aggregator.function.is_of_numbers());
        let names: Vec<&String> = numbers.map(|aggregator| &aggregator.name).collect();
        for column in self.columns.iter_mut().filter(|column| names.contains(&&column.name)) {
            let Cells::Data(ColumnData::Floats(block)) = &column.cells else { continue };
            let value = |(row, float): (usize, &f32)| match block.nulls.is_null(row) {
                true => Value::Null,
                false if is_merged(self.buckets.get(row).copied()) => Value::Double(f64::from(*float)),
                false => Value::Double(float_text(*float).parse().unwrap_or(f64::from(*float))),
            };
            column.cells = Cells::Computed(block.values.iter().enumerate().map(value).collect());
        }
    }

    /// Puts the rows of a table of the same columns after its own.
    pub(crate) fn append(&mut self, other: Self) {
        self.rows += other.rows;
        self.buckets.extend(other.buckets);
        for (known, more) in self.columns.iter_mut().zip(other.columns) {
            known.cells.append(more.cells);
        }
    }

    /// Order of two rows by the values of a column, nulls first.
    pub(crate) fn compare(&self, name: &str, cells: &Cells, a: usize, b: usize) -> Ordering {
        let order = cells.compare(a, b);
        if !self.numbers_last.iter().any(|known| known == name) {
            return order;
        }
        let is_number = |row| match cells.value(row) {
            Value::Null => None,
            Value::Double(value) => Some(value.is_finite()),
            _ => Some(true),
        };
        match (is_number(a), is_number(b)) {
            (Some(x), Some(y)) => x.cmp(&y).then(order),
            _ => order,
        }
    }

    /// A column by name.
    pub(crate) fn column(&self, name: &str) -> Option<&Cells> {
        self.columns.iter().find(|c| c.name == name).map(|c| &c.cells)
    }

    /// A value; null where there is no such column.
    pub(crate) fn value(&self, name: &str, row: usize) -> Value {
        self.column(name).map_or(Value::Null, |cells| cells.value(row))
    }
}

/// The summaries of all aggregates that make some.
fn summaries(groups: &Groups, plan: &AggregatePlan) -> Vec<NamedSummaries> {
    let states = plan.aggregators.iter().zip(&groups.states);
    let summaries = states.filter_map(|(aggregator, state)| match state {
        State::Summaries(rows) => {
            let (name, recipe) = (aggregator.name.clone(), aggregator.function.recipe());
            Some(NamedSummaries { name, recipe, rows: rows.clone() })
        }
        _ => None,
    });
    summaries.collect()
}

/// What aggregates keep, where that is shown; with the numbers of the aggregators.
fn kept(groups: &Groups, plan: &AggregatePlan, show: Show) -> Result<Vec<(usize, Cells)>, QueryError> {
    let mut kept = Vec::new();
    if show == Show::Finalized {
        return Ok(kept);
    }
    for (at, (aggregator, state)) in plan.aggregators.iter().zip(&groups.states).enumerate() {
        let values = match (state, show) {
            (State::Summaries(rows), _) => {
                let empty = aggregator.function.recipe().map(|recipe| recipe.empty()).transpose()?;
                rows.iter().map(|summary| self::state(summary.as_deref().or(empty.as_ref()))).collect()
            }
            (State::Mean(sums, counts), Show::Kept) => {
                let one = |(sum, count): (&f64, &i64)| {
                    let bytes = [sum.to_be_bytes(), count.to_be_bytes()].concat();
                    Value::from(alluvium_sketches::to_base64(&bytes))
                };
                sums.iter().zip(counts).map(one).collect()
            }
            (State::Pick(picks), Show::Kept) if aggregator.function.is_by_time() => {
                let one = |row: usize| {
                    let value = picks.values.value(row).to_json();
                    let pair = serde_json::json!({"lhs": picks.times[row], "rhs": value});
                    if picks.seen[row] { Value::Json(pair.into()) } else { Value::Null }
                };
                (0..picks.times.len()).map(one).collect::<Vec<_>>()
            }
            _ => continue,
        };
        kept.push((at, Cells::Computed(values)));
    }
    Ok(kept)
}

/// The mean of nothing is 0.0 in Druid.
fn or_zero(data: ColumnData) -> ColumnData {
    let ColumnData::Doubles(mut block) = data else { return data };
    block.nulls = NullMask::default();
    block.nulls.push_valid(block.values.len());
    ColumnData::Doubles(block)
}

/// A summary as a value.
fn state(summary: Option<&Summary>) -> Value {
    summary.map_or(Value::Null, |summary| Value::Json(summary.to_json().into()))
}

/// The values that texts stand for.
fn decoded(data: &ColumnData, column_type: ColumnType) -> Cells {
    let value = |row| match data.text(row).map(|text| decode(&text, column_type)) {
        // Nested values that are none at all are plain values.
        Some(Value::Json(json)) if !json.is_object() && !json.is_array() => Value::from_json(&json),
        found => found.unwrap_or_default(),
    };
    Cells::Computed((0..data.len()).map(value).collect())
}

impl Cells {
    /// The value of a row.
    pub(crate) fn value(&self, row: usize) -> Value {
        match self {
            Self::Data(data) => data.value(row),
            Self::Computed(values) => values.get(row).cloned().unwrap_or_default(),
        }
    }

    /// Order of two rows by type, nulls first.
    pub(crate) fn compare(&self, a: usize, b: usize) -> Ordering {
        match self {
            Self::Data(data) => data.get(a).compare(&data.get(b)),
            Self::Computed(values) => match (values.get(a), values.get(b)) {
                (Some(a), Some(b)) => a.total_order(b),
                _ => Ordering::Equal,
            },
        }
    }

    /// Order of two rows: texts by `ordering`, numbers by their texts unless that is the order of numbers.
    pub(crate) fn compare_by(&self, ordering: StringOrdering, a: usize, b: usize) -> Ordering {
        let by_value = matches!(ordering, StringOrdering::Numeric | StringOrdering::Natural);
        match self {
            Self::Data(data) if !by_value || matches!(data, ColumnData::Texts(_)) => {
                ordering.compare_nullable(data.text(a).as_deref(), data.text(b).as_deref())
            }
            _ => self.compare(a, b),
        }
    }

    fn append(&mut self, other: Self) {
        match (&mut *self, other) {
            (Self::Data(known), Self::Data(more)) => known.append(&more),
            (Self::Computed(known), Self::Computed(more)) => known.extend(more),
            // Columns of one query are of one kind.
            _ => {}
        }
    }

    /// Writes the value of a row as JSON.
    pub(crate) fn write(&self, row: usize, out: &mut Vec<u8>) {
        match self {
            Self::Data(data) => write_datum(data, row, out),
            Self::Computed(values) => match values.get(row) {
                Some(Value::Double(v)) if v.is_finite() => out.extend(double_text(*v).bytes()),
                Some(Value::String(text)) => write_text(text, out),
                Some(value) => out.extend(value.to_json().to_string().bytes()),
                None => out.extend(b"null"),
            },
        }
    }
}
