//! Rust values that scripts hold by objects, and Rust values that belong to the engine as a whole. Neither may hold
//! values of the engine, so there is nothing in them for its garbage collection to see.

use std::any::TypeId;
use std::cell::{Cell, UnsafeCell};
use std::ops::{Deref, DerefMut};
use std::ptr::NonNull;

use rquickjs::{Ctx, JsLifetime, Object, Result, Value, qjs};

use super::class::OwnClass;
use super::function::owned;
use super::kept::find;

/// The class of all objects that hold a Rust value.
static HELD: OwnClass = OwnClass::new(1, c"Native", Some(finalize));

/// What is known of a value without its type. Each is the beginning of a [`Whole`].
struct Head {
    kind: TypeId,
    /// Drops the whole of which this is the beginning.
    drop: unsafe fn(NonNull<Self>),
    /// How many have the value at present; `ALONE` is one who may change it.
    users: Cell<u32>,
}

const ALONE: u32 = u32::MAX;

#[repr(C)]
struct Whole<T> {
    head: Head,
    value: UnsafeCell<T>,
}

unsafe extern "C" fn finalize(_: *mut qjs::JSRuntime, object: qjs::JSValue) {
    // SAFETY: asks for the pointer of an object that is about to go.
    let head = unsafe { qjs::JS_GetOpaque(object, HELD.number) };
    if let Some(head) = NonNull::new(head.cast::<Head>()) {
        // SAFETY: the pointer of such an object is that of a whole which nobody else frees.
        let drop_it = unsafe { head.as_ref() }.drop;
        // SAFETY: it belongs to this whole; whoever uses the value has a reference to the object, which is about to go.
        unsafe { drop_it(head) };
    }
}

/// # Safety
/// The head is that of a `Whole<T>` in a box that is used no more.
unsafe fn drop_whole<T>(head: NonNull<Head>) {
    // SAFETY: said above.
    drop(unsafe { Box::from_raw(head.cast::<Whole<T>>().as_ptr()) });
}

