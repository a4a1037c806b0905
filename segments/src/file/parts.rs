//! How are the footer's parts written and read? A part is a tag, flags (bit 0: required), a length and bytes.

use super::cursor::{Cursor, put_text};
use super::footer::{
    BitmapKind, ColumnEntry, ColumnKind, Footer, LeavesEntry, ProjectionEntry, SectionEntry,
};
use super::layout::SectionKind;
use crate::encoding::Damage;
use crate::time::Interval;
use crate::{RowOrder, Schema, SegmentId};

const IDENTITY: u16 = 1;
const SCHEMA: u16 = 2;
const ROWS: u16 = 3;
const COLUMNS: u16 = 4;
const SECTIONS: u16 = 5;
const GRANULES: u16 = 6;
const PROJECTIONS: u16 = 7;
const LEAVES: u16 = 8;

const REQUIRED: u16 = 1;

/// Flags of a column.
const MULTI: u8 = 1;
const BOUNDED: u8 = 2;

pub(super) fn write(footer: &Footer) -> Result<Vec<u8>, serde_json::Error> {
    let mut out = Vec::new();
    put_part(IDENTITY, &identity(&footer.id), &mut out);
    put_part(SCHEMA, &serde_json::to_vec(&footer.schema)?, &mut out);
    put_part(ROWS, &rows(footer), &mut out);
    put_part(COLUMNS, &columns(&footer.columns), &mut out);
    put_part(SECTIONS, &sections(&footer.sections), &mut out);
    let granules: Vec<u8> = footer.granules.iter().flat_map(|g| g.to_le_bytes()).collect();
    put_part(GRANULES, &granules, &mut out);
    if !footer.projections.is_empty() {
        put_flagged(PROJECTIONS, 0, &projections(&footer.projections), &mut out);
    }
    if !footer.leaves.is_empty() {
        put_flagged(LEAVES, 0, &leaves(&footer.leaves), &mut out);
    }
    Ok(out)
}

fn put_part(tag: u16, content: &[u8], out: &mut Vec<u8>) {
    put_flagged(tag, REQUIRED, content, out);
}

fn put_flagged(tag: u16, flags: u16, content: &[u8], out: &mut Vec<u8>) {
    out.extend_from_slice(&tag.to_le_bytes());
    out.extend_from_slice(&flags.to_le_bytes());
    out.extend_from_slice(&(content.len() as u32).to_le_bytes());
    out.extend_from_slice(content);
}

fn identity(id: &SegmentId) -> Vec<u8> {
    let mut out = Vec::new();
    put_text(&id.datasource, &mut out);
    out.extend_from_slice(&id.interval.start.to_le_bytes());
    out.extend_from_slice(&id.interval.end.to_le_bytes());
    put_text(&id.version, &mut out);
    out.extend_from_slice(&id.partition.to_le_bytes());
    out
}

fn rows(footer: &Footer) -> Vec<u8> {
    let mut out = Vec::new();
    out.extend_from_slice(&footer.rows.to_le_bytes());
    out.push(match footer.order {
        RowOrder::Time => 0,
        RowOrder::Arrival => 1,
    });
    out.push(u8::from(footer.time_bounds.is_some()));
    let (first, last) = footer.time_bounds.unwrap_or_default();
    out.extend_from_slice(&first.to_le_bytes());
    out.extend_from_slice(&last.to_le_bytes());
    out
}

fn columns(columns: &[ColumnEntry]) -> Vec<u8> {
    let mut out = Vec::new();
    out.extend_from_slice(&(columns.len() as u32).to_le_bytes());
    for column in columns {
        put_text(&column.name, &mut out);
        out.push(column.kind as u8);
        out.push(u8::from(column.multi) * MULTI + u8::from(column.bounds.is_some()) * BOUNDED);
        out.push(column.bitmap as u8);
        out.push(column.offset_width);
        out.extend_from_slice(&column.cardinality.to_le_bytes());
        let (low, high) = column.bounds.unwrap_or_default();
        for number in [column.nulls, column.values, low, high, column.bytes_before] {
            out.extend_from_slice(&number.to_le_bytes());
        }
    }
    out
}

