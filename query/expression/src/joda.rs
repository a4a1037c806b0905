//! How do Joda-Time patterns (`yyyy-MM-dd HH:mm:ss`) write and read instants? Compiled once, used for each row.

mod locale;
mod names;
mod pattern;
mod print;
mod read;

use alluvium_segments::time::Millis;
use chrono_tz::Tz;

pub(crate) use self::locale::Names;
pub(crate) use self::names::{DAYS, MONTHS};
use self::pattern::Piece;
pub(crate) use self::print::Local;

/// A compiled Joda-Time pattern.
#[derive(Debug, Clone, PartialEq)]
pub struct JodaFormat {
    pattern: String,
    pieces: Vec<Piece>,
    /// What is written for months and days; English is read.
    names: Option<&'static Names>,
}

/// A pattern that cannot be used, or a text that does not fit one.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum JodaError {
    /// A letter without meaning.
    #[error(
        "illegal pattern component `{component}` in the time format `{pattern}`; put text in single quotes"
    )]
    Pattern {
        /// The whole pattern.
        pattern: String,
        /// What is not understood.
        component: String,
    },
    /// The text does not fit the pattern.
    #[error("cannot read `{text}` with the time format `{pattern}`")]
    Text {
        /// What was given.
        text: String,
        /// The pattern.
        pattern: String,
    },
}

impl JodaFormat {
    /// Compiles a pattern. A quote that is not closed quotes to the end, as Joda-Time has it.
    ///
    /// # Errors
    /// When a letter has no meaning.
    pub fn new(pattern: &str) -> Result<Self, JodaError> {
        Ok(Self { pattern: pattern.to_owned(), pieces: pattern::compile(pattern)?, names: None })
    }

    /// Writes the names of a language; `None` is English.
    pub(crate) fn with_names(self, names: Option<&'static Names>) -> Self {
        Self { names, ..self }
    }

    /// The pattern as it was given.
    #[must_use]
    pub fn pattern(&self) -> &str {
        &self.pattern
    }

    /// Writes an instant on the clock of `zone`.
    #[must_use]
    pub fn format(&self, t: Millis, zone: Tz) -> String {
        print::print(&self.pieces, t, zone, self.names)
    }

    /// Reads an instant; the whole text must fit. Without a zone in the text it is local to `zone`. Fields that
    /// the pattern lacks are those of 1970-01-01T00:00 (of the year 2000 when it has month or day but no year).
    ///
    /// # Errors
    /// When the text does not fit.
    pub fn parse(&self, text: &str, zone: Tz) -> Result<Millis, JodaError> {
        read::read(&self.pieces, text, zone)
            .ok_or_else(|| JodaError::Text { text: text.to_owned(), pattern: self.pattern.clone() })
    }
}

#[cfg(test)]
mod tests;
