//! How is a packed chunk, or one number of it, read? Wrong lengths, alignments and widths give `None`.

use fastlanes::BitPacking;

use super::CHUNK;

macro_rules! unpack_lanes {
    ($(#[$doc:meta])* $name:ident, $lane:ty, $lanes:literal, [$($w:literal)*]) => {
        $(#[$doc])*
        pub(crate) fn $name(width: u8, packed: &[u8], out: &mut [$lane; CHUNK]) -> Option<()> {
            let lanes: &[$lane] = bytemuck::try_cast_slice(packed).ok()?;
            match width {
                $($w => {
                    let chunk: &[$lane; $lanes * $w] = lanes.try_into().ok()?;
                    <$lane>::unpack::<$w, { $lanes * $w }>(chunk, out);
                })*
                _ => return None,
            }
            Some(())
        }
    };
}

unpack_lanes!(
    /// Unpacks a chunk of width 1 to 8.
    unpack8, u8, 128, [1 2 3 4 5 6 7 8]
);
unpack_lanes!(
    /// Unpacks a chunk of width 9 to 16.
    unpack16, u16, 64, [9 10 11 12 13 14 15 16]
);
unpack_lanes!(
    /// Unpacks a chunk of width 17 to 32.
    unpack32, u32, 32,
    [17 18 19 20 21 22 23 24 25 26 27 28 29 30 31 32]
);
unpack_lanes!(
    /// Unpacks a chunk of width 33 to 64.
    unpack64, u64, 16,
    [33 34 35 36 37 38 39 40 41 42 43 44 45 46 47 48 49 50 51 52 53 54 55 56 57 58 59 60 61 62 63 64]
);

macro_rules! one_lane {
    ($lane:ty, $lanes:literal, $width:expr, $packed:expr, $index:expr, [$($w:literal)*]) => {{
        let lanes: &[$lane] = bytemuck::try_cast_slice($packed).ok()?;
        match $width {
            $($w => {
                let chunk: &[$lane; $lanes * $w] = lanes.try_into().ok()?;
                Some(u64::from(<$lane>::unpack_single::<$w, { $lanes * $w }>(chunk, $index)))
            })*
            _ => None,
        }
    }};
}

/// Reads number `index` (below 1024) of a packed chunk.
pub(crate) fn unpack_one(width: u8, packed: &[u8], index: usize) -> Option<u64> {
    if index >= CHUNK {
        return None;
    }
    match width {
        0 => Some(0),
        1..=8 => one_lane!(u8, 128, width, packed, index, [1 2 3 4 5 6 7 8]),
        9..=16 => one_lane!(u16, 64, width, packed, index, [9 10 11 12 13 14 15 16]),
        17..=32 => {
            one_lane!(u32, 32, width, packed, index, [17 18 19 20 21 22 23 24 25 26 27 28 29 30 31 32])
        }
        _ => {
            one_lane!(u64, 16, width, packed, index, [33 34 35 36 37 38 39 40 41 42 43 44 45 46 47 48 49 50 51 52 53 54 55 56 57 58 59 60 61 62 63 64])
        }
    }
}
