//! A connection of HTTP/2 as a whole, in one process: frames of a client, well made or not, in any pieces. Whatever they are, the
//! connection ends, nothing panics, every request has ended, and what the client gets are frames in an order that they may have.
#![no_main]

use std::collections::{HashMap, HashSet};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use libfuzzer_sys::fuzz_target;
use pingauge::conf::{self, Loader};
use pingauge::http::build::memory::Unshared;
use pingauge::http::client::connection::Application;
use pingauge::http::plan::http2_counters::Http2Count;
use pingauge::http::plan::runtime::Runtime;
use pingauge::modules;
use pingora_core::apps::ServerApp;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

struct Files(HashMap<PathBuf, String>);

impl Loader for Files {
    fn read(&mut self, path: &Path) -> io::Result<Vec<u8>> {
        let text = self.0.get(path).ok_or(io::ErrorKind::NotFound)?;
        Ok(text.clone().into_bytes())
    }

    fn expand(&mut self, _pattern: &str) -> io::Result<Vec<PathBuf>> {
        Ok(Vec::new())
    }
}

const CONF: &str = "events {} http { access_log off; http2 on; client_body_timeout 50ms; client_header_timeout 50ms;
    send_timeout 50ms; keepalive_timeout 50ms; client_max_body_size 10k; http2_max_concurrent_streams 8;
    server { listen 8080;
    location / { return 200 small; }
    location /body { proxy_pass http://127.0.0.1:1; }
    location /long { set $a aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa; set $b $a$a$a$a$a$a$a$a; set $c $b$b$b$b$b$b$b$b;
    return 200 $c$c$c$c$c$c$c$c$c$c$c$c$c$c$c$c$c$c$c$c$c$c$c$c; }
    location /none { return 444; } } }";

fn site() -> &'static Runtime {
    static SITE: OnceLock<&'static Runtime> = OnceLock::new();
    SITE.get_or_init(|| {
        let path = PathBuf::from("/fuzz.conf");
        let mut files = Files(HashMap::from([(path.clone(), CONF.to_owned())]));
        let parsed = conf::parse(&path, None, &mut files);
        let loaded = modules::load(parsed, &mut files, &mut Unshared, Path::new("/"), 1);
        Box::leak(Box::new(loaded.runtime.expect("a configuration")))
    })
}

const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
const DATA: u8 = 0;
const HEADERS: u8 = 1;
const RST_STREAM: u8 = 3;
const END_STREAM: u8 = 1;
const PATHS: [&[u8]; 4] = [b"/", b"/body", b"/long", b"/none"];

fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8], out: &mut Vec<u8>) {
    let length = (payload.len() as u32).to_be_bytes();
    out.extend_from_slice(&length[1..]);
    out.extend_from_slice(&[kind, flags]);
    out.extend_from_slice(&stream.to_be_bytes());
    out.extend_from_slice(payload);
}

/// A frame of any kind; half of the kinds are requests that are well made.
fn put(kind: u8, flags: u8, stream: u8, payload: &[u8], out: &mut Vec<u8>) {
    let id = u32::from(stream);
    if kind & 31 < 12 {
        return frame(kind & 31, flags, id, payload, out);
    }
    let path = PATHS[usize::from(kind) % PATHS.len()];
    let method = 0x82 + (kind >> 2 & 1);
    let mut block = vec![method, 0x86, 0x04, path.len() as u8];
    block.extend_from_slice(path);
    block.extend_from_slice(b"\x01\x01a");
    block.extend_from_slice(payload.get(..payload.len().min(64)).unwrap_or_default());
    frame(HEADERS, flags & END_STREAM | 4, id | 1, &block, out);
}

/// What the server says are frames, and none comes on a stream that it has ended.
fn check(mut got: &[u8]) {
    let mut over = HashSet::new();
    while got.len() >= 9 {
        let length = usize::from(got[0]) << 16 | usize::from(got[1]) << 8 | usize::from(got[2]);
        let (kind, flags) = (got[3], got[4]);
        let stream = u32::from_be_bytes([got[5], got[6], got[7], got[8]]);
        assert!(length <= 16_384 && kind <= 9 && kind != 5, "a frame of kind {kind} with {length} bytes");
        let Some(rest) = got.get(9 + length..) else {
            return;
        };
        if matches!(kind, DATA | HEADERS) {
            assert!(stream % 2 == 1 && !over.contains(&stream), "content behind the end of stream {stream}");
            if flags & END_STREAM != 0 {
                over.insert(stream);
            }
        }
        if kind == RST_STREAM {
            over.insert(stream);
        }
        got = rest;
    }
}

async fn run(bytes: Vec<u8>, cuts: Vec<u8>) {
    let runtime = site();
    let (theirs, client) = tokio::io::duplex(1 << 16);
    let application = Arc::new(Application::new(runtime, &runtime.listeners[0]));
    let (_shutdown, watch) = tokio::sync::watch::channel(false);
    let serving = tokio::spawn(async move { application.process_new(Box::new(theirs), &watch).await });
    let (mut input, mut output) = tokio::io::split(client);
    let saying = tokio::spawn(async move {
        let (mut rest, mut cuts) = (&bytes[..], cuts.iter().cycle());
        while !rest.is_empty() {
            let cut = cuts.next().map_or(rest.len(), |cut| usize::from(*cut) * 8 + 1);
            let (piece, behind) = rest.split_at(cut.min(rest.len()));
            if output.write_all(piece).await.is_err() {
                return;
            }
            tokio::task::yield_now().await;
            rest = behind;
        }
        drop(output.shutdown().await);
    });
    let mut got = Vec::new();
    let read = tokio::time::timeout(Duration::from_secs(20), input.read_to_end(&mut got)).await;
    assert!(read.is_ok(), "the connection never ends");
    saying.abort();
    drop((saying.await, input));
    let served = tokio::time::timeout(Duration::from_secs(20), serving).await;
    assert!(matches!(served, Ok(Ok(_))), "the connection's task is not well");
    check(&got);
    assert_eq!(runtime.connections.busy(), 0, "a request has not ended");
    assert_eq!(runtime.http2.value(Http2Count::ActiveStreams), 0);
    assert_eq!(runtime.http2.value(Http2Count::ActiveConnections), 0);
}

type Frame<'a> = (u8, u8, u8, &'a [u8]);

fuzz_target!(|input: (Vec<Frame<'_>>, &[u8], bool)| {
    let (frames, cuts, is_bare) = input;
    let mut bytes = PREFACE.to_vec();
    if !is_bare {
        frame(4, 0, 0, b"", &mut bytes);
    }
    for (kind, flags, stream, payload) in frames {
        put(kind, flags, stream, payload, &mut bytes);
    }
    let mut builder = tokio::runtime::Builder::new_current_thread();
    let runtime = builder.enable_all().build().expect("an event loop");
    runtime.block_on(run(bytes, cuts.to_vec()));
});
