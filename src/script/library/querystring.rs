//! Module `querystring`: the part of an address behind the question mark, read and written.

use rquickjs::convert::Coerced;
use rquickjs::{Array, Ctx, Function, Object, Result, Value};

use super::native::{Tally, elements, given_text, member, string, type_error};
use crate::os::script::{Call, Member, define, method, text};

static MEMBERS: [Member; 6] = [
    method(c"decode", 4, parse),
    method(c"encode", 4, stringify),
    method(c"escape", 1, escape),
    method(c"parse", 4, parse),
    method(c"stringify", 4, stringify),
    method(c"unescape", 1, unescape),
];

/// How many pairs are read unless a script says otherwise.
const PAIRS: f64 = 1000.0;

/// The module.
pub(super) fn module<'js>(ctx: &Ctx<'js>) -> Result<Object<'js>> {
    let module = Object::new(ctx.clone())?;
    define(&module, &MEMBERS)?;
    Ok(module)
}

fn escape<'js>(call: &Call<'js>) -> Result<Value<'js>> {
    string(call.ctx(), &escaped(&text(&call.arg(0))?))
}

fn unescape<'js>(call: &Call<'js>) -> Result<Value<'js>> {
    string(call.ctx(), &unescaped(&text(&call.arg(0))?))
}

/// What separates pairs, and keys from values, as a call says.
fn separators(call: &Call<'_>) -> Result<(String, String)> {
    let own = |index, default: &str| -> Result<String> {
        let value = call.arg(index);
        if value.is_null() || value.is_undefined() {
            return Ok(default.into());
        }
        let given = text(&value)?;
        Ok(if given.is_empty() {
            default.into()
        } else {
            given
        })
    };
    Ok((own(1, "&")?, own(2, "=")?))
}

fn coder<'js>(call: &Call<'js>, name: &str) -> Result<Option<Function<'js>>> {
    let Some(value) = member(&call.arg(3), name)? else {
        return Ok(None);
    };
    match value.into_function() {
        Some(function) => Ok(Some(function)),
        None => type_error(call.ctx(), &format!("option {name} is not a function")),
    }
}

fn parse<'js>(call: &Call<'js>) -> Result<Value<'js>> {
    let ctx = call.ctx();
    // Keys come from clients: an object without a prototype has none that they could hide.
    let result = Object::new_proto(ctx.clone(), None)?;
    let source = given_text(call, 0)?.unwrap_or_default();
    let (separator, equals) = separators(call)?;
    let decode = coder(call, "decodeURIComponent")?;
    let decoded = |part: &str| -> Result<Value<'js>> {
        match &decode {
            Some(decode) => decode.call((part,)),
            None => string(ctx, &unescaped(part)),
        }
    };
    let mut pairs = match member(&call.arg(3), "maxKeys")? {
        Some(most) => most.get::<Coerced<f64>>()?.0,
        None => PAIRS,
    };
    if pairs <= 0.0 || pairs.is_nan() {
        pairs = f64::INFINITY;
    }
    for part in source.split(&*separator).filter(|part| !part.is_empty()) {
        if pairs < 1.0 {
            break;
        }
        pairs -= 1.0;
        let (key, value) = part.split_once(&*equals).unwrap_or((part, ""));
        let key = text(&decoded(key)?)?;
        add(&result, &key, decoded(value)?)?;
    }
    Ok(result.into_value())
}

/// Adds a value under a key: the second makes an array of both.
fn add<'js>(object: &Object<'js>, key: &str, value: Value<'js>) -> Result<()> {
    let before: Value<'js> = object.get(key)?;
    if let Some(values) = before.as_array() {
        return values.set(values.len(), value);
    }
    if before.is_undefined() {
        return object.set(key, value);
    }
    let values = Array::new(object.ctx().clone())?;
    values.set(0, before)?;
    values.set(1, value)?;
    object.set(key, values)
}

fn stringify<'js>(call: &Call<'js>) -> Result<Value<'js>> {
    let ctx = call.ctx();
    let (separator, equals) = separators(call)?;
    let encode = coder(call, "encodeURIComponent")?;
    let encoded = |part: &str| -> Result<String> {
        match &encode {
            Some(encode) => text(&encode.call::<_, Value<'js>>((part,))?),
            None => Ok(escaped(part)),
        }
    };
    let (mut result, mut tally) = (String::new(), Tally::new(ctx)?);
    let source = call.arg(0);
    let Some(source) = source.as_object() else {
        return string(ctx, "");
    };
    for pair in source.props::<Value<'js>, Value<'js>>() {
        let (key, value) = pair?;
        let key = encoded(&text(&key)?)?;
        let mut write = |value: &Value<'js>| -> Result<()> {
            let value = encoded(&primitive(value)?)?;
            tally.add(
                ctx,
                separator.len() + key.len() + equals.len() + value.len(),
            )?;
            if !result.is_empty() {
                result.push_str(&separator);
            }
            for part in [&*key, &*equals, &*value] {
                result.push_str(part);
            }
            Ok(())
        };
        match elements(&value)? {
            Some(mut values) => values.try_for_each(|value| write(&value?))?,
            None => write(&value)?,
        }
    }
    string(ctx, &result)
}

