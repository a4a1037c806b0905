//! How are the columns of a file written, one after the other?

use super::kept::{Kept, keep};
use super::leaves::write_leaves;
use super::numbers::{Numbers, zone_of};
use super::order::{Loaded, Order, sort};
use super::projections::write_projections;
use super::rollup::{combine_groups, combine_states};
use super::{SealRequest, numbers, texts};

use crate::combine::Combine;
use crate::encoding::{Number, encode_numbers};
use crate::file::{BitmapKind, ColumnEntry, ColumnKind, FileWriter, Footer, SectionKind, Written};
use crate::mapped::{ALL_NULLS, NO_NULLS, NULL_BYTES};
use crate::{
    BLOCK_ROWS, ColumnSpec, Combining, NullMask, Role, RowOrder, Schema, SegmentError, SegmentId, SegmentRef,
    Storage, TIME_COLUMN, Zone,
};

/// Writes the file of a request.
pub(super) fn write(request: &SealRequest, schema: &Schema) -> Result<Written, SegmentError> {
    let mut file = FileWriter::create(&request.path)?;
    let mut footer = write_rows(&mut file, &request.inputs, &request.id, schema, request.combining)?;
    if request.projections && !schema.projections.is_empty() {
        footer.projections = write_projections(&mut file, &footer)?;
    }
    if request.projections {
        footer.leaves = write_leaves(&mut file, &footer)?;
    }
    file.finish(footer)
}

/// Writes the columns of the visible rows of all inputs.
pub(super) fn write_rows(
    file: &mut FileWriter,
    inputs: &[SegmentRef],
    id: &SegmentId,
    schema: &Schema,
    combining: Combining,
) -> Result<Footer, SegmentError> {
    let (kept, times) = keep(inputs, &schema.query_granularity, id.interval.start)?;
    let mut loaded: Vec<Option<Loaded>> = Vec::with_capacity(schema.columns.len());
    for spec in &schema.columns {
        loaded.push(if spec.is_metric() { None } else { Some(load(spec, &kept)?) });
    }
    let dimensions: Vec<&Loaded> = loaded.iter().flatten().collect();
    let order = sort(&times, &dimensions, schema.rollup);
    let firsts = order.firsts();

    let mut columns = Vec::with_capacity(schema.columns.len() + 1);
    let time = |row: &u32| times.get(*row as usize).copied().unwrap_or_default();
    let times: Vec<i64> = firsts.rows().iter().map(time).collect();
    let mut valid = NullMask::default();
    valid.push_valid(times.len());
    let mut entry = write_numbers(file, 0, TIME_COLUMN, &times, &valid)?;
    entry.kind = ColumnKind::Time;
    columns.push(entry);
    for (i, (spec, dimension)) in schema.columns.iter().zip(loaded).enumerate() {
        let column = match dimension {
            Some(column) => column,
            None => load(spec, &kept)?,
        };
        let rolled = match (spec.recipe(), column) {
            (Some(recipe), Loaded::String(states)) if order.groups.is_some() => {
                combine_states(&spec.name, states, &order, combining(recipe))?
            }
            (_, column) => column,
        };
        columns.push(write_column(file, i + 1, spec, rolled, &order, firsts.rows())?);
    }
    Ok(Footer {
        id: id.clone(),
        schema: schema.clone(),
        rows: order.len() as u64,
        order: RowOrder::Time,
        time_bounds: times.first().copied().zip(times.last().copied()),
        columns,
        sections: Vec::new(),
        granules: Vec::new(),
        projections: Vec::new(),
        leaves: Vec::new(),
    })
}

