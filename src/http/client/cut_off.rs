//! Requests whose connection's task ends while their heads are being received: a worker that may wait no longer
//! drops its tasks, and a panic unwinds one. All others end in `course::cut_off`.

use crate::http::course::identify::salvage;
use crate::http::course::request::Request;
use crate::http::transport::end::End;

/// A request that is being waited for. Half a head is a request that began; when nobody waits for the rest any
/// more, it ends as one that was malformed would: with what can be read of it.
pub(in crate::http) struct Arriving<'a> {
    pub(in crate::http) client: &'a mut End,
    pub(in crate::http) request: &'a mut Request,
    has_arrived: bool,
}

impl<'a> Arriving<'a> {
    pub(in crate::http) fn new(client: &'a mut End, request: &'a mut Request) -> Self {
        Self {
            client,
            request,
            has_arrived: false,
        }
    }

    /// It is waited for no longer.
    pub(in crate::http) fn arrived(mut self) {
        self.has_arrived = true;
    }
}

impl Drop for Arriving<'_> {
    fn drop(&mut self) {
        if !self.has_arrived && skip_empty_lines(self.client) > 0 {
            salvage(self.request, self.client.received());
            self.client.consume(self.client.received().len());
        }
    }
}

/// Drops empty lines before a request; gives how many bytes are left.
pub(in crate::http) fn skip_empty_lines(client: &mut End) -> usize {
    let blank = client
        .received()
        .iter()
        .take_while(|byte| matches!(byte, b'\r' | b'\n'))
        .count();
    if blank > 0 {
        client.consume(blank);
    }
    client.received().len()
}
