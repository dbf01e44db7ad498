//! `CryptoKey`: keys that scripts have `crypto.subtle` hold, and how they come in and go out.

use rquickjs::{Array, Ctx, Object, Result, Value};

use super::digest::Algorithm;
use super::pairs::{Curve, Half, Problem, Scheme};
use super::subtle::{hash_of, name_of};
use crate::os::script::{Call, Held, Member, View, array_of, held, hold, text};
use crate::script::library::encoding::Encoding;
use crate::script::library::native::{bytes_of_buffer, elements, error, member, type_error};
use crate::script::library::{Kept, kept};

static MEMBERS: [Member; 0] = [];

/// How long secrets may be. Their bytes lie outside of the memory whose use the engine limits.
const LONGEST: usize = 1024;
/// How long keys of pairs may be: RSA has the longest.
const LONGEST_HALF: usize = 5120;

/// A key.
#[derive(Clone)]
pub(super) struct Key {
    pub(super) material: Material,
    /// Whether a script may have the bytes back.
    is_extractable: bool,
    /// Whether it signs, and whether it verifies.
    signs: bool,
    verifies: bool,
}

/// What a key is of.
#[derive(Clone)]
pub(super) enum Material {
    /// A secret for keyed hashes by this function.
    Secret(Algorithm, Vec<u8>),
    /// One of a pair; for RSA the hash function is the key's.
    Half(Scheme, Option<Algorithm>, Half),
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

impl Material {
    /// The name of the algorithm that it is for.
    pub(super) fn name(&self) -> &'static str {
        match self {
            Self::Secret(..) => "HMAC",
            Self::Half(scheme, ..) => scheme.name(),
        }
    }

    /// Whether a key of this kind can be used for that.
    fn can(&self, usage: &str) -> bool {
        match self {
            Self::Secret(..) => matches!(usage, "sign" | "verify"),
            Self::Half(_, _, half) if half.is_private() => usage == "sign",
            Self::Half(..) => usage == "verify",
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
    let material = match Scheme::of(&name) {
        _ if name == "HMAC" => secret(call, &format, &algorithm)?,
        Some(scheme) => half(call, &format, &algorithm, scheme)?,
        None => return error(ctx, &format!("importKey: \"{name}\" is not implemented")),
    };
    made(call, material, 3)
}

fn secret<'js>(call: &Call<'js>, format: &str, algorithm: &Value<'js>) -> Result<Material> {
    let (ctx, data) = (call.ctx(), call.arg(1));
    let hash = hash_of(ctx, member(algorithm, "hash")?)?;
    let bytes = match format {
        "raw" => bytes_of_buffer(&data, "\"keyData\"")?,
        "jwk" => secret_of_jwk(&data, hash)?,
        _ => return unsupported(ctx, "importKey", format, "HMAC"),
    };
    if bytes.is_empty() || bytes.len() > LONGEST {
        return error(ctx, "importKey: the key must have 1 to 1024 bytes");
    }
    Ok(Material::Secret(hash, bytes))
}

fn half<'js>(
    call: &Call<'js>,
    format: &str,
    algorithm: &Value<'js>,
    scheme: Scheme,
) -> Result<Material> {
    let (ctx, data) = (call.ctx(), call.arg(1));
    let (curve, hash) = match scheme {
        Scheme::Ecdsa => (Some(curve_of(algorithm)?), None),
        _ => (None, Some(hash_of(ctx, member(algorithm, "hash")?)?)),
    };
    let bytes = match format {
        "jwk" => Vec::new(),
        _ => bytes_of_buffer(&data, "\"keyData\"")?,
    };
    if bytes.len() > LONGEST_HALF {
        return error(ctx, "importKey: the key is too long");
    }
    let half = match (format, curve) {
        ("spki", _) => Half::of_spki(curve, &bytes),
        ("pkcs8", _) => Half::of_pkcs8(curve, &bytes),
        ("raw", Some(curve)) => Half::point(curve, &bytes),
        ("jwk", _) => half_of_jwk(&data, curve)?,
        _ => return unsupported(ctx, "importKey", format, scheme.name()),
    };
    match half {
        Ok(half) => Ok(Material::Half(scheme, hash, half)),
        Err(problem) => error(ctx, &format!("importKey: {problem}")),
    }
}

fn unsupported<T>(ctx: &Ctx<'_>, what: &str, format: &str, name: &str) -> Result<T> {
    let message = format!("{what}: unsupported key format \"{format}\" for \"{name}\" key");
    error(ctx, &message)
}

fn curve_of(algorithm: &Value<'_>) -> Result<Curve> {
    let name = member(algorithm, "namedCurve")?.map(|name| text(&name));
    let name = name.transpose()?.unwrap_or_default();
    match Curve::of(&name) {
        Some(curve) => Ok(curve),
        None => type_error(
            algorithm.ctx(),
            &format!("unknown curve name: \"{name}\", there are \"P-256\" and \"P-384\""),
        ),
    }
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
    let bytes = super::random(ctx, length as usize)?;
    made(call, Material::Secret(hash, bytes), 1)
}

