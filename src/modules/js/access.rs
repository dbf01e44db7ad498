//! `js_access`: a script says who may pass.

use std::borrow::Cow;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use rquickjs::function::This;
use rquickjs::promise::PromiseState;
use rquickjs::{Ctx, Function, Result, Value};

use super::content;
use super::handler::Handler;
use super::running::{End, Said};
use crate::http::course::request::Request;
use crate::http::plan::phase::{AccessRule, Verdict};
use crate::http::plan::wait::Wait;
use crate::script::fault::Fault;

/// The rule of a location.
pub(super) struct Access(pub Handler);

impl AccessRule for Access {
    fn check(&'static self, request: &mut Request) -> Verdict {
        let state = self.0.site.state;
        let result = match std::mem::replace(&mut request.state(state).under_way, true) {
            false => {
                let settled = self.0.call(request, settled);
                settled.map(|settled| request.state(state).settled = settled)
            }
            true => self.0.go_on(request),
        };
        if let Err(fault) = result {
            return Verdict::Answer(content::failed(request, state, &fault));
        }
        let wait = self.0.wait(request);
        let running = request.state(state);
        if let Some(wait) = wait.filter(|_| running.said.end.is_none()) {
            return Verdict::Wait(Wait::Until(Box::pin(wait)));
        }
        running.under_way = false;
        let settled = running.settled.take();
        if running.said.end.is_none()
            && settled.is_some_and(|settled| !settled.load(Ordering::Relaxed))
        {
            let fault = Fault::new(
                "the script waits for something that never comes, and has let nobody pass",
            );
            return Verdict::Answer(content::failed(request, state, &fault));
        }
        let said = std::mem::take(&mut running.said);
        verdict(request, said)
    }

    fn refuse(&self, _: &mut Request) -> Cow<'static, str> {
        "access forbidden by js_access".into()
    }
}

/// Tells when a promise that a script has returned is settled; nothing where it is already, or is none.
fn settled<'js>(ctx: &Ctx<'js>, returned: Value<'js>) -> Result<Option<Arc<AtomicBool>>> {
    let pending = returned.into_promise();
    let pending = pending.filter(|promise| promise.state() == PromiseState::Pending);
    let Some(promise) = pending else {
        return Ok(None);
    };
    let settled = Arc::<AtomicBool>::default();
    let told = Arc::clone(&settled);
    let tell = Function::new(ctx.clone(), move || told.store(true, Ordering::Relaxed))?;
    let _: Value<'_> = promise.then()?.call((This(promise.clone()), tell))?;
    Ok(Some(settled))
}

/// What a script has said, as the verdict of its rule. Fields that it has set go with whatever is answered.
fn verdict(request: &mut Request, said: Said) -> Verdict {
    match said.end {
        None if !said.head => {
            content::carry(request);
            Verdict::Allow
        }
        Some(End::Return(status @ (401 | 403), None)) => {
            content::carry(request);
            Verdict::Deny(status)
        }
        _ => Verdict::Answer(content::outcome(request, said)),
    }
}
