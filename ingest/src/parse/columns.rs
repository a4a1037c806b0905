//! How do whole columns of fields become rows at once? Times first, which say what rows are kept; then each column
//! for itself. The rows, the errors and their order are those of the same fields put row by row.

use std::sync::Arc;

use alluvium_segments::time::Millis;
use alluvium_segments::{BatchColumn, CodedBatch, NumericBatch};
use arrow::array::{Array, AsArray};
use arrow::buffer::NullBuffer;
use arrow::datatypes::{Float64Type, Int64Type};

use super::builder::{RowBuilder, Stamp};
use super::cells::Cells;
use super::coerce::Numeric;
use super::field::Field;
use super::put::{put_column, put_whole, stamp};
use super::record::{Outcome, Reject};
use super::slots::{Found, Slot, Target};

/// Rows of the batch that are kept.
enum Kept {
    /// The first so many: all of them.
    All(usize),
    /// These, in ascending order.
    Some(Vec<usize>),
}

impl Kept {
    fn len(&self) -> usize {
        match self {
            Self::All(rows) => *rows,
            Self::Some(rows) => rows.len(),
        }
    }

    fn iter(&self) -> impl Iterator<Item = usize> {
        let (all, some) = match self {
            Self::All(rows) => (0..*rows, &[][..]),
            Self::Some(rows) => (0..0, rows.as_slice()),
        };
        all.chain(some.iter().copied())
    }
}

impl RowBuilder {
    /// Appends `count` rows of the fields `names`, whose values are `cells`; between two rows only.
    pub(super) fn put_columns(
        &mut self,
        names: &[&str],
        cells: &[Cells],
        count: usize,
        rejects: &mut Vec<Reject>,
    ) -> Outcome {
        for (at, name) in names.iter().enumerate() {
            self.slots.find_at(at, name);
        }
        let before = self.time.len();
        let mut problems: Vec<(usize, Reject)> = Vec::new();
        let (kept, mut outcome) = self.put_times(names, cells, count, &mut problems);
        self.discover_columns(names, cells, &kept);
        for (name, cells) in names.iter().zip(cells) {
            let Found::Slot(id) = self.slots.find(name) else { continue };
            let Some(slot) = self.slots.get(id).cloned() else { continue };
            self.put_slot(&slot, cells, before, &kept, &mut problems);
        }
        self.fill(before, kept.len());
        problems.sort_by_key(|(row, _)| *row);
        let mut last = None;
        for (row, reject) in problems {
            if reject.kind.row_kept() && last != Some(row) {
                outcome.rows_with_error += 1;
                last = Some(row);
            }
            rejects.push(reject);
        }
        outcome
    }

    /// Reads the times of all rows and appends those of the kept ones.
    fn put_times(
        &mut self,
        names: &[&str],
        cells: &[Cells],
        count: usize,
        problems: &mut Vec<(usize, Reject)>,
    ) -> (Kept, Outcome) {
        let is_time = |name: &&str| {
            let Found::Slot(id) = self.slots.find(name) else { return false };
            self.slots.get(id).is_some_and(|slot| slot.targets.contains(&Target::Time))
        };
        let cells = names.iter().rposition(is_time).and_then(|at| cells.get(at)).unwrap_or(&Cells::Null);
        let mut outcome = Outcome::default();
        let mut rows = Vec::new();
        self.time.reserve(count);
        for row in 0..count {
            let stamp = match cells {
                Cells::Long(array) if array.is_valid(row) => {
                    let value = array.as_primitive::<Int64Type>().value(row);
                    self.timestamp.long(value).map_or_else(|| Stamp::Bad(value.to_string()), Stamp::At)
                }
                other => stamp(&self.timestamp, &other.get(row)),
            };
            match self.accept(stamp) {
                Ok(Some(time)) => {
                    self.states.push_time(time);
                    let time: Millis = self.truncated(time);
                    self.time.push(time);
                    rows.push(row);
                }
                Ok(None) => outcome.thrown_away += 1,
                Err(reject) => {
                    outcome.unparseable += 1;
                    problems.push((row, reject));
                }
            }
        }
        outcome.rows = rows.len() as u64;
        (if rows.len() == count { Kept::All(count) } else { Kept::Some(rows) }, outcome)
    }

    /// Makes dimensions of the fields that are new, in the order in which kept rows show them.
    fn discover_columns(&mut self, names: &[&str], cells: &[Cells], kept: &Kept) {
        let mut new: Vec<(usize, usize)> = Vec::new();
        for (at, (name, cells)) in names.iter().zip(cells).enumerate() {
            if self.slots.find(name) == Found::New
                && let Some(row) = kept.iter().find(|row| self.is_fit(&cells.get(*row)))
            {
                new.push((row, at));
            }
        }
        new.sort_unstable();
        for (row, at) in new {
            let (name, found) = (names[at], self.slots.find(names[at]));
            self.slot_for(found, name, &cells[at].get(row));
        }
    }

