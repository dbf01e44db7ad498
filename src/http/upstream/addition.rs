//! What another place of the server adds to a response: a subrequest whose answer's body goes where the
//! response is being sent.
//!
//! The subrequest is taken further only while its next piece is waited for, and is never further ahead than a
//! pipe holds. Its answer's status makes no difference: the page of an error is added as any other. An answer
//! that breaks off ends the response that it is added to, which must not look whole.

use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::task::{Context, Poll, ready};

use tokio::io::{DuplexStream, duplex};

use super::wait;
use crate::http::course::circumstances::Circumstances;
use crate::http::course::engine;
use crate::http::course::request::Request;
use crate::http::course::session::Session;
use crate::http::message::response::Body;
use crate::http::transport::end::End;
use crate::http::transport::received::{PIECE, Received};

/// What is being added.
pub struct Addition {
    /// Until it is over.
    work: Option<Work>,
    pipe: DuplexStream,
    /// Whether the subrequest has failed to give all of its answer.
    is_broken: bool,
}

/// The subrequest that was answered, and whether its answer is whole.
type Work = Pin<Box<dyn Future<Output = (Box<Request>, bool)> + Send>>;

impl Addition {
    /// Begins to ask `path` on behalf of the request; `None` when requests are nested too deeply.
    pub fn begin(request: &Request, path: &[u8]) -> Option<Box<Self>> {
        let sub = request.addition(path)?;
        let (pipe, ours) = duplex(PIECE);
        let traffic = Arc::clone(&sub.connection.traffic);
        let session = Session::new(End::new(Box::new(ours), traffic));
        Some(Box::new(Self {
            work: Some(Box::pin(carry_out(sub, session))),
            pipe,
            is_broken: false,
        }))
    }

    /// The next piece, which is empty at the end. By then `request`, on whose behalf it is, knows what was
    /// assigned to variables.
    pub fn poll_piece(
        &mut self,
        task: &mut Context<'_>,
        request: &mut Request,
    ) -> Poll<io::Result<Received>> {
        if let Some(work) = &mut self.work
            && let Poll::Ready((mut sub, whole)) = work.as_mut().poll(task)
        {
            self.work = None;
            self.is_broken = !whole;
            request.swap_values(&mut sub);
        }
        let mut piece = Received::default();
        let length = ready!(piece.poll_read(task, &mut self.pipe))?;
        match length == 0 && self.is_broken {
            true => Poll::Ready(Err(io::ErrorKind::UnexpectedEof.into())),
            false => Poll::Ready(Ok(piece)),
        }
    }
}

async fn carry_out(mut sub: Box<Request>, mut session: Session) -> (Box<Request>, bool) {
    let whole = wait::answer(&mut sub, &mut session, &AtomicBool::new(true)).await;
    sub.complete = whole;
    engine::finish(&mut sub);
    if !whole {
        log::error!(
            "what is added to a response broke off{}",
            Circumstances(&sub)
        );
    }
    (sub, whole)
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
