//! A scripted server behind the server under test: a listener on a free port answering by rules.
//!
//! ```text
//! --- origin NAME
//! GET /path 200 [delay=0.3] [close]
//!     Header: value
//!     | body; $HEAD is replaced by the head of the received request, $BODY by its body
//! * * 502
//! ```
//!
//! The first rule whose method and target match (`*` matches all, a final `*` any ending) answers.
//! `close` ends the connection without an answer. Threads end with their connections. HTTP/2 is spoken with whoever
//! begins to (`origin_http2.rs`), and FastCGI, uwsgi and SCGI likewise (`origin_programs.rs`).

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use super::PATIENCE;
use super::origin_http2;
use super::origin_programs;
use super::request::{self, Outcome};

/// An origin that does this with each of its connections, which are numbered.
pub(crate) fn serving(
    serve: impl Fn(TcpStream, usize) -> io::Result<()> + Send + Sync + 'static,
) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let serve = Arc::new(serve);
    thread::spawn(move || {
        for (number, stream) in listener.incoming().flatten().enumerate() {
            let serve = Arc::clone(&serve);
            drop(stream.set_read_timeout(Some(PATIENCE * 2)));
            thread::spawn(move || serve(stream, number));
        }
    });
    address
}

/// A running origin; it stops accepting when dropped.
pub(crate) struct Origin {
    pub(crate) address: SocketAddr,
    stopping: Arc<AtomicBool>,
    journal: Arc<Journal>,
}

/// What an origin was asked in HTTP/1, if it is to remember that.
type Journal = Option<Mutex<Vec<String>>>;

#[derive(Clone, Debug)]
pub(super) struct Rule {
    method: String,
    target: String,
    pub(super) delay: Duration,
    pub(super) answer: Option<Vec<(String, String)>>,
    pub(super) status: u16,
    body: String,
}

pub(super) struct Received {
    pub(super) method: String,
    pub(super) target: String,
    pub(super) head: String,
    pub(super) body: Vec<u8>,
    pub(super) closes: bool,
}

impl Origin {
    /// Starts an origin that follows `script`.
    pub(crate) fn start(script: &str) -> Result<Self, String> {
        Self::run(script, None)
    }

    /// The same, with a memory of what it is asked.
    pub(crate) fn remembering(script: &str) -> Result<Self, String> {
        Self::run(script, Some(Mutex::default()))
    }

    /// The requests that have come since this was last asked, as they came.
    pub(crate) fn asked(&self) -> Vec<String> {
        let journal = self.journal.as_ref().as_ref();
        journal.map_or_else(Vec::new, |all| {
            std::mem::take(&mut *all.lock().unwrap_or_else(PoisonError::into_inner))
        })
    }

    fn run(script: &str, journal: Journal) -> Result<Self, String> {
        let journal = Arc::new(journal);
        let rules: Arc<[Rule]> = parse(script)?.into();
        let listener = TcpListener::bind("127.0.0.1:0").map_err(|error| error.to_string())?;
        let address = listener.local_addr().map_err(|error| error.to_string())?;
        let stopping = Arc::new(AtomicBool::new(false));
        let (stop, remembered) = (Arc::clone(&stopping), Arc::clone(&journal));
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                if stop.load(Ordering::Relaxed) {
                    break;
                }
                let (rules, journal) = (Arc::clone(&rules), Arc::clone(&remembered));
                thread::spawn(move || match origin_programs::spoken_on(&stream) {
                    Some(speech) => drop(origin_programs::serve(stream, speech, &rules)),
                    None if origin_http2::is_spoken_on(&stream) => {
                        drop(origin_http2::serve(stream, rules));
                    }
                    None => serve(stream, &rules, &journal),
                });
            }
        });
        Ok(Self {
            address,
            stopping,
            journal,
        })
    }
}

impl Drop for Origin {
    fn drop(&mut self) {
        self.stopping.store(true, Ordering::Relaxed);
        drop(TcpStream::connect(self.address));
    }
}

fn parse(script: &str) -> Result<Vec<Rule>, String> {
    let mut delays = Vec::new();
    let mut plain = String::new();
    for line in script.lines() {
        let indented = line.starts_with([' ', '\t']);
        let is_delay = |word: &&str| !indented && word.starts_with("delay=");
        let delay = line
            .split(' ')
            .find(is_delay)
            .map(|word| &word["delay=".len()..]);
        if !indented && !line.trim().is_empty() && !line.starts_with('#') {
            let seconds: f64 = delay
                .unwrap_or("0")
                .parse()
                .map_err(|_| format!("bad {line}"))?;
            delays.push(Duration::from_secs_f64(seconds));
        }
        let words: Vec<&str> = line.split(' ').filter(|word| !is_delay(word)).collect();
        plain.push_str(&words.join(" "));
        plain.push('\n');
    }
    let requests = request::parse(&plain)?;
    Ok(requests
        .into_iter()
        .zip(delays)
        .map(|(request, delay)| rule(request, delay))
        .collect())
}

