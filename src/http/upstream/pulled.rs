//! The body of the answer to a request of our own, as it comes.
//!
//! The request is taken further only while its next piece is waited for, and is never further ahead than a pipe holds.

use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::task::{Context, Poll, ready};

use tokio::io::{DuplexStream, duplex};

use super::wait;
use crate::http::course::engine;
use crate::http::course::request::Request;
use crate::http::course::session::Session;
use crate::http::transport::end::End;
use crate::http::transport::received::{PIECE, Received};

/// A body that is being had.
pub struct Pulled {
    /// Until it is over.
    work: Option<Work>,
    pipe: DuplexStream,
    /// Whether the answer was not whole.
    is_broken: bool,
}

/// The request that was answered, and whether its answer is whole.
type Work = Pin<Box<dyn Future<Output = (Box<Request>, bool)> + Send>>;

impl Pulled {
    /// Begins to have a request answered that was made for the body, see [`Request::is_addition`].
    pub fn begin(request: Box<Request>) -> Self {
        let (pipe, ours) = duplex(PIECE);
        let traffic = Arc::clone(&request.connection.traffic);
        let session = Session::new(End::new(Box::new(ours), traffic));
        Self {
            work: Some(Box::pin(carry_out(request, session))),
            pipe,
            is_broken: false,
        }
    }

    /// The next piece, which is empty at the end. By then `over` was shown the request, and whether its answer is whole.
    pub fn poll_piece(
        &mut self,
        task: &mut Context<'_>,
        over: impl FnOnce(&mut Request, bool),
    ) -> Poll<io::Result<Received>> {
        if let Some(work) = &mut self.work
            && let Poll::Ready((mut request, whole)) = work.as_mut().poll(task)
        {
            self.work = None;
            self.is_broken = !whole;
            over(&mut request, whole);
        }
        let mut piece = Received::default();
        let length = ready!(piece.poll_read(task, &mut self.pipe))?;
        match length == 0 && self.is_broken {
            true => Poll::Ready(Err(io::ErrorKind::UnexpectedEof.into())),
            false => Poll::Ready(Ok(piece)),
        }
    }
}

async fn carry_out(mut request: Box<Request>, mut session: Session) -> (Box<Request>, bool) {
    let whole = wait::answer(&mut request, &mut session, &AtomicBool::new(true)).await;
    request.complete = whole;
    engine::finish(&mut request);
    (request, whole)
}
