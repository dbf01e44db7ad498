//! An origin that does what the query of a request says, and remembers what it was asked.
//!
//! `length` of the body, in how many `pieces`, with which `pause` between them in milliseconds, `delay` before the head,
//! `ranges` where one is given that is asked for by its ends, `cut` after so many bytes, `chunked`, `close` at the end without a length, `status` and `header` (again and again; of
//! several statuses with commas between them the first is for the first request of a path, and so on).

use std::collections::HashMap;
use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::ops::Range;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use crate::harness::origin::serving;

/// A running origin.
#[derive(Clone)]
pub(super) struct Origin {
    pub(super) address: SocketAddr,
    asked: Arc<Mutex<HashMap<String, Vec<String>>>>,
    /// How many requests it thinks about now, and how many there were at most.
    busy: Arc<Busy>,
}

#[derive(Debug, Default)]
struct Busy {
    now: AtomicUsize,
    most: AtomicUsize,
}

/// What a request asks for.
struct Wanted {
    length: usize,
    /// No more of it than this, if so.
    part: Option<Range<usize>>,
    pieces: usize,
    pause: Duration,
    cut: usize,
    framing: Framing,
    head: String,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Framing {
    Length,
    Chunked,
    Close,
}

/// The body of a path.
pub(super) fn body(path: &str, length: usize) -> Vec<u8> {
    let seed: usize = path.bytes().map(usize::from).sum();
    (0..length)
        .map(|place| (place * 7 + place / 251 + seed) as u8)
        .collect()
}

impl Origin {
    pub(super) fn start() -> Self {
        let asked = Arc::<Mutex<HashMap<String, Vec<String>>>>::default();
        let busy = Arc::<Busy>::default();
        let (seen, work) = (Arc::clone(&asked), Arc::clone(&busy));
        let address = serving(move |stream, _| serve(stream, &seen, &work));
        Self {
            address,
            asked,
            busy,
        }
    }

    /// How many requests waited for their heads at once, at most.
    pub(super) fn most_at_once(&self) -> usize {
        self.busy.most.load(Ordering::SeqCst)
    }

