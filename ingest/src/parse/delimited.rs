//! How is a line of comma- or tab-separated fields read? As RFC 4180 says, telling an absent field (null)
//! from a quoted empty one; tab-separated lines have no quotes.

use std::borrow::Cow;

use super::coerce::text_to;
use super::field::Field;
use super::record::{Reject, RejectKind};
use crate::spec::DelimitedFormat;

/// Reads lines of one format.
#[derive(Debug)]
pub(crate) struct Delimited {
    format: DelimitedFormat,
    /// Names of the fields, as known so far.
    names: Vec<String>,
    /// Lines still to be dropped in this file.
    skip: u64,
    /// Whether the next line is the header.
    header: bool,
}

impl Delimited {
    pub(crate) fn new(format: &DelimitedFormat) -> Self {
        let mut reader = Self { format: format.clone(), names: Vec::new(), skip: 0, header: false };
        reader.begin();
        reader
    }

    /// Begins a file.
    pub(crate) fn begin(&mut self) {
        self.names = self.format.columns.clone().unwrap_or_default();
        self.skip = self.format.skip_header_rows;
        self.header = self.format.has_header;
    }

    /// Whether fields may be quoted, and then hold line feeds.
    pub(crate) fn quotes(&self) -> bool {
        self.format.delimiter == b','
    }

    /// The fields of a line, which has at most as many as there are [`Self::names`]; `None` for lines that
    /// are no row.
    pub(crate) fn fields<'l>(&mut self, line: &'l str) -> Result<Option<Vec<Field<'l>>>, Reject> {
        if self.skip > 0 {
            self.skip -= 1;
            return Ok(None);
        }
        if line.is_empty() {
            return Ok(None);
        }
        let values = self.split(line)?;
        if self.header {
            self.header = false;
            // The spec's own names go before those of the header.
            if self.format.columns.is_none() {
                self.names = values.into_iter().map(|v| v.unwrap_or_default().into_owned()).collect();
            }
            return Ok(None);
        }
        while self.names.len() < values.len() {
            self.names.push(format!("column_{}", self.names.len() + 1));
        }
        let field = |value: Option<Cow<'l, str>>| value.map_or(Field::Null, |text| self.field(text));
        Ok(Some(values.into_iter().map(field).collect()))
    }

    /// Names of the fields of the last line read, and perhaps more.
    pub(crate) fn names(&self) -> &[String] {
        &self.names
    }

    fn field<'l>(&self, text: Cow<'l, str>) -> Field<'l> {
        if text.contains(&self.format.list_delimiter) {
            let owned = |part: &str| self.scalar(Cow::Owned(part.to_owned()));
            return Field::List(text.split(&self.format.list_delimiter).map(owned).collect());
        }
        self.scalar(text)
    }

    fn scalar<'l>(&self, text: Cow<'l, str>) -> Field<'l> {
        if self.format.try_parse_numbers && text.ends_with(|c: char| c.is_ascii_digit() || c == '.') {
            if let Ok(long) = text.parse() {
                return Field::Long(long);
            }
            if let Ok(double) = text_to::<f64>(&text, false) {
                return Field::Double(double);
            }
        }
        Field::Text(text)
    }

    /// The values between delimiters; `None` where nothing stands.
    fn split<'l>(&self, line: &'l str) -> Result<Vec<Option<Cow<'l, str>>>, Reject> {
        let delimiter = char::from(self.format.delimiter);
        if !self.quotes() {
            return Ok(line.split(delimiter).map(|v| (!v.is_empty()).then_some(Cow::Borrowed(v))).collect());
        }
        let mut values = Vec::new();
        let mut rest = line;
        loop {
            if let Some(quoted) = rest.strip_prefix('"') {
                let (value, after) = unquote(quoted)?;
                // Text after the closing quote belongs to the value.
                let end = after.find(delimiter).unwrap_or(after.len());
                let tail = &after[..end];
                values.push(Some(if tail.is_empty() {
                    value
                } else {
                    Cow::Owned(value.into_owned() + tail)
                }));
                rest = &after[end..];
            } else {
                let end = rest.find(delimiter).unwrap_or(rest.len());
                values.push((end > 0).then(|| Cow::Borrowed(&rest[..end])));
                rest = &rest[end..];
            }
            match rest.strip_prefix(delimiter) {
                Some(next) => rest = next,
                None => return Ok(values),
            }
        }
    }
}

/// The text up to the closing quote, doubled quotes made single, and what follows it.
fn unquote(text: &str) -> Result<(Cow<'_, str>, &str), Reject> {
    let open = || Reject::new(RejectKind::Unparseable, "a quote is not closed".to_owned());
    let mut end = text.find('"').ok_or_else(open)?;
    if !text[end + 1..].starts_with('"') {
        return Ok((Cow::Borrowed(&text[..end]), &text[end + 1..]));
    }
    let mut value = String::new();
    let mut rest = text;
    loop {
        value.push_str(&rest[..end]);
        rest = &rest[end + 1..];
        let Some(next) = rest.strip_prefix('"') else { return Ok((Cow::Owned(value), rest)) };
        value.push('"');
        rest = next;
        end = rest.find('"').ok_or_else(open)?;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn format(delimiter: u8) -> DelimitedFormat {
        DelimitedFormat {
            delimiter,
            list_delimiter: "|".to_owned(),
            columns: None,
            has_header: true,
            skip_header_rows: 1,
            try_parse_numbers: true,
        }
    }

    fn named(reader: &Delimited, fields: Vec<Field<'_>>) -> String {
        let names = reader.names().iter().map(|name| name.as_str().into());
        Field::Map(names.zip(fields).collect()).to_text().into_owned()
    }

    #[test]
    fn lines_of_both_kinds() {
        let mut csv = Delimited::new(&format(b','));
        for (line, expected) in [
            ("a comment", None),
            ("x,\"y \"\"z\"\"\",w", None),
            ("1,\"a,b\",", Some("{x=1, y \"z\"=a,b, w=null}")),
            ("1.50,\"\",p|2|", Some("{x=1.5, y \"z\"=, w=[p, 2, ]}")),
            ("", None),
            ("a,b,c,d", Some("{x=a, y \"z\"=b, w=c, column_4=d}")),
            ("\"line\nfeed\"", Some("{x=line\nfeed}")),
        ] {
            let fields = csv.fields(line).unwrap();
            let text = fields.map(|f| named(&csv, f));
            assert_eq!(text.as_deref(), expected, "{line}");
        }
        assert!(csv.fields("1,\"open").is_err());

        let mut tsv = Delimited::new(&format(b'\t'));
        tsv.fields("skipped").unwrap();
        tsv.fields("a\tb\tc").unwrap();
        let fields = tsv.fields("\"q\"\t\t-").unwrap().unwrap();
        assert_eq!(named(&tsv, fields), "{a=\"q\", b=null, c=-}");
        let quoted = csv.fields("\"\"").unwrap().unwrap();
        assert_eq!(quoted[0], Field::Text("".into()));
    }
}
