//! How do codes of several columns become one key? Each column's lanes are scaled and added, on the widest vectors the
//! processor has.

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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
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
