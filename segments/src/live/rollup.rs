//! How do rows with equal time and dimensions become one while they are still private to the writer? A row's
//! key is a run of words (time, then ids and bits of the dimensions); equal keys share a group number.

use std::hash::BuildHasher;

use hashbrown::{DefaultHashBuilder, HashMap, HashTable};

use super::column::ColumnData;
use super::ids::Ids;
use super::number::Number;
use crate::{MetricFunction, NumericBatch, Role, Schema, Storage};

/// A dimension's place in the key.
#[derive(Debug)]
struct KeyPart {
    /// Column, `__time` being 0.
    column: usize,
    /// First word.
    at: usize,
    /// Numbers of lists of ids, counted down from `u32::MAX`, where no id is.
    lists: HashMap<Box<[u32]>, u32>,
}

/// The groups of the rows in the tail: group `g` is row `g` of the tail.
#[derive(Debug)]
pub(crate) struct Rollup {
    parts: Vec<KeyPart>,
    /// Metric columns and how they combine.
    metrics: Vec<(usize, MetricFunction)>,
    /// Words a key.
    width: usize,
    hasher: DefaultHashBuilder,
    /// Hash and group.
    table: HashTable<(u64, u32)>,
    /// Keys of the groups, one after the other.
    keys: Vec<u32>,
    groups: u32,
    scratch: Scratch,
}

/// Reused between batches.
#[derive(Debug, Default)]
struct Scratch {
    /// Keys of the incoming rows.
    keys: Vec<u32>,
    /// Incoming rows that begin a group.
    new: Vec<u32>,
    /// Other incoming rows, and their groups.
    repeated: Vec<(u32, u32)>,
}

/// Words a number takes in a key: its bits, and whether it is null.
const NUMBER_WORDS: usize = 3;

impl Rollup {
    pub(crate) fn new(schema: &Schema) -> Self {
        let (mut parts, mut metrics) = (Vec::new(), Vec::new());
        let mut width = 2;
        for (i, spec) in schema.columns.iter().enumerate() {
            match spec.role {
                Role::Metric { function, .. } => metrics.push((i + 1, function)),
                Role::Dimension(_) => {
                    parts.push(KeyPart { column: i + 1, at: width, lists: HashMap::new() });
                    width += if spec.column_type.storage() == Storage::Texts { 1 } else { NUMBER_WORDS };
                }
            }
        }
        Self {
            parts,
            metrics,
            width,
            hasher: DefaultHashBuilder::default(),
            table: HashTable::new(),
            keys: Vec::new(),
            groups: 0,
            scratch: Scratch::default(),
        }
    }

    /// Bytes of memory it takes, about.
    pub(crate) fn size(&self) -> usize {
        let words = self.keys.capacity() + self.scratch.keys.capacity();
        self.table.allocation_size() + words * size_of::<u32>()
    }

    /// Forgets the groups: the tail was emptied.
    pub(crate) fn clear(&mut self) {
        self.table.clear();
        self.keys.clear();
        self.groups = 0;
        self.parts.iter_mut().for_each(|p| p.lists.clear());
    }

    /// Combines `rows` incoming rows into the tail; returns by how many rows the tail grew.
    pub(crate) fn absorb(&mut self, incoming: &[ColumnData], rows: usize, tail: &mut [ColumnData]) -> usize {
        self.make_keys(incoming, rows);
        self.assign(rows);
        for (to, from) in tail.iter_mut().zip(incoming) {
            to.extend_gather(from, &self.scratch.new);
        }
        for (column, function) in &self.metrics {
            match (&mut tail[*column], &incoming[*column]) {
                // States become one when all of them are known: see `merges`.
                (ColumnData::String(_), ColumnData::String(_)) => {}
                (ColumnData::Long(to), ColumnData::Long(from)) => self.combine(*function, from, to),
                (ColumnData::Float(to), ColumnData::Float(from)) => self.combine(*function, from, to),
                (ColumnData::Double(to), ColumnData::Double(from)) => self.combine(*function, from, to),
                _ => debug_assert!(false, "a metric that is no number"),
            }
        }
        self.scratch.new.len()
    }

