//! What number does a dimension's value have within this segment? Dictionary ids as they are, or mapped once an
//! entry where values are transformed; longs by their distance from the smallest; other numbers interned.

mod codes;
mod common;
mod plain;

use std::borrow::Cow;
use std::sync::Arc;

use alluvium_expression::{Value, double_text, encode, float_text, parse_number};
use alluvium_segments::{ColumnType, NullMask, NumericBlock, Segment, Storage};

pub(crate) use codes::Codes;
pub(crate) use common::Common;

use codes::{intern, multi_codes, offset_codes};

use super::keep::Transforms;
use super::source::{Kind, Origin, SlotId, Source, Values};
use crate::QueryError;
use crate::column::{ColumnData, Datum, TextColumn, TextInterner};
use crate::group::NarrowTable;
use crate::partial::Space;
use crate::plan::{DimensionPlan, Input};
use crate::post::value_of;

/// Mapped code of a value not seen yet.
const UNKNOWN: u32 = u32::MAX;
/// Code of a value that is dropped.
pub(super) const DROPPED: u32 = u32::MAX - 1;
/// Ranges of longs up to this size become codes of 32 bits by subtraction.
const MAX_OFFSET: u64 = 1 << 24;
/// Ranges of longs up to this size become keys by subtraction.
const MAX_KEY: i128 = (1 << 64) - 4;
/// Possible codes of dictionaries that grow while they are read.
const GROWING: u64 = 1 << 31;

/// A dimension of one segment.
#[derive(Debug)]
pub(crate) struct Key<'p> {
    plan: &'p DimensionPlan,
    slot: SlotId,
    raw: Raw,
    mapping: Option<Mapping<'p>>,
}

/// How a value becomes a raw code; 0 is null.
#[derive(Debug)]
enum Raw {
    /// The dictionary id.
    Ids,
    /// Value minus `min` plus 1; more than [`MAX_OFFSET`] only in keys made by [`Key::add_words`].
    Offset { min: i64, possible: u64 },
    /// Bits of the number, interned, plus 1.
    Interned { table: NarrowTable, kind: Kind },
    /// Always null.
    Null,
}

/// Raw codes to ids of transformed texts.
#[derive(Debug)]
struct Mapping<'p> {
    transforms: Transforms<'p>,
    known: Vec<u32>,
    texts: TextInterner,
    /// Codes that stand for texts the transforms do not apply to, and why not.
    refused: Vec<(u32, String)>,
}

impl<'p> Key<'p> {
    pub(crate) fn new(plan: &'p DimensionPlan, source: &mut Source<'_>) -> Result<Self, QueryError> {
        // An array that is one value is not the values in it.
        // A number that an expression makes of several values is none.
        let computes = matches!(plan.input, Input::Expression(_)) && !plan.drop_empty;
        let coded =
            Some(plan.output_type).filter(|output| output.is_coded() || computes && output.is_numeric());
        let slot = source.input_as(&plan.input, coded)?;
        let (form, wanted) = (source.form(slot), plan.output_type);
        let has_texts = matches!(source.kind(slot), Kind::Ids | Kind::Multi);
        let recodes = has_texts && form != wanted && (form.is_coded() || wanted.is_coded());
        let mapping = if plan.transforms.is_empty() && !recodes {
            None
        } else {
            let mut transforms = Transforms::new(&plan.transforms)?;
            if recodes {
                let texts = if wanted.is_coded() { wanted } else { ColumnType::String };
                transforms = transforms.recoding(form, texts);
            }
            Some(Mapping {
                transforms,
                known: Vec::new(),
                texts: TextInterner::default(),
                refused: Vec::new(),
            })
        };
        let raw = match source.kind(slot) {
            Kind::Null => Raw::Null,
            Kind::Ids | Kind::Multi => Raw::Ids,
            kind @ (Kind::Float | Kind::Double) => Raw::Interned { table: NarrowTable::default(), kind },
            Kind::Long => offset(source.origin(slot)).unwrap_or_else(Raw::longs),
        };
        let mut key = Self { plan, slot, raw, mapping };
        if key.mapping.is_some() {
            key.narrow();
        }
        Ok(key)
    }

