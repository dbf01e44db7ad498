//! Classes of objects that are this program's own. Each has the same number in every engine, so that an object is known
//! by it without a question to its engine.

use std::ffi::CStr;

use rquickjs::{Ctx, Error, Result, qjs};

/// A class of this program.
pub(super) struct OwnClass {
    pub(super) number: qjs::JSClassID,
    name: &'static CStr,
    finalizer: qjs::JSClassFinalizer,
}

/// The first number of a class of ours. An engine itself gives numbers from that of its last built-in class upwards, of
/// which the crate takes three.
const FIRST: qjs::JSClassID = 128;

impl OwnClass {
    pub(super) const fn new(
        place: u32,
        name: &'static CStr,
        finalizer: qjs::JSClassFinalizer,
    ) -> Self {
        Self {
            number: FIRST + place,
            name,
            finalizer,
        }
    }

    /// Makes it known to the engine of a context, unless it is.
    ///
    /// # Errors
    /// No memory, or an engine that has given such a number to somebody else.
    pub(super) fn register(&self, ctx: &Ctx<'_>) -> Result<()> {
        // SAFETY: a live context has a live engine.
        let runtime = unsafe { qjs::JS_GetRuntime(ctx.as_raw().as_ptr()) };
        // SAFETY: only looks into the list of classes.
        if unsafe { qjs::JS_IsRegisteredClass(runtime, self.number) } {
            return Ok(());
        }
        let mut next = qjs::JS_INVALID_CLASS_ID;
        // SAFETY: the place is ours.
        unsafe { qjs::JS_NewClassID(runtime, &raw mut next) };
        if next >= FIRST {
            return Err(Error::Unknown);
        }
        let definition = qjs::JSClassDef {
            class_name: self.name.as_ptr(),
            finalizer: self.finalizer,
            gc_mark: None,
            call: None,
            exotic: std::ptr::null_mut(),
        };
        // SAFETY: the engine copies what the definition says, and the finalizer knows objects of this class.
        match unsafe { qjs::JS_NewClass(runtime, self.number, &raw const definition) } {
            0 => Ok(()),
            _ => Err(Error::Allocation),
        }
    }
}
