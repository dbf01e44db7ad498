//! Pingora's proxy as the engine behind `proxy_pass`.
//!
//! A request is decided before Pingora hears of it, then handed over together with a loan of its
//! connection; the hooks only pass on. What the origin's side wants done is said by an
//! `Origin`, which a module implements. Pingora is shown a head of our own making, which says how
//! the body ends and nothing else: the real one was judged already, and the peer gets what the
//! `Origin` writes.

use std::cell::RefCell;
use std::sync::Arc;

use bytes::BytesMut;
use parking_lot::Mutex;
use pingora_core::apps::HttpServerApp;
use pingora_core::protocols::http::ServerSession;
use pingora_core::server::ShutdownWatch;
use pingora_core::server::configuration::ServerConf;
use pingora_proxy::{HttpProxy, http_proxy};

use super::body;
use super::client::{Client, Lent};
use super::head::BodyFraming;
use super::hooks::Hooks;
use super::origin::Origin;
use super::request::Request;

/// The engine that requests are handed to.
pub struct Bridge {
    proxy: Arc<HttpProxy<Hooks>>,
}

/// How a request came back.
pub struct Returned {
    /// The request, with what it was answered.
    pub request: Box<Request>,
    /// The connection.
    pub client: Option<Box<Client>>,
    /// Whether the connection can serve another request.
    pub reusable: bool,
}

tokio::task_local! {
    /// The request on its way into Pingora's hooks and back.
    pub(super) static HANDED: RefCell<Option<Handed>>;
}

/// A request with what its errand needs.
pub(super) struct Handed {
    pub(super) request: Box<Request>,
    pub(super) client: Arc<Mutex<Client>>,
    /// Who is to answer.
    pub(super) origin: &'static dyn Origin,
    /// Whether the answer left in a way that Pingora takes for a failure, but the connection is
    /// good for another request.
    pub(super) reusable: bool,
}

impl Bridge {
    /// An engine that keeps up to `keep_alive` idle connections to peers.
    pub fn new(keep_alive: usize) -> Self {
        let conf = ServerConf {
            threads: 1,
            work_stealing: false,
            upstream_keepalive_pool_size: keep_alive,
            max_retries: MOST_TRIES,
            // Peers are not spoken to in TLS. The certificates of the system would be read by each
            // worker, and one that cannot be read would end it.
            ca_file: Some("/dev/null".to_owned()),
            ..ServerConf::default()
        };
        Self {
            proxy: Arc::new(http_proxy(&Arc::new(conf), Hooks)),
        }
    }

    /// Has `origin` answer the request whose head is still in the client's buffer. `None` when
    /// the request was lost with its connection.
    pub async fn run(
        &self,
        request: Box<Request>,
        origin: &'static dyn Origin,
        mut client: Box<Client>,
        shutdown: &ShutdownWatch,
    ) -> Option<Returned> {
        body::begin(&request, &mut client);
        let client = Arc::new(Mutex::new(*client));
        let session = session(&request, &client);
        let handed = RefCell::new(Some(Handed {
            request,
            client: Arc::clone(&client),
            origin,
            reusable: false,
        }));
        HANDED
            .scope(handed, async {
                let reused = self.proxy.process_new_http(session, shutdown).await;
                let handed = HANDED.with(|place| place.borrow_mut().take())?;
                let reusable = reused.is_some() || handed.reusable;
                drop((reused, handed.client));
                let client = Arc::try_unwrap(client).ok().map(Mutex::into_inner);
                // Whoever served the request may have seen its end elsewhere than we do.
                let reusable = reusable && client.as_ref().is_some_and(Client::is_used_up);
                Some(Returned {
                    request: handed.request,
                    client: client.map(Box::new),
                    reusable,
                })
            })
            .await
    }
}

/// More attempts at one request than this are not made, whatever the configuration says.
const MOST_TRIES: usize = 256;

fn session(request: &Request, client: &Arc<Mutex<Client>>) -> ServerSession {
    let settings = &request.location.settings;
    let mut session = ServerSession::new_http1(Box::new(Lent(Arc::clone(client))));
    session.set_pipelined_prefix(shown_head(request));
    session.set_ignore_info_resp(true);
    session.set_read_timeout(Some(settings.body_timeout));
    session.set_write_timeout(Some(settings.send_timeout));
    session
}

/// The head that Pingora is shown.
fn shown_head(request: &Request) -> BytesMut {
    let head = &request.head;
    let mut out = BytesMut::with_capacity(128);
    out.extend_from_slice(head.method());
    out.extend_from_slice(match head.minor_version() {
        0 => b" / HTTP/1.0\r\n",
        _ => b" / HTTP/1.1\r\n",
    });
    match head.body() {
        BodyFraming::None => {}
        BodyFraming::Length(length) => {
            out.extend_from_slice(format!("Content-Length: {length}\r\n").as_bytes());
        }
        BodyFraming::Chunked => out.extend_from_slice(b"Transfer-Encoding: chunked\r\n"),
    }
    if let Some(protocol) = head.field(b"upgrade") {
        out.extend_from_slice(b"Upgrade: ");
        out.extend_from_slice(protocol);
        out.extend_from_slice(b"\r\n");
    }
    out.extend_from_slice(if request.keep_alive {
        b"Connection: keep-alive\r\n\r\n"
    } else {
        b"Connection: close\r\n\r\n"
    });
    out
}

/// Whether the client sends the body only once it is told to go on.
pub(super) fn waits(request: &Request) -> bool {
    request.head.minor_version() == 1 && request.head.lists(b"expect", b"100-continue")
}
