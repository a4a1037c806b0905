//! How are many texts sorted at once? By the eight bytes after what all of them begin with, as one number; the texts
//! themselves are compared only where these are equal, or where Druid's order is not that of the bytes.

use super::order;

/// The numbers `0..count` in Druid's order of their texts. Runs that ascend already are found and merged.
pub(crate) fn sorted<'t>(count: usize, text: impl Fn(u32) -> &'t str) -> Vec<u32> {
    if count == 0 {
        return Vec::new();
    }
    let numbers = 0..count as u32;
    if !numbers.clone().all(|number| order::is_byte_order(text(number).as_bytes())) {
        let mut sorted: Vec<u32> = numbers.collect();
        sorted.sort_by(|a, b| order::compare(text(*a), text(*b)));
        return sorted;
    }
    let first = text(0).as_bytes();
    let common = numbers.clone().fold(first.len(), |common, number| {
        let both = text(number).as_bytes().iter().zip(first).take(common);
        both.take_while(|(a, b)| a == b).count()
    });
    let key = |number: u32| {
        let rest = text(number).as_bytes().get(common..).unwrap_or_default();
        let mut key = [0; 8];
        let length = rest.len().min(8);
        key[..length].copy_from_slice(&rest[..length]);
        (u64::from_be_bytes(key), number)
    };
    let mut keys: Vec<(u64, u32)> = numbers.map(key).collect();
    keys.sort_by(|a, b| a.0.cmp(&b.0).then_with(|| text(a.1).as_bytes().cmp(text(b.1).as_bytes())));
    keys.into_iter().map(|(_, number)| number).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn texts_are_sorted_as_they_compare(
            texts in prop::collection::vec("(prefix)?(\u{0}|a|b|\u{E9}|\u{E000}|\u{1F600}){0,12}", 0..60),
            plain in any::<bool>(),
        ) {
            let keep = |t: &&String| !plain || order::is_byte_order(t.as_bytes());
            let texts: Vec<&str> = texts.iter().filter(keep).map(String::as_str).collect();
            let found: Vec<&str> =
                sorted(texts.len(), |i| texts[i as usize]).iter().map(|i| texts[*i as usize]).collect();
            let mut expected = texts.clone();
            expected.sort_by(|a, b| order::compare(a, b));
            prop_assert_eq!(found, expected);
        }
    }
}
