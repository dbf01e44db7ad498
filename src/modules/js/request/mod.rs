//! `r`: the request as scripts see it.

mod answer;
mod arguments;
mod facts;
mod fields;
mod filtered;
mod subrequest;
mod variables;

use std::sync::Arc;

use rquickjs::atom::PredefinedAtom;
use rquickjs::object::Property;
use rquickjs::{Ctx, Exception, Object, Result, Value};

use self::subrequest::Relation;
pub(super) use self::subrequest::Reply;
use super::current;
use super::running::Running;
use super::site::Site;
use crate::http::course::request::Request;
use crate::os::script::{
    Call, Lent, Member, define, getter, hold, hold_as, kept, lent, method, property,
};
use crate::script::instance;
use crate::script::library;
pub(super) use crate::script::library::bytes;

/// What native functions find in `r`.
#[derive(Clone)]
struct Own {
    /// The instance that it was made for.
    instance: Option<u64>,
    site: Arc<Site>,
    /// What it is instead of the request that is current.
    reply: Option<Arc<Reply>>,
}

/// Where the prototype is kept.
const PROTOTYPE: u32 = 1000;
/// Where an object with this prototype is kept: the engine has all others share what it knows of the first's shape.
const SPECIMEN: u32 = 1001;

/// `r` of the request that is current.
pub(super) fn object<'js>(ctx: &Ctx<'js>, site: &Arc<Site>) -> Result<Value<'js>> {
    make(ctx, site, None)
}

fn make<'js>(ctx: &Ctx<'js>, site: &Arc<Site>, reply: Option<Arc<Reply>>) -> Result<Value<'js>> {
    let own = Own {
        instance: instance::current(),
        site: Arc::clone(site),
        reply,
    };
    hold_as(ctx, PROTOTYPE, prototype, own)
}

/// The prototype of all of them.
pub(super) fn prototype<'js>(ctx: &Ctx<'js>) -> Result<Object<'js>> {
    kept(ctx, PROTOTYPE, |ctx| {
        let object = Object::new(ctx.clone())?;
        define(&object, &MEMBERS)?;
        object.prop(PredefinedAtom::SymbolToStringTag, Property::from("Request"))?;
        kept(ctx, SPECIMEN, |_| hold(object.clone(), ()))?;
        Ok(object)
    })
}

static MEMBERS: [Member; 31] = [
    getter(c"args", arguments::all),
    method(c"done", 0, answer::done),
    method(c"error", 1, facts::error),
    method(c"finish", 0, answer::finish),
    getter(c"headersIn", fields::received),
    getter(c"headersOut", fields::sent),
    getter(c"httpVersion", facts::version),
    getter(c"internal", facts::internal),
    method(c"internalRedirect", 1, answer::redirect),
    method(c"log", 1, facts::log),
    getter(c"method", facts::method),
    getter(c"parent", facts::parent),
    getter(c"rawHeadersIn", fields::received_pairs),
    getter(c"rawHeadersOut", fields::sent_pairs),
    getter(c"rawVariables", variables::raw),
    getter(c"remoteAddress", facts::address),
    getter(c"requestBuffer", facts::request_buffer),
    getter(c"requestText", facts::request_text),
    getter(c"responseBuffer", subrequest::response_buffer),
    getter(c"responseText", subrequest::response_text),
    method(c"return", 2, answer::return_),
    method(c"send", 1, answer::send),
    method(c"sendBuffer", 2, filtered::send_buffer),
    method(c"sendHeader", 0, answer::send_header),
    method(c"setReturnValue", 1, answer::set_value),
    property(c"status", answer::status, answer::set_status),
    method(c"subrequest", 3, subrequest::subrequest),
    method(c"toJSON", 1, facts::to_json),
    getter(c"uri", facts::uri),
    getter(c"variables", variables::texts),
    method(c"warn", 1, facts::warn),
];

/// What `r` of a call stands for.
fn own<'js>(call: &Call<'js>) -> Result<Lent<'js, Own>> {
    let own = lent::<Own>(call.this());
    own.ok_or_else(|| Exception::throw_type(call.ctx(), "this is no request"))
}

/// Does something with the request that is current, if it is the one that `own` was made for.
fn with<R>(ctx: &Ctx<'_>, own: &Own, work: impl FnOnce(&mut Request) -> R) -> Result<R> {
    let done = match own.instance == instance::current() {
        true => current::with(work),
        false => None,
    };
    done.ok_or_else(|| Exception::throw_type(ctx, "the request is over"))
}

/// The same with what the script of the request has said. Nothing can be said of another one.
fn with_running<R>(call: &Call<'_>, work: impl FnOnce(&mut Running) -> R) -> Result<R> {
    let own = own(call)?;
    if own.reply.is_some() {
        let message = "it is another request that is being answered";
        return Err(Exception::throw_type(call.ctx(), message));
    }
    let state = own.site.state;
    with(call.ctx(), &own, |request| work(request.state(state)))
}

/// Bytes as a text of a script.
fn string<'js>(ctx: &Ctx<'js>, bytes: &[u8]) -> Result<Value<'js>> {
    let text = String::from_utf8_lossy(bytes);
    Ok(rquickjs::String::from_str(ctx.clone(), &text)?.into_value())
}

/// Bytes as a buffer.
fn buffer<'js>(ctx: &Ctx<'js>, bytes: &[u8]) -> Result<Value<'js>> {
    library::buffer_of(ctx, bytes)
}

fn undefined<'js>(ctx: &Ctx<'js>) -> Value<'js> {
    Value::new_undefined(ctx.clone())
}
