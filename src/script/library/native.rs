//! What natives of the library have in common: how they take arguments, and what they throw.

use std::rc::Rc;

use rquickjs::convert::Coerced;
use rquickjs::{Ctx, Error, Exception, Object, Result, Value};

use crate::os::script::{Call, Share, View, text, text_bytes};
use crate::script::engine::{self, Engine};
use crate::script::instance;

/// A text of ours as a value.
pub(super) fn string<'js>(ctx: &Ctx<'js>, text: &str) -> Result<Value<'js>> {
    Ok(rquickjs::String::from_str(ctx.clone(), text)?.into_value())
}

/// Undefined.
pub(super) fn undefined<'js>(ctx: &Ctx<'js>) -> Value<'js> {
    Value::new_undefined(ctx.clone())
}

/// A number; those that fit are integers for the engine.
pub(super) fn number<'js>(ctx: &Ctx<'js>, value: f64) -> Value<'js> {
    Value::new_number(ctx.clone(), value)
}

/// A truth.
pub(super) fn boolean<'js>(ctx: &Ctx<'js>, value: bool) -> Value<'js> {
    Value::new_bool(ctx.clone(), value)
}

/// Throws a `TypeError`.
pub(super) fn type_error<T>(ctx: &Ctx<'_>, message: &str) -> Result<T> {
    Err(Exception::throw_type(ctx, message))
}

/// Throws a `RangeError`.
pub(super) fn range_error<T>(ctx: &Ctx<'_>, message: &str) -> Result<T> {
    Err(Exception::throw_range(ctx, message))
}

/// Throws an `Error`.
pub(super) fn error<T>(ctx: &Ctx<'_>, message: &str) -> Result<T> {
    Err(Exception::throw_message(ctx, message))
}

/// An argument that was given, and is not undefined.
pub(super) fn given<'js>(call: &Call<'js>, index: usize) -> Option<Value<'js>> {
    Some(call.arg(index)).filter(|value| !value.is_undefined())
}

/// An argument as a text, if it was given.
pub(super) fn given_text(call: &Call<'_>, index: usize) -> Result<Option<String>> {
    given(call, index).map(|value| text(&value)).transpose()
}

/// An argument as an integer, if it was given: cut towards zero, no number is 0.
pub(super) fn integer(call: &Call<'_>, index: usize) -> Result<Option<f64>> {
    let Some(value) = given(call, index) else {
        return Ok(None);
    };
    let Coerced(number) = value.get::<Coerced<f64>>()?;
    Ok(Some(if number.is_nan() { 0.0 } else { number.trunc() }))
}

/// An argument as a place within `0..=length`; those below 0 count from the end.
pub(super) fn relative(
    call: &Call<'_>,
    index: usize,
    length: usize,
    default: usize,
) -> Result<usize> {
    let Some(place) = integer(call, index)? else {
        return Ok(default);
    };
    let length = length as f64;
    let place = if place < 0.0 { length + place } else { place };
    Ok(place.clamp(0.0, length) as usize)
}

/// The elements of a value that is an array; nothing where it is none. Those that do not exist are undefined.
///
/// # Errors
/// What an element throws that is made when it is asked for.
pub fn elements<'js>(
    value: &Value<'js>,
) -> Result<Option<impl Iterator<Item = Result<Value<'js>>> + use<'js>>> {
    let Some(object) = value.as_object().filter(|_| value.is_array()).cloned() else {
        return Ok(None);
    };
    let length = length(&object)?;
    Ok(Some((0..length).map(move |index| object.get(index))))
}

/// What an object says of how many elements it has.
pub(super) fn length(object: &Object<'_>) -> Result<u32> {
    let Coerced(length) = object.get::<_, Coerced<f64>>("length")?;
    // What is no number is none, and more than fit are no more.
    Ok(length as u32)
}

/// Counts what a native function gathers outside of the engine piece by piece, as memory of scripts, until this is
/// dropped. A function whose time is over finds no room, either.
pub struct Tally {
    share: Share,
    engine: Rc<Engine>,
}

impl Tally {
    /// Of nothing.
    ///
    /// # Errors
    /// There is no engine.
    pub fn new(ctx: &Ctx<'_>) -> Result<Self> {
        let engine = engine::engine();
        Ok(Self {
            share: instance::share(ctx, 0)?,
            engine: engine.map_err(|fault| Exception::throw_message(ctx, &fault.message))?,
        })
    }

    /// Counts a piece, before it is taken.
    ///
    /// # Errors
    /// Scripts hold as much as they may, or the script has run for too long.
    pub fn add(&mut self, ctx: &Ctx<'_>, bytes: usize) -> Result<()> {
        if self.engine.deadline.has_passed() {
            return Err(Exception::throw_internal(ctx, "out of time"));
        }
        match self.share.grow(bytes + EACH) {
            true => Ok(()),
            false => Err(Exception::throw_internal(ctx, "out of memory")),
        }
    }
}

/// What a piece takes beside its bytes.
const EACH: usize = 32;

/// The bytes of a value: of a buffer or a view of one what is in it, of everything else the text in UTF-8.
pub fn bytes(value: &Value<'_>) -> Result<Vec<u8>> {
    match View::of(value) {
        Some(view) => Ok(view.to_vec()),
        None => text_bytes(value),
    }
}

/// The bytes of a buffer or a view of one; anything else is an error that says what it should have been.
pub(super) fn bytes_of_buffer(value: &Value<'_>, what: &str) -> Result<Vec<u8>> {
    match View::of(value) {
        Some(view) => Ok(view.to_vec()),
        None => type_error(
            value.ctx(),
            &format!("{what} must be a buffer or a view of one"),
        ),
    }
}

/// A member of a value that is an object, if it is there and not undefined.
pub(super) fn member<'js>(value: &Value<'js>, name: &str) -> Result<Option<Value<'js>>> {
    let Some(object) = value.as_object() else {
        return Ok(None);
    };
    let member: Value<'js> = object.get(name)?;
    Ok(Some(member).filter(|member| !member.is_undefined()))
}

/// A member as a truth, as scripts see it; false if it is absent.
pub(super) fn is_set(value: &Value<'_>, name: &str) -> Result<bool> {
    match member(value, name)? {
        Some(member) => Ok(member.get::<Coerced<bool>>()?.0),
        None => Ok(false),
    }
}

/// The prototype that an object made by this call of the constructor `name` has: that of what stands behind `new`.
pub(super) fn prototype<'js>(
    call: &Call<'js>,
    own: Object<'js>,
    name: &str,
) -> Result<Object<'js>> {
    let Some(target) = call.this().as_object() else {
        let message = format!("Constructor of {name} requires 'new'");
        return type_error(call.ctx(), &message);
    };
    let prototype: Value<'js> = target.get("prototype")?;
    Ok(prototype.into_object().unwrap_or(own))
}

/// What a function returns or throws, as a promise.
///
/// # Errors
/// No memory.
pub fn later<'js>(
    call: &Call<'js>,
    function: impl Fn(&Call<'js>) -> Result<Value<'js>>,
) -> Result<Value<'js>> {
    let ctx = call.ctx();
    let (promise, resolve, reject) = ctx.promise()?;
    match function(call) {
        Ok(value) => resolve.call::<_, ()>((value,))?,
        Err(Error::Exception) => reject.call::<_, ()>((ctx.catch(),))?,
        Err(other) => {
            Exception::throw_type(ctx, &other.to_string());
            reject.call::<_, ()>((ctx.catch(),))?;
        }
    }
    Ok(promise.into_value())
}
