//! Native functions as tables: a table is made when the program is, and a function of it becomes an object of the
//! engine when a script reads it first, so a context with a large library costs little more than one without.

use std::ffi::{CStr, c_char, c_int};
use std::mem;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::ptr;
use std::slice;

use rquickjs::{Ctx, Error, Exception, Function, Object, Result, Value, qjs};

/// A native function: what the call says, and what it returns or throws.
pub trait Native: for<'js> Fn(&Call<'js>) -> Result<Value<'js>> + Copy + 'static {}

impl<F: for<'js> Fn(&Call<'js>) -> Result<Value<'js>> + Copy + 'static> Native for F {}

/// A call of a native function.
pub struct Call<'js> {
    ctx: Ctx<'js>,
    this: Value<'js>,
    arguments: *const qjs::JSValue,
    count: usize,
}

impl<'js> Call<'js> {
    /// The context of the function that was called.
    pub fn ctx(&self) -> &Ctx<'js> {
        &self.ctx
    }

    /// What the function was called on; for a constructor, what is to be constructed (undefined without `new`).
    pub fn this(&self) -> &Value<'js> {
        &self.this
    }

    /// How many arguments there are.
    pub fn len(&self) -> usize {
        self.count
    }

    /// Whether there are no arguments.
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// An argument, undefined where the call has none.
    pub fn arg(&self, index: usize) -> Value<'js> {
        let arguments = self.arguments();
        match arguments.get(index) {
            Some(argument) => borrowed(&self.ctx, *argument),
            None => Value::new_undefined(self.ctx.clone()),
        }
    }

    fn arguments(&self) -> &[qjs::JSValue] {
        if self.count == 0 {
            return &[];
        }
        // SAFETY: the engine keeps the arguments of a call in place while it lasts, and a `Call` is only lent out
        // by `run`, which ends before that.
        unsafe { slice::from_raw_parts(self.arguments, self.count) }
    }
}

/// One entry of a table of properties.
#[repr(transparent)]
pub struct Member(qjs::JSCFunctionListEntry);

// SAFETY: an entry is constant, and what it points to is constant, too.
unsafe impl Sync for Member {}

/// A method called `name`, with the number of arguments that its `length` tells.
pub const fn method<F: Native>(name: &'static CStr, length: u8, _: F) -> Member {
    const { assert!(mem::size_of::<F>() == 0) };
    entry(
        name.as_ptr(),
        qjs::JS_DEF_CFUNC,
        qjs::JSCFunctionListEntry__bindgen_ty_1 {
            func: qjs::JSCFunctionListEntry__bindgen_ty_1__bindgen_ty_1 {
                length,
                cproto: qjs::JSCFunctionEnum_JS_CFUNC_generic as u8,
                cfunc: qjs::JSCFunctionType {
                    generic: Some(enter::<F>),
                },
            },
        },
    )
}

/// A property called `name` that is computed whenever it is read.
pub const fn getter<F: Native>(name: &'static CStr, _: F) -> Member {
    const { assert!(mem::size_of::<F>() == 0) };
    entry(
        name.as_ptr(),
        qjs::JS_DEF_CGETSET,
        accessors(get::<F>, None),
    )
}

/// A property called `name` that is computed when it is read and told when it is written.
pub const fn property<G: Native, S: Native>(name: &'static CStr, _: G, _: S) -> Member {
    const { assert!(mem::size_of::<G>() == 0 && mem::size_of::<S>() == 0) };
    entry(
        name.as_ptr(),
        qjs::JS_DEF_CGETSET,
        accessors(get::<G>, Some(set::<S>)),
    )
}

type Getter = unsafe extern "C" fn(*mut qjs::JSContext, qjs::JSValue) -> qjs::JSValue;
type Setter = unsafe extern "C" fn(*mut qjs::JSContext, qjs::JSValue, qjs::JSValue) -> qjs::JSValue;

const fn accessors(get: Getter, set: Option<Setter>) -> qjs::JSCFunctionListEntry__bindgen_ty_1 {
    qjs::JSCFunctionListEntry__bindgen_ty_1 {
        getset: qjs::JSCFunctionListEntry__bindgen_ty_1__bindgen_ty_2 {
            get: qjs::JSCFunctionType { getter: Some(get) },
            set: qjs::JSCFunctionType { setter: set },
        },
    }
}

const fn entry(
    name: *const c_char,
    kind: u32,
    u: qjs::JSCFunctionListEntry__bindgen_ty_1,
) -> Member {
    Member(qjs::JSCFunctionListEntry {
        name,
        prop_flags: match kind {
            qjs::JS_DEF_CFUNC => (qjs::JS_PROP_WRITABLE | qjs::JS_PROP_CONFIGURABLE) as u8,
            _ => qjs::JS_PROP_CONFIGURABLE as u8,
        },
        def_type: kind as u8,
        magic: 0,
        u,
    })
}

/// Gives an object the properties of a table.
pub fn define(object: &Object<'_>, members: &'static [Member]) -> Result<()> {
    let ctx = object.ctx().as_raw().as_ptr();
    let table = members.as_ptr().cast::<qjs::JSCFunctionListEntry>();
    // SAFETY: the table is transparent over the engine's own entries, constant, and never goes.
    let result = unsafe {
        qjs::JS_SetPropertyFunctionList(ctx, object.as_raw(), table, members.len() as c_int)
    };
    if result < 0 {
        return Err(Error::Exception);
    }
    Ok(())
}

