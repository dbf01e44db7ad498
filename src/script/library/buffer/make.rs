//! How buffers come about: `Buffer.from`, `Buffer.alloc` and the other functions of `Buffer` itself.

use rquickjs::convert::Coerced;
use rquickjs::function::This;
use rquickjs::{Object, Result, Value};

use super::super::super::realm::{Own, own};
use super::super::encoding::Encoding;
use super::super::native::{
    Tally, boolean, elements, given, given_text, integer, member, number, range_error, type_error,
};
use super::{as_buffer, buffer_of, prototype, search, write};
use crate::os::script::{Call, Code, Member, View, array_of_zeros, array_over, method, text};

/// The functions of `Buffer`.
pub(super) static MEMBERS: [Member; 8] = [
    method(c"alloc", 3, alloc),
    method(c"allocUnsafe", 1, alloc),
    method(c"byteLength", 2, byte_length),
    method(c"compare", 2, search::compare_both),
    method(c"concat", 2, concat),
    method(c"from", 3, from),
    method(c"isBuffer", 1, is_buffer),
    method(c"isEncoding", 1, is_encoding),
];

/// The largest number of elements that `Buffer.from` takes from an object that is like an array.
const ELEMENTS: f64 = (16 << 20) as f64;

/// `new Buffer(…)`, which arrays of bytes call when they make others of their kind.
pub(super) fn construct<'js>(call: &Call<'js>) -> Result<Value<'js>> {
    if call.arg(0).is_number() {
        return alloc(call);
    }
    from(call)
}

fn alloc<'js>(call: &Call<'js>) -> Result<Value<'js>> {
    let ctx = call.ctx();
    let size = integer(call, 0)?.unwrap_or(0.0);
    if !(0.0..=f64::from(u32::MAX)).contains(&size) {
        return range_error(ctx, "invalid size");
    }
    let buffer = as_buffer(array_of_zeros(ctx, size as usize)?)?;
    if let (Some(value), Some(view)) = (given(call, 1), View::of(&buffer)) {
        let encoding = Encoding::named(ctx, given_text(call, 2)?.as_deref())?;
        write::repeat(ctx, &view, 0..view.len(), &value, encoding)?;
    }
    Ok(buffer)
}

fn from<'js>(call: &Call<'js>) -> Result<Value<'js>> {
    let ctx = call.ctx();
    let value = call.arg(0);
    if value.is_string() {
        let encoding = Encoding::named(ctx, given_text(call, 1)?.as_deref())?;
        return buffer_of(ctx, &encoding.decode(&text(&value)?));
    }
    let Some(object) = value.as_object() else {
        return type_error(ctx, "first argument is not a string or Buffer-like object");
    };
    if let Some(view) = View::of(&value) {
        if view.buffer() == &value {
            return over(call, &view);
        }
        return of_elements(object);
    }
    let plain = match member(&value, "valueOf")?.and_then(Value::into_function) {
        Some(method) => method.call((This(value.clone()),))?,
        None => Value::new_undefined(ctx.clone()),
    };
    if plain.is_string() {
        let encoding = Encoding::named(ctx, given_text(call, 1)?.as_deref())?;
        return buffer_of(ctx, &encoding.decode(&text(&plain)?));
    }
    if let Some(data) = member(&value, "data")?.and_then(Value::into_array)
        && member(&value, "type")?
            .is_some_and(|kind| text(&kind).is_ok_and(|kind| kind == "Buffer"))
    {
        return of_elements(&data);
    }
    if object.contains_key("length")? {
        return of_elements(object);
    }
    type_error(ctx, "first argument is not a string or Buffer-like object")
}

/// A buffer over a range of an `ArrayBuffer`.
fn over<'js>(call: &Call<'js>, view: &View<'js>) -> Result<Value<'js>> {
    let ctx = call.ctx();
    let start = integer(call, 1)?.unwrap_or(0.0);
    if start < 0.0 || start > view.len() as f64 {
        return range_error(ctx, "invalid index");
    }
    let rest = view.len() as f64 - start;
    let length = integer(call, 2)?.map_or(rest, |length| length.max(0.0));
    if length > rest {
        return range_error(ctx, "invalid length");
    }
    as_buffer(array_over(view.buffer(), start as usize, length as usize)?)
}

