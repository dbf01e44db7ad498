//! `ngx.fetch`: scripts ask other servers, by HTTP and HTTPS.
//!
//! What is asked and answered is the library's (`script/library/fetch/`); here is the way there. A fetch ends with the
//! script that has begun it.

mod directives;
mod exchange;
mod terms;
mod way;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use rquickjs::convert::Coerced;
use rquickjs::{Ctx, Exception, Result, Value};
use scoped_tls_hkt::scoped_thread_local;

use crate::os::script::{Call, Member, method};
use crate::script::library::fetch::{Question, question, response_of};
use crate::script::library::later;
use crate::script::operation;
pub(super) use directives::DIRECTIVES;
use exchange::Errand;
pub(super) use terms::Terms;

scoped_thread_local!(static TERMS: Arc<Terms>);

/// A worker asks so many questions at once; a script that fetches from itself in a circle ends there.
const MOST: usize = 1024;

static UNDER_WAY: AtomicUsize = AtomicUsize::new(0);

/// Does work during which scripts may fetch on these terms.
pub(super) fn lend<R>(terms: &Arc<Terms>, work: impl FnOnce() -> R) -> R {
    TERMS.set(terms, work)
}

/// What `ngx` has of it.
pub(super) static MEMBERS: [Member; 1] = [method(c"fetch", 1, fetch)];

/// `ngx.fetch(resource[, options])`
fn fetch<'js>(call: &Call<'js>) -> Result<Value<'js>> {
    later(call, begin)
}

fn begin<'js>(call: &Call<'js>) -> Result<Value<'js>> {
    let ctx = call.ctx();
    let options = call.arg(1);
    let question = question(ctx, &call.arg(0), &options)?;
    if !TERMS.is_set() {
        return Err(Exception::throw_message(ctx, "nothing can be fetched here"));
    }
    let terms = TERMS.with(Arc::clone);
    let errand = errand(ctx, &terms, question, &options)?;
    let place = Place::take()
        .ok_or_else(|| Exception::throw_message(ctx, "too many fetches are under way at once"))?;
    let work = async move {
        let answer = errand.run().await;
        drop(place);
        answer
    };
    let promise = operation::promise(ctx, work, |ctx, answer| match answer {
        Ok(reply) => response_of(ctx, &reply),
        Err(why) => Err(Exception::throw_message(ctx, &why)),
    })?;
    Ok(promise.into_value())
}

/// What is to be done for a call.
fn errand<'js>(
    ctx: &Ctx<'js>,
    terms: &Arc<Terms>,
    question: Question,
    options: &Value<'js>,
) -> Result<Errand> {
    let number = |name: &str, usual: usize| -> Result<usize> {
        match option(options, name)? {
            Some(value) => Ok(value.get::<Coerced<f64>>()?.0.clamp(0.0, 1e9) as usize),
            None => Ok(usual),
        }
    };
    let verifies = match option(options, "verify")? {
        Some(value) => value.get::<Coerced<bool>>()?.0,
        None => terms.verifies,
    };
    let url = way::parse(&question.url).map_err(|why| Exception::throw_message(ctx, why))?;
    Ok(Errand {
        head: number("buffer_size", terms.buffer_size)?,
        body: number("max_response_body_size", terms.most)?,
        secure: way::is_encrypted(&url).then(|| terms.secure(&url, verifies)),
        asked: terms.asked.clone(),
        patience: terms.patience,
        question,
        url,
    })
}

fn option<'js>(options: &Value<'js>, name: &str) -> Result<Option<Value<'js>>> {
    let Some(options) = options.as_object() else {
        return Ok(None);
    };
    let value: Value<'js> = options.get(name)?;
    Ok(Some(value).filter(|value| !value.is_undefined()))
}

/// A fetch that counts as long as it is under way.
struct Place;

impl Place {
    fn take() -> Option<Self> {
        if UNDER_WAY.fetch_add(1, Ordering::Relaxed) < MOST {
            return Some(Self);
        }
        UNDER_WAY.fetch_sub(1, Ordering::Relaxed);
        None
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        UNDER_WAY.fetch_sub(1, Ordering::Relaxed);
    }
}