    /// The states of the last incoming rows that have to become one: of each group met again its own and those of
    /// the rows, nulls left out, in their order.
    pub(crate) fn merges(&self, from: &Ids, tail: &Ids) -> Vec<(u32, Vec<u32>)> {
        let (Some(from), Some(known)) = (from.single(), tail.single()) else { return Vec::new() };
        let mut repeated: Vec<(u32, u32)> =
            self.scratch.repeated.iter().map(|(row, group)| (*group, *row)).collect();
        repeated.sort_unstable();
        let runs = repeated.chunk_by(|a, b| a.0 == b.0).map(|run| {
            let group = run[0].0;
            let own = known.get(group as usize).copied().unwrap_or(0);
            let states = std::iter::once(own).chain(run.iter().map(|(_, row)| from[*row as usize]));
            (group, states.filter(|id| *id != 0).collect::<Vec<u32>>())
        });
        runs.filter(|(_, states)| !states.is_empty()).collect()
    }

    /// The metrics that are merged, by column.
    pub(crate) fn merged(&self) -> impl Iterator<Item = usize> {
        self.metrics.iter().filter(|(_, f)| *f == MetricFunction::Merge).map(|(column, _)| *column)
    }

    fn make_keys(&mut self, incoming: &[ColumnData], rows: usize) {
        let (width, keys) = (self.width, &mut self.scratch.keys);
        keys.clear();
        keys.resize(rows * width, 0);
        if let Some(ColumnData::Long(time)) = incoming.first() {
            for (key, t) in keys.chunks_exact_mut(width).zip(&time.values) {
                key[..2].copy_from_slice(&t.key_words());
            }
        }
        for part in &mut self.parts {
            let at = part.at;
            match &incoming[part.column] {
                ColumnData::Long(numbers) => number_keys(numbers, keys, width, at),
                ColumnData::Float(numbers) => number_keys(numbers, keys, width, at),
                ColumnData::Double(numbers) => number_keys(numbers, keys, width, at),
                ColumnData::String(ids) => {
                    let keys = keys.chunks_exact_mut(width);
                    if let Some(single) = ids.single() {
                        keys.zip(single).for_each(|(key, id)| key[at] = *id);
                    } else {
                        keys.enumerate().for_each(|(row, key)| key[at] = part.word(ids.row(row)));
                    }
                }
            }
        }
    }

    /// Gives each incoming row a group.
    fn assign(&mut self, rows: usize) {
        let Scratch { keys, new, repeated } = &mut self.scratch;
        new.clear();
        repeated.clear();
        let width = self.width;
        for row in 0..rows {
            let key = &keys[row * width..(row + 1) * width];
            let hash = self.hasher.hash_one(key);
            let groups = &self.keys;
            let same = |group: u32| groups[group as usize * width..][..width] == *key;
            if let Some((_, group)) = self.table.find(hash, |(h, group)| *h == hash && same(*group)) {
                repeated.push((row as u32, *group));
                continue;
            }
            self.table.insert_unique(hash, (hash, self.groups), |(h, _)| *h);
            self.keys.extend_from_slice(key);
            self.groups += 1;
            new.push(row as u32);
        }
    }

    fn combine<T: Number>(&self, function: MetricFunction, from: &NumericBatch<T>, to: &mut NumericBatch<T>) {
        let no_nulls = !from.nulls.any() && !to.nulls.any();
        for (row, group) in &self.scratch.repeated {
            let (row, group) = (*row as usize, *group as usize);
            if no_nulls {
                to.values[group] = to.values[group].combine(function, from.values[row]);
            } else if from.nulls.is_null(row) {
                continue;
            } else if to.nulls.is_null(group) {
                to.values[group] = from.values[row];
                to.nulls.set_valid(group);
            } else {
                to.values[group] = to.values[group].combine(function, from.values[row]);
            }
        }
    }
}

impl KeyPart {
    /// The word for the ids of a row: the id itself, or a number for the list.
    fn word(&mut self, row: &[u32]) -> u32 {
        match row {
            [] => 0,
            [id] if *id != 0 => *id,
            list => match self.lists.get(list) {
                Some(word) => *word,
                None => {
                    let word = u32::MAX - self.lists.len() as u32;
                    self.lists.insert(list.into(), word);
                    word
                }
            },
        }
    }
}

fn number_keys<T: Number>(numbers: &NumericBatch<T>, keys: &mut [u32], width: usize, at: usize) {
    for (key, value) in keys.chunks_exact_mut(width).zip(&numbers.values) {
        key[at..at + 2].copy_from_slice(&value.key_words());
    }
    if numbers.nulls.any() {
        for (row, key) in keys.chunks_exact_mut(width).enumerate() {
            if numbers.nulls.is_null(row) {
                // Whatever value stands under a null.
                key[at..at + NUMBER_WORDS].copy_from_slice(&[0, 0, 1]);
            }
        }
    }
}
