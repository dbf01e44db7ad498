//! `X-Accel-Redirect`: a peer has another place of ours answer.

use crate::http::course::request::Request;
use crate::http::message::uri;
use crate::http::plan::origin::Reply;
use crate::http::plan::outcome::InternalTarget;

/// Where a request is answered instead.
pub(super) fn redirect(request: &mut Request, target: &[u8]) -> Reply {
    request.response.fields.clear();
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
