//! Do the kernels agree with their scalar twin at every width?

use proptest::prelude::*;

use super::unpack::{plain8, plain16, plain32, plain64};
use super::*;

fn unpack_all(width: u8, packed: &[u8], plain: bool) -> Option<Vec<u64>> {
    let aligned: Vec<u64> = packed.chunks(8).map(|c| u64::from_le_bytes(c.try_into().unwrap())).collect();
    let bytes: &[u8] = bytemuck::cast_slice(&aligned);
    let (mut a, mut b, mut c, mut d) = ([0u8; CHUNK], [0u16; CHUNK], [0u32; CHUNK], [0u64; CHUNK]);
    Some(match (width, plain) {
        (1..=8, false) => {
            unpack8(width, bytes, &mut a).map(|()| a.iter().map(|v| u64::from(*v)).collect())?
        }
        (9..=16, false) => {
            unpack16(width, bytes, &mut b).map(|()| b.iter().map(|v| u64::from(*v)).collect())?
        }
        (17..=32, false) => {
            unpack32(width, bytes, &mut c).map(|()| c.iter().map(|v| u64::from(*v)).collect())?
        }
        (_, false) => unpack64(width, bytes, &mut d).map(|()| d.to_vec())?,
        (1..=8, true) => plain8(width, bytes, &mut a).map(|()| a.iter().map(|v| u64::from(*v)).collect())?,
        (9..=16, true) => {
            plain16(width, bytes, &mut b).map(|()| b.iter().map(|v| u64::from(*v)).collect())?
        }
        (17..=32, true) => {
            plain32(width, bytes, &mut c).map(|()| c.iter().map(|v| u64::from(*v)).collect())?
        }
        (_, true) => plain64(width, bytes, &mut d).map(|()| d.to_vec())?,
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn pack_then_unpack(seed in any::<u64>()) {
        let mut state = seed | 1;
        for width in 1..=64u8 {
            let mask = u64::MAX >> (64 - width);
            let mut values = [0u64; CHUNK];
            for value in &mut values {
                state ^= state << 13;
                state ^= state >> 7;
                state ^= state << 17;
                *value = state & mask;
            }
            let mut packed = Vec::new();
            pack_chunk(width, &values, &mut packed);
            prop_assert_eq!(packed.len(), packed_bytes(width));
            prop_assert_eq!(unpack_all(width, &packed, false).unwrap(), values.to_vec());
            prop_assert_eq!(unpack_all(width, &packed, true).unwrap(), values.to_vec());
            let aligned: Vec<u64> =
                packed.chunks(8).map(|c| u64::from_le_bytes(c.try_into().unwrap())).collect();
            for index in (0..CHUNK).step_by(37) {
                prop_assert_eq!(scalar::read(width, &packed, index), values[index]);
            }
            let picks: Vec<usize> = (0..CHUNK).step_by(7).collect();
            let mut some = Vec::new();
            unpack_some(width, bytemuck::cast_slice(&aligned), picks.iter().copied(), |v| some.push(v)).unwrap();
            prop_assert_eq!(some, picks.iter().map(|i| values[*i]).collect::<Vec<_>>());
        }
    }
}

#[test]
fn wrong_lengths_and_widths_are_refused() {
    let bytes = [0u64; 256];
    let bytes: &[u8] = bytemuck::cast_slice(&bytes);
    assert_eq!(unpack8(3, &bytes[..8], &mut [0; CHUNK]), None);
    assert_eq!(unpack8(9, &bytes[..1024], &mut [0; CHUNK]), None);
    assert_eq!(unpack64(33, &bytes[..16], &mut [0; CHUNK]), None);
    assert_eq!(unpack_some(65, &bytes[..1024], std::iter::once(0), |_| ()), None);
    assert_eq!(unpack_some(8, &bytes[..1000], std::iter::once(0), |_| ()), None);
    assert_eq!(bits_for(0), 0);
    assert_eq!(bits_for(255), 8);
    assert_eq!(bits_for(u64::MAX), 64);
}
