//! What does a finished result hold? Named columns a row a group, post-aggregates among them, which can be
//! asked, sorted and written.

use std::cmp::Ordering;

use alluvium_expression::{ExtractionFn, StringOrdering, Value, decode, double_text};
use alluvium_segments::ColumnType;

use super::write::{write_datum, write_text};
use crate::QueryError;
use crate::column::{ColumnData, ResultColumn};
use crate::partial::Groups;
use crate::plan::AggregatePlan;
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
    ) -> Result<Self, QueryError> {
        let (rows, buckets) = (groups.len(), groups.buckets().to_vec());
        let finished = groups.finish(plan).into_iter();
        let types = plan.dimensions.iter().map(|d| Some(d.output_type));
        let types = types.chain(plan.aggregators.iter().map(|a| a.function.coded_type()));
        let columns = finished.zip(types).map(|(ResultColumn { name, data }, column_type)| {
            let coded = column_type.filter(|t| t.is_coded());
            NamedCells { name, cells: coded.map_or_else(|| Cells::Data(data.clone()), |t| decoded(&data, t)) }
        });
        let mut table = Self { rows, buckets, columns: columns.collect() };
        for aggregator in post {
            let values = (0..rows).map(|row| aggregator.value(&table, row)).collect::<Result<Vec<_>, _>>()?;
            let cells = Cells::Computed(values);
            table.columns.push(NamedCells { name: aggregator.name.clone(), cells });
        }
        Ok(table)
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

    /// A column by name.
    pub(crate) fn column(&self, name: &str) -> Option<&Cells> {
        self.columns.iter().find(|c| c.name == name).map(|c| &c.cells)
    }

    /// A value; null where there is no such column.
    pub(crate) fn value(&self, name: &str, row: usize) -> Value {
        self.column(name).map_or(Value::Null, |cells| cells.value(row))
    }
}

/// The values that texts stand for.
fn decoded(data: &ColumnData, column_type: ColumnType) -> Cells {
    let value = |row| data.text(row).map_or(Value::Null, |text| decode(&text, column_type));
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

    /// Order of two rows: texts by `ordering`, numbers by value.
    pub(crate) fn compare_by(&self, ordering: StringOrdering, a: usize, b: usize) -> Ordering {
        match self {
            Self::Data(data @ ColumnData::Texts(_)) => {
                ordering.compare_nullable(data.text(a).as_deref(), data.text(b).as_deref())
            }
            _ => self.compare(a, b),
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
