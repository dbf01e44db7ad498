//! `TextEncoder`, `TextDecoder`, `atob` and `btoa`: texts as bytes and back.

use rquickjs::{Ctx, Exception, Object, Result, Value};

use super::encoding::Encoding;
use super::native::{
    boolean, bytes_of_buffer, given, given_text, is_set, number, prototype, range_error, string,
    type_error,
};
use super::{Kept, kept};
use crate::os::script::{
    Call, Held, Member, View, array_of, constructor, function, getter, held, hold, method, text,
};

static ENCODER: [Member; 3] = [
    method(c"encode", 1, encode),
    method(c"encodeInto", 2, encode_into),
    getter(c"encoding", encoding),
];

static DECODER: [Member; 4] = [
    method(c"decode", 1, decode),
    getter(c"encoding", encoding),
    getter(c"fatal", fatal),
    getter(c"ignoreBOM", ignores_mark),
];

/// What a decoder was told, and what it keeps between two parts of a stream.
struct Decoder {
    is_fatal: bool,
    ignores_mark: bool,
    /// Bytes of a character whose rest has not come.
    pending: Vec<u8>,
    /// Whether something of the stream was decoded, so that a byte order mark is no mark any more.
    has_begun: bool,
}

/// `TextEncoder`.
pub(super) fn encoder<'js>(ctx: &Ctx<'js>) -> Result<Value<'js>> {
    let prototype = kept(ctx, Kept::TextEncoder, &ENCODER)?;
    constructor(&prototype, c"TextEncoder", 0, new_encoder).map(|made| made.into_value())
}

/// `TextDecoder`.
pub(super) fn decoder<'js>(ctx: &Ctx<'js>) -> Result<Value<'js>> {
    let prototype = kept(ctx, Kept::TextDecoder, &DECODER)?;
    constructor(&prototype, c"TextDecoder", 0, new_decoder).map(|made| made.into_value())
}

fn new_encoder<'js>(call: &Call<'js>) -> Result<Value<'js>> {
    let own = kept(call.ctx(), Kept::TextEncoder, &ENCODER)?;
    hold(prototype(call, own, "TextEncoder")?, ()).map(Object::into_value)
}

fn new_decoder<'js>(call: &Call<'js>) -> Result<Value<'js>> {
    let ctx = call.ctx();
    let label = given_text(call, 0)?.unwrap_or_else(|| "utf-8".into());
    let label = label.trim().to_ascii_lowercase();
    if !matches!(&*label, "utf-8" | "utf8" | "unicode-1-1-utf-8") {
        return range_error(ctx, &format!("The \"{label}\" encoding is not supported"));
    }
    let options = call.arg(1);
    let decoder = Decoder {
        is_fatal: is_set(&options, "fatal")?,
        ignores_mark: is_set(&options, "ignoreBOM")?,
        pending: Vec::new(),
        has_begun: false,
    };
    let own = kept(ctx, Kept::TextDecoder, &DECODER)?;
    hold(prototype(call, own, "TextDecoder")?, decoder).map(Object::into_value)
}

fn encoding<'js>(call: &Call<'js>) -> Result<Value<'js>> {
    string(call.ctx(), "utf-8")
}

fn fatal<'js>(call: &Call<'js>) -> Result<Value<'js>> {
    Ok(boolean(call.ctx(), this_decoder(call)?.is_fatal))
}

fn ignores_mark<'js>(call: &Call<'js>) -> Result<Value<'js>> {
    Ok(boolean(call.ctx(), this_decoder(call)?.ignores_mark))
}

fn this_decoder<'js>(call: &Call<'js>) -> Result<Held<'js, Decoder>> {
    match held(call.this()) {
        Some(decoder) => Ok(decoder),
        None => type_error(call.ctx(), "\"this\" is not a TextDecoder"),
    }
}

fn encode<'js>(call: &Call<'js>) -> Result<Value<'js>> {
    let text = given_text(call, 0)?.unwrap_or_default();
    array_of(call.ctx(), text.as_bytes()).map(Object::into_value)
}

