//! When did a row happen? The timestamp field, by the spec's format, within what Druid can represent.

use alluvium_expression::TimestampFormat;
use alluvium_segments::time::{Interval, Millis};

/// Whether a format can be read.
pub(crate) fn check_timestamp_format(format: &str) -> Result<(), String> {
    TimestampFormat::from_name(format).map(|_| ()).map_err(|e| e.to_string())
}

/// Reads the values of the timestamp field.
#[derive(Debug, Clone)]
pub(crate) struct TimestampReader(TimestampFormat);

impl TimestampReader {
    pub(crate) fn new(format: &str) -> Result<Self, String> {
        TimestampFormat::from_name(format).map(Self).map_err(|e| e.to_string())
    }

    /// Text as an instant.
    pub(crate) fn text(&self, text: &str) -> Option<Millis> {
        self.0.parse_str(text).ok().and_then(known)
    }

    /// A whole number as an instant.
    pub(crate) fn long(&self, value: i64) -> Option<Millis> {
        self.0.parse_long(value).ok().and_then(known)
    }

    /// Another number as an instant.
    pub(crate) fn double(&self, value: f64) -> Option<Millis> {
        self.0.parse_double(value).ok().and_then(known)
    }
}

fn known(t: Millis) -> Option<Millis> {
    Interval::ETERNITY.contains(t).then_some(t)
}
