//! What a body filter sends on.

use rquickjs::{Exception, Result, Value};

use super::with_running;
use crate::os::script::Call;
use crate::script::library::bytes;

/// `r.sendBuffer(data[, flags])`. All of it goes on at once, so the flags say nothing that is not done anyway.
pub(super) fn send_buffer<'js>(call: &Call<'js>) -> Result<Value<'js>> {
    let ctx = call.ctx();
    let data = bytes(&call.arg(0))?;
    let is_taken = with_running(call, |running| match &mut running.filtered {
        Some(filtered) if filtered.len() + data.len() <= LONGEST => {
            filtered.extend_from_slice(&data);
            Some(true)
        }
        Some(_) => Some(false),
        None => None,
    })?;
    match is_taken {
        Some(true) => Ok(Value::new_undefined(ctx.clone())),
        Some(false) => Err(Exception::throw_range(
            ctx,
            "more is sent on for one piece of a body than can be held",
        )),
        None => Err(Exception::throw_type(
            ctx,
            "it is only in a body filter that something can be sent like this",
        )),
    }
}

/// So much may come of one piece.
const LONGEST: usize = 64 << 20;
