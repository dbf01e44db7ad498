//! Pingora's proxy as the engine behind `proxy_pass`.
//!
//! A request is decided before Pingora hears of it, then handed over together with its
//! connection; the hooks here only pass on. What the origin's side wants done is said by an
//! `Origin`, which a module implements.

use std::cell::RefCell;
use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use pingora::http::{RequestHeader, ResponseHeader};
use pingora_core::apps::HttpServerApp;
use pingora_core::protocols::http::ServerSession;
use pingora_core::server::ShutdownWatch;
use pingora_core::server::configuration::ServerConf;
use pingora_core::upstreams::peer::HttpPeer;
use pingora_core::{Error, ErrorSource, ErrorType, Result};
use pingora_proxy::{FailToProxy, HttpProxy, ProxyHttp, Session, http_proxy};

use super::client::{Client, Share};
use super::engine::{self, Answer};
use super::head::BodyFraming;
use super::request::Request;
use super::respond;
use super::response::Response;

/// What a `proxy_pass` asks of the engine, and is told by it.
pub trait Origin: Send + Sync {
    /// The peer to try next, or the status to fail with.
    fn peer(&self, request: &mut Request) -> Result<Box<HttpPeer>, u16>;
    /// Makes the head that the peer gets.
    fn request(&self, request: &mut Request, head: &mut RequestHeader) -> Result<()>;
    /// The peer could not be reached, or broke off. True to try another.
    fn failed(&self, request: &mut Request, failure: Failure) -> bool;
    /// The peer's response; `Err` with a status gives `error_page` its say.
    fn response(&self, request: &mut Request, head: &mut ResponseHeader) -> Result<(), u16>;
    /// So many bytes of its body have come.
    fn received(&self, request: &mut Request, bytes: usize);
    /// The exchange is over.
    fn finished(&self, request: &mut Request);
}

/// How an exchange with a peer failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failure {
    /// No connection.
    Connect,
    /// It did not answer in time.
    Timeout,
    /// It broke off or sent nonsense.
    Broken,
}

impl Failure {
    /// The status that a client is given.
    pub fn status(self) -> u16 {
        match self {
            Self::Timeout => 504,
            Self::Connect | Self::Broken => 502,
        }
    }
}

/// The engine that requests are handed to.
pub struct Bridge {
    proxy: Arc<HttpProxy<Hooks>>,
}

/// How a request came back.
pub struct Returned {
    /// The request, with what it was answered.
    pub request: Box<Request>,
    /// The connection, if it can serve another.
    pub client: Option<Box<Client>>,
}

tokio::task_local! {
    /// The request on its way into Pingora's hooks and back.
    static HANDED: RefCell<Option<Handed>>;
}

struct Handed {
    request: Box<Request>,
    origin: Option<&'static dyn Origin>,
    response: Option<Response>,
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
            max_retries: 32,
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
        client.lend(share(&request));
        let (origin, response) = match errand {
            Errand::Proxy(origin) => (Some(origin), None),
            Errand::Respond(response) => (None, Some(response)),
        };
        let keep_alive = request
            .keep_alive
            .then_some(request.location.settings.keepalive_timeout.as_secs());
        let mut session = ServerSession::new_http1(client);
        session.set_keepalive(keep_alive);
        session.set_keepalive_reuses_remaining(None);
        session.set_read_timeout(Some(request.location.settings.body_timeout));
        session.set_write_timeout(Some(request.location.settings.send_timeout));
        let handed = RefCell::new(Some(Handed {
            request,
            origin,
            response,
        }));
        HANDED
            .scope(handed, async {
                let reused = self.proxy.process_new_http(session, shutdown).await;
                let handed = HANDED.with(|place| place.borrow_mut().take())?;
                let stream = reused.map(|reused| reused.consume().0);
                Some(Returned {
                    request: handed.request,
                    client: stream.and_then(Client::take_back),
                })
            })
            .await
    }
}

