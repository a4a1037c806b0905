//! How are the strings of all inputs collected? Each input keeps its own ids until the dictionaries are merged.

use std::collections::HashMap;

use super::cast::java_text;
use super::kept::{Kept, Part};
use super::merge::{Strings, merge};
use crate::{Column, MultiBlock, NumericBlock, NumericColumn, SegmentError, StringColumn};

/// The strings of one input, in its own ids.
pub(super) struct Piece<'c> {
    pub(super) texts: Texts<'c>,
    /// Ids of all kept rows.
    pub(super) ids: Vec<u32>,
    /// Start of each row in `ids` and end of the last; `None` for one id a row (0 for null).
    pub(super) offsets: Option<Vec<u32>>,
}

/// Where an input's texts are.
pub(super) enum Texts<'c> {
    /// In the dictionary of its column.
    Column(&'c dyn StringColumn),
    /// Here, because they were made of numbers; text `i` has id `i + 1`.
    Made(Vec<String>),
}

impl Texts<'_> {
    /// Number of ids, null included.
    pub(super) fn cardinality(&self) -> usize {
        match self {
            Self::Column(column) => column.cardinality() as usize,
            Self::Made(texts) => texts.len() + 1,
        }
    }

    /// The text of an id that is not 0.
    pub(super) fn text(&self, id: u32) -> Result<&str, SegmentError> {
        let missing = || SegmentError::Invalid(format!("id {id} of a column to seal has no text"));
        match self {
            Self::Column(column) => column.value(id)?.ok_or_else(missing),
            Self::Made(texts) => texts.get(id as usize - 1).map(String::as_str).ok_or_else(missing),
        }
    }
}

/// Collects a column of strings from every input and merges the dictionaries.
pub(super) fn collect(name: &str, kept: &[Kept<'_>]) -> Result<Strings, SegmentError> {
    let mut pieces = Vec::with_capacity(kept.len());
    for input in kept {
        pieces.push(match input.input.segment.column(name)? {
            None => Piece { texts: Texts::Made(Vec::new()), ids: vec![0; input.count], offsets: None },
            Some(Column::String(c)) => read(c, input)?,
            Some(Column::Time(c) | Column::Long(c)) => format(c, input, |v| v.to_string())?,
            Some(Column::Float(c)) => format(c, input, |v| java_text(&format!("{v:e}"), f64::from(v)))?,
            Some(Column::Double(c)) => format(c, input, |v| java_text(&format!("{v:e}"), v))?,
        });
    }
    merge(pieces)
}

fn read<'c>(column: &'c dyn StringColumn, input: &Kept<'_>) -> Result<Piece<'c>, SegmentError> {
    let texts = Texts::Column(column);
    let mut all = Vec::with_capacity(input.count);
    if !column.is_multi() {
        let mut ids = Vec::new();
        for part in input.parts() {
            match part {
                Part::Range(rows) => column.read_ids(rows, &mut ids)?,
                Part::Rows(rows) => column.gather_ids(rows, &mut ids)?,
            }
            all.extend_from_slice(&ids);
        }
        return Ok(Piece { texts, ids: all, offsets: None });
    }
    let mut offsets = vec![0];
    let mut block = MultiBlock::default();
    for part in input.parts() {
        match part {
            Part::Range(rows) => column.read_multi(rows, &mut block)?,
            Part::Rows(rows) => column.gather_multi(rows, &mut block)?,
        }
        let start = all.len();
        all.extend_from_slice(&block.ids);
        if all.len() >= u32::MAX as usize {
            return Err(SegmentError::Invalid(
                "2^32 values of one column are too many for a segment".to_owned(),
            ));
        }
        offsets.extend(block.offsets.iter().skip(1).map(|end| start as u32 + end));
    }
    Ok(Piece { texts, ids: all, offsets: Some(offsets) })
}

fn format<T: Copy + Default>(
    column: &dyn NumericColumn<T>,
    input: &Kept<'_>,
    text: impl Fn(T) -> String,
) -> Result<Piece<'static>, SegmentError> {
    let mut known: HashMap<String, u32> = HashMap::new();
    let (mut texts, mut ids) = (Vec::new(), Vec::with_capacity(input.count));
    let mut block = NumericBlock::default();
    for part in input.parts() {
        match part {
            Part::Range(rows) => column.read(rows, &mut block)?,
            Part::Rows(rows) => column.gather(rows, &mut block)?,
        }
        for (i, value) in block.values.iter().enumerate() {
            if block.nulls.is_null(i) {
                ids.push(0);
                continue;
            }
            let text = text(*value);
            ids.push(*known.entry(text).or_insert_with_key(|text| {
                texts.push(text.clone());
                texts.len() as u32
            }));
        }
    }
    Ok(Piece { texts: Texts::Made(texts), ids, offsets: None })
}