fn encode_into<'js>(call: &Call<'js>) -> Result<Value<'js>> {
    let ctx = call.ctx();
    let source = text(&call.arg(0))?;
    let Some(target) = View::of(&call.arg(1)) else {
        return type_error(
            ctx,
            "The \"destination\" argument must be an instance of Uint8Array",
        );
    };
    let (mut read, mut written) = (0, 0);
    for character in source.chars() {
        if written + character.len_utf8() > target.len() {
            break;
        }
        read += character.len_utf16();
        written += character.len_utf8();
    }
    target.write(0, &source.as_bytes()[..written]);
    let result = Object::new(ctx.clone())?;
    result.set("read", number(ctx, read as f64))?;
    result.set("written", number(ctx, written as f64))?;
    Ok(result.into_value())
}

fn decode<'js>(call: &Call<'js>) -> Result<Value<'js>> {
    let ctx = call.ctx();
    let bytes = match given(call, 0) {
        Some(value) => bytes_of_buffer(&value, "The argument")?,
        None => Vec::new(),
    };
    let goes_on = is_set(&call.arg(1), "stream")?;
    match this_decoder(call)?.take(bytes, goes_on) {
        Some(text) => string(ctx, &text),
        None => type_error(ctx, "The encoded data was not valid"),
    }
}

impl Decoder {
    /// The text of what came, and of what was kept; nothing if it is wrong and that is fatal.
    fn take(&mut self, bytes: Vec<u8>, goes_on: bool) -> Option<String> {
        let mut all = std::mem::take(&mut self.pending);
        all.extend(bytes);
        if goes_on {
            self.pending = all.split_off(all.len() - unfinished(&all));
        }
        let has_begun = std::mem::replace(&mut self.has_begun, goes_on);
        let mut rest = all.as_slice();
        if !has_begun && !self.ignores_mark {
            rest = rest.strip_prefix(b"\xef\xbb\xbf").unwrap_or(rest);
        }
        if goes_on && !has_begun && all.is_empty() {
            self.has_begun = false;
        }
        if self.is_fatal {
            let text = std::str::from_utf8(rest).ok().map(str::to_owned);
            if text.is_none() {
                (self.has_begun, self.pending) = (false, Vec::new());
            }
            return text;
        }
        Some(String::from_utf8_lossy(rest).into_owned())
    }
}

/// How many bytes at the end begin a character that is not over.
fn unfinished(bytes: &[u8]) -> usize {
    for (index, chunk) in (1..=bytes.len().min(3)).map(|n| (n, &bytes[bytes.len() - n..])) {
        if let Err(error) = std::str::from_utf8(chunk)
            && error.valid_up_to() == 0
            && error.error_len().is_none()
        {
            return index;
        }
    }
    0
}

/// `atob`: the bytes of a text in base64, a character each.
pub(super) fn atob<'js>(ctx: &Ctx<'js>) -> Result<Value<'js>> {
    function(ctx, c"atob", 1, |call| {
        let ctx = call.ctx();
        let wrong =
            || Exception::throw_type(ctx, "the string to be decoded is not correctly encoded");
        let encoded = text(&call.arg(0))?;
        let mut digits: String = encoded.split_ascii_whitespace().collect();
        if digits.len().is_multiple_of(4) {
            let kept = digits
                .strip_suffix("==")
                .or_else(|| digits.strip_suffix('='));
            digits = kept.map(str::to_owned).unwrap_or(digits);
        }
        let is_digit = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/');
        if digits.len() % 4 == 1 || !digits.bytes().all(is_digit) {
            return Err(wrong());
        }
        let bytes = Encoding::Base64.decode(&digits);
        string(ctx, &bytes.into_iter().map(char::from).collect::<String>())
    })
    .map(|made| made.into_value())
}

