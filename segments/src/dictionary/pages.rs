//! How are the texts of a sealed dictionary written in pages, and when does that pay? (`FORMAT.md` has the bytes.)

use crate::encoding::lz4_block;

/// Texts a page (the last may have fewer). Part of the format.
pub(super) const PAGE_TEXTS: usize = 256;

/// Bytes of a page's entry: offset, then bytes of the first text, of the body as stored, of the body, of all texts.
pub(super) const ENTRY_BYTES: usize = 24;

/// Dictionaries of fewer bytes stay plain: there is little to save, and each is read by many queries.
const MIN_BYTES: usize = 4096;

/// Dictionaries with a longer text stay plain, so that decoding a page is a matter of microseconds.
const LONGEST_TEXT: usize = 4096;

/// The two sections of a dictionary in pages.
#[derive(Debug)]
pub(crate) struct TextPages {
    /// An entry a page.
    pub(crate) entries: Vec<u8>,
    /// The pages.
    pub(crate) bytes: Vec<u8>,
}

/// The pages of texts that lie one after the other in `bytes` and end at `ends`; `None` where they are not at least a
/// tenth smaller than the `plain` bytes of the dictionary otherwise.
pub(crate) fn text_pages(bytes: &[u8], ends: &[u64], plain: usize) -> Option<TextPages> {
    if plain < MIN_BYTES {
        return None;
    }
    let starts = std::iter::once(&0).chain(ends);
    let text = |(start, end): (&u64, &u64)| bytes.get(*start as usize..*end as usize).unwrap_or_default();
    let texts: Vec<&[u8]> = starts.zip(ends).map(text).collect();
    if texts.iter().any(|text| text.len() > LONGEST_TEXT) {
        return None;
    }
    let mut pages = TextPages { entries: Vec::new(), bytes: Vec::new() };
    for page in texts.chunks(PAGE_TEXTS) {
        put_page(page, &mut pages.entries, &mut pages.bytes);
    }
    (pages.entries.len() + pages.bytes.len() <= plain / 10 * 9).then_some(pages)
}

/// Appends a page of at least one text, and its entry.
pub(super) fn put_page(texts: &[&[u8]], entries: &mut Vec<u8>, bytes: &mut Vec<u8>) {
    let head = texts.first().copied().unwrap_or_default();
    let (mut shared, mut suffixes, mut rest) = (Vec::new(), Vec::new(), Vec::new());
    for pair in texts.windows(2) {
        let common = pair[0].iter().zip(pair[1]).take_while(|(a, b)| a == b).count();
        put_number(common, &mut shared);
        put_number(pair[1].len() - common, &mut suffixes);
        rest.extend_from_slice(&pair[1][common..]);
    }
    let body = [shared, suffixes, rest].concat();
    let packed = lz4_block::compress(&body);
    let stored = if packed.len() < body.len() / 16 * 15 { &packed } else { &body };
    entries.extend_from_slice(&(bytes.len() as u64).to_le_bytes());
    let all: usize = texts.iter().map(|text| text.len()).sum();
    for length in [head.len(), stored.len(), body.len(), all] {
        entries.extend_from_slice(&(length as u32).to_le_bytes());
    }
    bytes.extend_from_slice(head);
    bytes.extend_from_slice(stored);
}

/// Appends a number, 7 bits a byte, low bits first; the top bit says that more follow.
fn put_number(mut number: usize, out: &mut Vec<u8>) {
    while number >= 0x80 {
        out.push(number as u8 | 0x80);
        number >>= 7;
    }
    out.push(number as u8);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pages(texts: &[String]) -> Option<TextPages> {
        let ends: Vec<u64> = texts
            .iter()
            .scan(0, |end, text| {
                *end += text.len() as u64;
                Some(*end)
            })
            .collect();
        let bytes = texts.concat();
        text_pages(bytes.as_bytes(), &ends, bytes.len() + 4 * texts.len())
    }

    #[test]
    fn pages_where_they_pay() {
        let names: Vec<String> = (0..1000).map(|i| format!("Customer#{i:09}")).collect();
        let found = pages(&names).unwrap();
        assert_eq!(found.entries.len(), 4 * ENTRY_BYTES);
        assert!(found.bytes.len() < 1000 * 4, "{}", found.bytes.len());
        assert!(pages(&names[..100]).is_none(), "small ones stay plain");
        let noise = |i: u64| {
            (i.wrapping_mul(i ^ 0x9E37_79B9_7F4A_7C15) ^ i << 40).wrapping_mul(0xD6E8_FEB8_6659_FD93)
        };
        let hex: Vec<String> = (0..1000).map(|i| format!("{:x}{:x}", noise(i), noise(i + 7000))).collect();
        assert!(pages(&hex).is_none(), "nothing to share");
        let mut long = names;
        long.push("x".repeat(LONGEST_TEXT + 1));
        assert!(pages(&long).is_none(), "long texts stay plain");
    }
}
