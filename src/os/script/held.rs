//! Rust values that scripts hold by objects, and Rust values that belong to the engine as a whole. Neither may hold
//! values of the engine, so there is nothing in them for its garbage collection to see.

use std::any::Any;
use std::ops::{Deref, DerefMut};

use rquickjs::class::{Class, JsClass, OwnedBorrowMut, Trace, Tracer, Writable};
use rquickjs::{Constructor, Ctx, JsLifetime, Object, Result, Value};

/// A Rust value within an object.
struct Boxed(Box<dyn Any>);

impl<'js> Trace<'js> for Boxed {
    fn trace<'a>(&self, _: Tracer<'a, 'js>) {}
}

// SAFETY: what is within is 'static, so it has no lifetime of the engine.
unsafe impl<'js> JsLifetime<'js> for Boxed {
    type Changed<'to> = Self;
}

impl<'js> JsClass<'js> for Boxed {
    const NAME: &'static str = "Native";
    type Mutable = Writable;

    fn prototype(_: &Ctx<'js>) -> Result<Option<Object<'js>>> {
        Ok(None)
    }

    fn constructor(_: &Ctx<'js>) -> Result<Option<Constructor<'js>>> {
        Ok(None)
    }
}

/// An object with a prototype that holds a Rust value.
pub fn hold<'js, T: 'static>(prototype: Object<'js>, value: T) -> Result<Object<'js>> {
    Ok(Class::instance_proto(Boxed(Box::new(value)), prototype)?.into_inner())
}

/// The Rust value of that type that an object holds; nothing while somebody else has it.
pub fn held<'js, T: 'static>(object: &Value<'js>) -> Option<Held<'js, T>> {
    let class = Class::<Boxed>::from_object(object.as_object()?)?;
    let borrow = OwnedBorrowMut::try_from_class(class).ok()?;
    borrow.0.is::<T>().then_some(Held {
        borrow,
        kind: std::marker::PhantomData,
    })
}

/// A Rust value of an object, for as long as this lives.
pub struct Held<'js, T> {
    borrow: OwnedBorrowMut<'js, Boxed>,
    kind: std::marker::PhantomData<T>,
}

impl<T: 'static> Deref for Held<'_, T> {
    type Target = T;

    fn deref(&self) -> &T {
        match self.borrow.0.downcast_ref() {
            Some(value) => value,
            None => unreachable!("the type was asked for before"),
        }
    }
}

impl<T: 'static> DerefMut for Held<'_, T> {
    fn deref_mut(&mut self) -> &mut T {
        match self.borrow.0.downcast_mut() {
            Some(value) => value,
            None => unreachable!("the type was asked for before"),
        }
    }
}

/// A Rust value kept with the engine, found again by its type (`Ctx::store_userdata`, `Ctx::userdata`).
pub struct Shared<T>(pub T);

// SAFETY: what is within is 'static, so it has no lifetime of the engine.
unsafe impl<'js, T: 'static> JsLifetime<'js> for Shared<T> {
    type Changed<'to> = Self;
}
