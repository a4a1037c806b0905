//! How are small typed fields read from bytes that may be damaged? One after the other, each checked.

use crate::encoding::Damage;

/// Reads fields from the front; remembers how far it is.
#[derive(Debug, Clone)]
pub(super) struct Cursor<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Cursor<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0 }
    }

    /// Bytes read so far.
    pub(super) fn at(&self) -> usize {
        self.at
    }

    /// Whether all bytes are read.
    pub(super) fn is_done(&self) -> bool {
        self.at == self.bytes.len()
    }

    /// The next `count` bytes.
    pub(super) fn take(&mut self, count: usize, what: &str) -> Result<&'a [u8], Damage> {
        let end = self.at.checked_add(count);
        let part = end.and_then(|end| self.bytes.get(self.at..end)).ok_or_else(|| {
            let left = self.bytes.len() - self.at;
            Damage::new(format!("{count} bytes of {what}"), format!("{left} bytes"))
        })?;
        self.at += count;
        Ok(part)
    }

    fn array<const N: usize>(&mut self, what: &str) -> Result<[u8; N], Damage> {
        let part = self.take(N, what)?;
        part.try_into().map_err(|_| Damage::new(what, "other bytes"))
    }

    pub(super) fn u8(&mut self, what: &str) -> Result<u8, Damage> {
        self.array(what).map(u8::from_le_bytes)
    }

    pub(super) fn u16(&mut self, what: &str) -> Result<u16, Damage> {
        self.array(what).map(u16::from_le_bytes)
    }

    pub(super) fn u32(&mut self, what: &str) -> Result<u32, Damage> {
        self.array(what).map(u32::from_le_bytes)
    }

    pub(super) fn u64(&mut self, what: &str) -> Result<u64, Damage> {
        self.array(what).map(u64::from_le_bytes)
    }

    pub(super) fn i64(&mut self, what: &str) -> Result<i64, Damage> {
        self.array(what).map(i64::from_le_bytes)
    }

    /// A text: its length as `u32`, then UTF-8.
    pub(super) fn text(&mut self, what: &str) -> Result<&'a str, Damage> {
        let length = self.u32(what)? as usize;
        let bytes = self.take(length, what)?;
        std::str::from_utf8(bytes).map_err(|e| Damage::new(format!("UTF-8 of {what}"), e.to_string()))
    }
}

/// Appends a text as [`Cursor::text`] reads it.
pub(super) fn put_text(text: &str, out: &mut Vec<u8>) {
    out.extend_from_slice(&(text.len() as u32).to_le_bytes());
    out.extend_from_slice(text.as_bytes());
}
