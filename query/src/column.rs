//! In what form do results leave the engine? Typed columns: numbers with nulls, texts by id into a table of
//! distinct texts, lists of texts.

use std::cmp::Ordering;
use std::hash::{BuildHasher, RandomState};

use alluvium_expression::{
    Value, compare_doubles, compare_text, decode, double_text, encode, float_text, parse_double, parse_long,
};
use alluvium_segments::{ColumnType, NumericBlock};
use hashbrown::HashTable;

use crate::group::mix;

/// Texts by number from 1; 0 stands for null. One arena.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TextTable {
    bytes: String,
    ends: Vec<usize>,
}

impl TextTable {
    /// Number of texts; ids are `0..=len()`.
    #[must_use]
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Whether only null can be named.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// The text of an id; `None` for 0 (null).
    #[must_use]
    pub fn get(&self, id: u32) -> Option<&str> {
        let i = (id as usize).checked_sub(1)?;
        let end = *self.ends.get(i)?;
        let start = if i == 0 { 0 } else { *self.ends.get(i - 1)? };
        self.bytes.get(start..end)
    }

    /// Appends another table; its ids (but 0) move up by what is returned.
    pub(crate) fn append(&mut self, other: &Self) -> u32 {
        let (shift, start) = (self.len() as u32, self.bytes.len());
        self.bytes.push_str(&other.bytes);
        self.ends.extend(other.ends.iter().map(|end| end + start));
        shift
    }

    /// Appends a text without looking whether it is known; returns its id.
    pub(crate) fn push(&mut self, text: &str) -> u32 {
        self.bytes.push_str(text);
        self.ends.push(self.bytes.len());
        self.ends.len() as u32
    }
}

/// Hashes texts with a secret of its own.
#[derive(Debug, Clone, Copy)]
pub(crate) struct TextHash(u64);

impl Default for TextHash {
    fn default() -> Self {
        Self(RandomState::new().hash_one(0))
    }
}

impl TextHash {
    /// The hash of a text: eight bytes a step, mixed as wyhash does.
    #[inline]
    pub(crate) fn of(self, text: &str) -> u64 {
        let (words, rest) = text.as_bytes().as_chunks::<8>();
        let step = |hash: u64, word: u64| mix(hash.rotate_left(23) ^ word);
        let hash = words.iter().fold(self.0, |hash, word| step(hash, u64::from_le_bytes(*word)));
        let rest = rest.iter().rev().fold(rest.len() as u64, |word, byte| word << 8 | u64::from(*byte));
        step(hash, rest)
    }
}

/// A [`TextTable`] that finds texts it has.
#[derive(Debug, Clone, Default)]
pub(crate) struct TextInterner {
    pub(crate) table: TextTable,
    known: HashTable<u32>,
    hash: TextHash,
}

impl TextInterner {
    /// That hashes in this way.
    pub(crate) fn hashing(hash: TextHash) -> Self {
        Self { hash, ..Self::default() }
    }

    /// The id of a text that is known.
    pub(crate) fn find(&self, text: &str) -> Option<u32> {
        self.known.find(self.hash.of(text), |id| self.table.get(*id) == Some(text)).copied()
    }

    /// The id of a text, new or known; null is 0.
    pub(crate) fn intern(&mut self, text: Option<&str>) -> u32 {
        text.map_or(0, |text| self.intern_hashed(self.hash.of(text), text))
    }

    /// The same of a text whose hash is known.
    pub(crate) fn intern_hashed(&mut self, hash: u64, text: &str) -> u32 {
        if let Some(id) = self.known.find(hash, |id| self.table.get(*id) == Some(text)) {
            return *id;
        }
        let id = self.table.push(text);
        let (table, hash_of) = (&self.table, self.hash);
        self.known.insert_unique(hash, id, |id| hash_of.of(table.get(*id).unwrap_or_default()));
        id
    }
}

