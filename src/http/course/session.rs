//! The client's side of a request.

use std::sync::Arc;
use std::task::{Poll, ready};
use std::time::Duration;

use super::message;
use super::request::Request;
use super::request_body::{CONTINUE, RequestBody};
use crate::http::transport::end::End;
use crate::http::transport::nowhere::Nowhere;
use crate::http::transport::outbox::Outbox;
use crate::http::transport::start::Start;
use crate::http::transport::timer::{Timer, deadline};

/// The client's side of a request, and what is kept of it from one to the next of a connection.
#[derive(Debug)]
pub struct Session {
    /// The connection.
    pub client: End,
    /// For whatever is waited for.
    pub timer: Timer,
    /// The body of the request.
    pub body: RequestBody,
    /// The response, as far as it is on its way.
    pub outbox: Outbox,
    /// The request, as far as it is on its way to a peer.
    pub to_peer: Vec<u8>,
}

impl Session {
    /// The session of a fresh connection.
    pub fn new(client: End) -> Self {
        Self {
            client,
            timer: Timer::default(),
            body: RequestBody::default(),
            outbox: Outbox::default(),
            to_peer: Vec::new(),
        }
    }

    /// The session of a request that is made here; nobody is behind it.
    pub fn of_our_own() -> Self {
        Self::new(End::new(Box::new(Nowhere), Arc::default()))
    }

    /// The head of a request is out of the way; what follows is its body.
    pub fn begin_body(&mut self, request: &mut Request) {
        if std::mem::replace(&mut request.bodies.is_begun, true) {
            return;
        }
        let most = request.location.settings.most_body;
        self.body.begin(request.head.body(), most);
        if request.bodies.is_too_long {
            return self.body.refuse();
        }
        if !self.body.is_done() {
            if request.runtime.variables.reads_body {
                request.bodies.keep();
            }
            self.body
                .filter(std::mem::take(&mut request.bodies.request));
        }
    }

    /// Sends what is on its way; whether the client took it all, something within each `patience`.
    pub async fn send_outbox(&mut self, patience: Duration) -> bool {
        let mut until = deadline(patience);
        std::future::poll_fn(|task| {
            while !self.outbox.is_empty() {
                match self.outbox.poll_send(task, &mut self.client) {
                    Poll::Ready(Ok(_)) => until = deadline(patience),
                    Poll::Ready(Err(_)) => return Poll::Ready(false),
                    Poll::Pending if self.client.is_pausing() => {
                        until = deadline(patience);
                        return Poll::Pending;
                    }
                    Poll::Pending => {
                        ready!(self.timer.poll(task, until));
                        return Poll::Ready(false);
                    }
                }
            }
            Poll::Ready(true)
        })
        .await
    }

    /// Has what a response begins with sent before everything that is sent from now on.
    pub fn push_start(&mut self, start: Start) {
        if let Start::Bytes(bytes) = &start {
            self.client.traffic().count_head(bytes.len());
        }
        self.outbox.push_start(start);
    }

    /// Has a client told that waits for it before it sends a body.
    pub fn push_continue(&mut self) {
        self.body.call();
        let is_stream = self.client.is_stream();
        let start = match message::informational(100, std::iter::empty()) {
            Some(head) if is_stream => head,
            _ => Start::Bytes(CONTINUE.to_vec()),
        };
        self.push_start(start);
    }

    /// From now on the request's meter is told of what goes over the connection.
    pub fn follow(&mut self, request: &Request) {
        if request.meter.is_some() {
            self.client.set_meter(request.meter.as_ref());
        }
    }

    /// Gives back memory: nothing is expected soon, and nobody counts it.
    pub fn rest(&mut self) {
        self.client.set_meter(None);
        if self.to_peer.capacity() > RESTING {
            self.to_peer = Vec::new();
        }
        self.body.rest(RESTING);
        self.outbox.rest(RESTING);
    }
}

/// A connection at rest keeps no more than this of each kind.
const RESTING: usize = 1024;
