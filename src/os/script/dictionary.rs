//! Objects whose properties are whatever Rust says, by name.

use std::panic::{AssertUnwindSafe, catch_unwind};

use rquickjs::class::{
    Class, ClassKind, JsCell, JsClass, PropertyDescriptor, PropertyName, Readable, Trace, Tracer,
};
use rquickjs::{Atom, Constructor, Ctx, Exception, JsLifetime, Object, Result, Value};

use super::text;

/// What answers for the properties of an object.
pub trait Dictionary {
    /// The value of a property; `None` where there is none.
    fn get<'js>(&self, ctx: &Ctx<'js>, name: &str) -> Result<Option<Value<'js>>>;

    /// Takes a value; false refuses it, which throws in strict code.
    fn set<'js>(&self, ctx: &Ctx<'js>, name: &str, value: Value<'js>) -> Result<bool>;

    /// Removes a property; false refuses that.
    fn delete(&self, ctx: &Ctx<'_>, name: &str) -> Result<bool>;

    /// The names that an enumeration tells.
    fn names(&self, ctx: &Ctx<'_>) -> Result<Vec<String>>;
}

/// The class of all dictionaries.
struct Answering(Box<dyn Dictionary>);

impl<'js> Trace<'js> for Answering {
    fn trace<'a>(&self, _: Tracer<'a, 'js>) {}
}

// SAFETY: what is within is 'static, so it has no lifetime of the engine.
unsafe impl<'js> JsLifetime<'js> for Answering {
    type Changed<'to> = Self;
}

impl Answering {
    fn read<'js>(&self, ctx: &Ctx<'js>, atom: &Atom<'js>) -> Result<Option<Value<'js>>> {
        match name_of(atom)? {
            Some(name) => told(ctx, || self.0.get(ctx, &name)),
            None => Ok(None),
        }
    }
}

/// The text that a property is named by; nothing where its name is a symbol.
fn name_of(atom: &Atom<'_>) -> Result<Option<String>> {
    // The crate (0.14) has the description of a symbol for its value. The name of that text is another one than the
    // symbol.
    let described = atom.to_value()?;
    match Atom::from_value(described.ctx().clone(), &described)? == *atom {
        true => text(&described).map(Some),
        false => Ok(None),
    }
}

/// Does something that native code does for a script: should it panic, the script is told.
fn told<R>(ctx: &Ctx<'_>, work: impl FnOnce() -> Result<R>) -> Result<R> {
    catch_unwind(AssertUnwindSafe(work))
        .unwrap_or_else(|_| Err(Exception::throw_internal(ctx, "a native function failed")))
}

impl<'js> JsClass<'js> for Answering {
    const NAME: &'static str = "Dictionary";
    const KIND: ClassKind = ClassKind::Exotic;
    type Mutable = Readable;

    fn prototype(_: &Ctx<'js>) -> Result<Option<Object<'js>>> {
        Ok(None)
    }

    fn constructor(_: &Ctx<'js>) -> Result<Option<Constructor<'js>>> {
        Ok(None)
    }

    fn exotic_get_property(
        this: &JsCell<'js, Self>,
        ctx: &Ctx<'js>,
        atom: Atom<'js>,
        _receiver: Value<'js>,
    ) -> Result<Value<'js>> {
        let value = this.borrow().read(ctx, &atom)?;
        Ok(value.unwrap_or_else(|| Value::new_undefined(ctx.clone())))
    }

    fn exotic_set_property(
        this: &JsCell<'js, Self>,
        ctx: &Ctx<'js>,
        atom: Atom<'js>,
        _receiver: Value<'js>,
        value: Value<'js>,
    ) -> Result<bool> {
        // The engine lends the value, and the crate drops it as if it were given (0.14): a reference more makes that
        // right. Should the crate be mended, this leaks, which `t/js/leaks.t` would notice.
        std::mem::forget(value.clone());
        match name_of(&atom)? {
            Some(name) => told(ctx, || this.borrow().0.set(ctx, &name, value)),
            None => Ok(false),
        }
    }

    fn exotic_delete_property(
        this: &JsCell<'js, Self>,
        ctx: &Ctx<'js>,
        atom: Atom<'js>,
    ) -> Result<bool> {
        match name_of(&atom)? {
            Some(name) => told(ctx, || this.borrow().0.delete(ctx, &name)),
            None => Ok(true),
        }
    }

    fn exotic_has_property(
        this: &JsCell<'js, Self>,
        ctx: &Ctx<'js>,
        atom: Atom<'js>,
    ) -> Result<bool> {
        Ok(this.borrow().read(ctx, &atom)?.is_some())
    }

    fn exotic_get_own_property(
        this: &JsCell<'js, Self>,
        ctx: &Ctx<'js>,
        atom: Atom<'js>,
    ) -> Result<Option<PropertyDescriptor<'js>>> {
        let value = this.borrow().read(ctx, &atom)?;
        Ok(value.map(|value| PropertyDescriptor::new_value(value, true, true, true)))
    }

    fn exotic_get_own_property_names(
        this: &JsCell<'js, Self>,
        ctx: &Ctx<'js>,
    ) -> Result<Vec<PropertyName<'js>>> {
        let names = told(ctx, || this.borrow().0.names(ctx))?;
        let name = |name: String| {
            Ok(PropertyName {
                atom: Atom::from_str(ctx.clone(), &name)?,
                is_enumerable: true,
            })
        };
        names.into_iter().map(name).collect()
    }
}

/// An object without a prototype whose properties a dictionary answers for.
pub fn dictionary<'js>(
    ctx: &Ctx<'js>,
    answering: impl Dictionary + 'static,
) -> Result<Object<'js>> {
    let class = Class::instance(ctx.clone(), Answering(Box::new(answering)))?;
    Ok(class.into_inner())
}
