//! Bodies of requests and responses: bytes that are read once.

use rquickjs::{Ctx, Object, Result, Value};

use super::{fix, hide};
use crate::os::script::{Call, View, array_of};
use crate::script::library::native::{bytes, string, type_error, undefined};

/// Where the bytes stand, as an `ArrayBuffer`; undefined where there is no body.
const BODY: &str = "[[body]]";

/// Gives an object the body that a script has given for it.
pub(super) fn put<'js>(object: &Object<'js>, body: Option<&Value<'js>>) -> Result<()> {
    match body.filter(|body| !body.is_null()) {
        Some(body) => put_bytes(object, &bytes(body)?),
        None => {
            hide(object, BODY, undefined(object.ctx()))?;
            fix(object, "bodyUsed", false)
        }
    }
}

/// Gives an object a body of bytes.
pub(super) fn put_bytes(object: &Object<'_>, bytes: &[u8]) -> Result<()> {
    hide(object, BODY, buffer(object.ctx(), bytes)?)?;
    fix(object, "bodyUsed", false)
}

fn buffer<'js>(ctx: &Ctx<'js>, bytes: &[u8]) -> Result<Value<'js>> {
    let array = array_of(ctx, bytes)?.into_value();
    Ok(View::of(&array).map_or_else(|| array.clone(), |view| view.buffer().clone()))
}

/// The bytes of an object's body; none where it has no body.
pub(super) fn content(object: &Object<'_>) -> Result<Vec<u8>> {
    let body: Value<'_> = object.get(BODY)?;
    Ok(View::of(&body).map_or_else(Vec::new, |view| view.to_vec()))
}

/// Whether an object's body was read.
pub(super) fn is_used(object: &Object<'_>) -> Result<bool> {
    object.get("bodyUsed")
}

/// The bytes of the body of what a method was called on, which are read by that.
fn read(call: &Call<'_>) -> Result<Vec<u8>> {
    let ctx = call.ctx();
    let Some(object) = call.this().as_object() else {
        return type_error(ctx, "\"this\" has no body");
    };
    if !object.contains_key(BODY)? {
        return type_error(ctx, "\"this\" has no body");
    }
    if is_used(object)? {
        return type_error(ctx, "body stream already read");
    }
    fix(object, "bodyUsed", true)?;
    content(object)
}

/// `text()`
pub(super) fn text<'js>(call: &Call<'js>) -> Result<Value<'js>> {
    let bytes = read(call)?;
    string(call.ctx(), &String::from_utf8_lossy(&bytes))
}

/// `json()`
pub(super) fn json<'js>(call: &Call<'js>) -> Result<Value<'js>> {
    let bytes = read(call)?;
    let text = String::from_utf8_lossy(&bytes);
    if text.contains('\0') {
        return Err(rquickjs::Exception::throw_syntax(
            call.ctx(),
            "unexpected character in JSON",
        ));
    }
    call.ctx().json_parse(text.into_owned())
}

/// `arrayBuffer()`
pub(super) fn array_buffer<'js>(call: &Call<'js>) -> Result<Value<'js>> {
    let bytes = read(call)?;
    buffer(call.ctx(), &bytes)
}
