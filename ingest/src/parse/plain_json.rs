//! How is the usual JSON object read at full speed? Flat, texts without escapes: such an object goes from its bytes
//! into columns in one pass. Anything else, broken input included, is left to the reader of `json.rs`, which
//! says what is wrong; what both take gives the same row.

use super::builder::RowBuilder;
use super::field::Field;
use super::slots::Found;

/// Objects in a row that were not plain before fewer are tried.
const MISSES: u32 = 16;
/// One in so many is tried then.
const TRIED: u32 = 64;

/// Whether to try the next object: records of one stream look alike.
#[derive(Debug, Default)]
pub(super) struct Plain {
    misses: u32,
}

impl Plain {
    /// Reads a text that is one plain object into the row being built; `false`, with the row dropped, when it is not.
    pub(super) fn read(&mut self, text: &str, builder: &mut RowBuilder) -> bool {
        if self.misses >= MISSES && !self.misses.is_multiple_of(TRIED) {
            self.misses = self.misses.wrapping_add(1).max(MISSES);
            return false;
        }
        let taken = Cursor { text, at: 0 }.object(builder).is_some();
        if taken {
            self.misses = 0;
        } else {
            self.misses = self.misses.wrapping_add(1);
            builder.drop_row();
        }
        taken
    }
}

/// A place in a text. Steps give `None` where the text is not plain.
struct Cursor<'t> {
    text: &'t str,
    at: usize,
}

impl<'t> Cursor<'t> {
    /// The next byte that is no white space; 0 at the end.
    fn peek(&mut self) -> u8 {
        let bytes = self.text.as_bytes();
        loop {
            match bytes.get(self.at) {
                Some(b' ' | b'\t' | b'\n' | b'\r') => self.at += 1,
                Some(byte) => return *byte,
                None => return 0,
            }
        }
    }

    fn expect(&mut self, byte: u8) -> Option<()> {
        if self.peek() != byte {
            return None;
        }
        self.at += 1;
        Some(())
    }

    /// Reads an object that is all of the text.
    fn object(mut self, builder: &mut RowBuilder) -> Option<()> {
        self.expect(b'{')?;
        if self.peek() == b'}' {
            self.at += 1;
            return self.end();
        }
        for at in 0.. {
            self.expect(b'"')?;
            let name = self.string()?;
            self.expect(b':')?;
            let found = builder.slots.find_at(at, name);
            self.value(name, found, builder)?;
            match self.peek() {
                b',' => self.at += 1,
                b'}' => break,
                _ => return None,
            }
        }
        self.at += 1;
        self.end()
    }

    /// Whether nothing follows.
    fn end(&mut self) -> Option<()> {
        self.peek();
        (self.at == self.text.len()).then_some(())
    }

    fn value(&mut self, name: &str, found: Found, builder: &mut RowBuilder) -> Option<()> {
        let field = match self.peek() {
            b'"' => {
                self.at += 1;
                let text = self.string()?;
                if let Found::Slot(slot) = found {
                    builder.put_text(slot, text);
                    return Some(());
                }
                Field::Text(text.into())
            }
            b'-' | b'0'..=b'9' => {
                let number = self.number()?;
                if let (Found::Slot(slot), Field::Long(value)) = (found, &number) {
                    builder.put_long(slot, *value);
                    return Some(());
                }
                number
            }
            b't' => self.word("true", Field::Bool(true))?,
            b'f' => self.word("false", Field::Bool(false))?,
            b'n' => self.word("null", Field::Null)?,
            _ => return None,
        };
        if let Some(slot) = builder.slot_for(found, name, &field) {
            builder.put_field(slot, &field);
        }
        Some(())
    }

    fn word(&mut self, word: &str, field: Field<'static>) -> Option<Field<'static>> {
        let rest = self.text.as_bytes().get(self.at..)?;
        if !rest.starts_with(word.as_bytes()) {
            return None;
        }
        self.at += word.len();
        Some(field)
    }

    /// The text up to the next quote.
    fn string(&mut self) -> Option<&'t str> {
        let start = self.at;
        let bytes = self.text.as_bytes().get(start..)?;
        let (words, _) = bytes.as_chunks::<8>();
        let mut length = 0;
        for word in words {
            let stop = special(u64::from_le_bytes(*word));
            if stop != 0 {
                length += stop.trailing_zeros() as usize / 8;
                return self.close(start, length);
            }
            length += 8;
        }
        let rest = bytes.get(length..)?;
        length += rest.iter().position(|byte| matches!(byte, b'"' | b'\\' | ..0x20))?;
        self.close(start, length)
    }

    /// The text of `length` bytes, if it is a quote that ends it.
    fn close(&mut self, start: usize, length: usize) -> Option<&'t str> {
        let end = start + length;
        if self.text.as_bytes().get(end) != Some(&b'"') {
            return None;
        }
        self.at = end + 1;
        self.text.get(start..end)
    }

    /// A number as JSON spells them.
    fn number(&mut self) -> Option<Field<'static>> {
        let start = self.at;
        let negative = self.text.as_bytes().get(start) == Some(&b'-');
        self.at += usize::from(negative);
        let (digits, value) = self.digits();
        let leading_zero = digits > 1 && self.text.as_bytes().get(self.at - digits) == Some(&b'0');
        if digits == 0 || digits > 18 || leading_zero {
            return None;
        }
        let mut whole = true;
        if self.text.as_bytes().get(self.at) == Some(&b'.') {
            self.at += 1;
            whole = false;
            if self.digits().0 == 0 {
                return None;
            }
        }
        if matches!(self.text.as_bytes().get(self.at), Some(b'e' | b'E')) {
            self.at += 1;
            whole = false;
            self.at += usize::from(matches!(self.text.as_bytes().get(self.at), Some(b'+' | b'-')));
            if self.digits().0 == 0 {
                return None;
            }
        }
        if whole {
            // What -0 is, the other reader says.
            return (!negative || value != 0).then_some(Field::Long(if negative { -value } else { value }));
        }
        let value: f64 = self.text.get(start..self.at)?.parse().ok()?;
        value.is_finite().then_some(Field::Double(value))
    }

    /// Passes digits: how many, and their value where there are at most 18.
    fn digits(&mut self) -> (usize, i64) {
        let start = self.at;
        let mut value = 0i64;
        for byte in self.text.as_bytes().get(start..).unwrap_or_default() {
            if !byte.is_ascii_digit() {
                break;
            }
            value = value.wrapping_mul(10).wrapping_add(i64::from(byte - b'0'));
            self.at += 1;
        }
        (self.at - start, value)
    }
}

/// Sets the high bit of each byte that is a quote, a backslash or below 0x20; exact up to the first such byte.
fn special(word: u64) -> u64 {
    const ONES: u64 = 0x0101_0101_0101_0101;
    const HIGH: u64 = 0x8080_8080_8080_8080;
    let zero = |word: u64| word.wrapping_sub(ONES) & !word & HIGH;
    let below = word.wrapping_sub(ONES * 0x20) & !word & HIGH;
    zero(word ^ (ONES * u64::from(b'"'))) | zero(word ^ (ONES * u64::from(b'\\'))) | below
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn special_bytes_are_found(bytes in prop::array::uniform8(any::<u8>())) {
            let stop = bytes.iter().position(|b| matches!(b, b'"' | b'\\' | ..0x20));
            let found = special(u64::from_le_bytes(bytes));
            prop_assert_eq!((found != 0).then_some(found.trailing_zeros() as usize / 8), stop);
        }
    }
}
