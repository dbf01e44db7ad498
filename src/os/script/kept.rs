//! Objects that native code finds again in a context without a name that scripts could see or change, as prototypes.
//! (The crate keeps its prototypes with the engine, where all contexts would share them.)

use rquickjs::{Ctx, Error, Object, Result, qjs};

use super::function::{given_away, owned};
use super::held::Shared;

/// The class whose prototype, which each context has for itself, is the list of kept objects.
struct List(qjs::JSClassID);

/// The object kept in this context at a place; it is made when it is asked for first.
pub fn kept<'js>(
    ctx: &Ctx<'js>,
    place: u32,
    make: impl FnOnce(&Ctx<'js>) -> Result<Object<'js>>,
) -> Result<Object<'js>> {
    let list = list(ctx)?;
    if let Some(object) = list.get::<_, Option<Object<'js>>>(place)? {
        return Ok(object);
    }
    let object = make(ctx)?;
    list.set(place, object.clone())?;
    Ok(object)
}

fn list<'js>(ctx: &Ctx<'js>) -> Result<Object<'js>> {
    let class = class(ctx)?;
    let raw_ctx = ctx.as_raw().as_ptr();
    // SAFETY: the class was registered with the engine before.
    let raw = unsafe { qjs::JS_GetClassProto(raw_ctx, class) };
    if let Some(list) = owned(ctx, raw)?.into_object() {
        return Ok(list);
    }
    // No prototype: nobody may come in between by way of `Object.prototype`.
    let list = Object::new_proto(ctx.clone(), None)?;
    // SAFETY: as above; the context takes over a reference.
    unsafe { qjs::JS_SetClassProto(raw_ctx, class, given_away(list.clone().into_value())) };
    Ok(list)
}

fn class(ctx: &Ctx<'_>) -> Result<qjs::JSClassID> {
    if let Some(class) = ctx.userdata::<Shared<List>>() {
        return Ok(class.0.0);
    }
    // SAFETY: a live context has a live engine.
    let runtime = unsafe { qjs::JS_GetRuntime(ctx.as_raw().as_ptr()) };
    let mut class = qjs::JS_INVALID_CLASS_ID;
    // SAFETY: the place is ours.
    unsafe { qjs::JS_NewClassID(runtime, &raw mut class) };
    let definition = qjs::JSClassDef {
        class_name: c"Kept".as_ptr(),
        finalizer: None,
        gc_mark: None,
        call: None,
        exotic: std::ptr::null_mut(),
    };
    // SAFETY: the number is new; the engine copies what the definition says.
    if unsafe { qjs::JS_NewClass(runtime, class, &raw const definition) } != 0 {
        return Err(Error::Allocation);
    }
    ctx.store_userdata(Shared(List(class)))
        .map_err(|_| Error::Unknown)?;
    Ok(class)
}
