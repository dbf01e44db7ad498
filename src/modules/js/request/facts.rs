//! What a request is, and lines of the log about it.

use rquickjs::{Exception, Object, Result, Value};

use super::{Relation, buffer, make, own, string, undefined, with};
use crate::http::course::circumstances::Circumstances;
use crate::http::message::version::Version;
use crate::modules::js::globals;
use crate::os::script::{Call, text};

/// `r.error(text)`
pub(super) fn error<'js>(call: &Call<'js>) -> Result<Value<'js>> {
    tell(call, log::Level::Error, &text(&call.arg(0))?)
}

/// `r.warn(text)`
pub(super) fn warn<'js>(call: &Call<'js>) -> Result<Value<'js>> {
    tell(call, log::Level::Warn, &text(&call.arg(0))?)
}

/// `r.log(text)`
pub(super) fn log<'js>(call: &Call<'js>) -> Result<Value<'js>> {
    tell(call, log::Level::Info, &text(&call.arg(0))?)
}

/// Writes a line to the log.
pub(super) fn tell<'js>(call: &Call<'js>, level: log::Level, message: &str) -> Result<Value<'js>> {
    let own = own(call)?;
    let message = globals::cut(message).escape_debug();
    with(call.ctx(), &own, |request| {
        log::log!(level, "js: {message}{}", Circumstances(request));
    })?;
    Ok(undefined(call.ctx()))
}

/// `r.httpVersion`
pub(super) fn version<'js>(call: &Call<'js>) -> Result<Value<'js>> {
    let own = own(call)?;
    let version = with(call.ctx(), &own, |request| request.head.version())?;
    string(
        call.ctx(),
        match version {
            Version::Http10 => b"1.0",
            Version::Http11 => b"1.1",
            Version::Http2 => b"2.0",
        },
    )
}

/// `r.internal`
pub(super) fn internal<'js>(call: &Call<'js>) -> Result<Value<'js>> {
    let own = own(call)?;
    let internal = match &own.reply {
        Some(reply) => reply.is_internal,
        None => with(call.ctx(), &own, |request| request.internal)?,
    };
    Ok(Value::new_bool(call.ctx().clone(), internal))
}

/// `r.method`
pub(super) fn method<'js>(call: &Call<'js>) -> Result<Value<'js>> {
    let own = own(call)?;
    let method = match &own.reply {
        Some(reply) => reply.method.to_vec(),
        None => with(call.ctx(), &own, |request| request.method().to_vec())?,
    };
    string(call.ctx(), &method)
}

/// `r.parent`: of a subrequest, the request on whose behalf it was made.
pub(super) fn parent<'js>(call: &Call<'js>) -> Result<Value<'js>> {
    let (own, ctx) = (own(call)?, call.ctx());
    let parent = match own.reply.as_deref().map(|reply| &reply.relation) {
        Some(Relation::Answered { .. }) => return make(ctx, &own.site, None),
        Some(Relation::Parent(parent)) => parent.clone(),
        None => with(ctx, &own, |request| {
            request.state(own.site.state).parent.clone()
        })?,
    };
    match parent {
        Some(parent) => make(ctx, &own.site, Some(parent)),
        None => Ok(undefined(ctx)),
    }
}

/// `r.toJSON()`: what `JSON.stringify(r)` tells of a request.
pub(super) fn to_json<'js>(call: &Call<'js>) -> Result<Value<'js>> {
    const TOLD: [&str; 9] = [
        "uri",
        "method",
        "args",
        "httpVersion",
        "remoteAddress",
        "internal",
        "status",
        "headersIn",
        "headersOut",
    ];
    own(call)?;
    let told = Object::new(call.ctx().clone())?;
    let Some(request) = call.this().as_object() else {
        return Ok(undefined(call.ctx()));
    };
    for name in TOLD {
        told.set(name, request.get::<_, Value<'js>>(name)?)?;
    }
    Ok(told.into_value())
}

/// `r.remoteAddress`
pub(super) fn address<'js>(call: &Call<'js>) -> Result<Value<'js>> {
    let own = own(call)?;
    let client = with(call.ctx(), &own, |request| request.connection.client)?;
    let text = client.map_or_else(|| "unix:".to_owned(), |client| client.ip().to_string());
    string(call.ctx(), text.as_bytes())
}

/// `r.uri`
pub(super) fn uri<'js>(call: &Call<'js>) -> Result<Value<'js>> {
    let own = own(call)?;
    let path = match &own.reply {
        Some(reply) => reply.path.clone(),
        None => with(call.ctx(), &own, |request| request.path.clone())?,
    };
    string(call.ctx(), &path)
}

/// `r.requestText`
pub(super) fn request_text<'js>(call: &Call<'js>) -> Result<Value<'js>> {
    match body(call)? {
        Some(body) => string(call.ctx(), &body),
        None => Ok(undefined(call.ctx())),
    }
}

/// `r.requestBuffer`
pub(super) fn request_buffer<'js>(call: &Call<'js>) -> Result<Value<'js>> {
    match body(call)? {
        Some(body) => buffer(call.ctx(), &body),
        None => Ok(undefined(call.ctx())),
    }
}

/// The body of the request, if it has one. One that is longer than all scripts may hold is not even read.
fn body(call: &Call<'_>) -> Result<Option<Vec<u8>>> {
    let (own, ctx) = (own(call)?, call.ctx());
    let whole = with(ctx, &own, |request| request.bodies.whole.clone())?;
    let Some(whole) = whole.filter(|whole| whole.length() > 0) else {
        return Ok(None);
    };
    if whole.length() > own.site.memory() {
        let message = "the body of the request is longer than \"js_limit_memory\" allows for";
        return Err(Exception::throw_range(ctx, message));
    }
    whole.read().map(Some).map_err(|error| {
        let message = format!("the body of the request cannot be read from its file: {error}");
        Exception::throw_message(ctx, &message)
    })
}
