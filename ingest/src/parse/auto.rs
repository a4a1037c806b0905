//! Of which type is a column whose type is that of what it holds? The narrowest that holds all values so far: longs,
//! doubles and texts meet as in Druid, lists of them are arrays, anything else is nested.

use std::sync::Arc;

use alluvium_expression::{Value, encode};
use alluvium_segments::{BatchColumn, ColumnType, Element, NumericBatch, RowBatch, Schema, StringBatch};
use hashbrown::HashMap;
use serde_json::Value as Json;

use crate::spec::DataSchema;

/// The columns of such types.
#[derive(Debug)]
pub(super) struct Autos {
    /// What they held so far, by name.
    known: HashMap<String, Kind>,
    /// Number of columns that the spec lists.
    listed: usize,
    /// Whether columns found in the data are such.
    discover: bool,
    /// The schema as the builder has it, and as the last batch had it.
    last: Option<(Arc<Schema>, Arc<Schema>)>,
}

/// The kind of a value, or of all values of a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Scalar {
    Long,
    Double,
    Text,
}

/// What a column held.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// Nothing but nulls.
    Nothing,
    Scalar(Scalar),
    /// Lists; of nothing but nulls, if that is all they had.
    List(Option<Scalar>),
    Nested,
}

impl Kind {
    fn of(json: &Json) -> Self {
        match json {
            Json::Null => Self::Nothing,
            Json::Bool(_) => Self::Scalar(Scalar::Long),
            Json::Number(number) if number.is_i64() => Self::Scalar(Scalar::Long),
            Json::Number(_) => Self::Scalar(Scalar::Double),
            Json::String(_) => Self::Scalar(Scalar::Text),
            Json::Object(_) => Self::Nested,
            Json::Array(items) => {
                items.iter().fold(Self::List(None), |list, item| match (list, Self::of(item)) {
                    (Self::List(of), Self::Nothing) => Self::List(of),
                    (Self::List(of), Self::Scalar(one)) => Self::List(Some(of.map_or(one, |of| of.max(one)))),
                    _ => Self::Nested,
                })
            }
        }
    }

    /// What holds both.
    fn with(self, other: Self) -> Self {
        match (self, other) {
            (Self::Nothing, kind) | (kind, Self::Nothing) => kind,
            (Self::Scalar(a), Self::Scalar(b)) => Self::Scalar(a.max(b)),
            (Self::List(a), Self::List(b)) => Self::List(a.max(b)),
            (Self::Scalar(one), Self::List(of)) | (Self::List(of), Self::Scalar(one)) => {
                Self::List(of.max(Some(one)))
            }
            (Self::Nested, _) | (_, Self::Nested) => Self::Nested,
        }
    }

    fn column_type(self) -> ColumnType {
        match self {
            Self::Nothing | Self::Scalar(Scalar::Text) => ColumnType::String,
            Self::Scalar(Scalar::Long) => ColumnType::Long,
            Self::Scalar(Scalar::Double) => ColumnType::Double,
            Self::List(None | Some(Scalar::Long)) => ColumnType::Array(Element::Long),
            Self::List(Some(Scalar::Double)) => ColumnType::Array(Element::Double),
            Self::List(Some(Scalar::Text)) => ColumnType::Array(Element::String),
            Self::Nested => ColumnType::Json,
        }
    }
}

impl Autos {
    pub(super) fn new(data: &DataSchema) -> Self {
        let known = data.dimensions.autos.iter().map(|name| (name.clone(), Kind::Nothing)).collect();
        Self { known, listed: data.schema().columns.len(), discover: data.dimensions.typed, last: None }
    }

    /// Whether the type of a column found in the data is that of what it holds.
    pub(super) fn typed(&self) -> bool {
        self.discover
    }

    /// The type that a column found in the data has while its rows are built.
    pub(super) fn discovered(&self) -> ColumnType {
        if self.discover { ColumnType::Json } else { ColumnType::String }
    }