fn sections(sections: &[SectionEntry]) -> Vec<u8> {
    let mut out = Vec::new();
    for section in sections {
        out.extend_from_slice(&section.offset.to_le_bytes());
        out.extend_from_slice(&section.bytes.to_le_bytes());
        out.extend_from_slice(&section.tag.to_le_bytes());
        out.extend_from_slice(&u16::from(section.required).to_le_bytes());
        out.extend_from_slice(&section.column.to_le_bytes());
        out.extend_from_slice(&section.first_granule.to_le_bytes());
    }
    out
}

fn projections(projections: &[ProjectionEntry]) -> Vec<u8> {
    let mut out = Vec::new();
    out.extend_from_slice(&(projections.len() as u32).to_le_bytes());
    for projection in projections {
        put_text(&projection.name, &mut out);
        out.extend_from_slice(&projection.rows.to_le_bytes());
        out.extend_from_slice(&projection.section.to_le_bytes());
    }
    out
}

fn leaves(leaves: &[LeavesEntry]) -> Vec<u8> {
    let mut out = Vec::new();
    out.extend_from_slice(&(leaves.len() as u32).to_le_bytes());
    for entry in leaves {
        out.extend_from_slice(&entry.column.to_le_bytes());
        out.extend_from_slice(&entry.section.to_le_bytes());
        out.push(u8::from(entry.complete));
    }
    out
}

/// Parts as they are met; each must come once.
#[derive(Default)]
struct Found {
    id: Option<SegmentId>,
    schema: Option<Schema>,
    rows: Option<RowFacts>,
    columns: Option<Vec<ColumnEntry>>,
    sections: Option<Vec<SectionEntry>>,
    granules: Option<Vec<u32>>,
    projections: Vec<ProjectionEntry>,
    leaves: Vec<LeavesEntry>,
}

type RowFacts = (u64, RowOrder, Option<(i64, i64)>);

pub(super) fn read(bytes: &[u8]) -> Result<Footer, (usize, Damage)> {
    let mut cursor = Cursor::new(bytes);
    let mut found = Found::default();
    while !cursor.is_done() {
        let at = cursor.at();
        read_part(&mut cursor, &mut found).map_err(|damage| (at, damage))?;
    }
    let missing = |what: &str| (bytes.len(), Damage::new(format!("a footer part with the {what}"), "none"));
    let (rows, order, time_bounds) = found.rows.ok_or_else(|| missing("row facts"))?;
    Ok(Footer {
        id: found.id.ok_or_else(|| missing("identity"))?,
        schema: found.schema.ok_or_else(|| missing("schema"))?,
        rows,
        order,
        time_bounds,
        columns: found.columns.ok_or_else(|| missing("columns"))?,
        sections: found.sections.ok_or_else(|| missing("sections"))?,
        granules: found.granules.ok_or_else(|| missing("checksums"))?,
        projections: found.projections,
        leaves: found.leaves,
    })
}

fn read_part(cursor: &mut Cursor<'_>, found: &mut Found) -> Result<(), Damage> {
    let tag = cursor.u16("part tag")?;
    let flags = cursor.u16("part flags")?;
    let length = cursor.u32("part length")? as usize;
    let content = cursor.take(length, "a footer part")?;
    let mut part = Cursor::new(content);
    match tag {
        IDENTITY => found.id = Some(read_identity(&mut part)?),
        SCHEMA => {
            let schema = serde_json::from_slice(content);
            found.schema = Some(schema.map_err(|e| Damage::new("a schema in JSON", e.to_string()))?);
            return Ok(());
        }
        ROWS => found.rows = Some(read_rows(&mut part)?),
        COLUMNS => found.columns = Some(read_columns(&mut part)?),
        SECTIONS => found.sections = Some(read_sections(&mut part)?),
        GRANULES => {
            found.granules = Some(content.as_chunks().0.iter().map(|c| u32::from_le_bytes(*c)).collect());
            return Ok(());
        }
        PROJECTIONS => found.projections = read_projections(&mut part)?,
        LEAVES => found.leaves = read_leaves(&mut part)?,
        _ if flags & REQUIRED == 0 => return Ok(()),
        _ => return Err(Damage::new("footer parts of this format version", format!("required part {tag}"))),
    }
    if part.is_done() { Ok(()) } else { Err(Damage::new("the end of a footer part", "more bytes")) }
}

