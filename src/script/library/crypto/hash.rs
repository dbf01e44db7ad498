//! The module `crypto`: `createHash` and `createHmac`.

use rquickjs::{Ctx, Object, Result, Value};

use super::digest::{Algorithm, Hash, Hmac};
use crate::os::script::{Call, Held, Member, define, held, hold, method, text};
use crate::script::library::encoding::Encoding;
use crate::script::library::native::{bytes, error, given_text, string, type_error};
use crate::script::library::{Kept, buffer_of, kept};

static MODULE: [Member; 2] = [
    method(c"createHash", 1, create_hash),
    method(c"createHmac", 2, create_hmac),
];

static HASH: [Member; 3] = [
    method(c"copy", 0, copy),
    method(c"digest", 1, digest::<Hash>),
    method(c"update", 2, update::<Hash>),
];

static HMAC: [Member; 2] = [
    method(c"digest", 1, digest::<Hmac>),
    method(c"update", 2, update::<Hmac>),
];

/// The module.
pub(in crate::script::library) fn module<'js>(ctx: &Ctx<'js>) -> Result<Object<'js>> {
    let module = Object::new(ctx.clone())?;
    define(&module, &MODULE)?;
    Ok(module)
}

/// The prototypes of hashes, and of keyed ones.
pub(super) fn prototypes<'js>(ctx: &Ctx<'js>) -> Result<[Object<'js>; 2]> {
    Ok([kept(ctx, Kept::Hash, &HASH)?, kept(ctx, Kept::Hmac, &HMAC)?])
}

/// What is fed bytes until it is asked for their hash, once.
trait Fed: 'static {
    fn feed(&mut self, bytes: &[u8]);
    fn end(self) -> Vec<u8>;
}

impl Fed for Hash {
    fn feed(&mut self, bytes: &[u8]) {
        self.update(bytes);
    }

    fn end(self) -> Vec<u8> {
        self.finish()
    }
}

impl Fed for Hmac {
    fn feed(&mut self, bytes: &[u8]) {
        self.update(bytes);
    }

    fn end(self) -> Vec<u8> {
        self.finish()
    }
}

fn algorithm(call: &Call<'_>) -> Result<Algorithm> {
    let ctx = call.ctx();
    if !call.arg(0).is_string() {
        return type_error(ctx, "algorithm must be a string");
    }
    let name = text(&call.arg(0))?;
    match Algorithm::of_module(&name) {
        Some(algorithm) => Ok(algorithm),
        None => type_error(ctx, &format!("not supported algorithm: \"{name}\"")),
    }
}

fn create_hash<'js>(call: &Call<'js>) -> Result<Value<'js>> {
    let hash = Hash::new(algorithm(call)?);
    hold(kept(call.ctx(), Kept::Hash, &HASH)?, Some(hash)).map(Object::into_value)
}

fn create_hmac<'js>(call: &Call<'js>) -> Result<Value<'js>> {
    let algorithm = algorithm(call)?;
    let key = call.arg(1);
    if !key.is_string() && !key.is_object() {
        return type_error(call.ctx(), "key must be a string or Buffer-like object");
    }
    let hmac = Hmac::new(algorithm, &bytes(&key)?);
    hold(kept(call.ctx(), Kept::Hmac, &HMAC)?, Some(hmac)).map(Object::into_value)
}

fn this<'js, T: Fed>(call: &Call<'js>) -> Result<Held<'js, Option<T>>> {
    match held(call.this()) {
        Some(state) => Ok(state),
        None => type_error(call.ctx(), "\"this\" is not a hash object"),
    }
}

fn update<'js, T: Fed>(call: &Call<'js>) -> Result<Value<'js>> {
    let ctx = call.ctx();
    let value = call.arg(0);
    let data = if value.is_string() {
        let encoding = Encoding::named(ctx, given_text(call, 1)?.as_deref())?;
        encoding.decode(&text(&value)?)
    } else if value.is_object() {
        bytes(&value)?
    } else {
        return type_error(ctx, "data is not a string or Buffer-like object");
    };
    match this::<T>(call)?.as_mut() {
        Some(state) => state.feed(&data),
        None => return error(ctx, "Digest already called"),
    }
    Ok(call.this().clone())
}

fn digest<'js, T: Fed>(call: &Call<'js>) -> Result<Value<'js>> {
    let ctx = call.ctx();
    let name = given_text(call, 0)?.filter(|name| name != "buffer");
    let encoding = name
        .map(|name| Encoding::named(ctx, Some(&name)))
        .transpose()?;
    let Some(state) = this::<T>(call)?.take() else {
        return error(ctx, "Digest already called");
    };
    let hash = state.end();
    match encoding {
        Some(encoding) => string(ctx, &encoding.encode(&hash)),
        None => buffer_of(ctx, &hash),
    }
}

fn copy<'js>(call: &Call<'js>) -> Result<Value<'js>> {
    let ctx = call.ctx();
    let Some(state) = this::<Hash>(call)?.clone() else {
        return error(ctx, "Digest already called");
    };
    hold(kept(ctx, Kept::Hash, &HASH)?, Some(state)).map(Object::into_value)
}
