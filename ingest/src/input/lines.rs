//! How is a stream of bytes cut into portions of whole lines?

use std::io::{ErrorKind, Read};

/// Bytes of a portion, about.
const PORTION: usize = 1 << 20;

/// Bytes of one line at most.
const MAX_LINE: usize = 64 << 20;

/// Portions of whole lines.
pub(crate) struct LinePortions {
    input: Box<dyn Read + Send>,
    /// Read, from `start` on not yet handed out.
    buffer: Vec<u8>,
    start: usize,
    ended: bool,
    /// Whether line feeds inside of quotes are part of a line.
    quoted: bool,
}

impl LinePortions {
    pub(crate) fn new(input: Box<dyn Read + Send>, quoted: bool) -> Self {
        Self { input, buffer: Vec::new(), start: 0, ended: false, quoted }
    }

    /// The next portion; `None` at the end.
    pub(crate) fn next(&mut self) -> std::io::Result<Option<&[u8]>> {
        self.buffer.drain(..self.start);
        self.start = 0;
        let mut end = None;
        while end.is_none() && !self.ended {
            if self.buffer.len() > MAX_LINE {
                return Err(std::io::Error::new(ErrorKind::InvalidData, "a line is longer than 64 MiB"));
            }
            let have = self.buffer.len();
            let limit = PORTION.max(have) as u64;
            let read = self.input.by_ref().take(limit).read_to_end(&mut self.buffer)?;
            self.ended = read == 0;
            end = last_line_end(&self.buffer, self.quoted);
        }
        let end = if self.ended { self.buffer.len() } else { end.unwrap_or(self.buffer.len()) };
        self.start = end;
        Ok((end > 0).then(|| self.buffer.get(..end).unwrap_or_default()))
    }
}

/// What follows the last line feed (outside of quotes).
fn last_line_end(bytes: &[u8], quoted: bool) -> Option<usize> {
    if !quoted {
        return bytes.iter().rposition(|b| *b == b'\n').map(|at| at + 1);
    }
    let (mut inside, mut end) = (false, None);
    for (at, byte) in bytes.iter().enumerate() {
        match byte {
            b'"' => inside = !inside,
            b'\n' if !inside => end = Some(at + 1),
            _ => {}
        }
    }
    end
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn portions_end_with_lines() {
        let line = format!("{}\n", "x".repeat(999));
        let mut text = line.repeat(3000);
        text.push_str("\"a\nb\"\nlast");
        for quoted in [false, true] {
            let mut portions =
                LinePortions::new(Box::new(std::io::Cursor::new(text.clone().into_bytes())), quoted);
            let mut all = Vec::new();
            let mut count = 0;
            while let Some(portion) = portions.next().unwrap() {
                all.extend_from_slice(portion);
                assert!(portion.ends_with(b"\n") || portion.ends_with(b"last"));
                count += 1;
            }
            assert_eq!(all, text.as_bytes());
            assert!(count >= 3, "{count}");
        }
        assert_eq!(last_line_end(b"a\n\"b\nc", true), Some(2));
        assert_eq!(last_line_end(b"a\n\"b\nc", false), Some(5));
    }
}
