//! One request of a connection of HTTP/2, and what its stream comes to.

use std::future::poll_fn;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Poll, ready};
use std::time::Duration;

use h2::Reason;

use super::super::answering::{self, After};
use super::super::send::{LINGER, LINGER_SILENT};
use super::super::spare;
use super::Counted;
use crate::http::course::connection_facts::ConnectionFacts;
use crate::http::course::request::Request;
use crate::http::course::session::Session;
use crate::http::transport::clock;
use crate::http::transport::end::End;
use crate::http::transport::half::Half;
use crate::http::transport::timer::deadline;
use crate::http::transport::wire::Answering;

/// A request whose head has come.
pub(super) struct Asked {
    pub(super) request: Box<Request>,
    pub(super) half: Half,
    pub(super) answering: Answering,
    pub(super) _counted: Counted,
}

/// Answers a request, to its end.
pub(super) async fn serve(asked: Asked) {
    let mut serving = pin!(answer(asked));
    poll_fn(|task| clock::turn(|| serving.as_mut().poll(task))).await;
}

async fn answer(asked: Asked) {
    let Asked {
        mut request,
        mut half,
        answering: _answering,
        _counted,
    } = asked;
    let decided = answering::understand(&mut request, false);
    half.set_chunk(request.location.settings.chunk);
    let traffic = Arc::clone(&request.connection.traffic);
    let mut session = Session::new(End::of_stream(half, traffic));
    let mut copying = None;
    match answering::answer(decided, &mut request, &mut session, &mut copying).await {
        After::Next => {
            spare::keep(request, &mut Box::new(ConnectionFacts::of_none()));
            let_end(&mut session).await;
        }
        After::Linger { is_whole: true, .. } => let_end(&mut session).await,
        After::Linger { .. } => break_off(&request, &mut session).await,
        After::Close => reset(&mut session, reason(&request)),
    }
    drop(session);
    if let Some(mut copying) = copying {
        copying.end().await;
    }
}

/// So long a client may take to end a stream whose last byte has come.
const LAST_FRAME: Duration = Duration::from_secs(1);

/// Lets a client end its stream after the answer. Many end it by a frame of its own, and of a body that nobody wanted
/// they send more before they get to the answer; a stream that is reset before has some of them lose the answer. What
/// comes is thrown away, for as long as over a connection of HTTP/1.
async fn let_end(session: &mut Session) {
    let (most, most_silent) = match session.body.is_done() {
        true => (LAST_FRAME, LAST_FRAME),
        false => (LINGER, LINGER_SILENT),
    };
    let Session { client, timer, .. } = session;
    client.set_meter(None);
    client.consume(client.received().len());
    let mut end = None;
    let mut until = None;
    poll_fn(|task| {
        while let Poll::Ready(came) = client.poll_receive(task) {
            match came {
                Ok(amount @ 1..) => client.consume(amount),
                _ => return Poll::Ready(()),
            }
            until = None;
        }
        let end = *end.get_or_insert_with(|| deadline(most));
        let until = *until.get_or_insert_with(|| deadline(most_silent));
        timer.poll(task, end.min(until))
    })
    .await;
}

/// The client sees that nothing more comes; why, it is not told by a status.
fn reason(request: &Request) -> Reason {
    match request.head_sent {
        true => Reason::INTERNAL_ERROR,
        false => Reason::PROTOCOL_ERROR,
    }
}

/// The client gets what came of a response, and sees that it is not whole.
async fn break_off(request: &Request, session: &mut Session) {
    let until = deadline(request.location.settings.send_timeout);
    let Session { client, timer, .. } = session;
    poll_fn(|task| {
        let left = client.half_mut().map(|half| half.poll_all_left(task));
        if left.is_none_or(|left| left.is_ready()) {
            return Poll::Ready(());
        }
        ready!(timer.poll(task, until));
        Poll::Ready(())
    })
    .await;
    reset(session, Reason::INTERNAL_ERROR);
}

fn reset(session: &mut Session, reason: Reason) {
    if let Some(half) = session.client.half_mut() {
        half.reset(reason);
    }
}
