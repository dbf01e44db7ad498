//! Origins whose heads have no end, slowly: whoever waits for their answers is told soon, at little cost, and nothing of it is
//! kept.

use std::fs;
use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use super::{get, parts};
use crate::harness::origin::serving;
use crate::harness::{PATIENCE, Running, poll};

/// What an origin says again and again, with this pause.
#[derive(Clone, Copy)]
struct Drip {
    start: &'static str,
    again: &'static str,
    pause: Duration,
}

/// So much would be sent, if somebody took it.
const ENDLESS: usize = 1 << 30;
/// More than this nobody takes: what a head may be, and what connections hold on the way.
const MOST: usize = 16 << 20;

fn origin(drip: Drip, sent: &Arc<AtomicUsize>) -> SocketAddr {
    let sent = Arc::clone(sent);
    serving(move |stream, _| answer(stream, drip, &sent))
}

fn answer(mut stream: TcpStream, drip: Drip, sent: &AtomicUsize) -> io::Result<()> {
    let mut piece = [0; 4096];
    let _ = stream.read(&mut piece)?;
    stream.write_all(drip.start.as_bytes())?;
    let mut own = 0;
    while own < ENDLESS {
        stream.write_all(drip.again.as_bytes())?;
        own += drip.again.len();
        sent.fetch_add(drip.again.len(), Ordering::Relaxed);
        thread::sleep(drip.pause);
    }
    Ok(())
}

/// The memory of its own that a process has, in KiB.
fn memory(process: u32) -> usize {
    let status = fs::read_to_string(format!("/proc/{process}/status")).unwrap();
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("RssAnon:"));
    line.unwrap()
        .trim()
        .trim_end_matches(" kB")
        .parse()
        .unwrap()
}

#[test]
fn heads_without_an_end_are_given_up_and_kept_nowhere() {
    const FRESH: &str = "HTTP/1.1 200 OK\r\nCache-Control: max-age=600\r\n";
    let line = "X-Field: 0123456789abcdef0123456789abcdef0123456789abcdef\r\n";
    let soon = Duration::from_millis(1);
    let cases = [
        (FRESH, line, soon, 502),
        (
            "HTTP/1.1 200 OK\r\nX-Long: ",
            "0123456789abcdef",
            Duration::ZERO,
            502,
        ),
        ("HTTP/1.1 200 ", "Oh, it goes on and on. ", soon, 502),
        (
            "",
            "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n",
            soon,
            502,
        ),
        // Nothing more comes.
        (FRESH, line, PATIENCE * 2, 504),
    ];
    for (number, (start, again, pause, expected)) in cases.into_iter().enumerate() {
        let sent = Arc::<AtomicUsize>::default();
        let drip = Drip {
            start,
            again,
            pause,
        };
        let config = format!(
            "location / {{ proxy_cache_lock on; proxy_cache_lock_timeout 1s;\n\
             proxy_read_timeout 2s; proxy_cache_key $uri; proxy_cache_valid any 0; proxy_pass http://{}; }}\n",
            origin(drip, &sent)
        );
        let running = Arc::new(Running::start(&parts(2, "$DIR/cache", &config)));
        let workers = running.workers(2);
        let all = || workers.iter().map(|worker| memory(*worker)).sum::<usize>();
        let before = all();
        let clients: Vec<_> = (0..4)
            .map(|_| {
                let running = Arc::clone(&running);
                thread::spawn(move || get(&running, "/a").unwrap().status)
            })
            .collect();
        for client in clients {
            assert_eq!(client.join().unwrap(), expected, "case {number}");
        }
        let grown = all().saturating_sub(before);
        assert!(grown < MOST / 1024, "case {number}: {grown} KiB");
        let taken = sent.load(Ordering::Relaxed);
        assert!(taken < MOST, "case {number}: {taken} bytes");
        let status = running.status("http/caches/c/entries");
        assert_eq!(
            (&status["current"], &status["filling"]),
            (&0.into(), &0.into())
        );
        let is_over = || (running.status("connections/active") == 1).then_some(());
        assert!(poll(PATIENCE, is_over).is_some());
        Arc::into_inner(running).unwrap().server.stop().unwrap();
    }
}
