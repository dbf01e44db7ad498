//! What a request is, and lines of the log about it.

use rquickjs::{Exception, Result, Value};

use super::{buffer, make, own, string, undefined, with};
use crate::http::course::circumstances::Circumstances;
use crate::http::course::request::Request;
use crate::http::message::head::BodyFraming;
use crate::http::message::version::Version;
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
    let message = message.escape_debug();
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
    let internal = match own.reply {
        Some(_) => true,
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

/// `r.parent`: of a subrequest that was answered, the request on whose behalf it was made.
pub(super) fn parent<'js>(call: &Call<'js>) -> Result<Value<'js>> {
    let own = own(call)?;
    match own.reply {
        Some(_) => make(call.ctx(), &own.site, None),
        None => Ok(undefined(call.ctx())),
    }
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

/// The body of the request, if it has one.
fn body(call: &Call<'_>) -> Result<Option<Vec<u8>>> {
    let own = own(call)?;
    let body = with(call.ctx(), &own, kept_body)?;
    body.map_err(|message| Exception::throw_message(call.ctx(), message))
}

/// The body of a request as far as it was kept.
pub(super) fn kept_body(
    request: &mut Request,
) -> std::result::Result<Option<Vec<u8>>, &'static str> {
    if let Some(body) = &request.bodies.whole {
        return Ok(Some(body.clone()).filter(|body| !body.is_empty()));
    }
    let has_none = request.is_subrequest() || matches!(request.head.body(), BodyFraming::None);
    match has_none {
        true => Ok(None),
        false if request.bodies.has_waited() => Err("request body is in a file"),
        false => Ok(None),
    }
}