    /// Appends a column of fields to every column it feeds.
    fn put_slot(
        &mut self,
        slot: &Slot,
        cells: &Cells,
        before: usize,
        kept: &Kept,
        problems: &mut Vec<(usize, Reject)>,
    ) {
        for target in &slot.targets {
            let (index, metric) = match *target {
                Target::Time => continue,
                Target::Whole { index } => {
                    for (at, row) in kept.iter().enumerate() {
                        put_whole(&mut self.columns, index, before + at, &cells.get(row));
                    }
                    continue;
                }
                Target::Part { index } => {
                    for (at, row) in kept.iter().enumerate() {
                        let problem = self.states.put(index, before + at, &cells.get(row), &self.schema);
                        problems.extend(problem.map(|problem| (row, problem)));
                    }
                    continue;
                }
                Target::Column { index, metric } => (index, metric),
            };
            let Some(column) = self.columns.get_mut(index) else { continue };
            // A field given twice: the later column counts.
            column.truncate(before);
            if append_whole(column, cells, kept) {
                continue;
            }
            for (at, row) in kept.iter().enumerate() {
                let field = cells.get(row);
                let nested = slot.discovered
                    && matches!(field, Field::Map(_) | Field::List(_))
                    && !field.is_flat_list();
                let field = if nested { &Field::Null } else { &field };
                let (columns, rows) = (&mut self.columns, before + at);
                put_column(columns, index, rows, field, metric, &self.schema, &mut self.problems);
                problems.extend(self.problems.drain(..).map(|problem| (row, problem)));
            }
        }
    }
}

/// Appends all kept rows where no value has to be read; `false` otherwise, with nothing done.
fn append_whole(column: &mut BatchColumn, cells: &Cells, kept: &Kept) -> bool {
    match (column, cells) {
        (column, Cells::Null) => (0..kept.len()).for_each(|_| column.push_null()),
        (BatchColumn::Long(to), Cells::Long(array)) => longs(to, array, kept),
        (BatchColumn::Float(to), Cells::Long(array)) => longs(to, array, kept),
        (BatchColumn::Double(to), Cells::Long(array)) => longs(to, array, kept),
        (BatchColumn::Long(to), Cells::Double(array)) => doubles(to, array, kept),
        (BatchColumn::Float(to), Cells::Double(array)) => doubles(to, array, kept),
        (BatchColumn::Double(to), Cells::Double(array)) => doubles(to, array, kept),
        (column, Cells::Coded(keys, texts)) => {
            if let BatchColumn::String(empty) = column
                && empty.row_ends.is_empty()
            {
                *column = BatchColumn::Coded(CodedBatch { texts: Arc::clone(texts), codes: Vec::new() });
            }
            let BatchColumn::Coded(to) = column else { return false };
            if !Arc::ptr_eq(&to.texts, texts) {
                return false;
            }
            let (values, nulls) = (keys.values(), keys.nulls());
            let code = |row: usize| match nulls {
                Some(nulls) if nulls.is_null(row) => 0,
                _ => values[row] as u32 + 1,
            };
            match (kept, nulls) {
                (Kept::All(_), None) => to.codes.extend(values.iter().map(|key| *key as u32 + 1)),
                _ => to.codes.extend(kept.iter().map(code)),
            }
        }
        _ => return false,
    }
    true
}

fn longs<T: Numeric>(to: &mut NumericBatch<T>, array: &dyn Array, kept: &Kept) {
    numbers(to, array.as_primitive::<Int64Type>().values(), array.nulls(), kept, T::from_long);
}

fn doubles<T: Numeric>(to: &mut NumericBatch<T>, array: &dyn Array, kept: &Kept) {
    numbers(to, array.as_primitive::<Float64Type>().values(), array.nulls(), kept, T::from_double);
}

fn numbers<S: Copy, T: Numeric>(
    to: &mut NumericBatch<T>,
    values: &[S],
    nulls: Option<&NullBuffer>,
    kept: &Kept,
    cast: impl Fn(S) -> T,
) {
    match (kept, nulls) {
        (Kept::All(_), None) => to.values.extend(values.iter().map(|v| cast(*v))),
        (_, None) => to.values.extend(kept.iter().map(|row| cast(values[row]))),
        (_, Some(nulls)) => {
            let value = |row: usize| nulls.is_valid(row).then(|| cast(values[row]));
            return kept.iter().for_each(|row| to.push(value(row)));
        }
    }
    to.nulls.push_valid(kept.len());
}
#[cfg(test)]
mod tests;
