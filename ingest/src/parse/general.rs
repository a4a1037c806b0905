//! How does a parsed record become a row where the spec flattens, derives or filters? Fields, then derived
//! columns, then the filter, then the row.

use alluvium_expression::{Bindings, Value};
use alluvium_segments::TIME_COLUMN;
use alluvium_segments::time::Millis;

use super::builder::{RowBuilder, RowEnd};
use super::field::Field;
use super::flatten::Flattener;
use super::origin::Part;
use super::record::{Origin, Reject, RejectKind};
use super::slots::{Found, Target};
use crate::spec::{DataSchema, FlattenKind, FlattenSpec, SpecError};
use crate::transform::{Transformed, Transformer};

/// The steps between a parsed record and its row.
#[derive(Debug)]
pub(crate) struct General {
    flatten: Flattener,
    transformer: Option<Transformer>,
    /// Columns before the first metric.
    dimensions: usize,
}

impl General {
    /// `None` where the spec needs no such steps.
    pub(crate) fn new(data: &DataSchema, flatten: &FlattenSpec) -> Result<Option<Self>, SpecError> {
        let transformer = Transformer::new(data)?;
        let plain = |kind: &FlattenKind, name: &str| matches!(kind, FlattenKind::Root(key) if key == name);
        let flat = flatten.use_field_discovery && flatten.fields.iter().all(|f| plain(&f.kind, &f.name));
        if flat && transformer.is_none() {
            return Ok(None);
        }
        let dimensions = data.dimensions.columns.len();
        Ok(Some(Self { flatten: Flattener::new(flatten)?, transformer, dimensions }))
    }

    /// Makes the row of a record.
    pub(crate) fn row(
        &mut self,
        root: &Field<'_>,
        origin: Option<&Origin<'_>>,
        builder: &mut RowBuilder,
        rejects: &mut Vec<Reject>,
    ) -> Result<RowEnd, Reject> {
        let flattened: Vec<(&str, Field<'_>)> = self.flatten.fields(root).collect();
        let root = self.flatten.discover.then_some(root);
        let transformer = self.transformer.as_ref();
        let mut put = |at: usize, name: &str, field: &Field<'_>| {
            let found = builder.slots.find_at(at, name);
            let Some(slot) = builder.slot_for(found, name, field) else { return };
            // What is derived shadows the field, but the row's time is that of the input.
            if transformer.is_some_and(|t| t.derives(name)) {
                builder.put_targets(slot, field, |target| target == Target::Time);
            } else {
                builder.put_field(slot, field);
            }
        };
        if let Some(Field::Map(map)) = root {
            for (at, (name, field)) in map.iter().enumerate() {
                put(at, name, field);
            }
        }
        for (name, field) in &flattened {
            put(usize::MAX, name, field);
        }
        let Some(transformer) = transformer else { return builder.end_row(rejects) };
        let Some(time) = builder.row_time() else {
            // No time: the row ends here, with the reason.
            return builder.end_row(rejects);
        };
        let input = Input { root, flattened: &flattened, origin, time };
        match transformer.apply(&input) {
            Err((column, error)) => {
                builder.drop_row();
                let message = format!("`{column}`: {error}");
                Err(Reject { column: Some(column), ..Reject::new(RejectKind::BadExpression, message) })
            }
            Ok(Transformed::ThrownAway) => {
                builder.drop_row();
                Ok(RowEnd::ThrownAway)
            }
            Ok(Transformed::Row { derived, metrics }) => {
                for (name, value) in transformer.names().zip(&derived) {
                    if name == TIME_COLUMN {
                        builder.set_row_time(value.as_long());
                    } else if let Found::Slot(slot) = builder.slots.find(name) {
                        builder.put_targets(slot, &field_of(value), |target| target != Target::Time);
                    }
                }
                for (metric, value) in &metrics {
                    builder.put_metric(self.dimensions + metric, &field_of(value));
                }
                builder.end_row(rejects)
            }
        }
    }
}

/// The fields of a record as an expression sees them.
struct Input<'r, 'f> {
    root: Option<&'r Field<'f>>,
    flattened: &'r [(&'r str, Field<'f>)],
    origin: Option<&'r Origin<'r>>,
    time: Millis,
}

impl Bindings for Input<'_, '_> {
    fn get(&self, name: &str) -> Value {
        if name == TIME_COLUMN {
            return Value::Long(self.time);
        }
        let flattened = self.flattened.iter().find(|(known, _)| *known == name).map(|(_, field)| field);
        if let Some(field) = flattened.or_else(|| self.root?.get(name)) {
            return value_of(field);
        }
        match (Part::named(name), self.origin) {
            (Some(part), Some(origin)) => value_of(&part.of(origin)),
            _ => Value::Null,
        }
    }
}

/// A field as a value of the expression language; nested objects as their text.
fn value_of(field: &Field<'_>) -> Value {
    match field {
        Field::Null => Value::Null,
        Field::Bool(v) => Value::from_bool(*v),
        Field::Long(v) => Value::Long(*v),
        Field::Double(v) => Value::Double(*v),
        Field::Text(text) => Value::from(text.as_ref()),
        Field::List(list) => match list.as_slice() {
            [] => Value::Null,
            [one] => value_of(one),
            many => Value::array_from(&many.iter().map(value_of).collect::<Vec<_>>()),
        },
        Field::Map(_) => Value::from(field.to_text().as_ref()),
    }
}

/// A value as a field.
fn field_of(value: &Value) -> Field<'_> {
    match value {
        Value::Null => Field::Null,
        Value::Long(v) => Field::Long(*v),
        Value::Double(v) => Field::Double(*v),
        Value::String(text) => Field::Text(text.as_ref().into()),
        array => Field::List(array.elements().iter().map(owned_field).collect()),
    }
}

fn owned_field(value: &Value) -> Field<'static> {
    match value {
        Value::Null => Field::Null,
        Value::Long(v) => Field::Long(*v),
        Value::Double(v) => Field::Double(*v),
        other => other.as_string().map_or(Field::Null, |text| Field::Text(text.to_string().into())),
    }
}
