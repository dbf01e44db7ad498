//! `js_header_filter`: a script changes the head of the answer.

use super::handler::{self, Handler};
use crate::http::course::request::Request;
use crate::http::plan::phase::PhaseHandler;

/// The filter of a location.
pub(super) struct HeaderFilter(pub Handler);

impl PhaseHandler for HeaderFilter {
    fn run(&self, request: &mut Request) {
        let state = self.0.site.state;
        let parts = request.response.is_in_parts().then(|| {
            let media_type = request.response.field("content-type");
            media_type.unwrap_or_default().to_vec()
        });
        request.state(state).filters_head = true;
        let result = self.0.call(request, |_, _| Ok(()));
        request.state(state).filters_head = false;
        if let Err(fault) = result {
            handler::complain(request, &fault);
            // What it was to take out must not leave.
            request.response_refused = true;
        } else if let Some(media_type) = parts {
            // It says where the parts of the body end.
            request.response.set("Content-Type", &media_type);
        }
    }

    fn is_for_subrequests(&self) -> bool {
        true
    }

    fn has_effects(&self) -> bool {
        true
    }
}
