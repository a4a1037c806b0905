//! What does a finished result hold? Named columns a row a group, post-aggregates among them, which can be
//! asked, sorted and written.

use std::cmp::Ordering;

use alluvium_expression::{StringOrdering, Value, double_text};

use super::write::{write_datum, write_text};
use crate::QueryError;
use crate::column::{ColumnData, ResultColumn};
use crate::partial::Groups;
use crate::plan::AggregatePlan;
use crate::post::{PostAggregator, value_of};

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
        let columns =
            finished.map(|ResultColumn { name, data }| NamedCells { name, cells: Cells::Data(data) });
        let mut table = Self { rows, buckets, columns: columns.collect() };
        for aggregator in post {
            let values = (0..rows).map(|row| aggregator.value(&table, row)).collect::<Result<Vec<_>, _>>()?;
            let cells = Cells::Computed(values);
            table.columns.push(NamedCells { name: aggregator.name.clone(), cells });
        }
        Ok(table)
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

impl Cells {
    /// The value of a row.
    pub(crate) fn value(&self, row: usize) -> Value {
        match self {
            Self::Data(data) => match data.list(row) {
                Some(list) => Value::StringArray(list.into_iter().map(|t| t.map(Into::into)).collect()),
                None => value_of(data.get(row)),
            },
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
