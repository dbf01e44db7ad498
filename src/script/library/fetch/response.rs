//! `Response`: an answer, that came or that a script has made.

use rquickjs::convert::Coerced;
use rquickjs::{Ctx, Object, Result, Value};

use super::body::{array_buffer, json, put, put_bytes, text as body_text};
use super::{fix, headers};
use crate::os::script::{Call, Member, hold, method, text};
use crate::script::library::native::{given, later, member, prototype, range_error, type_error};
use crate::script::library::{Kept, kept};

static MEMBERS: [Member; 3] = [
    method(c"arrayBuffer", 0, |call| later(call, array_buffer)),
    method(c"json", 0, |call| later(call, json)),
    method(c"text", 0, |call| later(call, body_text)),
];

/// Marks objects that are responses.
struct Response;

/// An answer that came.
#[derive(Debug, Default)]
pub struct Reply {
    /// Where it came from.
    pub url: String,
    /// The status.
    pub status: u16,
    /// What was said beside the status.
    pub reason: String,
    /// The fields.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
}

/// The constructor `Response`.
pub(in crate::script::library) fn constructor<'js>(ctx: &Ctx<'js>) -> Result<Value<'js>> {
    let own = kept(ctx, Kept::Response, &MEMBERS)?;
    crate::os::script::constructor(&own, c"Response", 1, construct).map(|made| made.into_value())
}

fn construct<'js>(call: &Call<'js>) -> Result<Value<'js>> {
    let ctx = call.ctx();
    let options = call.arg(1);
    if !options.is_undefined() && !options.is_object() {
        return type_error(ctx, "options must be an object");
    }
    let status = match member(&options, "status")? {
        Some(status) => status.get::<Coerced<f64>>()?.0,
        None => 200.0,
    };
    if !(200.0..=599.0).contains(&status) {
        return range_error(ctx, "status provided is outside of [200, 599] range");
    }
    let reason = match member(&options, "statusText")? {
        Some(reason) => text(&reason)?,
        None => String::new(),
    };
    if reason
        .bytes()
        .any(|byte| byte.is_ascii_control() && byte != b'\t')
    {
        return type_error(ctx, "invalid Response statusText");
    }
    let own = kept(ctx, Kept::Response, &MEMBERS)?;
    let response = hold(prototype(call, own, "Response")?, Response)?;
    let fields = headers::empty(ctx)?;
    if let Some(given) = member(&options, "headers")? {
        headers::fill(&fields, &given)?;
    }
    let body = given(call, 0);
    put(&response, body.as_ref())?;
    describe(&response, (status as u16, &reason), "", fields)?;
    Ok(response.into_value())
}

/// An answer that came as an object.
///
/// # Errors
/// What the script is to be thrown: it is too large, or what it says cannot be said.
pub fn response_of<'js>(ctx: &Ctx<'js>, reply: &Reply) -> Result<Value<'js>> {
    let response = hold(kept(ctx, Kept::Response, &MEMBERS)?, Response)?;
    let fields = headers::empty(ctx)?;
    for (name, value) in &reply.headers {
        headers::add(&fields, name, value)?;
    }
    put_bytes(&response, &reply.body)?;
    describe(&response, (reply.status, &reply.reason), &reply.url, fields)?;
    Ok(response.into_value())
}

fn describe<'js>(
    response: &Object<'js>,
    (status, reason): (u16, &str),
    url: &str,
    fields: Object<'js>,
) -> Result<()> {
    fix(response, "status", status)?;
    fix(response, "statusText", reason)?;
    fix(response, "ok", matches!(status, 200..300))?;
    fix(response, "redirected", false)?;
    fix(response, "type", "basic")?;
    fix(response, "url", url)?;
    fix(response, "headers", fields)
}
