//! How do rows look on a terminal? One table style for every command.

use comfy_table::presets::UTF8_FULL_CONDENSED;
use comfy_table::{Cell, CellAlignment, Table};
use serde_json::Value;

/// A table with a head; numbers to the right, null as nothing.
#[must_use]
pub fn render(columns: &[String], rows: &[Vec<Value>]) -> String {
    let mut table = Table::new();
    table.load_preset(UTF8_FULL_CONDENSED).set_header(columns);
    for row in rows {
        table.add_row(row.iter().map(cell));
    }
    table.to_string()
}

/// A table of a JSON list of objects; the first object names the columns.
#[must_use]
pub fn render_objects(objects: &[Value]) -> String {
    let fields = objects.first().and_then(Value::as_object);
    let columns: Vec<String> = fields.map(|f| f.keys().cloned().collect()).unwrap_or_default();
    let row = |o: &Value| columns.iter().map(|c| o.get(c).cloned().unwrap_or_default()).collect();
    let rows: Vec<Vec<Value>> = objects.iter().map(row).collect();
    render(&columns, &rows)
}

fn cell(value: &Value) -> Cell {
    match value {
        Value::Null => Cell::new(""),
        Value::String(text) => Cell::new(text),
        Value::Number(number) => Cell::new(number).set_alignment(CellAlignment::Right),
        other => Cell::new(other),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn objects_become_rows() {
        let text = render_objects(&[json!({"name": "a", "n": 7}), json!({"name": null, "n": 12})]);
        let lines: Vec<&str> = text.lines().collect();
        assert!(lines[1].contains("name") && lines[1].contains('n'), "{text}");
        assert!(lines[3].contains("a ") && lines[3].contains("  7"), "{text}");
        assert_eq!(lines.len(), 6, "{text}");
    }
}
