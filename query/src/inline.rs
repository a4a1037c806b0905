//! How are rows queried that are in no segment file: inline data sources and the results of inner queries? As a
//! segment in memory, without indexes or zone maps.

use std::ops::Range;

use alluvium_expression::{Value as Cell, encode};
use alluvium_segments::time::{Interval, parse_iso};
use alluvium_segments::{
    Column, ColumnSpec, ColumnType, MultiBlock, NumericBlock, NumericColumn, RowOrder, Schema, Segment,
    SegmentError, SegmentId, StringColumn, TIME_COLUMN, Zone,
};
use serde_json::Value;

use crate::QueryError;
use crate::column::{ColumnData, TextInterner};
use crate::native::Typed;
use crate::request::Fields;

/// Rows in memory.
#[derive(Debug)]
pub struct InlineSegment {
    id: SegmentId,
    schema: Schema,
    time: Numbers<i64>,
    columns: Vec<Stored>,
    /// Whether it was given a column `__time`.
    timed: bool,
    /// Whether these rows are known by the segment's identity.
    settled: bool,
    /// Columns whose types nobody has said.
    untyped: Vec<String>,
}

/// What the name of a column ends with that holds the values of another as they were written.
const WRITTEN: &str = "\u{0}written";

/// The column that holds the values of another as they were written, where these are not of its type.
pub(crate) fn written(name: &str) -> String {
    format!("{name}{WRITTEN}")
}

/// Whether a column holds the values of another as they were written.
pub(crate) fn is_written(name: &str) -> bool {
    name.ends_with(WRITTEN)
}

#[derive(Debug)]
enum Stored {
    Long(Numbers<i64>),
    Float(Numbers<f32>),
    Double(Numbers<f64>),
    Text(Texts),
}

#[derive(Debug)]
struct Numbers<T>(NumericBlock<T>);

#[derive(Debug)]
struct Texts {
    dictionary: TextInterner,
    offsets: Vec<u32>,
    ids: Vec<u32>,
    multi: bool,
}

impl InlineSegment {
    /// Rows of named columns of equal length; a column `__time` of longs gives their times (0 without it).
    #[must_use]
    pub fn new(name: &str, columns: Vec<(String, ColumnData)>) -> Self {
        Self::typed(name, columns.into_iter().map(|(column, data)| (column, None, data)).collect())
    }

    /// The same of columns whose types are given where the values do not tell them: arrays and nested values lie as
    /// the texts that stand for them.
    pub(crate) fn typed(name: &str, columns: Vec<Typed>) -> Self {
        let rows = columns.first().map_or(0, |(.., data)| data.len());
        let (mut time, mut timed) = (vec![0; rows], false);
        let mut specs = Vec::with_capacity(columns.len());
        let mut stored = Vec::with_capacity(columns.len());
        for (column, column_type, data) in columns {
            if column == TIME_COLUMN {
                timed = true;
                if let ColumnData::Longs(block) = data.cast(ColumnType::Long) {
                    time = block.values;
                }
                continue;
            }
            let (column_type, data) = match data {
                ColumnData::Longs(block) => (ColumnType::Long, Stored::Long(Numbers(block))),
                ColumnData::Floats(block) => (ColumnType::Float, Stored::Float(Numbers(block))),
                ColumnData::Doubles(block) => (ColumnType::Double, Stored::Double(Numbers(block))),
                texts => {
                    let coded = column_type.filter(|column_type| column_type.is_coded());
                    (coded.unwrap_or(ColumnType::String), Stored::Text(Texts::new(&texts)))
                }
            };
            specs.push(ColumnSpec::dimension(&column, column_type));
            stored.push(data);
        }
        let mut nulls = alluvium_segments::NullMask::default();
        nulls.push_valid(rows);
        let id = SegmentId {
            datasource: name.to_owned(),
            interval: Interval::ETERNITY,
            version: "0".to_owned(),
            partition: 0,
        };
        let schema = Schema::new(specs);
        Self {
            id,
            schema,
            time: Numbers(NumericBlock { values: time, nulls }),
            columns: stored,
            timed,
            settled: false,
            untyped: Vec::new(),
        }
    }

