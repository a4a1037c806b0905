//! What goes into parsing, and what comes out besides rows: records, rejects, counters.

use alluvium_segments::time::Millis;

/// One record as a source delivers it.
#[derive(Debug, Clone, Copy, Default)]
pub struct Record<'r> {
    /// The bytes to parse.
    pub value: &'r [u8],
    /// Where it comes from, for streams: fills the columns `__topic`, `__partition`, `__offset`
    /// where the spec lists them, and those of the `kafka` input format.
    pub origin: Option<Origin<'r>>,
}

/// The place of a record in a stream.
#[derive(Debug, Clone, Copy)]
pub struct Origin<'r> {
    /// Topic.
    pub topic: &'r str,
    /// Partition.
    pub partition: i32,
    /// Offset in the partition.
    pub offset: i64,
    /// The record's own time, where it has one.
    pub timestamp: Option<Millis>,
}

/// Why a record, a row or a value was not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RejectKind {
    /// The bytes are not what the input format says.
    Unparseable,
    /// The row has no time.
    MissingTimestamp,
    /// The row's time cannot be read.
    BadTimestamp,
    /// A value does not fit its column; the row is kept with null in its place.
    BadValue,
    /// An expression of the spec failed on the row.
    BadExpression,
}

impl RejectKind {
    /// A stable word for it: `unparseable`, `missing_timestamp`, `bad_timestamp`, `bad_value`,
    /// `bad_expression`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Unparseable => "unparseable",
            Self::MissingTimestamp => "missing_timestamp",
            Self::BadTimestamp => "bad_timestamp",
            Self::BadValue => "bad_value",
            Self::BadExpression => "bad_expression",
        }
    }

    /// Whether the row was kept (Druid's `processedWithError`, not `unparseable`).
    #[must_use]
    pub fn row_kept(self) -> bool {
        self == Self::BadValue
    }
}

/// One error in a record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reject {
    /// Why.
    pub kind: RejectKind,
    /// Which column, where one is to blame.
    pub column: Option<String>,
    /// In words, with the value.
    pub message: String,
    /// The line to blame, where lines of a file are parsed (the caller has the bytes of a whole record).
    pub line: Option<Box<[u8]>>,
}

impl Reject {
    pub(crate) fn new(kind: RejectKind, message: String) -> Self {
        Self { kind, column: None, message, line: None }
    }
}

/// What became of one record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Outcome {
    /// Rows added to the batch.
    pub rows: u64,
    /// Of these, rows with a value that did not fit.
    pub rows_with_error: u64,
    /// Rows dropped by the filter, the intervals or the accepted window.
    pub thrown_away: u64,
    /// Records (or lines) that gave no row because of an error.
    pub unparseable: u64,
}

/// Druid's row counters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct RowStats {
    /// Rows taken without error.
    pub processed: u64,
    /// Bytes of the records read.
    pub processed_bytes: u64,
    /// Rows taken with a value set to null.
    pub processed_with_error: u64,
    /// Rows dropped on purpose.
    pub thrown_away: u64,
    /// Records (or lines) dropped because of an error.
    pub unparseable: u64,
}

impl RowStats {
    /// Adds what became of a record of `bytes` bytes.
    pub fn count(&mut self, outcome: Outcome, bytes: usize) {
        self.processed += outcome.rows - outcome.rows_with_error;
        self.processed_bytes += bytes as u64;
        self.processed_with_error += outcome.rows_with_error;
        self.thrown_away += outcome.thrown_away;
        self.unparseable += outcome.unparseable;
    }

    /// Adds other counters.
    pub fn add(&mut self, other: Self) {
        self.processed += other.processed;
        self.processed_bytes += other.processed_bytes;
        self.processed_with_error += other.processed_with_error;
        self.thrown_away += other.thrown_away;
        self.unparseable += other.unparseable;
    }

    /// Errors that count against `maxParseExceptions`.
    #[must_use]
    pub fn errors(&self) -> u64 {
        self.processed_with_error + self.unparseable
    }
}
