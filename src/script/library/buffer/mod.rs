//! `Buffer`: arrays of bytes with the methods that njs has for them. A buffer is a `Uint8Array` with another prototype.

mod make;
mod numbers;
mod search;
mod write;

use rquickjs::{Ctx, Object, Result, Value};

use super::Kept;
use super::encoding::Encoding;
use super::native::{given_text, integer, number, range_error, relative, string, type_error};
use crate::os::script::{Call, Member, View, array_of, array_over, define, method};

static MEMBERS: [Member; 19] = [
    method(c"compare", 1, search::compare),
    method(c"copy", 1, write::copy),
    method(c"equals", 1, search::equals),
    method(c"fill", 1, write::fill),
    method(c"includes", 1, search::includes),
    method(c"indexOf", 1, search::index_of),
    method(c"lastIndexOf", 1, search::last_index_of),
    method(c"slice", 2, subarray),
    method(c"subarray", 2, subarray),
    method(c"swap16", 0, write::swap::<2>),
    method(c"swap32", 0, write::swap::<4>),
    method(c"swap64", 0, write::swap::<8>),
    method(c"toJSON", 0, to_json),
    method(c"toString", 3, to_string),
    method(c"write", 1, write::write),
    method(c"readDoubleBE", 1, numbers::read_float::<8, false>),
    method(c"readDoubleLE", 1, numbers::read_float::<8, true>),
    method(c"readFloatBE", 1, numbers::read_float::<4, false>),
    method(c"readFloatLE", 1, numbers::read_float::<4, true>),
];

/// The constructor `Buffer`.
pub(super) fn constructor<'js>(ctx: &Ctx<'js>) -> Result<Value<'js>> {
    crate::os::script::kept(ctx, Kept::BufferConstructor as u32, |ctx| {
        let prototype = prototype(ctx)?;
        let made = crate::os::script::constructor(&prototype, c"Buffer", 2, make::construct)?;
        let array: Object<'js> = array_of(ctx, &[])?.get("constructor")?;
        made.set_prototype(Some(&array))?;
        define(&made, &make::MEMBERS)?;
        Ok(made.into_inner())
    })
    .map(Object::into_value)
}

/// The module `buffer`.
pub(super) fn module<'js>(ctx: &Ctx<'js>) -> Result<Object<'js>> {
    let module = Object::new(ctx.clone())?;
    module.set("Buffer", constructor(ctx)?)?;
    Ok(module)
}

/// A buffer with a copy of bytes.
pub fn buffer_of<'js>(ctx: &Ctx<'js>, bytes: &[u8]) -> Result<Value<'js>> {
    as_buffer(array_of(ctx, bytes)?)
}

/// Makes a buffer of an array of bytes.
fn as_buffer(array: Object<'_>) -> Result<Value<'_>> {
    array.set_prototype(Some(&prototype(array.ctx())?))?;
    Ok(array.into_value())
}

/// The prototype of buffers in a context.
fn prototype<'js>(ctx: &Ctx<'js>) -> Result<Object<'js>> {
    crate::os::script::kept(ctx, Kept::Buffer as u32, |ctx| {
        let array = array_of(ctx, &[])?;
        let prototype = Object::new_proto(ctx.clone(), array.get_prototype().as_ref())?;
        define(&prototype, &MEMBERS)?;
        define(&prototype, &numbers::MEMBERS)?;
        Ok(prototype)
    })
}

/// What a method was called on.
fn this<'js>(call: &Call<'js>) -> Result<View<'js>> {
    match View::of(call.this()) {
        Some(view) => Ok(view),
        None => type_error(call.ctx(), "\"this\" is not a Buffer"),
    }
}

/// A place within a buffer at which `size` bytes stand.
fn place(call: &Call<'_>, index: usize, view: &View<'_>, size: usize) -> Result<usize> {
    let place = integer(call, index)?.unwrap_or(0.0);
    if place < 0.0 || place + size as f64 > view.len() as f64 {
        let message = format!("index {place} is outside the bound of the buffer");
        return range_error(call.ctx(), &message);
    }
    Ok(place as usize)
}

fn subarray<'js>(call: &Call<'js>) -> Result<Value<'js>> {
    let view = this(call)?;
    let start = relative(call, 0, view.len(), 0)?;
    let end = relative(call, 1, view.len(), view.len())?.max(start);
    as_buffer(array_over(
        view.buffer(),
        view.start() + start,
        end - start,
    )?)
}

fn to_string<'js>(call: &Call<'js>) -> Result<Value<'js>> {
    let ctx = call.ctx();
    let view = this(call)?;
    let encoding = Encoding::named(ctx, given_text(call, 0)?.as_deref())?;
    let start = relative(call, 1, view.len(), 0)?;
    let end = relative(call, 2, view.len(), view.len())?.max(start);
    string(ctx, &encoding.encode(&view.part(start, end)))
}

fn to_json<'js>(call: &Call<'js>) -> Result<Value<'js>> {
    let ctx = call.ctx();
    let bytes = this(call)?.to_vec();
    let values = rquickjs::Array::new(ctx.clone())?;
    for (index, byte) in bytes.into_iter().enumerate() {
        values.set(index, number(ctx, f64::from(byte)))?;
    }
    let result = Object::new(ctx.clone())?;
    result.set("type", "Buffer")?;
    result.set("data", values)?;
    Ok(result.into_value())
}

#[cfg(test)]
mod tests;
