//! What is added to responses: over both doors, large, late, and for clients that leave.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use super::clients::have;
use crate::harness::origin::serving;
use crate::harness::site::{Parts, Site};
use crate::harness::{PATIENCE, Running, poll};

const LARGE: usize = 8 << 20;

/// An origin that answers everything with a large body, the head of which comes after a while, and counts whoever
/// has not let it write to its end.
fn large_origin(pause: Duration, refused: &Arc<AtomicUsize>) -> String {
    let refused = Arc::clone(refused);
    let address = serving(move |mut stream, _| {
        let mut place = [0; 4096];
        let _ = stream.read(&mut place)?;
        thread::sleep(pause);
        let head = format!(
            "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: {LARGE}\r\n\r\n"
        );
        stream.write_all(head.as_bytes())?;
        let written = stream.write_all(&vec![b'x'; LARGE]);
        if written.is_err() || !matches!(stream.read(&mut place), Ok(0)) {
            refused.fetch_add(1, Ordering::Relaxed);
        }
        written
    });
    address.to_string()
}

fn start(pause: Duration, refused: &Arc<AtomicUsize>) -> Running {
    let site = Site::create().unwrap();
    site.add_file("html/page.html", &"p".repeat(100_000))
        .unwrap();
    let large = large_origin(pause, refused);
    let places = format!(
        "default_type text/html; http2 on; proxy_buffering off;\n\
         location /file/ {{ add_before_body /large; add_after_body /foot; alias $DIR/html/; }}\n\
         location /proxied {{ add_before_body /foot; add_after_body /large; proxy_pass http://{large}; }}\n\
         location /packed {{ gzip on; add_before_body /foot; add_after_body /large; return 200 \"made\\n\"; }}\n\
         location /late {{ add_after_body /large; return 200 \"made\\n\"; }}\n\
         location /behind {{ add_after_body /large; proxy_pass http://127.0.0.1:$PORT/foot; }}\n\
         location = /large {{ proxy_pass http://{large}; }}\n\
         location = /foot {{ return 200 \"foot\\n\"; }}\n"
    );
    Running::start_at(
        site,
        &Parts {
            http_config: "access_log $DIR/access.log;\n".to_owned(),
            config: places,
            ..Parts::default()
        },
    )
}

fn ask(running: &Running, arguments: &[&str]) -> Vec<u8> {
    let (target, options) = arguments.split_last().unwrap();
    let url = running
        .site
        .substitute(&format!("http://127.0.0.1:$PORT{target}"));
    let output = Command::new("curl")
        .args(["-sS", "--max-time", "60"])
        .args(options)
        .arg(url)
        .output()
        .unwrap();
    let problem = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{arguments:?}: {problem}");
    output.stdout
}

#[test]
fn large_bodies_are_added_over_both_doors() {
    if !have("curl") {
        return;
    }
    let running = start(Duration::ZERO, &Arc::default());
    let large = vec![b'x'; LARGE];
    let page = vec![b'p'; 100_000];
    let expected: [(&str, Vec<u8>); 3] = [
        ("/file/page.html", [&large[..], &page, b"foot\n"].concat()),
        ("/proxied", [b"foot\n", &large[..], &large].concat()),
        ("/packed", [b"foot\nmade\n", &large[..]].concat()),
    ];
    for (target, body) in &expected {
        for options in [&[][..], &["--http2-prior-knowledge"]] {
            for pace in [&[][..], &["--limit-rate", "20M"]] {
                let all = [options, pace, &["--compressed", target]].concat();
                assert!(ask(&running, &all) == *body, "{all:?}");
            }
        }
    }
    running.server.stop().unwrap();
}

#[test]
fn what_comes_late_holds_nothing_up_and_ends_with_its_client() {
    let refused = Arc::new(AtomicUsize::new(0));
    let running = start(Duration::from_secs(3), &refused);
    for target in ["/late", "/behind"] {
        let mut stream = TcpStream::connect(running.address()).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        let request = format!("GET {target} HTTP/1.1\r\nHost: a\r\n\r\n");
        stream.write_all(request.as_bytes()).unwrap();
        let (mut got, mut piece) = (Vec::new(), [0; 4096]);
        let content: &[u8] = if target == "/late" { b"made" } else { b"foot" };
        while !got.windows(4).any(|four| four == content) {
            let amount = stream.read(&mut piece).unwrap();
            assert!(amount > 0, "{}", String::from_utf8_lossy(&got));
            got.extend_from_slice(&piece[..amount]);
        }
        assert!(!got.ends_with(b"x"), "the addition came first");
    }
    // Their clients have left, so that the origin is left as well.
    let all = || (refused.load(Ordering::Relaxed) == 2).then_some(());
    assert!(poll(PATIENCE, all).is_some());
    let lines = || {
        let text = running.site.read("access.log");
        (text.lines().count() >= 3).then_some(text)
    };
    let text = poll(PATIENCE, lines).unwrap();
    assert_eq!(text.matches("GET /late ").count(), 1, "{text}");
    running.server.stop().unwrap();
}