/// Collects a column of all kept rows.
fn load(spec: &ColumnSpec, kept: &[Kept<'_>]) -> Result<Loaded, SegmentError> {
    Ok(match spec.column_type.storage() {
        Storage::Long => Loaded::Long(numbers::collect(&spec.name, kept)?),
        Storage::Float => Loaded::Float(numbers::collect(&spec.name, kept)?),
        Storage::Double => Loaded::Double(numbers::collect(&spec.name, kept)?),
        Storage::Texts => Loaded::String(texts::collect(&spec.name, kept)?),
    })
}

/// Writes one column in its new order, rolled up where it is a metric.
fn write_column(
    file: &mut FileWriter,
    number: usize,
    spec: &ColumnSpec,
    column: Loaded,
    order: &Order,
    firsts: &[u32],
) -> Result<ColumnEntry, SegmentError> {
    match column {
        Loaded::Long(n) => arrange(file, number, spec, &n, order, firsts),
        Loaded::Float(n) => arrange(file, number, spec, &n, order, firsts),
        Loaded::Double(n) => arrange(file, number, spec, &n, order, firsts),
        Loaded::String(s) => super::strings::write_strings(file, number, spec, &s, firsts),
    }
}

fn arrange<T: Number + Combine>(
    file: &mut FileWriter,
    number: usize,
    spec: &ColumnSpec,
    column: &Numbers<T>,
    order: &Order,
    firsts: &[u32],
) -> Result<ColumnEntry, SegmentError> {
    let (values, nulls) = match (&spec.role, &order.groups) {
        (Role::Metric { function, .. }, Some(_)) => {
            combine_groups(&column.values, &column.nulls, &order.rows, order.ranges(), *function)
        }
        _ => {
            let value = |row: &u32| column.values.get(*row as usize).copied().unwrap_or_default();
            let values = firsts.iter().map(value).collect();
            let mut nulls = NullMask::default();
            if column.nulls.any() {
                firsts.iter().for_each(|row| nulls.push(column.nulls.is_null(*row as usize)));
            } else {
                nulls.push_valid(firsts.len());
            }
            (values, nulls)
        }
    };
    let mut entry = write_numbers(file, number, &spec.name, &values, &nulls)?;
    entry.kind = ColumnKind::of(spec.column_type);
    Ok(entry)
}

/// Writes the sections of a column of numbers: zones, block entries, payloads, nulls.
pub(super) fn write_numbers<T: Number>(
    file: &mut FileWriter,
    number: usize,
    name: &str,
    values: &[T],
    nulls: &NullMask,
) -> Result<ColumnEntry, SegmentError> {
    let (mut entries, mut data, mut zones) = (Vec::new(), Vec::new(), Vec::new());
    let mut summary = Zone { bounds: None, nulls: nulls.null_count() as u32 };
    let (mut mask, mut filled) = (NullMask::default(), Vec::new());
    for (block, part) in values.chunks(BLOCK_ROWS).enumerate() {
        let start = block * BLOCK_ROWS;
        mask.clear();
        mask.extend_from(nulls, start..start + part.len());
        let zone = zone_of(part, &mask);
        put_zone(&zone, &mut zones);
        widen(&mut summary, &zone);
        fill(part, &mask, &mut filled);
        let entry = encode_numbers(&filled, &mut data);
        entries.extend_from_slice(&entry.to_bytes());
    }
    file.section(number, SectionKind::Zones, &zones)?;
    file.section(number, SectionKind::Blocks, &entries)?;
    file.section(number, SectionKind::Data, &data)?;
    if nulls.any() {
        file.section(number, SectionKind::Nulls, &null_section(nulls))?;
    }
    Ok(ColumnEntry {
        name: name.to_owned(),
        kind: ColumnKind::Long,
        multi: false,
        bitmap: BitmapKind::None,
        cardinality: 0,
        offset_width: 0,
        nulls: nulls.null_count() as u64,
        values: values.len() as u64,
        bounds: summary.bounds.map(|(low, high)| (low.to_word(), high.to_word())),
        bytes_before: values.len() as u64 * T::BYTES,
    })
}

/// Null rows repeat the value before them, which encodes to nothing; readers put the default value there.
fn fill<T: Number>(values: &[T], nulls: &NullMask, filled: &mut Vec<T>) {
    filled.clear();
    if !nulls.any() {
        return filled.extend_from_slice(values);
    }
    let first = values.iter().enumerate().find(|(i, _)| !nulls.is_null(*i));
    let mut last = first.map_or_else(T::default, |(_, value)| *value);
    for (i, value) in values.iter().enumerate() {
        if !nulls.is_null(i) {
            last = *value;
        }
        filled.push(last);
    }
}

fn widen<T: Number>(summary: &mut Zone<T>, zone: &Zone<T>) {
    let Some((low, high)) = zone.bounds else { return };
    summary.bounds = Some(match summary.bounds {
        None => (low, high),
        Some((first, last)) => (if low < first { low } else { first }, if high > last { high } else { last }),
    });
}

fn put_zone<T: Number>(zone: &Zone<T>, out: &mut Vec<u8>) {
    let (low, high) = zone.bounds.map_or((0, 0), |(low, high)| (low.to_word(), high.to_word()));
    out.extend_from_slice(&low.to_le_bytes());
    out.extend_from_slice(&high.to_le_bytes());
    out.extend_from_slice(&zone.nulls.to_le_bytes());
    out.extend_from_slice(&u32::from(zone.bounds.is_some()).to_le_bytes());
}

/// A directory (0: no nulls, 1: all, 2 and up: a bitmap's number plus 2), then the bitmaps.
fn null_section(nulls: &NullMask) -> Vec<u8> {
    let (mut directory, mut bitmaps) = (Vec::new(), Vec::new());
    for words in nulls.words().chunks(BLOCK_ROWS / 64) {
        let block = directory.len() / 4;
        let rows = BLOCK_ROWS.min(nulls.len() - block * BLOCK_ROWS);
        let count: usize = words.iter().map(|w| w.count_ones() as usize).sum();
        let entry = match count {
            0 => NO_NULLS,
            n if n == rows => ALL_NULLS,
            _ => {
                let number = (bitmaps.len() / NULL_BYTES) as u32;
                words.iter().for_each(|w| bitmaps.extend_from_slice(&w.to_le_bytes()));
                bitmaps.resize((number as usize + 1) * NULL_BYTES, 0);
                number + 2
            }
        };
        directory.extend_from_slice(&entry.to_le_bytes());
    }
    directory.resize(directory.len().next_multiple_of(8), 0);
    directory.extend_from_slice(&bitmaps);
    directory
}