/// A string, a finite number or a truth as a text; nothing of anything else.
fn primitive(value: &Value<'_>) -> Result<String> {
    if value.as_number().is_some_and(|number| !number.is_finite()) {
        return Ok(String::new());
    }
    if value.is_string() || value.is_number() || value.is_bool() || value.is_big_int() {
        return text(value);
    }
    Ok(String::new())
}

const HEX: &[u8; 16] = b"0123456789ABCDEF";

fn escaped(part: &str) -> String {
    let mut result = String::with_capacity(part.len());
    for byte in part.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_.!~*'()".contains(&byte) {
            result.push(char::from(byte));
        } else {
            let digits = [byte >> 4, byte & 15].map(|digit| HEX[usize::from(digit)]);
            result.push('%');
            result.extend(digits.map(char::from));
        }
    }
    result
}

/// A part with `+` as a space and `%XX` as bytes; what is no such escape stays, what is no UTF-8 becomes U+FFFD.
fn unescaped(part: &str) -> String {
    let digit = |at: Option<&u8>| char::from(*at?).to_digit(16);
    let source = part.as_bytes();
    let (mut bytes, mut at) = (Vec::with_capacity(source.len()), 0);
    while let Some(&byte) = source.get(at) {
        let escape = (byte == b'%').then(|| (digit(source.get(at + 1)), digit(source.get(at + 2))));
        if let Some((Some(high), Some(low))) = escape {
            bytes.push((high << 4 | low) as u8);
            at += 3;
            continue;
        }
        bytes.push(if byte == b'+' { b' ' } else { byte });
        at += 1;
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use crate::script::library::trial::run_module;

    fn told(expression: &str) -> String {
        run_module(&format!(
            "const qs = modules.querystring; globalThis.result = {expression};"
        ))
    }

    #[test]
    fn a_query_is_read() {
        for (query, object) in [
            ("a=1&b=2", r#"{"a":"1","b":"2"}"#),
            ("a=1&a=2&a=3&b", r#"{"a":["1","2","3"],"b":""}"#),
            (
                "a=%41%zz%4+x&=v&&a%3Db=c=d",
                r#"{"a":"A%zz%4 x","":"v","a=b":"c=d"}"#,
            ),
            (
                "__proto__=x&toString=y",
                r#"{"__proto__":"x","toString":"y"}"#,
            ),
            ("a=%FF", "{\"a\":\"\u{fffd}\"}"),
            ("", "{}"),
        ] {
            assert_eq!(
                told(&format!("JSON.stringify(qs.parse('{query}'))")),
                object
            );
        }
        assert_eq!(
            told("JSON.stringify(qs.parse('a:1;b:2', ';', ':'))"),
            r#"{"a":"1","b":"2"}"#
        );
        assert_eq!(
            told("JSON.stringify(qs.parse('a=1&b=2&c=3', null, null, {maxKeys: 2}))"),
            r#"{"a":"1","b":"2"}"#
        );
        assert_eq!(
            told("JSON.stringify(qs.parse('a=1', '&', '=', {decodeURIComponent: s => s + '!'}))"),
            r#"{"a!":"1!"}"#
        );
        assert_eq!(
            told(
                "Object.keys(qs.parse('a&'.repeat(3) + Array(2000).fill().map((_, i) => i).join('&'))).length"
            ),
            "998"
        );
        assert_eq!(
            told("qs.parse('a', '&', '=', {decodeURIComponent: 1})"),
            "TypeError: option decodeURIComponent is not a function"
        );
    }

    #[test]
    fn a_query_is_written() {
        assert_eq!(
            told("qs.stringify({a: 1, b: ['x y', 'ü'], c: true, d: null, e: {}, 'f&': ''})"),
            "a=1&b=x%20y&b=%C3%BC&c=true&d=&e=&f%26="
        );
        assert_eq!(
            told("qs.stringify({a: NaN, b: [Infinity, -Infinity], c: 0.5})"),
            "a=&b=&b=&c=0.5"
        );
        assert_eq!(told("qs.stringify({a: 1, b: 2}, ';', ':')"), "a:1;b:2");
        assert_eq!(
            told("qs.stringify({a: '/'}, null, null, {encodeURIComponent: s => s})"),
            "a=/"
        );
        assert_eq!(told("qs.stringify('a') + qs.stringify()"), "");
        assert_eq!(
            told("qs.escape('a b*') + qs.unescape('a%20b+')"),
            "a%20b*a b "
        );
    }
}
