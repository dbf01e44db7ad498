//! Programs that do not keep to FastCGI: clients get what was meant, a 502, or see that an answer was cut off, and never more.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use crate::harness::client::Connection;
use crate::harness::origin;
use crate::harness::origin_programs::{fastcgi, record};
use crate::harness::site::Parts;
use crate::harness::{PATIENCE, Running, poll};

const STDOUT: u8 = 6;
const STDERR: u8 = 7;
const END: u8 = 3;

const HEAD: &[u8] = b"Content-Type: text/x\r\n\r\n";

fn out(content: &[u8]) -> Vec<u8> {
    record(STDOUT, content)
}

fn end() -> Vec<u8> {
    record(END, &[0; 8])
}

/// Records with one byte changed.
fn changed(mut bytes: Vec<u8>, at: usize, byte: u8) -> Vec<u8> {
    bytes[at] = byte;
    bytes
}

/// What comes of an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Got {
    Status(u16),
    Whole(Vec<u8>),
    Cut,
}

/// What a program writes, whether it closes the connection then, and what comes of it.
struct Case {
    bytes: Vec<u8>,
    closes: bool,
    got: Got,
}

fn case(parts: &[Vec<u8>], closes: bool, got: Got) -> Case {
    let bytes = parts.concat();
    Case { bytes, closes, got }
}

/// A record of output with all of an answer.
fn good() -> Vec<u8> {
    out(&[HEAD, b"abc"].concat())
}

fn whole() -> Got {
    Got::Whole(b"abc".to_vec())
}

fn cases(keeps: &str) -> Vec<Case> {
    let mut cases = cases_of_records();
    cases.extend(cases_of_ends(keeps));
    cases.extend(cases_of_heads());
    cases
}

fn cases_of_records() -> Vec<Case> {
    let body = [HEAD, b"abc"].concat();
    let mut padded = vec![1, STDOUT, 0, 1, 0, body.len() as u8, 255, 0];
    padded.extend_from_slice(&body);
    padded.extend_from_slice(&[b'#'; 255]);
    vec![
        case(&[good(), out(b""), end()], false, whole()),
        case(&[good(), end()], false, whole()),
        case(&[good(), out(b""), end(), end(), good()], false, whole()),
        case(&[padded, out(b""), end()], false, whole()),
        case(
            &[record(STDERR, b""), good(), record(STDERR, b"x"), end()],
            false,
            whole(),
        ),
        // Lying lengths.
        case(&[changed(good(), 5, 200), end()], true, Got::Cut),
        case(&[changed(good(), 4, 200)], true, Got::Cut),
        case(&[changed(good(), 5, 3), end()], false, Got::Status(502)),
        case(&[good(), changed(end(), 4, 255)], true, Got::Cut),
        // Versions, kinds and numbers that are none.
        case(&[changed(good(), 0, 0)], false, Got::Status(502)),
        case(&[changed(good(), 1, 11)], false, Got::Status(502)),
        case(&[changed(good(), 1, 4)], false, Got::Status(502)),
        case(&[changed(good(), 2, 1)], false, Got::Status(502)),
        case(&[changed(good(), 3, 0)], false, Got::Status(502)),
        case(&[good(), changed(good(), 1, 200)], false, Got::Cut),
        case(&[good(), changed(good(), 3, 7)], false, Got::Cut),
        case(
            &[b"HTTP/1.1 200 OK\r\n\r\n".to_vec()],
            true,
            Got::Status(502),
        ),
    ]
}

/// Ends in odd places.
fn cases_of_ends(keeps: &str) -> Vec<Case> {
    vec![
        case(&[end()], false, Got::Status(502)),
        case(&[out(b""), end()], false, Got::Status(502)),
        case(&[record(STDERR, b"sorry"), end()], false, Got::Status(502)),
        case(&[out(b"A: b\r\n"), end()], false, Got::Status(502)),
        case(&[out(b"A: b\r\n")], false, Got::Status(504)),
        case(&[], true, Got::Status(502)),
        case(&[], false, Got::Status(504)),
        case(&[good()], true, Got::Cut),
        case(&[good()], false, Got::Cut),
        // An answer is over with its output where the connection is not to be used again.
        case(
            &[good(), out(b""), good(), end()],
            false,
            if keeps == "on" { Got::Cut } else { whole() },
        ),
    ]
}

