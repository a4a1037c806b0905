//! How do codes of several columns become one key, and numbers of steps values? Lanes are scaled and added, or
//! multiplied, on the widest vectors the processor has.

use super::Lane;

#[inline(always)]
fn plain<T: Lane>(lanes: &[T], base: u32, stride: u32, keys: &mut [u32]) {
    for (key, lane) in keys.iter_mut().zip(lanes) {
        *key = key.wrapping_add((lane.word() as u32).wrapping_add(base).wrapping_mul(stride));
    }
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
fn wide<T: Lane>(lanes: &[T], base: u32, stride: u32, keys: &mut [u32]) {
    plain(lanes, base, stride, keys);
}

/// Adds `(base + lane) * stride` to each key, wrapping; lanes are cut to 32 bits.
pub fn add_scaled<T: Lane>(lanes: &[T], base: u32, stride: u32, keys: &mut [u32]) {
    #[cfg(target_arch = "x86_64")]
    if is_x86_feature_detected!("avx2") {
        #[expect(unsafe_code, reason = "instructions the processor was asked for")]
        // SAFETY: the processor has AVX2, which is all that `wide` asks for.
        unsafe {
            wide(lanes, base, stride, keys);
        }
        return;
    }
    plain(lanes, base, stride, keys);
}

#[inline(always)]
fn multiply_plain<S: Lane, D: Lane>(lanes: &[S], factor: u64, out: &mut [D]) {
    // Two cases of one text: products of two numbers of 32 bits take one instruction on vectors.
    if S::MOST <= u64::from(u32::MAX) && factor <= u64::from(u32::MAX) {
        for (slot, lane) in out.iter_mut().zip(lanes) {
            *slot = D::of(u64::from(lane.word() as u32) * u64::from(factor as u32));
        }
    } else {
        for (slot, lane) in out.iter_mut().zip(lanes) {
            *slot = D::of(lane.word().wrapping_mul(factor));
        }
    }
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
fn multiply_wide<S: Lane, D: Lane>(lanes: &[S], factor: u64, out: &mut [D]) {
    multiply_plain(lanes, factor, out);
}

/// Fills `out` with the lanes multiplied, wrapping, cut to its width.
pub(crate) fn multiply<S: Lane, D: Lane>(lanes: &[S], factor: u64, out: &mut [D]) {
    #[cfg(target_arch = "x86_64")]
    if is_x86_feature_detected!("avx2") {
        #[expect(unsafe_code, reason = "instructions the processor was asked for")]
        // SAFETY: the processor has AVX2, which is all that `multiply_wide` asks for.
        unsafe {
            multiply_wide(lanes, factor, out);
        }
        return;
    }
    multiply_plain(lanes, factor, out);
}

#[inline(always)]
fn here_plain<T: Lane>(lanes: &mut [T], factor: u64) {
    for lane in lanes {
        *lane = T::of(lane.word().wrapping_mul(factor));
    }
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
fn here_wide<T: Lane>(lanes: &mut [T], factor: u64) {
    here_plain(lanes, factor);
}

/// Multiplies lanes where they are, wrapping.
pub(crate) fn multiply_here<T: Lane>(lanes: &mut [T], factor: u64) {
    #[cfg(target_arch = "x86_64")]
    if is_x86_feature_detected!("avx2") {
        #[expect(unsafe_code, reason = "instructions the processor was asked for")]
        // SAFETY: the processor has AVX2, which is all that `here_wide` asks for.
        unsafe {
            here_wide(lanes, factor);
        }
        return;
    }
    here_plain(lanes, factor);
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn products(lanes in prop::collection::vec(any::<u32>(), 0..100), narrow: u32, factor: u64) {
            fn check<S: Lane, D: Lane + Default>(lanes: &[S], factor: u64) -> Result<(), TestCaseError> {
                let (mut fast, mut slow) = (vec![D::default(); lanes.len()], vec![D::default(); lanes.len()]);
                let (mut here, mut plain) = (lanes.to_vec(), lanes.to_vec());
                multiply_here(&mut here, factor);
                here_plain(&mut plain, factor);
                for (i, lane) in lanes.iter().enumerate() {
                    prop_assert_eq!(here[i].word(), lane.word().wrapping_mul(factor) & S::MOST);
                    prop_assert_eq!(here[i].word(), plain[i].word());
                }
                multiply(lanes, factor, &mut fast);
                multiply_plain(lanes, factor, &mut slow);
                for (i, lane) in lanes.iter().enumerate() {
                    prop_assert_eq!(fast[i].word(), lane.word().wrapping_mul(factor) & D::MOST);
                    prop_assert_eq!(slow[i].word(), fast[i].word());
                }
                Ok(())
            }
            let bytes: Vec<u8> = lanes.iter().map(|v| *v as u8).collect();
            let wide: Vec<u64> = lanes.iter().map(|v| u64::from(*v) << 20).collect();
            for factor in [factor, u64::from(narrow)] {
                check::<u8, u16>(&bytes, factor)?;
                check::<u8, u64>(&bytes, factor)?;
                check::<u32, u64>(&lanes, factor)?;
                check::<u32, u32>(&lanes, factor)?;
                check::<u64, u64>(&wide, factor)?;
            }
        }

        #[test]
        fn the_wide_kernel_agrees_with_its_twin(
            lanes in prop::collection::vec(any::<u32>(), 0..200), base: u32, stride: u32, key: u32,
        ) {
            fn check<T: Lane>(lanes: &[T], base: u32, stride: u32, key: u32) -> Result<(), TestCaseError> {
                let (mut fast, mut slow) = (vec![key; lanes.len()], vec![key; lanes.len()]);
                add_scaled(lanes, base, stride, &mut fast);
                plain(lanes, base, stride, &mut slow);
                prop_assert_eq!(fast, slow);
                Ok(())
            }
            check(&lanes, base, stride, key)?;
            check(&lanes.iter().map(|v| *v as u8).collect::<Vec<_>>(), base, stride, key)?;
            check(&lanes.iter().map(|v| *v as u16).collect::<Vec<_>>(), base, stride, key)?;
            check(&lanes.iter().map(|v| u64::from(*v)).collect::<Vec<_>>(), base, stride, key)?;
        }
    }
}
