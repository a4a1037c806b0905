//! What does a caller hold to turn records into batches of rows? One [`RowParser`] a task.

use std::sync::Arc;

use alluvium_segments::time::Interval;
use alluvium_segments::{RowBatch, Schema};
use serde::Deserialize;
use serde::de::DeserializeSeed;

use super::builder::{RowBuilder, RowEnd, clip};
use super::delimited::Delimited;
use super::field::Field;
use super::general::General;
use super::json::{RowSeed, documents};
use super::negative_zero;
use super::origin::OriginFields;
use super::plain_json::Plain;
use super::record::{Outcome, Record, Reject, RejectKind};
use crate::spec::{DataSchema, InputFormat, JsonFormat, SpecError};

/// Turns records into rows, which gather in a batch until [`RowParser::take`].
///
/// A record's rows are all kept or none: when one of its rows has no time, or its bytes are broken, nothing
/// of it is left (except with `assumeNewlineDelimited` and in files, where each line stands for itself).
#[derive(Debug)]
pub struct RowParser {
    reader: Reader,
    builder: RowBuilder,
    /// The way over parsed values, where the spec needs it.
    general: Option<General>,
    origin: OriginFields,
    plain: Plain,
}

#[derive(Debug)]
enum Reader {
    Json { lines: bool },
    Delimited(Box<Delimited>),
    Parquet,
}

impl RowParser {
    /// A parser for what `data` says, of records written in `format`.
    ///
    /// # Errors
    /// When a format, an expression or a filter cannot be read.
    pub fn new(data: &DataSchema, format: &InputFormat) -> Result<Self, SpecError> {
        let (value, columns) = match format {
            InputFormat::Kafka { value, timestamp_column, topic_column } => {
                (&**value, Some((timestamp_column.as_str(), topic_column.as_str())))
            }
            other => (other, None),
        };
        let default = JsonFormat::default();
        let (reader, json) = match value {
            InputFormat::Json(json) => (Reader::Json { lines: json.newline_delimited }, json),
            InputFormat::Delimited(format) => (Reader::Delimited(Box::new(Delimited::new(format))), &default),
            InputFormat::Parquet { .. } => (Reader::Parquet, &default),
            InputFormat::Kafka { .. } => {
                return Err(SpecError::invalid("inputFormat.valueFormat", "must not be kafka again"));
            }
        };
        let mut builder = RowBuilder::new(data, json.keep_null_columns)?;
        let general = General::new(data, &json.flatten)?;
        let origin = OriginFields::new(&mut builder, columns);
        builder.keep_columns();
        Ok(Self { reader, builder, general, origin, plain: Plain::default() })
    }

    /// Rows outside of `span` are thrown away from now on (late and early rows; see
    /// [`TimeWindow::span_of_task`](crate::assign::TimeWindow::span_of_task)).
    pub fn accept_only(&mut self, span: Interval) {
        self.builder.window.span = span;
    }

    /// The columns known so far; grows when dimensions are discovered.
    #[must_use]
    pub fn schema(&self) -> &Arc<Schema> {
        self.builder.schema()
    }

    /// Rows gathered.
    #[must_use]
    pub fn rows(&self) -> usize {
        self.builder.rows()
    }

