//! What becomes of records that cannot be read? Rows of the datasource `NAME__rejects`, committed with the rows
//! of the same offsets, so that each bad record is counted once, too.

use std::sync::Arc;

use alluvium_segments::time::{Granularity, Interval};
use alluvium_segments::{BatchColumn, ColumnSpec, ColumnType, NumericBatch, RowBatch, Schema, StringBatch};

use crate::parse::Reject;

/// The datasource that keeps the bad records of another.
#[must_use]
pub fn rejects_of(datasource: &str) -> String {
    format!("{datasource}__rejects")
}

/// Bad records on their way to their datasource.
#[derive(Debug)]
pub(crate) struct DeadLetters {
    schema: Arc<Schema>,
    time: Vec<i64>,
    topic: StringBatch,
    partition: NumericBatch<i64>,
    offset: NumericBatch<i64>,
    reason: StringBatch,
    message: StringBatch,
    raw: StringBatch,
}

impl Default for DeadLetters {
    fn default() -> Self {
        let text = |name| ColumnSpec::dimension(name, ColumnType::String);
        let number = |name| ColumnSpec::dimension(name, ColumnType::Long);
        let columns = vec![
            text("topic"),
            number("partition"),
            number("offset"),
            text("reason"),
            text("message"),
            text("raw"),
        ];
        Self {
            schema: Arc::new(Schema::new(columns)),
            time: Vec::new(),
            topic: StringBatch::default(),
            partition: NumericBatch::default(),
            offset: NumericBatch::default(),
            reason: StringBatch::default(),
            message: StringBatch::default(),
            raw: StringBatch::default(),
        }
    }
}

/// Where a bad record came from.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Place<'r> {
    /// Topic or file.
    pub(crate) topic: &'r str,
    /// Partition and offset, for streams.
    pub(crate) at: Option<(i32, i64)>,
}

impl DeadLetters {
    pub(crate) fn push(&mut self, now_ms: i64, place: Place<'_>, reject: &Reject, raw: &[u8]) {
        self.time.push(now_ms);
        self.topic.push(Some(place.topic));
        self.partition.push(place.at.map(|(partition, _)| i64::from(partition)));
        self.offset.push(place.at.map(|(_, offset)| offset));
        self.reason.push(Some(reject.kind.as_str()));
        self.message.push(Some(&reject.message));
        match std::str::from_utf8(raw) {
            Ok(text) => self.raw.push(Some(text)),
            Err(_) => self.raw.push(Some(&base64(raw))),
        }
    }

    /// The rows so far with their time chunk (a day), if there are any.
    pub(crate) fn take(&mut self) -> Option<(Interval, RowBatch)> {
        let first = *self.time.first()?;
        let full = std::mem::take(self);
        let day = Granularity::Duration { millis: alluvium_segments::time::DAY_MS, origin: 0 };
        let columns = vec![
            BatchColumn::String(full.topic),
            BatchColumn::Long(full.partition),
            BatchColumn::Long(full.offset),
            BatchColumn::String(full.reason),
            BatchColumn::String(full.message),
            BatchColumn::String(full.raw),
        ];
        self.schema = full.schema.clone();
        // One batch is one moment: all rows carry the time of the first.
        let time = vec![first; full.time.len()];
        Some((day.bucket(first), RowBatch { schema: full.schema, time, columns }))
    }
}

const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// RFC 4648 with padding.
pub(crate) fn base64(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for group in bytes.chunks(3) {
        let byte = |i: usize| u32::from(group.get(i).copied().unwrap_or(0));
        let bits = byte(0) << 16 | byte(1) << 8 | byte(2);
        for i in 0..4 {
            if i <= group.len() {
                text.push(char::from(DIGITS[(bits >> (18 - 6 * i) & 63) as usize]));
            } else {
                text.push('=');
            }
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parse::RejectKind;

    #[test]
    fn base64_of_all_lengths() {
        for (bytes, text) in [("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg==")]
        {
            assert_eq!(base64(bytes.as_bytes()), text);
        }
    }

    #[test]
    fn rows_of_bad_records() {
        let mut letters = DeadLetters::default();
        assert!(letters.take().is_none());
        let reject = Reject::new(RejectKind::Unparseable, "no JSON".to_owned());
        letters.push(86_400_005, Place { topic: "t", at: Some((1, 7)) }, &reject, b"{");
        letters.push(86_400_006, Place { topic: "t", at: None }, &reject, &[0xff]);
        let (chunk, batch) = letters.take().unwrap();
        assert_eq!(chunk, Interval::new(86_400_000, 172_800_000));
        assert_eq!(batch.time, [86_400_005, 86_400_005]);
        let BatchColumn::String(raw) = &batch.columns[5] else { panic!("not texts") };
        assert_eq!((raw.value(0), raw.value(1)), (Some("{"), Some("/w==")));
        assert!(letters.take().is_none());
    }
}