fn read_identity(part: &mut Cursor<'_>) -> Result<SegmentId, Damage> {
    let datasource = part.text("datasource")?.to_owned();
    let (start, end) = (part.i64("interval start")?, part.i64("interval end")?);
    let version = part.text("version")?.to_owned();
    Ok(SegmentId {
        datasource,
        interval: Interval { start, end },
        version,
        partition: part.u32("partition number")?,
    })
}

fn read_rows(part: &mut Cursor<'_>) -> Result<RowFacts, Damage> {
    let rows = part.u64("row count")?;
    let order = match part.u8("row order")? {
        0 => RowOrder::Time,
        1 => RowOrder::Arrival,
        other => return Err(Damage::new("a row order of 0 or 1", other.to_string())),
    };
    let bounded = part.u8("time bounds")?;
    let bounds = (part.i64("first time")?, part.i64("last time")?);
    if rows >= u64::from(u32::MAX) || (bounded != 0) != (rows > 0) {
        return Err(Damage::new("fewer than 2^32 - 1 rows, bounded if any", format!("{rows} rows")));
    }
    Ok((rows, order, (bounded != 0).then_some(bounds)))
}

fn read_columns(part: &mut Cursor<'_>) -> Result<Vec<ColumnEntry>, Damage> {
    let count = part.u32("column count")?;
    let mut columns = Vec::new();
    for _ in 0..count {
        let name = part.text("column name")?.to_owned();
        let kind = ColumnKind::from_tag(part.u8("column kind")?)?;
        let flags = part.u8("column flags")?;
        let bitmap = BitmapKind::from_tag(part.u8("bitmap kind")?)?;
        let offset_width = part.u8("offset width")?;
        let cardinality = part.u32("cardinality")?;
        let mut number = |what| part.u64(what);
        let (nulls, values) = (number("null count")?, number("value count")?);
        let bounds = (number("smallest value")?, number("largest value")?);
        columns.push(ColumnEntry {
            name,
            kind,
            multi: flags & MULTI != 0,
            bitmap,
            cardinality,
            offset_width,
            nulls,
            values,
            bounds: (flags & BOUNDED != 0).then_some(bounds),
            bytes_before: number("bytes before")?,
        });
    }
    Ok(columns)
}

fn read_sections(part: &mut Cursor<'_>) -> Result<Vec<SectionEntry>, Damage> {
    let mut sections = Vec::new();
    while !part.is_done() {
        let section = SectionEntry {
            offset: part.u64("section offset")?,
            bytes: part.u64("section length")?,
            tag: part.u16("section kind")?,
            required: part.u16("section flags")? & REQUIRED != 0,
            column: part.u32("section column")?,
            first_granule: part.u32("first checksum")?,
        };
        if section.required && SectionKind::from_tag(section.tag).is_none() {
            let found = format!("required section kind {}", section.tag);
            return Err(Damage::new("section kinds of this format version", found));
        }
        sections.push(section);
    }
    Ok(sections)
}

fn read_projections(part: &mut Cursor<'_>) -> Result<Vec<ProjectionEntry>, Damage> {
    let count = part.u32("projection count")?;
    let mut projections = Vec::new();
    for _ in 0..count {
        projections.push(ProjectionEntry {
            name: part.text("projection name")?.to_owned(),
            rows: part.u64("projection rows")?,
            section: part.u32("projection section")?,
        });
    }
    Ok(projections)
}

fn read_leaves(part: &mut Cursor<'_>) -> Result<Vec<LeavesEntry>, Damage> {
    let count = part.u32("count of nested columns")?;
    let mut leaves = Vec::new();
    for _ in 0..count {
        leaves.push(LeavesEntry {
            column: part.u32("nested column")?,
            section: part.u32("section of leaves")?,
            complete: part.u8("whether the leaves are complete")? != 0,
        });
    }
    Ok(leaves)
}
