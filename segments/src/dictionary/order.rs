//! Which of two texts comes first? Druid's order: Java's `String.compareTo`, by UTF-16 code units.
//!
//! UTF-8 bytes order texts by code point. The two orders differ in one case only: a character beyond the basic
//! plane (four bytes in UTF-8, a surrogate pair `D800..DFFF` in UTF-16) comes *before* U+E000..U+FFFF. It is
//! decided at the first byte that differs, which is then the first byte of a character in both texts.

use std::cmp::Ordering;

/// Smallest first byte of a character beyond the basic plane (U+10000..).
const SUPPLEMENTARY: u8 = 0xF0;
/// Smallest first byte of a character at or above U+E000.
const ABOVE_SURROGATES: u8 = 0xEE;

/// Compares two texts in Druid's order.
#[must_use]
pub fn compare(a: &str, b: &str) -> Ordering {
    compare_bytes(a.as_bytes(), b.as_bytes())
}

/// Compares two texts, given as UTF-8, in Druid's order. Total on any bytes.
#[must_use]
pub fn compare_bytes(a: &[u8], b: &[u8]) -> Ordering {
    // The lesser text has the lesser byte at the first difference (or ends there): the order flips only if that
    // byte is a character's first at or above U+E000 and the other text's begins a supplementary character.
    let Some((x, y)) = first_difference(a, b) else { return a.len().cmp(&b.len()) };
    let (low, high) = (x.min(y), x.max(y));
    let flips = high >= SUPPLEMENTARY && (ABOVE_SURROGATES..SUPPLEMENTARY).contains(&low);
    if flips { y.cmp(&x) } else { x.cmp(&y) }
}

/// Whether texts of such bytes are ordered as their bytes are.
pub(crate) fn is_byte_order(bytes: &[u8]) -> bool {
    bytes.iter().fold(0, |high: u8, byte| high.max(*byte)) < ABOVE_SURROGATES
}

/// The first bytes that differ within the shorter length.
fn first_difference(a: &[u8], b: &[u8]) -> Option<(u8, u8)> {
    let (blocks_a, _) = a.as_chunks::<8>();
    let (blocks_b, _) = b.as_chunks::<8>();
    let mut equal = 0;
    for (x, y) in blocks_a.iter().zip(blocks_b) {
        let (x, y) = (u64::from_le_bytes(*x), u64::from_le_bytes(*y));
        if x != y {
            let bit = (x ^ y).trailing_zeros() & !7;
            return Some(((x >> bit) as u8, (y >> bit) as u8));
        }
        equal += 8;
    }
    let rest = a[equal..].iter().zip(&b[equal..]);
    rest.map(|(x, y)| (*x, *y)).find(|(x, y)| x != y)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn supplementary_before_private_use() {
        assert_eq!(compare("\u{1F600}", "\u{E000}"), Ordering::Less);
        assert_eq!(compare("a\u{FFFD}", "a\u{10000}"), Ordering::Greater);
        assert_eq!(compare("\u{1F600}", "\u{D7FF}"), Ordering::Greater);
        assert_eq!(compare("", "a"), Ordering::Less);
        assert_eq!(compare("abc", "abc"), Ordering::Equal);
    }

    fn texts() -> impl Strategy<Value = String> {
        let chars = prop::sample::select(vec![
            'a',
            'b',
            '\u{7F}',
            '\u{E9}',
            '\u{7FF}',
            '\u{D7FF}',
            '\u{E000}',
            '\u{FFFF}',
            '\u{10000}',
            '\u{10FFFF}',
        ]);
        prop::collection::vec(chars, 0..20).prop_map(String::from_iter)
    }

    proptest! {
        #[test]
        fn equals_utf16(a in texts(), b in texts(), common in texts()) {
            let (a, b) = (format!("{common}{a}"), format!("{common}{b}"));
            let slow = a.encode_utf16().cmp(b.encode_utf16());
            prop_assert_eq!(compare(&a, &b), slow);
        }
    }
}
