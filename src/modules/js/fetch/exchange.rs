//! One question and its answer, on a connection of their own. All that comes is bounded, and each step has its time.

use std::future::poll_fn;
use std::io;
use std::net::SocketAddr;
use std::pin::pin;
use std::time::Duration;

use pingora_core::protocols::Stream;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::timeout;
use url::Url;

use super::place::Place;
use super::way;
use crate::conf::reason;
use crate::http::message::framing::Framing;
use crate::http::message::response_head::{self, ResponseHead, Source};
use crate::http::transport::clock;
use crate::http::transport::dial::{Dial, PeerAddress, Presence};
use crate::http::transport::secure::{Secure, sentence};
use crate::http::transport::timer::Timer;
use crate::modules::resolver::Asked;
use crate::script::library::fetch::{Question, Reply};

/// A question on its way.
pub(super) struct Errand {
    pub(super) url: Url,
    pub(super) question: Question,
    /// How connections are encrypted, if they are.
    pub(super) secure: Option<Secure>,
    pub(super) asked: Asked,
    /// How long each step may take.
    pub(super) patience: Duration,
    /// How long the head of the answer may be, and how long its body.
    pub(super) head: usize,
    pub(super) body: usize,
    /// What it counts as.
    pub(super) place: Place,
}

/// More informational answers than this before the final one are a fault.
const MOST_INFORMATIONAL: usize = 16;

/// What is known of an answer when its head has been read.
struct Begun {
    reply: Reply,
    framing: Framing,
    /// What came behind the head.
    rest: Vec<u8>,
}

impl Errand {
    /// Asks; what goes wrong is a sentence.
    pub(super) async fn run(mut self) -> Result<Reply, String> {
        let mut work = pin!(self.ask());
        poll_fn(|task| clock::turn(|| work.as_mut().poll(task))).await
    }

    async fn ask(&mut self) -> Result<Reply, String> {
        let mut stream = self.connect().await?;
        let wrote = self.write(&mut stream).await;
        // A server may answer and leave before it has read everything.
        let begun = match self.begun(&mut stream).await {
            Ok(begun) => begun,
            Err(why) => return Err(wrote.err().unwrap_or(why)),
        };
        self.finish(&mut stream, begun).await
    }

    async fn connect(&self) -> Result<Stream, String> {
        let addresses = way::addresses(&self.url, &self.asked).await?;
        let mut why = "no address to connect to".to_owned();
        for address in addresses {
            match self.connect_to(address).await {
                Ok(stream) => return Ok(stream),
                Err(problem) => why = problem,
            }
        }
        Err(why)
    }

    async fn connect_to(&self, address: SocketAddr) -> Result<Stream, String> {
        let dial = Dial {
            address: PeerAddress::Inet(address),
            patience: self.patience,
            from: None,
            asks_if_alive: false,
            presence: Box::new(Unnoticed),
        };
        let made = dial.connect(&mut Timer::default()).await;
        let stream = made.map_err(|error| match error.kind() {
            io::ErrorKind::TimedOut => "connect timed out".to_owned(),
            _ => format!("connect failed ({})", reason(&error)),
        })?;
        let Some(secure) = &self.secure else {
            return Ok(stream);
        };
        let peer = address.to_string();
        match timeout(self.patience, secure.begin(stream, &peer)).await {
            Ok(Ok(stream)) => Ok(stream),
            Ok(Err(error)) => Err(sentence(&error)),
            Err(_) => Err("SSL handshake timed out".to_owned()),
        }
    }