/// What the request may take of the connection: its head and its body.
fn share(request: &Request) -> Share {
    let upgrades = request.head.field(b"upgrade").is_some();
    let head = request.head.bytes().len() as u64;
    match request.head.body() {
        _ if upgrades => Share::All,
        BodyFraming::None => Share::Bytes(head),
        BodyFraming::Length(length) => Share::Bytes(head.saturating_add(length)),
        BodyFraming::Chunked => Share::All,
    }
}

struct Hooks;

/// A request in Pingora's hands.
struct Exchange {
    handed: Option<Handed>,
    /// Made here because the origin failed; `fail_to_proxy` sends it.
    instead: Option<Response>,
    sent: u64,
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
    fn fail(&mut self, status: u16) -> Next {
        let Some(handed) = &mut self.handed else {
            return Next::Stop;
        };
        match engine::fail(&mut handed.request, status) {
            Answer::Proxy(next) => {
                handed.origin = Some(next);
                Next::Another
            }
            Answer::Local(response) => {
                self.instead = Some(response);
                Next::Stop
            }
            Answer::Close => Next::Stop,
        }
    }
}

#[derive(PartialEq, Eq)]
enum Next {
    Another,
    Stop,
}

#[async_trait]
impl ProxyHttp for Hooks {
    type CTX = Exchange;

    fn new_ctx(&self) -> Exchange {
        let mut handed = HANDED.with(|place| place.borrow_mut().take());
        let instead = handed.as_mut().and_then(|handed| handed.response.take());
        Exchange {
            handed,
            instead,
            sent: 0,
        }
    }

    async fn request_filter(&self, session: &mut Session, exchange: &mut Exchange) -> Result<bool> {
        let Some(handed) = &mut exchange.handed else {
            return Ok(false);
        };
        if handed.request.head.lists(b"expect", b"100-continue") {
            session.downstream_session.write_continue_response().await?;
        }
        if handed.origin.is_some() {
            return Ok(false);
        }
        // A request with a body that is answered here: the body is read to its end first.
        let mut left = handed.request.location.settings.most_body;
        while let Some(chunk) = session.downstream_session.read_request_body().await? {
            if let Some(left) = &mut left {
                match left.checked_sub(chunk.len() as u64) {
                    Some(rest) => *left = rest,
                    None => return refuse_body(session, exchange).await,
                }
            }
        }
        match exchange.instead.take() {
            Some(response) => send(session, exchange, response).await.map(|()| true),
            None => Ok(true),
        }
    }

    async fn request_body_filter(
        &self,
        _session: &mut Session,
        body: &mut Option<Bytes>,
        _end: bool,
        exchange: &mut Exchange,
    ) -> Result<()> {
        exchange.sent += body.as_ref().map_or(0, |body| body.len() as u64);
        let sent = exchange.sent;
        let (request, _) = exchange.parts()?;
        match request.location.settings.most_body {
            Some(most) if sent > most => Error::e_explain(
                ErrorType::HTTPStatus(413),
                "the body is larger than client_max_body_size",
            ),
            _ => Ok(()),
        }
    }

    async fn upstream_peer(
        &self,
        _session: &mut Session,
        exchange: &mut Exchange,
    ) -> Result<Box<HttpPeer>> {
        loop {
            let (request, origin) = exchange.parts()?;
            match origin.peer(request) {
                Ok(peer) => return Ok(peer),
                Err(status) if exchange.fail(status) == Next::Another => {}
                Err(status) => return Error::e_explain(ErrorType::HTTPStatus(status), "no peer"),
            }
        }
    }

    async fn upstream_request_filter(
        &self,
        _session: &mut Session,
        head: &mut RequestHeader,
        exchange: &mut Exchange,
    ) -> Result<()> {
        let (request, origin) = exchange.parts()?;
        origin.request(request, head)
    }

