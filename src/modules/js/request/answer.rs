//! What a script says of the answer.

use rquickjs::convert::Coerced;
use rquickjs::{Ctx, Exception, Result, Value};

use super::{bytes, own, undefined, with, with_running};
use crate::http::message::uri::{self, Slashes};
use crate::http::plan::outcome::InternalTarget;
use crate::modules::js::running::End;
use crate::os::script::{Call, text};
use crate::script::instance;

/// `r.return(status[, body])`
pub(super) fn return_<'js>(call: &Call<'js>) -> Result<Value<'js>> {
    let Coerced(status) = call.arg(0).get::<Coerced<f64>>()?;
    if !(200.0..=999.0).contains(&status) {
        return Err(Exception::throw_range(call.ctx(), "code is out of range"));
    }
    let body = match call.arg(1) {
        body if body.is_undefined() || body.is_null() => None,
        body => {
            let body = bytes(&body)?;
            instance::keep(call.ctx(), body.len())?;
            Some(body)
        }
    };
    // It is within the range of a status.
    end(call, End::Return(status as u16, body))
}

/// `r.finish()`
pub(super) fn finish<'js>(call: &Call<'js>) -> Result<Value<'js>> {
    end(call, End::Finish)
}

/// `r.internalRedirect(uri)`
pub(super) fn redirect<'js>(call: &Call<'js>) -> Result<Value<'js>> {
    let target = text(&call.arg(0))?;
    let target = match target.strip_prefix('@') {
        Some(name) => InternalTarget::Named(name.to_owned()),
        None => {
            let (path, arguments) = uri::split_query(target.as_bytes());
            let Ok(path) = uri::normalise(path, Slashes::Keep) else {
                let message = "a redirect leads to a path of the server, or to @name";
                return Err(Exception::throw_type(call.ctx(), message));
            };
            let arguments = arguments.map(<[u8]>::to_vec);
            InternalTarget::Uri { path, arguments }
        }
    };
    end(call, End::Redirect(target))
}

/// Ends the answer, unless it has an end: then the log is told, as of nginx's.
fn end<'js>(call: &Call<'js>, end: End) -> Result<Value<'js>> {
    let is_first = with_running(call, |running| {
        let said = &mut running.said;
        let is_first = said.end.is_none();
        if said.head && is_first && !matches!(end, End::Finish) {
            return None;
        }
        said.end.get_or_insert(end);
        Some(is_first)
    })?;
    let Some(is_first) = is_first else {
        let message = "the head of the answer was sent already";
        return Err(Exception::throw_message(call.ctx(), message));
    };
    if !is_first {
        super::facts::tell(call, log::Level::Error, "the answer was given already")?;
    }
    Ok(undefined(call.ctx()))
}

/// `r.sendHeader()`
pub(super) fn send_header<'js>(call: &Call<'js>) -> Result<Value<'js>> {
    with_running(call, |running| running.said.head = true)?;
    Ok(undefined(call.ctx()))
}

/// `r.send(data)`
pub(super) fn send<'js>(call: &Call<'js>) -> Result<Value<'js>> {
    let piece = bytes(&call.arg(0))?;
    let pipe = with_running(call, |running| running.said.pipe.clone())?;
    let share = match pipe {
        // What the client has taken is held no longer.
        Some(_) => Some(instance::share(call.ctx(), piece.len())?),
        None => {
            instance::keep(call.ctx(), piece.len())?;
            None
        }
    };
    let is_taken = with_running(call, |running| {
        let said = &mut running.said;
        if said.end.is_some() {
            return Err("the body is over");
        }
        let is_taken = match &said.pipe {
            Some(pipe) => pipe.send(piece, share),
            None => said.add(piece),
        };
        match is_taken {
            true => Ok(()),
            false => Err("the client does not take what is sent, and no more can wait for it"),
        }
    })?;
    match is_taken {
        Ok(()) => Ok(undefined(call.ctx())),
        Err(message) => Err(Exception::throw_message(call.ctx(), message)),
    }
}

/// `r.done()`
pub(super) fn done<'js>(call: &Call<'js>) -> Result<Value<'js>> {
    with_running(call, |running| running.is_done = true)?;
    Ok(undefined(call.ctx()))
}

/// `r.setReturnValue(value)`
pub(super) fn set_value<'js>(call: &Call<'js>) -> Result<Value<'js>> {
    let value = bytes(&call.arg(0))?;
    with_running(call, |running| running.value = Some(value))?;
    Ok(undefined(call.ctx()))
}

/// `r.status`
pub(super) fn status<'js>(call: &Call<'js>) -> Result<Value<'js>> {
    let own = own(call)?;
    let status = match &own.reply {
        Some(reply) => reply.status,
        None => with(call.ctx(), &own, |request| {
            match request.state(own.site.state).said.status {
                0 => request.response.status,
                status => status,
            }
        })?,
    };
    Ok(number(call.ctx(), status))
}

fn number<'js>(ctx: &Ctx<'js>, status: u16) -> Value<'js> {
    Value::new_int(ctx.clone(), i32::from(status))
}

/// `r.status = status`
pub(super) fn set_status<'js>(call: &Call<'js>) -> Result<Value<'js>> {
    let Coerced(status) = call.arg(0).get::<Coerced<f64>>()?;
    if !(200.0..=999.0).contains(&status) {
        return Err(Exception::throw_range(call.ctx(), "status is out of range"));
    }
    let (own, status) = (own(call)?, status as u16);
    if own.reply.is_some() {
        return Err(Exception::throw_type(call.ctx(), "the request is over"));
    }
    with(call.ctx(), &own, |request| {
        let running = request.state(own.site.state);
        match running.filters_head {
            true => request.response.status = status,
            false => running.said.status = status,
        }
    })?;
    Ok(undefined(call.ctx()))
}
