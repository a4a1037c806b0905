//! How is a batch cut into time chunks? Most batches lie in one chunk and are passed on as they are.

use std::sync::Arc;

use alluvium_segments::time::{Granularity, Interval};
use alluvium_segments::{BatchColumn, CodedBatch, NumericBatch, RowBatch, StringBatch};

/// Cuts a batch by the time chunks of `granularity`, in the order of the chunks; rows keep their order.
#[must_use]
pub fn split(batch: RowBatch, granularity: &Granularity) -> Vec<(Interval, RowBatch)> {
    let Some(&first) = batch.time.first() else { return Vec::new() };
    let (mut low, mut high) = (first, first);
    for &t in &batch.time {
        low = low.min(t);
        high = high.max(t);
    }
    let chunk = granularity.bucket(low);
    if chunk.contains(high) {
        return vec![(chunk, batch)];
    }
    let mut chunks: Vec<(Interval, Vec<u32>)> = Vec::new();
    let mut last = 0;
    for (row, &t) in batch.time.iter().enumerate() {
        if !chunks.get(last).is_some_and(|(chunk, _)| chunk.contains(t)) {
            last = chunks.iter().position(|(chunk, _)| chunk.contains(t)).unwrap_or(chunks.len());
            if last == chunks.len() {
                chunks.push((granularity.bucket(t), Vec::new()));
            }
        }
        if let Some((_, rows)) = chunks.get_mut(last) {
            rows.push(row as u32);
        }
    }
    chunks.sort_unstable_by_key(|(chunk, _)| *chunk);
    chunks.into_iter().map(|(chunk, rows)| (chunk, gather(&batch, &rows))).collect()
}

/// The given rows of a batch, as a batch of their own.
fn gather(batch: &RowBatch, rows: &[u32]) -> RowBatch {
    let columns = batch.columns.iter().map(|column| match column {
        BatchColumn::Long(c) => BatchColumn::Long(gather_numbers(c, rows)),
        BatchColumn::Float(c) => BatchColumn::Float(gather_numbers(c, rows)),
        BatchColumn::Double(c) => BatchColumn::Double(gather_numbers(c, rows)),
        BatchColumn::String(c) => BatchColumn::String(gather_texts(c, rows)),
        BatchColumn::Coded(c) => {
            let codes = rows.iter().map(|&row| c.codes[row as usize]).collect();
            BatchColumn::Coded(CodedBatch { texts: Arc::clone(&c.texts), codes })
        }
    });
    RowBatch {
        schema: Arc::clone(&batch.schema),
        time: rows.iter().map(|&row| batch.time[row as usize]).collect(),
        columns: columns.collect(),
    }
}

fn gather_numbers<T: Copy + Default>(column: &NumericBatch<T>, rows: &[u32]) -> NumericBatch<T> {
    let mut out = NumericBatch::default();
    out.values.extend(rows.iter().map(|&row| column.values[row as usize]));
    if !column.nulls.any() {
        out.nulls.push_valid(rows.len());
        return out;
    }
    for &row in rows {
        out.nulls.push(column.nulls.is_null(row as usize));
    }
    out
}

fn gather_texts(column: &StringBatch, rows: &[u32]) -> StringBatch {
    let mut out = StringBatch::default();
    for &row in rows {
        for value in column.row(row as usize) {
            out.push_value(column.value(value));
        }
        out.end_row();
    }
    out
}

#[cfg(test)]
mod tests {
    use alluvium_segments::{ColumnSpec, ColumnType, Schema};

    use super::*;

    fn batch(times: &[i64]) -> RowBatch {
        let columns = vec![
            ColumnSpec::dimension("text", ColumnType::String),
            ColumnSpec::dimension("number", ColumnType::Long),
        ];
        let (mut texts, mut numbers) = (StringBatch::default(), NumericBatch::default());
        for &t in times {
            texts.push_value(Some(&t.to_string()));
            texts.push_value(None);
            texts.end_row();
            numbers.push((t % 2 == 0).then_some(t));
        }
        let columns_of = vec![BatchColumn::String(texts), BatchColumn::Long(numbers)];
        RowBatch { schema: Arc::new(Schema::new(columns)), time: times.to_vec(), columns: columns_of }
    }

    #[test]
    fn one_chunk_is_passed_on() {
        let hour = Granularity::from_name("hour").unwrap();
        assert!(split(batch(&[]), &hour).is_empty());
        let chunks = split(batch(&[5, 3, 3_599_999]), &hour);
        assert_eq!(chunks.len(), 1);
        assert_eq!(chunks[0].0, Interval::new(0, 3_600_000));
        let all = split(batch(&[-5, 3_600_000_000]), &Granularity::All);
        assert_eq!(all[0].0, Interval::ETERNITY);
    }

    #[test]
    fn rows_follow_their_chunk() {
        let hour = Granularity::from_name("hour").unwrap();
        let chunks = split(batch(&[3_600_001, 7, -1, 3_600_002, 8]), &hour);
        let starts: Vec<i64> = chunks.iter().map(|(chunk, _)| chunk.start).collect();
        assert_eq!(starts, [-3_600_000, 0, 3_600_000]);
        let last = &chunks[2].1;
        assert_eq!(last.time, [3_600_001, 3_600_002]);
        let BatchColumn::String(texts) = &last.columns[0] else { panic!("not texts") };
        assert_eq!((texts.value(2), texts.value(3), texts.row(1)), (Some("3600002"), None, 2..4));
        let BatchColumn::Long(numbers) = &last.columns[1] else { panic!("not longs") };
        assert!(numbers.nulls.is_null(0) && !numbers.nulls.is_null(1));
    }
}
