//! `crypto.subtle`: digests, keyed hashes, and signatures by pairs of keys, all by promises. Ciphers and derived keys are
//! named in the error that says that they are not here.

use rquickjs::convert::Coerced;
use rquickjs::{Ctx, Result, Value};
use subtle::ConstantTimeEq as _;

use super::digest::{Algorithm, Hmac};
use super::key::{Key, Material, export, generate, import, key_of};
use super::pairs::Scheme;
use crate::os::script::{Call, Held, Member, View, array_of, method, text};
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
        "crypto.subtle has digests and signatures here, and neither ciphers nor derived keys",
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

/// What a call of `sign` or `verify` says: the key, which allows that, and the data, which is the argument at `data`.
fn said<'js>(call: &Call<'js>, usage: &str, data: usize) -> Result<(Held<'js, Key>, Vec<u8>)> {
    let ctx = call.ctx();
    let name = name_of(&call.arg(0))?;
    if name != "HMAC" && Scheme::of(&name).is_none() {
        return error(ctx, &format!("{usage}: \"{name}\" is not implemented"));
    }
    let data = bytes_of_buffer(&call.arg(data), "\"data\"")?;
    let key = key_of(call, 1)?;
    if !key.allows(usage) {
        let message = format!("provided key doesn't support \"{usage}\" operation");
        return type_error(ctx, &message);
    }
    let own = key.material.name();
    if own != name {
        let message = format!("cannot {usage} using \"{name}\" with \"{own}\" key");
        return type_error(ctx, &message);
    }
    Ok((key, data))
}

/// The hash function of a signature by a pair of keys: the key's, or for ECDSA the call's.
fn hash_for(call: &Call<'_>, scheme: Scheme, own: Option<Algorithm>) -> Result<Algorithm> {
    let (ctx, algorithm) = (call.ctx(), call.arg(0));
    let hash = match own {
        Some(hash) => hash,
        None => hash_of(ctx, member(&algorithm, "hash")?)?,
    };
    if scheme == Scheme::Pss {
        let salt = member(&algorithm, "saltLength")?;
        let salt = salt.map(|salt| salt.get::<Coerced<f64>>()).transpose()?;
        if salt.is_none_or(|Coerced(salt)| salt != hash.length() as f64) {
            let message =
                "the salt of RSA-PSS is as long as the hash here: \"saltLength\" must say so";
            return error(ctx, message);
        }
    }
    Ok(hash)
}

fn keyed_hash(hash: Algorithm, secret: &[u8], data: &[u8]) -> Vec<u8> {
    let mut hmac = Hmac::new(hash, secret);
    hmac.update(data);
    hmac.finish()
}

fn sign<'js>(call: &Call<'js>) -> Result<Value<'js>> {
    let ctx = call.ctx();
    let (key, data) = said(call, "sign", 2)?;
    let signature = match &key.material {
        Material::Secret(hash, secret) => Ok(keyed_hash(*hash, secret, &data)),
        Material::Half(scheme, hash, half) => {
            half.sign(*scheme, hash_for(call, *scheme, *hash)?, &data)
        }
    };
    match signature {
        Ok(signature) => buffer(ctx, &signature),
        Err(problem) => error(ctx, &format!("sign: {problem}")),
    }
}

fn verify<'js>(call: &Call<'js>) -> Result<Value<'js>> {
    let ctx = call.ctx();
    let given = bytes_of_buffer(&call.arg(2), "\"signature\"")?;
    let (key, data) = said(call, "verify", 3)?;
    let is_right = match &key.material {
        Material::Secret(hash, secret) => {
            let right = keyed_hash(*hash, secret, &data);
            Ok(right.ct_eq(&given).into())
        }
        Material::Half(scheme, hash, half) => {
            half.verify(*scheme, hash_for(call, *scheme, *hash)?, &data, &given)
        }
    };
    match is_right {
        Ok(is_right) => Ok(boolean(ctx, is_right)),
        Err(problem) => error(ctx, &format!("verify: {problem}")),
    }
}
