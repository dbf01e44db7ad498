//! The request that is current: what native functions of a script find when they are called.
//!
//! A script runs within a call that was given the request, and cannot hold it; so the call lends it to the thread
//! until it is over.

use scoped_tls_hkt::scoped_thread_local;

use crate::http::course::request::Request;

scoped_thread_local!(static mut CURRENT: for<'a> &'a mut Request);

/// Lends a request to the thread while `work` is done.
pub(super) fn lend<R>(request: &mut Request, work: impl FnOnce() -> R) -> R {
    CURRENT.set(request, work)
}

/// Does something with the request that is current; `None` where there is none.
pub(super) fn with<R>(work: impl FnOnce(&mut Request) -> R) -> Option<R> {
    match CURRENT.is_set() {
        true => Some(CURRENT.with(work)),
        false => None,
    }
}
