//! Pingora's proxy as the engine behind `proxy_pass`.
//!
//! A request is decided before Pingora hears of it, then handed over together with a loan of its
//! connection; the hooks here only pass on. What the origin's side wants done is said by an
//! `Origin`, which a module implements. Pingora is shown a head of our own making, which says how
//! the body ends and nothing else: the real one was judged already, and the peer gets what the
//! `Origin` writes.

use std::cell::RefCell;
use std::sync::Arc;

use async_trait::async_trait;
use bytes::{Bytes, BytesMut};
use parking_lot::Mutex;
use pingora::http::{RequestHeader, ResponseHeader};
use pingora_core::apps::HttpServerApp;
use pingora_core::protocols::Digest;
use pingora_core::protocols::http::ServerSession;
use pingora_core::server::ShutdownWatch;
use pingora_core::server::configuration::ServerConf;
use pingora_core::upstreams::peer::HttpPeer;
use pingora_core::{Error, ErrorSource, ErrorType, Result};
use pingora_proxy::{FailToProxy, HttpProxy, ProxyHttp, Session, http_proxy};

use super::chunks::Chunks;
use super::client::{Client, Lent, Share};
use super::engine::{self, Answer};
use super::head::BodyFraming;
use super::request::Request;
use super::respond;
use super::response::Response;

pub use super::origin::{Body, Failure, Origin, Reply};

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
    static HANDED: RefCell<Option<Handed>>;
}

struct Handed {
    request: Box<Request>,
    client: Arc<Mutex<Client>>,
    origin: Option<&'static dyn Origin>,
    response: Option<Response>,
    /// Whether the answer left in a way that Pingora takes for a failure, but the connection is
    /// good for another request.
    reusable: bool,
}

/// What a request is handed over for.
pub enum Errand {
    /// This origin is to answer.
    Proxy(&'static dyn Origin),
    /// The answer is made; the body is to be read first.
    Respond(Response),
}

impl Bridge {
    /// An engine that keeps up to `keep_alive` idle connections to peers.
    pub fn new(keep_alive: usize) -> Self {
        let conf = ServerConf {
            threads: 1,
            work_stealing: false,
            upstream_keepalive_pool_size: keep_alive,
            max_retries: MOST_TRIES,
            ..ServerConf::default()
        };
        Self {
            proxy: Arc::new(http_proxy(&Arc::new(conf), Hooks)),
        }
    }