    async fn response_filter(
        &self,
        _session: &mut Session,
        head: &mut ResponseHeader,
        exchange: &mut Exchange,
    ) -> Result<()> {
        let (request, origin) = exchange.parts()?;
        if head.status.is_informational() && head.status.as_u16() != 101 {
            return Ok(());
        }
        if let Err(status) = origin.response(request, head) {
            exchange.fail(status);
            return Error::e_explain(ErrorType::HTTPStatus(status), "intercepted");
        }
        request.response.status = head.status.as_u16();
        request.time_passed();
        engine::head_point(request);
        request.head_sent = true;
        head.set_status(request.response.status)?;
        for field in request
            .response
            .fields
            .iter()
            .filter(|field| !field.value.is_empty())
        {
            head.append_header(field.name.clone(), field.value.as_slice())?;
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
        let bytes = body.as_ref().map_or(0, Bytes::len);
        origin.received(request, bytes);
        if !request.is_head() {
            request.body_sent += bytes as u64;
        }
        Ok(None)
    }

    fn fail_to_connect(
        &self,
        _session: &mut Session,
        _peer: &HttpPeer,
        exchange: &mut Exchange,
        mut error: Box<Error>,
    ) -> Box<Error> {
        let failure = match error.etype() {
            ErrorType::ConnectTimedout => Failure::Timeout,
            _ => Failure::Connect,
        };
        let again = retry(exchange, failure);
        error.set_retry(again);
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
        let ours = exchange.instead.is_some() || matches!(error.etype(), ErrorType::HTTPStatus(_));
        if ours
            || *error.esource() == ErrorSource::Downstream
            || session.response_written().is_some()
        {
            error.set_retry(false);
            return error;
        }
        let truncated = session.as_ref().retry_buffer_truncated();
        if reused && error.retry() && !truncated {
            // The peer closed an idle connection as it was used: the request never arrived.
            return error;
        }
        let failure = match error.etype() {
            ErrorType::ReadTimedout | ErrorType::WriteTimedout => Failure::Timeout,
            _ => Failure::Broken,
        };
        let again = !truncated && retry(exchange, failure);
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
        if session.response_written().is_some() {
            // The head has left; the client sees the response break off.
            return FailToProxy {
                error_code: code,
                can_reuse_downstream: false,
            };
        }
        if code == 0 {
            if let Ok((request, _)) = exchange.parts() {
                request.response.status = 499;
            }
            return FailToProxy {
                error_code: 0,
                can_reuse_downstream: false,
            };
        }
        if exchange.instead.is_none() {
            exchange.fail(code);
        }
        let response = exchange
            .instead
            .take()
            .unwrap_or_else(|| Response::page(code));
        let sent = send(session, exchange, response).await.is_ok();
        let bodiless = matches!(&exchange.handed, Some(handed) if handed.request.head.body() == BodyFraming::None);
        FailToProxy {
            error_code: code,
            can_reuse_downstream: sent && bodiless,
        }
    }

    async fn logging(
        &self,
        _session: &mut Session,
        error: Option<&Error>,
        exchange: &mut Exchange,
    ) {
        if let Ok((request, origin)) = exchange.parts() {
            request.complete |= error.is_none();
            origin.finished(request);
        }
        let handed = exchange.handed.take();
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

fn retry(exchange: &mut Exchange, failure: Failure) -> bool {
    let Ok((request, origin)) = exchange.parts() else {
        return false;
    };
    origin.failed(request, failure) || exchange.fail(failure.status()) == Next::Another
}

fn status_of(error: &Error) -> u16 {
    match (error.etype(), error.esource()) {
        (ErrorType::HTTPStatus(code), _) => *code,
        (ErrorType::ConnectTimedout | ErrorType::ReadTimedout, ErrorSource::Upstream) => 504,
        (_, ErrorSource::Upstream) => 502,
        (ErrorType::ReadTimedout, ErrorSource::Downstream) => 408,
        (ErrorType::ReadError | ErrorType::WriteError | ErrorType::ConnectionClosed, _) => 0,
        (_, ErrorSource::Downstream) => 400,
        _ => 500,
    }
}

async fn refuse_body(session: &mut Session, exchange: &mut Exchange) -> Result<bool> {
    exchange.fail(413);
    let response = exchange
        .instead
        .take()
        .unwrap_or_else(|| Response::page(413));
    session.set_keepalive(None);
    send(session, exchange, response).await.map(|()| true)
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
            request.body_sent += chunk.len() as u64;
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
    Error::because(ErrorType::ReadError, "reading a file", error)
}