    /// Makes its codes fit 32 bits.
    pub(crate) fn narrow(&mut self) {
        if matches!(self.raw, Raw::Offset { possible, .. } if possible > MAX_OFFSET) {
            self.raw = Raw::longs();
        }
    }

    /// Number of possible codes.
    pub(crate) fn possible(&self, source: &Source<'_>) -> u64 {
        match &self.raw {
            Raw::Ids => match source.origin(self.slot) {
                Origin::Texts(column) | Origin::Kept(column, _) => {
                    u64::from(column.cardinality()) + u64::from(self.mapping.is_some())
                }
                _ => GROWING,
            },
            Raw::Offset { possible, .. } => *possible + u64::from(self.mapping.is_some()),
            Raw::Interned { .. } => GROWING,
            Raw::Null => 2,
        }
    }

    /// The codes of the current rows.
    pub(crate) fn read(&mut self, source: &mut Source<'_>, out: &mut Codes) -> Result<(), QueryError> {
        source.load(self.slot)?;
        out.codes.clear();
        out.offsets = None;
        match (&mut self.raw, source.values(self.slot)) {
            (_, Values::Ids(ids)) => out.codes.extend_from_slice(ids),
            (_, Values::Multi(block)) => multi_codes(block, out),
            (Raw::Offset { min, .. }, Values::Long(block)) => offset_codes(block, *min, &mut out.codes),
            (Raw::Interned { table, .. }, Values::Long(block)) => {
                intern(table, block, |v| v as u64, &mut out.codes);
            }
            (Raw::Interned { table, .. }, Values::Float(block)) => {
                intern(table, block, |v| u64::from(canonical(v).to_bits()), &mut out.codes);
            }
            (Raw::Interned { table, .. }, Values::Double(block)) => {
                intern(table, block, |v| canonical_f64(v).to_bits(), &mut out.codes);
            }
            _ => out.codes.resize(source.len(), 0),
        }
        if self.mapping.is_some() {
            self.map(source, out)?;
        }
        if self.plan.once {
            out.once();
        }
        Ok(())
    }

    /// Replaces raw codes by mapped ones; rows may lose values.
    fn map(&mut self, source: &Source<'_>, out: &mut Codes) -> Result<(), QueryError> {
        let mut dropped = false;
        for i in 0..out.codes.len() {
            let mapped = self.mapped(source, out.codes[i])?;
            dropped |= mapped == DROPPED;
            out.codes[i] = mapped;
        }
        if !dropped {
            return Ok(());
        }
        let rows = out.offsets.as_ref().map_or(out.codes.len(), |offsets| offsets.len() - 1);
        let offsets = out.offsets.take().unwrap_or_else(|| (0..=rows as u32).collect());
        let mut kept = Codes { codes: Vec::with_capacity(out.codes.len()), offsets: None };
        let mut ends = vec![0u32];
        for row in offsets.windows(2) {
            let before = kept.codes.len();
            let codes = &out.codes[row[0] as usize..row[1] as usize];
            kept.codes.extend(codes.iter().filter(|code| **code != DROPPED));
            if kept.codes.len() == before && !self.plan.drop_empty {
                kept.codes.push(0);
            }
            ends.push(kept.codes.len() as u32);
        }
        kept.offsets = Some(ends);
        *out = kept;
        Ok(())
    }

