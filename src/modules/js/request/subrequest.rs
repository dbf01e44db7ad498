//! `r.subrequest()`: other places of the server, asked by a script.

use std::rc::Rc;

use rquickjs::convert::Coerced;
use rquickjs::{Ctx, Exception, Function, Persistent, Result, Value};

use super::{Own, buffer, bytes, facts, make, own, string, undefined, with};
use crate::http::course::request::Request;
use crate::http::course::request_body::RequestBody;
use crate::http::course::subrequest::Assigned;
use crate::http::message::response_fields::Fields;
use crate::http::message::uri::{self, Slashes};
use crate::http::upstream::fetched::{Fetched, fetch};
use crate::modules::js::current;
use crate::os::script::{Call, text};
use crate::script::operation;

/// A subrequest that was answered.
pub(super) struct Reply {
    pub status: u16,
    pub method: Vec<u8>,
    pub path: Vec<u8>,
    pub arguments: Vec<u8>,
    pub fields: Fields,
    pub body: Vec<u8>,
}

/// What a script wants of a subrequest.
#[derive(Default)]
struct Options {
    arguments: Option<Vec<u8>>,
    method: Option<&'static [u8]>,
    body: Option<Vec<u8>>,
    is_detached: bool,
}

/// The longest body of an answer that a script is given.
const LONGEST: usize = 16 << 20;

/// `r.subrequest(uri[, options[, callback]])`
pub(super) fn subrequest<'js>(call: &Call<'js>) -> Result<Value<'js>> {
    let (own, ctx) = (own(call)?, call.ctx());
    let target = text(&call.arg(0))?;
    let (second, third) = (call.arg(1), call.arg(2));
    let callback = [&second, &third].into_iter().find(|one| one.is_function());
    let callback = callback.and_then(|callback| callback.as_function().cloned());
    let options = options(ctx, &second)?;
    if options.is_detached && callback.is_some() {
        let message = "detached flag and callback are mutually exclusive";
        return Err(Exception::throw_type(ctx, message));
    }
    let Some((sub, body, before)) = prepare(ctx, &own, &target, &options)? else {
        return Err(Exception::throw_message(ctx, "subrequest creation failed"));
    };
    let work = fetch(sub, RequestBody::of(body), LONGEST);
    if options.is_detached {
        tokio::spawn(work);
        return Ok(undefined(ctx));
    }
    let Some(callback) = callback else {
        let promise = operation::promise(ctx, work, move |ctx, fetched| {
            reply(ctx, &own, fetched, &before)
        });
        return Ok(promise?.into_value());
    };
    let callback = Persistent::save(ctx, callback);
    operation::start(ctx, work, move |ctx, fetched| {
        let reply = reply(ctx, &own, fetched, &before)?;
        let callback: Function<'_> = callback.restore(ctx)?;
        callback.call((reply,))
    })?;
    Ok(undefined(ctx))
}

fn options(ctx: &Ctx<'_>, value: &Value<'_>) -> Result<Options> {
    let mut options = Options::default();
    if value.is_string() {
        options.arguments = Some(bytes(value)?);
        return Ok(options);
    }
    let Some(object) = value.as_object().filter(|_| !value.is_function()) else {
        return Ok(options);
    };
    let given = |name: &str| -> Result<Option<Value<'_>>> {
        let value: Value<'_> = object.get(name)?;
        Ok(Some(value).filter(|value| !value.is_undefined()))
    };
    options.arguments = given("args")?.map(|value| bytes(&value)).transpose()?;
    options.body = given("body")?.map(|value| bytes(&value)).transpose()?;
    options.is_detached = match given("detached")? {
        Some(value) => value.get::<Coerced<bool>>()?.0,
        None => false,
    };
    if let Some(name) = given("method")? {
        let name = text(&name)?;
        let known = METHODS.iter().find(|method| **method == name.as_bytes());
        let unknown = || Exception::throw_type(ctx, &format!("unknown method \"{name}\""));
        options.method = Some(known.ok_or_else(unknown)?);
    }
    Ok(options)
}

const METHODS: [&[u8]; 15] = [
    b"GET",
    b"HEAD",
    b"POST",
    b"PUT",
    b"DELETE",
    b"PATCH",
    b"OPTIONS",
    b"TRACE",
    b"MKCOL",
    b"COPY",
    b"MOVE",
    b"PROPFIND",
    b"PROPPATCH",
    b"LOCK",
    b"UNLOCK",
];

type Prepared = (Box<Request>, Vec<u8>, Assigned);

/// The subrequest, its body, and what was assigned to variables before.
fn prepare(ctx: &Ctx<'_>, own: &Own, target: &str, options: &Options) -> Result<Option<Prepared>> {
    let (path, query) = uri::split_query(target.as_bytes());
    let Ok(path) = uri::normalise(path, Slashes::Keep) else {
        return Err(Exception::throw_type(
            ctx,
            "the target is no path of the server",
        ));
    };
    let query = options
        .arguments
        .clone()
        .or_else(|| query.map(<[u8]>::to_vec));
    with(ctx, own, |request| {
        let mut sub = request.addition(&path)?;
        sub.arguments = query.unwrap_or_default();
        if let Some(method) = options.method {
            sub.ask_with(method);
        }
        let body = match &options.body {
            Some(body) => body.clone(),
            None => facts::kept_body(request).ok().flatten().unwrap_or_default(),
        };
        Some((sub, body, request.assigned()))
    })
}

/// What the script is given of the answer.
fn reply<'js>(
    ctx: &Ctx<'js>,
    own: &Own,
    fetched: Fetched,
    before: &Assigned,
) -> Result<Value<'js>> {
    let Fetched {
        request: mut sub,
        body,
        is_whole,
    } = fetched;
    current::with(|request| request.adopt(&sub, before));
    if !is_whole {
        let message = "the answer to the subrequest broke off, or is too long";
        return Err(Exception::throw_message(ctx, message));
    }
    let reply = Reply {
        status: sub.response.status,
        method: sub.method().to_vec(),
        path: std::mem::take(&mut sub.path),
        arguments: std::mem::take(&mut sub.arguments),
        fields: std::mem::take(&mut sub.response.fields),
        body,
    };
    make(ctx, &own.site, Some(Rc::new(reply)))
}

/// `r.responseText`
pub(super) fn response_text<'js>(call: &Call<'js>) -> Result<Value<'js>> {
    response(call, string)
}

/// `r.responseBuffer`
pub(super) fn response_buffer<'js>(call: &Call<'js>) -> Result<Value<'js>> {
    response(call, buffer)
}

fn response<'js>(
    call: &Call<'js>,
    form: fn(&Ctx<'js>, &[u8]) -> Result<Value<'js>>,
) -> Result<Value<'js>> {
    match own(call)?.reply {
        Some(reply) => form(call.ctx(), &reply.body),
        None => Ok(undefined(call.ctx())),
    }
}
