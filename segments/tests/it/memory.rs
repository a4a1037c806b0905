//! How do test rows become a [`Segment`]? The simplest one there is: vectors in arrival order, and dictionaries
//! in order of appearance.

use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use alluvium_segments::*;

/// Rows of a batch, readable as a segment.
pub(crate) struct MemorySegment {
    id: SegmentId,
    schema: Schema,
    time: Numbers<i64>,
    columns: Vec<MemoryColumn>,
}

enum MemoryColumn {
    Long(Numbers<i64>),
    Float(Numbers<f32>),
    Double(Numbers<f64>),
    String(Strings),
}

#[derive(Default)]
struct Numbers<T> {
    values: Vec<T>,
    nulls: NullMask,
}

#[derive(Default)]
struct Strings {
    texts: Vec<String>,
    rows: Vec<Vec<u32>>,
}

impl MemorySegment {
    pub(crate) fn open(id: SegmentId, batch: &RowBatch) -> Arc<dyn Segment> {
        let columns = batch.columns.iter().map(|column| match column {
            BatchColumn::Long(c) => MemoryColumn::Long(numbers(c)),
            BatchColumn::Float(c) => MemoryColumn::Float(numbers(c)),
            BatchColumn::Double(c) => MemoryColumn::Double(numbers(c)),
            BatchColumn::String(c) => MemoryColumn::String(strings(c)),
            BatchColumn::Coded(c) => MemoryColumn::String(strings(&c.to_strings())),
        });
        let mut nulls = NullMask::default();
        nulls.push_valid(batch.time.len());
        let time = Numbers { values: batch.time.clone(), nulls };
        Arc::new(Self { id, schema: Schema::clone(&batch.schema), time, columns: columns.collect() })
    }
}

fn numbers<T: Copy>(batch: &NumericBatch<T>) -> Numbers<T> {
    Numbers { values: batch.values.clone(), nulls: batch.nulls.clone() }
}

fn strings(batch: &StringBatch) -> Strings {
    let mut out = Strings::default();
    for row in 0..batch.row_ends.len() {
        let ids = batch.row(row).map(|value| {
            let Some(text) = batch.value(value) else { return 0 };
            if let Some(known) = out.texts.iter().position(|t| t == text) {
                return known as u32 + 1;
            }
            out.texts.push(text.to_owned());
            out.texts.len() as u32
        });
        let ids = ids.collect();
        out.rows.push(ids);
    }
    out
}

impl fmt::Debug for MemorySegment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "MemorySegment({})", self.id)
    }
}

impl Segment for MemorySegment {
    fn id(&self) -> &SegmentId {
        &self.id
    }

    fn rows(&self) -> usize {
        self.time.values.len()
    }

    fn schema(&self) -> &Schema {
        &self.schema
    }

    fn order(&self) -> RowOrder {
        RowOrder::Arrival
    }

    fn time_bounds(&self) -> Option<(i64, i64)> {
        Some((*self.time.values.iter().min()?, *self.time.values.iter().max()?))
    }

    fn column(&self, name: &str) -> Result<Option<Column<'_>>, SegmentError> {
        if name == TIME_COLUMN {
            return Ok(Some(Column::Time(&self.time)));
        }
        let column = self.schema.find(name).map(|(i, _)| &self.columns[i]);
        Ok(column.map(|column| match column {
            MemoryColumn::Long(c) => Column::Long(c),
            MemoryColumn::Float(c) => Column::Float(c),
            MemoryColumn::Double(c) => Column::Double(c),
            MemoryColumn::String(c) => Column::String(c),
        }))
    }

    fn is_live(&self) -> bool {
        false
    }

    fn size_bytes(&self) -> u64 {
        0
    }
}

impl<T: Copy + Default + Send + Sync> NumericColumn<T> for Numbers<T> {
    fn read(&self, rows: Range<usize>, out: &mut NumericBlock<T>) -> Result<(), SegmentError> {
        out.clear();
        out.values.extend_from_slice(&self.values[rows.clone()]);
        out.nulls.extend_from(&self.nulls, rows);
        Ok(())
    }

    fn gather(&self, rows: &[u32], out: &mut NumericBlock<T>) -> Result<(), SegmentError> {
        out.clear();
        for row in rows {
            out.values.push(self.values[*row as usize]);
            out.nulls.push(self.nulls.is_null(*row as usize));
        }
        Ok(())
    }

    fn may_have_nulls(&self) -> bool {
        self.nulls.any()
    }

    fn bounds(&self) -> Option<Zone<T>> {
        None
    }

    fn zone(&self, _: usize) -> Option<Zone<T>> {
        None
    }
}

impl StringColumn for Strings {
    fn cardinality(&self) -> u32 {
        self.texts.len() as u32 + 1
    }

    fn is_multi(&self) -> bool {
        self.rows.iter().any(|row| row.len() > 1 || row[..] == [0])
    }

    fn has_nulls(&self) -> bool {
        self.rows.iter().any(|row| row.is_empty() || row.contains(&0))
    }

    fn is_sorted(&self) -> bool {
        false
    }

    fn value(&self, id: u32) -> Result<Option<&str>, SegmentError> {
        Ok(id.checked_sub(1).map(|i| self.texts[i as usize].as_str()))
    }

    fn lookup(&self, value: Option<&str>) -> Result<Option<u32>, SegmentError> {
        let Some(value) = value else { return Ok(Some(0)) };
        Ok(self.texts.iter().position(|t| t == value).map(|i| i as u32 + 1))
    }

    fn lower_bound(&self, _: &str) -> Result<u32, SegmentError> {
        Err(SegmentError::Invalid("not sorted".to_owned()))
    }

    fn read_ids(&self, rows: Range<usize>, out: &mut Vec<u32>) -> Result<(), SegmentError> {
        out.clear();
        out.extend(self.rows[rows].iter().map(|row| row.first().copied().unwrap_or(0)));
        Ok(())
    }

    fn gather_ids(&self, rows: &[u32], out: &mut Vec<u32>) -> Result<(), SegmentError> {
        out.clear();
        out.extend(rows.iter().map(|row| self.rows[*row as usize].first().copied().unwrap_or(0)));
        Ok(())
    }

    fn read_multi(&self, rows: Range<usize>, out: &mut MultiBlock) -> Result<(), SegmentError> {
        let rows: Vec<u32> = rows.map(|r| r as u32).collect();
        self.gather_multi(&rows, out)
    }

    fn gather_multi(&self, rows: &[u32], out: &mut MultiBlock) -> Result<(), SegmentError> {
        out.ids.clear();
        out.offsets.clear();
        out.offsets.push(0);
        for row in rows {
            out.ids.extend_from_slice(&self.rows[*row as usize]);
            out.offsets.push(out.ids.len() as u32);
        }
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
        let ids: Vec<u32> = ids.collect();
        let holds =
            |row: &Vec<u32>| (row.is_empty() && ids.contains(&0)) || row.iter().any(|id| ids.contains(id));
        for (i, row) in self.rows[rows].iter().enumerate() {
            out[i / 64] |= u64::from(holds(row)) << (i % 64);
        }
        Ok(())
    }
}