    fn mapped(&mut self, source: &Source<'_>, raw: u32) -> Result<u32, QueryError> {
        let Some(mapping) = &mut self.mapping else { return Ok(raw) };
        let at = raw as usize;
        if mapping.known.len() <= at {
            mapping.known.resize(at + 1, UNKNOWN);
        }
        if mapping.known[at] == UNKNOWN {
            let mapped = match &self.raw {
                Raw::Ids => {
                    let text = source.text(self.slot, raw)?;
                    match mapping.transforms.refusal(text) {
                        // Whether it is refused is seen when the value is.
                        Some(message) => {
                            let code = mapping.texts.intern(Some(&format!("\u{0}refused {at}")));
                            mapping.refused.push((code, message));
                            Some(code)
                        }
                        None => {
                            let text = mapping.transforms.apply(text);
                            text.map(|text| mapping.texts.intern(text.as_deref()))
                        }
                    }
                }
                other => {
                    let text = match other.number_long(raw) {
                        Some(long) => mapping.transforms.apply_long(long),
                        None => {
                            let text = other.number_text(raw);
                            let text = mapping.transforms.apply(text.as_deref());
                            text.map(|text| text.map(Cow::into_owned))
                        }
                    };
                    text.map(|text| mapping.texts.intern(text.as_deref()))
                }
            };
            mapping.known[at] = mapped.unwrap_or(DROPPED);
        }
        Ok(mapping.known[at])
    }

    /// The text of a code, as a dimension of output type string has it.
    pub(crate) fn text<'t>(
        &'t self,
        source: &'t Source<'_>,
        code: u32,
    ) -> Result<Option<Cow<'t, str>>, QueryError> {
        if let Some(mapping) = &self.mapping {
            return Ok(mapping.texts.table.get(code).map(Cow::Borrowed));
        }
        match &self.raw {
            Raw::Ids => Ok(source.text(self.slot, code)?.map(Cow::Borrowed)),
            raw => Ok(raw.number_text(code).map(Cow::Owned)),
        }
    }

    /// Whether two codes may stand for one value of the output type.
    pub(crate) fn is_lossy(&self) -> bool {
        let texts = self.mapping.is_some() || matches!(self.raw, Raw::Ids);
        match (self.plan.output_type, &self.raw) {
            (_, Raw::Null) => false,
            (output, _) if output.storage() == Storage::Texts => false,
            _ if texts => true,
            (ColumnType::Long, Raw::Offset { .. } | Raw::Interned { kind: Kind::Long, .. }) => false,
            (ColumnType::Double, Raw::Interned { kind: Kind::Double | Kind::Float, .. }) => false,
            (ColumnType::Float, Raw::Interned { kind: Kind::Float, .. }) => false,
            _ => true,
        }
    }

    /// What stands for the values of codes in a space of the output type, and which are null where that does not
    /// tell.
    pub(crate) fn coded(
        &self,
        source: &Source<'_>,
        segment: &Arc<dyn Segment>,
        space: &Space,
        codes: impl Iterator<Item = u64>,
    ) -> Result<(Vec<u64>, Option<Vec<bool>>), QueryError> {
        let texts_as_they_are = self.mapping.is_none() && self.plan.output_type.storage() == Storage::Texts;
        let common = match (&self.raw, space) {
            (Raw::Ids, Space::Texts { texts, whole, .. }) if texts_as_they_are => match source
                .origin(self.slot)
            {
                Origin::Texts(column) if *whole => {
                    let common = texts.of_segment(segment, *column)?;
                    let out_of_range = || QueryError::Internal("a dictionary id is out of range".to_owned());
                    let code = |id: u64| common.get(id as usize).map(|code| u64::from(*code));
                    codes.map(|id| code(id).ok_or_else(out_of_range)).collect::<Result<_, _>>()?
                }
                _ => {
                    let distinct = source.cardinality(self.slot) as usize;
                    let ids = codes.map(|code| code as u32);
                    let common = texts.of_ids(distinct, ids, |id| source.text(self.slot, id))?;
                    common.into_iter().map(u64::from).collect()
                }
            },
            (Raw::Offset { min, .. }, Space::Distance { min: from, .. }) if self.mapping.is_none() => {
                let shift = min.wrapping_sub(*from) as u64;
                codes.map(|code| if code == 0 { 0 } else { code.wrapping_add(shift) }).collect()
            }
            (Raw::Null, Space::Texts { .. } | Space::Distance { .. }) if self.mapping.is_none() => {
                codes.map(|_| 0).collect()
            }
            _ => {
                let values = self.decode(source, codes)?;
                return Ok((space.codes(&values)?, values.null_flags()));
            }
        };
        Ok((common, None))
    }

    /// The values of codes, in the output type.
    pub(crate) fn decode(
        &self,
        source: &Source<'_>,
        codes: impl Iterator<Item = u64>,
    ) -> Result<ColumnData, QueryError> {
        if let Some(mapping) = &self.mapping {
            let ids: Vec<u32> = codes.map(|code| code as u32).collect();
            if let Some((_, message)) = mapping.refused.iter().find(|(code, _)| ids.contains(code)) {
                return Err(QueryError::failed(message.clone()));
            }
            let column = TextColumn { table: mapping.texts.table.clone(), ids };
            return Ok(ColumnData::Texts(column).cast(self.plan.output_type));
        }
        match &self.raw {
            Raw::Ids => {
                let texts = used_texts(source, self.slot, codes.map(|code| code as u32))?;
                Ok(ColumnData::Texts(texts).cast(self.plan.output_type))
            }
            raw => Ok(raw.numbers(codes).cast(self.plan.output_type)),
        }
    }
}