/// A key as an object; whether it may leave, and what it is for, stands in the arguments from `first`.
fn made<'js>(call: &Call<'js>, material: Material, first: usize) -> Result<Value<'js>> {
    let ctx = call.ctx();
    let is_extractable = call.arg(first).get::<rquickjs::Coerced<bool>>()?.0;
    let usages = call.arg(first + 1);
    let (mut signs, mut verifies) = (false, false);
    let Some(list) = elements(&usages)? else {
        return type_error(ctx, "\"keyUsages\" must be an Array");
    };
    for usage in list {
        match &*text(&usage?)? {
            "sign" if material.can("sign") => signs = true,
            "verify" if material.can("verify") => verifies = true,
            other => {
                let name = material.name();
                let message = format!("\"{other}\" is no usage of \"{name}\" keys");
                return type_error(ctx, &message);
            }
        }
    }
    let description = describe(ctx, &material)?;
    let kind = match &material {
        Material::Secret(..) => "secret",
        Material::Half(_, _, half) if half.is_private() => "private",
        Material::Half(..) => "public",
    };
    let key = Key {
        material,
        is_extractable,
        signs,
        verifies,
    };
    let object = hold(prototype(ctx)?, key)?;
    object.set("type", kind)?;
    object.set("algorithm", description)?;
    object.set("usages", usages)?;
    object.set("extractable", is_extractable)?;
    Ok(object.into_value())
}

fn describe<'js>(ctx: &Ctx<'js>, material: &Material) -> Result<Object<'js>> {
    let algorithm = Object::new(ctx.clone())?;
    algorithm.set("name", material.name())?;
    let hash = match material {
        Material::Secret(hash, bytes) => {
            algorithm.set("length", (bytes.len() * 8) as f64)?;
            Some(*hash)
        }
        Material::Half(_, hash, half) => {
            if let Some(curve) = half.curve() {
                algorithm.set("namedCurve", curve.name())?;
            }
            *hash
        }
    };
    if let Some(hash) = hash {
        let function = Object::new(ctx.clone())?;
        function.set("name", hash.name())?;
        algorithm.set("hash", function)?;
    }
    Ok(algorithm)
}

/// `exportKey(format, key)`.
pub(super) fn export<'js>(call: &Call<'js>) -> Result<Value<'js>> {
    let ctx = call.ctx();
    let format = text(&call.arg(0))?;
    let key = key_of(call, 1)?;
    if !key.is_extractable {
        return type_error(ctx, "provided key cannot be extracted");
    }
    let Material::Secret(hash, bytes) = &key.material else {
        let name = key.material.name();
        let message = format!("exportKey: \"{name}\" is not implemented, \"HMAC\" is");
        return error(ctx, &message);
    };
    match &*format {
        "raw" => {
            let array = array_of(ctx, bytes)?;
            let view = View::of(array.as_value());
            Ok(view.map_or_else(|| array.as_value().clone(), |view| view.buffer().clone()))
        }
        "jwk" => jwk_of(ctx, &key, *hash, bytes).map(Object::into_value),
        _ => unsupported(ctx, "exportKey", &format, "HMAC"),
    }
}

fn jwk_of<'js>(ctx: &Ctx<'js>, key: &Key, hash: Algorithm, bytes: &[u8]) -> Result<Object<'js>> {
    let jwk = Object::new(ctx.clone())?;
    jwk.set("kty", "oct")?;
    jwk.set("alg", jwk_algorithm(hash))?;
    jwk.set("k", Encoding::Base64Url.encode(bytes))?;
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

/// A member of a JWK as a text.
fn said(jwk: &Value<'_>, name: &str) -> Result<Option<String>> {
    member(jwk, name)?.map(|value| text(&value)).transpose()
}

/// A member of a JWK whose text is bytes.
fn said_bytes(jwk: &Value<'_>, name: &str) -> Result<Vec<u8>> {
    match said(jwk, name)? {
        Some(text) if text.len() <= 2 * LONGEST_HALF => Ok(Encoding::Base64Url.decode(&text)),
        Some(_) => type_error(jwk.ctx(), &format!("\"{name}\" of the JWK is too long")),
        None => type_error(jwk.ctx(), &format!("the JWK has no \"{name}\"")),
    }
}

fn secret_of_jwk(jwk: &Value<'_>, hash: Algorithm) -> Result<Vec<u8>> {
    if said(jwk, "kty")?.as_deref() != Some("oct") {
        return type_error(jwk.ctx(), "the JWK of an HMAC key has kty \"oct\"");
    }
    if said(jwk, "alg")?.is_some_and(|alg| alg != jwk_algorithm(hash)) {
        return type_error(jwk.ctx(), "the JWK is for another hash");
    }
    said_bytes(jwk, "k")
}

/// A public key of a pair.
fn half_of_jwk(
    jwk: &Value<'_>,
    curve: Option<Curve>,
) -> Result<std::result::Result<Half, Problem>> {
    let kind = said(jwk, "kty")?;
    if member(jwk, "d")?.is_some() {
        return error(
            jwk.ctx(),
            "importKey: private keys are imported as \"pkcs8\", not as \"jwk\"",
        );
    }
    match (kind.as_deref(), curve) {
        (Some("RSA"), None) => Ok(Half::rsa(&said_bytes(jwk, "n")?, &said_bytes(jwk, "e")?)),
        (Some("EC"), Some(curve)) if said(jwk, "crv")?.as_deref() == Some(curve.name()) => {
            let numbers = [said_bytes(jwk, "x")?, said_bytes(jwk, "y")?].concat();
            Ok(Half::point(curve, &[&[4], &numbers[..]].concat()))
        }
        _ => type_error(jwk.ctx(), "the JWK is of another kind of key"),
    }
}
