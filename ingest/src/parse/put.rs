//! How does a value enter the columns of its field? By the column's type; what does not fit leaves null and
//! a note of the row.

use alluvium_segments::{BatchColumn, NumericBatch, Schema, StringBatch};

use super::builder::{RowBuilder, Stamp, clip};
use super::coerce::{Misfit, Numeric, field_to, text_to};
use super::field::Field;
use super::record::{Reject, RejectKind};
use super::slots::{SlotId, Target};
use super::timestamp::TimestampReader;
use alluvium_expression::double_text;

impl RowBuilder {
    /// Text for a field.
    pub(crate) fn put_text(&mut self, slot: SlotId, text: &str) {
        let rows = self.time.len();
        for target in self.slots.get(slot).map_or(&[][..], |s| &s.targets) {
            let (index, metric) = match *target {
                Target::Time => {
                    self.stamp = match self.timestamp.text(text) {
                        Some(t) => Stamp::At(t),
                        None => Stamp::Bad(text.to_owned()),
                    };
                    continue;
                }
                Target::Whole { index } => {
                    put_whole(&mut self.columns, index, rows, &Field::Text(text.into()));
                    continue;
                }
                Target::Part { index } => {
                    let field = Field::Text(text.into());
                    self.problems.extend(self.states.put(index, rows, &field, &self.schema));
                    continue;
                }
                Target::Column { index, metric } => (index, metric),
            };
            let Some(column) = self.columns.get_mut(index) else { continue };
            forget_row(column, rows);
            let misfit = match column {
                BatchColumn::Long(c) => push(c, text_to(text, metric).map(Some)),
                BatchColumn::Float(c) => push(c, text_to(text, metric).map(Some)),
                BatchColumn::Double(c) => push(c, text_to(text, metric).map(Some)),
                texts => {
                    push_text(texts, text);
                    None
                }
            };
            if let Some(why) = misfit {
                self.problems.push(bad_value(&self.schema, index, text, why));
            }
        }
    }

    /// A whole number for a field.
    pub(crate) fn put_long(&mut self, slot: SlotId, value: i64) {
        let rows = self.time.len();
        for target in self.slots.get(slot).map_or(&[][..], |s| &s.targets) {
            let index = match *target {
                Target::Time => {
                    self.stamp = match self.timestamp.long(value) {
                        Some(t) => Stamp::At(t),
                        None => Stamp::Bad(value.to_string()),
                    };
                    continue;
                }
                Target::Whole { index } => {
                    put_whole(&mut self.columns, index, rows, &Field::Long(value));
                    continue;
                }
                Target::Part { index } => {
                    self.problems.extend(self.states.put(index, rows, &Field::Long(value), &self.schema));
                    continue;
                }
                Target::Column { index, .. } => index,
            };
            let Some(column) = self.columns.get_mut(index) else { continue };
            forget_row(column, rows);
            match column {
                BatchColumn::Long(c) => c.push(Some(value)),
                BatchColumn::Double(c) => c.push(Some(value as f64)),
                BatchColumn::Float(c) => c.push(Some(value as f32)),
                texts => push_text(texts, &value.to_string()),
            }
        }
    }

    /// Another number for a field.
    pub(crate) fn put_double(&mut self, slot: SlotId, value: f64) {
        let rows = self.time.len();
        for target in self.slots.get(slot).map_or(&[][..], |s| &s.targets) {
            let index = match *target {
                Target::Time => {
                    self.stamp = match self.timestamp.double(value) {
                        Some(t) => Stamp::At(t),
                        None => Stamp::Bad(double_text(value)),
                    };
                    continue;
                }
                Target::Whole { index } => {
                    put_whole(&mut self.columns, index, rows, &Field::Double(value));
                    continue;
                }
                Target::Part { index } => {
                    self.problems.extend(self.states.put(index, rows, &Field::Double(value), &self.schema));
                    continue;
                }
                Target::Column { index, .. } => index,
            };
            let Some(column) = self.columns.get_mut(index) else { continue };
            forget_row(column, rows);
            match column {
                BatchColumn::Long(c) => c.push(Some(value as i64)),
                BatchColumn::Double(c) => c.push(Some(value)),
                BatchColumn::Float(c) => c.push(Some(value as f32)),
                texts => push_text(texts, &double_text(value)),
            }
        }
    }

    /// Any value for a field.
    pub(crate) fn put_field(&mut self, slot: SlotId, field: &Field<'_>) {
        match field {
            Field::Text(text) => self.put_text(slot, text),
            Field::Long(value) => self.put_long(slot, *value),
            Field::Double(value) => self.put_double(slot, *value),
            _ => self.put_targets(slot, field, |_| true),
        }
    }

