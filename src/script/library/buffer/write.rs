//! Buffers changed: filled, copied, written texts into, and turned round.

use std::ops::Range;

use rquickjs::convert::Coerced;
use rquickjs::{Ctx, Result, Value};

use super::super::encoding::Encoding;
use super::super::native::{given, given_text, integer, number, range_error, type_error};
use super::make::wrapped;
use super::this;
use crate::os::script::{Call, View, text};

/// `buffer.fill(value[, offset[, end]][, encoding])`.
pub(super) fn fill<'js>(call: &Call<'js>) -> Result<Value<'js>> {
    let ctx = call.ctx();
    let view = this(call)?;
    // The encoding may come after any of the others.
    let named = (1..4).find(|&index| call.arg(index).is_string());
    let encoding = match named {
        Some(index) => given_text(call, index)?,
        None => None,
    };
    let encoding = Encoding::named(ctx, encoding.as_deref())?;
    let bound = |index, default: f64| -> Result<f64> {
        match named.is_some_and(|named| named <= index) {
            true => Ok(default),
            false => Ok(integer(call, index)?.unwrap_or(default)),
        }
    };
    let whole = view.len() as f64;
    let (start, end) = (bound(1, 0.0)?, bound(2, whole)?);
    if start < 0.0 || end < 0.0 || end > whole {
        return range_error(ctx, "index is outside the bound of the buffer");
    }
    let value = given(call, 0).unwrap_or_else(|| number(ctx, 0.0));
    repeat(
        ctx,
        &view,
        start.min(end) as usize..end as usize,
        &value,
        encoding,
    )?;
    Ok(call.this().clone())
}

/// Fills a range with a value, repeated.
pub(super) fn repeat<'js>(
    ctx: &Ctx<'js>,
    view: &View<'js>,
    range: Range<usize>,
    value: &Value<'js>,
    encoding: Encoding,
) -> Result<()> {
    let pattern = if value.is_string() {
        let pattern = encoding.decode(&text(value)?);
        if pattern.is_empty() { vec![0] } else { pattern }
    } else if let Some(source) = View::of(value) {
        source.to_vec()
    } else {
        vec![wrapped(value.get::<Coerced<f64>>()?.0)]
    };
    if pattern.is_empty() {
        return type_error(ctx, "\"value\" argument must not be empty");
    }
    let mut bytes = pattern;
    bytes.truncate(range.len());
    while bytes.len() < range.len() {
        bytes.extend_from_within(..bytes.len().min(range.len() - bytes.len()));
    }
    view.write(range.start, &bytes);
    Ok(())
}

/// `buffer.copy(target[, targetStart[, sourceStart[, sourceEnd]]])`.
pub(super) fn copy<'js>(call: &Call<'js>) -> Result<Value<'js>> {
    let ctx = call.ctx();
    let source = this(call)?;
    let Some(target) = View::of(&call.arg(0)) else {
        return type_error(
            ctx,
            "\"target\" argument must be an instance of Buffer or Uint8Array",
        );
    };
    let at = integer(call, 1)?.unwrap_or(0.0);
    let start = integer(call, 2)?.unwrap_or(0.0);
    let end = integer(call, 3)?.unwrap_or(source.len() as f64);
    if at < 0.0 || start < 0.0 || end < 0.0 || start > source.len() as f64 {
        return range_error(ctx, "index is outside the bound of the buffer");
    }
    let end = end.min(source.len() as f64) as usize;
    let start = (start as usize).min(end);
    let room = (target.len() as f64 - at).max(0.0) as usize;
    let fitting = source.part(start, end.min(start.saturating_add(room)));
    if !fitting.is_empty() {
        target.write(at as usize, &fitting);
    }
    Ok(number(ctx, fitting.len() as f64))
}

/// `buffer.write(string[, offset[, length]][, encoding])`.
pub(super) fn write<'js>(call: &Call<'js>) -> Result<Value<'js>> {
    let ctx = call.ctx();
    let view = this(call)?;
    if !call.arg(0).is_string() {
        return type_error(ctx, "first argument must be a string");
    }
    let named = (1..4).find(|&index| call.arg(index).is_string());
    let encoding = match named {
        Some(index) => given_text(call, index)?,
        None => None,
    };
    let encoding = Encoding::named(ctx, encoding.as_deref())?;
    let count = named.unwrap_or(4);
    let offset = if count > 1 { integer(call, 1)? } else { None }.unwrap_or(0.0);
    let whole = view.len() as f64;
    if offset < 0.0 || offset > whole {
        return range_error(ctx, "offset is outside the bound of the buffer");
    }
    let length = if count > 2 { integer(call, 2)? } else { None };
    let room = length.unwrap_or(whole).clamp(0.0, whole - offset) as usize;
    let source = text(&call.arg(0))?;
    let bytes = encoding.decode(&source);
    let mut fitting = bytes.len().min(room);
    if encoding == Encoding::Utf8 {
        // No character is written in part.
        while !source.is_char_boundary(fitting) {
            fitting -= 1;
        }
    }
    view.write(offset as usize, &bytes[..fitting]);
    Ok(number(ctx, fitting as f64))
}

/// `buffer.swap16()` and its siblings: the bytes of each group the other way round.
pub(super) fn swap<'js, const SIZE: usize>(call: &Call<'js>) -> Result<Value<'js>> {
    let view = this(call)?;
    let mut bytes = view.to_vec();
    if !bytes.len().is_multiple_of(SIZE) {
        let message = format!("Buffer size must be a multiple of {}-bits", SIZE * 8);
        return range_error(call.ctx(), &message);
    }
    for group in bytes.chunks_exact_mut(SIZE) {
        group.reverse();
    }
    view.write(0, &bytes);
    Ok(call.this().clone())
}
