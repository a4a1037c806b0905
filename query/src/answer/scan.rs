//! What does scan answer? Batches of rows with the names and types of their columns; `__time` as milliseconds.

use alluvium_expression::Expr;
use alluvium_segments::{ColumnType, TIME_COLUMN};

use super::write::{write_key, write_list, write_text, write_typed};
use crate::partial::{RowBlock, RowSet};
use crate::plan::{KnownColumns, RowColumn, Shown, VirtualColumn, VirtualSource};
use crate::request::{NESTED_LISTS, Scan, ScanFormat};

/// A column of a scan.
#[derive(Debug)]
pub(crate) struct ScanColumn {
    /// Its name.
    pub(crate) name: String,
    /// The type its values have in rows that other queries read; `None` when there is no such column.
    pub(crate) column_type: Option<ColumnType>,
    /// The name of its type, where there is another one for it.
    type_name: Option<&'static str>,
    /// What is shown of a computed one.
    pub(crate) shown: Option<Shown>,
}

impl ScanColumn {
    /// The type by which values are written.
    fn written(&self) -> Option<ColumnType> {
        if self.shown.is_some() { Some(ColumnType::Json) } else { self.column_type }
    }
}

/// The columns of a scan with their types: those asked for, or all, `__time` first where the source has it.
pub(crate) fn scan_columns(query: &Scan, known: &KnownColumns<'_>) -> Vec<ScanColumn> {
    let names: Vec<&str> = if query.columns.is_empty() {
        let stored = known.columns.iter().map(|c| c.name.as_str());
        let computed = query.virtual_columns.iter().map(|v| v.name.as_str());
        let computed = computed.filter(|name| known.columns.iter().all(|c| c.name != *name));
        known.timed.then_some(TIME_COLUMN).into_iter().chain(stored).chain(computed).collect()
    } else {
        query.columns.iter().map(String::as_str).collect()
    };
    let column = |name: &str| {
        let computed = query.virtual_columns.iter().find(|v| v.name == name);
        let time = || (name == TIME_COLUMN).then_some(ColumnType::Long);
        ScanColumn {
            name: name.to_owned(),
            column_type: known.column_type(name).or_else(time),
            type_name: computed.filter(|c| gives_nested_lists(c)).map(|_| NESTED_LISTS),
            shown: computed.and_then(|column| known.shown(column)),
        }
    };
    names.into_iter().map(column).collect()
}

fn gives_nested_lists(column: &VirtualColumn) -> bool {
    let VirtualSource::Declared { expression, .. } = &column.source else { return false };
    let Expr::Call(call) = expression else { return false };
    // Of stored nested values Druid says less.
    call.name() == "json_query_array" && call.args().first().is_some_and(|arg| arg.as_column().is_none())
}

/// Columns of the plan for what `scan_columns` gave; for an answer they are what is shown.
pub(crate) fn row_columns(columns: &[ScanColumn], answer: bool) -> Vec<RowColumn> {
    let column = |column: &ScanColumn| {
        let shown = column.shown.clone().filter(|_| answer);
        let written = if answer { column.written() } else { column.column_type };
        RowColumn { name: column.name.clone(), output_type: written.filter(|t| t.is_coded()), shown }
    };
    columns.iter().map(column).collect()
}

/// The whole answer.
pub(crate) fn scan(query: &Scan, rows: &RowSet, columns: &[ScanColumn]) -> Vec<u8> {
    let ordered = !query.order.is_empty();
    let mut tail = Vec::from(*b"],\"rowSignature\":[");
    write_list(columns, &mut tail, |column, out| {
        out.extend(b"{\"name\":");
        write_text(&column.name, out);
        if let Some(name) = column.type_name.or_else(|| Some(column.column_type?.druid_name())) {
            out.extend(b",\"type\":");
            write_text(name, out);
        }
        out.push(b'}');
    });
    tail.extend(b"]}");
    let mut names = Vec::from(*b",\"columns\":[");
    write_list(columns, &mut names, |column, out| write_text(&column.name, out));
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

fn write_row(format: ScanFormat, block: &RowBlock, row: usize, columns: &[ScanColumn], out: &mut Vec<u8>) {
    let cells = columns.iter().zip(&block.columns);
    match format {
        ScanFormat::List => {
            out.push(b'{');
            write_list(cells, out, |(column, data), out| {
                write_key(&column.name, out);
                write_typed(data, column.written(), row, out);
            });
            out.push(b'}');
        }
        ScanFormat::Compacted => {
            out.push(b'[');
            write_list(cells, out, |(column, data), out| write_typed(data, column.written(), row, out));
            out.push(b']');
        }
    }
}
