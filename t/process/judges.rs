//! Where a body ends is judged by two foreign parsers, h11 and llhttp, over the same bytes: those that clients
//! sent and we took, those that an origin got from us, and those that clients got.

use std::io::Write;
use std::net::TcpStream;
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex};
use std::thread;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use crate::clients::have;
use crate::harness::exposition::PYTHON;
use crate::harness::origin::serving as origin;
use crate::harness::random::Random;
use crate::harness::site::Parts;
use crate::harness::wire::{Kind, Message};
use crate::harness::{PATIENCE, Running};
use crate::hostile_requests::{Variant, variants};

/// Bytes that all are to understand alike.
struct Case {
    kind: &'static str,
    method: String,
    bytes: Vec<u8>,
    /// What we took for the body.
    body: Vec<u8>,
    /// Whether they are ours, so that nobody may refuse them.
    is_ours: bool,
}

/// Reads a request, and keeps its bytes.
fn record(mut stream: TcpStream, seen: &Mutex<Vec<u8>>) -> std::io::Result<()> {
    use std::io::Read;
    let (mut bytes, mut piece) = (Vec::new(), [0; 4096]);
    while !matches!(Message::read(&bytes, Kind::Request, false), Ok(Some(_))) {
        let read = stream.read(&mut piece)?;
        if read == 0 {
            return Ok(());
        }
        bytes.extend_from_slice(&piece[..read]);
    }
    let is_head = bytes.starts_with(b"HEAD ");
    *seen.lock().unwrap() = bytes;
    // Each way to end an answer has its turn.
    let (head, body) = match seen.lock().unwrap().len() % 3 {
        0 => ("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", "hello"),
        1 => (
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
            "2;a=b\r\nhe\r\n3\r\nllo\r\n0\r\nA: b\r\n\r\n",
        ),
        _ => ("HTTP/1.1 200 OK\r\n\r\n", "hello"),
    };
    stream.write_all(head.as_bytes())?;
    if !is_head {
        stream.write_all(body.as_bytes())?;
    }
    Ok(())
}

fn cases(running: &Running, variant: &Variant, seen: &Mutex<Vec<u8>>) -> Vec<Case> {
    use std::io::Read;
    seen.lock().unwrap().clear();
    let mut stream = TcpStream::connect(running.address()).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream.write_all(&variant.bytes).unwrap();
    let mut got = Vec::new();
    let kind = match variant.method {
        "HEAD" => Kind::Bodiless,
        _ => Kind::Response,
    };
    let mut piece = [0; 4096];
    let answer = loop {
        let read = stream.read(&mut piece).unwrap_or(0);
        got.extend_from_slice(&piece[..read]);
        let begin = match got.starts_with(b"HTTP/1.1 100 Continue\r\n\r\n") {
            true => 25,
            false => 0,
        };
        match Message::read(&got[begin..], kind, read == 0) {
            Ok(Some(message)) => break message,
            Ok(None) if read > 0 => {}
            other => panic!("{other:?}: {:?}", String::from_utf8_lossy(&got)),
        }
    };
    let at_origin = seen.lock().unwrap().clone();
    let content = variant.content.clone().into_bytes();
    let case = |kind, bytes: &[u8], body: &[u8], is_ours| Case {
        kind,
        method: variant.method.to_owned(),
        bytes: bytes.to_vec(),
        body: body.to_vec(),
        is_ours,
    };
    vec![
        case("request", &variant.bytes, &content, false),
        case("request", &at_origin, &content, true),
        case("response", &got, &answer.body, true),
    ]
}

/// What the parsers say; `None` when they are not here.
fn verdicts(cases: &[Case]) -> Option<Vec<Value>> {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/t/process/judges.py");
    let mut python = Command::new(PYTHON)
        .arg(script)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut input = python.stdin.take().unwrap();
    let lines: Vec<String> = cases
        .iter()
        .map(|case| {
            let bytes = STANDARD.encode(&case.bytes);
            json!({"kind": case.kind, "method": case.method, "bytes": bytes}).to_string() + "\n"
        })
        .collect();
    let writer = thread::spawn(move || drop(input.write_all(lines.concat().as_bytes())));
    let output = python.wait_with_output().unwrap();
    writer.join().unwrap();
    if output.status.code() == Some(77) {
        let required = std::env::var_os("PINGAUGE_CLIENTS").is_some();
        assert!(
            !required,
            "h11 or httptools is missing: run t/run, which installs them"
        );
        eprintln!("skipped: h11 or httptools is not installed; t/run installs them");
        return None;
    }
    assert!(output.status.success());
    let said = String::from_utf8(output.stdout).unwrap();
    Some(
        said.lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect(),
    )
}

#[test]
fn foreign_parsers_judge_alike() {
    if !have(PYTHON) {
        return;
    }
    let seen = Arc::new(Mutex::new(Vec::new()));
    let all = Arc::clone(&seen);
    let origin = origin(move |stream, _| record(stream, &all));
    let running = Running::start(&Parts {
        http_config: "keepalive_requests 1000000;".into(),
        config: format!("location / {{ proxy_pass http://{origin}; }}"),
        ..Parts::default()
    });
    let mut cases_of_all = Vec::new();
    for variant in variants(&mut Random::seeded())
        .iter()
        .filter(|one| one.is_fine())
    {
        cases_of_all.extend(cases(&running, variant, &seen));
    }
    assert!(cases_of_all.len() > 500, "{}", cases_of_all.len());
    let Some(verdicts) = verdicts(&cases_of_all) else {
        return;
    };
    assert_eq!(verdicts.len(), cases_of_all.len());
    let mut agreed = [0; 2];
    for (case, verdict) in cases_of_all.iter().zip(&verdicts) {
        for (place, judge) in ["h11", "llhttp"].into_iter().enumerate() {
            // llhttp has a list of methods, and is not told here that a response answers a HEAD.
            let is_unknown = case.method == "X-ODD" && case.kind == "request";
            let is_untold = case.method == "HEAD" && case.kind == "response";
            // Behind a request to change to another protocol it reads no more.
            let changes = case.bytes.windows(9).any(|nine| nine == b"Upgrade: ");
            let is_blind = judge == "llhttp" && (is_unknown || is_untold || changes);
            // It ends with the connection, which llhttp is not told either.
            let is_open = judge == "llhttp" && verdict[judge].is_null() && case.kind == "response";
            if is_blind || is_open {
                continue;
            }
            let shown = String::from_utf8_lossy(&case.bytes);
            let Some(body) = verdict[judge].as_str() else {
                assert!(!case.is_ours, "{judge} does not understand {shown:?}");
                continue;
            };
            let body = STANDARD.decode(body).unwrap();
            assert_eq!(body, case.body, "{judge} reads another body in {shown:?}");
            agreed[place] += 1;
        }
    }
    eprintln!("{} messages; agreed: {agreed:?}", cases_of_all.len());
    assert!(agreed.iter().all(|count| *count > 300), "{agreed:?}");
    running.server.stop().unwrap();
}
