//! How is a server asked with as little of our own time as possible? HTTP/1.1 over one blocking keep-alive
//! connection; the body is taken as it comes.

use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

/// How long a server may stay silent.
const TIMEOUT: Duration = Duration::from_secs(600);

/// Bytes that are read at once.
const READ: usize = 32 << 10;

/// One connection to one server.
#[derive(Debug)]
pub struct Connection {
    authority: String,
    stream: TcpStream,
    /// All bytes of the answer being read.
    raw: Vec<u8>,
    body: Vec<u8>,
}

/// An answer, whole.
#[derive(Debug)]
pub struct Answer<'c> {
    /// The status code.
    pub status: u16,
    /// From before the first byte sent to after the last byte read.
    pub elapsed: Duration,
    /// Status line and headers.
    pub head: &'c str,
    /// The body without its framing.
    pub body: &'c [u8],
}

impl Answer<'_> {
    /// A header by its name, in any case.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        header(self.head, name)
    }
}

/// The bytes of a request with a JSON body, or without one when it is empty.
#[must_use]
pub fn request(method: &str, path: &str, body: &str) -> Vec<u8> {
    let length = body.len();
    format!(
        "{method} {path} HTTP/1.1\r\nhost: bench\r\ncontent-type: application/json\r\n\
         content-length: {length}\r\n\r\n{body}"
    )
    .into_bytes()
}

impl Connection {
    /// Connects to `http://HOST:PORT`.
    ///
    /// # Errors
    /// When nobody listens there.
    pub fn open(url: &str) -> Result<Self, String> {
        let authority = url.trim_start_matches("http://").trim_end_matches('/').to_owned();
        let stream = connect(&authority).map_err(|e| format!("cannot connect to `{url}`: {e}"))?;
        Ok(Self { authority, stream, raw: Vec::with_capacity(READ), body: Vec::new() })
    }

    /// Sends the bytes of a request and reads the whole answer. A connection that the server closed while it was
    /// idle is opened again.
    ///
    /// # Errors
    /// When the connection breaks or the answer is not HTTP/1.1.
    pub fn send(&mut self, request: &[u8]) -> io::Result<Answer<'_>> {
        let mut started = Instant::now();
        let framing = match self.exchange(request) {
            Err(_) if self.raw.is_empty() => {
                self.stream = connect(&self.authority)?;
                started = Instant::now();
                self.exchange(request)?
            }
            other => other?,
        };
        let elapsed = started.elapsed();
        self.body.clear();
        for piece in &framing.pieces {
            self.body.extend_from_slice(&self.raw[piece.clone()]);
        }
        let head = std::str::from_utf8(&self.raw[..framing.head]).map_err(|_| broken("header"))?;
        Ok(Answer { status: framing.status, elapsed, head, body: &self.body })
    }

    fn exchange(&mut self, request: &[u8]) -> io::Result<Framing> {
        self.raw.clear();
        self.stream.write_all(request)?;
        let head = loop {
            if let Some(at) = find(&self.raw, 0, b"\r\n\r\n") {
                break at;
            }
            self.more()?;
        };
        let text = std::str::from_utf8(&self.raw[..head]).map_err(|_| broken("header"))?;
        let status = text.get(9..12).and_then(|s| s.parse().ok()).ok_or_else(|| broken("status line"))?;
        let start = head + 4;
        let length = header(text, "content-length").and_then(|l| l.parse::<usize>().ok());
        let pieces = match length {
            Some(length) => {
                self.until(start + length)?;
                std::iter::once(start..start + length).collect()
            }
            None if header(text, "transfer-encoding").is_some() => self.chunks(start)?,
            None => Vec::new(),
        };
        Ok(Framing { status, head, pieces })
    }

    fn chunks(&mut self, mut at: usize) -> io::Result<Vec<std::ops::Range<usize>>> {
        let mut pieces = Vec::new();
        loop {
            let line = self.line(at)?;
            let digits = std::str::from_utf8(&self.raw[at..line]).map_err(|_| broken("chunk"))?;
            let digits = digits.split(';').next().unwrap_or_default().trim();
            let size = usize::from_str_radix(digits, 16).map_err(|_| broken("chunk"))?;
            at = line + 2;
            if size == 0 {
                break;
            }
            self.until(at + size + 2)?;
            pieces.push(at..at + size);
            at += size + 2;
        }
        loop {
            let line = self.line(at)?;
            if line == at {
                return Ok(pieces);
            }
            at = line + 2;
        }
    }

    /// Where the line that starts at `at` ends.
    fn line(&mut self, at: usize) -> io::Result<usize> {
        loop {
            if let Some(end) = find(&self.raw, at, b"\r\n") {
                return Ok(end);
            }
            self.more()?;
        }
    }

    fn until(&mut self, length: usize) -> io::Result<()> {
        while self.raw.len() < length {
            self.more()?;
        }
        Ok(())
    }

    fn more(&mut self) -> io::Result<()> {
        let old = self.raw.len();
        self.raw.resize(old + READ, 0);
        let read = self.stream.read(&mut self.raw[old..]);
        self.raw.truncate(old + read.as_ref().copied().unwrap_or_default());
        match read {
            Ok(0) => Err(io::Error::new(io::ErrorKind::UnexpectedEof, "the server closed the connection")),
            Ok(_) => Ok(()),
            Err(e) => Err(e),
        }
    }
}

struct Framing {
    status: u16,
    head: usize,
    pieces: Vec<std::ops::Range<usize>>,
}

fn connect(authority: &str) -> io::Result<TcpStream> {
    let stream = TcpStream::connect(authority)?;
    stream.set_nodelay(true)?;
    stream.set_read_timeout(Some(TIMEOUT))?;
    Ok(stream)
}

fn header<'h>(head: &'h str, name: &str) -> Option<&'h str> {
    let lines = head.split("\r\n").skip(1);
    let mut pairs = lines.filter_map(|line| line.split_once(':'));
    pairs.find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim())
}

fn find(bytes: &[u8], from: usize, what: &[u8]) -> Option<usize> {
    let tail = bytes.get(from..)?;
    tail.windows(what.len()).position(|w| w == what).map(|at| from + at)
}

fn broken(what: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, format!("the answer has a broken {what}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::TcpListener;

    /// Answers each connection with the given bytes, a few at a time.
    fn serve(answers: Vec<&'static str>) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        std::thread::spawn(move || {
            for answer in answers {
                let (mut stream, _) = listener.accept().unwrap();
                let mut seen = [0; 1024];
                let _ = stream.read(&mut seen).unwrap();
                for piece in answer.as_bytes().chunks(7) {
                    stream.write_all(piece).unwrap();
                    stream.flush().unwrap();
                }
            }
        });
        url
    }

    #[test]
    fn reads_a_body_by_length_and_by_chunks_and_connects_again() {
        let url = serve(vec![
            "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nX-A: b\r\n\r\nhello",
            "HTTP/1.1 404 Not Found\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n4\r\nde\r\n\r\n0\r\nt: x\r\n\r\n",
        ]);
        let mut connection = Connection::open(&url).unwrap();
        let answer = connection.send(&request("GET", "/", "")).unwrap();
        assert_eq!((answer.status, answer.body, answer.header("x-a")), (200, b"hello".as_slice(), Some("b")));
        let answer = connection.send(&request("POST", "/", "{}")).unwrap();
        assert_eq!((answer.status, answer.body), (404, b"abcde\r\n".as_slice()));
    }
}
