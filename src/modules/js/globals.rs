//! What scripts find beside the language and the library: `ngx`.

use rquickjs::{Ctx, Object, Result};

use super::{fetch, request};
use crate::os::script::define;

/// Gives a context the globals of a server.
pub(super) fn furnish<'js>(ctx: &Ctx<'js>) -> Result<Vec<Object<'js>>> {
    let ngx = Object::new(ctx.clone())?;
    define(&ngx, &fetch::MEMBERS)?;
    ctx.globals().set("ngx", ngx)?;
    Ok(vec![request::prototype(ctx)?])
}
