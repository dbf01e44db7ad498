//! Requests whose connection's task ends before they do: a worker that may wait no longer drops its tasks,
//! and a panic unwinds one.
//!
//! Each of them ends here, in `engine::finish` as all others, by being dropped. So there is no way out of the
//! code between beginning and end, neither an early return nor a wait, that could lose one.

use std::panic::{AssertUnwindSafe, catch_unwind};

use super::bridge::{Errand, Handed};
use super::client::Client;
use super::connection::skip_empty_lines;
use super::engine;
use super::exchange::Exchange;
use super::request::Request;

impl Drop for Request {
    fn drop(&mut self) {
        if !self.under_way {
            return;
        }
        // Its task may be unwinding already, when a second panic would end the process.
        let _ = catch_unwind(AssertUnwindSafe(|| {
            if !self.head_sent {
                self.response.status = 0;
            }
            engine::finish(self);
        }));
    }
}

impl Drop for Exchange {
    /// The request itself ends right after this.
    fn drop(&mut self) {
        if let Some(Handed {
            request,
            errand: Errand::Proxy(origin),
            ..
        }) = &mut self.handed
        {
            request.time_passed();
            request.body_sent = request.body_sent.min(request.bytes_sent());
            let _ = catch_unwind(AssertUnwindSafe(|| origin.finished(request)));
        }
    }
}

/// A request that is being waited for. Half a head is a request that began; when nobody waits for the rest any
/// more, it ends as one that was malformed would: with what can be read of it.
pub(super) struct Arriving<'a> {
    pub(super) client: &'a mut Client,
    pub(super) request: &'a mut Request,
    has_arrived: bool,
}

impl<'a> Arriving<'a> {
    pub(super) fn new(client: &'a mut Client, request: &'a mut Request) -> Self {
        Self {
            client,
            request,
            has_arrived: false,
        }
    }

    /// It is waited for no longer.
    pub(super) fn arrived(mut self) {
        self.has_arrived = true;
    }
}

impl Drop for Arriving<'_> {
    fn drop(&mut self) {
        if !self.has_arrived && skip_empty_lines(self.client) > 0 {
            salvage(self.request, self.client);
        }
    }
}

/// Begins a request with what was received of its head.
pub(super) fn salvage(request: &mut Request, client: &mut Client) {
    request.head.salvage(client.buffered());
    request.begin();
    client.consume(client.buffered().len());
}
