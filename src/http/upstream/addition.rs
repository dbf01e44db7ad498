//! What another place of the server adds to a response: a subrequest whose answer's body goes where the
//! response is being sent.
//!
//! Its answer's status makes no difference: the page of an error is added as any other. An answer
//! that breaks off ends the response that it is added to, which must not look whole.

use std::future::poll_fn;
use std::io;
use std::task::{Context, Poll, ready};

use super::pulled::Pulled;
use crate::http::course::circumstances::Circumstances;
use crate::http::course::request::Request;
use crate::http::message::response::Body;
use crate::http::transport::end::End;
use crate::http::transport::received::Received;

/// What is being added.
pub struct Addition(Pulled);

impl Addition {
    /// Begins to ask `path` on behalf of the request; `None` when requests are nested too deeply.
    pub fn begin(request: &Request, path: &[u8]) -> Option<Box<Self>> {
        let sub = request.addition(path)?;
        Some(Box::new(Self(Pulled::begin(sub))))
    }

    /// The next piece, which is empty at the end. By then `request`, on whose behalf it is, knows what was
    /// assigned to variables.
    pub fn poll_piece(
        &mut self,
        task: &mut Context<'_>,
        request: &mut Request,
    ) -> Poll<io::Result<Received>> {
        self.0.poll_piece(task, |sub, whole| {
            request.swap_values(sub);
            if !whole {
                let sub = Circumstances(sub);
                log::error!("what is added to a response broke off{sub}");
            }
        })
    }
}

/// Sends the body of an answer that was made here; false when it breaks off.
pub(super) async fn deliver(sub: &mut Request, client: &mut End, mut body: Body) -> bool {
    let mut filters = std::mem::take(&mut sub.bodies.response);
    loop {
        let Ok(chunk) = body.next_chunk().await else {
            return false;
        };
        let passed = match &chunk {
            Some(chunk) => filters
                .piece(sub, chunk)
                .map(|passed| passed.unwrap_or(chunk)),
            None => filters.end(sub),
        };
        let Ok(passed) = passed else {
            return false;
        };
        if send(client, passed).await.is_err() {
            return false;
        }
        while filters.has_more() {
            let Ok(more) = filters.more(sub) else {
                return false;
            };
            if send(client, more).await.is_err() {
                return false;
            }
        }
        if chunk.is_none() {
            return true;
        }
    }
}

async fn send(client: &mut End, mut bytes: &[u8]) -> io::Result<()> {
    poll_fn(|task| {
        while !bytes.is_empty() {
            let sent = ready!(client.poll_send(task, bytes, &[]))?;
            bytes = &bytes[sent..];
        }
        Poll::Ready(Ok(()))
    })
    .await
}