    async fn write(&self, stream: &mut Stream) -> Result<(), String> {
        let head = self.request_head();
        for mut bytes in [head.as_slice(), &self.question.body] {
            while !bytes.is_empty() {
                match timeout(self.patience, stream.write(bytes)).await {
                    Ok(Ok(amount @ 1..)) => bytes = &bytes[amount..],
                    Ok(Ok(0)) => return Err("prematurely closed connection".to_owned()),
                    Ok(Err(error)) => return Err(format!("write failed ({})", reason(&error))),
                    Err(_) => return Err("write timed out".to_owned()),
                }
            }
        }
        match timeout(self.patience, stream.flush()).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(error)) => Err(format!("write failed ({})", reason(&error))),
            Err(_) => Err("write timed out".to_owned()),
        }
    }

    fn request_head(&self) -> Vec<u8> {
        let question = &self.question;
        let mut head = format!("{} {}", question.method, self.url.path());
        if let Some(query) = self.url.query() {
            head.push('?');
            head.push_str(query);
        }
        head.push_str(" HTTP/1.1\r\n");
        let is = |name: &str, other: &str| name.eq_ignore_ascii_case(other);
        if !question.headers.iter().any(|(name, _)| is(name, "host")) {
            head.push_str(&format!("Host: {}\r\n", way::authority(&self.url)));
        }
        for (name, value) in &question.headers {
            let own = [
                "connection",
                "content-length",
                "transfer-encoding",
                "upgrade",
                "te",
            ];
            if !own.iter().any(|own| is(name, own)) {
                head.push_str(&format!("{name}: {value}\r\n"));
            }
        }
        let has_body = !question.body.is_empty();
        if has_body || matches!(&*question.method, "POST" | "PUT" | "PATCH") {
            head.push_str(&format!("Content-Length: {}\r\n", question.body.len()));
        }
        head.push_str("Connection: close\r\n\r\n");
        head.into_bytes()
    }

    /// Reads up to the end of the final head.
    async fn begun(&self, stream: &mut Stream) -> Result<Begun, String> {
        let (mut received, mut seen) = (Vec::new(), 0);
        loop {
            let is_bodiless = self.question.method == "HEAD";
            let read = response_head::read(&received, Source::Peer, |head| {
                (head.length, self.taken(head), head.framing(is_bodiless))
            });
            match read.map_err(|bad| format!("invalid fetch response: {bad}"))? {
                Some((length, _, _)) if length > self.head => {
                    return Err("very large fetch response header".to_owned());
                }
                Some((length, reply, framing)) => {
                    let rest = received.split_off(length);
                    match reply.status {
                        101 => return Err("invalid fetch response: 101".to_owned()),
                        100..200 if seen < MOST_INFORMATIONAL => seen += 1,
                        100..200 => return Err("too many informational responses".to_owned()),
                        _ => {
                            return Ok(Begun {
                                reply,
                                framing,
                                rest,
                            });
                        }
                    }
                    received = rest;
                    continue;
                }
                None if received.len() >= self.head => {
                    return Err("very large fetch response header".to_owned());
                }
                None => {}
            }
            if !self.read(stream, &mut received).await? {
                return Err("prematurely closed connection".to_owned());
            }
        }
    }

    fn taken(&self, head: &ResponseHead<'_>) -> Reply {
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        Reply {
            url: self.url.to_string(),
            status: head.status,
            reason: head.reason.to_owned(),
            headers: head
                .fields()
                .map(|field| (text(field.name), text(field.value)))
                .collect(),
            body: Vec::new(),
        }
    }

    /// Reads the body.
    async fn finish(&mut self, stream: &mut Stream, begun: Begun) -> Result<Reply, String> {
        let Begun {
            mut reply,
            mut framing,
            mut rest,
        } = begun;
        if let Framing::Length(length) = framing
            && length > self.body as u64
        {
            return Err("very large fetch response content length".to_owned());
        }
        loop {
            let decoded = framing.decode(&mut rest);
            let decoded = decoded.map_err(|_| "invalid fetch chunked response".to_owned())?;
            if framing.is_malformed() {
                return Err("invalid fetch chunked response".to_owned());
            }
            if reply.body.len() + decoded.content > self.body {
                return Err("very large fetch response body".to_owned());
            }
            self.place.grow(decoded.content)?;
            reply.body.extend_from_slice(&rest[..decoded.content]);
            rest.drain(..decoded.consumed);
            if framing.is_done() {
                return Ok(reply);
            }
            if !self.read(stream, &mut rest).await? {
                return match framing {
                    Framing::UntilClose => Ok(reply),
                    _ => Err("prematurely closed connection".to_owned()),
                };
            }
        }
    }

    /// Reads more; false at the end.
    async fn read(&self, stream: &mut Stream, into: &mut Vec<u8>) -> Result<bool, String> {
        let mut piece = [0; 8192];
        match timeout(self.patience, stream.read(&mut piece)).await {
            Ok(Ok(0)) => Ok(false),
            Ok(Ok(amount)) => {
                into.extend_from_slice(&piece[..amount]);
                Ok(true)
            }
            Ok(Err(error)) => Err(format!("read failed ({})", reason(&error))),
            Err(_) => Err("read timed out".to_owned()),
        }
    }
}

/// Nobody is told of connections.
#[derive(Debug)]
struct Unnoticed;

impl Presence for Unnoticed {
    fn begin(&self) {}

    fn end(&self) {}
}
