//! Browsers that do not bear connections that are kept (`keepalive_disable`).

use super::request::Request;
use crate::http::message::browser::{is_msie6, is_safari};
use crate::http::plan::settings::Impatient;

/// Whether the connection of a request is to end behind it for the sake of its browser.
pub(in crate::http) fn is_impatient(request: &Request) -> bool {
    let Impatient { msie6, safari } = request.location.settings.responses.impatient;
    if !msie6 && !safari {
        return false;
    }
    let agent = request.head.field(b"user-agent").unwrap_or_default();
    msie6 && request.method() == b"POST" && is_msie6(agent) || safari && is_safari(agent)
}
