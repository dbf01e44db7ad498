//! Requests that wait: for whatever a step has asked for, and beside it for their clients to leave.

use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::Poll;

use bytes::Bytes;

use super::addition;
use super::road::{self, Proxied};
use super::whole_body;
use crate::http::course::engine::{self, Answer, Paused};
use crate::http::course::request::Request;
use crate::http::course::respond;
use crate::http::course::session::Session;
use crate::http::plan::wait::{Subrequest, Wait};

/// The status of a request whose client has left.
const LEFT: u16 = 499;

/// Goes on with a request that waits, until it has an answer.
pub async fn settle(request: &mut Request, session: &mut Session, mut paused: Paused) -> Answer {
    loop {
        let (wait, go_on) = paused.into_parts();
        if let Wait::Body(folder) = &wait
            && let Err(answer) = whole_body::take(request, session, folder).await
        {
            return answer;
        }
        let client = &mut session.client;
        let outlives = AtomicBool::new(false);
        let left = std::future::poll_fn(|task| match outlives.load(Ordering::Relaxed) {
            true => Poll::Pending,
            false => client.poll_left(task),
        });
        let over = tokio::select! {
            biased;
            over = finished(request, wait, &outlives) => over,
            () = left => Err(LEFT),
        };
        session.client.stop_watching();
        request.time_passed();
        if let Err(status) = over {
            request.response.status = status;
            return Answer::Close;
        }
        match go_on(request) {
            Answer::Wait(next) => paused = next,
            answer => return answer,
        }
    }
}

/// Ready once it is over; the status where that closes the connection. Whether it is waited for without the
/// client is told in `outlives`.
async fn finished(request: &mut Request, wait: Wait, outlives: &AtomicBool) -> Result<(), u16> {
    match wait {
        Wait::Until(end) => end.await,
        Wait::Body(_) => {}
        Wait::Subrequest(sub) => {
            let Subrequest {
                request: mut sub,
                answered,
            } = *sub;
            let mut session = Session::of_our_own();
            let whole = answer(&mut sub, &mut session, outlives).await;
            engine::finish(&mut sub);
            if !whole {
                return Err(sub.response.status);
            }
            answered(request, &mut sub);
        }
    }
    Ok(())
}

/// Takes a subrequest to the head of its response, and to the end of its body if that is wanted; false where it
/// is not whole, or the connection is to be closed instead.
pub(super) fn answer<'a>(
    sub: &'a mut Request,
    session: &'a mut Session,
    outlives: &'a AtomicBool,
) -> Pin<Box<dyn Future<Output = bool> + Send + 'a>> {
    Box::pin(async move {
        let mut answer = engine::decide(sub);
        if let Answer::Wait(paused) = answer {
            answer = settle(sub, session, paused).await;
        }
        let mut response = match answer {
            Answer::Local(response) => response,
            Answer::Proxy(origin) => {
                outlives.store(origin.rules().outlives_client, Ordering::Relaxed);
                match road::run(sub, session, origin).await {
                    Proxied::Sent { whole } => return whole,
                    Proxied::Instead(response) => response,
                    Proxied::Close => return false,
                }
            }
            Answer::Receive(receiver) => receiver.answer(sub, Bytes::new()).await,
            Answer::Wait(_) | Answer::Close => return false,
        };
        sub.head_sent = true;
        respond::take_head(sub, &mut response);
        match sub.is_addition() && respond::sends_body(sub) {
            true => addition::deliver(sub, &mut session.client, response.body).await,
            false => true,
        }
    })
}
