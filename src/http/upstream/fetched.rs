//! Subrequests whose answers are wanted as a whole: head and body, in memory.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use tokio::io::{AsyncReadExt, duplex};

use super::wait;
use crate::http::course::engine;
use crate::http::course::request::Request;
use crate::http::course::request_body::RequestBody;
use crate::http::course::session::Session;
use crate::http::transport::end::End;
use crate::http::transport::received::PIECE;

/// A subrequest that was answered.
pub struct Fetched {
    /// It, with the head of its answer.
    pub request: Box<Request>,
    /// The body of the answer, as far as it was taken.
    pub body: Vec<u8>,
    /// Whether that is all of it.
    pub is_whole: bool,
}

/// Has a subrequest answered that is made for the body of its answer ([`Request::addition`]), which is taken as long as
/// `has_room` says that there is room for so many bytes more.
pub async fn fetch(
    mut sub: Box<Request>,
    body: RequestBody,
    mut has_room: impl FnMut(usize) -> bool,
) -> Fetched {
    let (pipe, ours) = duplex(PIECE);
    let traffic = Arc::clone(&sub.connection.traffic);
    let mut session = Session::new(End::new(Box::new(ours), traffic));
    sub.bodies.whole = body.whole().ok().flatten();
    session.body = body;
    let work = async {
        let whole = wait::answer(&mut sub, &mut session, &AtomicBool::new(true)).await;
        sub.complete = whole;
        drop(session);
        engine::finish(&mut sub);
        whole
    };
    let mut content = Vec::new();
    let (whole, is_read) = tokio::join!(work, async {
        let mut pipe = pipe;
        let mut piece = vec![0; PIECE];
        loop {
            match pipe.read(&mut piece).await {
                Ok(0) => return true,
                Ok(got) if has_room(got) => content.extend_from_slice(&piece[..got]),
                _ => return false,
            }
        }
    });
    let is_whole = whole && is_read;
    Fetched {
        request: sub,
        body: content,
        is_whole,
    }
}