    /// Does the errand of the request whose head is still in the client's buffer. `None` when
    /// the request was lost with its connection.
    pub async fn run(
        &self,
        request: Box<Request>,
        errand: Errand,
        mut client: Box<Client>,
        shutdown: &ShutdownWatch,
    ) -> Option<Returned> {
        client.consume(request.head.bytes().len());
        client.lend(share(&request));
        let client = Arc::new(Mutex::new(*client));
        let (origin, response) = match errand {
            Errand::Proxy(origin) => (Some(origin), None),
            Errand::Respond(response) => (None, Some(response)),
        };
        let session = session(&request, &client);
        let handed = RefCell::new(Some(Handed {
            request,
            client: Arc::clone(&client),
            origin,
            response,
            reusable: false,
        }));
        HANDED
            .scope(handed, async {
                let reused = self.proxy.process_new_http(session, shutdown).await;
                let handed = HANDED.with(|place| place.borrow_mut().take())?;
                let reusable = reused.is_some() || handed.reusable;
                drop((reused, handed.client));
                let client = Arc::try_unwrap(client).ok().map(Mutex::into_inner);
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

/// What the request may take of the connection, behind its head.
fn share(request: &Request) -> Share {
    match request.head.body() {
        BodyFraming::None => Share::Bytes(0),
        BodyFraming::Length(length) => Share::Bytes(length),
        BodyFraming::Chunked => Share::Chunks(Chunks::default()),
    }
}

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
    if waits(request) {
        out.extend_from_slice(b"Expect: 100-continue\r\n");
    }
    out.extend_from_slice(if request.keep_alive {
        b"Connection: keep-alive\r\n\r\n"
    } else {
        b"Connection: close\r\n\r\n"
    });
    out
}

/// Whether the client sends the body only once it is told to go on.
fn waits(request: &Request) -> bool {
    request.head.minor_version() == 1 && request.head.lists(b"expect", b"100-continue")
}

struct Hooks;

/// A request in Pingora's hands.
struct Exchange {
    handed: Option<Handed>,
    course: Course,
    /// Bytes of the request's body, as far as this attempt has seen them.
    body: u64,
}

/// What is to become of a request.
enum Course {
    /// Its origin answers.
    Open,
    /// Another peer, or another origin, is to be asked.
    Again,
    /// This is the answer.
    Instead(Response),
    /// There is no answer.
    Close,
}

impl Exchange {
    fn parts(&mut self) -> Result<(&mut Request, &'static dyn Origin)> {
        match &mut self.handed {
            Some(Handed {
                request,
                origin: Some(origin),
                ..
            }) => Ok((request, *origin)),
            _ => Err(Error::explain(
                ErrorType::InternalError,
                "a request without an origin",
            )),
        }
    }

    /// The origin failed with `status`: `error_page` may know another, or a page.
    fn fail(&mut self, status: u16) {
        let Some(handed) = &mut self.handed else {
            self.course = Course::Close;
            return;
        };
        self.course = match engine::fail(&mut handed.request, status) {
            Answer::Proxy(next) => {
                handed.origin = Some(next);
                Course::Again
            }
            Answer::Local(response) => Course::Instead(response),
            Answer::Close => Course::Close,
        };
    }

    /// An attempt failed: another one, or the end.
    fn attempt_failed(&mut self, failure: Failure, body: Body) {
        let Ok((request, origin)) = self.parts() else {
            return;
        };
        request.time_passed();
        if origin.failed(request, failure, body) {
            self.course = Course::Again;
        } else {
            self.fail(failure.status());
        }
    }

    /// Whether to go on with another attempt, now that it is known what is left of the body.
    fn goes_on(&mut self, body: Body, status: u16) -> bool {
        if matches!(self.course, Course::Again) && body == Body::Gone {
            // A named location was to proxy it elsewhere, but there is no body to send any more.
            self.course = Course::Instead(Response::page(status));
        }
        matches!(self.course, Course::Again)
    }
}

#[async_trait]
impl ProxyHttp for Hooks {
    type CTX = Exchange;

    fn new_ctx(&self) -> Exchange {
        Exchange {
            handed: HANDED.with(|place| place.borrow_mut().take()),
            course: Course::Open,
            body: 0,
        }
    }

    async fn request_filter(&self, session: &mut Session, exchange: &mut Exchange) -> Result<bool> {
        let Some(handed) = &mut exchange.handed else {
            return Ok(false);
        };
        let waits = waits(&handed.request);
        match (handed.response.take(), handed.origin) {
            (Some(response), _) if waits => send(session, exchange, response).await?,
            (Some(response), _) => read_and_send(session, exchange, response).await?,
            (None, Some(origin)) => {
                session.set_abort_on_close(!origin.outlives_client());
                if waits {
                    session.downstream_session.write_continue_response().await?;
                }
                return Ok(false);
            }
            (None, None) => {}
        }
        Ok(true)
    }

    async fn request_body_filter(
        &self,
        _session: &mut Session,
        body: &mut Option<Bytes>,
        end: bool,
        exchange: &mut Exchange,
    ) -> Result<()> {
        exchange.body += body.as_ref().map_or(0, |body| body.len() as u64);
        let sent = exchange.body;
        let (request, origin) = exchange.parts()?;
        let most = request.location.settings.most_body;
        if most.is_some_and(|most| sent > most) && request.head.body() == BodyFraming::Chunked {
            return Error::e_explain(
                ErrorType::HTTPStatus(413),
                "the body is larger than client_max_body_size",
            );
        }
        if !origin.sends_body(request) {
            *body = (!end).then(Bytes::new);
        }
        origin.sending(request, body.as_ref().map_or(0, Bytes::len));
        Ok(())
    }

    async fn upstream_peer(
        &self,
        _session: &mut Session,
        exchange: &mut Exchange,
    ) -> Result<Box<HttpPeer>> {
        loop {
            exchange.course = Course::Open;
            let (request, origin) = exchange.parts()?;
            request.time_passed();
            let status = match origin.peer(request) {
                Ok(peer) => return Ok(peer),
                Err(status) => status,
            };
            exchange.fail(status);
            if !matches!(exchange.course, Course::Again) {
                return Error::e_explain(ErrorType::HTTPStatus(status), "no peer");
            }
        }
    }

    async fn connected_to_upstream(
        &self,
        _session: &mut Session,
        reused: bool,
        _peer: &HttpPeer,
        socket: std::os::unix::io::RawFd,
        _digest: Option<&Digest>,
        exchange: &mut Exchange,
    ) -> Result<()> {
        exchange.body = 0;
        let (request, origin) = exchange.parts()?;
        request.time_passed();
        origin.connected(request, socket, reused);
        Ok(())
    }

    async fn upstream_request_filter(
        &self,
        _session: &mut Session,
        head: &mut RequestHeader,
        exchange: &mut Exchange,
    ) -> Result<()> {
        let (request, origin) = exchange.parts()?;
        *head = origin.request(request)?;
        Ok(())
    }

    async fn upstream_response_filter(
        &self,
        _session: &mut Session,
        head: &mut ResponseHeader,
        exchange: &mut Exchange,
    ) -> Result<()> {
        if !head.status.is_informational() || head.status == SWITCHING {
            let (request, origin) = exchange.parts()?;
            request.time_passed();
            origin.answered(request, head);
        }
        Ok(())
    }

    async fn response_filter(
        &self,
        session: &mut Session,
        head: &mut ResponseHeader,
        exchange: &mut Exchange,
    ) -> Result<()> {
        let status = head.status.as_u16();
        if head.status.is_informational() && status != SWITCHING {
            return Ok(());
        }
        let body = body_of(session);
        let (request, origin) = exchange.parts()?;
        match origin.response(request, head, body) {
            Reply::Send => {}
            Reply::Another => {
                exchange.course = Course::Again;
                return Error::e_explain(ErrorType::HTTPStatus(status), "another peer is asked");
            }
            Reply::Fail(status) => {
                exchange.fail(status);
                return Error::e_explain(ErrorType::HTTPStatus(status), "intercepted");
            }
        }
        let unframed = request.head.minor_version() == 0 && !head.status.is_informational();
        if unframed && head.remove_header("Transfer-Encoding").is_some() {
            session.set_keepalive(None);
        }
        let (request, _) = exchange.parts()?;
        *head = respond::proxied_head(request, head)?;
        if status == SWITCHING {
            session.set_read_timeout(None);
            if let Some(handed) = &exchange.handed {
                handed.client.lock().lend(Share::All);
            }
        }
        Ok(())
    }

    fn response_body_filter(
        &self,
        _session: &mut Session,
        body: &mut Option<Bytes>,
        _end: bool,
        exchange: &mut Exchange,
    ) -> Result<Option<std::time::Duration>> {
        let (request, origin) = exchange.parts()?;
        origin.received(request, body.as_ref().map_or(0, Bytes::len));
        Ok(None)
    }

    fn fail_to_connect(
        &self,
        session: &mut Session,
        _peer: &HttpPeer,
        exchange: &mut Exchange,
        mut error: Box<Error>,
    ) -> Box<Error> {
        let failure = match error.etype() {
            ErrorType::ConnectTimedout => Failure::Timeout,
            _ => Failure::Connect,
        };
        log::error!("connecting to a peer failed: {error}");
        let body = body_of(session);
        exchange.attempt_failed(failure, body);
        error.set_retry(exchange.goes_on(body, failure.status()));
        error
    }

    fn error_while_proxy(
        &self,
        _peer: &HttpPeer,
        session: &mut Session,
        mut error: Box<Error>,
        exchange: &mut Exchange,
        reused: bool,
    ) -> Box<Error> {
        error.retry.decide_reuse(reused);
        let body = body_of(session);
        let is_peers = *error.esource() == ErrorSource::Upstream;
        if matches!(exchange.course, Course::Open) && is_peers && !is_answered(session) {
            log::error!("a peer failed: {error}");
            let failure = failure_of(&error, reused);
            exchange.attempt_failed(failure, body);
        }
        let again = exchange.goes_on(body, status_of(&error));
        error.set_retry(again);
        error
    }

    async fn fail_to_proxy(
        &self,
        session: &mut Session,
        error: &Error,
        exchange: &mut Exchange,
    ) -> FailToProxy {
        let code = status_of(error);
        let outcome = |reusable| FailToProxy {
            error_code: code,
            can_reuse_downstream: reusable,
        };
        if is_answered(session) {
            // The head has left; the client sees the response break off.
            log::error!("a response broke off: {error}");
            return outcome(false);
        }
        if *error.esource() == ErrorSource::Downstream {
            exchange.course = Course::Open;
        }
        if code == CLIENT_LEFT {
            if let Some(handed) = &mut exchange.handed {
                handed.request.response.status = CLIENT_LEFT;
                handed.request.head_sent = false;
            }
            return outcome(false);
        }
        if !matches!(exchange.course, Course::Instead(_) | Course::Close) {
            exchange.fail(code);
        }
        let response = match std::mem::replace(&mut exchange.course, Course::Close) {
            Course::Instead(response) => response,
            Course::Again | Course::Open => Response::page(code),
            Course::Close => return outcome(false),
        };
        let sent = send(session, exchange, response).await.is_ok();
        let reusable = sent && session.is_body_done() && session.get_keepalive().is_some();
        if let Some(handed) = &mut exchange.handed {
            handed.reusable = reusable;
        }
        outcome(reusable)
    }

    async fn logging(&self, session: &mut Session, error: Option<&Error>, exchange: &mut Exchange) {
        if let Ok((request, origin)) = exchange.parts() {
            request.complete |= error.is_none();
            request.time_passed();
            origin.finished(request);
        }
        let mut handed = exchange.handed.take();
        if let Some(handed) = &mut handed {
            handed.request.body_sent = session.body_bytes_sent() as u64;
        }
        HANDED.with(|place| *place.borrow_mut() = handed);
    }

    fn suppress_error_log(&self, _session: &Session, _exchange: &Exchange, _error: &Error) -> bool {
        true
    }

    fn suppress_proxy_warn_log(
        &self,
        _session: &Session,
        _exchange: &Exchange,
        _error: &Error,
        _context: pingora_proxy::ProxyWarnLogContext,
    ) -> bool {
        true
    }
}

const SWITCHING: u16 = 101;
/// The client left before there was an answer.
const CLIENT_LEFT: u16 = 499;

/// Whether the head of a final response has left.
fn is_answered(session: &Session) -> bool {
    let written = session.response_written();
    written.is_some_and(|head| !head.status.is_informational() || head.status == SWITCHING)
}

/// Whether the request's body could be sent once more.
fn body_of(session: &Session) -> Body {
    if session.as_ref().retry_buffer_truncated() {
        Body::Gone
    } else {
        Body::Kept
    }
}

fn failure_of(error: &Error, reused: bool) -> Failure {
    match error.etype() {
        ErrorType::ReadTimedout | ErrorType::WriteTimedout | ErrorType::ConnectTimedout => {
            Failure::Timeout
        }
        ErrorType::ConnectionClosed | ErrorType::WriteError | ErrorType::ReadError if reused => {
            Failure::Stale
        }
        ErrorType::InvalidHTTPHeader => Failure::Invalid,
        _ => Failure::Broken,
    }
}

fn status_of(error: &Error) -> u16 {
    match (error.etype(), error.esource()) {
        (ErrorType::HTTPStatus(code), _) => *code,
        (
            ErrorType::ConnectTimedout | ErrorType::ReadTimedout | ErrorType::WriteTimedout,
            ErrorSource::Upstream,
        ) => 504,
        (_, ErrorSource::Upstream) => 502,
        (ErrorType::ReadTimedout, ErrorSource::Downstream) => 408,
        (
            ErrorType::ReadError
            | ErrorType::WriteError
            | ErrorType::WriteTimedout
            | ErrorType::ConnectionClosed,
            _,
        ) => CLIENT_LEFT,
        (_, ErrorSource::Downstream) => 400,
        _ => 500,
    }
}

/// Reads the body of a request to its end, as far as that is allowed, then answers.
async fn read_and_send(
    session: &mut Session,
    exchange: &mut Exchange,
    mut response: Response,
) -> Result<()> {
    let handed = exchange.handed.as_ref();
    let most = handed.and_then(|handed| handed.request.location.settings.most_body);
    let mut read = 0;
    let body = &mut session.downstream_session;
    while let Some(chunk) = body
        .read_request_body()
        .await
        .map_err(|error| error.into_down())?
    {
        read += chunk.len() as u64;
        if most.is_some_and(|most| read > most) {
            exchange.fail(413);
            response = match std::mem::replace(&mut exchange.course, Course::Close) {
                Course::Instead(response) => response,
                _ => Response::page(413),
            };
            session.set_keepalive(None);
            break;
        }
    }
    send(session, exchange, response).await
}

/// Sends a response made here through Pingora's session.
async fn send(
    session: &mut Session,
    exchange: &mut Exchange,
    mut response: Response,
) -> Result<()> {
    let Some(Handed { request, .. }) = &mut exchange.handed else {
        return Ok(());
    };
    request.time_passed();
    respond::take(request, &mut response);
    if !request.keep_alive {
        session.set_keepalive(None);
    }
    let head = respond::pingora_head(request, &response.body)?;
    session.write_response_header(Box::new(head), false).await?;
    request.head_sent = true;
    if respond::sends_body(request) {
        while let Some(chunk) = response.body.next_chunk().await.map_err(broken_file)? {
            session.write_response_body(Some(chunk), false).await?;
        }
    }
    session.write_response_body(None, true).await?;
    if let Some(Handed { request, .. }) = &mut exchange.handed {
        request.complete = true;
    }
    Ok(())
}

fn broken_file(error: std::io::Error) -> Box<Error> {
    log::error!("a file could not be read while it was sent: {error}");
    Error::because(ErrorType::FileReadError, "reading a file", error)
}
