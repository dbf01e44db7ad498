//! `ngx.fetch`: scripts ask other servers, by HTTP and HTTPS.
//!
//! What is asked and answered is the library's (`script/library/fetch/`); here is the way there. A fetch ends with the
//! script that has begun it.

mod directives;
mod exchange;
mod place;
mod terms;
mod way;

use std::sync::Arc;

use rquickjs::convert::Coerced;
use rquickjs::{Ctx, Exception, Result, Value};
use scoped_tls_hkt::scoped_thread_local;

use crate::os::script::{Call, Member, method};
use crate::script::library::fetch::{Question, question, response_of};
use crate::script::library::later;
use crate::script::operation;
pub(super) use directives::DIRECTIVES;
use exchange::Errand;
use place::Place;
pub(super) use terms::Terms;

scoped_thread_local!(static TERMS: Arc<Terms>);

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
    let promise = operation::promise(ctx, errand.run(), |ctx, answer| match answer {
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
    let place = Place::take(question.body.len());
    let place = place.map_err(|why| Exception::throw_message(ctx, why))?;
    let url = way::parse(&question.url).map_err(|why| Exception::throw_message(ctx, why))?;
    Ok(Errand {
        head: number("buffer_size", terms.buffer_size)?,
        body: number("max_response_body_size", terms.most)?,
        secure: way::is_encrypted(&url).then(|| terms.secure(&url, verifies)),
        asked: terms.asked.clone(),
        patience: terms.patience,
        question,
        url,
        place,
    })
}

fn option<'js>(options: &Value<'js>, name: &str) -> Result<Option<Value<'js>>> {
    let Some(options) = options.as_object() else {
        return Ok(None);
    };
    let value: Value<'js> = options.get(name)?;
    Ok(Some(value).filter(|value| !value.is_undefined()))
}
