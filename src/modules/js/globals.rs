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
    /// Empty where errors go to no file.
    pub error_log: String,
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
            ("error_log_path", &self.error_log),
            ("conf_prefix", &self.main_folder),
            ("prefix", &self.prefix),
        ] {
            ngx.set(name, value)?;
        }
        let levels = [("INFO", INFO), ("WARN", WARN), ("ERR", ERROR)];
        let numbers = [
            ("worker_id", self.worker),
            ("version_number", version_number()),
        ];
        for (name, level) in levels.into_iter().chain(numbers) {
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

/// The version as nginx counts its own: 1.2.3 is 1002003.
fn version_number() -> i32 {
    let parts = env!("CARGO_PKG_VERSION").split('.');
    parts
        .take(3)
        .filter_map(|part| part.parse::<i32>().ok())
        .fold(0, |number, part| number * 1000 + part)
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

/// As much of a text as a line of the log has of it.
pub(super) fn cut(text: &str) -> &str {
    let mut places = (0..=text.len().min(LONGEST)).rev();
    let end = places.find(|place| text.is_char_boundary(*place));
    &text[..end.unwrap_or_default()]
}

const LONGEST: usize = 4096;

/// Writes a line to the log, with the request that is current.
fn tell(level: log::Level, message: &str) {
    let message = cut(message).escape_debug();
    let told = current::with(|request| {
        log::log!(level, "js: {message}{}", Circumstances(request));
    });
    if told.is_none() {
        log::log!(level, "js: {message}");
    }
}
