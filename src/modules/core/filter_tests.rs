//! Several body filters behind each other.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::trial;
use crate::http::course::request::Request;
use crate::http::plan::body_filter::{BodyFilter, BodyFilters, Passed};

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
