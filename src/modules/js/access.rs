//! `js_access`: a script says who may pass.

use std::borrow::Cow;

use super::content;
use super::handler::Handler;
use super::running::End;
use crate::http::course::request::Request;
use crate::http::plan::phase::{AccessRule, Verdict};
use crate::http::plan::wait::Wait;

/// The rule of a location.
pub(super) struct Access(pub Handler);

impl AccessRule for Access {
    fn check(&'static self, request: &mut Request) -> Verdict {
        let state = self.0.site.state;
        let result = match std::mem::replace(&mut request.state(state).under_way, true) {
            false => self.0.call(request, |_, _| Ok(())),
            true => self.0.go_on(request),
        };
        if let Err(fault) = result {
            content::failed(request, state, &fault);
            return Verdict::Deny(500);
        }
        let wait = self.0.wait(request);
        let running = request.state(state);
        if let Some(wait) = wait.filter(|_| running.said.end.is_none()) {
            return Verdict::Wait(Wait::Until(Box::pin(wait)));
        }
        running.under_way = false;
        match std::mem::take(&mut running.said).end {
            None => Verdict::Allow,
            Some(End::Return(status, body)) => {
                content::carry(request);
                if let (301 | 302 | 303 | 307 | 308, Some(target)) = (status, body) {
                    request.carry("Location", &target);
                }
                Verdict::Deny(status)
            }
            Some(End::Finish | End::Redirect(_)) => Verdict::Deny(500),
        }
    }

    fn refuse(&self, _: &mut Request) -> Cow<'static, str> {
        "access forbidden by js_access".into()
    }
}