/// The texts of codes, each distinct one looked up once.
pub(super) fn used_texts(
    source: &Source<'_>,
    slot: SlotId,
    codes: impl Iterator<Item = u32>,
) -> Result<TextColumn, QueryError> {
    let mut texts = TextColumn::default();
    let mut known = vec![UNKNOWN; source.cardinality(slot) as usize];
    for code in codes {
        let entry = known.get_mut(code as usize);
        let entry =
            entry.ok_or_else(|| QueryError::Internal(format!("dictionary id {code} is out of range")))?;
        if *entry == UNKNOWN {
            *entry = source.text(slot, code)?.map_or(0, |text| texts.table.push(text));
        }
        texts.ids.push(*entry);
    }
    Ok(texts)
}

fn offset(origin: &Origin<'_>) -> Option<Raw> {
    let Origin::Long(column) = origin else { return None };
    let (min, max) = column.bounds()?.bounds.unwrap_or((0, 0));
    let span = i128::from(max) - i128::from(min);
    (span < MAX_KEY).then(|| Raw::Offset { min, possible: span as u64 + 2 })
}

impl Raw {
    fn longs() -> Self {
        Self::Interned { table: NarrowTable::default(), kind: Kind::Long }
    }

    fn numbers(&self, codes: impl Iterator<Item = u64>) -> ColumnData {
        match self {
            Self::Interned { table, kind: Kind::Double } => {
                ColumnData::Doubles(numbers(codes, |i| f64::from_bits(table.keys()[i])))
            }
            Self::Interned { table, kind: Kind::Float } => {
                ColumnData::Floats(numbers(codes, |i| f32::from_bits(table.keys()[i] as u32)))
            }
            Self::Interned { table, .. } => ColumnData::Longs(numbers(codes, |i| table.keys()[i] as i64)),
            Self::Offset { min, .. } => ColumnData::Longs(numbers(codes, |i| min.wrapping_add(i as i64))),
            Self::Null | Self::Ids => ColumnData::Longs(numbers(codes.map(|_| 0), |_| 0)),
        }
    }

    fn number_long(&self, code: u32) -> Option<i64> {
        match self.numbers(std::iter::once(u64::from(code))) {
            ColumnData::Longs(b) if !b.nulls.is_null(0) => Some(b.values[0]),
            _ => None,
        }
    }

