//! `CryptoKey`: keys that scripts have `crypto.subtle` hold, and how they come in and go out.

use rquickjs::{Array, Ctx, Object, Result, Value};

use super::digest::Algorithm;
use super::subtle::{hash_of, name_of};
use crate::os::script::{Call, Held, Member, View, array_of, held, hold, text};
use crate::script::library::encoding::Encoding;
use crate::script::library::native::{bytes_of_buffer, error, member, type_error};
use crate::script::library::{Kept, kept};

static MEMBERS: [Member; 0] = [];

/// How long keys may be. Their bytes lie outside of the memory whose use the engine limits.
const LONGEST: usize = 1024;

/// A key for keyed hashes.
#[derive(Clone)]
pub(super) struct Key {
    /// The hash function that it is for.
    pub(super) hash: Algorithm,
    /// Its bytes.
    pub(super) bytes: Vec<u8>,
    /// Whether a script may have the bytes back.
    is_extractable: bool,
    /// Whether it signs, and whether it verifies.
    signs: bool,
    verifies: bool,
}

impl Key {
    /// Whether it may be used to `sign`, or to `verify`.
    pub(super) fn allows(&self, usage: &str) -> bool {
        match usage {
            "sign" => self.signs,
            _ => self.verifies,
        }
    }
}

/// The prototype of keys.
pub(super) fn prototype<'js>(ctx: &Ctx<'js>) -> Result<Object<'js>> {
    kept(ctx, Kept::CryptoKey, &MEMBERS)
}

/// The key that an argument is.
pub(super) fn key_of<'js>(call: &Call<'js>, index: usize) -> Result<Held<'js, Key>> {
    match held(&call.arg(index)) {
        Some(key) => Ok(key),
        None => type_error(call.ctx(), "\"key\" must be a CryptoKey"),
    }
}

/// `importKey(format, keyData, algorithm, extractable, usages)`.
pub(super) fn import<'js>(call: &Call<'js>) -> Result<Value<'js>> {
    let ctx = call.ctx();
    let format = text(&call.arg(0))?;
    let algorithm = call.arg(2);
    let name = name_of(&algorithm)?;
    if name != "HMAC" {
        return error(
            ctx,
            &format!("importKey: \"{name}\" is not implemented, \"HMAC\" is"),
        );
    }
    let hash = hash_of(ctx, member(&algorithm, "hash")?)?;
    let data = call.arg(1);
    let bytes = match &*format {
        "raw" => bytes_of_buffer(&data, "\"keyData\"")?,
        "jwk" => secret_of_jwk(&data, hash)?,
        _ => {
            return error(
                ctx,
                &format!("importKey: unsupported key format \"{format}\" for \"HMAC\" key"),
            );
        }
    };
    if bytes.is_empty() || bytes.len() > LONGEST {
        return error(ctx, "importKey: the key must have 1 to 1024 bytes");
    }
    made(call, hash, bytes, 3)
}

/// `generateKey(algorithm, extractable, usages)`.
pub(super) fn generate<'js>(call: &Call<'js>) -> Result<Value<'js>> {
    let ctx = call.ctx();
    let algorithm = call.arg(0);
    let name = name_of(&algorithm)?;
    if name != "HMAC" {
        return error(
            ctx,
            &format!("generateKey: \"{name}\" is not implemented, \"HMAC\" is"),
        );
    }
    let hash = hash_of(ctx, member(&algorithm, "hash")?)?;
    let length = match member(&algorithm, "length")? {
        Some(bits) => bits.get::<rquickjs::Coerced<f64>>()?.0 / 8.0,
        None => hash.block() as f64,
    };
    if !(1.0..=1024.0).contains(&length) {
        return error(ctx, "generateKey: the length must be 8 to 8192 bits");
    }
    made(call, hash, super::random(ctx, length as usize)?, 1)
}

