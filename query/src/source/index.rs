//! Which rows of the right side of a join have some values? A hash table over the columns that are compared.

use std::collections::HashMap;
use std::sync::Arc;

use alluvium_expression::{Bindings, Value, parse_double, parse_long};
use alluvium_segments::{ColumnType, Segment, SegmentRef, Storage};

use super::condition::Condition;
use crate::QueryError;
use crate::filter::Verdicts;
use crate::plan::Scope;
use crate::run::Control;
use crate::scan::{RowValues, visit};

/// A value as it is compared.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Part {
    Null,
    Text(Arc<str>),
    Long(i64),
    /// The bits of a double that is no negative zero.
    Double(u64),
}

/// The rows of the right side, by the values that are compared.
#[derive(Debug)]
pub(super) struct Index {
    rows: HashMap<Box<[Part]>, Vec<u32>>,
    /// How each column is compared, and whether null equals null.
    columns: Vec<(Storage, bool)>,
    /// Of every row, for a join without comparison.
    all: Vec<u32>,
}

impl Index {
    /// Over the rows of a segment.
    pub(super) fn new(
        segment: &Arc<dyn Segment>,
        condition: &Condition,
        verdicts: &Verdicts,
        control: &Control,
    ) -> Result<Self, QueryError> {
        let storage = |name: &str| match segment.schema().find(name) {
            Some((_, spec)) => spec.column_type.storage(),
            None => ColumnType::String.storage(),
        };
        let columns: Vec<(Storage, bool)> =
            condition.equalities.iter().map(|e| (storage(&e.right), e.nulls)).collect();
        let count = u32::try_from(segment.rows()).unwrap_or(u32::MAX);
        let all = if columns.is_empty() { (0..count).collect() } else { Vec::new() };
        let mut index = Self { rows: HashMap::new(), columns, all };
        if index.columns.is_empty() || condition.never {
            return Ok(index);
        }
        let names: Vec<Arc<str>> = condition.equalities.iter().map(|e| e.right.as_str().into()).collect();
        let (scope, whole) = (Scope::table(""), SegmentRef::whole(Arc::clone(segment)));
        let start = |source: &mut crate::scan::Source<'_>| RowValues::new(&names, source);
        visit((&scope, verdicts), &whole, control, start, |values, source| {
            values.load(source)?;
            for position in 0..source.len() {
                values.seek(source, position)?;
                let found: Vec<Value> = names.iter().map(|name| values.get(name)).collect();
                if let Some(key) = index.key(&found)? {
                    index.rows.entry(key).or_default().push(source.row(position));
                }
            }
            Ok(())
        })?;
        Ok(index)
    }

    /// The rows for which these values, one a column, are right.
    pub(super) fn find(&self, values: &[Value]) -> Result<&[u32], QueryError> {
        if self.columns.is_empty() {
            return Ok(&self.all);
        }
        let found = self.key(values)?.and_then(|key| self.rows.get(&key));
        Ok(found.map_or(&[], Vec::as_slice))
    }

    /// Values as they are compared; `None` when no row can have them.
    fn key(&self, values: &[Value]) -> Result<Option<Box<[Part]>>, QueryError> {
        let mut key = Vec::with_capacity(values.len());
        for (value, (storage, nulls)) in values.iter().zip(&self.columns) {
            if value.is_array() {
                let message = "Joining against a multi-value dimension is not supported.";
                return Err(QueryError::Internal(message.to_owned()));
            }
            match part(value, *storage) {
                Some(Part::Null) if !nulls => return Ok(None),
                Some(part) => key.push(part),
                None => return Ok(None),
            }
        }
        Ok(Some(key.into()))
    }
}

/// A value as one of a column; `None` when the column cannot have it.
fn part(value: &Value, storage: Storage) -> Option<Part> {
    if value.is_null() {
        return Some(Part::Null);
    }
    let whole = |d: f64| (d.fract() == 0.0 && d.abs() < 9.2e18).then_some(d as i64);
    match storage {
        Storage::Texts => value.as_string().map(Part::Text),
        Storage::Long => match value {
            Value::Long(v) => Some(*v),
            Value::Double(d) => whole(*d),
            other => {
                let text = other.as_string()?;
                parse_long(&text).or_else(|| whole(parse_double(&text)?))
            }
        }
        .map(Part::Long),
        Storage::Float => value.as_double().map(|d| double(f64::from(d as f32))),
        Storage::Double => value.as_double().map(double),
    }
}

fn double(value: f64) -> Part {
    Part::Double(if value == 0.0 { 0 } else { value.to_bits() })
}
