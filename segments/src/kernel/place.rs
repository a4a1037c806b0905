//! Where in a packed chunk does a number lie? In the FastLanes layout, for those who want its bytes to be on their way
//! before it is their turn.

use fastlanes::FL_ORDER;

use super::CHUNK;

/// The offsets in bytes of the words in which number `pick` (taken modulo the chunk's length) of a chunk begins and ends;
/// widths beyond 64 bits have none.
#[inline]
pub(crate) fn places(width: u8, pick: usize) -> [usize; 2] {
    let bits: usize = match width {
        0..=8 => 8,
        9..=16 => 16,
        17..=32 => 32,
        _ => 64,
    };
    let lanes = CHUNK / bits;
    let (eighth, within) = (pick % CHUNK / 128, pick % 128);
    // The order of the rows of sixteen numbers each is its own inverse.
    let order = FL_ORDER.get(within / lanes * lanes / 16).copied().unwrap_or(0);
    let first = (order * 8 + eighth) * usize::from(width);
    let last = first + usize::from(width).saturating_sub(1);
    [first, last].map(|bit| (bit / bits * lanes + within % lanes) * (bits / 8))
}

#[cfg(test)]
mod tests {
    use super::super::pack_chunk;
    use super::*;

    #[test]
    fn the_lowest_and_the_highest_bit_of_each_number_are_in_its_words() {
        for width in 1..=64_u8 {
            let size = match width {
                ..=8 => 1,
                9..=16 => 2,
                17..=32 => 4,
                _ => 8,
            };
            for pick in (0..CHUNK).step_by(7).chain([1, 63, 64, 127, 128, CHUNK - 1]) {
                let word_of = |bit: u8| {
                    let (mut numbers, mut bytes) = ([0; CHUNK], Vec::new());
                    numbers[pick] = 1 << bit;
                    pack_chunk(width, &numbers, &mut bytes);
                    bytes.iter().position(|byte| *byte != 0).unwrap() / size * size
                };
                assert_eq!(places(width, pick), [word_of(0), word_of(width - 1)], "{width} {pick}");
            }
        }
    }
}