/// A function called `name`, for where no table serves.
pub fn function<'js, F: Native>(
    ctx: &Ctx<'js>,
    name: &'static CStr,
    length: u8,
    _: F,
) -> Result<Function<'js>> {
    const { assert!(mem::size_of::<F>() == 0) };
    new_function::<F>(ctx, name, length, qjs::JSCFunctionEnum_JS_CFUNC_generic)
}

/// A constructor whose objects have `prototype`; without `new` it is called with undefined for `this`.
pub fn constructor<'js, F: Native>(
    prototype: &Object<'js>,
    name: &'static CStr,
    length: u8,
    _: F,
) -> Result<Function<'js>> {
    const { assert!(mem::size_of::<F>() == 0) };
    let ctx = prototype.ctx();
    let kind = qjs::JSCFunctionEnum_JS_CFUNC_constructor_or_func;
    let function = new_function::<F>(ctx, name, length, kind)?;
    // SAFETY: both are live objects of this context.
    unsafe {
        qjs::JS_SetConstructor(ctx.as_raw().as_ptr(), function.as_raw(), prototype.as_raw());
    }
    Ok(function)
}

fn new_function<'js, F: Native>(
    ctx: &Ctx<'js>,
    name: &'static CStr,
    length: u8,
    kind: qjs::JSCFunctionEnum,
) -> Result<Function<'js>> {
    // SAFETY: what is called lives as long as the program, the name is copied.
    let raw = unsafe {
        qjs::JS_NewCFunction2(
            ctx.as_raw().as_ptr(),
            Some(enter::<F>),
            name.as_ptr(),
            c_int::from(length),
            kind,
            0,
        )
    };
    Function::from_value(owned(ctx, raw)?)
}

unsafe extern "C" fn enter<F: Native>(
    ctx: *mut qjs::JSContext,
    this: qjs::JSValue,
    count: c_int,
    arguments: *mut qjs::JSValue,
) -> qjs::JSValue {
    run::<F>(ctx, this, arguments, usize::try_from(count).unwrap_or(0))
}

unsafe extern "C" fn get<F: Native>(ctx: *mut qjs::JSContext, this: qjs::JSValue) -> qjs::JSValue {
    run::<F>(ctx, this, ptr::null(), 0)
}

unsafe extern "C" fn set<F: Native>(
    ctx: *mut qjs::JSContext,
    this: qjs::JSValue,
    value: qjs::JSValue,
) -> qjs::JSValue {
    run::<F>(ctx, this, &raw const value, 1)
}

fn run<F: Native>(
    ctx: *mut qjs::JSContext,
    this: qjs::JSValue,
    arguments: *const qjs::JSValue,
    count: usize,
) -> qjs::JSValue {
    let Some(ctx) = ptr::NonNull::new(ctx) else {
        return qjs::JS_EXCEPTION;
    };
    // SAFETY: the engine calls within its own lock, and the lifetime made here ends with this call.
    let ctx: Ctx<'_> = unsafe { Ctx::from_raw(ctx) };
    let call = Call {
        this: borrowed(&ctx, this),
        ctx: ctx.clone(),
        arguments,
        count,
    };
    // SAFETY: `F` has no size and can be copied, and a value of it was given to whoever made the entry.
    let function = unsafe { ptr::NonNull::<F>::dangling().read() };
    let result = catch_unwind(AssertUnwindSafe(|| function(&call)))
        .unwrap_or_else(|_| Err(Exception::throw_internal(&ctx, "a native function failed")));
    match result {
        Ok(value) => given_away(value),
        Err(Error::Exception) => qjs::JS_EXCEPTION,
        Err(error) => {
            Exception::throw_type(&ctx, &error.to_string());
            qjs::JS_EXCEPTION
        }
    }
}

/// What a function returns that is called with one argument, on nothing.
pub fn call<'js>(function: &Function<'js>, argument: &Value<'js>) -> Result<Value<'js>> {
    let ctx = function.ctx();
    let mut argument = argument.as_raw();
    // SAFETY: both are live values of this context until the call ends, and the one argument is what is counted.
    let raw = unsafe {
        qjs::JS_Call(
            ctx.as_raw().as_ptr(),
            function.as_raw(),
            qjs::JS_UNDEFINED,
            1,
            &raw mut argument,
        )
    };
    owned(ctx, raw)
}

/// A value that somebody else has a reference to.
fn borrowed<'js>(ctx: &Ctx<'js>, raw: qjs::JSValue) -> Value<'js> {
    // SAFETY: the value is live while the call lasts, during which this takes a reference of its own.
    let raw = unsafe { qjs::JS_DupValue(ctx.as_raw().as_ptr(), raw) };
    // SAFETY: the reference taken above is the one that this value gives back.
    unsafe { Value::from_raw(ctx.clone(), raw) }
}

/// A value whose reference is ours, or the exception that came instead.
pub(super) fn owned<'js>(ctx: &Ctx<'js>, raw: qjs::JSValue) -> Result<Value<'js>> {
    // SAFETY: reads the tag of a value.
    if unsafe { qjs::JS_IsException(raw) } {
        return Err(Error::Exception);
    }
    // SAFETY: the caller was given the reference by the engine.
    Ok(unsafe { Value::from_raw(ctx.clone(), raw) })
}

/// The value with a reference that the receiver gives back.
pub(super) fn given_away(value: Value<'_>) -> qjs::JSValue {
    // SAFETY: the value is live, it holds a reference itself until this function ends.
    unsafe { qjs::JS_DupValue(value.ctx().as_raw().as_ptr(), value.as_raw()) }
}