/// A key as an object; whether it may leave, and what it is for, stands in the arguments from `first`.
fn made<'js>(
    call: &Call<'js>,
    hash: Algorithm,
    bytes: Vec<u8>,
    first: usize,
) -> Result<Value<'js>> {
    let ctx = call.ctx();
    let is_extractable = call.arg(first).get::<rquickjs::Coerced<bool>>()?.0;
    let usages = call.arg(first + 1);
    let (mut signs, mut verifies) = (false, false);
    let Some(list) = usages.as_array() else {
        return type_error(ctx, "\"keyUsages\" must be an Array");
    };
    for usage in list.iter::<Value<'js>>() {
        match &*text(&usage?)? {
            "sign" => signs = true,
            "verify" => verifies = true,
            other => return type_error(ctx, &format!("\"{other}\" is no usage of \"HMAC\" keys")),
        }
    }
    let length = bytes.len();
    let key = Key {
        hash,
        bytes,
        is_extractable,
        signs,
        verifies,
    };
    let object = hold(prototype(ctx)?, key)?;
    describe(&object, hash, length, usages)?;
    object.set("extractable", is_extractable)?;
    Ok(object.into_value())
}

fn describe<'js>(
    object: &Object<'js>,
    hash: Algorithm,
    length: usize,
    usages: Value<'js>,
) -> Result<()> {
    let ctx = object.ctx();
    let algorithm = Object::new(ctx.clone())?;
    algorithm.set("name", "HMAC")?;
    let function = Object::new(ctx.clone())?;
    function.set("name", hash.name())?;
    algorithm.set("hash", function)?;
    algorithm.set("length", (length * 8) as f64)?;
    object.set("type", "secret")?;
    object.set("algorithm", algorithm)?;
    object.set("usages", usages)
}

/// `exportKey(format, key)`.
pub(super) fn export<'js>(call: &Call<'js>) -> Result<Value<'js>> {
    let ctx = call.ctx();
    let format = text(&call.arg(0))?;
    let key = key_of(call, 1)?;
    if !key.is_extractable {
        return type_error(ctx, "provided key cannot be extracted");
    }
    match &*format {
        "raw" => {
            let array = array_of(ctx, &key.bytes)?;
            let view = View::of(array.as_value());
            Ok(view.map_or_else(|| array.as_value().clone(), |view| view.buffer().clone()))
        }
        "jwk" => jwk_of(ctx, &key).map(Object::into_value),
        _ => error(
            ctx,
            &format!("exportKey: unsupported key format \"{format}\" for \"HMAC\" key"),
        ),
    }
}

fn jwk_of<'js>(ctx: &Ctx<'js>, key: &Key) -> Result<Object<'js>> {
    let jwk = Object::new(ctx.clone())?;
    jwk.set("kty", "oct")?;
    jwk.set("alg", jwk_algorithm(key.hash))?;
    jwk.set("k", Encoding::Base64Url.encode(&key.bytes))?;
    jwk.set("ext", true)?;
    let usages = Array::new(ctx.clone())?;
    for usage in ["sign", "verify"] {
        if key.allows(usage) {
            usages.set(usages.len(), usage)?;
        }
    }
    jwk.set("key_ops", usages)?;
    Ok(jwk)
}

fn jwk_algorithm(hash: Algorithm) -> &'static str {
    match hash {
        Algorithm::Md5 | Algorithm::Sha1 => "HS1",
        Algorithm::Sha256 => "HS256",
        Algorithm::Sha384 => "HS384",
        Algorithm::Sha512 => "HS512",
    }
}

fn secret_of_jwk(jwk: &Value<'_>, hash: Algorithm) -> Result<Vec<u8>> {
    let said = |name| -> Result<Option<String>> {
        member(jwk, name)?.map(|value| text(&value)).transpose()
    };
    if said("kty")?.as_deref() != Some("oct") {
        return type_error(jwk.ctx(), "the JWK of an HMAC key has kty \"oct\"");
    }
    if said("alg")?.is_some_and(|alg| alg != jwk_algorithm(hash)) {
        return type_error(jwk.ctx(), "the JWK is for another hash");
    }
    match said("k")? {
        Some(secret) => Ok(Encoding::Base64Url.decode(&secret)),
        None => type_error(jwk.ctx(), "the JWK has no \"k\""),
    }
}
