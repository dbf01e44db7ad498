//! Numbers in buffers: `readUInt16LE` and its thirty-odd siblings. An integer has one to eight bytes, in either order.

use rquickjs::convert::Coerced;
use rquickjs::{BigInt, Result, Value};

use super::super::native::{integer, number, range_error};
use super::{place, this};
use crate::os::script::{Call, Member, method};

/// Methods for numbers, but for those that read floats.
pub(super) static MEMBERS: [Member; 40] = [
    method(c"readInt8", 1, read::<1, true, true>),
    method(c"readUInt8", 1, read::<1, false, true>),
    method(c"readInt16LE", 1, read::<2, true, true>),
    method(c"readInt16BE", 1, read::<2, true, false>),
    method(c"readUInt16LE", 1, read::<2, false, true>),
    method(c"readUInt16BE", 1, read::<2, false, false>),
    method(c"readInt32LE", 1, read::<4, true, true>),
    method(c"readInt32BE", 1, read::<4, true, false>),
    method(c"readUInt32LE", 1, read::<4, false, true>),
    method(c"readUInt32BE", 1, read::<4, false, false>),
    method(c"readBigInt64LE", 1, read_big::<true, true>),
    method(c"readBigInt64BE", 1, read_big::<true, false>),
    method(c"readBigUInt64LE", 1, read_big::<false, true>),
    method(c"readBigUInt64BE", 1, read_big::<false, false>),
    method(c"readIntLE", 2, read_some::<true, true>),
    method(c"readIntBE", 2, read_some::<true, false>),
    method(c"readUIntLE", 2, read_some::<false, true>),
    method(c"readUIntBE", 2, read_some::<false, false>),
    method(c"writeInt8", 2, write::<1, true>),
    method(c"writeUInt8", 2, write::<1, true>),
    method(c"writeInt16LE", 2, write::<2, true>),
    method(c"writeInt16BE", 2, write::<2, false>),
    method(c"writeUInt16LE", 2, write::<2, true>),
    method(c"writeUInt16BE", 2, write::<2, false>),
    method(c"writeInt32LE", 2, write::<4, true>),
    method(c"writeInt32BE", 2, write::<4, false>),
    method(c"writeUInt32LE", 2, write::<4, true>),
    method(c"writeUInt32BE", 2, write::<4, false>),
    method(c"writeBigInt64LE", 2, write_big::<true>),
    method(c"writeBigInt64BE", 2, write_big::<false>),
    method(c"writeBigUInt64LE", 2, write_big::<true>),
    method(c"writeBigUInt64BE", 2, write_big::<false>),
    method(c"writeIntLE", 3, write_some::<true>),
    method(c"writeIntBE", 3, write_some::<false>),
    method(c"writeUIntLE", 3, write_some::<true>),
    method(c"writeUIntBE", 3, write_some::<false>),
    method(c"writeDoubleLE", 2, write_float::<8, true>),
    method(c"writeDoubleBE", 2, write_float::<8, false>),
    method(c"writeFloatLE", 2, write_float::<4, true>),
    method(c"writeFloatBE", 2, write_float::<4, false>),
];

/// The bytes at the place of a call, least first, and zeros above.
fn taken<const LITTLE: bool>(call: &Call<'_>, size: usize) -> Result<[u8; 8]> {
    let view = this(call)?;
    let at = place(call, 0, &view, size)?;
    let mut bytes = [0; 8];
    view.read(at, &mut bytes[..size]);
    if !LITTLE {
        bytes[..size].reverse();
    }
    Ok(bytes)
}

/// Puts bytes, given least first, at the place that is the second argument; tells what is behind them.
fn put<'js, const LITTLE: bool>(
    call: &Call<'js>,
    mut bytes: [u8; 8],
    size: usize,
) -> Result<Value<'js>> {
    let view = this(call)?;
    let at = place(call, 1, &view, size)?;
    if !LITTLE {
        bytes[..size].reverse();
    }
    view.write(at, &bytes[..size]);
    Ok(number(call.ctx(), (at + size) as f64))
}

