//! How are values written as JSON? As Jackson writes Java's: doubles by their shortest text, NaN and the
//! infinities as strings.

use alluvium_expression::{double_text, float_text};
use alluvium_segments::ColumnType;
use alluvium_segments::time::format_iso_in;
use chrono_tz::Tz;

use crate::column::{ColumnData, Datum};

/// A JSON string.
pub(crate) fn write_text(text: &str, out: &mut Vec<u8>) {
    const HEX: &[u8; 16] = b"0123456789abcdef";
    out.push(b'"');
    for byte in text.bytes() {
        match byte {
            b'"' => out.extend(b"\\\""),
            b'\\' => out.extend(b"\\\\"),
            b'\n' => out.extend(b"\\n"),
            b'\r' => out.extend(b"\\r"),
            b'\t' => out.extend(b"\\t"),
            0..0x20 => {
                out.extend(b"\\u00");
                out.push(HEX[usize::from(byte >> 4)]);
                out.push(HEX[usize::from(byte & 15)]);
            }
            _ => out.push(byte),
        }
    }
    out.push(b'"');
}

/// A key of an object and the colon.
pub(crate) fn write_key(key: &str, out: &mut Vec<u8>) {
    write_text(key, out);
    out.push(b':');
}

/// An integer.
pub(crate) fn write_long(value: i64, out: &mut Vec<u8>) {
    out.extend(value.to_string().bytes());
}

fn write_number(text: &str, finite: bool, out: &mut Vec<u8>) {
    if finite {
        out.extend(text.bytes());
    } else {
        write_text(text, out);
    }
}

/// The value of a row of a column; several texts as a list.
pub(crate) fn write_datum(data: &ColumnData, row: usize, out: &mut Vec<u8>) {
    if let Some(list) = data.list(row) {
        out.push(b'[');
        for (i, item) in list.into_iter().enumerate() {
            if i > 0 {
                out.push(b',');
            }
            match item {
                Some(text) => write_text(text, out),
                None => out.extend(b"null"),
            }
        }
        out.push(b']');
        return;
    }
    match data.get(row) {
        Datum::Null => out.extend(b"null"),
        Datum::Long(v) => write_long(v, out),
        Datum::Float(v) => write_number(&float_text(v), v.is_finite(), out),
        Datum::Double(v) => write_number(&double_text(v), v.is_finite(), out),
        Datum::Text(text) => write_text(text, out),
    }
}

/// The value of a row of a column of a type: texts that stand for values as what they stand for.
pub(crate) fn write_typed(data: &ColumnData, column_type: Option<ColumnType>, row: usize, out: &mut Vec<u8>) {
    match (column_type, data.get(row)) {
        (Some(coded), Datum::Text(text)) if coded.is_coded() => out.extend(text.bytes()),
        _ => write_datum(data, row, out),
    }
}

/// How instants are written: ISO on the clock of a zone, or milliseconds when the context says so.
#[derive(Debug, Clone, Copy)]
pub(crate) struct TimeFormat {
    pub(crate) as_long: bool,
    pub(crate) zone: Tz,
}

impl TimeFormat {
    /// An instant.
    pub(crate) fn write(self, t: i64, out: &mut Vec<u8>) {
        if self.as_long {
            write_long(t, out);
        } else {
            write_text(&format_iso_in(t, self.zone), out);
        }
    }
}

/// Writes items with commas between them.
pub(crate) fn write_list<T>(
    items: impl IntoIterator<Item = T>,
    out: &mut Vec<u8>,
    mut write: impl FnMut(T, &mut Vec<u8>),
) {
    for (i, item) in items.into_iter().enumerate() {
        if i > 0 {
            out.push(b',');
        }
        write(item, out);
    }
}
