//! How do values become rows of typed columns? Values come field by field; a row is ended, dropped, or kept
//! whole, never in part.

use std::sync::Arc;

use alluvium_segments::time::{Granularity, Interval, Millis};
use alluvium_segments::{BatchColumn, ColumnSpec, RowBatch, Schema, StringBatch};

use super::auto::Autos;
use super::field::Field;
use super::record::{Reject, RejectKind};
use super::slots::{Found, SlotId, Slots, counts_rows};
use super::state_rows::StateRows;
use super::timestamp::TimestampReader;
use crate::assign::TimeWindow;
use crate::spec::{DataSchema, SpecError};

/// What became of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RowEnd {
    Kept { with_error: bool },
    ThrownAway,
}

/// A place between two rows.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Mark {
    rows: usize,
    columns: usize,
}

/// The time of the row being built.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Stamp {
    Missing,
    At(Millis),
    Bad(String),
}

/// Rows under construction.
#[derive(Debug)]
pub(crate) struct RowBuilder {
    pub(crate) slots: Slots,
    pub(crate) window: TimeWindow,
    pub(super) schema: Arc<Schema>,
    pub(super) time: Vec<Millis>,
    pub(super) columns: Vec<BatchColumn>,
    /// Columns whose type is that of what they hold.
    autos: Autos,
    /// Values of which states of metrics are made.
    pub(super) states: StateRows,
    /// Columns that count rows.
    counters: Vec<usize>,
    pub(super) timestamp: TimestampReader,
    missing: Option<Millis>,
    segment: Granularity,
    query: Granularity,
    /// The query bucket and the time chunk of the last row.
    bucket: Interval,
    chunk: Interval,
    pub(super) stamp: Stamp,
    /// Errors of the row being built.
    pub(super) problems: Vec<Reject>,
    keep_null_columns: bool,
    /// Columns that the rows before the one being built have.
    kept_columns: usize,
}

impl RowBuilder {
    pub(crate) fn new(data: &DataSchema, keep_null_columns: bool) -> Result<Self, SpecError> {
        let schema = data.schema();
        let states = StateRows::new(data);
        let columns = schema.columns.iter().map(|c| BatchColumn::of(c.column_type)).collect();
        let counts = |(i, c): (usize, &ColumnSpec)| counts_rows(&c.role, c.column_type).then_some(i);
        let counters = schema.columns.iter().enumerate().filter_map(counts).collect();
        let timestamp = TimestampReader::new(&data.timestamp.format)
            .map_err(|why| SpecError::invalid("timestampSpec.format", why))?;
        Ok(Self {
            slots: Slots::new(data, states.makers()),
            states,
            window: TimeWindow { span: Interval::ETERNITY, intervals: data.granularity.intervals.clone() },
            kept_columns: schema.columns.len(),
            autos: Autos::new(data),
            schema: Arc::new(schema),
            time: Vec::new(),
            columns,
            counters,
            timestamp,
            missing: data.timestamp.missing,
            segment: data.granularity.segment.clone(),
            query: data.granularity.query.clone(),
            bucket: Interval { start: 0, end: 0 },
            chunk: Interval { start: 0, end: 0 },
            stamp: Stamp::Missing,
            problems: Vec::new(),
            keep_null_columns,
        })
    }

    /// Whole rows so far.
    pub(crate) fn rows(&self) -> usize {
        self.time.len()
    }

    /// Bytes of texts and numbers held.
    pub(crate) fn bytes(&self) -> usize {
        let of = |column: &BatchColumn| match column {
            BatchColumn::String(c) => c.bytes.len() + 4 * (c.value_ends.len() + c.row_ends.len()),
            BatchColumn::Coded(c) => 4 * c.codes.len(),
            BatchColumn::Float(c) => 4 * c.values.len(),
            BatchColumn::Long(c) => 8 * c.values.len(),
            BatchColumn::Double(c) => 8 * c.values.len(),
        };
        8 * self.time.len() + self.states.bytes() + self.columns.iter().map(of).sum::<usize>()
    }

    /// The columns so far.
    pub(crate) fn schema(&self) -> &Arc<Schema> {
        &self.schema
    }

    /// Hands over the rows.
    pub(crate) fn take(&mut self) -> RowBatch {
        self.states.settle(&mut self.columns);
        let fresh = self.schema.columns.iter().map(|c| BatchColumn::of(c.column_type)).collect();
        self.autos.settle(RowBatch {
            schema: Arc::clone(&self.schema),
            time: std::mem::take(&mut self.time),
            columns: std::mem::replace(&mut self.columns, fresh),
        })
    }

    /// Where the rows end now; to be taken between rows.
    pub(crate) fn mark(&self) -> Mark {
        Mark { rows: self.time.len(), columns: self.kept_columns }
    }

    /// Takes the columns found so far for kept.
    pub(crate) fn keep_columns(&mut self) {
        self.kept_columns = self.columns.len();
    }

