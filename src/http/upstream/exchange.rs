//! One attempt with a peer: a request is written to it, its response is passed on.
//!
//! Both directions go on in one function, each as far as it can, so that neither waits for the
//! other: a peer may answer before it has read the request, and a client may send while it reads.
//! Nothing is read that nobody has room for, which is the back-pressure. Each wait has a deadline
//! of its own, and the connection one timer.

use std::io;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::time::Instant;

use super::head::{self, Taken};
use crate::http::course::circumstances::{Circumstances, Passing};
use crate::http::course::request::Request;
use crate::http::course::request_body::BodyError;
use crate::http::course::respond;
use crate::http::course::session::Session;
use crate::http::message::framing::{Decoded, Framing};
use crate::http::message::response_head;
use crate::http::plan::origin::{Failure, Origin, Rules};
use crate::http::plan::outcome::InternalTarget;
use crate::http::transport::end::End;
use crate::http::transport::link::Link;
use crate::http::transport::timer::deadline;

/// Why an attempt ended before the client had the response.
#[derive(Debug)]
pub(super) enum Broken {
    /// The peer failed.
    Peer(Failure),
    /// Another peer is to be asked.
    Another,
    /// The request fails with this status.
    Status(u16),
    /// The request is answered from another place.
    Redirect(InternalTarget),
    /// The client has left, or takes nothing.
    Client,
    /// The client has left within the body.
    Cut,
}

impl Broken {
    /// The client's body cannot be read on.
    pub(super) fn body(request: &Request, error: &BodyError) -> Self {
        match error {
            BodyError::Cut => return Self::Cut,
            BodyError::File(error) => {
                log::error!("a temporary file failed: {error}{}", Circumstances(request));
            }
            _ => {}
        }
        Self::Status(error.status())
    }
}

/// One attempt with a peer.
pub(super) struct Exchange<'a> {
    request: &'a mut Request,
    session: &'a mut Session,
    origin: &'static dyn Origin,
    rules: &'static Rules,
    peer: Option<Peer>,
    stage: Stage,
    deadlines: Deadlines,
    to_peer_sent: usize,
    is_peer_flushed: bool,
    has_client_left: bool,
    /// Whether the client gets nothing more of the body.
    is_discarding: bool,
}

struct Peer {
    end: End,
    opened: Instant,
    requests: u64,
    /// Whether it was idle before.
    reused: bool,
    /// Whether it takes no more of the request.
    is_deaf: bool,
}

enum Stage {
    /// The head of the response is awaited; so many informational ones have come.
    Head(u32),
    /// Its body is passed on.
    Body { framing: Framing, persistent: bool },
    /// Both sides speak another protocol.
    Tunnel,
    /// Everything has come; the client gets the rest.
    Rest { whole: bool },
}

/// When each wait is over, as far as there is one.
#[derive(Default)]
struct Deadlines {
    peer_read: Option<Instant>,
    peer_write: Option<Instant>,
    client_read: Option<Instant>,
    client_write: Option<Instant>,
}

/// More informational responses than this before the final one are a fault.
const MAX_INFORMATIONAL: u32 = 16;

impl<'a> Exchange<'a> {
    /// An exchange over a connection; `session.to_peer` holds the request's head.
    pub(super) fn new(
        request: &'a mut Request,
        session: &'a mut Session,
        origin: &'static dyn Origin,
        link: Link,
    ) -> Self {
        let peer = Peer {
            end: End::new(link.stream, link.traffic),
            opened: link.opened,
            requests: link.requests,
            reused: link.requests > 1,
            is_deaf: false,
        };
        Self {
            request,
            session,
            origin,
            rules: origin.rules(),
            peer: Some(peer),
            stage: Stage::Head(0),
            deadlines: Deadlines::default(),
            to_peer_sent: 0,
            is_peer_flushed: false,
            has_client_left: false,
            is_discarding: false,
        }
    }

