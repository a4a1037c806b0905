//! Does every encoding give back what it took, in every way of reading? One suite for all of them.

use proptest::prelude::*;

use super::choose::WordStats;
use super::write::write_as;
use super::*;

const ALL: [Encoding; 6] =
    [Encoding::Constant, Encoding::Packed, Encoding::Delta, Encoding::Runs, Encoding::Plain, Encoding::Lz4];

/// Payloads are read from aligned memory, as they lie in a file.
fn aligned(data: &[u8]) -> Vec<u64> {
    data.chunks(8).map(|c| u64::from_le_bytes(c.try_into().unwrap())).collect()
}

/// Ranges of words are found where the words lie, by the encodings that have them there.
fn masks(block: &Block<'_>, words: &[u64]) {
    let name = block.entry.encoding.name();
    let there = matches!(block.entry.encoding, Encoding::Constant | Encoding::Packed | Encoding::Plain);
    for (low, span) in
        [(words[words.len() / 2], 900), (words[0], 0), (words[0].wrapping_add(1), u64::MAX - 1)]
    {
        for end in [words.len(), words.len() / 2 + 1] {
            let mut mask = vec![0xAAAA; end.div_ceil(64)];
            let done = block.mask(end, low, span, &mut mask).unwrap();
            let wraps = low.wrapping_sub(block.entry.base).checked_add(span).is_none();
            assert!(done || wraps || !there, "{name}: {low} {span}");
            for bit in 0..if done { mask.len() * 64 } else { 0 } {
                let inside = bit < end && words[bit].wrapping_sub(low) <= span;
                assert_eq!(mask[bit / 64] >> (bit % 64) & 1 == 1, inside, "{name}: {low} {span} row {bit}");
            }
        }
    }
    assert!(block.mask(words.len() + 1, 0, 1, &mut vec![0; words.len() / 64 + 1]).is_err());
}

/// The conformance suite: what is written is read back whole, in parts and by single rows.
fn conforms(words: &[u64], entry: BlockEntry, data: &[u8]) {
    assert_eq!(BlockEntry::from_bytes(&entry.to_bytes()), Ok(entry));
    assert_eq!(data.len() % 8, 0, "payloads end at whole words");
    let memory = aligned(data);
    let bytes: &[u8] = bytemuck::cast_slice(&memory);
    let payload = &bytes[entry.offset as usize..entry.offset as usize + entry.bytes as usize];
    let block = Block { entry, payload, rows: words.len() };
    let name = entry.encoding.name();
    let mut out = Vec::new();
    block.decode(0..words.len(), &mut out, |w| w).unwrap();
    assert_eq!(out, words, "{name}");
    for part in [0..0, 0..1, words.len() / 2..words.len(), words.len() / 3..words.len() * 2 / 3] {
        out.clear();
        block.decode(part.clone(), &mut out, |w| w).unwrap();
        assert_eq!(out, words[part], "{name}");
    }
    let mut lanes = crate::LaneBlock::default();
    for end in [words.len(), words.len() / 2, 0, words.len().min(1025)] {
        block.lanes(end, &mut lanes).unwrap();
        let read = |i| lanes.base.wrapping_add(lanes.slice().get(i));
        assert_eq!(lanes.slice().len(), end);
        assert_eq!((0..end).map(read).collect::<Vec<_>>(), words[..end], "{name}");
        let slow = words[..end].iter().fold(0u64, |sum, word| sum.wrapping_add(*word));
        let fused = matches!(entry.encoding, Encoding::Packed | Encoding::Constant) && end == words.len();
        let sum = block.sum(end).unwrap();
        assert!(sum == Some(slow) || (sum.is_none() && !fused), "{name}: {sum:?} of {end}");
    }
    assert!(block.lanes(words.len() + 1, &mut lanes).is_err());
    masks(&block, words);
    for pick in [0, words.len() / 2, words.len() - 1] {
        let number = words[pick] as i64;
        for (low, high) in [(number, number), (number.saturating_sub(5), number.saturating_add(900))] {
            let Some(part) = block.rows_within(low, high).unwrap() else { continue };
            let inside = |row: &usize| (low..=high).contains(&(words[*row] as i64));
            assert!(
                (0..words.len()).filter(inside).all(|row| part.contains(&row)),
                "{low}..={high} {part:?}"
            );
        }
    }
    for step in [1, 3, 700] {
        let picks: Vec<u32> = (0..words.len() as u32).step_by(step).map(|r| r + 40_960).collect();
        out.clear();
        block.gather(&picks, 40_960, &mut out, |w| w).unwrap();
        let wanted: Vec<u64> = words.iter().step_by(step).copied().collect();
        assert_eq!(out, wanted, "{name}");
    }
    assert!(block.decode(0..words.len() + 1, &mut out, |w| w).is_err());
    assert!(block.gather(&[words.len() as u32], 0, &mut out, |w| w).is_err());
    // A payload that was cut short is an error, not a wrong answer.
    if let Some(cut) = payload.len().checked_sub(8) {
        let block = Block { entry, payload: &payload[..cut], rows: words.len() };
        assert!(block.decode(0..words.len(), &mut out, |w| w).is_err(), "{name}");
        assert!(block.lanes(words.len(), &mut lanes).is_err(), "{name}");
    }
}

