//! What does scan answer? Batches of rows with the names and types of their columns; `__time` as milliseconds.

use alluvium_segments::{ColumnSpec, ColumnType, TIME_COLUMN};

use super::write::{write_key, write_list, write_text, write_typed};
use crate::partial::{RowBlock, RowSet};
use crate::plan::{RowColumn, VirtualSource};
use crate::request::{Scan, ScanFormat};

/// The columns of a scan with their types: those asked for, or all, `__time` first where the source has it.
pub(crate) fn scan_columns(
    query: &Scan,
    known: &[ColumnSpec],
    timed: bool,
) -> Vec<(String, Option<ColumnType>)> {
    let type_of = |name: &str| {
        let computed = query.virtual_columns.iter().find(|v| v.name == name).map(|v| match &v.source {
            VirtualSource::Expression { output_type, .. } => output_type.unwrap_or(ColumnType::String),
            VirtualSource::Existing { columns } => {
                let existing = columns.iter().find_map(|name| known.iter().find(|c| c.name == *name));
                existing.map_or(ColumnType::String, |c| c.column_type)
            }
            VirtualSource::Values { .. } => ColumnType::String,
        });
        let stored = || known.iter().find(|c| c.name == name).map(|c| c.column_type);
        let time = || (name == TIME_COLUMN).then_some(ColumnType::Long);
        computed.or_else(stored).or_else(time)
    };
    let names: Vec<&str> = if query.columns.is_empty() {
        let stored = known.iter().map(|c| c.name.as_str());
        let computed = query.virtual_columns.iter().map(|v| v.name.as_str());
        let computed = computed.filter(|name| known.iter().all(|c| c.name != *name));
        timed.then_some(TIME_COLUMN).into_iter().chain(stored).chain(computed).collect()
    } else {
        query.columns.iter().map(String::as_str).collect()
    };
    names.into_iter().map(|name| (name.to_owned(), type_of(name))).collect()
}

/// Columns of the plan for what `scan_columns` gave.
pub(crate) fn row_columns(columns: &[(String, Option<ColumnType>)]) -> Vec<RowColumn> {
    let coded = |column_type: &Option<ColumnType>| column_type.filter(|t| t.is_coded());
    let column =
        |(name, column_type)| RowColumn { name: String::clone(name), output_type: coded(column_type) };
    columns.iter().map(|(name, column_type)| column((name, column_type))).collect()
}

/// The whole answer.
pub(crate) fn scan(query: &Scan, rows: &RowSet, columns: &[(String, Option<ColumnType>)]) -> Vec<u8> {
    let ordered = !query.order.is_empty();
    let mut tail = Vec::from(*b"],\"rowSignature\":[");
    write_list(columns, &mut tail, |(name, column_type), out| {
        out.extend(b"{\"name\":");
        write_text(name, out);
        if let Some(column_type) = column_type {
            out.extend(b",\"type\":");
            write_text(column_type.druid_name(), out);
        }
        out.push(b'}');
    });
    tail.extend(b"]}");
    let mut names = Vec::from(*b",\"columns\":[");
    write_list(columns, &mut names, |(name, _), out| write_text(name, out));
    names.extend(b"],\"events\":[");
    let mut out = vec![b'['];
    let mut open: Option<(&str, usize)> = None;
    for block in &rows.blocks {
        let segment = if ordered { "" } else { block.segment.as_str() };
        for row in 0..block.rows {
            match &mut open {
                Some((known, count)) if *known == segment && *count < query.batch_size => {
                    *count += 1;
                    out.push(b',');
                }
                _ => {
                    if open.is_some() {
                        out.extend(&tail);
                        out.push(b',');
                    }
                    open = Some((segment, 1));
                    out.extend(b"{\"segmentId\":");
                    if ordered {
                        out.extend(b"null");
                    } else {
                        write_text(segment, &mut out);
                    }
                    out.extend(&names);
                }
            }
            write_row(query.format, block, row, columns, &mut out);
        }
    }
    if open.is_some() {
        out.extend(&tail);
    }
    out.push(b']');
    out
}

fn write_row(
    format: ScanFormat,
    block: &RowBlock,
    row: usize,
    columns: &[(String, Option<ColumnType>)],
    out: &mut Vec<u8>,
) {
    let cells = columns.iter().zip(&block.columns);
    match format {
        ScanFormat::List => {
            out.push(b'{');
            write_list(cells, out, |((name, column_type), data), out| {
                write_key(name, out);
                write_typed(data, *column_type, row, out);
            });
            out.push(b'}');
        }
        ScanFormat::Compacted => {
            out.push(b'[');
            write_list(cells, out, |((_, column_type), data), out| write_typed(data, *column_type, row, out));
            out.push(b']');
        }
    }
}
