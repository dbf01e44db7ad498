//! Fields by which a peer says what becomes of its response: `X-Accel-Redirect` has another place of ours
//! answer, `X-Accel-Buffering` says whether it is read ahead of a slow client.

use std::mem;

use crate::http::course::request::Request;
use crate::http::message::response_head::ResponseHead;
use crate::http::message::uri;
use crate::http::plan::origin::Reply;
use crate::http::plan::outcome::InternalTarget;

/// What the answer that is given instead takes over from the peer's response: an application says so how a file is
/// called, for whom it may be stored, and who the client is from now on. The same fields as in nginx.
const TAKEN_OVER: [&str; 6] = [
    "Content-Type",
    "Content-Disposition",
    "Cache-Control",
    "Expires",
    "Accept-Ranges",
    "Set-Cookie",
];

/// Where a request is answered instead.
pub(super) fn redirect(request: &mut Request, target: &[u8]) -> Reply {
    let fields = mem::take(&mut request.response.fields);
    for name in TAKEN_OVER {
        for value in fields.all(name) {
            request.carry(name, value);
        }
    }
    if let Some(name) = target.strip_prefix(b"@") {
        let name = String::from_utf8_lossy(name).into_owned();
        return Reply::Redirect(InternalTarget::Named(name));
    }
    let (path, arguments) = uri::split_query(target);
    let slashes = request.server.settings.slashes;
    let Ok(path) = uri::normalise(path, slashes) else {
        return Reply::Fail(404);
    };
    Reply::Redirect(InternalTarget::Uri {
        path,
        arguments: arguments.map(<[u8]>::to_vec),
    })
}

/// Whether a response asks to be read ahead, or not to be, if it says anything.
pub(super) fn buffering(head: &ResponseHead<'_>) -> Option<bool> {
    let asked = head.field(b"x-accel-buffering")?;
    let is = |word: &[u8]| asked.eq_ignore_ascii_case(word);
    match (is(b"yes"), is(b"no")) {
        (true, _) => Some(true),
        (_, true) => Some(false),
        _ => None,
    }
}