fn rule(request: request::Request, delay: Duration) -> Rule {
    let (status, answer) = match request.outcome {
        Outcome::Status(status) => (status, Some(request.headers)),
        Outcome::Closed | Outcome::Any => (0, None),
    };
    let body = request.body.unwrap_or_default();
    Rule {
        method: request.method,
        target: request.target,
        delay,
        answer,
        status,
        body,
    }
}

fn serve(stream: TcpStream, rules: &[Rule], journal: &Journal) {
    let Ok(reading) = stream.try_clone() else {
        return;
    };
    let mut reader = BufReader::new(reading);
    let mut writer = stream;
    while let Ok(Some(received)) = receive(&mut reader) {
        if let Some(journal) = journal {
            let mut all = journal.lock().unwrap_or_else(PoisonError::into_inner);
            all.push(received.text());
        }
        let Some(rule) = rules.iter().find(|rule| rule.matches(&received)) else {
            return;
        };
        thread::sleep(rule.delay);
        let Some(headers) = &rule.answer else { return };
        if writer.write_all(&rule.bytes(headers, &received)).is_err() || received.closes {
            return;
        }
    }
}

fn receive(reader: &mut impl BufRead) -> io::Result<Option<Received>> {
    let mut head = String::new();
    loop {
        let before = head.len();
        if reader.read_line(&mut head)? == 0 {
            return Ok(None);
        }
        if head[before..].trim_end().is_empty() {
            break;
        }
    }
    let mut words = head.split_whitespace();
    let method = words.next().unwrap_or_default().to_owned();
    let target = words.next().unwrap_or_default().to_owned();
    let lower = head.to_ascii_lowercase();
    let value = |name: &str| {
        let line = lower
            .lines()
            .find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
        line.map(|value| value.trim().to_owned())
    };
    let closes = value("connection").is_some_and(|value| value == "close")
        || (lower
            .lines()
            .next()
            .is_some_and(|line| line.ends_with("http/1.0"))
            && value("connection").is_none_or(|value| value != "keep-alive"));
    let mut body = Vec::new();
    if let Some(length) = value("content-length").and_then(|digits| digits.parse().ok()) {
        reader.take(length).read_to_end(&mut body)?;
    } else if value("transfer-encoding").is_some() {
        read_chunks(reader, &mut body)?;
    }
    Ok(Some(Received {
        method,
        target,
        head: head.trim_end().to_owned(),
        body,
        closes,
    }))
}

fn read_chunks(reader: &mut impl BufRead, body: &mut Vec<u8>) -> io::Result<()> {
    loop {
        let mut line = String::new();
        reader.read_line(&mut line)?;
        let size = u64::from_str_radix(line.trim(), 16).map_err(|_| io::ErrorKind::InvalidData)?;
        reader.take(size).read_to_end(body)?;
        io::copy(&mut reader.take(2), &mut io::sink())?;
        if size == 0 {
            return Ok(());
        }
    }
}

impl Received {
    fn text(&self) -> String {
        format!(
            "{}\r\n\r\n{}",
            self.head,
            String::from_utf8_lossy(&self.body)
        )
    }
}

impl Rule {
    pub(super) fn matches(&self, received: &Received) -> bool {
        let target = match self.target.strip_suffix('*') {
            Some(prefix) => received.target.starts_with(prefix),
            None => received.target == self.target,
        };
        target && (self.method == "*" || self.method == received.method)
    }

    /// The body of an answer.
    pub(super) fn body(&self, received: &Received) -> String {
        let body = self.body.replace("$HEAD", &received.head);
        body.replace("$BODY", &String::from_utf8_lossy(&received.body))
    }

    fn bytes(&self, headers: &[(String, String)], received: &Received) -> Vec<u8> {
        let body = self.body(received);
        let mut text = format!("HTTP/1.1 {} Scripted\r\n", self.status);
        for (name, value) in headers {
            text.push_str(&format!("{name}: {value}\r\n"));
        }
        let framed = headers
            .iter()
            .any(|(name, _)| name.eq_ignore_ascii_case("content-length"));
        if !framed && !matches!(self.status, 204 | 304) {
            text.push_str(&format!("Content-Length: {}\r\n", body.len()));
        }
        text.push_str("\r\n");
        if received.method != "HEAD" {
            text.push_str(&body);
        }
        text.into_bytes()
    }
}
