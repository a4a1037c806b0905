//! What does search answer? For each time the values that match, with the dimension and the number of rows.

use super::TimeFormat;
use super::write::{write_key, write_list, write_long, write_text};

/// A value that matches.
#[derive(Debug, Clone)]
pub(crate) struct Hit {
    pub(crate) dimension: String,
    pub(crate) value: Option<String>,
    pub(crate) count: i64,
}

/// The whole answer: hits at times, and how these are written.
pub(crate) fn search<'h>(results: impl Iterator<Item = (TimeFormat, i64, &'h [Hit])>) -> Vec<u8> {
    let mut out = vec![b'['];
    write_list(results, &mut out, |(times, time, hits), out| {
        out.extend(b"{\"timestamp\":");
        times.write(time, out);
        out.extend(b",\"result\":[");
        write_list(hits, out, |hit, out| {
            out.push(b'{');
            write_key("dimension", out);
            write_text(&hit.dimension, out);
            out.push(b',');
            write_key("value", out);
            match &hit.value {
                Some(value) => write_text(value, out),
                None => out.extend(b"null"),
            }
            out.push(b',');
            write_key("count", out);
            write_long(hit.count, out);
            out.push(b'}');
        });
        out.extend(b"]}");
    });
    out.push(b']');
    out
}
