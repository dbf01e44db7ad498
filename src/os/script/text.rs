//! Strings and large integers of scripts as Rust's. A script's string may hold halves of surrogate pairs, which no UTF-8 does.

use std::slice;

use rquickjs::{BigInt, Error, Result, Value, qjs};

/// A value as a text, converted as scripts convert it; what is not well-formed of it becomes U+FFFD.
pub fn text(value: &Value<'_>) -> Result<String> {
    read(value, |bytes| match std::str::from_utf8(bytes) {
        Ok(text) => text.to_owned(),
        Err(_) => well_formed(bytes),
    })
}

/// The bytes of a value as a text.
pub fn text_bytes(value: &Value<'_>) -> Result<Vec<u8>> {
    read(value, |bytes| match std::str::from_utf8(bytes) {
        Ok(_) => bytes.to_vec(),
        Err(_) => well_formed(bytes).into_bytes(),
    })
}

/// Does something with what the engine makes of a value for readers of UTF-8.
fn read<R>(value: &Value<'_>, work: impl FnOnce(&[u8]) -> R) -> Result<R> {
    let ctx = value.ctx().as_raw().as_ptr();
    let mut length = 0;
    // SAFETY: the value is live; a conversion that runs scripts cannot end this context while `value` holds it.
    let start = unsafe { qjs::JS_ToCStringLen(ctx, &raw mut length, value.as_raw()) };
    if start.is_null() {
        // SAFETY: reads the tag of a value.
        if unsafe { qjs::JS_VALUE_GET_NORM_TAG(value.as_raw()) } == qjs::JS_TAG_STRING {
            // SAFETY: for a plain string this means that there was no memory for the bytes, and then the engine has kept
            // the reference that it had taken; `value` holds another one.
            unsafe { qjs::JS_FreeValue(ctx, value.as_raw()) };
        }
        return Err(Error::Exception);
    }
    // SAFETY: the engine gave that many bytes, which stay until they are freed below.
    let result = work(unsafe { slice::from_raw_parts(start.cast::<u8>(), length) });
    // SAFETY: frees what was given above, which nothing refers to any more.
    unsafe { qjs::JS_FreeCString(ctx, start) };
    Ok(result)
}

/// UTF-8 in which halves of pairs stand as three bytes each, with one U+FFFD for each of those.
fn well_formed(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len());
    let mut rest = bytes;
    while let Err(error) = std::str::from_utf8(rest) {
        let (good, bad) = rest.split_at(error.valid_up_to());
        text.push_str(&String::from_utf8_lossy(good));
        text.push('\u{fffd}');
        let is_half = bad.len() >= 3 && bad[0] == 0xed && bad[1] >= 0xa0;
        rest = &bad[if is_half { 3 } else { 1 }..];
    }
    text.push_str(&String::from_utf8_lossy(rest));
    text
}

/// The lowest 64 bits of a large integer, those of a negative one as two's complement.
pub fn low_word(value: &BigInt<'_>) -> Result<u64> {
    let mut word = 0;
    let ctx = value.ctx().as_raw().as_ptr();
    // SAFETY: the value is live, and the place is ours.
    if unsafe { qjs::JS_ToBigUint64(ctx, &raw mut word, value.as_raw()) } < 0 {
        return Err(Error::Exception);
    }
    Ok(word)
}
