//! What scripts find beside the language and the library: `ngx`.

use rquickjs::convert::Coerced;
use rquickjs::{Ctx, Object, Result, Value};

use super::{current, fetch, request};
use crate::http::course::circumstances::Circumstances;
use crate::os::script::{Call, Member, Shared, define, method, text};
use crate::script::library::{Level, Output};
use crate::script::program::Globals;

/// What `ngx` tells of the server.
#[derive(Clone, Debug, Default)]
pub(super) struct Facts {
    pub main: String,
    pub main_folder: String,
    pub prefix: String,
    pub worker: i32,
}

impl Globals for Facts {
    fn furnish<'js>(&self, ctx: &Ctx<'js>) -> Result<Vec<Object<'js>>> {
        let ngx = Object::new(ctx.clone())?;
        define(&ngx, &MEMBERS)?;
        define(&ngx, &fetch::MEMBERS)?;
        for (name, value) in [
            ("build", env!("CARGO_PKG_NAME")),
            ("version", env!("CARGO_PKG_VERSION")),
            ("conf_file_path", &self.main),
            ("conf_prefix", &self.main_folder),
            ("prefix", &self.prefix),
        ] {
            ngx.set(name, value)?;
        }
        let levels = [("INFO", INFO), ("WARN", WARN), ("ERR", ERROR)];
        for (name, level) in levels.into_iter().chain([("worker_id", self.worker)]) {
            ngx.set(name, level)?;
        }
        ctx.globals().set("ngx", ngx)?;
        let output = Output(Box::new(|level, line| match level {
            Level::Error => tell(log::Level::Error, line),
            Level::Warn => tell(log::Level::Warn, line),
            Level::Info => tell(log::Level::Info, line),
        }));
        let told = ctx.store_userdata(Shared(output));
        told.map_err(|_| rquickjs::Error::Unknown)?;
        Ok(vec![request::prototype(ctx)?])
    }
}

/// nginx's numbers.
const ERROR: i32 = 4;
const WARN: i32 = 5;
const INFO: i32 = 7;

static MEMBERS: [Member; 1] = [method(c"log", 2, log)];

/// `ngx.log(level, text)`
fn log<'js>(call: &Call<'js>) -> Result<Value<'js>> {
    let Coerced(level) = call.arg(0).get::<Coerced<i32>>()?;
    let level = match level {
        ..=ERROR => log::Level::Error,
        WARN => log::Level::Warn,
        _ => log::Level::Info,
    };
    tell(level, &text(&call.arg(1))?);
    Ok(Value::new_undefined(call.ctx().clone()))
}

/// Writes a line to the log, with the request that is current.
fn tell(level: log::Level, message: &str) {
    let message = message.escape_debug();
    let told = current::with(|request| {
        log::log!(level, "js: {message}{}", Circumstances(request));
    });
    if told.is_none() {
        log::log!(level, "js: {message}");
    }
}