fn cases_of_heads() -> Vec<Case> {
    let head = |more: &str, body: &str| out(format!("A: b\r\n{more}\r\n{body}").as_bytes());
    let long = format!("A: {}", "x".repeat(6000));
    vec![
        case(&[head(&long, ""), end()], false, Got::Status(502)),
        case(&[out(b"A: "), out(&[b'x'; 9000])], false, Got::Status(502)),
        case(&[head("B c\r\n", ""), end()], false, Got::Status(502)),
        case(
            &[head("Status: 12\r\n", ""), end()],
            false,
            Got::Status(502),
        ),
        case(
            &[head("Status: 101\r\n", ""), end()],
            false,
            Got::Status(502),
        ),
        case(
            &[out(b"HTTP/1.1 200 OK\r\n\r\n"), end()],
            false,
            Got::Status(502),
        ),
        // Lengths.
        case(
            &[head("Content-Length: 4294967296\r\n", "abc"), end()],
            false,
            Got::Cut,
        ),
        case(
            &[head("Content-Length: 3\r\n", "abcdef"), end()],
            false,
            whole(),
        ),
        case(&[head("Content-Length: 3\r\n", "abc")], true, whole()),
        case(
            &[head("Content-Length: 3\r\nContent-Length: 3\r\n", "abc")],
            false,
            Got::Status(502),
        ),
        case(
            &[head("Content-Length: 18446744073709551616\r\n", "abc")],
            false,
            Got::Status(502),
        ),
    ]
}

/// A server whose program answers `/N` by `answer(N)`, and the number of its connections.
fn start(
    more: &str,
    answer: impl Fn(usize, &mut TcpStream) -> io::Result<bool> + Send + Sync + 'static,
) -> (Running, Arc<AtomicUsize>) {
    let connections = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&connections);
    let address: SocketAddr = origin::serving(move |mut stream, _| {
        count.fetch_add(1, Ordering::Relaxed);
        loop {
            let (parameters, _, keeps) = fastcgi(&mut stream)?;
            let target = parameters.iter().find(|(name, _)| name == "REQUEST_URI");
            let number = target.and_then(|(_, target)| target.trim_matches('/').parse().ok());
            if answer(number.unwrap_or(0), &mut stream)? || !keeps {
                return Ok(());
            }
        }
    });
    let parts = Parts {
        http_config: format!("upstream program {{ server {address}; keepalive 4; }}\n{more}"),
        config: "fastcgi_param REQUEST_URI $request_uri;\n\
            fastcgi_read_timeout 1s; fastcgi_buffer_size 4k; fastcgi_next_upstream off;\n\
            location / { fastcgi_pass program; }\n"
            .to_owned(),
        ..Parts::default()
    };
    (Running::start(&parts), connections)
}

fn ask(running: &Running, target: &str) -> Got {
    let mut connection = Connection::open(running.address(), PATIENCE).unwrap();
    match connection.get(target) {
        Ok(response) if response.status == 200 => Got::Whole(response.body),
        Ok(response) => Got::Status(response.status),
        Err(_) => Got::Cut,
    }
}

#[test]
fn answers_are_what_was_meant_or_none() {
    for keeps in ["on", "off"] {
        let all = Arc::new(cases(keeps));
        let cases = Arc::clone(&all);
        let (running, _) = start(
            &format!("fastcgi_keep_conn {keeps};"),
            move |number, stream| {
                stream.write_all(&cases[number].bytes)?;
                if !cases[number].closes {
                    // Until the other side has gone, or asks something else.
                    drop(stream.set_read_timeout(Some(Duration::from_secs(5))));
                    let mut byte = [0];
                    drop(stream.peek(&mut byte));
                }
                Ok(cases[number].closes)
            },
        );
        for (number, case) in all.iter().enumerate() {
            let got = ask(&running, &format!("/{number}"));
            assert_eq!(got, case.got, "{keeps} {number}");
        }
        // It has lost nothing by all that.
        assert_eq!(ask(&running, "/0"), Got::Whole(b"abc".to_vec()));
    }
}

#[test]
fn an_answer_that_ends_anywhere_is_not_whole() {
    let whole = [
        record(STDERR, b"hm"),
        out(HEAD),
        out(b"abc"),
        out(b"de"),
        out(b""),
        end(),
    ]
    .concat();
    let length = whole.len();
    let (running, _) = start("fastcgi_keep_conn on;", move |number, stream| {
        for byte in &whole[..number] {
            stream.write_all(&[*byte])?;
        }
        Ok(true)
    });
    for number in 1..length {
        let got = ask(&running, &format!("/{number}"));
        // The program has closed its output: it may leave out the rest.
        let is_closed = number >= length - 16;
        match got {
            Got::Whole(body) => assert!(is_closed && body == b"abcde", "{number}: {body:?}"),
            Got::Cut | Got::Status(502) => assert!(!is_closed, "{number}"),
            got => panic!("{number}: {got:?}"),
        }
    }
    assert_eq!(
        ask(&running, &format!("/{length}")),
        Got::Whole(b"abcde".to_vec())
    );
}

