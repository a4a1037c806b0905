//! How are plain bytes squeezed where no other encoding helps? LZ4 blocks of at most one block of rows, or one
//! page of texts.

use super::Damage;

/// Compresses; the result may be longer than the input.
pub(crate) fn compress(plain: &[u8]) -> Vec<u8> {
    lz4_flex::block::compress(plain)
}

/// Decompresses into `plain`, whose length must be met exactly.
pub(crate) fn decompress(packed: &[u8], plain: &mut [u8]) -> Result<(), Damage> {
    let expected = format!("an LZ4 block of {} bytes", plain.len());
    match lz4_flex::block::decompress_into(packed, plain) {
        Ok(length) if length == plain.len() => Ok(()),
        Ok(length) => Err(Damage::new(expected, format!("{length} bytes"))),
        Err(error) => Err(Damage::new(expected, error.to_string())),
    }
}