    /// Goes on to the end of the response; whether the client got all of it.
    pub(super) async fn run(mut self) -> Result<bool, Broken> {
        std::future::poll_fn(|task| self.poll(task)).await
    }

    fn poll(&mut self, task: &mut Context<'_>) -> Poll<Result<bool, Broken>> {
        loop {
            let mut moved = self.poll_request(task)?;
            moved |= self.poll_response(task)?;
            moved |= self.poll_client(task)?;
            if let Stage::Rest { whole } = self.stage
                && self.session.outbox.is_empty()
            {
                return Poll::Ready(Ok(whole));
            }
            if !moved {
                break;
            }
        }
        self.poll_time(task)
    }

    /// Sends the request as far as the peer takes it; whether anything was done.
    fn poll_request(&mut self, task: &mut Context<'_>) -> Result<bool, Broken> {
        let mut moved = false;
        while let Some(peer) = self.peer.as_mut().filter(|peer| !peer.is_deaf) {
            let pending = &self.session.to_peer[self.to_peer_sent..];
            if !pending.is_empty() {
                match peer.end.poll_send(task, pending, &[]) {
                    Poll::Ready(Ok(sent)) => self.to_peer_sent += sent,
                    Poll::Ready(Err(_)) => peer.is_deaf = true,
                    Poll::Pending => {
                        begin(&mut self.deadlines.peer_write, self.rules.send_timeout);
                        return Ok(moved);
                    }
                }
                self.deadlines.peer_write = None;
                self.is_peer_flushed = false;
                moved = true;
                continue;
            }
            if !self.is_peer_flushed {
                self.is_peer_flushed = peer.end.poll_flush(task).is_ready();
            }
            if !self.poll_body(task)? {
                return Ok(moved);
            }
            moved = true;
        }
        Ok(moved)
    }

    /// Has the next piece of the request's body ready for the peer; false when there is none now.
    fn poll_body(&mut self, task: &mut Context<'_>) -> Result<bool, Broken> {
        if matches!(self.stage, Stage::Tunnel) {
            return Ok(self.poll_tunnel(task));
        }
        if !self.rules.sends_body || self.session.body.is_given() || self.has_client_left {
            return Ok(false);
        }
        let session = &mut *self.session;
        session.to_peer.clear();
        self.to_peer_sent = 0;
        match session
            .body
            .poll_piece(task, &mut session.client, &mut session.to_peer)
        {
            Poll::Ready(Ok(content)) => {
                self.deadlines.client_read = None;
                self.origin.sent(self.request, content);
                Ok(true)
            }
            Poll::Ready(Err(error)) => self.body_failed(error),
            Poll::Pending => {
                let patience = self.request.location.settings.body_timeout;
                begin(&mut self.deadlines.client_read, patience);
                Ok(false)
            }
        }
    }

    /// The client's body cannot be read on.
    fn body_failed(&mut self, error: BodyError) -> Result<bool, Broken> {
        if self.request.head_sent {
            // There is a response already, which says no more about it.
            return Err(Broken::Client);
        }
        Err(Broken::body(self.request, &error))
    }

    /// What the client says in another protocol.
    fn poll_tunnel(&mut self, task: &mut Context<'_>) -> bool {
        let session = &mut *self.session;
        session.to_peer.clear();
        self.to_peer_sent = 0;
        if session.client.received().is_empty() {
            match session.client.poll_receive(task) {
                Poll::Ready(Ok(1..)) => {}
                Poll::Ready(_) => {
                    self.stage = Stage::Rest { whole: true };
                    return false;
                }
                Poll::Pending => return false,
            }
        }
        let received = session.client.received();
        session.to_peer.extend_from_slice(received);
        let amount = received.len();
        session.client.consume(amount);
        self.deadlines.peer_read = None;
        self.origin.sent(self.request, amount);
        true
    }

