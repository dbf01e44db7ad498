//! `crypto.subtle`: digests and keyed hashes, by promises. Ciphers and keys in pairs are named in the error that says
//! that they are not here.

use rquickjs::{Ctx, Result, Value};
use subtle::ConstantTimeEq as _;

use super::digest::{Algorithm, Hmac};
use super::key::{export, generate, import, key_of};
use crate::os::script::{Call, Member, View, array_of, method, text};
use crate::script::library::native::{boolean, bytes_of_buffer, error, later, member, type_error};

pub(super) static MEMBERS: [Member; 10] = [
    method(c"decrypt", 3, |call| later(call, absent)),
    method(c"deriveBits", 3, |call| later(call, absent)),
    method(c"deriveKey", 5, |call| later(call, absent)),
    method(c"digest", 2, |call| later(call, digest)),
    method(c"encrypt", 3, |call| later(call, absent)),
    method(c"exportKey", 2, |call| later(call, export)),
    method(c"generateKey", 3, |call| later(call, generate)),
    method(c"importKey", 5, |call| later(call, import)),
    method(c"sign", 3, |call| later(call, sign)),
    method(c"verify", 4, |call| later(call, verify)),
];

fn absent<'js>(call: &Call<'js>) -> Result<Value<'js>> {
    error(
        call.ctx(),
        "crypto.subtle has digests and HMAC here, and neither ciphers nor derived keys",
    )
}

/// The name of an algorithm: a text, or the member of an object.
pub(super) fn name_of(algorithm: &Value<'_>) -> Result<String> {
    if algorithm.is_string() {
        return text(algorithm);
    }
    match member(algorithm, "name")? {
        Some(name) => text(&name),
        None => type_error(algorithm.ctx(), "algorithm name is not set"),
    }
}

/// The hash function that is named.
pub(super) fn hash_of(ctx: &Ctx<'_>, named: Option<Value<'_>>) -> Result<Algorithm> {
    let Some(named) = named else {
        return type_error(ctx, "hash is not set");
    };
    let name = name_of(&named)?;
    match Algorithm::of_subtle(&name) {
        Some(hash) => Ok(hash),
        None => type_error(ctx, &format!("unknown hash name: \"{name}\"")),
    }
}

/// Bytes as an `ArrayBuffer`.
fn buffer<'js>(ctx: &Ctx<'js>, bytes: &[u8]) -> Result<Value<'js>> {
    let array = array_of(ctx, bytes)?.into_value();
    Ok(View::of(&array).map_or_else(|| array.clone(), |view| view.buffer().clone()))
}

fn digest<'js>(call: &Call<'js>) -> Result<Value<'js>> {
    let ctx = call.ctx();
    let hash = hash_of(ctx, Some(call.arg(0)))?;
    buffer(
        ctx,
        &hash.digest(&bytes_of_buffer(&call.arg(1), "\"data\"")?),
    )
}

/// The keyed hash of the argument at `data`, by the key of a call that allows it.
fn signature(call: &Call<'_>, usage: &str, data: usize) -> Result<Vec<u8>> {
    let ctx = call.ctx();
    let name = name_of(&call.arg(0))?;
    if name != "HMAC" {
        return error(
            ctx,
            &format!("{usage}: \"{name}\" is not implemented, \"HMAC\" is"),
        );
    }
    let data = bytes_of_buffer(&call.arg(data), "\"data\"")?;
    let key = key_of(call, 1)?;
    if !key.allows(usage) {
        return type_error(
            ctx,
            &format!("provided key doesn't support \"{usage}\" operation"),
        );
    }
    let mut hmac = Hmac::new(key.hash, &key.bytes);
    hmac.update(&data);
    Ok(hmac.finish())
}

fn sign<'js>(call: &Call<'js>) -> Result<Value<'js>> {
    buffer(call.ctx(), &signature(call, "sign", 2)?)
}

fn verify<'js>(call: &Call<'js>) -> Result<Value<'js>> {
    let given = bytes_of_buffer(&call.arg(2), "\"signature\"")?;
    let right = signature(call, "verify", 3)?;
    Ok(boolean(call.ctx(), right.ct_eq(&given).into()))
}
