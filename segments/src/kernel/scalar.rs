//! What does the FastLanes layout mean, bit by bit? The slow twin of the kernels, for tests.

use super::CHUNK;

const ORDER: [usize; 8] = [0, 4, 2, 6, 1, 5, 3, 7];

/// Lane width in bits of a packed width.
fn lane_bits(width: u8) -> usize {
    match width {
        0..=8 => 8,
        9..=16 => 16,
        17..=32 => 32,
        _ => 64,
    }
}

/// Row and lane of a number: the inverse of `index = ORDER[row / 8] * 16 + (row % 8) * 128 + lane`.
fn place(index: usize, lanes: usize) -> (usize, usize) {
    let rows = CHUNK / lanes;
    for row in 0..rows {
        let start = ORDER[row / 8] * 16 + (row % 8) * 128;
        if (start..start + lanes).contains(&index) {
            return (row, index - start);
        }
    }
    panic!("no place for {index}");
}

/// Reads one number bit by bit from the bytes of a chunk.
pub(super) fn read(width: u8, packed: &[u8], index: usize) -> u64 {
    let bits = lane_bits(width);
    let lanes = CHUNK / bits;
    let (row, lane) = place(index, lanes);
    let mut value = 0;
    for bit in 0..usize::from(width) {
        let position = row * usize::from(width) + bit;
        let (word, shift) = (position / bits, position % bits);
        let byte = packed[(word * lanes + lane) * (bits / 8) + shift / 8];
        value |= u64::from(byte >> (shift % 8) & 1) << bit;
    }
    value
}