    /// Forgets all rows since the mark, the row being built, and the columns found in them.
    pub(crate) fn roll_back(&mut self, mark: Mark) {
        self.time.truncate(mark.rows);
        self.states.truncate(mark.rows);
        if self.columns.len() > mark.columns {
            self.columns.truncate(mark.columns);
            Arc::make_mut(&mut self.schema).columns.truncate(mark.columns);
            self.slots.forget(mark.columns);
        }
        self.kept_columns = mark.columns;
        for column in &mut self.columns {
            if column.rows() >= mark.rows {
                column.truncate(mark.rows);
            }
        }
        self.stamp = Stamp::Missing;
        self.problems.clear();
    }

    /// The time of the row being built, where it is known.
    pub(crate) fn row_time(&self) -> Option<Millis> {
        match self.stamp {
            Stamp::At(t) => Some(t),
            Stamp::Missing => self.missing,
            Stamp::Bad(_) => None,
        }
    }

    /// Gives the row being built another time.
    pub(crate) fn set_row_time(&mut self, t: Option<Millis>) {
        self.stamp = t.map_or(Stamp::Missing, Stamp::At);
    }

    /// Makes a dimension of a field found in the data, null in all rows before.
    pub(crate) fn discover(&mut self, name: &str) -> SlotId {
        let index = self.columns.len();
        let schema = Arc::make_mut(&mut self.schema);
        let column_type = self.autos.discovered();
        schema.columns.push(ColumnSpec::dimension(name, column_type));
        let mut column = StringBatch::default();
        column.row_ends.resize(self.time.len(), 0);
        self.columns.push(BatchColumn::String(column));
        self.slots.discover(name, index, column_type)
    }

    /// The slot of a field found in the data if `field` is fit to be a dimension.
    pub(crate) fn slot_for(&mut self, found: Found, name: &str, field: &Field<'_>) -> Option<SlotId> {
        match found {
            Found::Slot(id) => Some(id),
            Found::Skip => None,
            Found::New => self.is_fit(field).then(|| self.discover(name)),
        }
    }

    /// Whether a value makes a dimension of a field that nobody named.
    pub(super) fn is_fit(&self, field: &Field<'_>) -> bool {
        match field {
            Field::Null => self.keep_null_columns,
            Field::Map(_) => self.autos.typed(),
            Field::List(_) => self.autos.typed() || field.is_flat_list(),
            _ => true,
        }
    }

    /// Drops the row being built.
    pub(crate) fn drop_row(&mut self) {
        self.roll_back(self.mark());
    }

    /// Ends the row: kept with its errors in `rejects`, or thrown away.
    ///
    /// # Errors
    /// When it has no time, or one that cannot be read; nothing of the row is left.
    pub(crate) fn end_row(&mut self, rejects: &mut Vec<Reject>) -> Result<RowEnd, Reject> {
        let stamp = std::mem::replace(&mut self.stamp, Stamp::Missing);
        let t = match self.accept(stamp) {
            Ok(Some(t)) => t,
            Ok(None) => {
                self.drop_row();
                return Ok(RowEnd::ThrownAway);
            }
            Err(reject) => {
                self.drop_row();
                return Err(reject);
            }
        };
        let rows = self.time.len();
        let truncated = self.truncated(t);
        self.states.push_time(t);
        self.time.push(truncated);
        self.fill(rows, 1);
        let with_error = !self.problems.is_empty();
        rejects.append(&mut self.problems);
        Ok(RowEnd::Kept { with_error })
    }

    /// The time of a row that is kept; `None` where it is thrown away.
    ///
    /// # Errors
    /// When it has no time, or one that cannot be read.
    pub(super) fn accept(&self, stamp: Stamp) -> Result<Option<Millis>, Reject> {
        let t = match stamp {
            Stamp::At(t) => t,
            Stamp::Missing => self.missing.ok_or_else(|| {
                Reject::new(RejectKind::MissingTimestamp, "the row has no timestamp".to_owned())
            })?,
            Stamp::Bad(text) => {
                let message = format!("the timestamp `{}` cannot be read", clip(&text));
                return Err(Reject::new(RejectKind::BadTimestamp, message));
            }
        };
        Ok(self.window.accepts(t).then_some(t))
    }

    /// Ends `count` rows that follow the first `before`: counts them, and makes null what they do not have.
    pub(super) fn fill(&mut self, before: usize, count: usize) {
        for &index in &self.counters {
            if let Some(BatchColumn::Long(column)) = self.columns.get_mut(index) {
                column.truncate(before);
                (0..count).for_each(|_| column.push(Some(1)));
            }
        }
        for column in &mut self.columns {
            if column.rows() == before {
                (0..count).for_each(|_| column.push_null());
            }
        }
        self.states.fill(before, count);
        self.keep_columns();
    }

    /// `t` cut to the query granularity, but not out of its time chunk.
    pub(super) fn truncated(&mut self, t: Millis) -> Millis {
        if self.query == Granularity::None {
            return t;
        }
        if !self.bucket.contains(t) {
            self.bucket = self.query.bucket(t);
        }
        if !self.chunk.contains(t) {
            self.chunk = self.segment.bucket(t);
        }
        self.bucket.start.max(self.chunk.start)
    }
}

/// At most 100 characters of a text, for messages.
pub(crate) fn clip(text: &str) -> String {
    match text.char_indices().nth(100) {
        None => text.to_owned(),
        Some((end, _)) => format!("{}...", &text[..end]),
    }
}
