//! Objects that native code finds again in a context without a name that scripts could see or change, as prototypes.
//! (The crate keeps its prototypes with the engine, where all contexts would share them.)

use rquickjs::{Ctx, Object, Result, Value, qjs};

use super::class::OwnClass;
use super::function::{given_away, owned};

/// The class whose prototype, which each context has for itself, is the list of kept objects.
static LIST: OwnClass = OwnClass::new(0, c"Kept", None);

/// The object kept in this context at a place; it is made when it is asked for first.
pub fn kept<'js>(
    ctx: &Ctx<'js>,
    place: u32,
    make: impl FnOnce(&Ctx<'js>) -> Result<Object<'js>>,
) -> Result<Object<'js>> {
    if let Some(object) = find(ctx, place)? {
        return Object::from_value(object);
    }
    let object = make(ctx)?;
    Object::from_value(list(ctx)?)?.set(place, object.clone())?;
    Ok(object)
}

/// The object kept in this context at a place, if there is one.
pub(super) fn find<'js>(ctx: &Ctx<'js>, place: u32) -> Result<Option<Value<'js>>> {
    let list = list(ctx)?;
    // SAFETY: the list is a live object of this context.
    let raw = unsafe { qjs::JS_GetPropertyUint32(ctx.as_raw().as_ptr(), list.as_raw(), place) };
    Ok(Some(owned(ctx, raw)?).filter(Value::is_object))
}

fn list<'js>(ctx: &Ctx<'js>) -> Result<Value<'js>> {
    LIST.register(ctx)?;
    let raw_ctx = ctx.as_raw().as_ptr();
    // SAFETY: the class is known to the engine.
    let list = owned(ctx, unsafe { qjs::JS_GetClassProto(raw_ctx, LIST.number) })?;
    if list.is_object() {
        return Ok(list);
    }
    // No prototype: nobody may come in between by way of `Object.prototype`.
    let list = Object::new_proto(ctx.clone(), None)?.into_value();
    // SAFETY: as above; the context takes over a reference.
    unsafe { qjs::JS_SetClassProto(raw_ctx, LIST.number, given_away(list.clone())) };
    Ok(list)
}
