//! A small HTTP/1.1 client on bare sockets. Tests need what finished clients hide: malformed bytes,
//! pipelining, HEAD, half-sent requests, thousands of requests over one connection, and the exact
//! moment a connection was closed.

use std::io::{self, ErrorKind, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::time::{Duration, Instant};

/// An answer as received; header names keep their letters, bodies are unframed.
#[derive(Clone, Debug, Default)]
pub(crate) struct Response {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Response {
    /// The first header of that name, whatever its letters' case.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let found = self
            .headers
            .iter()
            .find(|(candidate, _)| candidate.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.as_str())
    }

    /// The body as text, ill-formed bytes replaced.
    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// Whether the server announced that it closes the connection.
    pub(crate) fn closes(&self) -> bool {
        self.header("connection")
            .is_some_and(|value| value.eq_ignore_ascii_case("close"))
    }
}

/// One connection with the bytes read ahead of the current answer.
#[derive(Debug)]
pub(crate) struct Connection {
    stream: TcpStream,
    pending: Vec<u8>,
    consumed: usize,
}

impl Connection {
    /// Connects; reads and writes give up after `patience`.
    pub(crate) fn open(address: SocketAddr, patience: Duration) -> io::Result<Self> {
        let stream = TcpStream::connect_timeout(&address, patience)?;
        stream.set_read_timeout(Some(patience))?;
        stream.set_write_timeout(Some(patience))?;
        stream.set_nodelay(true)?;
        Ok(Self {
            stream,
            pending: Vec::new(),
            consumed: 0,
        })
    }

    /// Sends bytes as they are.
    pub(crate) fn send(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.stream.write_all(bytes)
    }

    /// Announces that nothing more will be sent.
    pub(crate) fn finish_sending(&self) -> io::Result<()> {
        self.stream.shutdown(Shutdown::Write)
    }

    /// Sends a GET and reads its answer.
    pub(crate) fn get(&mut self, target: &str) -> io::Result<Response> {
        self.send(&head("GET", target, &[], None))?;
        self.receive("GET")
    }

    /// Reads one answer to a request of `method` (a HEAD has no body); 1xx answers are skipped.
    pub(crate) fn receive(&mut self, method: &str) -> io::Result<Response> {
        loop {
            let mut response = self.receive_head()?;
            if (100..200).contains(&response.status) {
                continue;
            }
            let bodiless = method == "HEAD" || matches!(response.status, 204 | 304);
            if !bodiless {
                response.body = self.receive_body(&response)?;
            }
            return Ok(response);
        }
    }

    /// Reads until `enough` says so, the peer closes, or `patience` is over.
    pub(crate) fn read_until(
        &mut self,
        patience: Duration,
        mut enough: impl FnMut(&[u8]) -> bool,
    ) -> (Vec<u8>, Ending) {
        let deadline = Instant::now() + patience;
        loop {
            if enough(&self.pending[self.consumed..]) {
                return (self.take_rest(), Ending::Enough);
            }
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() || self.stream.set_read_timeout(Some(left)).is_err() {
                return (self.take_rest(), Ending::Silence);
            }
            match self.fill() {
                Ok(()) => {}
                Err(error) if timed_out(&error) => return (self.take_rest(), Ending::Silence),
                Err(_) => return (self.take_rest(), Ending::Closed),
            }
        }
    }

    /// Whether the peer has closed the connection, looked at without waiting.
    pub(crate) fn is_closed(&self) -> bool {
        if self.stream.set_nonblocking(true).is_err() {
            return true;
        }
        let seen = self.stream.peek(&mut [0; 1]);
        let restored = self.stream.set_nonblocking(false);
        let waiting = matches!(&seen, Err(error) if error.kind() == ErrorKind::WouldBlock);
        restored.is_err() || !(waiting || matches!(seen, Ok(1)))
    }

    fn receive_head(&mut self) -> io::Result<Response> {
        let end = loop {
            if let Some(found) = position(&self.pending[self.consumed..], b"\r\n\r\n") {
                break self.consumed + found;
            }
            self.fill()?;
        };
        let head = String::from_utf8_lossy(&self.pending[self.consumed..end]).into_owned();
        self.consumed = end + 4;
        parse_head(&head)
    }

    fn receive_body(&mut self, response: &Response) -> io::Result<Vec<u8>> {
        if let Some(length) = response.header("content-length") {
            let length = length
                .parse()
                .map_err(|_| malformed("bad Content-Length"))?;
            return self.take(length);
        }
        let coding = response.header("transfer-encoding");
        if coding.is_some_and(|value| value.eq_ignore_ascii_case("chunked")) {
            return self.receive_chunks();
        }
        loop {
            match self.fill() {
                Ok(()) => {}
                Err(error) if error.kind() == ErrorKind::UnexpectedEof => {
                    return Ok(self.take_rest());
                }
                Err(error) => return Err(error),
            }
        }
    }

    fn receive_chunks(&mut self) -> io::Result<Vec<u8>> {
        let mut body = Vec::new();
        loop {
            let line = self.take_line()?;
            let digits = line.split(';').next().unwrap_or_default().trim();
            let size =
                usize::from_str_radix(digits, 16).map_err(|_| malformed("bad chunk size"))?;
            if size == 0 {
                while !self.take_line()?.is_empty() {}
                return Ok(body);
            }
            body.extend(self.take(size)?);
            self.take_line()?;
        }
    }

    fn take_line(&mut self) -> io::Result<String> {
        loop {
            let rest = &self.pending[self.consumed..];
            if let Some(end) = position(rest, b"\r\n") {
                let line = String::from_utf8_lossy(&rest[..end]).into_owned();
                self.consumed += end + 2;
                return Ok(line);
            }
            self.fill()?;
        }
    }

    fn take(&mut self, length: usize) -> io::Result<Vec<u8>> {
        while self.pending.len() - self.consumed < length {
            self.fill()?;
        }
        let taken = self.pending[self.consumed..self.consumed + length].to_vec();
        self.consumed += length;
        Ok(taken)
    }

    fn take_rest(&mut self) -> Vec<u8> {
        let rest = self.pending.split_off(self.consumed);
        self.pending.clear();
        self.consumed = 0;
        rest
    }

    /// Reads some more bytes; the end of the stream is an error of kind `UnexpectedEof`.
    fn fill(&mut self) -> io::Result<()> {
        if self.consumed > 0 {
            self.pending.drain(..self.consumed);
            self.consumed = 0;
        }
        let mut chunk = [0; 65536];
        // A machine that was halted for a moment interrupts everybody who waits.
        let count = loop {
            match self.stream.read(&mut chunk) {
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                read => break read?,
            }
        };
        if count == 0 {
            return Err(ErrorKind::UnexpectedEof.into());
        }
        self.pending.extend_from_slice(&chunk[..count]);
        Ok(())
    }
}

/// Why a raw read ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ending {
    Enough,
    Closed,
    Silence,
}

