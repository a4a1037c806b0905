//! Which columns does an input field feed? Field names are found by the order in which the last record had
//! them, and by a hash where that fails.

use std::collections::HashSet;

use alluvium_segments::{ColumnType, Role};
use hashbrown::HashMap;

use crate::spec::{DataSchema, MetricInput};
use crate::states::StateMaker;

/// What a field's value goes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Target {
    /// The row's time.
    Time,
    /// A column; metrics read texts more loosely than dimensions.
    Column { index: usize, metric: bool },
    /// A column of whole values, nested or not.
    Whole { index: usize },
    /// A value that states of metrics are made of.
    Part { index: usize },
}

impl Target {
    /// The dimension of a type.
    fn dimension(index: usize, column_type: ColumnType) -> Self {
        if column_type.is_coded() { Self::Whole { index } } else { Self::Column { index, metric: false } }
    }

    /// The column it names.
    pub(crate) fn column(self) -> Option<usize> {
        match self {
            Self::Time | Self::Part { .. } => None,
            Self::Column { index, .. } | Self::Whole { index } => Some(index),
        }
    }
}

/// An input field that somebody wants.
#[derive(Debug, Clone, Default)]
pub(crate) struct Slot {
    pub(crate) targets: Vec<Target>,
    /// Found in the data, not in the spec: nested values are not taken.
    pub(crate) discovered: bool,
}

/// Fields of a record whose order is remembered; those behind are found by hash.
const MAX_ORDER: usize = 1024;

/// Bytes of a name that is remembered in the order.
const MAX_NAME: usize = 256;

/// Number of a slot.
pub(crate) type SlotId = u32;

/// What a name stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Found {
    /// A field with targets.
    Slot(SlotId),
    /// A field nobody wants.
    Skip,
    /// A field that becomes a dimension when its value is fit for it.
    New,
}

/// All fields by name.
#[derive(Debug, Clone)]
pub(crate) struct Slots {
    slots: Vec<Slot>,
    by_name: HashMap<Box<str>, SlotId>,
    excluded: HashSet<String>,
    discover: bool,
    /// Names in the order of the last record.
    order: Vec<(String, Found)>,
}

impl Slots {
    /// The fields a spec names. Columns are numbered as in [`DataSchema::schema`].
    pub(crate) fn new(data: &DataSchema, makers: &[StateMaker]) -> Self {
        let mut slots = Self {
            slots: Vec::new(),
            by_name: HashMap::new(),
            excluded: data.dimensions.exclusions.iter().cloned().collect(),
            discover: data.dimensions.discover,
            order: Vec::new(),
        };
        slots.excluded.insert(data.timestamp.column.clone());
        slots.add(&data.timestamp.column, Target::Time);
        for (index, column) in data.dimensions.columns.iter().enumerate() {
            slots.add(&column.name, Target::dimension(index, column.column_type));
        }
        for (i, metric) in data.metrics.iter().enumerate() {
            let index = data.dimensions.columns.len() + i;
            slots.excluded.insert(metric.name.clone());
            if let MetricInput::Field(field) = &metric.input {
                slots.excluded.insert(field.clone());
                slots.add(field, Target::Column { index, metric: true });
            }
        }
        for maker in makers {
            for (index, field) in maker.fields() {
                slots.excluded.insert(field.to_owned());
                slots.add(field, Target::Part { index });
            }
        }
        slots
    }

    fn add(&mut self, name: &str, target: Target) {
        let id = self.ensure(name);
        if let Some(slot) = self.slots.get_mut(id as usize) {
            slot.targets.push(target);
        }
    }

    /// The slot of a name, made when there is none.
    fn ensure(&mut self, name: &str) -> SlotId {
        if let Some(&id) = self.by_name.get(name) {
            return id;
        }
        let id = self.slots.len() as SlotId;
        self.slots.push(Slot::default());
        self.by_name.insert(name.into(), id);
        id
    }

    /// A slot for a column found in the data.
    pub(crate) fn discover(&mut self, name: &str, index: usize, column_type: ColumnType) -> SlotId {
        let id = self.ensure(name);
        if let Some(slot) = self.slots.get_mut(id as usize) {
            slot.discovered = true;
            slot.targets.push(Target::dimension(index, column_type));
        }
        // What the order said of this name is no longer so.
        for (known, found) in &mut self.order {
            if known == name {
                *found = Found::Slot(id);
            }
        }
        id
    }

    /// Forgets the slots of columns found in the data from number `columns` on.
    pub(crate) fn forget(&mut self, columns: usize) {
        let gone = |slot: &Slot| {
            slot.discovered
                && slot
                    .targets
                    .first()
                    .and_then(|target| target.column())
                    .is_some_and(|index| index >= columns)
        };
        while self.slots.last().is_some_and(gone) {
            self.slots.pop();
        }
        let left = self.slots.len() as SlotId;
        self.by_name.retain(|_, id| *id < left);
        for (_, found) in &mut self.order {
            if matches!(found, Found::Slot(id) if *id >= left) {
                *found = Found::New;
            }
        }
    }

    /// A slot by number.
    pub(crate) fn get(&self, id: SlotId) -> Option<&Slot> {
        self.slots.get(id as usize)
    }

    /// What `name` stands for, as the field at position `at` of its record.
    pub(crate) fn find_at(&mut self, at: usize, name: &str) -> Found {
        if let Some((known, found)) = self.order.get(at)
            && known == name
        {
            return *found;
        }
        let found = self.find(name);
        if name.len() > MAX_NAME {
            return found;
        }
        if let Some((known, said)) = self.order.get_mut(at) {
            known.clear();
            known.push_str(name);
            *said = found;
        } else if at == self.order.len() && at < MAX_ORDER {
            self.order.push((name.to_owned(), found));
        }
        found
    }

    /// What `name` stands for.
    pub(crate) fn find(&self, name: &str) -> Found {
        match self.by_name.get(name) {
            Some(&id) => Found::Slot(id),
            None if self.discover && !self.excluded.contains(name) => Found::New,
            None => Found::Skip,
        }
    }
}

/// The type of a column a target names, and whether it counts rows.
pub(crate) fn counts_rows(role: &Role, column_type: ColumnType) -> bool {
    matches!(role, Role::Metric { function: alluvium_segments::MetricFunction::Count, .. })
        && column_type == ColumnType::Long
}
