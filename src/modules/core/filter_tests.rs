//! Several body filters behind each other.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::Poll;

use tokio::io::AsyncWriteExt;

use super::trial;
use crate::http::course::request::Request;
use crate::http::course::request_body::RequestBody;
use crate::http::message::head::BodyFraming;
use crate::http::plan::body_filter::{BodyFilter, BodyFilters, Passed};
use crate::http::plan::origin::SentBody;
use crate::http::transport::end::End;

/// Passes on what it has once it has three bytes.
#[derive(Default)]
struct Threes(Vec<u8>);

impl BodyFilter for Threes {
    fn piece(&mut self, _: &mut Request, piece: &[u8], out: &mut Vec<u8>) -> io::Result<Passed> {
        self.0.extend_from_slice(piece);
        let whole = self.0.len() / 3 * 3;
        out.extend(self.0.drain(..whole));
        Ok(Passed::Changed)
    }

    fn pause(&mut self, _: &mut Request, out: &mut Vec<u8>) -> io::Result<()> {
        out.append(&mut self.0);
        Ok(())
    }

    fn end(&mut self, _: &mut Request, out: &mut Vec<u8>) -> io::Result<()> {
        out.append(&mut self.0);
        out.push(b'.');
        Ok(())
    }
}

/// Counts.
struct Count(Arc<AtomicUsize>);

impl BodyFilter for Count {
    fn piece(&mut self, _: &mut Request, piece: &[u8], _: &mut Vec<u8>) -> io::Result<Passed> {
        self.0.fetch_add(piece.len(), Ordering::Relaxed);
        Ok(Passed::AsItIs)
    }

    fn keeps_length(&self) -> bool {
        true
    }
}

fn request() -> Box<Request> {
    trial::begin(trial::server(""), "GET / HTTP/1.1\r\nHost: a\r\n\r\n")
}

#[test]
fn who_only_counts_passes_bytes_as_they_are() {
    let (mut request, count) = (request(), Arc::default());
    let mut filters = BodyFilters::default();
    filters.add(Count(Arc::clone(&count)));
    assert!(!filters.change_length());
    assert_eq!(filters.piece(&mut request, b"abcde").unwrap(), None);
    assert_eq!(filters.pause(&mut request).unwrap(), b"");
    assert_eq!(filters.end(&mut request).unwrap(), b"");
    assert_eq!(count.load(Ordering::Relaxed), 5);
}

#[test]
fn each_gets_what_the_one_before_passed_on() {
    let (mut request, count) = (request(), Arc::default());
    let mut filters = BodyFilters::default();
    filters.add(Threes::default());
    filters.add(Count(Arc::clone(&count)));
    filters.add(Threes::default());
    assert!(filters.change_length());
    let mut piece = |filters: &mut BodyFilters, piece: &[u8]| {
        filters
            .piece(&mut request, piece)
            .unwrap()
            .map(<[u8]>::to_vec)
    };
    assert_eq!(piece(&mut filters, b"ab"), Some(vec![]));
    assert_eq!(piece(&mut filters, b"cd"), Some(b"abc".to_vec()));
    assert!(filters.is_holding());
    let mut request = self::request();
    assert_eq!(filters.pause(&mut request).unwrap(), b"d");
    assert!(!filters.is_holding());
    assert_eq!(filters.piece(&mut request, b"e").unwrap(), Some(&b""[..]));
    assert_eq!(filters.end(&mut request).unwrap(), b"e..");
    assert_eq!(count.load(Ordering::Relaxed), 6);
}