    /// Whether `__time` is one of its columns.
    pub(crate) fn is_timed(&self) -> bool {
        self.timed
    }

    /// Columns whose types nobody has said.
    pub(crate) fn untyped(&self) -> &[String] {
        &self.untyped
    }

    /// With columns whose types nobody has said.
    pub(crate) fn with_untyped(self, untyped: Vec<String>) -> Self {
        Self { untyped, ..self }
    }

    /// Rows without times that are always the same under this name and version.
    pub(crate) fn settled(name: &str, version: &str, columns: Vec<(String, ColumnData)>) -> Self {
        let mut rows = Self::new(name, columns);
        rows.id.version = version.to_owned();
        rows.settled = true;
        rows
    }

    /// Reads an inline data source: `columnNames`, `columnTypes` (optional), `rows`.
    pub(crate) fn read(fields: &Fields<'_>) -> Result<Self, QueryError> {
        let names = fields.texts("columnNames")?;
        let types = fields.texts("columnTypes")?;
        let mut columns: Vec<Vec<&Value>> = names.iter().map(|_| Vec::new()).collect();
        fields.need("rows")?;
        for row in fields.list("rows")? {
            let cells = row.as_array().ok_or_else(|| fields.wrong("rows", "lists with a value a column"))?;
            // What a row lacks is null, what it has too much is nothing.
            let cells = cells.iter().chain(std::iter::repeat(&Value::Null));
            columns.iter_mut().zip(cells).for_each(|(column, cell)| column.push(cell));
        }
        let mut typed = Vec::with_capacity(names.len());
        let untyped = names.iter().skip(types.len()).cloned().collect();
        for (i, (name, written)) in names.into_iter().zip(columns).enumerate() {
            let column_type = match types.get(i) {
                None => None,
                Some(text) => Some(
                    text.to_ascii_uppercase().replace("COMPLEX<JSON>", "COMPLEX<json>").parse().map_err(
                        |_| {
                            fields.wrong(
                                "columnTypes",
                                "a list of STRING, LONG, FLOAT, DOUBLE and arrays of these",
                            )
                        },
                    )?,
                ),
            };
            let cells = written.iter().map(|cell| match cell {
                Value::String(text) if name == TIME_COLUMN => Ok(Cell::Long(parse_iso(text)?)),
                cell => Ok(Cell::from_json(cell)),
            });
            let data = ColumnData::of_type(&cells.collect::<Result<Vec<_>, QueryError>>()?, column_type);
            if name != TIME_COLUMN && !written.iter().all(|cell| fits(cell, &data, column_type)) {
                let cells: Vec<Cell> =
                    written.iter().map(|cell| Cell::Json(Value::clone(cell).into())).collect();
                let json = Some(ColumnType::Json);
                typed.push((self::written(&name), json, ColumnData::of_type(&cells, json)));
            }
            typed.push((name, column_type, data));
        }
        Ok(Self::typed("inline", typed).with_untyped(untyped))
    }
}

/// Whether a value is shown by a column as it was written.
fn fits(cell: &Value, data: &ColumnData, column_type: Option<ColumnType>) -> bool {
    match (cell, data) {
        _ if column_type.is_some_and(ColumnType::is_coded) => true,
        (Value::Null, _) | (Value::String(_), ColumnData::Texts(_)) => true,
        (Value::Number(number), ColumnData::Longs(_)) => number.is_i64(),
        (Value::Number(number), ColumnData::Floats(_) | ColumnData::Doubles(_)) => number.is_f64(),
        (Value::Array(items), ColumnData::TextLists(_)) => {
            items.iter().all(|item| item.is_string() || item.is_null())
        }
        (Value::String(_), ColumnData::TextLists(_)) => true,
        _ => false,
    }
}

