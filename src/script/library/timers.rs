//! `setTimeout` and `clearTimeout`.

use std::time::Duration;

use rquickjs::function::Args;
use rquickjs::{Ctx, Function, Persistent, Result, Value};

use super::native::{integer, number, type_error, undefined};
use crate::os::script::{Call, function};
use crate::script::operation::{self, Operation};

/// A longer time is as good as this one: nearly 25 days.
const LONGEST: f64 = 2_147_483_647.0;

/// `setTimeout`
pub(super) fn set<'js>(ctx: &Ctx<'js>) -> Result<Value<'js>> {
    function(ctx, c"setTimeout", 2, begin).map(|made| made.into_value())
}

/// `clearTimeout`
pub(super) fn clear<'js>(ctx: &Ctx<'js>) -> Result<Value<'js>> {
    function(ctx, c"clearTimeout", 1, end).map(|made| made.into_value())
}

fn begin<'js>(call: &Call<'js>) -> Result<Value<'js>> {
    let ctx = call.ctx();
    let Some(callback) = call.arg(0).into_function() else {
        return type_error(ctx, "first arg must be a function");
    };
    let time = integer(call, 1)?.unwrap_or(0.0).clamp(0.0, LONGEST);
    let time = Duration::from_millis(time as u64);
    let callback = Persistent::save(ctx, callback);
    let arguments = (2..call.len()).map(|index| Persistent::save(ctx, call.arg(index)));
    let arguments: Vec<_> = arguments.collect();
    let work = tokio::time::sleep(time);
    let Operation(id) =
        operation::start(ctx, work, move |ctx, ()| expire(ctx, callback, arguments))?;
    Ok(number(ctx, id as f64))
}

fn expire(
    ctx: &Ctx<'_>,
    callback: Persistent<Function<'static>>,
    arguments: Vec<Persistent<Value<'static>>>,
) -> Result<()> {
    let mut all = Args::new(ctx.clone(), arguments.len());
    for argument in arguments {
        all.push_arg(argument.restore(ctx)?)?;
    }
    callback.restore(ctx)?.call_arg::<Value<'_>>(all)?;
    Ok(())
}

fn end<'js>(call: &Call<'js>) -> Result<Value<'js>> {
    let ctx = call.ctx();
    if call.arg(0).is_number()
        && let Some(id @ 1.0..) = integer(call, 0)?
    {
        operation::cancel(ctx, Operation(id as u64))?;
    }
    Ok(undefined(ctx))
}
