//! `js_header_filter`: a script changes the head of the answer.

use super::handler::{self, Handler};
use crate::http::course::request::Request;
use crate::http::plan::phase::PhaseHandler;

/// The filter of a location.
pub(super) struct HeaderFilter(pub Handler);

impl PhaseHandler for HeaderFilter {
    fn run(&self, request: &mut Request) {
        let state = self.0.site.state;
        request.state(state).filters_head = true;
        let result = self.0.call(request, |_, _| Ok(()));
        request.state(state).filters_head = false;
        if let Err(fault) = result {
            handler::complain(request, &fault);
        }
    }
}
