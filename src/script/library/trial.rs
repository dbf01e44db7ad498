//! How the library is tried: scripts in a context with all of it.

use rquickjs::{CatchResultExt, Context, Ctx, Module, Object, Runtime};

use super::{install, object};
use crate::os::script::text;

/// Runs a script in a context with the library and tells its last value, or what it threw, as a text.
pub(crate) fn run(source: &str) -> String {
    with(
        |ctx| match ctx.eval::<rquickjs::Value<'_>, _>(source).catch(ctx) {
            Ok(value) => text(&value).unwrap_or_else(|_| "no text".into()),
            Err(error) => told(&error),
        },
    )
}

/// Runs a module, for which those of the library are members of `modules`; what it assigns to `globalThis.result` is told, also when that was later.
pub(crate) fn run_module(source: &str) -> String {
    with(|ctx| {
        let modules = Object::new(ctx.clone()).unwrap();
        for name in ["buffer", "crypto", "fs", "querystring"] {
            modules.set(name, object(ctx, name).unwrap()).unwrap();
        }
        ctx.globals().set("modules", modules).unwrap();
        let evaluated = Module::evaluate(ctx.clone(), "trial", source).catch(ctx);
        if let Err(error) = evaluated {
            return told(&error);
        }
        while ctx.execute_pending_job() {}
        if let Ok(promise) = &evaluated
            && let Some(Err(error)) = promise.result::<rquickjs::Value<'_>>()
        {
            return told(&rquickjs::CaughtError::from_error(ctx, error));
        }
        text(&ctx.globals().get("result").unwrap()).unwrap()
    })
}

/// Gives a function a context with the library.
pub(crate) fn with<R>(try_it: impl FnOnce(&Ctx<'_>) -> R) -> R {
    let runtime = Runtime::new().unwrap();
    runtime.set_memory_limit(64 << 20);
    let context = Context::full(&runtime).unwrap();
    context.with(|ctx| {
        install(&ctx).unwrap();
        try_it(&ctx)
    })
}

fn told(error: &rquickjs::CaughtError<'_>) -> String {
    match error {
        rquickjs::CaughtError::Exception(exception) => {
            let name: String = exception.as_object().get("name").unwrap_or_default();
            format!("{name}: {}", exception.message().unwrap_or_default())
        }
        rquickjs::CaughtError::Value(value) => {
            format!("thrown: {}", text(value).unwrap_or_default())
        }
        rquickjs::CaughtError::Error(error) => format!("native: {error}"),
    }
}
