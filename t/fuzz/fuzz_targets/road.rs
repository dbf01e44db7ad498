//! The road as a whole, in one process: bytes from a client and from an origin, in any pieces, over a
//! configuration with and without buffering. Whatever they are, the request ends, nothing panics, and what the
//! client gets begins as a response does.
#![no_main]

use std::collections::HashMap;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use libfuzzer_sys::fuzz_target;
use pingauge::conf::{self, Loader};
use pingauge::http::build::memory::Unshared;
use pingauge::http::client::connection::Application;
use pingauge::http::plan::runtime::Runtime;
use pingauge::modules;
use pingora_core::apps::ServerApp;
use pingora_core::protocols::Stream;
use pingora_core::protocols::l4::stream;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

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

/// The address of the origin, and the configuration that leads there.
fn site() -> &'static (std::net::TcpListener, &'static Runtime) {
    static SITE: OnceLock<(std::net::TcpListener, &'static Runtime)> = OnceLock::new();
    SITE.get_or_init(|| {
        let listener = std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
        listener.set_nonblocking(true).expect("a listener");
        let origin = listener.local_addr().expect("an address");
        let text = format!(
            "events {{}} http {{ access_log off; client_body_timeout 50ms; client_header_timeout 50ms;
             send_timeout 50ms; keepalive_timeout 50ms; proxy_read_timeout 50ms; proxy_send_timeout 50ms;
             upstream o {{ server {origin}; keepalive 2; }} server {{ listen 8080;
             location / {{ proxy_pass http://o; proxy_set_header Upgrade $http_upgrade; }}
             location /s {{ proxy_pass http://o; proxy_request_buffering off; proxy_buffering off; }} }} }}"
        );
        let path = PathBuf::from("/fuzz.conf");
        let mut files = Files(HashMap::from([(path.clone(), text)]));
        let parsed = conf::parse(&path, None, &mut files);
        let loaded = modules::load(parsed, &mut files, &mut Unshared, Path::new("/"), 1);
        let runtime = loaded.runtime.expect("a configuration");
        (listener, Box::leak(Box::new(runtime)))
    })
}

async fn pair() -> io::Result<(TcpStream, TcpStream)> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
    let address: SocketAddr = listener.local_addr()?;
    let ours = TcpStream::connect(address).await?;
    Ok((ours, listener.accept().await?.0))
}

async fn say(stream: &mut TcpStream, bytes: &[u8], cuts: &[u8]) {
    let (mut rest, mut cuts) = (bytes, cuts.iter().cycle());
    while !rest.is_empty() {
        let cut = cuts.next().map_or(rest.len(), |cut| usize::from(*cut) + 1);
        let (piece, behind) = rest.split_at(cut.min(rest.len()));
        if stream.write_all(piece).await.is_err() {
            return;
        }
        tokio::task::yield_now().await;
        rest = behind;
    }
}

async fn run(request: Vec<u8>, answer: Vec<u8>, cuts: Vec<u8>) {
    let (listener, runtime) = site();
    let origin = TcpListener::from_std(listener.try_clone().expect("a listener"));
    let origin = origin.expect("a listener of the event loop");
    let own_cuts = cuts.clone();
    let answering = tokio::spawn(async move {
        while let Ok((mut stream, _)) = origin.accept().await {
            let mut piece = [0; 4096];
            drop(tokio::time::timeout(Duration::from_millis(20), stream.read(&mut piece)).await);
            say(&mut stream, &answer, &own_cuts).await;
        }
    });
    let (theirs, mut client) = pair().await.expect("a connection");
    let application = Application::new(runtime, &runtime.listeners[0]);
    let application = Arc::new(application);
    let (_shutdown, watch) = tokio::sync::watch::channel(false);
    let connection: Stream = Box::new(stream::Stream::from(theirs));
    let serving = tokio::spawn(async move { application.process_new(connection, &watch).await });
    say(&mut client, &request, &cuts).await;
    drop(client.shutdown().await);
    let mut got = Vec::new();
    let read = tokio::time::timeout(Duration::from_secs(20), client.read_to_end(&mut got)).await;
    assert!(read.is_ok(), "the connection never ends");
    drop(client);
    let served = tokio::time::timeout(Duration::from_secs(20), serving).await;
    assert!(matches!(served, Ok(Ok(_))), "the connection's task is not well");
    assert!(got.is_empty() || got.starts_with(b"HTTP/1.1 "));
    answering.abort();
}

fuzz_target!(|input: (&[u8], &[u8], &[u8], bool)| {
    let (request, answer, cuts, is_raw) = input;
    let mut whole = Vec::new();
    if !is_raw {
        // Most bytes are no head of a request; these lead further.
        whole.extend_from_slice(b"POST /s HTTP/1.1\r\nHost: a\r\n");
    }
    whole.extend_from_slice(request);
    let mut builder = tokio::runtime::Builder::new_current_thread();
    let runtime = builder.enable_all().build().expect("an event loop");
    runtime.block_on(run(whole, answer.to_vec(), cuts.to_vec()));
});