    /// Bytes the gathered rows take, about.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.builder.bytes()
    }

    /// Hands over the gathered rows and begins a new batch. Times are truncated to the query granularity.
    #[must_use]
    pub fn take(&mut self) -> RowBatch {
        self.builder.take()
    }

    /// Parses one record of a stream. What was wrong with it is added to `rejects`.
    ///
    /// An empty record (a tombstone) is thrown away, as in Druid.
    pub fn parse(&mut self, record: &Record<'_>, rejects: &mut Vec<Reject>) -> Outcome {
        if record.value.is_empty() {
            return Outcome { thrown_away: 1, ..Outcome::default() };
        }
        match self.reader {
            Reader::Json { lines: false } => {
                let (mark, before) = (self.builder.mark(), rejects.len());
                match self.json_record(record, rejects) {
                    Ok(outcome) => outcome,
                    Err(reject) => {
                        self.builder.roll_back(mark);
                        rejects.truncate(before);
                        rejects.push(reject);
                        Outcome { unparseable: 1, ..Outcome::default() }
                    }
                }
            }
            _ => {
                self.begin_file();
                self.lines(record, rejects)
            }
        }
    }

    /// Tells that the next lines are the first of a file (which may begin with a header).
    pub fn begin_file(&mut self) {
        if let Reader::Delimited(delimited) = &mut self.reader {
            delimited.begin();
        }
    }

    /// Parses whole lines of a file, each for itself.
    pub fn parse_lines(&mut self, lines: &[u8], rejects: &mut Vec<Reject>) -> Outcome {
        self.lines(&Record { value: lines, origin: None }, rejects)
    }

    /// Whether records go straight into columns.
    #[cfg(test)]
    pub(crate) fn is_direct(&self) -> bool {
        self.general.is_none()
    }

    /// The row builder, for readers of columnar files.
    pub(crate) fn parts(&mut self) -> (&mut RowBuilder, Option<&mut General>) {
        (&mut self.builder, self.general.as_mut())
    }

    fn json_record(&mut self, record: &Record<'_>, rejects: &mut Vec<Reject>) -> Result<Outcome, Reject> {
        let text = utf8(record.value)?;
        let mut outcome = Outcome::default();
        let first = self.builder.mark();
        if self.json_object(text, record, rejects, &mut outcome)? {
            return Ok(outcome);
        }
        // Several objects: find their ends, then read each as usual.
        self.builder.roll_back(first);
        let all = documents(text).map_err(|why| Reject::new(RejectKind::Unparseable, why))?;
        outcome = Outcome::default();
        for document in all {
            if !self.json_object(document, record, rejects, &mut outcome)? {
                let why = format!("`{}` is not a JSON object", clip(document));
                return Err(Reject::new(RejectKind::Unparseable, why));
            }
        }
        Ok(outcome)
    }

    /// Reads one object; `Ok(false)`, with nothing counted, when more follows it.
    fn json_object(
        &mut self,
        text: &str,
        record: &Record<'_>,
        rejects: &mut Vec<Reject>,
        outcome: &mut Outcome,
    ) -> Result<bool, Reject> {
        if self.general.is_none() {
            self.origin.put(record, &mut self.builder);
            if self.plain.read(text, &mut self.builder) {
                count(outcome, self.builder.end_row(rejects)?);
                return Ok(true);
            }
        }
        let unparseable = |e: sonic_rs::Error| Reject::new(RejectKind::Unparseable, json_error(&e));
        let mut json = sonic_rs::Deserializer::from_str(text).utf8_lossy();
        if let Some(general) = &mut self.general {
            let mut root = Field::deserialize(&mut json).map_err(unparseable)?;
            if json.end().is_err() {
                return Ok(false);
            }
            negative_zero::restore_in(text, &mut root);
            if !matches!(root, Field::Map(_)) {
                let why = format!("`{}` is not a JSON object", clip(text));
                return Err(Reject::new(RejectKind::Unparseable, why));
            }
            self.origin.put(record, &mut self.builder);
            let end = general.row(&root, record.origin.as_ref(), &mut self.builder, rejects)?;
            count(outcome, end);
            return Ok(true);
        }
        self.origin.put(record, &mut self.builder);
        RowSeed(&mut self.builder).deserialize(&mut json).map_err(unparseable)?;
        if json.end().is_err() {
            self.builder.drop_row();
            return Ok(false);
        }
        negative_zero::restore(text, &mut self.builder);
        count(outcome, self.builder.end_row(rejects)?);
        Ok(true)
    }

    fn lines(&mut self, record: &Record<'_>, rejects: &mut Vec<Reject>) -> Outcome {
        let mut outcome = Outcome::default();
        let mut rest = record.value;
        while !rest.is_empty() {
            let quoted = matches!(&self.reader, Reader::Delimited(d) if d.quotes());
            let end = line_end(rest, quoted);
            let (line, next) = rest.split_at(end);
            rest = next.strip_prefix(b"\n").unwrap_or(next);
            let line = line.strip_suffix(b"\r").unwrap_or(line);
            let before = rejects.len();
            let mark = self.builder.mark();
            let result = self.line(line, record, rejects, &mut outcome);
            if let Err(reject) = result {
                self.builder.roll_back(mark);
                rejects.truncate(before);
                rejects.push(reject);
                outcome.unparseable += 1;
            }
            for reject in rejects.iter_mut().skip(before) {
                reject.line = Some(line.into());
            }
        }
        outcome
    }

    fn line(
        &mut self,
        line: &[u8],
        record: &Record<'_>,
        rejects: &mut Vec<Reject>,
        outcome: &mut Outcome,
    ) -> Result<(), Reject> {
        let text = utf8(line)?;
        match &mut self.reader {
            Reader::Parquet => {
                Err(Reject::new(RejectKind::Unparseable, "parquet is not read line by line".to_owned()))
            }
            Reader::Json { .. } => {
                if text.trim().is_empty() || self.json_object(text, record, rejects, outcome)? {
                    return Ok(());
                }
                Err(Reject::new(RejectKind::Unparseable, "more follows the JSON object".to_owned()))
            }
            Reader::Delimited(delimited) => {
                let Some(fields) = delimited.fields(text)? else { return Ok(()) };
                self.origin.put(record, &mut self.builder);
                let end = match &mut self.general {
                    Some(general) => {
                        let names = delimited.names().iter().map(|name| name.as_str().into());
                        let root = Field::Map(names.zip(fields).collect());
                        general.row(&root, record.origin.as_ref(), &mut self.builder, rejects)?
                    }
                    None => {
                        for (at, (name, field)) in delimited.names().iter().zip(&fields).enumerate() {
                            let found = self.builder.slots.find_at(at, name);
                            if let Some(slot) = self.builder.slot_for(found, name, field) {
                                self.builder.put_field(slot, field);
                            }
                        }
                        self.builder.end_row(rejects)?
                    }
                };
                count(outcome, end);
                Ok(())
            }
        }
    }
}

pub(crate) fn count(outcome: &mut Outcome, end: RowEnd) {
    match end {
        RowEnd::Kept { with_error } => {
            outcome.rows += 1;
            outcome.rows_with_error += u64::from(with_error);
        }
        RowEnd::ThrownAway => outcome.thrown_away += 1,
    }
}

/// Where the first line ends: at a line feed, for quoted formats outside of quotes.
pub(crate) fn line_end(bytes: &[u8], quoted: bool) -> usize {
    if !quoted {
        return memchr::memchr(b'\n', bytes).unwrap_or(bytes.len());
    }
    let mut inside = false;
    for (at, byte) in bytes.iter().enumerate() {
        match byte {
            b'"' => inside = !inside,
            b'\n' if !inside => return at,
            _ => {}
        }
    }
    bytes.len()
}

fn utf8(bytes: &[u8]) -> Result<&str, Reject> {
    std::str::from_utf8(bytes).map_err(|e| {
        let why = format!("byte {} is not UTF-8", e.valid_up_to());
        Reject::new(RejectKind::Unparseable, why)
    })
}

/// The first line of an error; the others draw the input.
fn json_error(error: &sonic_rs::Error) -> String {
    let text = error.to_string();
    clip(text.lines().next().unwrap_or_default())
}
