//! `r`: the request as scripts see it.

use rquickjs::{Ctx, Exception, Object, Result, Value};

use super::current;
use super::running::{End, Running};
use crate::http::course::request::Request;
use crate::http::plan::state::StateIndex;
use crate::os::script::{Call, Member, define, held, hold, kept, method, text};
use crate::script::instance;

/// What native functions find in `r`.
struct Own {
    /// The instance that it was made for.
    instance: Option<u64>,
    state: StateIndex<Running>,
}

/// Where the prototype is kept.
const PROTOTYPE: u32 = 1000;

/// `r` of the request that is current.
pub(super) fn object<'js>(ctx: &Ctx<'js>, state: StateIndex<Running>) -> Result<Value<'js>> {
    let own = Own {
        instance: instance::current(),
        state,
    };
    Ok(hold(prototype(ctx)?, own)?.into_value())
}

/// The prototype of all of them.
pub(super) fn prototype<'js>(ctx: &Ctx<'js>) -> Result<Object<'js>> {
    kept(ctx, PROTOTYPE, |ctx| {
        let object = Object::new(ctx.clone())?;
        define(&object, &MEMBERS)?;
        Ok(object)
    })
}

static MEMBERS: [Member; 1] = [method(c"return", 2, return_)];

/// Does something with the request that `r` stands for.
fn with<'js, R>(
    call: &Call<'js>,
    work: impl FnOnce(&mut Request, StateIndex<Running>) -> R,
) -> Result<R> {
    let Some(own) = held::<Own>(call.this()) else {
        return Err(Exception::throw_type(call.ctx(), "this is no request"));
    };
    let state = own.state;
    if own.instance != instance::current() {
        let message = "the request is another one, or over";
        return Err(Exception::throw_type(call.ctx(), message));
    }
    drop(own);
    let done = current::with(|request| work(request, state));
    done.ok_or_else(|| Exception::throw_type(call.ctx(), "the request is over"))
}

fn return_<'js>(call: &Call<'js>) -> Result<Value<'js>> {
    let status = call.arg(0).get::<rquickjs::convert::Coerced<i32>>()?.0;
    let Ok(status @ 0..=999) = u16::try_from(status) else {
        return Err(Exception::throw_range(call.ctx(), "code is out of range"));
    };
    let body = match call.len() {
        0 | 1 => None,
        _ => Some(text(&call.arg(1))?.into_bytes()),
    };
    with(call, |request, state| {
        request.state(state).said.end = Some(End::Return(status, body));
    })?;
    Ok(Value::new_undefined(call.ctx().clone()))
}
