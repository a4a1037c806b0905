//! How is a packed chunk, or some numbers of it, read? On the widest vectors the processor has: AVX2 where it is
//! there, the baseline otherwise, chosen at run time. Wrong lengths, alignments and widths give `None`.

use fastlanes::{BitPacking, FastLanes};

use super::CHUNK;

/// `best` on AVX2 where the processor has it.
macro_rules! widest {
    ($lane:ty, $lanes:literal) => {
        #[cfg(target_arch = "x86_64")]
        #[target_feature(enable = "avx2")]
        fn wide<const W: usize, const B: usize>(packed: &[$lane; B], out: &mut [$lane; CHUNK]) {
            for lane in 0..$lanes {
                fastlanes::unpack!($lane, W, packed, lane, |$idx, $elem| { out[$idx] = $elem });
            }
        }

        #[cfg(target_arch = "x86_64")]
        fn best<const W: usize, const B: usize>(packed: &[$lane; B], out: &mut [$lane; CHUNK]) {
            if is_x86_feature_detected!("avx2") {
                #[expect(unsafe_code, reason = "instructions the processor was asked for")]
                // SAFETY: the processor has AVX2, which is all that `wide` asks for.
                unsafe {
                    wide::<W, B>(packed, out)
                };
            } else {
                <$lane>::unpack::<W, B>(packed, out);
            }
        }

        #[cfg(not(target_arch = "x86_64"))]
        fn best<const W: usize, const B: usize>(packed: &[$lane; B], out: &mut [$lane; CHUNK]) {
            <$lane>::unpack::<W, B>(packed, out);
        }
    };
}

/// `best` on the baseline, for lanes of 64 bits.
macro_rules! baseline {
    ($lane:ty, $lanes:literal) => {
        fn best<const W: usize, const B: usize>(packed: &[$lane; B], out: &mut [$lane; CHUNK]) {
            <$lane>::unpack::<W, B>(packed, out);
        }
    };
}

/// The kernels of one lane type: all of a chunk, and single numbers of it.
macro_rules! lane_kernels {
    ($module:ident, $kernel:ident, $lane:ty, $lanes:literal, [$($w:literal)*]) => {
        mod $module {
            use super::*;

            $kernel!($lane, $lanes);

            /// All numbers of a chunk.
            pub(crate) fn all(width: u8, packed: &[u8], out: &mut [$lane; CHUNK]) -> Option<()> {
                let lanes: &[$lane] = bytemuck::try_cast_slice(packed).ok()?;
                match width {
                    $($w => best::<$w, { $lanes * $w }>(lanes.try_into().ok()?, out),)*
                    _ => return None,
                }
                Some(())
            }

            /// The slow twin of [`all`]: the baseline kernels.
            #[cfg(test)]
            pub(crate) fn plain(width: u8, packed: &[u8], out: &mut [$lane; CHUNK]) -> Option<()> {
                let lanes: &[$lane] = bytemuck::try_cast_slice(packed).ok()?;
                match width {
                    $($w => <$lane>::unpack::<$w, { $lanes * $w }>(lanes.try_into().ok()?, out),)*
                    _ => return None,
                }
                Some(())
            }

            /// Hands single numbers of a chunk to `each`.
            #[inline]
            pub(super) fn some(
                width: u8,
                packed: &[u8],
                picks: impl Iterator<Item = usize>,
                mut each: impl FnMut(u64),
            ) -> Option<()> {
                let lanes: &[$lane] = bytemuck::try_cast_slice(packed).ok()?;
                match width {
                    $($w => {
                        let chunk: &[$lane; $lanes * $w] = lanes.try_into().ok()?;
                        for pick in picks {
                            let number = <$lane>::unpack_single::<$w, { $lanes * $w }>(chunk, pick % CHUNK);
                            each(u64::from(number));
                        }
                    })*
                    _ => return None,
                }
                Some(())
            }
        }
    };
}

lane_kernels!(lanes8, widest, u8, 128, [1 2 3 4 5 6 7 8]);
lane_kernels!(lanes16, widest, u16, 64, [9 10 11 12 13 14 15 16]);
lane_kernels!(lanes32, widest, u32, 32, [17 18 19 20 21 22 23 24 25 26 27 28 29 30 31 32]);
lane_kernels!(lanes64, baseline, u64, 16, [33 34 35 36 37 38 39 40 41 42 43 44 45 46 47 48 49 50 51 52 53 54 55 56 57 58 59 60 61 62 63 64]);

pub(crate) use lanes8::all as unpack8;
pub(crate) use lanes16::all as unpack16;
pub(crate) use lanes32::all as unpack32;
#[cfg(test)]
pub(super) use {
    lanes8::plain as plain8, lanes16::plain as plain16, lanes32::plain as plain32, lanes64::plain as plain64,
};

/// All numbers of a chunk of 33 to 64 bits each.
pub(crate) fn unpack64(width: u8, packed: &[u8], out: &mut [u64; CHUNK]) -> Option<()> {
    #[cfg(target_arch = "x86_64")]
    if is_x86_feature_detected!("avx2") {
        #[expect(unsafe_code, reason = "instructions the processor was asked for")]
        // SAFETY: the processor has AVX2, which is all that the function asks for.
        return unsafe { super::packed::wide_lanes::unpack(width, packed, out) };
    }
    lanes64::all(width, packed, out)
}

/// Hands the numbers at `picks` (each taken modulo the chunk's length) of a packed chunk to `each`, in order.
#[inline]
pub(crate) fn unpack_some(
    width: u8,
    packed: &[u8],
    picks: impl Iterator<Item = usize>,
    mut each: impl FnMut(u64),
) -> Option<()> {
    match width {
        0 => {
            picks.for_each(|_| each(0));
            Some(())
        }
        1..=8 => lanes8::some(width, packed, picks, each),
        9..=16 => lanes16::some(width, packed, picks, each),
        17..=32 => lanes32::some(width, packed, picks, each),
        _ => lanes64::some(width, packed, picks, each),
    }
}
