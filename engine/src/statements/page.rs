//! How are the rows of a statement kept and given? A line of JSON a row on disk, times as milliseconds; from there in any of
//! the forms of answers.

use std::fs::File;
use std::io::{self, BufRead, BufReader, BufWriter, Write};
use std::path::{Path, PathBuf};

use alluvium_query::sql::{ResultFormat, SqlValue};
use serde_json::Value;
use serde_json::value::RawValue;

use super::status::Page;

/// Bytes of a piece of an answer, about.
const PIECE_BYTES: usize = 64 << 10;

/// A page that is being written.
#[derive(Debug)]
pub(super) struct PageWriter {
    id: u64,
    file: BufWriter<File>,
    rows: u64,
    bytes: u64,
}

impl PageWriter {
    pub(super) fn create(path: &Path, id: u64) -> io::Result<Self> {
        Ok(Self { id, file: BufWriter::new(File::create(path)?), rows: 0, bytes: 0 })
    }

    pub(super) fn rows(&self) -> u64 {
        self.rows
    }

    pub(super) fn bytes(&self) -> u64 {
        self.bytes
    }

    pub(super) fn write(&mut self, row: &[SqlValue]) -> io::Result<()> {
        let mut line = Vec::with_capacity(row.len() * 12);
        write_list(row, &mut line)?;
        line.push(b'\n');
        self.rows += 1;
        self.bytes += line.len() as u64;
        self.file.write_all(&line)
    }

    pub(super) fn finish(self) -> io::Result<Page> {
        self.file.into_inner().map_err(io::IntoInnerError::into_error)?.sync_all()?;
        Ok(Page { id: self.id, rows: self.rows, bytes: self.bytes })
    }
}

fn write_list(values: &[SqlValue], out: &mut Vec<u8>) -> io::Result<()> {
    out.push(b'[');
    for (i, value) in values.iter().enumerate() {
        if i > 0 {
            out.push(b',');
        }
        match value {
            SqlValue::Null => out.extend_from_slice(b"null"),
            SqlValue::Boolean(truth) => serde_json::to_writer(&mut *out, truth)?,
            SqlValue::Long(number) | SqlValue::Timestamp(number) => serde_json::to_writer(&mut *out, number)?,
            SqlValue::Date(days) => serde_json::to_writer(&mut *out, &(i64::from(*days) * 86_400_000))?,
            SqlValue::Float(number) if number.is_finite() => serde_json::to_writer(&mut *out, number)?,
            SqlValue::Double(number) if number.is_finite() => serde_json::to_writer(&mut *out, number)?,
            SqlValue::Float(number) => serde_json::to_writer(&mut *out, &odd(f64::from(*number)))?,
            SqlValue::Double(number) => serde_json::to_writer(&mut *out, &odd(*number))?,
            SqlValue::Text(text) => serde_json::to_writer(&mut *out, text)?,
            SqlValue::List(values) => write_list(values, out)?,
        }
    }
    out.push(b']');
    Ok(())
}

/// The text of what JSON has no number for.
fn odd(number: f64) -> &'static str {
    match number {
        f64::INFINITY => "Infinity",
        f64::NEG_INFINITY => "-Infinity",
        _ => "NaN",
    }
}

/// The first rows of some pages.
pub(super) fn first_rows(pages: &[PathBuf], most: usize) -> io::Result<Vec<Value>> {
    let mut rows = Vec::new();
    for path in pages {
        for line in BufReader::new(File::open(path)?).lines() {
            if rows.len() >= most {
                return Ok(rows);
            }
            rows.push(serde_json::from_str(&line?)?);
        }
    }
    Ok(rows)
}

/// The rows of some pages in one of the forms of answers, piece by piece.
#[derive(Debug)]
pub(crate) struct Pieces {
    format: ResultFormat,
    /// The names of columns, as JSON texts.
    keys: Vec<String>,
    pages: std::vec::IntoIter<PathBuf>,
    open: Option<BufReader<File>>,
    rows: u64,
    ended: bool,
}

impl Pieces {
    pub(super) fn new(format: ResultFormat, names: &[String], pages: Vec<PathBuf>) -> Self {
        let keys = names.iter().map(|name| Value::from(name.as_str()).to_string()).collect();
        Self { format, keys, pages: pages.into_iter(), open: None, rows: 0, ended: false }
    }

    /// In which form they are.
    pub(crate) fn content_type(&self) -> &'static str {
        self.format.content_type()
    }

    /// The next line of the pages, without its end.
    fn line(&mut self) -> io::Result<Option<String>> {
        loop {
            if let Some(open) = &mut self.open {
                let mut line = String::new();
                if open.read_line(&mut line)? > 0 {
                    line.truncate(line.trim_end().len());
                    return Ok(Some(line));
                }
            }
            let Some(path) = self.pages.next() else { return Ok(None) };
            self.open = Some(BufReader::new(File::open(path)?));
        }
    }

    fn piece(&mut self) -> io::Result<Vec<u8>> {
        let brackets = matches!(self.format, ResultFormat::Object | ResultFormat::Array);
        let mut piece = Vec::with_capacity(PIECE_BYTES + PIECE_BYTES / 4);
        if self.rows == 0 && brackets {
            piece.push(b'[');
        }
        while piece.len() < PIECE_BYTES {
            let Some(line) = self.line()? else {
                self.ended = true;
                piece.extend_from_slice(if brackets { b"]\n" } else { b"\n" });
                break;
            };
            if brackets && self.rows > 0 {
                piece.push(b',');
            }
            self.rows += 1;
            self.row(&line, &mut piece)?;
            if !brackets {
                piece.push(b'\n');
            }
        }
        Ok(piece)
    }

    fn row(&self, line: &str, out: &mut Vec<u8>) -> io::Result<()> {
        match self.format {
            ResultFormat::Array | ResultFormat::ArrayLines | ResultFormat::Arrow => {
                out.extend_from_slice(line.as_bytes());
            }
            ResultFormat::Object | ResultFormat::ObjectLines => {
                let values: Vec<&RawValue> = serde_json::from_str(line)?;
                for (i, (key, value)) in self.keys.iter().zip(values).enumerate() {
                    out.push(if i == 0 { b'{' } else { b',' });
                    out.extend_from_slice(key.as_bytes());
                    out.push(b':');
                    out.extend_from_slice(value.get().as_bytes());
                }
                out.extend_from_slice(if self.keys.is_empty() { b"{}" } else { b"}" });
            }
            ResultFormat::Csv => {
                let values: Vec<&RawValue> = serde_json::from_str(line)?;
                for (i, value) in values.into_iter().enumerate() {
                    if i > 0 {
                        out.push(b',');
                    }
                    csv(value.get(), out)?;
                }
            }
        }
        Ok(())
    }
}

/// A JSON value as a field of a CSV line.
fn csv(value: &str, out: &mut Vec<u8>) -> io::Result<()> {
    let text = match value {
        "null" => String::new(),
        text if text.starts_with('"') => serde_json::from_str(text)?,
        other => other.to_owned(),
    };
    if text.contains(['"', ',', '\n', '\r']) {
        write!(out, "\"{}\"", text.replace('"', "\"\""))
    } else {
        out.extend_from_slice(text.as_bytes());
        Ok(())
    }
}

impl Iterator for Pieces {
    type Item = io::Result<Vec<u8>>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.ended {
            return None;
        }
        let piece = self.piece();
        self.ended |= piece.is_err();
        Some(piece)
    }
}
