//! Entering a context from within a call that its engine has made.

use rquickjs::{Context, Ctx};

/// Runs `work` in a context of an engine that is in use further up on the stack of this thread.
///
/// `Context::with` is for the first entry: it takes the engine for itself.
pub fn again<R>(context: &Context, work: impl for<'js> FnOnce(Ctx<'js>) -> R) -> R {
    // SAFETY: a context is of one thread (the crate is built without `parallel`), which is this one, so nobody else
    // is in the engine; and `work` takes any lifetime, so that nothing of it outlives this call.
    let ctx = unsafe { Ctx::from_raw(context.as_raw()) };
    work(ctx)
}
