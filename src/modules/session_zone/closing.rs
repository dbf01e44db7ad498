//! The lines of a zone's log: one for each session that is over, whoever ends it.

use super::zones::Entry;
use crate::http::course::request::Request;
use crate::http::plan::runtime::Runtime;
use crate::sessions::Session;

/// Writes the line of a session that was active.
pub(super) fn write(entry: &Entry, closed: &Session, runtime: &'static Runtime) {
    let Some(lines) = entry.log.as_ref().filter(|_| closed.is_active()) else {
        return;
    };
    let Some(mut request) = Request::of_nobody(runtime) else {
        return;
    };
    request.state(entry.state).closed = Some(Box::new(closed.clone()));
    lines.write(&mut request);
}