#[test]
fn messages_without_end_fill_neither_memory_nor_log() {
    let flood = Arc::new(record(STDERR, &[b'm'; 60_000]));
    let (running, _) = start("", move |number, stream| {
        let until = Instant::now() + Duration::from_secs(4);
        let mut left = 100;
        while number == 1 && Instant::now() < until || number == 0 && left > 0 {
            stream.write_all(&flood)?;
            left -= 1;
        }
        stream.write_all(&[out(HEAD), out(b"abc"), end()].concat())?;
        Ok(true)
    });
    assert_eq!(ask(&running, "/0"), Got::Whole(b"abc".to_vec()));
    assert_eq!(ask(&running, "/1"), Got::Status(504));
    let log = running.site.read("error.log");
    assert!(log.contains("FastCGI sent in stderr"), "{log}");
    assert!(log.len() < 100_000, "{}", log.len());
}

#[test]
fn connections_are_used_again_only_when_nothing_is_left_of_a_request() {
    let may_end = Arc::new(AtomicBool::new(true));
    let ends = Arc::clone(&may_end);
    let (running, connections) = start("fastcgi_keep_conn on;", move |number, stream| {
        let late = matches!(number, 3);
        let length = [HEAD, b"abc"].concat();
        let said = out(b"Content-Length: 3\r\n\r\nabc");
        let answer = match number {
            // As it should be, without and with a length.
            1 => [out(&length), out(b""), end()].concat(),
            2 => [said, out(b""), end()].concat(),
            // The end of the request comes later than that of the body.
            3 => said,
            // More than the length that was said; something behind the end.
            4 => [out(b"Content-Length: 3\r\n\r\nabcdef"), end()].concat(),
            _ => [out(&length), end(), out(b"unasked")].concat(),
        };
        stream.write_all(&answer)?;
        if late {
            poll(PATIENCE, || ends.load(Ordering::SeqCst).then_some(()));
            stream.write_all(&[out(b""), end()].concat())?;
        }
        Ok(false)
    });
    let seen = || connections.load(Ordering::Relaxed);
    let ask = |number: usize| {
        assert_eq!(
            ask(&running, &format!("/{number}")),
            Got::Whole(b"abc".to_vec()),
            "{number}"
        );
    };
    [1, 1, 2, 2, 1].into_iter().for_each(ask);
    assert_eq!(seen(), 1);
    let opened_after = |number: usize, pause: Duration| {
        ask(number);
        let before = seen();
        thread::sleep(pause);
        ask(1);
        seen() - before
    };
    // The end comes at some time, which is waited for longer each time.
    let mut pause = Duration::from_millis(1);
    let kept = poll(PATIENCE, || {
        pause *= 2;
        (opened_after(3, pause) == 0).then_some(())
    });
    assert!(
        kept.is_some(),
        "a connection whose end came late was never used again"
    );
    may_end.store(false, Ordering::SeqCst);
    assert_eq!(opened_after(3, Duration::ZERO), 1, "the end had not come");
    may_end.store(true, Ordering::SeqCst);
    assert_eq!(
        opened_after(4, Duration::ZERO),
        1,
        "more came than was said"
    );
    assert_eq!(
        opened_after(5, Duration::ZERO),
        1,
        "something came that nobody had asked for"
    );
}

#[test]
fn a_program_hears_that_its_client_has_left() {
    let left = Arc::new(AtomicUsize::new(0));
    let heard = Arc::clone(&left);
    let (running, _) = start("fastcgi_read_timeout 60s;", move |_, stream| {
        stream.write_all(&out(HEAD))?;
        drop(stream.set_read_timeout(Some(PATIENCE)));
        if matches!(stream.read(&mut [0]), Ok(0)) {
            heard.fetch_add(1, Ordering::Relaxed);
        }
        Ok(true)
    });
    let mut connection = Connection::open(running.address(), PATIENCE).unwrap();
    connection
        .send(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        .unwrap();
    let (begun, _) = connection.read_until(PATIENCE, |bytes| bytes.ends_with(b"\r\n\r\n"));
    assert!(begun.starts_with(b"HTTP/1.1 200"));
    drop(connection);
    let gone = poll(PATIENCE, || {
        (left.load(Ordering::Relaxed) == 1).then_some(())
    });
    assert!(gone.is_some());
}
