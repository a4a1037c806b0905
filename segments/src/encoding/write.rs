//! How is a block written in the encoding that was chosen for it?

use super::choose::{WordStats, choose, lz4_budget};
use super::scaled::{MIN_BYTES, SCALED, Scale};
use super::{BlockEntry, Encoding, Number, Policy, RAW, decimal, lz4_block, padded};
use crate::kernel::{CHUNK, pack_chunk};

/// Words of a sample that must compress before the whole block is tried.
const LZ4_SAMPLE: usize = 512;

/// Encodes 1 to 4096 words at the end of `data`, which then has whole 8-byte words again.
pub(crate) fn encode_words(words: &[u64], policy: Policy, data: &mut Vec<u8>) -> BlockEntry {
    let stats = WordStats::of(words);
    let (encoding, best) = choose(&stats, policy);
    match lz4_budget(best, policy).and_then(|budget| try_lz4(words, &stats, budget)) {
        Some(packed) => put_lz4(&packed, &stats, data),
        None => write_as(encoding, words, &stats, data),
    }
}

/// Encodes words in a given encoding, which must be able to hold them.
pub(super) fn write_as(
    encoding: Encoding,
    words: &[u64],
    stats: &WordStats,
    data: &mut Vec<u8>,
) -> BlockEntry {
    let start = data.len();
    let (mut base, mut width, mut runs) = (stats.min as u64, stats.bytes, 0);
    match encoding {
        Encoding::Constant => width = 0,
        Encoding::Packed => {
            width = stats.bits;
            pack(words, base, width, data);
        }
        Encoding::Delta => {
            let (low, bits) = stats.delta.unwrap_or_default();
            (base, width) = (low as u64, bits);
            write_delta(words, base, width, data);
        }
        Encoding::Runs => runs = write_runs(words, base, width, data),
        Encoding::Plain => write_plain(words.iter().copied(), base, width, data),
        Encoding::Lz4 => return put_lz4(&lz4_block::compress(&plain(words, stats)), stats, data),
    }
    pad(data);
    entry_at(start, encoding, base, width, runs, data)
}

fn put_lz4(packed: &[u8], stats: &WordStats, data: &mut Vec<u8>) -> BlockEntry {
    let start = data.len();
    data.extend_from_slice(packed);
    pad(data);
    entry_at(start, Encoding::Lz4, stats.min as u64, stats.bytes, packed.len() as u32, data)
}

/// The entry of the payload from `start` to the end of `data`.
fn entry_at(start: usize, encoding: Encoding, base: u64, width: u8, runs: u32, data: &[u8]) -> BlockEntry {
    let bytes = (data.len() - start) as u32;
    BlockEntry { offset: start as u64, base, bytes, runs, patches: 0, encoding, width, exponent: RAW }
}

/// Encodes 1 to 4096 values at the end of `data`: as their own bits, or as decimals where that is smaller.
pub(crate) fn encode_numbers<T: Number>(values: &[T], data: &mut Vec<u8>) -> BlockEntry {
    let words: Vec<u64> = values.iter().map(|v| v.to_word()).collect();
    if !T::DECIMAL {
        return encode_longs(&words, data);
    }
    let Some(decimals) = decimal::split(values) else {
        return encode_words(&words, Policy::Numbers, data);
    };
    let start = data.len();
    let mut entry = encode_words(&decimals.integers, Policy::Numbers, data);
    entry.exponent = decimals.exponent;
    append_patches(&mut entry, &decimals.patches, data);
    let (_, raw) = choose(&WordStats::of(&words), Policy::Numbers);
    if data.len() - start > raw * 9 / 10 {
        data.truncate(start);
        return encode_words(&words, Policy::Numbers, data);
    }
    entry
}

