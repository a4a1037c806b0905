//! What stands around the values of a row: brackets, keys, commas, headers, the end that tells a whole answer.

use std::io::Write;

use chrono_tz::Tz;
use datafusion::arrow::array::RecordBatch;
use datafusion::arrow::datatypes::Schema;
use datafusion::arrow::error::ArrowError;

use super::cell::{Cells, write_text};
use crate::sql::request::{ResultFormat, SqlRequest};
use crate::sql::rewrite::AGAIN;
use crate::sql::types::{SqlType, Typed};

/// Bytes of the end of an answer.
const END_BYTES: usize = 2;

/// Writes the rows of one answer.
#[derive(Debug)]
pub(crate) struct RowWriter {
    format: ResultFormat,
    /// Each column's name as JSON text.
    keys: Vec<Vec<u8>>,
    names: Vec<String>,
    types: Vec<Typed>,
    zone: Tz,
    stringify_arrays: bool,
    rows: usize,
}

impl RowWriter {
    /// For rows of a schema, whose columns are of these types (those of their values where none are given).
    pub(crate) fn new(
        schema: &Schema,
        types: &[Typed],
        request: &SqlRequest,
        zone: Tz,
        stringify_arrays: bool,
    ) -> Self {
        let mut names: Vec<String> = Vec::with_capacity(schema.fields().len());
        for field in schema.fields() {
            let name = shown_name(field.name(), &names);
            names.push(name);
        }
        let keys = names
            .iter()
            .map(|name| {
                let mut key = Vec::with_capacity(name.len() + 2);
                write_text(name, &mut key);
                key
            })
            .collect();
        let fields = schema.fields().iter();
        let types = match types.len() == schema.fields().len() {
            true => types.to_vec(),
            false => fields.map(|f| Typed::of(SqlType::of(f.data_type()))).collect(),
        };
        Self { format: request.result_format, keys, names, types, zone, stringify_arrays, rows: 0 }
    }

    /// What comes before the first row.
    pub(crate) fn start(&mut self, request: &SqlRequest, out: &mut Vec<u8>) {
        if matches!(self.format, ResultFormat::Object | ResultFormat::Array) {
            out.push(b'[');
        }
        if !request.header {
            return;
        }
        match self.format {
            ResultFormat::Object | ResultFormat::ObjectLines => {
                self.begin_row(out);
                out.push(b'{');
                for (i, typed) in self.types.iter().enumerate() {
                    self.key(i, out);
                    out.extend_from_slice(header_value(&typed.kind, request).to_string().as_bytes());
                }
                out.push(b'}');
                self.end_row(out);
            }
            ResultFormat::Array | ResultFormat::ArrayLines => {
                for line in self.header_lines(request) {
                    self.begin_row(out);
                    out.extend_from_slice(serde_json::json!(line).to_string().as_bytes());
                    self.end_row(out);
                }
            }
            ResultFormat::Csv => {
                for line in self.header_lines(request) {
                    for (i, text) in line.iter().enumerate() {
                        if i > 0 {
                            out.push(b',');
                        }
                        csv_text(text, out);
                    }
                    out.push(b'\n');
                }
            }
            // Another writer's.
            ResultFormat::Arrow => {}
        }
    }

    fn header_lines(&self, request: &SqlRequest) -> Vec<Vec<String>> {
        let mut lines = vec![self.names.clone()];
        if request.types_header {
            lines.push(self.types.iter().map(|t| t.kind.native()).collect());
        }
        if request.sql_types_header {
            lines.push(self.types.iter().map(|t| t.kind.name().to_owned()).collect());
        }
        lines
    }

