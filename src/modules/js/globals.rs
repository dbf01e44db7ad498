//! What scripts find beside the language and the library: `ngx`.

use rquickjs::{Ctx, Object, Result};

use super::request;

/// Gives a context the globals of a server.
pub(super) fn furnish<'js>(ctx: &Ctx<'js>) -> Result<Vec<Object<'js>>> {
    Ok(vec![request::prototype(ctx)?])
}