/// Encodes longs as they are, or as numbers of steps where that saves a tenth.
fn encode_longs(words: &[u64], data: &mut Vec<u8>) -> BlockEntry {
    let start = data.len();
    let plain = encode_words(words, Policy::Numbers, data);
    if plain.bytes < MIN_BYTES {
        return plain;
    }
    let Some(scale) = Scale::of(words) else { return plain };
    let end = data.len();
    let steps: Vec<u64> = words.iter().map(|word| scale.word(*word)).collect();
    let mut scaled = encode_words(&steps, Policy::Numbers, data);
    (scaled.exponent, scaled.offset) = (SCALED, plain.offset);
    scaled.bytes += scaled.tail_bytes() as u32;
    if scaled.bytes > plain.bytes / 10 * 9 {
        data.truncate(end);
        return plain;
    }
    data.extend_from_slice(&scale.to_bytes());
    data.drain(start..end);
    scaled
}

/// Appends the patches of a block that was encoded last.
fn append_patches(entry: &mut BlockEntry, patches: &[(u16, u64)], data: &mut Vec<u8>) {
    if patches.is_empty() {
        return;
    }
    entry.patches = patches.len() as u16;
    for (position, _) in patches {
        data.extend_from_slice(&position.to_le_bytes());
    }
    pad(data);
    for (_, word) in patches {
        data.extend_from_slice(&word.to_le_bytes());
    }
    entry.bytes += entry.tail_bytes() as u32;
}

fn pad(data: &mut Vec<u8>) {
    data.resize(padded(data.len()), 0);
}

fn pack(words: &[u64], base: u64, bits: u8, data: &mut Vec<u8>) {
    for chunk in words.chunks(CHUNK) {
        let mut offsets = [0; CHUNK];
        for (slot, word) in offsets.iter_mut().zip(chunk) {
            *slot = word.wrapping_sub(base);
        }
        pack_chunk(bits, &offsets, data);
    }
}

fn write_delta(words: &[u64], low: u64, bits: u8, data: &mut Vec<u8>) {
    for chunk in words.chunks(CHUNK) {
        data.extend_from_slice(&chunk.first().copied().unwrap_or_default().to_le_bytes());
    }
    for chunk in words.chunks(CHUNK) {
        let mut offsets = [0; CHUNK];
        for (slot, pair) in offsets.iter_mut().skip(1).zip(chunk.windows(2)) {
            *slot = pair[1].wrapping_sub(pair[0]).wrapping_sub(low);
        }
        pack_chunk(bits, &offsets, data);
    }
}

fn write_runs(words: &[u64], base: u64, bytes: u8, data: &mut Vec<u8>) -> u32 {
    let mut values = Vec::new();
    let mut ends = Vec::new();
    for (i, word) in words.iter().enumerate() {
        if words.get(i + 1) != Some(word) {
            ends.push((i + 1) as u16);
            values.push(*word);
        }
    }
    for end in &ends {
        data.extend_from_slice(&end.to_le_bytes());
    }
    pad(data);
    write_plain(values.iter().copied(), base, bytes, data);
    ends.len() as u32
}

fn write_plain(words: impl Iterator<Item = u64>, base: u64, bytes: u8, data: &mut Vec<u8>) {
    for word in words {
        let offset = word.wrapping_sub(base).to_le_bytes();
        data.extend_from_slice(&offset[..usize::from(bytes)]);
    }
}

fn plain(words: &[u64], stats: &WordStats) -> Vec<u8> {
    let mut plain = Vec::with_capacity(words.len() * usize::from(stats.bytes));
    write_plain(words.iter().copied(), stats.min as u64, stats.bytes, &mut plain);
    plain
}

/// Compresses a block if a sample of it, and then the whole, stays below the budget.
fn try_lz4(words: &[u64], stats: &WordStats, budget: usize) -> Option<Vec<u8>> {
    let plain = plain(words, stats);
    let sample = &plain[..plain.len().min(LZ4_SAMPLE * usize::from(stats.bytes))];
    let expected = lz4_block::compress(sample).len() * plain.len() / sample.len().max(1);
    if expected > budget + budget / 4 {
        return None;
    }
    let packed = lz4_block::compress(&plain);
    (packed.len() <= budget).then_some(packed)
}
