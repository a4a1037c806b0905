//! Which fields of a JSON object are the number -0.0? The reader of objects takes their sign, so they are put again.

use super::builder::RowBuilder;
use super::field::Field;
use super::slots::Found;

/// Gives the row that was read from a text its negative zeros.
pub(super) fn restore(text: &str, builder: &mut RowBuilder) {
    for key in keys(text) {
        if let Found::Slot(slot) = builder.slots.find(key) {
            builder.put_double(slot, -0.0);
        }
    }
}

/// Gives the object that was read from a text its negative zeros.
pub(super) fn restore_in(text: &str, root: &mut Field<'_>) {
    let Field::Map(fields) = root else { return };
    for key in keys(text) {
        for (_, value) in fields.iter_mut().filter(|(name, _)| name == key) {
            *value = Field::Double(-0.0);
        }
    }
}

/// The keys of negative zeros: those of the object itself that have no escapes.
fn keys(text: &str) -> Vec<&str> {
    let bytes = text.as_bytes();
    let before = |at: usize| at.checked_sub(1).and_then(|at| bytes.get(at));
    let likely = |at: usize| matches!(before(at), Some(b':' | b' ' | b'\t' | b'\n' | b'\r'));
    let mut found = Vec::new();
    if !text.match_indices("-0").any(|(at, _)| likely(at)) {
        return found;
    }
    let (mut at, mut depth, mut key) = (0, 0usize, None);
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'{' | b'[' => depth += 1,
            b'}' | b']' => depth = depth.saturating_sub(1),
            b'"' => {
                let end = end_of_text(bytes, at + 1);
                key = text.get(at + 1..end).filter(|name| depth == 1 && !name.contains('\\'));
                at = end;
            }
            b'-' => {
                let length = bytes.iter().skip(at).take_while(|b| is_of_number(**b)).count();
                let number = bytes.get(at + 1..at + length).unwrap_or_default();
                let mantissa = number.split(|b| matches!(b, b'e' | b'E')).next().unwrap_or_default();
                if depth == 1 && mantissa.iter().all(|b| matches!(b, b'0' | b'.')) {
                    found.extend(key.take());
                }
                at += length.saturating_sub(1);
            }
            _ => {}
        }
        at += 1;
    }
    found
}

fn is_of_number(byte: u8) -> bool {
    byte.is_ascii_digit() || matches!(byte, b'-' | b'+' | b'.' | b'e' | b'E')
}

/// Where the quote stands that ends a text.
fn end_of_text(bytes: &[u8], mut at: usize) -> usize {
    loop {
        match bytes.get(at) {
            Some(b'\\') => at += 2,
            Some(b'"') | None => return at.min(bytes.len()),
            Some(_) => at += 1,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::keys;

    #[test]
    fn negative_zeros_are_found() {
        assert_eq!(
            keys(r#"{"a":-0.0,"b": -0 , "c":-0.5,"d":[-0.0],"e":"x -0","f":-0e3,"g":1}"#),
            ["a", "b", "f"]
        );
        assert_eq!(keys(r#"{"a":{"b":-0.0},"t":"2024-03-01","q\"":-0.0,"z":-0.00}"#), ["z"]);
        assert!(keys(r#"{"a":"-0"}"#).is_empty());
    }
}
