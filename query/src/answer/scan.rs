//! What does scan answer? Batches of rows with the names and types of their columns; `__time` as milliseconds.

use std::collections::{HashMap, HashSet};

use alluvium_expression::Expr;
use alluvium_segments::{ColumnType, Segment, SegmentRef, TIME_COLUMN};

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
    /// What is shown instead of its values.
    pub(crate) shown: Option<Shown>,
    /// Whether each segment has its own, or none.
    stored: bool,
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
            shown: match computed {
                Some(column) => known.shown(column),
                None => known.written(name),
            },
            stored: computed.is_none(),
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

/// The columns as one segment has them.
struct Shape {
    /// Numbers of those that are shown.
    shown: Vec<usize>,
    /// What stands before the rows of a batch, and after them.
    head: Vec<u8>,
    tail: Vec<u8>,
}

impl Shape {
    /// The columns that are asked for; those it does not have are without type, or left out where all are wanted.
    fn new(query: &Scan, columns: &[ScanColumn], untyped: &[String], segments: &[&dyn Segment]) -> Self {
        let spec = |name: &str| segments.iter().find_map(|s| s.schema().find(name).map(|(_, spec)| spec));
        let (mut shown, mut types) = (Vec::with_capacity(columns.len()), Vec::with_capacity(columns.len()));
        for (at, column) in columns.iter().enumerate() {
            let own = spec(&column.name).map(|spec| spec.column_type);
            let own = own.or_else(|| column.column_type.filter(|_| column.name == TIME_COLUMN));
            let is_there = !column.stored || segments.is_empty() || own.is_some();
            if !is_there && query.columns.is_empty() {
                continue;
            }
            let known = if column.stored { own.or(column.column_type) } else { column.column_type };
            let known = known.filter(|_| is_there && !(column.stored && untyped.contains(&column.name)));
            shown.push(at);
            types.push(known.map(|known| column.type_name.unwrap_or(known.druid_name())));
        }
        let mut tail = Vec::from(*b"],\"rowSignature\":[");
        write_list(shown.iter().zip(types), &mut tail, |(at, type_name), out| {
            out.extend(b"{\"name\":");
            write_text(&columns[*at].name, out);
            if let Some(name) = type_name {
                out.extend(b",\"type\":");
                write_text(name, out);
            }
            out.push(b'}');
        });
        tail.extend(b"]}");
        let mut head = Vec::from(*b",\"columns\":[");
        write_list(&shown, &mut head, |at, out| write_text(&columns[*at].name, out));
        head.extend(b"],\"events\":[");
        Self { shown, head, tail }
    }
}

/// The whole answer. Each batch is of one segment, or in an order of segments that have the same columns.
pub(crate) fn scan(
    query: &Scan,
    rows: &RowSet,
    columns: &[ScanColumn],
    (segments, untyped): (&[SegmentRef], &[String]),
) -> Vec<u8> {
    let ordered = !query.order.is_empty();
    let ids: HashSet<&str> = rows.blocks.iter().map(|block| block.segment.as_str()).collect();
    let mut named: HashMap<String, Vec<&dyn Segment>> = HashMap::new();
    for segment in segments {
        let id = segment.segment.id().to_string();
        if ids.contains(id.as_str()) {
            named.entry(id).or_default().push(segment.segment.as_ref());
        }
    }
    let mut shapes: HashMap<&str, Shape> = HashMap::new();
    for id in ids {
        let segments = named.get(id).map(Vec::as_slice).unwrap_or_default();
        shapes.insert(id, Shape::new(query, columns, untyped, segments));
    }
    let mut out = vec![b'['];
    let mut open: Option<(&str, &Shape, usize)> = None;
    for block in &rows.blocks {
        let segment = if ordered { "" } else { block.segment.as_str() };
        let Some(shape) = shapes.get(block.segment.as_str()) else { continue };
        for row in 0..block.rows {
            match &mut open {
                Some((known, before, count))
                    if *known == segment && before.tail == shape.tail && *count < query.batch_size =>
                {
                    *count += 1;
                    out.push(b',');
                }
                _ => {
                    if let Some((_, before, _)) = open {
                        out.extend(&before.tail);
                        out.push(b',');
                    }
                    open = Some((segment, shape, 1));
                    out.extend(b"{\"segmentId\":");
                    if ordered {
                        out.extend(b"null");
                    } else {
                        write_text(segment, &mut out);
                    }
                    out.extend(&shape.head);
                }
            }
            write_row(query.format, (block, row), (columns, &shape.shown), &mut out);
        }
    }
    if let Some((_, shape, _)) = open {
        out.extend(&shape.tail);
    }
    out.push(b']');
    out
}

fn write_row(
    format: ScanFormat,
    (block, row): (&RowBlock, usize),
    (columns, shown): (&[ScanColumn], &[usize]),
    out: &mut Vec<u8>,
) {
    let cells = shown.iter().filter_map(|at| Some((columns.get(*at)?, block.columns.get(*at)?)));
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