    /// The rows of a batch.
    pub(crate) fn batch(&mut self, batch: &RecordBatch, out: &mut Vec<u8>) -> Result<(), ArrowError> {
        let typed = batch.columns().iter().zip(&self.types);
        let columns: Vec<Cells> =
            typed.map(|(c, typed)| Cells::typed(c, typed, self.zone)).collect::<Result<_, _>>()?;
        let cells: usize = columns.iter().map(Cells::likely_bytes).sum();
        out.reserve(batch.num_rows() * (self.row_bytes() + cells) + END_BYTES);
        for row in 0..batch.num_rows() {
            self.begin_row(out);
            match self.format {
                ResultFormat::Object | ResultFormat::ObjectLines => {
                    out.push(b'{');
                    for (i, column) in columns.iter().enumerate() {
                        self.key(i, out);
                        column.write_json(row, self.stringify_arrays, out)?;
                    }
                    out.push(b'}');
                }
                ResultFormat::Array | ResultFormat::ArrayLines => {
                    out.push(b'[');
                    for (i, column) in columns.iter().enumerate() {
                        if i > 0 {
                            out.push(b',');
                        }
                        column.write_json(row, self.stringify_arrays, out)?;
                    }
                    out.push(b']');
                }
                ResultFormat::Csv => {
                    for (i, column) in columns.iter().enumerate() {
                        if i > 0 {
                            out.push(b',');
                        }
                        match column.csv(row, self.stringify_arrays)? {
                            // A line is never empty.
                            text if text.is_empty() && columns.len() == 1 => out.extend_from_slice(b"\"\""),
                            text => csv_text(&text, out),
                        }
                    }
                }
                ResultFormat::Arrow => {}
            }
            self.end_row(out);
        }
        Ok(())
    }

    /// What stands around the values of a row, in bytes.
    fn row_bytes(&self) -> usize {
        match self.format {
            ResultFormat::Object | ResultFormat::ObjectLines => self.keys.iter().map(|k| k.len() + 2).sum(),
            _ => self.keys.len() + 3,
        }
    }

    /// What comes after the last row. Its absence tells a client that the answer was cut.
    pub(crate) fn end(&self, out: &mut Vec<u8>) {
        match self.format {
            ResultFormat::Object | ResultFormat::Array => out.extend_from_slice(b"]\n"),
            ResultFormat::ObjectLines | ResultFormat::ArrayLines | ResultFormat::Csv => out.push(b'\n'),
            ResultFormat::Arrow => {}
        }
    }

    fn begin_row(&mut self, out: &mut Vec<u8>) {
        if self.rows > 0 && matches!(self.format, ResultFormat::Object | ResultFormat::Array) {
            out.push(b',');
        }
        self.rows += 1;
    }

    fn end_row(&self, out: &mut Vec<u8>) {
        if !matches!(self.format, ResultFormat::Object | ResultFormat::Array) {
            out.push(b'\n');
        }
    }

    fn key(&self, column: usize, out: &mut Vec<u8>) {
        if column > 0 {
            out.push(b',');
        }
        out.extend_from_slice(self.keys.get(column).map_or(&[], Vec::as_slice));
        out.push(b':');
    }
}

/// The name of a column as it was written: what makes it unlike those of other columns is not shown. One that nobody
/// wrote, but `*` gave, gets a number where it is taken.
fn shown_name(name: &str, taken: &[String]) -> String {
    let is_taken = |name: &str| taken.iter().any(|t| t == name);
    match name.split_once(AGAIN) {
        Some((written, _)) => written.to_owned(),
        None if is_taken(name) => {
            let mut numbered = (0..).map(|n| format!("{name}{n}"));
            numbered.find(|n| !is_taken(n)).unwrap_or_default()
        }
        None => name.to_owned(),
    }
}

fn header_value(kind: &SqlType, request: &SqlRequest) -> serde_json::Value {
    if !request.types_header && !request.sql_types_header {
        return serde_json::Value::Null;
    }
    let mut value = serde_json::Map::new();
    if request.types_header {
        value.insert("type".to_owned(), kind.native().into());
    }
    if request.sql_types_header {
        value.insert("sqlType".to_owned(), kind.name().into());
    }
    value.into()
}

/// A field of a CSV line: quoted where it must be, quotes doubled.
fn csv_text(text: &str, out: &mut Vec<u8>) {
    if !text.contains(['"', ',', '\n', '\r']) {
        out.extend_from_slice(text.as_bytes());
        return;
    }
    // Writing to a vector cannot fail.
    let _ = write!(out, "\"{}\"", text.replace('"', "\"\""));
}

#[cfg(test)]
mod tests;