/// The bytes of a request; `Host`, and for a body `Content-Length`, are added unless given.
pub(crate) fn head(
    method: &str,
    target: &str,
    headers: &[(String, String)],
    body: Option<&[u8]>,
) -> Vec<u8> {
    let given = |name: &str| {
        headers
            .iter()
            .any(|(other, _)| other.eq_ignore_ascii_case(name))
    };
    let mut bytes = format!("{method} {target} HTTP/1.1\r\n").into_bytes();
    if !given("host") {
        bytes.extend_from_slice(b"Host: localhost\r\n");
    }
    for (name, value) in headers {
        bytes.extend_from_slice(format!("{name}: {value}\r\n").as_bytes());
    }
    let framed = given("content-length") || given("transfer-encoding");
    if let (Some(body), false) = (body, framed) {
        bytes.extend_from_slice(format!("Content-Length: {}\r\n", body.len()).as_bytes());
    }
    bytes.extend_from_slice(b"\r\n");
    bytes.extend_from_slice(body.unwrap_or_default());
    bytes
}

fn parse_head(head: &str) -> io::Result<Response> {
    let mut lines = head.split("\r\n");
    let status_line = lines.next().unwrap_or_default();
    let mut words = status_line.splitn(3, ' ');
    let version = words.next().unwrap_or_default();
    let status = words.next().and_then(|code| code.parse().ok());
    let (true, Some(status)) = (version.starts_with("HTTP/1."), status) else {
        return Err(malformed(&format!("bad status line {status_line:?}")));
    };
    let headers = lines
        .filter_map(|line| line.split_once(':'))
        .map(|(name, value)| (name.to_owned(), value.trim().to_owned()))
        .collect();
    Ok(Response {
        status,
        headers,
        body: Vec::new(),
    })
}

fn position(bytes: &[u8], pattern: &[u8]) -> Option<usize> {
    bytes
        .windows(pattern.len())
        .position(|window| window == pattern)
}

fn timed_out(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut)
}

fn malformed(message: &str) -> io::Error {
    io::Error::new(ErrorKind::InvalidData, message)
}
