//! Reading the body of a request as a whole, before anybody is asked.

use std::path::Path;
use std::task::{Poll, ready};

use crate::http::course::request::Request;
use crate::http::course::request_body::BodyError;
use crate::http::course::session::Session;
use crate::http::transport::timer::deadline;

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