fn every_encoding(words: &[u64]) {
    let stats = WordStats::of(words);
    for encoding in ALL {
        let able = match encoding {
            Encoding::Constant => stats.runs == 1,
            Encoding::Delta => stats.delta.is_some(),
            _ => true,
        };
        if able {
            let mut data = vec![7; 64];
            let entry = write_as(encoding, words, &stats, &mut data);
            assert_eq!(entry.encoding, encoding);
            if let Some(size) = stats.size(encoding) {
                assert_eq!(entry.bytes as usize, size, "{} says its size exactly", encoding.name());
            }
            conforms(words, entry, &data);
        }
    }
    for policy in [Policy::Numbers, Policy::Ids, Policy::Offsets] {
        let mut data = Vec::new();
        let entry = encode_words(words, policy, &mut data);
        conforms(words, entry, &data);
        if policy == Policy::Ids {
            assert!(!matches!(entry.encoding, Encoding::Lz4 | Encoding::Delta), "ids are read at random");
        }
    }
}

#[test]
fn shapes() {
    let noise = |i: u64| i.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 11;
    for rows in [1, 2, 1023, 1024, 1025, 4096] {
        every_encoding(&vec![42; rows]);
        every_encoding(&(0..rows as u64).collect::<Vec<_>>());
        every_encoding(&(0..rows as u64).map(|i| i / 300 * 1000).collect::<Vec<_>>());
        every_encoding(&(0..rows as u64).map(|i| noise(i) % 5000).collect::<Vec<_>>());
        every_encoding(&(0..rows as u64).map(|i| noise(i) % 200).collect::<Vec<_>>());
        every_encoding(&(0..rows as u64).map(|i| noise(i % 32) << 7).collect::<Vec<_>>());
        every_encoding(
            &(0..rows as u64).map(|i| 1_700_000_000_000 + i * 60_000 + noise(i) % 9).collect::<Vec<_>>(),
        );
        every_encoding(
            &(0..rows as u64).map(|i| [i64::MIN, i64::MAX, 0, -1][i as usize % 4] as u64).collect::<Vec<_>>(),
        );
    }
}

#[test]
fn the_expected_encoding_is_chosen() {
    let noise = |i: u64| i.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 11;
    let chosen = |value: &dyn Fn(u64) -> u64, policy| {
        let words: Vec<u64> = (0..4096).map(value).collect();
        encode_words(&words, policy, &mut Vec::new()).encoding
    };
    assert_eq!(chosen(&|_| 9, Policy::Numbers), Encoding::Constant);
    assert_eq!(chosen(&|i| noise(i) % 1000, Policy::Numbers), Encoding::Packed);
    assert_eq!(chosen(&|i| i * 1000 + noise(i) % 50, Policy::Numbers), Encoding::Delta);
    assert_eq!(chosen(&|i| i * 1000 + noise(i) % 50, Policy::Ids), Encoding::Packed);
    assert_eq!(chosen(&|i| noise(i / 1000), Policy::Ids), Encoding::Runs);
    assert_eq!(chosen(&|i| noise(i) << 11, Policy::Numbers), Encoding::Plain);
    assert_eq!(chosen(&|i| noise(i % 32) << 11, Policy::Numbers), Encoding::Lz4);
}