    /// The heads that it was asked for a path with.
    pub(super) fn asked(&self, path: &str) -> Vec<String> {
        self.asked
            .lock()
            .unwrap()
            .get(path)
            .cloned()
            .unwrap_or_default()
    }
}

fn serve(
    mut stream: TcpStream,
    asked: &Mutex<HashMap<String, Vec<String>>>,
    busy: &Busy,
) -> io::Result<()> {
    let mut got = Vec::new();
    let mut piece = [0; 4096];
    loop {
        while let Some(end) = got.windows(4).position(|four| four == b"\r\n\r\n") {
            let head = String::from_utf8_lossy(&got[..end]).into_owned();
            got.drain(..end + 4);
            let target = head.split(' ').nth(1).unwrap_or_default().to_owned();
            let path = target.split('?').next().unwrap_or_default().to_owned();
            let number = {
                let mut asked = asked.lock().unwrap();
                let all = asked.entry(path.clone()).or_default();
                all.push(head.clone());
                all.len()
            };
            let now = busy.now.fetch_add(1, Ordering::SeqCst) + 1;
            busy.most.fetch_max(now, Ordering::SeqCst);
            let wanted = wanted(&target, number, &head);
            busy.now.fetch_sub(1, Ordering::SeqCst);
            if target.contains("silent")
                || !answer(&mut stream, &path, &wanted, head.starts_with("HEAD"))?
            {
                return Ok(());
            }
        }
        match stream.read(&mut piece)? {
            0 => return Ok(()),
            amount => got.extend_from_slice(&piece[..amount]),
        }
    }
}

fn wanted(target: &str, number: usize, head: &str) -> Wanted {
    let query = target.split_once('?').map_or("", |(_, query)| query);
    let mut wanted = Wanted {
        length: 10,
        part: None,
        pieces: 1,
        pause: Duration::ZERO,
        cut: usize::MAX,
        framing: Framing::Length,
        head: String::new(),
    };
    let (mut status, mut lie) = ("200".to_owned(), 0);
    for pair in query.split('&') {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        let value = value
            .replace("%20", " ")
            .replace("%22", "\"")
            .replace("%3B", ";")
            .replace("%26", "&");
        let number_of = || value.parse::<usize>().unwrap_or_default();
        match name {
            "length" => wanted.length = number_of(),
            "pieces" => wanted.pieces = number_of().max(1),
            "pause" => wanted.pause = Duration::from_millis(number_of() as u64),
            "delay" => thread::sleep(Duration::from_millis(number_of() as u64)),
            "cut" => wanted.cut = number_of(),
            "lie" => lie = number_of(),
            "chunked" => wanted.framing = Framing::Chunked,
            "close" => wanted.framing = Framing::Close,
            "status" => {
                let all: Vec<&str> = value.split(',').collect();
                status = all[(number - 1).min(all.len() - 1)].to_owned();
            }
            "holds" if head.to_ascii_lowercase().contains("\r\nif-") => status = "304".to_owned(),
            "header" => wanted.head.push_str(&format!("{value}\r\n")),
            "ranges" => wanted.part = range(head),
            "nth" => wanted.head.push_str(&format!("X-Nth: {number}\r\n")),
            _ => {}
        }
    }
    let is_bodiless = matches!(status.as_str(), "204" | "304");
    let sent = wanted.tell_part(&mut status);
    match wanted.framing {
        _ if is_bodiless => wanted.length = 0,
        Framing::Length => wanted
            .head
            .push_str(&format!("Content-Length: {}\r\n", sent + lie)),
        Framing::Chunked => wanted.head.push_str("Transfer-Encoding: chunked\r\n"),
        Framing::Close => wanted.head.push_str("Connection: close\r\n"),
    }
    if is_bodiless {
        wanted.framing = Framing::Length;
    }
    wanted.head = format!("HTTP/1.1 {status} Whatever\r\n{}\r\n", wanted.head);
    wanted
}

impl Wanted {
    /// Says in the head which part of the body comes, if not all of it; how long that is.
    fn tell_part(&mut self, status: &mut String) -> usize {
        let Some(part) = &self.part else {
            return self.length;
        };
        let (first, last, whole) = (part.start, part.end - 1, self.length);
        let line = format!("Content-Range: bytes {first}-{last}/{whole}\r\n");
        self.head.push_str(&line);
        "206".clone_into(status);
        part.len()
    }
}

/// The range that a request is for.
fn range(head: &str) -> Option<Range<usize>> {
    let head = head.to_ascii_lowercase();
    let (_, range) = head.split_once("\r\nrange: bytes=")?;
    let (first, last) = range.lines().next()?.split_once('-')?;
    Some(first.parse().ok()?..last.parse::<usize>().ok()? + 1)
}

/// Whether the connection is of use afterwards.
fn answer(stream: &mut TcpStream, path: &str, wanted: &Wanted, is_head: bool) -> io::Result<bool> {
    stream.write_all(wanted.head.as_bytes())?;
    if is_head {
        return Ok(true);
    }
    let mut all = body(path, wanted.length);
    if let Some(part) = &wanted.part {
        all = all[part.clone()].to_vec();
    }
    let size = all.len().div_ceil(wanted.pieces).max(1);
    let mut sent = 0;
    for piece in all.chunks(size) {
        if sent > 0 {
            thread::sleep(wanted.pause);
        }
        let piece = &piece[..piece.len().min(wanted.cut - sent)];
        if wanted.framing == Framing::Chunked {
            write!(stream, "{:x}\r\n", piece.len())?;
        }
        stream.write_all(piece)?;
        if wanted.framing == Framing::Chunked {
            stream.write_all(b"\r\n")?;
        }
        sent += piece.len();
        if sent == wanted.cut {
            return Ok(false);
        }
    }
    if wanted.framing == Framing::Chunked {
        stream.write_all(b"0\r\n\r\n")?;
    }
    Ok(wanted.framing != Framing::Close)
}
