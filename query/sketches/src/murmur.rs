//! What is the hash of a value? MurmurHash3 x64 128 (Austin Appleby), with the seeds that Guava (0) and Apache
//! DataSketches (9001) use.

/// The seed of all of DataSketches' updates.
pub(crate) const UPDATE_SEED: u64 = 9001;

const C1: u64 = 0x87c3_7b91_1142_53d5;
const C2: u64 = 0x4cf5_ad43_2745_937f;

pub(crate) fn mix1(k: u64) -> u64 {
    k.wrapping_mul(C1).rotate_left(31).wrapping_mul(C2)
}

fn mix2(k: u64) -> u64 {
    k.wrapping_mul(C2).rotate_left(33).wrapping_mul(C1)
}

pub(crate) fn finish(mut k: u64) -> u64 {
    k ^= k >> 33;
    k = k.wrapping_mul(0xff51_afd7_ed55_8ccd);
    k ^= k >> 33;
    k = k.wrapping_mul(0xc4ce_b9fe_1a85_ec53);
    k ^ (k >> 33)
}

/// At most eight bytes as a little-endian number.
pub(crate) fn word(bytes: &[u8]) -> u64 {
    let mut buffer = [0u8; 8];
    for (to, from) in buffer.iter_mut().zip(bytes) {
        *to = *from;
    }
    u64::from_le_bytes(buffer)
}

/// The two 64-bit halves of the hash of `data`.
pub(crate) fn murmur3_128(data: &[u8], seed: u64) -> (u64, u64) {
    let (mut h1, mut h2) = (seed, seed);
    let blocks = data.chunks_exact(16);
    let tail = blocks.remainder();
    for block in blocks {
        h1 ^= mix1(word(&block[..8]));
        h1 = h1.rotate_left(27).wrapping_add(h2).wrapping_mul(5).wrapping_add(0x52dc_e729);
        h2 ^= mix2(word(&block[8..]));
        h2 = h2.rotate_left(31).wrapping_add(h1).wrapping_mul(5).wrapping_add(0x3849_5ab5);
    }
    if tail.len() > 8 {
        h2 ^= mix2(word(&tail[8..]));
    }
    if !tail.is_empty() {
        h1 ^= mix1(word(&tail[..tail.len().min(8)]));
    }
    h1 ^= data.len() as u64;
    h2 ^= data.len() as u64;
    h1 = h1.wrapping_add(h2);
    h2 = h2.wrapping_add(h1);
    h1 = finish(h1);
    h2 = finish(h2);
    h1 = h1.wrapping_add(h2);
    (h1, h2.wrapping_add(h1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_digests() {
        // Guava's test vectors: hex of the 16 bytes.
        let hex = |data: &[u8]| {
            let (a, b) = murmur3_128(data, 0);
            a.to_le_bytes().iter().chain(&b.to_le_bytes()).map(|x| format!("{x:02x}")).collect::<String>()
        };
        assert_eq!(hex(b""), "00000000000000000000000000000000");
        assert_eq!(hex(b"hello"), "029bbd41b3a7d8cb191dae486a901e5b");
        assert_eq!(hex(b"The quick brown fox jumps over the lazy dog"), "6c1b07bc7bbc4be347939ac4a93c437a");
    }
}
