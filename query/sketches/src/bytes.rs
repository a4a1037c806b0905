//! How are numbers taken from bytes that may end too early? A reader that knows the kind it reads, for its errors.

use crate::SketchError;

/// The bytes not read yet.
#[derive(Debug, Clone)]
pub(crate) struct Reader<'a> {
    kind: &'static str,
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    /// Over the bytes of a summary of the kind.
    pub(crate) fn new(kind: &'static str, bytes: &'a [u8]) -> Self {
        Self { kind, rest: bytes }
    }

    /// An error that names the kind.
    pub(crate) fn corrupt(&self, reason: impl Into<String>) -> SketchError {
        SketchError::corrupt(self.kind, reason)
    }

    /// Fails with the reason unless the condition holds.
    pub(crate) fn ensure(&self, holds: bool, reason: &str) -> Result<(), SketchError> {
        if holds { Ok(()) } else { Err(self.corrupt(reason)) }
    }

    /// Bytes not read yet.
    pub(crate) fn left(&self) -> usize {
        self.rest.len()
    }

    /// The next bytes.
    pub(crate) fn take(&mut self, count: usize) -> Result<&'a [u8], SketchError> {
        let (taken, rest) = self.rest.split_at_checked(count).ok_or_else(|| self.short(count))?;
        self.rest = rest;
        Ok(taken)
    }

    fn short(&self, wanted: usize) -> SketchError {
        self.corrupt(format!("{} bytes are left where {wanted} are needed", self.rest.len()))
    }

    /// The next bytes, as many as the array has.
    pub(crate) fn array<const N: usize>(&mut self) -> Result<[u8; N], SketchError> {
        let (taken, rest) = self.rest.split_first_chunk::<N>().ok_or_else(|| self.short(N))?;
        self.rest = rest;
        Ok(*taken)
    }

    /// A byte.
    pub(crate) fn byte(&mut self) -> Result<u8, SketchError> {
        Ok(self.array::<1>()?[0])
    }

    /// Fails unless all is read.
    pub(crate) fn finish(&self) -> Result<(), SketchError> {
        self.ensure(self.rest.is_empty(), "bytes are left after the end")
    }

    /// As many little-endian words as counted; fails before it makes room for what is not there.
    pub(crate) fn words_le(&mut self, count: usize) -> Result<Vec<u64>, SketchError> {
        let size = count.checked_mul(8).ok_or_else(|| self.corrupt("a count overflows"))?;
        let chunks = self.take(size)?.as_chunks::<8>().0;
        Ok(chunks.iter().map(|chunk| u64::from_le_bytes(*chunk)).collect())
    }

    /// As many little-endian doubles as counted.
    pub(crate) fn doubles_le(&mut self, count: usize) -> Result<Vec<f64>, SketchError> {
        Ok(self.words_le(count)?.into_iter().map(f64::from_bits).collect())
    }
}

macro_rules! numbers {
    ($($name:ident $type:ident $from:ident;)*) => {
        impl Reader<'_> {
            $(
                pub(crate) fn $name(&mut self) -> Result<$type, SketchError> {
                    Ok($type::$from(self.array()?))
                }
            )*
        }
    };
}

numbers! {
    u16_le u16 from_le_bytes;
    u32_le u32 from_le_bytes;
    u64_le u64 from_le_bytes;
    f32_le f32 from_le_bytes;
    f64_le f64 from_le_bytes;
    i16_be i16 from_be_bytes;
    u16_be u16 from_be_bytes;
    i32_be i32 from_be_bytes;
    i64_be i64 from_be_bytes;
    u64_be u64 from_be_bytes;
    f32_be f32 from_be_bytes;
    f64_be f64 from_be_bytes;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_in_order_and_stops_at_the_end() {
        let mut reader = Reader::new("x", &[1, 0, 2, 0, 0, 0, 3]);
        assert_eq!(reader.u16_le(), Ok(1));
        assert_eq!(reader.u32_le(), Ok(2));
        assert!(reader.finish().is_err());
        assert!(reader.words_le(usize::MAX).is_err());
        assert_eq!(reader.byte(), Ok(3));
        assert!(reader.byte().is_err() && reader.finish().is_ok());
    }
}