/// A buffer of the elements of an array, or of an object that is like one.
fn of_elements<'js>(object: &Object<'js>) -> Result<Value<'js>> {
    let ctx = object.ctx();
    if let Some(view) = View::of(object.as_value())
        && member(object.as_value(), "BYTES_PER_ELEMENT")?
            .is_some_and(|size| size.as_int() == Some(1))
    {
        return buffer_of(ctx, &view.to_vec());
    }
    let Coerced(length) = object.get::<_, Coerced<f64>>("length")?;
    if length > ELEMENTS {
        return range_error(ctx, "invalid length");
    }
    let length = length.max(0.0) as u32;
    as_buffer(own(ctx, &BYTES)?.call((object.clone(), length))?)
}

/// A function of something with elements and how many there are. Each may take long to get and to read as a number, so it
/// is done in a language that can be ended.
static BYTES: Own = Own(
    Code::new(),
    "bytes.js",
    "(from, length) => {
        const bytes = new Uint8Array(length);
        for (let k = 0; k < length; k++) bytes[k] = from[k];
        return bytes;
    }",
);

/// A number as a byte, as arrays of bytes take it: what is above goes round.
pub(super) fn wrapped(number: f64) -> u8 {
    if !number.is_finite() {
        return 0;
    }
    number.trunc().rem_euclid(256.0) as u8
}

fn byte_length<'js>(call: &Call<'js>) -> Result<Value<'js>> {
    let ctx = call.ctx();
    let value = call.arg(0);
    if let Some(view) = View::of(&value) {
        return Ok(number(ctx, view.len() as f64));
    }
    if !value.is_string() {
        return type_error(ctx, "first argument is not a string or Buffer-like object");
    }
    let encoding = Encoding::named(ctx, given_text(call, 1)?.as_deref())?;
    let length = encoding.decode(&text(&value)?).len();
    Ok(number(ctx, length as f64))
}

fn concat<'js>(call: &Call<'js>) -> Result<Value<'js>> {
    let ctx = call.ctx();
    let list = call.arg(0);
    let Some(list) = elements(&list)? else {
        return type_error(ctx, "\"list\" argument must be an instance of Array");
    };
    let (mut views, mut tally) = (Vec::new(), Tally::new(ctx)?);
    for (index, part) in list.enumerate() {
        match View::of(&part?) {
            Some(view) => {
                tally.add(ctx, size_of::<View<'_>>())?;
                views.push(view);
            }
            None => {
                let message = format!(
                    "\"list[{index}]\" argument must be an instance of Buffer or Uint8Array"
                );
                return type_error(ctx, &message);
            }
        }
    }
    let whole: f64 = views.iter().map(|view| view.len() as f64).sum();
    let length = integer(call, 1)?.unwrap_or(whole);
    if !(0.0..=f64::from(u32::MAX)).contains(&length) {
        return range_error(ctx, "invalid length");
    }
    // The engine's memory is asked first, so that its limit holds before ours is taken.
    let buffer = as_buffer(array_of_zeros(ctx, length as usize)?)?;
    let (mut at, length) = (0, length as usize);
    for part in &views {
        if at == length {
            break;
        }
        let fitting = part.part(0, part.len().min(length - at));
        if let Some(view) = View::of(&buffer) {
            view.write(at, &fitting);
        }
        at += fitting.len();
    }
    Ok(buffer)
}

fn is_buffer<'js>(call: &Call<'js>) -> Result<Value<'js>> {
    let ctx = call.ctx();
    let value = call.arg(0);
    let own = prototype(ctx)?;
    let is_buffer = value.as_object().and_then(Object::get_prototype) == Some(own);
    Ok(boolean(ctx, is_buffer && View::of(&value).is_some()))
}

fn is_encoding<'js>(call: &Call<'js>) -> Result<Value<'js>> {
    let ctx = call.ctx();
    let value = call.arg(0);
    let is_known = value.is_string() && Encoding::of(&text(&value)?).is_some();
    Ok(boolean(ctx, is_known))
}
