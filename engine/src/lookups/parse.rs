//! How are keys and values read from the lines of a document? `namespaceParseSpec` in its four formats.

use std::io::{BufRead, BufReader, Read};

use serde::Deserialize;
use serde_json::{Map, Value};

use super::spec::text;

/// The format of a document.
#[derive(Debug, Clone, Deserialize)]
#[serde(tag = "format", rename_all = "camelCase")]
pub(super) enum ParseSpec {
    Csv(Table),
    Tsv(Table),
    CustomJson(CustomJson),
    SimpleJson(SimpleJson),
}

/// Columns apart by a character.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Table {
    columns: Option<Vec<String>>,
    key_column: Option<String>,
    value_column: Option<String>,
    #[serde(default)]
    has_header_row: bool,
    #[serde(default)]
    skip_header_rows: usize,
    /// Of TSV only; a tab when it is absent.
    delimiter: Option<String>,
    /// Lookups have one value a key: what it would split is kept whole.
    #[serde(default, rename = "listDelimiter")]
    _list_delimiter: Option<String>,
}

/// An object a line, of which two fields matter.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct CustomJson {
    key_field_name: String,
    value_field_name: String,
}

/// An object a line, all of whose fields are keys.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SimpleJson {}

impl ParseSpec {
    /// Says what in it cannot be used.
    pub(super) fn check(&self) -> Result<(), String> {
        match self {
            Self::Csv(table) if table.delimiter.is_some() => {
                Err("`delimiter` is a field of tsv only".to_owned())
            }
            Self::Csv(table) => table.check(),
            Self::Tsv(table) => {
                if table.delimiter.as_ref().is_some_and(|d| d.len() != 1) {
                    return Err("`delimiter` must be one character of ASCII".to_owned());
                }
                table.check()
            }
            Self::CustomJson(_) | Self::SimpleJson(_) => Ok(()),
        }
    }

    /// Keys and values; rows without one of both are left out.
    pub(super) fn read(&self, document: impl Read) -> Result<Vec<(String, String)>, String> {
        match self {
            Self::Csv(table) => table.read(document, b','),
            Self::Tsv(table) => {
                let delimiter = table.delimiter.as_ref().and_then(|d| d.bytes().next());
                table.read(document, delimiter.unwrap_or(b'\t'))
            }
            Self::CustomJson(spec) => json_lines(document, |fields, entries| {
                let field = |name: &str| fields.get(name).and_then(text);
                entries.extend(field(&spec.key_field_name).zip(field(&spec.value_field_name)));
            }),
            Self::SimpleJson(_) => json_lines(document, |fields, entries| {
                entries.extend(fields.iter().filter_map(|(key, value)| Some((key.clone(), text(value)?))));
            }),
        }
    }
}

impl Table {
    fn check(&self) -> Result<(), String> {
        match &self.columns {
            None if !self.has_header_row => {
                Err("`columns` must be given unless `hasHeaderRow` is true".to_owned())
            }
            None => Ok(()),
            Some(columns) => self.places(columns).map(|_| ()),
        }
    }

    /// Which columns are the key and the value.
    fn places(&self, columns: &[String]) -> Result<(usize, usize), String> {
        if columns.len() < 2 {
            return Err("there must be at least two `columns`".to_owned());
        }
        let place = |field: &str, name: &Option<String>, default: usize| match name {
            None => Ok(default),
            Some(name) => {
                let found = columns.iter().position(|column| column == name);
                found.ok_or_else(|| format!("`{field}` is `{name}`, which is no column"))
            }
        };
        match (&self.key_column, &self.value_column) {
            (None, Some(_)) | (Some(_), None) => {
                Err("`keyColumn` and `valueColumn` must be given both or not at all".to_owned())
            }
            (key, value) => Ok((place("keyColumn", key, 0)?, place("valueColumn", value, 1)?)),
        }
    }

