//! How are distinct values estimated? Each value, or each combination of a row, is hashed as Druid hashes it and
//! added to the collector of its group.

use alluvium_sketches::{HyperUnique, Summary, hash_of_bytes};

use super::kernel::{Rows, Target, for_each};
use crate::QueryError;
use crate::plan::CardinalityField;
use crate::scan::{Codes, Key, Kind, SlotId, Source, Values};

/// Character between the values of a multi-value row.
const SEPARATOR: u16 = 1;

/// A distinct count.
#[derive(Debug)]
pub(super) struct Distinct<'p> {
    by_row: bool,
    fields: Vec<Field<'p>>,
    sketches: Vec<Option<Box<HyperUnique>>>,
}

#[derive(Debug)]
enum Field<'p> {
    /// Numbers hash as numbers.
    Number(SlotId),
    /// Everything else as text, hashed once a value.
    Text { key: Box<Key<'p>>, codes: Codes, hashes: Vec<Option<(u64, u64)>> },
    /// Nothing there.
    Null,
}

impl<'p> Distinct<'p> {
    pub(super) fn new(
        fields: &'p [CardinalityField],
        by_row: bool,
        source: &mut Source<'_>,
    ) -> Result<Self, QueryError> {
        let mut bound = Vec::with_capacity(fields.len());
        for field in fields {
            let slot = source.input(&field.input)?;
            bound.push(match source.kind(slot) {
                Kind::Null if field.transforms.is_empty() => Field::Null,
                Kind::Long | Kind::Float | Kind::Double if field.transforms.is_empty() => Field::Number(slot),
                _ => Field::Text {
                    key: Box::new(narrow_key(field, source)?),
                    codes: Codes::default(),
                    hashes: Vec::new(),
                },
            });
        }
        Ok(Self { by_row, fields: bound, sketches: Vec::new() })
    }

    pub(super) fn grow(&mut self, groups: usize) {
        self.sketches.resize(groups, None);
    }

    pub(super) fn finish(self) -> Vec<Option<Box<Summary>>> {
        self.sketches.into_iter().map(|sketch| sketch.map(|sketch| Box::new((*sketch).into()))).collect()
    }

    pub(super) fn add(
        &mut self,
        source: &mut Source<'_>,
        target: Target<'_>,
        rows: Rows<'_>,
    ) -> Result<(), QueryError> {
        for field in &mut self.fields {
            match field {
                Field::Number(slot) => source.load(*slot)?,
                Field::Text { key, codes, .. } => key.read(source, codes)?,
                Field::Null => {}
            }
        }
        if self.by_row {
            return self.add_rows(source, target, rows);
        }
        let Self { fields, sketches, .. } = self;
        for field in fields {
            match field {
                Field::Number(slot) => {
                    let values = source.values(*slot);
                    for_each(target, rows, |group, p| {
                        if let Some((bytes, len)) = number_bytes(values, p) {
                            add(sketches, group, hash_of_bytes(&bytes[..len]));
                        }
                    });
                }
                Field::Text { key, codes, hashes } => {
                    for code in &codes.codes {
                        learn(key, source, hashes, *code)?;
                    }
                    for_each(target, rows, |group, p| {
                        for code in codes.row(p).iter().filter(|code| **code != 0) {
                            if let Some(Some(hash)) = hashes.get(*code as usize) {
                                add(sketches, group, *hash);
                            }
                        }
                    });
                }
                Field::Null => {}
            }
        }
        Ok(())
    }

    fn add_rows(
        &mut self,
        source: &Source<'_>,
        target: Target<'_>,
        rows: Rows<'_>,
    ) -> Result<(), QueryError> {
        let Self { fields, sketches, .. } = self;
        let mut bytes = Vec::new();
        let mut failed = Ok(());
        for_each(target, rows, |group, p| {
            bytes.clear();
            for (i, field) in fields.iter().enumerate() {
                if i > 0 {
                    bytes.push(0);
                }
                match field {
                    Field::Number(slot) => {
                        if let Some((number, len)) = number_bytes(source.values(*slot), p) {
                            bytes.extend_from_slice(&number[..len]);
                        }
                    }
                    Field::Text { key, codes, .. } => {
                        if let Err(error) = row_bytes(key, source, codes.row(p), &mut bytes) {
                            failed = Err(error);
                        }
                    }
                    Field::Null => {}
                }
            }
            add(sketches, group, hash_of_bytes(&bytes));
        });
        failed
    }
}

fn narrow_key<'p>(field: &'p CardinalityField, source: &mut Source<'_>) -> Result<Key<'p>, QueryError> {
    let mut key = Key::new(field, source)?;
    key.narrow();
    Ok(key)
}

fn add(sketches: &mut [Option<Box<HyperUnique>>], group: usize, hash: (u64, u64)) {
    sketches[group].get_or_insert_default().update(hash);
}

/// Hashes a text when it is met first.
fn learn(
    key: &Key<'_>,
    source: &Source<'_>,
    hashes: &mut Vec<Option<(u64, u64)>>,
    code: u32,
) -> Result<(), QueryError> {
    let at = code as usize;
    if hashes.len() <= at {
        hashes.resize(at + 1, None);
    }
    if hashes[at].is_none()
        && code != 0
        && let Some(text) = key.text(source, code)?
    {
        let utf16: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
        hashes[at] = Some(hash_of_bytes(&utf16));
    }
    Ok(())
}

/// The bytes a number is hashed by: 8 of a long or double, 4 of a float.
fn number_bytes(values: &Values, p: usize) -> Option<([u8; 8], usize)> {
    if values.is_null(p) {
        return None;
    }
    match values {
        Values::Long(b) => Some((b.values[p].to_le_bytes(), 8)),
        Values::Double(b) => {
            let bits = if b.values[p].is_nan() { 0x7ff8_0000_0000_0000 } else { b.values[p].to_bits() };
            Some((bits.to_le_bytes(), 8))
        }
        Values::Float(b) => {
            let bits = if b.values[p].is_nan() { 0x7fc0_0000 } else { b.values[p].to_bits() };
            Some((u64::from(bits).to_le_bytes(), 4))
        }
        _ => None,
    }
}

/// The bytes the texts of one row are hashed by: sorted, with a separator; null among others is a zero
/// character, alone it is nothing.
fn row_bytes(
    key: &Key<'_>,
    source: &Source<'_>,
    codes: &[u32],
    bytes: &mut Vec<u8>,
) -> Result<(), QueryError> {
    let mut texts: Vec<Vec<u16>> = Vec::with_capacity(codes.len());
    let mut any = false;
    for code in codes {
        let text = if *code == 0 { None } else { key.text(source, *code)? };
        any |= text.is_some();
        texts.push(text.map_or_else(|| vec![0], |text| text.encode_utf16().collect()));
    }
    if !any {
        return Ok(());
    }
    texts.sort_unstable();
    for (i, text) in texts.iter().enumerate() {
        if i > 0 {
            bytes.extend(SEPARATOR.to_le_bytes());
        }
        bytes.extend(text.iter().flat_map(|unit| unit.to_le_bytes()));
    }
    Ok(())
}
