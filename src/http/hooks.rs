//! What Pingora's proxy asks along the way of a request. Nothing is decided here: the hooks pass on
//! to the origin of the request, and to the engine when something failed.

use async_trait::async_trait;
use bytes::Bytes;
use pingora::http::{RequestHeader, ResponseHeader};
use pingora_core::protocols::Digest;
use pingora_core::upstreams::peer::HttpPeer;
use pingora_core::{Error, ErrorSource, ErrorType, Result};
use pingora_proxy::{FailToProxy, ProxyHttp, ProxyWarnLogContext, Session};

use super::bridge::{HANDED, Handed, waits};
use super::client::{BodyFault, Share};
use super::exchange::{
    CLIENT_LEFT, Course, Exchange, SWITCHING, body_of, failure_of, is_answered, status_of,
};
use super::head::BodyFraming;
use super::origin::{Failure, Reply};
use super::reading::{send, tell_to_continue};
use super::respond;
use super::response::Response;

/// The hooks; all state is in the exchange.
pub(super) struct Hooks;

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
        let Some(handed) = &exchange.handed else {
            return Ok(false);
        };
        session.set_abort_on_close(!handed.origin.outlives_client());
        if waits(&handed.request) {
            tell_to_continue(handed).await?;
        }
        Ok(false)
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
        peer: &HttpPeer,
        exchange: &mut Exchange,
        mut error: Box<Error>,
    ) -> Box<Error> {
        let failure = match error.etype() {
            ErrorType::ConnectTimedout => Failure::Timeout,
            _ => Failure::Connect,
        };
        complain(exchange, peer, "connecting to upstream failed", &error);
        let body = body_of(session);
        exchange.attempt_failed(failure, body);
        error.set_retry(exchange.goes_on(body, failure.status()));
        error
    }

    fn error_while_proxy(
        &self,
        peer: &HttpPeer,
        session: &mut Session,
        mut error: Box<Error>,
        exchange: &mut Exchange,
        reused: bool,
    ) -> Box<Error> {
        error.retry.decide_reuse(reused);
        let body = body_of(session);
        let is_peers = *error.esource() == ErrorSource::Upstream;
        if matches!(exchange.course, Course::Open) && is_peers && !is_answered(session) {
            complain(exchange, peer, "upstream failed", &error);
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
        let is_clients = *error.esource() == ErrorSource::Downstream;
        let fault = exchange.body_fault().filter(|_| is_clients);
        let code = fault.map_or_else(|| status_of(error), |_| 400);
        let outcome = |reusable| FailToProxy {
            error_code: code,
            can_reuse_downstream: reusable,
        };
        if is_answered(session) {
            // The head has left; the client sees the response break off.
            log::error!("a response broke off: {error}");
            return outcome(false);
        }
        if is_clients {
            exchange.course = Course::Open;
        }
        if code == CLIENT_LEFT || fault == Some(BodyFault::Cut) {
            if let Some(handed) = &mut exchange.handed {
                handed.request.response.status = code;
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

    async fn logging(&self, _: &mut Session, error: Option<&Error>, exchange: &mut Exchange) {
        if let Ok((request, origin)) = exchange.parts() {
            request.complete |= error.is_none();
            request.time_passed();
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
        _context: ProxyWarnLogContext,
    ) -> bool {
        true
    }
}

/// Tells the log what went wrong, and for whom.
fn complain(exchange: &Exchange, peer: &HttpPeer, what: &str, error: &Error) {
    let Some(Handed { request, .. }) = &exchange.handed else {
        return;
    };
    let client = request.connection.client;
    let client = client.map_or_else(|| "unix:".to_owned(), |client| client.ip().to_string());
    log::error!(
        "{what} ({}), client: {client}, server: {}, request: \"{}\", upstream: \"{}\"",
        error.etype().as_str(),
        request.server.name,
        request.head.request_line().escape_ascii(),
        peer._address,
    );
}