/// What a peer is sent of a body that comes in these pieces, up to where it pauses each time.
fn sent(framing: BodyFraming, filters: BodyFilters, pieces: &[&[u8]]) -> (SentBody, Vec<String>) {
    let mut request = request();
    let mut body = RequestBody::default();
    body.begin(framing, Some(100));
    body.filter(filters);
    let (mut client, stream) = tokio::io::duplex(1000);
    let mut end = End::new(Box::new(stream), Arc::default());
    let mut all = Vec::new();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    for piece in pieces {
        runtime.block_on(client.write_all(piece)).unwrap();
        let mut out = Vec::new();
        let mut task = std::task::Context::from_waker(std::task::Waker::noop());
        while !body.is_given() {
            match body.poll_piece(&mut request, &mut task, &mut end, &mut out) {
                Poll::Ready(sent) => drop(sent.unwrap()),
                Poll::Pending => break,
            }
        }
        all.push(String::from_utf8(out).unwrap());
    }
    assert!(body.is_given());
    (body.sent_as(), all)
}

#[test]
fn a_request_is_sent_as_its_filters_leave_it() {
    let count = Arc::default();
    let filters = || {
        let mut filters = BodyFilters::default();
        filters.add(Count(Arc::clone(&count)));
        filters
    };
    let plain = sent(BodyFraming::Length(5), filters(), &[b"ab", b"cde"]);
    assert_eq!(
        plain,
        (SentBody::Length(5), vec!["ab".into(), "cde".into()])
    );
    assert_eq!(count.load(Ordering::Relaxed), 5);
    let mut changing = filters();
    changing.add(Threes::default());
    let changed = sent(BodyFraming::Length(7), changing, &[b"abcd", b"efg"]);
    let expected = ["3\r\nabc\r\n1\r\nd\r\n", "4\r\nefg.\r\n0\r\n\r\n"];
    assert_eq!(
        changed,
        (SentBody::Chunked, expected.map(String::from).to_vec())
    );
    let mut changing = filters();
    changing.add(Threes::default());
    let pieces: &[&[u8]] = &[b"4\r\nabcd\r\n", b"0\r\n\r\n"];
    let changed = sent(BodyFraming::Chunked, changing, pieces);
    let expected = ["3\r\nabc\r\n1\r\nd\r\n", "1\r\n.\r\n0\r\n\r\n"];
    assert_eq!(
        changed,
        (SentBody::Chunked, expected.map(String::from).to_vec())
    );
}

/// Makes many of each byte, three at a time.
#[derive(Default)]
struct Many {
    bytes: Vec<u8>,
    left: usize,
}

impl BodyFilter for Many {
    fn piece(
        &mut self,
        request: &mut Request,
        piece: &[u8],
        out: &mut Vec<u8>,
    ) -> io::Result<Passed> {
        self.bytes.extend_from_slice(piece);
        self.left = self.bytes.len() * 6;
        self.more(request, out)?;
        Ok(Passed::Changed)
    }

    fn has_more(&self) -> bool {
        self.left > 0
    }

    fn more(&mut self, _: &mut Request, out: &mut Vec<u8>) -> io::Result<()> {
        for _ in 0..self.left.min(3) {
            out.push(self.bytes[(self.bytes.len() * 6 - self.left) / 6]);
            self.left -= 1;
        }
        if self.left == 0 {
            self.bytes.clear();
        }
        Ok(())
    }
}

#[test]
fn a_long_piece_goes_on_in_portions_through_those_behind() {
    let (mut request, count) = (request(), Arc::default());
    let mut filters = BodyFilters::default();
    filters.add(Count(Arc::clone(&count)));
    filters.add(Many::default());
    filters.add(Many::default());
    filters.add(Threes::default());
    let first = filters.piece(&mut request, b"ab").unwrap().unwrap();
    let mut all = first.to_vec();
    while filters.has_more() {
        let portion = filters.more(&mut request).unwrap();
        assert!(portion.len() <= 3);
        all.extend_from_slice(portion);
    }
    assert_eq!(filters.end(&mut request).unwrap(), b".");
    assert_eq!(all, [[b'a'; 36], [b'b'; 36]].concat());
    assert_eq!(count.load(Ordering::Relaxed), 2);
    assert_eq!(filters.more(&mut request).unwrap(), b"");
}