    fn read(&self, document: impl Read, delimiter: u8) -> Result<Vec<(String, String)>, String> {
        let mut reader = csv::ReaderBuilder::new()
            .has_headers(false)
            .flexible(true)
            .delimiter(delimiter)
            .quoting(delimiter == b',')
            .from_reader(document);
        let mut rows = reader.records().skip(self.skip_header_rows);
        let wrong = |e: csv::Error| format!("the document cannot be read: {e}");
        let header = if self.has_header_row { rows.next().transpose().map_err(wrong)? } else { None };
        let columns = match (&self.columns, header) {
            (Some(columns), _) => columns.clone(),
            (None, Some(header)) => header.iter().map(str::to_owned).collect(),
            (None, None) => return Ok(Vec::new()),
        };
        let (key, value) = self.places(&columns)?;
        let mut entries = Vec::new();
        for row in rows {
            let row = row.map_err(wrong)?;
            entries.extend(row.get(key).zip(row.get(value)).map(|(k, v)| (k.to_owned(), v.to_owned())));
        }
        Ok(entries)
    }
}

fn json_lines(
    document: impl Read,
    mut take: impl FnMut(&Map<String, Value>, &mut Vec<(String, String)>),
) -> Result<Vec<(String, String)>, String> {
    let mut entries = Vec::new();
    for (number, line) in BufReader::new(document).lines().enumerate() {
        let line = line.map_err(|e| format!("the document cannot be read: {e}"))?;
        if line.trim().is_empty() {
            continue;
        }
        let fields: Map<String, Value> =
            serde_json::from_str(&line).map_err(|e| format!("line {} is no JSON object: {e}", number + 1))?;
        take(&fields, &mut entries);
    }
    Ok(entries)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(spec: Value, document: &str) -> Result<Vec<(String, String)>, String> {
        let spec = ParseSpec::deserialize(spec).map_err(|e| e.to_string())?;
        spec.check()?;
        spec.read(document.as_bytes())
    }

    fn pairs(wanted: &[(&str, &str)]) -> Vec<(String, String)> {
        wanted.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect()
    }

    #[test]
    fn formats_of_druids_documentation() {
        let csv = json!({"format": "csv", "columns": ["value", "somethingElse", "key"],
            "keyColumn": "key", "valueColumn": "value"});
        let found = read(csv, "bar,something,foo\nbat,\"a, b\",baz\ntruck\n").unwrap();
        assert_eq!(found, pairs(&[("foo", "bar"), ("baz", "bat")]));
        let header = json!({"format": "csv", "hasHeaderRow": true, "skipHeaderRows": 1});
        assert_eq!(read(header, "# note\nk,v\na,\n").unwrap(), pairs(&[("a", "")]));
        let tsv = json!({"format": "tsv", "columns": ["k", "x", "v"], "keyColumn": "k", "valueColumn": "v",
            "delimiter": "|"});
        assert_eq!(read(tsv, "foo|\"|bar\nbaz|x|bat").unwrap(), pairs(&[("foo", "bar"), ("baz", "bat")]));
        let custom = json!({"format": "customJson", "keyFieldName": "key", "valueFieldName": "value"});
        let lines =
            "{\"key\": \"foo\", \"value\": 7}\n\n{\"key\": \"baz\", \"value\": null}\n{\"value\": \"x\"}";
        assert_eq!(read(custom, lines).unwrap(), pairs(&[("foo", "7")]));
        let simple = json!({"format": "simpleJson"});
        assert_eq!(read(simple, "{\"a\": \"b\", \"c\": 1.5}").unwrap(), pairs(&[("a", "b"), ("c", "1.5")]));
    }

    #[test]
    fn mistakes_are_named() {
        for (spec, document, word) in [
            (json!({"format": "csv"}), "", "hasHeaderRow"),
            (json!({"format": "csv", "columns": ["k"]}), "", "two"),
            (
                json!({"format": "csv", "columns": ["k", "v"], "keyColumn": "x", "valueColumn": "v"}),
                "",
                "`x`",
            ),
            (json!({"format": "csv", "columns": ["k", "v"], "keyColumn": "k"}), "", "valueColumn"),
            (json!({"format": "csv", "columns": ["k", "v"], "delimiter": "|"}), "", "delimiter"),
            (json!({"format": "simpleJson"}), "{}\n[]", "line 2"),
            (json!({"format": "xml"}), "", "xml"),
        ] {
            let error = read(spec, document).unwrap_err();
            assert!(error.contains(word), "{word}: {error}");
        }
    }
}
