//! Content that is made out of a request's body.
//!
//! Handlers decide before the body is read, so that most requests need not wait for theirs. One that
//! wants it names a receiver, which gets the body whole and bounded, and may then wait for something
//! before it answers. A request without a body is answered without any detour.

use async_trait::async_trait;
use bytes::Bytes;

use crate::http::course::request::Request;
use crate::http::message::response::Response;

/// Makes the answer out of a request and its body.
#[async_trait]
pub trait Receiver: Send + Sync {
    /// Bytes of the longest body it takes of this request; a longer one is answered with 413.
    fn most_body(&self, request: &Request) -> u64;

    /// The answer, now that the body is here, empty if there is none. Once begun it runs to its end,
    /// also when the client leaves meanwhile; it must not block its thread.
    async fn answer(&'static self, request: &mut Request, body: Bytes) -> Response;
}

/// Bytes of the longest body that a receiver is given of this request; the location has a say too.
pub(in crate::http) fn most_body(receiver: &dyn Receiver, request: &Request) -> u64 {
    let most = request.location.settings.most_body.unwrap_or(u64::MAX);
    most.min(receiver.most_body(request))
}