    /// Gives the columns of a batch, which are JSON texts, their types.
    pub(super) fn settle(&mut self, mut batch: RowBatch) -> RowBatch {
        let mut types: Vec<(usize, ColumnType)> = Vec::new();
        let specs = &batch.schema.columns;
        let is_auto = |at: &usize| {
            let found = self.discover && *at >= self.listed;
            specs[*at].column_type == ColumnType::Json && (found || self.known.contains_key(&specs[*at].name))
        };
        let autos: Vec<usize> = (0..specs.len()).filter(is_auto).collect();
        if autos.is_empty() {
            return batch;
        }
        for at in autos {
            let Some(BatchColumn::String(texts)) = batch.columns.get(at) else { continue };
            let values: Vec<Json> = (0..texts.row_ends.len()).map(|row| value(texts, row)).collect();
            let known = self.known.entry(specs[at].name.clone()).or_insert(Kind::Nothing);
            *known = values.iter().map(Kind::of).fold(*known, Kind::with);
            let column_type = known.column_type();
            if column_type != ColumnType::Json {
                batch.columns[at] = column(&values, column_type);
            }
            types.push((at, column_type));
        }
        batch.schema = self.schema(&batch.schema, &types);
        batch
    }

    /// The schema with these types; the same one for the same types.
    fn schema(&mut self, building: &Arc<Schema>, types: &[(usize, ColumnType)]) -> Arc<Schema> {
        if let Some((of, settled)) = &self.last
            && Arc::ptr_eq(of, building)
            && types.iter().all(|(at, column_type)| settled.columns[*at].column_type == *column_type)
        {
            return Arc::clone(settled);
        }
        let mut settled = building.as_ref().clone();
        for (at, column_type) in types {
            settled.columns[*at].column_type = *column_type;
        }
        let settled = Arc::new(settled);
        self.last = Some((Arc::clone(building), Arc::clone(&settled)));
        settled
    }
}

fn value(texts: &StringBatch, row: usize) -> Json {
    let text = texts.row(row).next().and_then(|value| texts.value(value));
    text.map_or(Json::Null, |text| serde_json::from_str(text).unwrap_or(Json::Null))
}

fn column(values: &[Json], column_type: ColumnType) -> BatchColumn {
    let cells = values.iter().map(Value::from_json);
    match column_type {
        ColumnType::Long => {
            let mut column = NumericBatch::default();
            cells.for_each(|cell| column.push(cell.as_long()));
            BatchColumn::Long(column)
        }
        ColumnType::Double | ColumnType::Float => {
            let mut column = NumericBatch::default();
            cells.for_each(|cell| column.push(cell.as_double()));
            BatchColumn::Double(column)
        }
        texts => {
            let mut column = StringBatch::default();
            // Truth values are the longs 1 and 0, whatever else there is.
            cells.for_each(|cell| column.push(encode(&cell, texts).as_deref()));
            BatchColumn::String(column)
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn kinds_widen() {
        let kind = |values: &[Json]| {
            values.iter().map(Kind::of).fold(Kind::Nothing, Kind::with).column_type().druid_name()
        };
        assert_eq!(kind(&[json!(null)]), "STRING");
        assert_eq!(kind(&[json!(1), json!(true)]), "LONG");
        assert_eq!(kind(&[json!(1), json!(null), json!(2.5)]), "DOUBLE");
        assert_eq!(kind(&[json!(1), json!("a")]), "STRING");
        assert_eq!(kind(&[json!([1]), json!([2.5, null])]), "ARRAY<DOUBLE>");
        assert_eq!(kind(&[json!([]), json!([null])]), "ARRAY<LONG>");
        assert_eq!(kind(&[json!(["a"]), json!(1)]), "ARRAY<STRING>");
        assert_eq!(kind(&[json!([1]), json!({"a": 1})]), "COMPLEX<json>");
        assert_eq!(kind(&[json!([[1]])]), "COMPLEX<json>");
    }
}