/// One text a row.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TextColumn {
    /// What ids mean.
    pub table: TextTable,
    /// An id a row.
    pub ids: Vec<u32>,
}

impl TextColumn {
    /// What stands for the same values in another type.
    pub(crate) fn recode(self, from: ColumnType, to: ColumnType) -> ColumnData {
        if from == to || !(from.is_coded() || to.is_coded()) {
            return ColumnData::Texts(self).cast(to);
        }
        let values: Vec<Value> = (0..self.ids.len())
            .map(|row| self.get(row).map_or(Value::Null, |text| decode(text, from)))
            .collect();
        if to.is_numeric() {
            return ColumnData::from_values(&values).cast(to);
        }
        let mut texts = TextInterner::default();
        let ids = values.iter().map(|value| texts.intern(encode(value, to).as_deref())).collect();
        ColumnData::Texts(Self { table: texts.table, ids })
    }

    /// The text of a row.
    #[must_use]
    pub fn get(&self, row: usize) -> Option<&str> {
        self.table.get(*self.ids.get(row)?)
    }
}

/// Any number of texts a row. No texts: the row is null.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TextListColumn {
    /// What ids mean.
    pub table: TextTable,
    /// Row `i` has `ids[offsets[i]..offsets[i + 1]]`.
    pub offsets: Vec<u32>,
    /// Ids of all rows.
    pub ids: Vec<u32>,
}

impl TextListColumn {
    /// The ids of a row.
    #[must_use]
    pub fn row(&self, row: usize) -> &[u32] {
        let at = |i: usize| self.offsets.get(i).map_or(0, |o| *o as usize);
        self.ids.get(at(row)..at(row + 1)).unwrap_or_default()
    }
}

/// Values of one result column.
#[derive(Debug, Clone)]
pub enum ColumnData {
    /// 64-bit integers.
    Longs(NumericBlock<i64>),
    /// 32-bit floats.
    Floats(NumericBlock<f32>),
    /// 64-bit floats.
    Doubles(NumericBlock<f64>),
    /// Texts.
    Texts(TextColumn),
    /// Lists of texts (multi-value dimensions in row results).
    TextLists(TextListColumn),
}

/// A value of a result, borrowed.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Datum<'c> {
    /// Null.
    Null,
    /// Integer.
    Long(i64),
    /// 32-bit float.
    Float(f32),
    /// 64-bit float.
    Double(f64),
    /// Text.
    Text(&'c str),
}

impl Datum<'_> {
    /// The value as a double, as Druid's arithmetic sees it; texts are parsed.
    #[must_use]
    pub fn as_f64(&self) -> Option<f64> {
        match self {
            Self::Null => None,
            Self::Long(v) => Some(*v as f64),
            Self::Float(v) => Some(f64::from(*v)),
            Self::Double(v) => Some(*v),
            Self::Text(text) => parse_double(text),
        }
    }

    /// The value as a long: doubles are cut, texts parsed.
    #[must_use]
    pub fn as_i64(&self) -> Option<i64> {
        match self {
            Self::Null => None,
            Self::Long(v) => Some(*v),
            Self::Float(v) => Some(*v as i64),
            Self::Double(v) => Some(*v as i64),
            Self::Text(text) => parse_long(text).or_else(|| parse_double(text).map(|d| d as i64)),
        }
    }

    /// The value as Druid prints it.
    #[must_use]
    pub fn to_text(&self) -> Option<String> {
        match self {
            Self::Null => None,
            Self::Long(v) => Some(v.to_string()),
            Self::Float(v) => Some(float_text(*v)),
            Self::Double(v) => Some(double_text(*v)),
            Self::Text(text) => Some((*text).to_owned()),
        }
    }

    /// Whether it is null.
    #[must_use]
    pub fn is_null(&self) -> bool {
        matches!(self, Self::Null)
    }

    /// By type: numbers as numbers, texts in Druid's string order, nulls first.
    #[must_use]
    pub fn compare(&self, other: &Self) -> Ordering {
        match (self, other) {
            (Self::Null, Self::Null) => Ordering::Equal,
            (Self::Null, _) => Ordering::Less,
            (_, Self::Null) => Ordering::Greater,
            (Self::Long(a), Self::Long(b)) => a.cmp(b),
            (Self::Text(a), Self::Text(b)) => compare_text(a, b),
            (a, b) => compare_doubles(a.as_f64().unwrap_or(f64::NAN), b.as_f64().unwrap_or(f64::NAN)),
        }
    }
}

