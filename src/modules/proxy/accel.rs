//! Fields by which a peer says what becomes of its response: `X-Accel-Redirect` has another place of ours
//! answer, `X-Accel-Buffering` says whether it is read ahead of a slow client, `X-Accel-Limit-Rate` how fast it leaves.

use std::mem;

use super::ignored::Ignored;
use crate::conf::values;
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

/// The place that a response names to answer instead, if it does.
pub(super) fn target(head: &ResponseHead<'_>, ignored: Ignored) -> Option<Vec<u8>> {
    let target = head.field(b"x-accel-redirect")?;
    (!ignored.redirect).then(|| target.to_vec())
}

/// Says how fast a response is to leave.
pub(super) const RATE: &[u8] = b"x-accel-limit-rate";

/// Takes over how fast a response is to leave, if it says so: bytes a second, in digits.
pub(super) fn set_rate(request: &mut Request, said: Option<&[u8]>, ignored: Ignored) {
    let rate = said.and_then(|rate| values::number(str::from_utf8(rate).ok()?).ok());
    if let Some(rate) = rate.filter(|_| !ignored.rate) {
        request.rate = Some(rate);
    }
}

/// Whether a response asks to be read ahead, or not to be, if it says anything.
pub(super) fn buffering(head: &ResponseHead<'_>, ignored: Ignored) -> Option<bool> {
    let asked = head
        .field(b"x-accel-buffering")
        .filter(|_| !ignored.buffering)?;
    let is = |word: &[u8]| asked.eq_ignore_ascii_case(word);
    match (is(b"yes"), is(b"no")) {
        (true, _) => Some(true),
        (_, true) => Some(false),
        _ => None,
    }
}
