//! `crypto`: the global with random numbers and `subtle`, and the module with hashes as older scripts use them.

mod digest;
mod hash;
mod key;
mod pairs;
mod subtle;

use ring::rand::{SecureRandom, SystemRandom};
use rquickjs::{Ctx, Object, Result, Value};

use super::encoding::Encoding;
use super::native::{error, member, string, type_error};
use crate::os::script::{Call, Member, View, define, method, text};

pub(super) use hash::module;

static MEMBERS: [Member; 2] = [
    method(c"getRandomValues", 1, random_values),
    method(c"randomUUID", 0, random_uuid),
];

/// How many bytes one call of `getRandomValues` gives at most.
const RANDOM: usize = 65536;

/// The global `crypto`.
pub(super) fn object<'js>(ctx: &Ctx<'js>) -> Result<Value<'js>> {
    let object = Object::new(ctx.clone())?;
    define(&object, &MEMBERS)?;
    let subtle = Object::new(ctx.clone())?;
    define(&subtle, &subtle::MEMBERS)?;
    object.set("subtle", subtle)?;
    Ok(object.into_value())
}

/// The prototypes of keys and hashes, which have no names.
pub(super) fn prototypes<'js>(ctx: &Ctx<'js>) -> Result<Vec<Object<'js>>> {
    let [hash, hmac] = hash::prototypes(ctx)?;
    Ok(vec![hash, hmac, key::prototype(ctx)?])
}

fn random_values<'js>(call: &Call<'js>) -> Result<Value<'js>> {
    let ctx = call.ctx();
    let array = call.arg(0);
    let is_whole = member(&array, "constructor")?
        .map(|constructor| member(&constructor, "name"))
        .transpose()?
        .flatten()
        .map_or(Ok(String::new()), |name| text(&name))?;
    let is_float = is_whole.starts_with("Float") || is_whole == "DataView";
    let view = View::of(&array).filter(|view| !is_float && view.buffer() != &array);
    let Some(view) = view else {
        return type_error(ctx, "argument must be an array of integers");
    };
    if view.len() > RANDOM {
        let message = format!("the array has more than {RANDOM} bytes");
        return super::native::range_error(ctx, &message);
    }
    view.write(0, &random(ctx, view.len())?);
    Ok(array)
}

/// That many random bytes.
fn random(ctx: &Ctx<'_>, count: usize) -> Result<Vec<u8>> {
    let mut bytes = vec![0; count];
    match SystemRandom::new().fill(&mut bytes) {
        Ok(()) => Ok(bytes),
        Err(_) => error(ctx, "the system gives no random numbers"),
    }
}

fn random_uuid<'js>(call: &Call<'js>) -> Result<Value<'js>> {
    let mut bytes = random(call.ctx(), 16)?;
    bytes[6] = bytes[6] & 0x0f | 0x40;
    bytes[8] = bytes[8] & 0x3f | 0x80;
    let digits = Encoding::Hex.encode(&bytes);
    let parts = [0..8, 8..12, 12..16, 16..20, 20..32].map(|part| &digits[part]);
    string(call.ctx(), &parts.join("-"))
}

#[cfg(test)]
mod tests;
