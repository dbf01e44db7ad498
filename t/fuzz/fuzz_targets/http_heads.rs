//! Heads of requests and of responses: any bytes are a head of one length or none, whatever of them came
//! first; no value can end its line; the end of a body is told in one way.
#![no_main]

use libfuzzer_sys::fuzz_target;
use pingauge::http::message::head::{BadHead, BodyFraming, Head, Progress};
use pingauge::http::message::response_head::{self, BadResponse, ResponseHead};

fuzz_target!(|bytes: &[u8]| {
    check_request(bytes);
    check_response(bytes);
});

fn check_request(bytes: &[u8]) {
    let mut head = Head::default();
    let whole = head.read(bytes);
    if let Ok(Progress::Complete(length)) = whole {
        assert_eq!(head.bytes(), &bytes[..length]);
        let broken = |byte: &u8| matches!(byte, b'\r' | b'\n' | 0);
        for (name, value) in head.fields() {
            assert!(!name.is_empty() && !name.iter().chain(value).any(broken));
        }
        assert!(head.fault().is_none() || head.body() == BodyFraming::None);
        check_against_another(bytes, length, &head);
    }
    let mut earlier = Head::default();
    for end in 0..bytes.len().min(300) {
        match (earlier.read(&bytes[..end]), whole) {
            (Ok(Progress::Partial), _) => {}
            (early, whole) => assert_eq!(refusal(early), refusal(whole), "{end}"),
        }
    }
}

/// What was understood is understood no otherwise by whoever reads more.
fn refusal(read: Result<Progress, BadHead>) -> Result<Progress, ()> {
    read.map_err(|_| ())
}

/// Where another parser takes the head as well, it ends at the same place and has as many fields.
fn check_against_another(bytes: &[u8], length: usize, head: &Head) {
    let mut fields = [httparse::EMPTY_HEADER; 100];
    let mut other = httparse::Request::new(&mut fields);
    if let Ok(httparse::Status::Complete(others)) = other.parse(bytes)
        && bytes.first().is_some_and(|first| !matches!(first, b'\r' | b'\n'))
    {
        assert_eq!(length, others);
        assert_eq!(head.fields().count(), other.headers.len());
        for ((name, value), one) in head.fields().zip(other.headers.iter()) {
            assert_eq!((name, value), (one.name.as_bytes(), one.value));
        }
    }
}

fn check_response(bytes: &[u8]) {
    let read = |bytes: &[u8]| {
        response_head::read(bytes, response_head::Source::Peer, |head| {
            assert!((100..1000).contains(&head.status));
            assert!(!(head.chunked && (head.content_length.is_some() || head.minor_version == 0)));
            let broken = |byte: &u8| matches!(byte, b'\r' | b'\n' | 0);
            for field in head.fields() {
                assert!(!field.name.is_empty());
                assert!(!field.name.iter().chain(field.value).any(broken));
            }
            assert!(!head.reason.bytes().any(|byte| broken(&byte)));
            check_response_against_another(bytes, head);
            head.length
        })
    };
    let whole: Result<Option<usize>, BadResponse> = read(bytes);
    for end in 0..bytes.len().min(300) {
        match read(&bytes[..end]) {
            Ok(None) => {}
            Ok(Some(length)) => assert_eq!(whole, Ok(Some(length))),
            Err(_) => assert!(whole.is_err()),
        }
    }
}

/// Another parser takes every head of a response that we take, and reads the same.
fn check_response_against_another(bytes: &[u8], head: &ResponseHead<'_>) {
    let mut fields = vec![httparse::EMPTY_HEADER; bytes.len()];
    let mut other = httparse::Response::new(&mut fields);
    assert_eq!(other.parse(bytes), Ok(httparse::Status::Complete(head.length)));
    assert_eq!((other.code, other.version), (Some(head.status), Some(head.minor_version)));
    assert_eq!(other.reason, Some(head.reason));
    let others = other.headers.iter().map(|one| (one.name.as_bytes(), one.value));
    assert!(head.fields().map(|one| (one.name, one.value)).eq(others));
}