    fn number_text(&self, code: u32) -> Option<String> {
        match self.numbers(std::iter::once(u64::from(code))) {
            ColumnData::Longs(b) if !b.nulls.is_null(0) => Some(b.values[0].to_string()),
            ColumnData::Floats(b) if !b.nulls.is_null(0) => Some(float_text(b.values[0])),
            ColumnData::Doubles(b) if !b.nulls.is_null(0) => Some(double_text(b.values[0])),
            _ => None,
        }
    }
}

fn numbers<T: Default>(codes: impl Iterator<Item = u64>, value: impl Fn(usize) -> T) -> NumericBlock<T> {
    let mut block = NumericBlock { values: Vec::new(), nulls: NullMask::default() };
    for code in codes {
        block.values.push(if code == 0 { T::default() } else { value(code as usize - 1) });
        block.nulls.push(code == 0);
    }
    block
}

fn canonical(v: f32) -> f32 {
    if v.is_nan() { f32::NAN } else { v }
}

fn canonical_f64(v: f64) -> f64 {
    if v.is_nan() { f64::NAN } else { v }
}

impl ColumnData {
    /// The same values in another type: numbers as Java casts and prints them, text that is no number null.
    pub(crate) fn cast(self, output: ColumnType) -> Self {
        match (&self, output) {
            (Self::Longs(_), ColumnType::Long)
            | (Self::Floats(_), ColumnType::Float)
            | (Self::Doubles(_), ColumnType::Double)
            // Texts stand for what is wanted already where that is coded.
            | (Self::Texts(_), ColumnType::String | ColumnType::Array(_) | ColumnType::Json | ColumnType::Complex(_)) => self,
            // A text that is no long is null, whatever its beginning.
            (Self::Texts(_), ColumnType::Long) => Self::Longs(self.map_numbers(|v| match v {
                Datum::Text(text) => parse_number(text).exact_long(),
                other => value_of(other).exact_long(),
            })),
            (_, ColumnType::Long) => Self::Longs(self.map_numbers(|v| v.as_i64())),
            (_, ColumnType::Float) => Self::Floats(self.map_numbers(|v| v.as_f64().map(|d| d as f32))),
            (_, ColumnType::Double) => Self::Doubles(self.map_numbers(|v| v.as_f64())),
            (_, ColumnType::String) => {
                let mut texts = TextInterner::default();
                let ids = (0..self.len()).map(|row| texts.intern(self.text(row).as_deref())).collect();
                Self::Texts(TextColumn { table: texts.table, ids })
            }
            (_, coded @ (ColumnType::Array(_) | ColumnType::Json | ColumnType::Complex(_))) => {
                let mut texts = TextInterner::default();
                let text = |row| encode(&self.value(row), coded);
                let ids = (0..self.len()).map(|row| texts.intern(text(row).as_deref())).collect();
                Self::Texts(TextColumn { table: texts.table, ids })
            }
        }
    }

    /// The value of a row; several texts are an array of them.
    pub(crate) fn value(&self, row: usize) -> Value {
        match self.list(row) {
            Some(list) => Value::StringArray(list.into_iter().map(|t| t.map(Into::into)).collect()),
            None => value_of(self.get(row)),
        }
    }

    fn map_numbers<T: Default>(
        &self,
        value: impl Fn(crate::column::Datum<'_>) -> Option<T>,
    ) -> NumericBlock<T> {
        let mut block = NumericBlock { values: Vec::new(), nulls: NullMask::default() };
        for row in 0..self.len() {
            let converted = value(self.get(row));
            block.nulls.push(converted.is_none());
            block.values.push(converted.unwrap_or_default());
        }
        block
    }

    /// A value as Druid prints it; a list of several as `[a, b]`.
    pub(crate) fn text(&self, row: usize) -> Option<String> {
        if let Some(list) = self.list(row) {
            let items: Vec<&str> = list.into_iter().map(|item| item.unwrap_or("null")).collect();
            return Some(format!("[{}]", items.join(", ")));
        }
        self.get(row).to_text()
    }
}
