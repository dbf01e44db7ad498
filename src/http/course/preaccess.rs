//! The handlers that look at a request before it is known whether it is let in.

use super::request::Request;
use crate::http::plan::phase::Preaccess;
use crate::http::plan::wait::Wait;

/// Asks the preaccess handlers of the location, from one of them on; the status if one refuses. One that waits is
/// asked again.
pub(super) fn ask(request: &mut Request, first: usize) -> Result<Option<u16>, (Wait, usize)> {
    if request.is_subrequest() {
        return Ok(None);
    }
    for (number, handler) in request.location.preaccess.iter().enumerate().skip(first) {
        match handler.run(request) {
            Preaccess::Pass => {}
            Preaccess::Refuse(status) => {
                take_back(request, number);
                return Ok(Some(status));
            }
            Preaccess::Wait(wait) => return Err((wait, number)),
        }
    }
    Ok(None)
}

/// Tells the preaccess handlers that the request is let in.
pub(super) fn let_in(request: &mut Request) {
    if !request.is_subrequest() {
        for handler in &request.location.preaccess {
            handler.let_in(request);
        }
    }
}

/// Tells the first of the preaccess handlers, so many, that the request they have let pass is refused.
#[cold]
pub(super) fn take_back(request: &mut Request, first: usize) {
    if request.is_subrequest() {
        return;
    }
    for handler in request.location.preaccess.iter().take(first) {
        handler.take_back(request);
    }
}
