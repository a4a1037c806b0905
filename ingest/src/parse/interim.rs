//! How are doubles written and times read, until the expression crate says so?

use alluvium_segments::time::{Millis, parse_iso};

/// `Double.toString`.
pub(crate) fn double_text(value: f64) -> String {
    format!("{value:?}").replace('e', "E")
}

/// A way times are written.
#[derive(Debug, Clone)]
pub(crate) struct TimestampFormat(String);

impl TimestampFormat {
    pub(crate) fn parse(format: &str) -> Result<Self, String> {
        match format.to_ascii_lowercase().as_str() {
            known @ ("auto" | "iso" | "posix" | "millis" | "micro" | "nano" | "ruby") => {
                Ok(Self(known.to_owned()))
            }
            _ => Err(format!("format `{format}` cannot be read")),
        }
    }

    pub(crate) fn parse_text(&self, text: &str) -> Option<Millis> {
        let number = || text.parse::<i64>().ok();
        match self.0.as_str() {
            "posix" => number()?.checked_mul(1000),
            "millis" => number(),
            "micro" => Some(number()? / 1000),
            "nano" => Some(number()? / 1_000_000),
            "auto" if text.bytes().all(|b| b.is_ascii_digit()) => number(),
            _ => parse_iso(text).ok(),
        }
    }
}