    /// Any value for those targets of a field that are `wanted`.
    pub(crate) fn put_targets(&mut self, slot: SlotId, field: &Field<'_>, wanted: impl Fn(Target) -> bool) {
        let Some(slot) = self.slots.get(slot) else { return };
        // A dimension found elsewhere does not take what would not have made it one.
        let nested =
            slot.discovered && matches!(field, Field::Map(_) | Field::List(_)) && !field.is_flat_list();
        let flat = if nested { &Field::Null } else { field };
        for target in slot.targets.iter().copied().filter(|t| wanted(*t)) {
            match target {
                Target::Whole { index } => put_whole(&mut self.columns, index, self.time.len(), field),
                Target::Part { index } => {
                    let rows = self.time.len();
                    self.problems.extend(self.states.put(index, rows, field, &self.schema));
                }
                Target::Time => self.stamp = stamp(&self.timestamp, field),
                Target::Column { index, metric } => {
                    let rows = self.time.len();
                    put_column(
                        &mut self.columns,
                        index,
                        rows,
                        flat,
                        metric,
                        &self.schema,
                        &mut self.problems,
                    );
                }
            }
        }
    }

    /// Any value for a metric's column.
    pub(crate) fn put_metric(&mut self, index: usize, field: &Field<'_>) {
        let rows = self.time.len();
        put_column(&mut self.columns, index, rows, field, true, &self.schema, &mut self.problems);
    }
}

pub(super) fn put_column(
    columns: &mut [BatchColumn],
    index: usize,
    rows: usize,
    field: &Field<'_>,
    metric: bool,
    schema: &Schema,
    problems: &mut Vec<Reject>,
) {
    let Some(column) = columns.get_mut(index) else { return };
    forget_row(column, rows);
    let misfit = match column {
        BatchColumn::Long(c) => push(c, field_to(field, metric)),
        BatchColumn::Float(c) => push(c, field_to(field, metric)),
        BatchColumn::Double(c) => push(c, field_to(field, metric)),
        texts => {
            if let Some(column) = texts.strings() {
                push_texts(column, field);
            }
            None
        }
    };
    if let Some(why) = misfit {
        problems.push(bad_value(schema, index, &field.to_text(), why));
    }
}

/// A row of a column of whole values: its JSON text.
pub(super) fn put_whole(columns: &mut [BatchColumn], index: usize, rows: usize, field: &Field<'_>) {
    let Some(column) = columns.get_mut(index) else { return };
    forget_row(column, rows);
    let Some(column) = column.strings() else { return };
    match field {
        Field::Null => column.push(None),
        field => column.push(Some(&field.to_json())),
    }
}

pub(super) fn stamp(timestamp: &TimestampReader, field: &Field<'_>) -> Stamp {
    let read = match field {
        Field::Null => return Stamp::Missing,
        Field::Text(text) => timestamp.text(text),
        Field::Long(value) => timestamp.long(*value),
        Field::Double(value) => timestamp.double(*value),
        _ => None,
    };
    read.map_or_else(|| Stamp::Bad(field.to_text().into_owned()), Stamp::At)
}

/// A field given twice in a row: the later value counts.
fn forget_row(column: &mut BatchColumn, rows: usize) {
    if column.rows() > rows {
        column.truncate(rows);
    }
}

fn push<T: Numeric>(column: &mut NumericBatch<T>, value: Result<Option<T>, Misfit>) -> Option<Misfit> {
    match value {
        Ok(value) => {
            column.push(value);
            None
        }
        Err(why) => {
            column.push(None);
            Some(why)
        }
    }
}

/// Appends a row of one text to a column of texts.
fn push_text(column: &mut BatchColumn, text: &str) {
    if let Some(column) = column.strings() {
        column.push(Some(text));
    }
}

fn push_texts(column: &mut StringBatch, field: &Field<'_>) {
    match field {
        Field::Null => column.push(None),
        Field::List(list) => {
            for value in list {
                match value {
                    Field::Null => column.push_value(None),
                    other => column.push_value(Some(&other.to_text())),
                }
            }
            column.end_row();
        }
        other => column.push(Some(&other.to_text())),
    }
}

fn bad_value(schema: &Schema, column: usize, value: &str, why: Misfit) -> Reject {
    let name = schema.columns.get(column).map(|c| c.name.clone()).unwrap_or_default();
    let message = format!("`{}` for column `{name}` {why}", clip(value));
    Reject { kind: RejectKind::BadValue, column: Some(name), message, line: None }
}
