//! `Request`: what a script wants to ask.

use rquickjs::{Ctx, Object, Result, Value};

use super::body::{array_buffer, content, is_used, json, put, put_bytes, text as body_text};
use super::{fix, headers};
use crate::os::script::{Call, Member, held, hold, method, text};
use crate::script::library::native::{given, later, member, prototype, type_error};
use crate::script::library::{Kept, kept};

static MEMBERS: [Member; 3] = [
    method(c"arrayBuffer", 0, |call| later(call, array_buffer)),
    method(c"json", 0, |call| later(call, json)),
    method(c"text", 0, |call| later(call, body_text)),
];

/// Marks objects that are requests.
struct Request;

/// A request as it is to be sent.
#[derive(Debug)]
pub struct Question {
    /// Where it goes, as the script has it.
    pub url: String,
    /// The method, in capital letters where it is a known one.
    pub method: String,
    /// The fields.
    pub headers: Vec<(String, String)>,
    /// The body, which may be empty.
    pub body: Vec<u8>,
}

/// The constructor `Request`.
pub(in crate::script::library) fn constructor<'js>(ctx: &Ctx<'js>) -> Result<Value<'js>> {
    let own = kept(ctx, Kept::Request, &MEMBERS)?;
    crate::os::script::constructor(&own, c"Request", 1, construct).map(|made| made.into_value())
}

fn construct<'js>(call: &Call<'js>) -> Result<Value<'js>> {
    let ctx = call.ctx();
    let Some(source) = given(call, 0) else {
        return type_error(ctx, "1st argument is required");
    };
    let own = kept(ctx, Kept::Request, &MEMBERS)?;
    let request = hold(prototype(call, own, "Request")?, Request)?;
    fill(&request, &source, &call.arg(1))?;
    Ok(request.into_value())
}

/// What a script wants to ask with these arguments, as those of `Request` and of `ngx.fetch` are.
///
/// # Errors
/// What the script is to be thrown.
pub fn question<'js>(
    ctx: &Ctx<'js>,
    source: &Value<'js>,
    options: &Value<'js>,
) -> Result<Question> {
    if source.is_undefined() {
        return type_error(ctx, "1st argument is required");
    }
    let request = hold(kept(ctx, Kept::Request, &MEMBERS)?, Request)?;
    fill(&request, source, options)?;
    let fields: Object<'js> = request.get("headers")?;
    Ok(Question {
        url: request.get("url")?,
        method: request.get("method")?,
        headers: headers::list(&fields)?,
        body: content(&request)?,
    })
}

/// Makes a request of an address or another request, and of options.
fn fill<'js>(request: &Object<'js>, source: &Value<'js>, options: &Value<'js>) -> Result<()> {
    let ctx = request.ctx();
    if !options.is_undefined() && !options.is_null() && !options.is_object() {
        return type_error(ctx, "options must be an object");
    }
    let fields = headers::empty(ctx)?;
    let other = source
        .as_object()
        .filter(|_| held::<Request>(source).is_some());
    let own_headers = member(options, "headers")?;
    if let Some(other) = other {
        if is_used(other)? {
            return type_error(ctx, "body stream already read");
        }
        if own_headers.is_none() {
            headers::fill(&fields, &other.get("headers")?)?;
        }
    }
    if let Some(own) = own_headers {
        headers::fill(&fields, &own)?;
    }
    let said = |name: &str, default: &str| -> Result<String> {
        if let Some(own) = member(options, name)? {
            return text(&own);
        }
        match other {
            Some(other) => text(&other.get(name)?),
            None => Ok(default.into()),
        }
    };
    let method = checked_method(ctx, said("method", "GET")?)?;
    for (name, default, known) in OPTIONS {
        let value = said(name, default)?;
        if !known.contains(&value.as_str()) {
            return type_error(ctx, &format!("unknown {name} type: {value}"));
        }
        fix(request, name, value)?;
    }
    let url = match other {
        Some(other) => text(&other.get("url")?)?,
        None => text(source)?,
    };
    body(request, (options, other), &method, &fields)?;
    fix(request, "url", url)?;
    fix(request, "method", method)?;
    fix(request, "headers", fields)
}

/// What else may be said, what it is otherwise, and which values it has.
const OPTIONS: [(&str, &str, &[&str]); 3] = [
    (
        "cache",
        "default",
        &[
            "default",
            "no-store",
            "reload",
            "no-cache",
            "force-cache",
            "only-if-cached",
        ],
    ),
    (
        "credentials",
        "same-origin",
        &["same-origin", "include", "omit"],
    ),
    (
        "mode",
        "no-cors",
        &["same-origin", "no-cors", "cors", "navigate", "websocket"],
    ),
];

/// Gives a request its body, and the field that says what that is.
fn body<'js>(
    request: &Object<'js>,
    (options, other): (&Value<'js>, Option<&Object<'js>>),
    method: &str,
    fields: &Object<'js>,
) -> Result<()> {
    let ctx = request.ctx();
    let own = member(options, "body")?.filter(|body| !body.is_null());
    if own.is_some() && matches!(method, "GET" | "HEAD") {
        return type_error(ctx, "Request body incompatible with GET or HEAD");
    }
    let Some(own) = own else {
        return match other {
            Some(other) => put_bytes(request, &content(other)?),
            None => put(request, None),
        };
    };
    put(request, Some(&own))?;
    let says_type = headers::list(fields)?
        .iter()
        .any(|(name, _)| name.eq_ignore_ascii_case("content-type"));
    if own.is_string() && !says_type {
        headers::add(fields, "Content-Type", "text/plain;charset=UTF-8")?;
    }
    Ok(())
}

fn checked_method(ctx: &Ctx<'_>, method: String) -> Result<String> {
    let upper = method.to_ascii_uppercase();
    if matches!(&*upper, "CONNECT" | "TRACE" | "TRACK") {
        return type_error(ctx, &format!("forbidden method: {upper}"));
    }
    if method.is_empty()
        || !method
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
    {
        return type_error(ctx, "invalid method");
    }
    Ok(match &*upper {
        "GET" | "HEAD" | "OPTIONS" | "POST" | "PUT" | "DELETE" => upper,
        _ => method,
    })
}