impl ColumnData {
    /// Number of rows.
    #[must_use]
    pub fn len(&self) -> usize {
        match self {
            Self::Longs(b) => b.values.len(),
            Self::Floats(b) => b.values.len(),
            Self::Doubles(b) => b.values.len(),
            Self::Texts(c) => c.ids.len(),
            Self::TextLists(c) => c.offsets.len().saturating_sub(1),
        }
    }

    /// Whether there are no rows.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Which rows are null, for numbers of which some are.
    pub(crate) fn null_flags(&self) -> Option<Vec<bool>> {
        let nulls = match self {
            Self::Longs(b) => &b.nulls,
            Self::Floats(b) => &b.nulls,
            Self::Doubles(b) => &b.nulls,
            Self::Texts(_) | Self::TextLists(_) => return None,
        };
        nulls.any().then(|| (0..self.len()).map(|row| nulls.is_null(row)).collect())
    }

    /// The value of a row. A list of one text is that text, an empty one null; longer lists are not values
    /// (null here; see [`ColumnData::list`]).
    #[must_use]
    pub fn get(&self, row: usize) -> Datum<'_> {
        fn number<T: Copy>(block: &NumericBlock<T>, row: usize) -> Option<T> {
            if block.nulls.is_null(row) { None } else { block.values.get(row).copied() }
        }
        match self {
            Self::Longs(b) => number(b, row).map_or(Datum::Null, Datum::Long),
            Self::Floats(b) => number(b, row).map_or(Datum::Null, Datum::Float),
            Self::Doubles(b) => number(b, row).map_or(Datum::Null, Datum::Double),
            Self::Texts(c) => c.get(row).map_or(Datum::Null, Datum::Text),
            Self::TextLists(c) => match c.row(row) {
                [one] => c.table.get(*one).map_or(Datum::Null, Datum::Text),
                _ => Datum::Null,
            },
        }
    }

    /// The texts of a row when it has more than one.
    #[must_use]
    pub fn list(&self, row: usize) -> Option<Vec<Option<&str>>> {
        match self {
            Self::TextLists(c) if c.row(row).len() > 1 => {
                Some(c.row(row).iter().map(|id| c.table.get(*id)).collect())
            }
            _ => None,
        }
    }

    /// Makes it `rows` long with nulls.
    pub(crate) fn grow_null(&mut self, rows: usize) {
        let missing = rows.saturating_sub(self.len());
        match self {
            Self::Longs(b) => grow(b, missing),
            Self::Floats(b) => grow(b, missing),
            Self::Doubles(b) => grow(b, missing),
            Self::Texts(c) => c.ids.resize(c.ids.len() + missing, 0),
            Self::TextLists(c) => {
                let end = c.ids.len() as u32;
                c.offsets.resize((rows + 1).max(c.offsets.len()), end);
            }
        }
    }

    /// The rows of both. Of different types: nulls for the other's rows (does not happen within one plan).
    pub(crate) fn concat(&self, other: &Self) -> Self {
        let mut out = self.clone();
        out.append(other);
        out
    }

    /// Adds the rows of another, as [`ColumnData::concat`] does.
    pub(crate) fn append(&mut self, other: &Self) {
        match (&mut *self, other) {
            (Self::Longs(a), Self::Longs(b)) => append(a, b),
            (Self::Floats(a), Self::Floats(b)) => append(a, b),
            (Self::Doubles(a), Self::Doubles(b)) => append(a, b),
            (Self::Texts(a), Self::Texts(b)) => {
                let shift = a.table.append(&b.table);
                a.ids.extend(b.ids.iter().map(|id| if *id == 0 { 0 } else { id + shift }));
            }
            (Self::TextLists(a), Self::TextLists(b)) => {
                let shift = a.table.append(&b.table);
                for row in 0..b.offsets.len().saturating_sub(1) {
                    a.ids.extend(b.row(row).iter().map(|id| if *id == 0 { 0 } else { id + shift }));
                    a.offsets.push(a.ids.len() as u32);
                }
            }
            (out, other) => out.grow_null(out.len() + other.len()),
        }
    }

    /// The rows of both; those of another type are cast to this one's.
    pub(crate) fn concat_any(&self, other: &Self) -> Self {
        use alluvium_segments::ColumnType;
        match (self, other) {
            (Self::Longs(_), _) => self.concat(&other.clone().cast(ColumnType::Long)),
            (Self::Floats(_), _) => self.concat(&other.clone().cast(ColumnType::Float)),
            (Self::Doubles(_), _) => self.concat(&other.clone().cast(ColumnType::Double)),
            (Self::Texts(_) | Self::TextLists(_), _) => self.as_lists().concat(&other.as_lists()),
        }
    }

    /// Texts as lists of none or one.
    fn as_lists(&self) -> Self {
        match self {
            Self::TextLists(_) => self.clone(),
            Self::Texts(c) => {
                let mut out = TextListColumn { table: c.table.clone(), offsets: vec![0], ids: Vec::new() };
                for id in &c.ids {
                    out.ids.extend((*id != 0).then_some(*id));
                    out.offsets.push(out.ids.len() as u32);
                }
                Self::TextLists(out)
            }
            other => other.clone().cast(alluvium_segments::ColumnType::String).as_lists(),
        }
    }

    /// The rows given by number, in that order.
    #[must_use]
    pub fn take(&self, rows: &[u32]) -> Self {
        fn numbers<T: Copy + Default>(block: &NumericBlock<T>, rows: &[u32]) -> NumericBlock<T> {
            let mut out = NumericBlock::default();
            for row in rows {
                out.values.push(block.values.get(*row as usize).copied().unwrap_or_default());
                out.nulls.push(block.nulls.is_null(*row as usize));
            }
            out
        }
        match self {
            Self::Longs(b) => Self::Longs(numbers(b, rows)),
            Self::Floats(b) => Self::Floats(numbers(b, rows)),
            Self::Doubles(b) => Self::Doubles(numbers(b, rows)),
            Self::Texts(c) => {
                let ids = rows.iter().map(|r| c.ids.get(*r as usize).copied().unwrap_or(0)).collect();
                Self::Texts(TextColumn { table: c.table.clone(), ids })
            }
            Self::TextLists(c) => {
                let mut out = TextListColumn { table: c.table.clone(), offsets: vec![0], ids: Vec::new() };
                for row in rows {
                    out.ids.extend_from_slice(c.row(*row as usize));
                    out.offsets.push(out.ids.len() as u32);
                }
                Self::TextLists(out)
            }
        }
    }
}

fn grow<T: Copy + Default>(block: &mut NumericBlock<T>, rows: usize) {
    block.values.resize(block.values.len() + rows, T::default());
    block.nulls.push_null(rows);
}

fn append<T: Copy>(to: &mut NumericBlock<T>, from: &NumericBlock<T>) {
    to.values.extend_from_slice(&from.values);
    to.nulls.extend_from(&from.nulls, 0..from.values.len());
}

/// A named column of a result.
#[derive(Debug, Clone)]
pub struct ResultColumn {
    /// Output name.
    pub name: String,
    /// Its values.
    pub data: ColumnData,
}
