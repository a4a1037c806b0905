//! How does code that wants one row at a time see a block? As named values; texts are made once a dictionary entry.

use std::sync::Arc;

use alluvium_expression::{Bindings, ExprType, Value, decode};
use alluvium_segments::ColumnType;

use super::source::{Kind, SlotId, Source, Values};
use crate::QueryError;

/// The values of some columns at one row.
#[derive(Debug)]
pub(crate) struct RowValues {
    columns: Vec<Named>,
}

#[derive(Debug)]
struct Named {
    name: Arc<str>,
    slot: SlotId,
    /// Whether its arrays are values.
    arrays: bool,
    /// Where it is of numbers.
    number_type: Option<ExprType>,
    value: Value,
    /// Dictionary entries met so far.
    texts: Vec<Option<Value>>,
}

impl RowValues {
    /// For the named columns.
    pub(crate) fn new(names: &[Arc<str>], source: &mut Source<'_>) -> Result<Self, QueryError> {
        let mut columns = Vec::with_capacity(names.len());
        for name in names {
            let (name, slot) = (Arc::clone(name), source.slot(name)?);
            let arrays = matches!(source.form(slot), ColumnType::Array(_));
            let number_type = match source.kind(slot) {
                Kind::Long => Some(ExprType::Long),
                Kind::Float | Kind::Double => Some(ExprType::Double),
                Kind::Null | Kind::Ids | Kind::Multi => None,
            };
            columns.push(Named { name, slot, arrays, number_type, value: Value::Null, texts: Vec::new() });
        }
        Ok(Self { columns })
    }

    /// One column.
    pub(super) fn of_slot(name: &Arc<str>, slot: SlotId) -> Self {
        let name = Arc::clone(name);
        let column =
            Named { name, slot, arrays: false, number_type: None, value: Value::Null, texts: Vec::new() };
        Self { columns: vec![column] }
    }

    /// The value of the first column.
    pub(crate) fn first(&self) -> Value {
        self.columns.first().map_or(Value::Null, |column| column.value.clone())
    }

    /// The columns.
    pub(super) fn slots(&self) -> impl Iterator<Item = SlotId> + '_ {
        self.columns.iter().map(|column| column.slot)
    }

    /// Reads the current rows.
    pub(crate) fn load(&self, source: &mut Source<'_>) -> Result<(), QueryError> {
        self.columns.iter().try_for_each(|column| source.load(column.slot))
    }

    /// Moves to a row.
    pub(crate) fn seek(&mut self, source: &Source<'_>, position: usize) -> Result<(), QueryError> {
        for column in &mut self.columns {
            column.value = match source.values(column.slot) {
                Values::Null => Value::Null,
                Values::Long(b) if b.nulls.is_null(position) => Value::Null,
                Values::Float(b) if b.nulls.is_null(position) => Value::Null,
                Values::Double(b) if b.nulls.is_null(position) => Value::Null,
                Values::Long(b) => Value::Long(b.values[position]),
                Values::Float(b) => Value::Double(f64::from(b.values[position])),
                Values::Double(b) => Value::Double(b.values[position]),
                Values::Ids(ids) => column.text(source, ids[position])?,
                Values::Multi(b) => {
                    let ids = &b.ids[b.offsets[position] as usize..b.offsets[position + 1] as usize];
                    match ids {
                        [] => Value::Null,
                        [one] => column.text(source, *one)?,
                        many => {
                            let mut items = Vec::with_capacity(many.len());
                            for id in many {
                                items.push(column.text(source, *id)?.as_string());
                            }
                            Value::StringArray(items.into())
                        }
                    }
                }
            };
        }
        Ok(())
    }

    /// Gives the only column a dictionary entry as its value.
    pub(super) fn seek_entry(&mut self, source: &Source<'_>, id: u32) -> Result<(), QueryError> {
        for column in &mut self.columns {
            column.value = whole(source, column.slot, id)?;
        }
        Ok(())
    }
}

impl Named {
    fn text(&mut self, source: &Source<'_>, id: u32) -> Result<Value, QueryError> {
        let at = id as usize;
        if self.texts.len() <= at {
            self.texts.resize(at + 1, None);
        }
        if let Some(known) = &self.texts[at] {
            return Ok(known.clone());
        }
        let value = whole(source, self.slot, id)?;
        self.texts[at] = Some(value.clone());
        Ok(value)
    }
}

/// The value of a dictionary entry.
fn whole(source: &Source<'_>, slot: SlotId, id: u32) -> Result<Value, QueryError> {
    let form: ColumnType = source.form(slot);
    Ok(source.text(slot, id)?.map_or(Value::Null, |text| decode(text, form)))
}

impl Bindings for RowValues {
    fn get(&self, name: &str) -> Value {
        let column = self.columns.iter().find(|column| column.name.as_ref() == name);
        column.map_or(Value::Null, |column| column.value.clone())
    }

    fn holds_arrays(&self, name: &str) -> bool {
        self.columns.iter().any(|column| column.arrays && column.name.as_ref() == name)
    }

    fn number_type(&self, name: &str) -> Option<ExprType> {
        self.columns.iter().find(|column| column.name.as_ref() == name)?.number_type
    }
}