impl ColumnData {
    /// Values as a column of a type, or of the one that holds them all.
    fn of_type(values: &[Cell], column_type: Option<ColumnType>) -> Self {
        match column_type {
            None => Self::from_values(values),
            Some(coded) if coded.is_coded() => {
                let mut texts = TextInterner::default();
                let ids = values.iter().map(|value| texts.intern(encode(value, coded).as_deref())).collect();
                Self::Texts(crate::TextColumn { table: texts.table, ids })
            }
            // Lists are several values of a row.
            Some(ColumnType::String) if values.iter().any(Cell::is_array) => Self::from_values(values),
            Some(ColumnType::String) => {
                let mut texts = TextInterner::default();
                let ids = values.iter().map(|value| texts.intern(value.as_string().as_deref())).collect();
                Self::Texts(crate::TextColumn { table: texts.table, ids })
            }
            Some(other) => Self::from_values(values).cast(other),
        }
    }

    /// Values of any types as a column, with its type where the texts stand for nested values.
    pub(crate) fn coded(values: &[Cell]) -> (Option<ColumnType>, Self) {
        let nested = values.iter().any(|value| matches!(value, Cell::Json(_)));
        let column_type = nested.then_some(ColumnType::Json);
        (column_type, Self::of_type(values, column_type))
    }

    /// Values of any types as a column of the type that holds them all.
    pub(crate) fn from_values(values: &[Cell]) -> Self {
        let mut texts = TextInterner::default();
        if values.iter().any(|v| v.is_array()) {
            let mut list = crate::TextListColumn { offsets: vec![0], ..Default::default() };
            for value in values {
                list.ids.extend(value.elements().iter().map(|e| texts.intern(e.as_string().as_deref())));
                list.offsets.push(list.ids.len() as u32);
            }
            list.table = texts.table;
            return Self::TextLists(list);
        }
        fn block<T: Default>(values: impl Iterator<Item = Option<T>>) -> NumericBlock<T> {
            let mut block = NumericBlock { values: Vec::new(), nulls: Default::default() };
            for value in values {
                block.nulls.push(value.is_none());
                block.values.push(value.unwrap_or_default());
            }
            block
        }
        let of = |test: fn(&Cell) -> bool| values.iter().all(|v| v.is_null() || test(v));
        if values.iter().all(Cell::is_null) || !of(|v| matches!(v, Cell::Long(_) | Cell::Double(_))) {
            let ids = values.iter().map(|v| texts.intern(v.as_string().as_deref())).collect();
            return Self::Texts(crate::TextColumn { table: texts.table, ids });
        }
        if of(|v| matches!(v, Cell::Long(_))) {
            return Self::Longs(block(values.iter().map(Cell::as_long)));
        }
        Self::Doubles(block(values.iter().map(Cell::as_double)))
    }
}

impl Segment for InlineSegment {
    fn id(&self) -> &SegmentId {
        &self.id
    }

    fn rows(&self) -> usize {
        self.time.0.values.len()
    }

    fn schema(&self) -> &Schema {
        &self.schema
    }

    fn order(&self) -> RowOrder {
        if self.settled { RowOrder::Time } else { RowOrder::Arrival }
    }

    fn time_bounds(&self) -> Option<(i64, i64)> {
        let times = &self.time.0.values;
        Some((*times.iter().min()?, *times.iter().max()?))
    }

    fn answers_for_all_time(&self) -> bool {
        true
    }

    fn column(&self, name: &str) -> Result<Option<Column<'_>>, SegmentError> {
        if name == TIME_COLUMN {
            return Ok(Some(Column::Time(&self.time)));
        }
        let Some((at, _)) = self.schema.find(name) else { return Ok(None) };
        Ok(self.columns.get(at).map(|column| match column {
            Stored::Long(numbers) => Column::Long(numbers),
            Stored::Float(numbers) => Column::Float(numbers),
            Stored::Double(numbers) => Column::Double(numbers),
            Stored::Text(texts) => Column::String(texts),
        }))
    }

    fn is_live(&self) -> bool {
        !self.settled
    }

    fn size_bytes(&self) -> u64 {
        (self.rows() * (self.columns.len() + 1) * 8) as u64
    }
}

impl<T: Copy + Default + Send + Sync + PartialOrd> NumericColumn<T> for Numbers<T> {
    fn read(&self, rows: Range<usize>, out: &mut NumericBlock<T>) -> Result<(), SegmentError> {
        out.clear();
        out.values.extend_from_slice(&self.0.values[rows.clone()]);
        out.nulls.extend_from(&self.0.nulls, rows);
        Ok(())
    }