    /// Reads the response as far as there is room for it; whether anything was done.
    fn poll_response(&mut self, task: &mut Context<'_>) -> Result<bool, Broken> {
        match self.stage {
            Stage::Head(_) => self.poll_head(task),
            Stage::Body { .. } | Stage::Tunnel => self.poll_content(task),
            Stage::Rest { .. } => Ok(false),
        }
    }

    fn poll_head(&mut self, task: &mut Context<'_>) -> Result<bool, Broken> {
        let Some(peer) = &mut self.peer else {
            return Ok(false);
        };
        match peer.end.poll_receive(task) {
            Poll::Ready(Ok(1..)) => {
                self.deadlines.peer_read = None;
                while matches!(self.stage, Stage::Head(_)) && self.read_head()? {}
                Ok(true)
            }
            Poll::Ready(ended) => {
                let silent = peer.end.received().is_empty();
                let stale = peer.reused && silent;
                if !stale {
                    let how = match ended {
                        Ok(_) => "upstream prematurely closed connection".to_owned(),
                        Err(error) => format!("reading from upstream failed ({error})"),
                    };
                    self.complain(&format!(
                        "{how} while reading response header from upstream"
                    ));
                }
                let failure = if stale {
                    Failure::Stale
                } else {
                    Failure::Broken
                };
                Err(Broken::Peer(failure))
            }
            Poll::Pending => {
                if self.is_request_sent() {
                    begin(&mut self.deadlines.peer_read, self.rules.read_timeout);
                }
                Ok(false)
            }
        }
    }

    fn is_request_sent(&self) -> bool {
        let deaf = self.peer.as_ref().is_none_or(|peer| peer.is_deaf);
        let sent = self.to_peer_sent == self.session.to_peer.len();
        deaf || (sent && (!self.rules.sends_body || self.session.body.is_given()))
    }

    /// Takes a head from what was received; whether there was one, and another may follow.
    fn read_head(&mut self) -> Result<bool, Broken> {
        let Some(peer) = &mut self.peer else {
            return Ok(false);
        };
        let (request, origin) = (&mut *self.request, self.origin);
        let state = self.session.body.state();
        let received = peer.end.received();
        let size = received.len();
        let read = response_head::read(received, |head| {
            (head.length, head::take(request, origin, state, head))
        });
        let problem = match read {
            Ok(Some((length, taken))) => {
                peer.end.consume(length);
                return self.head_taken(taken?);
            }
            Ok(None) if size < self.rules.max_head => return Ok(false),
            Ok(None) => {
                "upstream sent too big header while reading response header from upstream, \
                 \"proxy_buffer_size\" says how long it may be"
                    .to_owned()
            }
            Err(bad) => format!("upstream sent {bad} while reading response header from upstream"),
        };
        self.complain(&problem);
        Err(Broken::Peer(Failure::Invalid))
    }

    /// A head was understood: the client's is written.
    fn head_taken(&mut self, taken: Taken) -> Result<bool, Broken> {
        let (framing, persistent, reason) = match taken {
            Taken::Informational(bytes) => return self.pass_informational(&bytes),
            Taken::Unasked => {
                self.complain("upstream changed to another protocol unasked");
                return Err(Broken::Peer(Failure::Invalid));
            }
            Taken::Final {
                framing,
                persistent,
                reason,
            } => (framing, persistent, reason),
        };
        let session = &mut *self.session;
        let request = &mut *self.request;
        request.keep_alive &= session.body.is_done();
        let is_length_known = matches!(framing, Framing::Length(_));
        let mut passed = respond::Passed::default();
        session.outbox.push_head(|out| {
            passed = respond::proxied_head(request, &reason, is_length_known, out);
        });
        session.outbox.set_chunked(passed.chunked);
        self.is_discarding |= !passed.with_body;
        self.stage = match request.response.status {
            101 => Stage::Tunnel,
            _ => Stage::Body {
                framing,
                persistent,
            },
        };
        self.pass_content()?;
        Ok(false)
    }