/// An object with a prototype that holds a Rust value.
pub fn hold<'js, T: 'static>(prototype: Object<'js>, value: T) -> Result<Object<'js>> {
    Object::from_value(hold_under(prototype.as_value(), value)?)
}

/// The same with the prototype that is kept at a place, which `make` makes there if it is not yet.
pub fn hold_as<'js, T: 'static>(
    ctx: &Ctx<'js>,
    place: u32,
    make: impl FnOnce(&Ctx<'js>) -> Result<Object<'js>>,
    value: T,
) -> Result<Value<'js>> {
    match find(ctx, place)? {
        Some(prototype) => hold_under(&prototype, value),
        None => hold_under(make(ctx)?.as_value(), value),
    }
}

fn hold_under<'js, T: 'static>(prototype: &Value<'js>, value: T) -> Result<Value<'js>> {
    let ctx = prototype.ctx();
    HELD.register(ctx)?;
    // SAFETY: the prototype is a live object of this context, and the class is known to its engine.
    let raw = unsafe {
        qjs::JS_NewObjectProtoClass(ctx.as_raw().as_ptr(), prototype.as_raw(), HELD.number)
    };
    let object = owned(ctx, raw)?;
    let whole = Box::new(Whole {
        head: Head {
            kind: TypeId::of::<T>(),
            drop: drop_whole::<T>,
            users: Cell::new(0),
        },
        value: UnsafeCell::new(value),
    });
    // SAFETY: the object is of the class whose finalizer knows what this points to, and has no pointer yet.
    unsafe { qjs::JS_SetOpaque(object.as_raw(), Box::into_raw(whole).cast()) };
    Ok(object)
}

/// The whole with a value of this type that an object holds.
fn whole_of<T: 'static>(object: &Value<'_>) -> Option<NonNull<Whole<T>>> {
    // SAFETY: asks a live value for its pointer, which it has only if it is an object of this class.
    let head = unsafe { qjs::JS_GetOpaque(object.as_raw(), HELD.number) };
    let head = NonNull::new(head.cast::<Head>())?;
    // SAFETY: the object lives, and what it points to as long.
    let kind = unsafe { head.as_ref() }.kind;
    (kind == TypeId::of::<T>()).then(|| head.cast())
}

/// The Rust value of that type that an object holds; nothing while somebody else has it.
pub fn held<'js, T: 'static>(object: &Value<'js>) -> Option<Held<'js, T>> {
    let whole = whole_of::<T>(object)?;
    let users = &head(&whole).users;
    if users.get() > 0 {
        return None;
    }
    users.set(ALONE);
    Some(Held {
        whole,
        _object: object.clone(),
    })
}

/// The same for who only looks at it, as others may at the same time.
pub fn lent<'js, T: 'static>(object: &Value<'js>) -> Option<Lent<'js, T>> {
    let whole = whole_of::<T>(object)?;
    let users = &head(&whole).users;
    let more = users.get().checked_add(1).filter(|more| *more < ALONE)?;
    users.set(more);
    Some(Lent {
        whole,
        _object: object.clone(),
    })
}

fn head<T: 'static>(whole: &NonNull<Whole<T>>) -> &Head {
    // SAFETY: whoever has found it has a reference to the object that holds it; only the value is ever changed, which
    // is in a cell.
    unsafe { &(*whole.as_ptr()).head }
}

/// Where the value lies.
fn value<T>(whole: NonNull<Whole<T>>) -> *mut T {
    // SAFETY: whoever has this pointer keeps the object that the whole goes with.
    UnsafeCell::raw_get(unsafe { &raw const (*whole.as_ptr()).value })
}

/// A Rust value of an object, for as long as this lives.
pub struct Held<'js, T: 'static> {
    whole: NonNull<Whole<T>>,
    _object: Value<'js>,
}

impl<T: 'static> Deref for Held<'_, T> {
    type Target = T;

    fn deref(&self) -> &T {
        // SAFETY: the object lives as long as this, and nobody else has its value.
        unsafe { &*value(self.whole) }
    }
}

impl<T: 'static> DerefMut for Held<'_, T> {
    fn deref_mut(&mut self) -> &mut T {
        // SAFETY: as in `deref`.
        unsafe { &mut *value(self.whole) }
    }
}

impl<T: 'static> Drop for Held<'_, T> {
    fn drop(&mut self) {
        head(&self.whole).users.set(0);
    }
}

/// A Rust value of an object to look at, for as long as this lives.
pub struct Lent<'js, T: 'static> {
    whole: NonNull<Whole<T>>,
    _object: Value<'js>,
}

impl<T: 'static> Deref for Lent<'_, T> {
    type Target = T;

    fn deref(&self) -> &T {
        // SAFETY: the object lives as long as this, and all who have its value only look at it.
        unsafe { &*value(self.whole) }
    }
}

impl<T: 'static> Drop for Lent<'_, T> {
    fn drop(&mut self) {
        let users = &head(&self.whole).users;
        users.set(users.get() - 1);
    }
}

/// A Rust value kept with the engine, found again by its type (`Ctx::store_userdata`, `Ctx::userdata`).
pub struct Shared<T>(pub T);

// SAFETY: what is within is 'static, so it has no lifetime of the engine.
unsafe impl<'js, T: 'static> JsLifetime<'js> for Shared<T> {
    type Changed<'to> = Self;
}

#[cfg(test)]
mod tests {
    use std::rc::Rc;

    use rquickjs::{Context, Runtime};

    use super::*;

    /// Does something with a runtime, and a context of it.
    fn with(work: impl FnOnce(&Ctx<'_>)) {
        let context = Context::full(&Runtime::new().unwrap()).unwrap();
        context.with(|ctx| work(&ctx));
    }

    #[test]
    fn a_value_is_found_by_its_type_alone() {
        with(|ctx| {
            let prototype = Object::new(ctx.clone()).unwrap();
            let object = hold(prototype.clone(), 7_u32).unwrap().into_value();
            assert_eq!(held::<u32>(&object).as_deref(), Some(&7));
            assert!(held::<i32>(&object).is_none() && lent::<i32>(&object).is_none());
            for other in ["({})", "5", "'text'", "undefined", "new Map()"] {
                let other: Value<'_> = ctx.eval(other).unwrap();
                assert!(held::<u32>(&other).is_none() && lent::<u32>(&other).is_none());
            }
        });
    }

    #[test]
    fn who_may_change_a_value_has_it_alone() {
        with(|ctx| {
            let prototype = Object::new(ctx.clone()).unwrap();
            let object = hold(prototype, 1_u32).unwrap().into_value();
            let mut alone = held::<u32>(&object).unwrap();
            assert!(held::<u32>(&object).is_none() && lent::<u32>(&object).is_none());
            *alone += 1;
            drop(alone);
            let (first, second) = (lent::<u32>(&object).unwrap(), lent::<u32>(&object).unwrap());
            assert_eq!((*first, *second), (2, 2));
            drop(first);
            assert!(held::<u32>(&object).is_none());
            drop(second);
            assert_eq!(held::<u32>(&object).as_deref(), Some(&2));
        });
    }

    #[test]
    fn a_value_goes_with_its_object_and_no_sooner() {
        let value = Rc::new(());
        with(|ctx| {
            for _ in 0..2 {
                let prototype = Object::new(ctx.clone()).unwrap();
                let object = hold(prototype, Rc::clone(&value)).unwrap().into_value();
                let kept = lent::<Rc<()>>(&object).unwrap();
                drop(object);
                assert_eq!(Rc::strong_count(&value), 2);
                drop(kept);
                assert_eq!(Rc::strong_count(&value), 1);
            }
            let prototype = Object::new(ctx.clone()).unwrap();
            let object = hold(prototype, Rc::clone(&value)).unwrap();
            ctx.globals().set("kept", object).unwrap();
        });
        assert_eq!(Rc::strong_count(&value), 1);
    }

    #[test]
    fn engines_beside_each_other_know_the_same_class() {
        with(|first| {
            with(|second| {
                let one = Object::new(first.clone()).unwrap();
                let one = hold(one, 1_u32).unwrap().into_value();
                let two = Object::new(second.clone()).unwrap();
                let two = hold(two, 2_u32).unwrap().into_value();
                assert_eq!(held::<u32>(&one).as_deref(), Some(&1));
                assert_eq!(held::<u32>(&two).as_deref(), Some(&2));
            });
        });
    }
}