fn numbers_come_back<T: Number + std::fmt::Debug>(values: &[T]) -> BlockEntry {
    let mut data = vec![1; 8];
    let entry = encode_numbers(values, &mut data);
    let memory = aligned(&data);
    let bytes: &[u8] = bytemuck::cast_slice(&memory);
    let block = Block { entry, payload: &bytes[8..8 + entry.bytes as usize], rows: values.len() };
    let mut out: Vec<T> = Vec::new();
    if entry.exponent == RAW {
        block.decode(0..values.len(), &mut out, T::from_word).unwrap();
    } else if entry.exponent == SCALED {
        let scale = block.scale().unwrap();
        block.decode(0..values.len(), &mut out, |w| T::from_word(scale.value(w))).unwrap();
        let mut lanes = crate::LaneBlock::default();
        block.lanes(values.len(), &mut lanes).unwrap();
        lanes.scale(scale.step, scale.origin);
        let read = |i| T::from_word(lanes.base.wrapping_add(lanes.slice().get(i)));
        assert!((0..values.len()).all(|i| read(i).to_word() == values[i].to_word()));
        let cut = Block { payload: &block.payload[..8], ..block };
        assert!(cut.scale().is_err() && cut.lanes(values.len(), &mut lanes).is_err());
    } else {
        let power = decimal::POWERS[usize::from(entry.exponent)];
        block.decode(0..values.len(), &mut out, |w| T::from_decimal(w as i64, power)).unwrap();
        let (positions, words) = block.patches().unwrap();
        assert_eq!(positions.len(), usize::from(entry.patches));
        for (position, word) in positions.iter().zip(words) {
            out[usize::from(*position)] = T::from_word(*word);
        }
    }
    let bits = |values: &[T]| values.iter().map(|v| v.to_word()).collect::<Vec<_>>();
    assert_eq!(bits(&out), bits(values));
    entry
}

#[test]
fn longs_with_a_step() {
    let noise = |i: i64| (i.wrapping_mul(0x9E37_79B9_7F4A_7C15u64 as i64) >> 11).rem_euclid(1 << 40);
    let chosen = |value: &dyn Fn(i64) -> i64| {
        let entry = numbers_come_back(&(0..4096).map(value).collect::<Vec<i64>>());
        (entry.exponent, entry.encoding, entry.width)
    };
    let days = |i: i64| (10_000 + noise(i) % 100) * 86_400_000;
    assert_eq!(chosen(&days), (SCALED, Encoding::Packed, 7));
    assert_eq!(chosen(&|i| if i == 7 { 1 } else { days(i) }).0, RAW);
    assert_eq!(chosen(&|i| -1_000_003 * (noise(i) % 70_000)), (SCALED, Encoding::Packed, 17));
    assert_eq!(chosen(&|i| i * 60_000 + noise(i) % 50 * 1000), (SCALED, Encoding::Delta, 7));
    assert_eq!(chosen(&|i| ((noise(i) >> 9) % 2) << 61).0, SCALED);
    assert_eq!(chosen(&|i| if (noise(i) >> 9) % 2 == 0 { i64::MIN } else { i64::MAX }).0, SCALED);
    // Runs of few values are small as they are, and a bit less of many is not worth it.
    assert_eq!(chosen(&|i| i / 400 * 86_400_000).0, RAW);
    assert_eq!(chosen(&|i| noise(i) % (1 << 30) * 2).0, RAW);
}