/// `btoa`: a text whose characters are bytes, in base64.
pub(super) fn btoa<'js>(ctx: &Ctx<'js>) -> Result<Value<'js>> {
    function(ctx, c"btoa", 1, |call| {
        let ctx = call.ctx();
        let plain = text(&call.arg(0))?;
        let bytes = plain
            .chars()
            .map(|character| u8::try_from(u32::from(character)));
        match bytes.collect::<std::result::Result<Vec<u8>, _>>() {
            Ok(bytes) => string(ctx, &Encoding::Base64.encode(&bytes)),
            Err(_) => type_error(ctx, "invalid character (>= U+00FF)"),
        }
    })
    .map(|made| made.into_value())
}

#[cfg(test)]
mod tests {
    use crate::script::library::trial::run;

    #[test]
    fn an_encoder_makes_bytes() {
        assert_eq!(
            run("new TextEncoder().encode('aé€😀').join()"),
            "97,195,169,226,130,172,240,159,152,128"
        );
        assert_eq!(
            run("new TextEncoder().encode() instanceof Uint8Array"),
            "true"
        );
        assert_eq!(
            run("new TextEncoder().encode('\\ud800').join()"),
            "239,191,189"
        );
        assert_eq!(
            run(
                "const b = new Uint8Array(5); const r = new TextEncoder().encodeInto('a😀€', b);
                 JSON.stringify([r, b.join()])"
            ),
            r#"[{"read":3,"written":5},"97,240,159,152,128"]"#
        );
        assert_eq!(
            run("TextEncoder()"),
            "TypeError: Constructor of TextEncoder requires 'new'"
        );
    }

    #[test]
    fn a_decoder_makes_texts_also_of_parts() {
        assert_eq!(
            run("new TextDecoder().decode(new Uint8Array([0x61, 0xff, 0xc3]))"),
            "a\u{fffd}\u{fffd}"
        );
        assert_eq!(
            run("const d = new TextDecoder(); const o = {stream: true};
                 [[0xf0], [0x9f, 0x98], [0x80, 0xc3], [0xa9]].map(b => d.decode(new Uint8Array(b), o)).join('|') + d.decode()"),
            "||😀|é"
        );
        assert_eq!(
            run("new TextDecoder('latin1')"),
            "RangeError: The \"latin1\" encoding is not supported"
        );
        assert_eq!(
            run("new TextDecoder('utf8', {fatal: true}).decode(new Uint8Array([0xff]))"),
            "TypeError: The encoded data was not valid"
        );
        assert_eq!(
            run("new TextDecoder().decode(new Uint8Array([0xef, 0xbb, 0xbf, 0x61])).length"),
            "1"
        );
        assert_eq!(
            run(
                "new TextDecoder('utf-8', {ignoreBOM: true}).decode(new Uint8Array([0xef, 0xbb, 0xbf])).length"
            ),
            "1"
        );
        assert_eq!(
            run("new TextDecoder().decode(new DataView(new Uint8Array([0, 97, 98]).buffer, 1, 1))"),
            "a"
        );
        assert_eq!(
            run("new TextDecoder().decode('a')"),
            "TypeError: The argument must be a buffer or a view of one"
        );
        assert_eq!(
            run("TextDecoder.prototype.decode.call({})"),
            "TypeError: \"this\" is not a TextDecoder"
        );
    }

    #[test]
    fn base64_of_texts_goes_both_ways() {
        assert_eq!(run("btoa('a\\xff')"), "Yf8=");
        assert_eq!(
            run("atob('Yf8=') === 'a\\xff' && atob(' Y f8 ') === 'a\\xff'"),
            "true"
        );
        assert_eq!(run("atob(btoa('')) === ''"), "true");
        assert_eq!(run("btoa('€')"), "TypeError: invalid character (>= U+00FF)");
        for wrong in ["Y", "Yf8==", "Y*8=", "===="] {
            assert!(
                run(&format!("atob('{wrong}')")).starts_with("TypeError: the string"),
                "{wrong}"
            );
        }
    }
}
