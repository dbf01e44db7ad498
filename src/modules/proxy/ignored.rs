//! `proxy_ignore_headers`, `grpc_ignore_headers`: fields of answers that are as if they were not there.

use crate::conf::{Diagnostic, Statement};
use crate::modules::cache::IgnoredFields;
use crate::modules::family::{Family, Levels, growing};

/// Fields of answers that are as if they were not there.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Ignored {
    /// `X-Accel-Redirect`
    pub(super) redirect: bool,
    /// `X-Accel-Buffering`
    pub(super) buffering: bool,
    /// `X-Accel-Limit-Rate`
    pub(super) rate: bool,
    /// What a cache goes by.
    pub(super) cached: IgnoredFields,
}

impl Ignored {
    /// What holds in the innermost scope.
    pub(super) fn of<F: Family>(levels: &Levels<'_, '_, F>) -> Self {
        levels.nearest().copied().unwrap_or_default()
    }

    /// Adds a field; false if it is none of those that can be ignored.
    fn add(&mut self, name: &str) -> bool {
        let times = &mut self.cached.times;
        match name.to_ascii_lowercase().as_str() {
            "x-accel-redirect" => self.redirect = true,
            "x-accel-buffering" => self.buffering = true,
            "x-accel-expires" => times.accel_expires = true,
            "expires" => times.expires = true,
            "cache-control" => times.cache_control = true,
            "set-cookie" => times.set_cookie = true,
            "vary" => self.cached.vary = true,
            "x-accel-limit-rate" => self.rate = true,
            // It never has an effect here.
            "x-accel-charset" => {}
            _ => return false,
        }
        true
    }
}

/// `proxy_ignore_headers`, `grpc_ignore_headers`
pub(super) fn apply<F: Family>(statement: &mut Statement<'_>) -> Result<(), Diagnostic> {
    let mut ignored = *growing::<F, Ignored>(statement);
    for (word, index) in statement.arguments().iter().zip(1..) {
        if !ignored.add(&word.text) {
            let message = format!("invalid value \"{}\"", word.text);
            return Err(statement.error(index, message).with_help(
                "expected X-Accel-Redirect, X-Accel-Expires, X-Accel-Limit-Rate, X-Accel-Buffering, \
                 X-Accel-Charset, Expires, Cache-Control, Set-Cookie or Vary",
            ));
        }
    }
    *growing::<F, Ignored>(statement) = ignored;
    Ok(())
}