fn whole(bytes: [u8; 8], size: usize, is_signed: bool) -> f64 {
    let above = 64 - 8 * size as u32;
    let word = u64::from_le_bytes(bytes) << above;
    match is_signed {
        true => (word as i64 >> above) as f64,
        false => (word >> above) as f64,
    }
}

fn read<'js, const SIZE: usize, const SIGNED: bool, const LITTLE: bool>(
    call: &Call<'js>,
) -> Result<Value<'js>> {
    let bytes = taken::<LITTLE>(call, SIZE)?;
    Ok(number(call.ctx(), whole(bytes, SIZE, SIGNED)))
}

fn read_some<'js, const SIGNED: bool, const LITTLE: bool>(call: &Call<'js>) -> Result<Value<'js>> {
    let size = size(call, 1)?;
    let bytes = taken::<LITTLE>(call, size)?;
    Ok(number(call.ctx(), whole(bytes, size, SIGNED)))
}

fn read_big<'js, const SIGNED: bool, const LITTLE: bool>(call: &Call<'js>) -> Result<Value<'js>> {
    let bytes = taken::<LITTLE>(call, 8)?;
    let ctx = call.ctx().clone();
    let value = match SIGNED {
        true => BigInt::from_i64(ctx, i64::from_le_bytes(bytes)),
        false => BigInt::from_u64(ctx, u64::from_le_bytes(bytes)),
    };
    Ok(value?.into_value())
}

/// Reads a float of four or eight bytes.
pub(super) fn read_float<'js, const SIZE: usize, const LITTLE: bool>(
    call: &Call<'js>,
) -> Result<Value<'js>> {
    let word = u64::from_le_bytes(taken::<LITTLE>(call, SIZE)?);
    let value = match SIZE {
        4 => f64::from(f32::from_bits(word as u32)),
        _ => f64::from_bits(word),
    };
    Ok(number(call.ctx(), value))
}

/// How many bytes an integer has, where a call says it.
fn size(call: &Call<'_>, index: usize) -> Result<usize> {
    match integer(call, index)? {
        Some(size) if (1.0..=6.0).contains(&size) => Ok(size as usize),
        _ => range_error(call.ctx(), "\"byteLength\" must be between 1 and 6"),
    }
}

/// The first argument as an integer of 64 bits; what is above goes round.
fn given_whole(call: &Call<'_>) -> Result<[u8; 8]> {
    const ROUND: f64 = 18_446_744_073_709_551_616.0;
    let number = integer(call, 0)?.unwrap_or(0.0);
    if !number.is_finite() {
        return Ok([0; 8]);
    }
    // Small ones keep all their bits, which a remainder of so large a number would round.
    let word = match number.abs() < ROUND / 2.0 {
        true => number as i64 as u64,
        false => number.rem_euclid(ROUND) as u64,
    };
    Ok(word.to_le_bytes())
}

fn write<'js, const SIZE: usize, const LITTLE: bool>(call: &Call<'js>) -> Result<Value<'js>> {
    put::<LITTLE>(call, given_whole(call)?, SIZE)
}

fn write_some<'js, const LITTLE: bool>(call: &Call<'js>) -> Result<Value<'js>> {
    let size = size(call, 2)?;
    put::<LITTLE>(call, given_whole(call)?, size)
}

fn write_big<'js, const LITTLE: bool>(call: &Call<'js>) -> Result<Value<'js>> {
    let value = call.arg(0);
    let ctx = call.ctx();
    let Some(value) = value.as_big_int() else {
        return super::type_error(ctx, "value is not a BigInt");
    };
    // A 64-bit view of it: what is above goes round, as in arrays of such integers.
    let word = crate::os::script::low_word(value)?;
    put::<LITTLE>(call, word.to_le_bytes(), 8)
}

fn write_float<'js, const SIZE: usize, const LITTLE: bool>(call: &Call<'js>) -> Result<Value<'js>> {
    let Coerced(value) = call.arg(0).get::<Coerced<f64>>()?;
    let word = match SIZE {
        4 => u64::from((value as f32).to_bits()),
        _ => value.to_bits(),
    };
    put::<LITTLE>(call, word.to_le_bytes(), SIZE)
}
