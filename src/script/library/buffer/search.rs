//! Buffers compared, and looked through.

use std::cmp::Ordering;

use memchr::memmem;
use rquickjs::convert::Coerced;
use rquickjs::{Result, Value};

use super::super::encoding::Encoding;
use super::super::native::{boolean, given_text, integer, number, range_error, type_error};
use super::make::wrapped;
use super::this;
use crate::os::script::{Call, View, text};

/// `Buffer.compare(a, b)`.
pub(super) fn compare_both<'js>(call: &Call<'js>) -> Result<Value<'js>> {
    let (left, right) = (other(call, 0)?, other(call, 1)?);
    Ok(ordered(call, left.to_vec().cmp(&right.to_vec())))
}

/// `buffer.compare(target[, targetStart[, targetEnd[, sourceStart[, sourceEnd]]]])`.
pub(super) fn compare<'js>(call: &Call<'js>) -> Result<Value<'js>> {
    let (own, target) = (this(call)?, other(call, 0)?);
    let theirs = range(call, 1, &target)?;
    let ours = range(call, 3, &own)?;
    Ok(ordered(call, ours.cmp(&theirs)))
}

fn range(call: &Call<'_>, first: usize, view: &View<'_>) -> Result<Vec<u8>> {
    let whole = view.len() as f64;
    let start = integer(call, first)?.unwrap_or(0.0);
    let end = integer(call, first + 1)?.unwrap_or(whole);
    if start < 0.0 || end < 0.0 || end > whole {
        return range_error(call.ctx(), "index is outside the bound of the buffer");
    }
    let end = end as usize;
    Ok(view.part((start as usize).min(end), end))
}

fn ordered<'js>(call: &Call<'js>, order: Ordering) -> Value<'js> {
    number(call.ctx(), f64::from(order as i8))
}

/// `buffer.equals(other)`.
pub(super) fn equals<'js>(call: &Call<'js>) -> Result<Value<'js>> {
    let is_equal = this(call)?.to_vec() == other(call, 0)?.to_vec();
    Ok(boolean(call.ctx(), is_equal))
}

fn other<'js>(call: &Call<'js>, index: usize) -> Result<View<'js>> {
    match View::of(&call.arg(index)) {
        Some(view) => Ok(view),
        None => type_error(
            call.ctx(),
            "argument must be an instance of Buffer or Uint8Array",
        ),
    }
}

/// `buffer.includes(value[, byteOffset[, encoding]])`.
pub(super) fn includes<'js>(call: &Call<'js>) -> Result<Value<'js>> {
    let is_there = find(call, Side::First)?.is_some();
    Ok(boolean(call.ctx(), is_there))
}

/// `buffer.indexOf(value[, byteOffset[, encoding]])`.
pub(super) fn index_of<'js>(call: &Call<'js>) -> Result<Value<'js>> {
    let place = find(call, Side::First)?.map_or(-1.0, |place| place as f64);
    Ok(number(call.ctx(), place))
}

/// `buffer.lastIndexOf(value[, byteOffset[, encoding]])`.
pub(super) fn last_index_of<'js>(call: &Call<'js>) -> Result<Value<'js>> {
    let place = find(call, Side::Last)?.map_or(-1.0, |place| place as f64);
    Ok(number(call.ctx(), place))
}

/// Which of the places is looked for.
enum Side {
    First,
    Last,
}

fn find(call: &Call<'_>, side: Side) -> Result<Option<usize>> {
    let all = this(call)?.to_vec();
    let value = call.arg(0);
    // The offset may stand where the encoding otherwise does: `indexOf(text, 'hex')`.
    let (offset, encoding) = match call.arg(1).is_string() {
        true => (None, given_text(call, 1)?),
        false => (integer(call, 1)?, given_text(call, 2)?),
    };
    let encoding = Encoding::named(call.ctx(), encoding.as_deref())?;
    let wanted = needle(&value, encoding)?;
    let length = all.len() as f64;
    let from = offset.map(|offset| {
        if offset < 0.0 {
            offset + length
        } else {
            offset
        }
    });
    Ok(match side {
        Side::First => {
            let from = from.unwrap_or(0.0).clamp(0.0, length) as usize;
            memmem::find(&all[from..], &wanted).map(|place| place + from)
        }
        Side::Last => {
            let from = from.unwrap_or(length);
            if from < 0.0 {
                return Ok(None);
            }
            let end = (from as usize).saturating_add(wanted.len()).min(all.len());
            memmem::rfind(&all[..end], &wanted)
        }
    })
}

fn needle(value: &Value<'_>, encoding: Encoding) -> Result<Vec<u8>> {
    if value.is_string() {
        return Ok(encoding.decode(&text(value)?));
    }
    if value.is_number() {
        return Ok(vec![wrapped(value.get::<Coerced<f64>>()?.0)]);
    }
    match View::of(value) {
        Some(view) => Ok(view.to_vec()),
        None => type_error(
            value.ctx(),
            "\"value\" argument must be of type string or an instance of Buffer",
        ),
    }
}
