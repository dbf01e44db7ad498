//! Scripts that are compiled once, for all contexts of all engines.

use std::ffi::{CString, c_int};
use std::ptr;
use std::slice;
use std::sync::OnceLock;

use rquickjs::{Ctx, Error, Result, Value, qjs};

use super::function::{given_away, owned};

/// What a script is once it was evaluated first.
#[derive(Debug, Default)]
pub struct Code(OnceLock<Vec<u8>>);

impl Code {
    /// None yet.
    pub const fn new() -> Self {
        Self(OnceLock::new())
    }

    /// The value of a script, which is the same at every call. It is strict code.
    ///
    /// # Errors
    /// What it throws.
    pub fn evaluate<'js>(&self, ctx: &Ctx<'js>, source: &str, name: &str) -> Result<Value<'js>> {
        if let Some(code) = self.0.get() {
            return run(ctx, read(ctx, code)?);
        }
        let compiled = compile(ctx, source, name)?;
        let code = write(&compiled)?;
        self.0.get_or_init(|| code);
        run(ctx, compiled)
    }
}

fn compile<'js>(ctx: &Ctx<'js>, source: &str, name: &str) -> Result<Value<'js>> {
    let (source, name) = (CString::new(source)?, CString::new(name)?);
    let flags =
        qjs::JS_EVAL_TYPE_GLOBAL | qjs::JS_EVAL_FLAG_STRICT | qjs::JS_EVAL_FLAG_COMPILE_ONLY;
    let length = source.as_bytes().len();
    // SAFETY: both texts end with a zero and outlive the call.
    let raw = unsafe {
        qjs::JS_Eval(
            ctx.as_raw().as_ptr(),
            source.as_ptr(),
            length as qjs::size_t,
            name.as_ptr(),
            flags as c_int,
        )
    };
    owned(ctx, raw)
}

fn write(compiled: &Value<'_>) -> Result<Vec<u8>> {
    let ctx = compiled.ctx().as_raw().as_ptr();
    let mut length = 0;
    let flags = qjs::JS_WRITE_OBJ_BYTECODE as c_int;
    // SAFETY: the value is live, and the place is ours.
    let start = unsafe { qjs::JS_WriteObject(ctx, &raw mut length, compiled.as_raw(), flags) };
    if start.is_null() {
        return Err(Error::Exception);
    }
    // SAFETY: the engine gave that many bytes, which stay until they are freed below.
    let code = unsafe { slice::from_raw_parts(start, length as usize) }.to_vec();
    // SAFETY: frees what was given above, which nothing refers to any more.
    unsafe { qjs::js_free(ctx, start.cast()) };
    Ok(code)
}

/// What `write` has written.
fn read<'js>(ctx: &Ctx<'js>, code: &[u8]) -> Result<Value<'js>> {
    let flags = qjs::JS_READ_OBJ_BYTECODE as c_int;
    let length = code.len() as qjs::size_t;
    // SAFETY: the bytes are those that the same engine has written of what it had compiled, and are copied.
    let raw = unsafe {
        qjs::JS_ReadObject(
            ctx.as_raw().as_ptr(),
            ptr::from_ref(code).cast(),
            length,
            flags,
        )
    };
    owned(ctx, raw)
}

fn run<'js>(ctx: &Ctx<'js>, compiled: Value<'js>) -> Result<Value<'js>> {
    // SAFETY: the value is compiled code of this context, of which the call takes over a reference.
    let raw = unsafe { qjs::JS_EvalFunction(ctx.as_raw().as_ptr(), given_away(compiled)) };
    owned(ctx, raw)
}

#[cfg(test)]
mod tests {
    use rquickjs::{Context, Runtime};

    use super::*;
    use crate::os::script::text;

    #[test]
    fn a_script_is_compiled_once_for_all_engines() {
        let code = Code::new();
        for source in [
            "(a) => { return `${a} ${new Error('x').stack}` }",
            "a syntax error",
        ] {
            let context = Context::full(&Runtime::new().unwrap()).unwrap();
            context.with(|ctx| {
                let function = code.evaluate(&ctx, source, "name.js").unwrap();
                let told: Value<'_> = function.into_function().unwrap().call((1,)).unwrap();
                let told = text(&told).unwrap();
                assert!(
                    told.starts_with("1 ") && told.contains("name.js:1:"),
                    "{told}"
                );
            });
        }
    }

    #[test]
    fn what_does_not_compile_is_told() {
        let context = Context::full(&Runtime::new().unwrap()).unwrap();
        context.with(|ctx| {
            let code = Code::new();
            assert!(code.evaluate(&ctx, "(", "name.js").is_err());
            assert!(code.evaluate(&ctx, "with (1) {}", "name.js").is_err());
            assert_eq!(
                code.evaluate(&ctx, "5", "name.js").unwrap().as_int(),
                Some(5)
            );
        });
    }
}
