//! The library of scripts: globals and modules that njs has beside the language itself, a file each.
//!
//! A global is made when it is read first. Realms are shared by instances and frozen, so nothing here keeps anything in
//! objects of a realm, and whatever scripts can reach there is reached from the globals or is [`hidden`].

mod buffer;
mod console;
mod crypto;
mod encoding;
pub mod fetch;
mod fs;
mod native;
mod querystring;
mod text_coding;
mod timers;
#[cfg(test)]
pub(crate) mod trial;

use std::ffi::CStr;

use rquickjs::object::Property;
use rquickjs::{Ctx, Object, Result, Value};

use crate::os::script::{Call, Member, define, property};

pub use buffer::buffer_of;
pub use console::{Level, Output, Tell};
pub use native::{Tally, bytes, elements, later};

/// A global that is made when it is read first.
struct Global {
    name: &'static CStr,
    make: for<'js> fn(&Ctx<'js>) -> Result<Value<'js>>,
}

const GLOBALS: [Global; 12] = [
    global(c"Buffer", buffer::constructor),
    global(c"Headers", fetch::headers),
    global(c"Request", fetch::request),
    global(c"Response", fetch::response),
    global(c"TextDecoder", text_coding::decoder),
    global(c"TextEncoder", text_coding::encoder),
    global(c"atob", text_coding::atob),
    global(c"btoa", text_coding::btoa),
    global(c"clearTimeout", timers::clear),
    global(c"console", console::object),
    global(c"crypto", crypto::object),
    global(c"setTimeout", timers::set),
];

static PLACES: [Member; GLOBALS.len()] = [
    place::<0>(),
    place::<1>(),
    place::<2>(),
    place::<3>(),
    place::<4>(),
    place::<5>(),
    place::<6>(),
    place::<7>(),
    place::<8>(),
    place::<9>(),
    place::<10>(),
    place::<11>(),
];

const fn global(name: &'static CStr, make: for<'js> fn(&Ctx<'js>) -> Result<Value<'js>>) -> Global {
    Global { name, make }
}

const fn place<const N: usize>() -> Member {
    property(GLOBALS[N].name, make::<N>, replace::<N>)
}

fn make<'js, const N: usize>(call: &Call<'js>) -> Result<Value<'js>> {
    let value = (GLOBALS[N].make)(call.ctx())?;
    settle(call.ctx(), N, value.clone())?;
    Ok(value)
}

fn replace<'js, const N: usize>(call: &Call<'js>) -> Result<Value<'js>> {
    settle(call.ctx(), N, call.arg(0))?;
    Ok(Value::new_undefined(call.ctx().clone()))
}

/// Puts a value where the place of a global was.
fn settle<'js>(ctx: &Ctx<'js>, index: usize, value: Value<'js>) -> Result<()> {
    let name = GLOBALS[index].name.to_string_lossy();
    let value = Property::from(value).writable().configurable();
    ctx.globals().prop(&*name, value)
}

/// Gives a context all globals of the library.
///
/// # Errors
/// No memory.
pub fn install(ctx: &Ctx<'_>) -> Result<()> {
    define(&ctx.globals(), &PLACES)
}

/// Whether `import … from 'NAME'` means a module of the library.
pub fn is_module(name: &str) -> bool {
    MODULES.iter().any(|(module, _, _)| *module == name)
}

/// What a module of the library exports by default; one object for each context.
///
/// # Errors
/// What making it threw, which a limit of memory can do; and if there is no such module.
pub fn object<'js>(ctx: &Ctx<'js>, name: &str) -> Result<Object<'js>> {
    match MODULES.iter().find(|(module, _, _)| *module == name) {
        Some((_, place, make)) => kept_by(ctx, *place, make),
        None => native::error(ctx, &format!("there is no module \"{name}\"")),
    }
}

/// All objects that scripts can reach without a global leading to them: what modules export, and prototypes.
///
/// # Errors
/// What making them threw.
pub fn hidden<'js>(ctx: &Ctx<'js>) -> Result<Vec<Object<'js>>> {
    let mut hidden = crypto::prototypes(ctx)?;
    hidden.push(fs::prototype(ctx)?);
    for (_, place, make) in MODULES {
        hidden.push(kept_by(ctx, place, make)?);
    }
    Ok(hidden)
}

type Make = for<'js> fn(&Ctx<'js>) -> Result<Object<'js>>;

const MODULES: [(&str, Kept, Make); 4] = [
    ("buffer", Kept::BufferModule, buffer::module),
    ("crypto", Kept::CryptoModule, crypto::module),
    ("fs", Kept::FsModule, fs::module),
    ("querystring", Kept::QuerystringModule, querystring::module),
];

/// The places of the objects that native code finds again in a context.
#[derive(Clone, Copy)]
enum Kept {
    Buffer,
    BufferConstructor,
    BufferModule,
    Console,
    CryptoKey,
    CryptoModule,
    FileEntry,
    FsModule,
    Hash,
    Headers,
    Hmac,
    QuerystringModule,
    Request,
    Response,
    TextDecoder,
    TextEncoder,
}

/// The object that a context keeps at a place, made with a table of properties when it is wanted first.
fn kept<'js>(ctx: &Ctx<'js>, place: Kept, members: &'static [Member]) -> Result<Object<'js>> {
    kept_by(ctx, place, |ctx: &Ctx<'js>| {
        let object = Object::new(ctx.clone())?;
        define(&object, members)?;
        Ok(object)
    })
}

/// The object that a context keeps at a place, made by a function when it is wanted first.
fn kept_by<'js>(
    ctx: &Ctx<'js>,
    place: Kept,
    make: impl FnOnce(&Ctx<'js>) -> Result<Object<'js>>,
) -> Result<Object<'js>> {
    crate::os::script::kept(ctx, place as u32, make)
}
