//! How does a batch task read its input to the end, portion by portion?

use std::collections::VecDeque;

use super::document::{Document, failed};
use super::lines::LinePortions;
use crate::IngestError;
use crate::parse::{Outcome, ParquetRows, Reject, RowParser};
use crate::spec::{InputFormat, InputSource};

/// Reads all documents of an input source, in order.
pub struct BatchReader {
    waiting: VecDeque<Document>,
    current: Option<(String, Current)>,
    format: InputFormat,
}

enum Current {
    Lines(LinePortions),
    Parquet(Box<ParquetRows>),
}

/// What one call of [`BatchReader::read`] did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Portion {
    /// The document.
    pub document: String,
    /// Bytes read (after decompression; of parquet an estimate).
    pub bytes: usize,
    /// What became of them.
    pub outcome: Outcome,
}

impl BatchReader {
    /// A reader of a source in a format. Lists folders, opens nothing yet.
    ///
    /// # Errors
    /// When a folder cannot be listed or holds no matching file.
    pub fn new(source: &InputSource, format: &InputFormat) -> Result<Self, IngestError> {
        let waiting = Document::of(source)?.into();
        Ok(Self { waiting, current: None, format: format.clone() })
    }

    /// Documents not yet opened.
    #[must_use]
    pub fn documents_left(&self) -> usize {
        self.waiting.len()
    }

    /// Reads the next portion into the parser; `None` when all is read.
    ///
    /// # Errors
    /// When a document cannot be opened or read. Bad rows are no errors; they are in `rejects`.
    pub fn read(
        &mut self,
        parser: &mut RowParser,
        rejects: &mut Vec<Reject>,
    ) -> Result<Option<Portion>, IngestError> {
        loop {
            let Some((name, current)) = &mut self.current else {
                let Some(document) = self.waiting.pop_front() else { return Ok(None) };
                parser.begin_file();
                self.current = Some((document.name(), self.open(&document)?));
                continue;
            };
            let portion = match current {
                Current::Lines(lines) => {
                    let bytes = lines.next().map_err(|e| failed("read", name, e))?;
                    bytes.map(|bytes| (bytes.len(), parser.parse_lines(bytes, rejects)))
                }
                Current::Parquet(rows) => {
                    rows.read(parser, rejects).map_err(|why| failed("read", name, why))?
                }
            };
            match portion {
                Some((bytes, outcome)) => {
                    return Ok(Some(Portion { document: name.clone(), bytes, outcome }));
                }
                None => self.current = None,
            }
        }
    }

    fn open(&self, document: &Document) -> Result<Current, IngestError> {
        let fail = |why: String| failed("read", &document.name(), why);
        match &self.format {
            InputFormat::Parquet { binary_as_string } => {
                let rows = match document {
                    Document::File(path) => {
                        ParquetRows::file(super::document::open_file(path)?, *binary_as_string)
                    }
                    _ => ParquetRows::bytes(document.open()?, *binary_as_string),
                };
                Ok(Current::Parquet(Box::new(rows.map_err(fail)?)))
            }
            other => {
                let quoted = matches!(other, InputFormat::Delimited(d) if d.delimiter == b',');
                Ok(Current::Lines(LinePortions::new(document.open()?, quoted)))
            }
        }
    }
}
