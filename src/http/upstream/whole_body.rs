//! Reading the body of a request as a whole, before anybody is asked.

use std::path::Path;
use std::task::{Poll, ready};

use crate::http::course::engine::{self, Answer};
use crate::http::course::request::Request;
use crate::http::course::request_body::BodyError;
use crate::http::course::session::Session;
use crate::http::transport::timer::deadline;

/// Reads the body of a client's request for a step that waits for it.
///
/// # Errors
/// The answer instead, where the body cannot be read.
pub(super) async fn take(
    request: &mut Request,
    session: &mut Session,
    directory: &Path,
) -> Result<(), Answer> {
    if request.is_subrequest() {
        return Ok(());
    }
    session.begin_body(request);
    let patience = request.location.settings.send_timeout;
    let read = async {
        if !session.body.is_taken() {
            session.outbox.begin();
            if session.body.is_awaited(request) {
                session.push_continue();
            }
        }
        read(request, session, directory).await?;
        match session.send_outbox(patience).await {
            true => session.body.whole().map_err(BodyError::File),
            false => Err(BodyError::Cut),
        }
    };
    let result = read.await;
    request.time_passed();
    let error = match result {
        Ok(whole) => {
            request.bodies.whole = whole;
            return Ok(());
        }
        Err(error) => error,
    };
    request.keep_alive = false;
    if let BodyError::Cut = error {
        let has_left = session.client.is_stream() && !session.client.is_refused();
        request.response.status = if has_left { 499 } else { 400 };
        return Err(Answer::Close);
    }
    Err(engine::fail(request, error.status()))
}

/// Reads all of it; what is long waits in a temporary file. What a waiting client is told leaves meanwhile.
pub(super) async fn read(
    request: &mut Request,
    session: &mut Session,
    directory: &Path,
) -> Result<(), BodyError> {
    let patience = request.location.settings.body_timeout;
    let mut until = deadline(patience);
    let mut seen = 0;
    std::future::poll_fn(|task| {
        while !session.outbox.is_empty() {
            match session.outbox.poll_send(task, &mut session.client) {
                Poll::Ready(Ok(_)) => {}
                Poll::Ready(Err(_)) => return Poll::Ready(Err(BodyError::Cut)),
                Poll::Pending => break,
            }
        }
        let (body, client) = (&mut session.body, &mut session.client);
        if let Poll::Ready(read) = body.poll_all(request, task, client, directory) {
            return Poll::Ready(read);
        }
        if session.body.length() > seen {
            seen = session.body.length();
            until = deadline(patience);
        }
        ready!(session.timer.poll(task, until));
        Poll::Ready(Err(BodyError::Late))
    })
    .await
}
