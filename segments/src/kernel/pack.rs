//! How is a chunk of 1024 numbers packed into a given width?

use fastlanes::BitPacking;

use super::CHUNK;

macro_rules! pack_lanes {
    ($lane:ty, $lanes:literal, $width:expr, $values:expr, $out:expr, [$($w:literal)*]) => {{
        let mut narrow: [$lane; CHUNK] = [0; CHUNK];
        for (slot, value) in narrow.iter_mut().zip($values) {
            *slot = *value as $lane;
        }
        match $width {
            $($w => {
                let mut packed: [$lane; $lanes * $w] = [0; $lanes * $w];
                <$lane>::pack::<$w, { $lanes * $w }>(&narrow, &mut packed);
                $out.extend_from_slice(bytemuck::cast_slice(&packed));
            })*
            _ => {}
        }
    }};
}

/// Appends `width * 128` bytes; `values` must fit in `width` bits (higher bits are lost). Width 0 writes nothing.
pub(crate) fn pack_chunk(width: u8, values: &[u64; CHUNK], out: &mut Vec<u8>) {
    match width {
        0 => {}
        1..=8 => pack_lanes!(u8, 128, width, values, out, [1 2 3 4 5 6 7 8]),
        9..=16 => pack_lanes!(u16, 64, width, values, out, [9 10 11 12 13 14 15 16]),
        17..=32 => {
            pack_lanes!(u32, 32, width, values, out, [17 18 19 20 21 22 23 24 25 26 27 28 29 30 31 32])
        }
        _ => {
            pack_lanes!(u64, 16, width, values, out, [33 34 35 36 37 38 39 40 41 42 43 44 45 46 47 48 49 50 51 52 53 54 55 56 57 58 59 60 61 62 63 64])
        }
    }
}
