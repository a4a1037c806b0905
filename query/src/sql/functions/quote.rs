//! How are texts, names and calls written in the expression language?

use super::Operand;

/// `name(a,b)`
pub(super) fn call(native: &str, args: &[Operand]) -> String {
    let args: Vec<&str> = args.iter().map(|a| a.text.as_str()).collect();
    format!("{native}({})", args.join(","))
}

/// A text as a literal of the expression language.
pub(crate) fn quote_text(text: &str) -> String {
    quoted(text, '\'')
}

/// A column name as an identifier of the expression language.
pub(crate) fn quote_name(name: &str) -> String {
    quoted(name, '"')
}

fn quoted(text: &str, mark: char) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push(mark);
    for c in text.chars() {
        match c {
            '\\' => out.push_str("\\\\"),
            c if c == mark => {
                out.push('\\');
                out.push(c);
            }
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c => out.push(c),
        }
    }
    out.push(mark);
    out
}
