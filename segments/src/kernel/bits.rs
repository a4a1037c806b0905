//! How many bits of a mask are set, and which ones? With the processor's own instructions for that where it has them: the
//! baseline counts bits by a dozen steps a word.

/// Number of bits that are set.
#[must_use]
pub fn count_ones(words: &[u64]) -> usize {
    #[cfg(target_arch = "x86_64")]
    if is_x86_feature_detected!("avx2") && is_x86_feature_detected!("popcnt") {
        #[expect(unsafe_code, reason = "instructions the processor was asked for")]
        // SAFETY: the processor has AVX2 and POPCNT, which is all that `count_wide` asks for.
        return unsafe { count_wide(words) };
    }
    count_plain(words)
}

#[inline(always)]
fn count_plain(words: &[u64]) -> usize {
    words.iter().map(|word| u64::from(word.count_ones())).sum::<u64>() as usize
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,popcnt")]
fn count_wide(words: &[u64]) -> usize {
    count_plain(words)
}

/// Appends the numbers of the bits that are set, ascending; the first bit is number `first`.
pub fn positions(words: &[u64], first: u32, out: &mut Vec<u32>) {
    #[cfg(target_arch = "x86_64")]
    if is_x86_feature_detected!("bmi1") {
        #[expect(unsafe_code, reason = "instructions the processor was asked for")]
        // SAFETY: the processor has BMI1, which is all that `positions_wide` asks for.
        return unsafe { positions_wide(words, first, out) };
    }
    positions_plain(words, first, out);
}

#[inline(always)]
fn positions_plain(words: &[u64], first: u32, out: &mut Vec<u32>) {
    let mut at = first;
    for word in words {
        let mut left = *word;
        while left != 0 {
            out.push(at.wrapping_add(left.trailing_zeros()));
            left &= left - 1;
        }
        at = at.wrapping_add(64);
    }
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "bmi1")]
fn positions_wide(words: &[u64], first: u32, out: &mut Vec<u32>) {
    positions_plain(words, first, out);
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn as_bit_by_bit(words in prop::collection::vec(prop_oneof![Just(0), Just(u64::MAX), any::<u64>()], 0..70), first in 0u32..9) {
            let set = |i: &u32| words[*i as usize / 64] >> (i % 64) & 1 == 1;
            let wanted: Vec<u32> = (0..words.len() as u32 * 64).filter(set).map(|i| i + first).collect();
            let (mut found, mut plain) = (vec![7], Vec::new());
            positions(&words, first, &mut found);
            positions_plain(&words, first, &mut plain);
            prop_assert_eq!(&found[1..], &wanted[..]);
            prop_assert_eq!(&plain, &wanted);
            prop_assert_eq!(count_ones(&words), wanted.len());
            prop_assert_eq!(count_plain(&words), wanted.len());
        }
    }
}