    fn gather(&self, rows: &[u32], out: &mut NumericBlock<T>) -> Result<(), SegmentError> {
        out.clear();
        for row in rows {
            out.values.push(self.0.values[*row as usize]);
            out.nulls.push(self.0.nulls.is_null(*row as usize));
        }
        Ok(())
    }

    fn may_have_nulls(&self) -> bool {
        self.0.nulls.any()
    }

    fn bounds(&self) -> Option<Zone<T>> {
        None
    }

    fn zone(&self, _block: usize) -> Option<Zone<T>> {
        None
    }
}

impl Texts {
    fn new(data: &ColumnData) -> Self {
        let mut dictionary = TextInterner::default();
        let (mut offsets, mut ids) = (vec![0], Vec::new());
        let mut multi = false;
        for row in 0..data.len() {
            match data.list(row) {
                Some(list) => {
                    multi = true;
                    ids.extend(list.into_iter().map(|text| dictionary.intern(text)));
                }
                None => ids.extend(data.text(row).map(|text| dictionary.intern(Some(&text)))),
            }
            offsets.push(ids.len() as u32);
        }
        Self { dictionary, offsets, ids, multi }
    }

    fn row(&self, row: usize) -> &[u32] {
        &self.ids[self.offsets[row] as usize..self.offsets[row + 1] as usize]
    }

    fn multi(&self, rows: impl Iterator<Item = usize>, out: &mut MultiBlock) {
        out.ids.clear();
        out.offsets.clear();
        out.offsets.push(0);
        for row in rows {
            out.ids.extend_from_slice(self.row(row));
            out.offsets.push(out.ids.len() as u32);
        }
    }
}

impl StringColumn for Texts {
    fn cardinality(&self) -> u32 {
        self.dictionary.table.len() as u32 + 1
    }

    fn is_multi(&self) -> bool {
        self.multi
    }

    fn has_nulls(&self) -> bool {
        self.offsets.windows(2).any(|row| row[0] == row[1]) || self.ids.contains(&0)
    }

    fn is_sorted(&self) -> bool {
        false
    }

    fn value(&self, id: u32) -> Result<Option<&str>, SegmentError> {
        Ok(self.dictionary.table.get(id))
    }

    fn lookup(&self, value: Option<&str>) -> Result<Option<u32>, SegmentError> {
        Ok(value.map_or(Some(0), |text| self.dictionary.find(text)))
    }

    fn lower_bound(&self, _value: &str) -> Result<u32, SegmentError> {
        Err(SegmentError::Invalid("an inline dictionary is not sorted".to_owned()))
    }

    fn read_ids(&self, rows: Range<usize>, out: &mut Vec<u32>) -> Result<(), SegmentError> {
        out.clear();
        out.extend(rows.map(|row| self.row(row).first().copied().unwrap_or(0)));
        Ok(())
    }

    fn gather_ids(&self, rows: &[u32], out: &mut Vec<u32>) -> Result<(), SegmentError> {
        out.clear();
        out.extend(rows.iter().map(|row| self.row(*row as usize).first().copied().unwrap_or(0)));
        Ok(())
    }

    fn read_multi(&self, rows: Range<usize>, out: &mut MultiBlock) -> Result<(), SegmentError> {
        self.multi(rows, out);
        Ok(())
    }

    fn gather_multi(&self, rows: &[u32], out: &mut MultiBlock) -> Result<(), SegmentError> {
        self.multi(rows.iter().map(|row| *row as usize), out);
        Ok(())
    }

    fn has_index(&self) -> bool {
        false
    }

    fn mark(
        &self,
        ids: &mut dyn Iterator<Item = u32>,
        rows: Range<usize>,
        out: &mut [u64],
    ) -> Result<(), SegmentError> {
        let wanted: Vec<u32> = ids.collect();
        for (i, row) in rows.enumerate() {
            let known = self.row(row);
            let holds = (known.is_empty() && wanted.contains(&0))
                || known.iter().any(|id| wanted.binary_search(id).is_ok());
            out[i / 64] |= u64::from(holds) << (i % 64);
        }
        Ok(())
    }
}
