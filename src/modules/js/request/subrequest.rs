//! `r.subrequest()`: other places of the server, asked by a script.

use std::sync::Arc;

use rquickjs::convert::Coerced;
use rquickjs::{Ctx, Exception, Function, Persistent, Result, Value};

use super::{Own, buffer, bytes, make, own, string, undefined, with};
use crate::http::course::request::Request;
use crate::http::course::request_body::RequestBody;
use crate::http::course::subrequest::Assigned;
use crate::http::message::response_fields::Fields;
use crate::http::message::uri::{self, Slashes};
use crate::http::upstream::fetched::{Fetched, fetch};
use crate::modules::js::current;
use crate::os::script::{Call, Share, text};
use crate::script::{instance, operation};

/// Another request than the one that is current, as a script sees it: a subrequest that was answered, or the request
/// that a subrequest was made for.
pub(in crate::modules::js) struct Reply {
    pub status: u16,
    pub method: Vec<u8>,
    pub path: Vec<u8>,
    pub arguments: Vec<u8>,
    pub fields: Fields,
    pub is_internal: bool,
    pub relation: Relation,
}

/// What another request is to the one that is current.
pub(in crate::modules::js) enum Relation {
    /// A subrequest that it has made, with the body of the answer.
    Answered {
        body: Vec<u8>,
        /// What it counts in the memory of scripts.
        _share: Share,
    },
    /// The request that it was made for, which may have one of its own.
    Parent(Option<Arc<Reply>>),
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
/// What a subrequest takes beside bodies, counted as memory of scripts.
const EACH: usize = 32 << 10;

/// `r.subrequest(uri[, options[, callback]])`
pub(super) fn subrequest<'js>(call: &Call<'js>) -> Result<Value<'js>> {
    let (own, ctx) = (own(call)?.clone(), call.ctx());
    let target = text(&call.arg(0))?;
    let (second, third) = (call.arg(1), call.arg(2));
    let callback = [&second, &third].into_iter().find(|one| one.is_function());
    let callback = callback.and_then(|callback| callback.as_function().cloned());
    let options = options(ctx, &second)?;
    if options.is_detached && callback.is_some() {
        let message = "detached flag and callback are mutually exclusive";
        return Err(Exception::throw_type(ctx, message));
    }
    let Some((sub, body, before, held)) = prepare(ctx, &own, &target, &options)? else {
        return Err(Exception::throw_message(ctx, "subrequest creation failed"));
    };
    let mut share = instance::share(ctx, EACH + held)?;
    let work = async move {
        let mut length = 0;
        let has_room = |more| {
            length += more;
            length <= LONGEST && share.grow(more)
        };
        (fetch(sub, body, has_room).await, share)
    };
    if options.is_detached {
        operation::detach(ctx, async move { drop(work.await) })?;
        return Ok(undefined(ctx));
    }
    let Some(callback) = callback else {
        let promise = operation::promise(ctx, work, move |ctx, (fetched, share)| {
            reply(ctx, &own, fetched, (&before, share))
        });
        return Ok(promise?.into_value());
    };
    let callback = Persistent::save(ctx, callback);
    operation::start(ctx, work, move |ctx, (fetched, share)| {
        let reply = reply(ctx, &own, fetched, (&before, share))?;
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

type Prepared = (Box<Request>, RequestBody, Assigned, usize);

/// The subrequest, its body, what was assigned to variables before, and how many bytes were copied for all that.
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
        let body = match (&options.body, &request.bodies.whole) {
            (Some(body), _) => RequestBody::of(body.clone()),
            (None, Some(whole)) => whole.to_body().ok()?,
            (None, None) => RequestBody::default(),
        };
        let (parent, before) = (parent(request, own), request.assigned());
        let own_body = options.body.as_ref().map_or(0, Vec::len);
        let fields = parent.fields.iter();
        let fields: usize = fields.map(|one| one.name.len() + one.value.len()).sum();
        // Variables are in the subrequest as well.
        let held = own_body + fields + 2 * before.length();
        sub.state(own.site.state).parent = Some(Arc::new(parent));
        Some((sub, body, before, held))
    })
}

/// A request as those see it that are made on its behalf.
fn parent(request: &mut Request, own: &Own) -> Reply {
    let running = request.state(own.site.state);
    let relation = Relation::Parent(running.parent.clone());
    let status = running.said.status;
    Reply {
        status: if status == 0 {
            request.response.status
        } else {
            status
        },
        method: request.method().to_vec(),
        path: request.path.clone(),
        arguments: request.arguments.clone(),
        fields: request.response.fields.clone(),
        is_internal: request.internal,
        relation,
    }
}

/// What the script is given of the answer.
fn reply<'js>(
    ctx: &Ctx<'js>,
    own: &Own,
    fetched: Fetched,
    (before, share): (&Assigned, Share),
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
        is_internal: true,
        relation: Relation::Answered {
            body,
            _share: share,
        },
    };
    make(ctx, &own.site, Some(Arc::new(reply)))
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
    match own(call)?.reply.as_deref().map(|reply| &reply.relation) {
        Some(Relation::Answered { body, .. }) => form(call.ctx(), body),
        _ => Ok(undefined(call.ctx())),
    }
}