    fn pass_informational(&mut self, bytes: &[u8]) -> Result<bool, Broken> {
        let Stage::Head(seen) = &mut self.stage else {
            return Ok(false);
        };
        *seen += 1;
        if *seen > MAX_INFORMATIONAL {
            self.complain("upstream sent too many informational responses");
            return Err(Broken::Peer(Failure::Invalid));
        }
        if !bytes.is_empty() {
            let session = &mut *self.session;
            session.client.traffic().count_head(bytes.len());
            session.outbox.push_head(|out| out.extend_from_slice(bytes));
        }
        Ok(true)
    }

    fn poll_content(&mut self, task: &mut Context<'_>) -> Result<bool, Broken> {
        let ahead = self.rules.read_ahead.as_ref();
        let has_room = self.is_discarding || self.session.outbox.has_room(ahead);
        let Some(peer) = self.peer.as_mut().filter(|_| has_room) else {
            self.deadlines.peer_read = None;
            return Ok(false);
        };
        match peer.end.poll_receive(task) {
            Poll::Ready(Ok(1..)) => {
                self.deadlines.peer_read = None;
                self.pass_content()?;
                Ok(true)
            }
            Poll::Ready(ended) => {
                self.content_ended(ended);
                Ok(true)
            }
            Poll::Pending => {
                begin(&mut self.deadlines.peer_read, self.rules.read_timeout);
                Ok(false)
            }
        }
    }

    /// Passes on what was received of the response's body.
    fn pass_content(&mut self) -> Result<(), Broken> {
        let Some(peer) = &mut self.peer else {
            return Ok(());
        };
        let size = peer.end.received().len();
        let decoded = match &mut self.stage {
            Stage::Body { framing, .. } => framing.decode(peer.end.received_mut()),
            _ => Ok(Decoded {
                consumed: size,
                content: size,
            }),
        };
        let Ok(decoded) = decoded else {
            self.broke("upstream sent invalid chunked response");
            return Ok(());
        };
        let content = peer.end.take(decoded.consumed);
        self.origin.received(self.request, decoded.content);
        if !self.is_discarding {
            let ahead = self.rules.read_ahead.as_ref();
            let pushed = self
                .session
                .outbox
                .push_content(content, decoded.content, ahead);
            if let Err(error) = pushed {
                self.broke(&format!("a temporary file failed ({error})"));
                return Ok(());
            }
        }
        let Stage::Body {
            framing,
            persistent,
        } = &self.stage
        else {
            return Ok(());
        };
        let is_all = decoded.consumed == size;
        if framing.is_done() {
            let persistent = *persistent && is_all;
            self.peer_is_done(persistent);
        } else if !is_all {
            self.broke("upstream sent invalid chunked response");
        }
        Ok(())
    }

    /// The peer has closed, or its connection failed.
    fn content_ended(&mut self, ended: io::Result<usize>) {
        match (&self.stage, ended) {
            (Stage::Tunnel, _) => self.stage = Stage::Rest { whole: true },
            (
                Stage::Body {
                    framing: Framing::UntilClose,
                    ..
                },
                Ok(_),
            ) => self.peer_is_done(false),
            (_, Ok(_)) => self.broke("upstream prematurely closed connection"),
            (_, Err(error)) => self.broke(&format!("reading from upstream failed ({error})")),
        }
    }

    /// The whole response has come: the peer is free for others.
    fn peer_is_done(&mut self, persistent: bool) {
        let ended = self.session.outbox.push_end();
        self.stage = Stage::Rest {
            whole: ended.is_ok(),
        };
        self.deadlines.peer_read = None;
        self.deadlines.peer_write = None;
        let is_request_sent = self.is_request_sent();
        self.origin.finished(self.request);
        let Some(peer) = self.peer.take() else { return };
        if persistent && is_request_sent && !peer.is_deaf && peer.end.is_clean() {
            let link = peer.into_link();
            self.origin.keep(self.request, link);
        }
    }