#[test]
fn decimals() {
    let cents: Vec<f64> = (0..4096).map(|i| f64::from(i * 7919 % 100_000) / 100.0).collect();
    let entry = numbers_come_back(&cents);
    assert_eq!((entry.exponent, entry.encoding, entry.patches), (2, Encoding::Packed, 0));
    let mut odd = cents.clone();
    for (i, value) in [f64::NAN, -0.0, f64::INFINITY, 1.0 / 3.0, f64::MIN_POSITIVE].into_iter().enumerate() {
        odd[100 + i * 777] = value;
    }
    let entry = numbers_come_back(&odd);
    assert_eq!((entry.exponent, entry.patches), (2, 5));
    let floats: Vec<f32> = (0..1000).map(|i| i as f32 / 10.0).collect();
    assert_eq!(numbers_come_back(&floats).exponent, 1);
    let wild: Vec<f64> = (1..2000).map(|i| f64::from(i).sqrt().exp()).collect();
    assert_eq!(numbers_come_back(&wild).exponent, RAW);
    assert_eq!(numbers_come_back(&[f64::NAN; 50]).encoding, Encoding::Constant);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn random_words(words in prop::collection::vec(prop_oneof![any::<u64>(), 0u64..50], 1..1500)) {
        every_encoding(&words);
    }

    #[test]
    fn random_numbers(values in prop::collection::vec(prop_oneof![
        any::<f64>(), (-9999i32..9999).prop_map(|v| f64::from(v) / 1000.0)
    ], 1..300)) {
        numbers_come_back(&values);
        numbers_come_back(&values.iter().map(|v| *v as f32).collect::<Vec<_>>());
    }

    /// Whatever an entry and a payload say, reading ends with values or with an error.
    #[test]
    fn garbage_never_panics(
        tag in 0u8..8, width in any::<u8>(), base in any::<u64>(), runs in 0u32..9000, patches in 0u16..9,
        payload in prop::collection::vec(any::<u8>(), 0..6000), rows in 1usize..=4096, scaled: bool,
    ) {
        let mut bytes = [0; ENTRY_BYTES];
        bytes[8..16].copy_from_slice(&base.to_le_bytes());
        bytes[20..24].copy_from_slice(&runs.to_le_bytes());
        bytes[24..26].copy_from_slice(&patches.to_le_bytes());
        (bytes[26], bytes[27], bytes[28]) = (tag, width % 70, if scaled { SCALED } else { RAW });
        if let Ok(entry) = BlockEntry::from_bytes(&bytes) {
            let memory = aligned(&payload[..payload.len() / 8 * 8]);
            let block = Block { entry, payload: bytemuck::cast_slice(&memory), rows };
            let mut out: Vec<u64> = Vec::new();
            let _ = block.decode(0..rows, &mut out, |w| w);
            let _ = block.gather(&[0, rows as u32 / 2, rows as u32 - 1], 0, &mut out, |w| w);
            let mut lanes = crate::LaneBlock::default();
            if block.lanes(rows, &mut lanes).is_ok() && let Ok(scale) = block.scale() {
                lanes.scale(scale.step, scale.origin);
            }
            let _ = block.patches();
        }
    }
}

/// The rows of numbers, stored as differences, that may be equal to one.
fn rows_of(words: &[u64], number: i64) -> Option<std::ops::Range<usize>> {
    let mut data = Vec::new();
    let entry = write_as(Encoding::Delta, words, &WordStats::of(words), &mut data);
    let memory = aligned(&data);
    let bytes: &[u8] = bytemuck::cast_slice(&memory);
    let payload = &bytes[entry.offset as usize..entry.offset as usize + entry.bytes as usize];
    Block { entry, payload, rows: words.len() }.rows_within(number, number).unwrap()
}

#[test]
fn numbers_that_ascend_are_found_by_chunk() {
    let words: Vec<u64> = (0..3000).map(|i| (i * 7 + i % 5) as u64).collect();
    assert_eq!(rows_of(&words, -1), Some(0..0));
    assert_eq!(rows_of(&words, words[5] as i64), Some(0..1024));
    assert_eq!(rows_of(&words, words[1024] as i64), Some(1024..2048));
    assert_eq!(rows_of(&words, words[2999] as i64), Some(2048..3000));
    assert_eq!(rows_of(&words, words[2999] as i64 + 1), Some(0..0));
    let negative: Vec<u64> = words.iter().map(|word| word.wrapping_sub(9000)).collect();
    assert_eq!(rows_of(&negative, -9000), Some(0..1024));
    let equal = [5u64; 2000];
    assert_eq!(rows_of(&equal, 5), Some(0..2000));
    let falls: Vec<u64> = words.iter().rev().copied().collect();
    assert_eq!(rows_of(&falls, 7), None);
    let far: Vec<u64> = (0..2000).map(|i| (i64::MAX - 5000 + i) as u64).collect();
    assert!(rows_of(&far, i64::MAX - 4000).is_none_or(|part| part.contains(&1000)));
}