    /// The response ends here: the client gets what came, and sees that it is not whole.
    fn broke(&mut self, problem: &str) {
        self.complain(&format!("{problem} while reading upstream"));
        self.request.keep_alive = false;
        self.deadlines.peer_read = None;
        self.deadlines.peer_write = None;
        self.peer = None;
        self.stage = Stage::Rest { whole: false };
    }

    /// Sends the client what there is for it, and watches whether it is still there.
    fn poll_client(&mut self, task: &mut Context<'_>) -> Result<bool, Broken> {
        let mut moved = false;
        while !self.session.outbox.is_empty() {
            let session = &mut *self.session;
            match session.outbox.poll_send(task, &mut session.client) {
                Poll::Ready(Ok(_)) => {
                    self.deadlines.client_write = None;
                    moved = true;
                }
                Poll::Ready(Err(_)) => return self.client_left().map(|()| true),
                Poll::Pending => {
                    let patience = self.request.location.settings.send_timeout;
                    begin(&mut self.deadlines.client_write, patience);
                    break;
                }
            }
        }
        Ok(moved | self.watch_client(task)?)
    }

    fn watch_client(&mut self, task: &mut Context<'_>) -> Result<bool, Broken> {
        let session = &mut *self.session;
        let watches = session.body.is_done()
            && !matches!(self.stage, Stage::Tunnel | Stage::Rest { .. })
            && !self.has_client_left;
        if watches && session.client.poll_left(task).is_ready() {
            return self.client_left().map(|()| true);
        }
        Ok(false)
    }

    fn client_left(&mut self) -> Result<(), Broken> {
        if !self.rules.outlives_client || matches!(self.stage, Stage::Tunnel) {
            return Err(Broken::Client);
        }
        self.has_client_left = true;
        self.is_discarding = true;
        self.deadlines.client_write = None;
        self.request.keep_alive = false;
        self.session.outbox.discard();
        Ok(())
    }

    /// Nothing moves: the first deadline decides.
    fn poll_time(&mut self, task: &mut Context<'_>) -> Poll<Result<bool, Broken>> {
        let Some(first) = self.deadlines.first() else {
            return Poll::Pending;
        };
        ready!(self.session.timer.poll(task, first));
        let over = |deadline: Option<Instant>| deadline.is_some_and(|one| one <= first);
        if over(self.deadlines.client_write) {
            return Poll::Ready(Err(Broken::Client));
        }
        if over(self.deadlines.client_read) {
            return Poll::Ready(self.body_failed(BodyError::Late));
        }
        match self.stage {
            Stage::Head(_) => {
                let doing = match over(self.deadlines.peer_read) {
                    true => "reading response header from upstream",
                    false => "sending request to upstream",
                };
                self.complain(&format!("upstream timed out while {doing}"));
                return Poll::Ready(Err(Broken::Peer(Failure::Timeout)));
            }
            Stage::Tunnel => self.stage = Stage::Rest { whole: true },
            Stage::Body { .. } | Stage::Rest { .. } => self.broke("upstream timed out"),
        }
        task.waker().wake_by_ref();
        Poll::Pending
    }

    fn complain(&mut self, problem: &str) {
        let peer = self.origin.peer_name(self.request);
        log::error!("{problem}{}", Passing(self.request, &peer));
    }
}

impl Peer {
    fn into_link(self) -> Link {
        let (stream, traffic) = self.end.into_parts();
        Link {
            stream,
            traffic,
            opened: self.opened,
            requests: self.requests,
            is_last_use: false,
        }
    }
}

impl Deadlines {
    fn first(&self) -> Option<Instant> {
        let all = [
            self.peer_read,
            self.peer_write,
            self.client_read,
            self.client_write,
        ];
        all.into_iter().flatten().min()
    }
}

/// A wait begins, unless it has begun already.
fn begin(wait: &mut Option<Instant>, patience: Duration) {
    if wait.is_none() {
        *wait = Some(deadline(patience));
    }
}
