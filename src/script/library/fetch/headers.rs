//! `Headers`: fields in the order in which they came. Names are compared without regard to case.

use rquickjs::{Array, Ctx, Function, Object, Result, Value};

use super::hide;
use crate::os::script::{Call, Member, held, hold, method, text};
use crate::script::library::native::{
    Tally, boolean, elements, given, length, prototype, range_error, string, type_error, undefined,
};
use crate::script::library::{Kept, kept};

static MEMBERS: [Member; 7] = [
    method(c"append", 2, append),
    method(c"delete", 1, delete),
    method(c"forEach", 1, for_each),
    method(c"get", 1, get),
    method(c"getAll", 1, get_all),
    method(c"has", 1, has),
    method(c"set", 2, set),
];

/// Marks objects that are headers.
struct Headers;

/// Where the names and values stand, by turns.
const FIELDS: &str = "[[fields]]";
/// More fields are refused.
const MOST: u32 = 256;

/// The constructor `Headers`.
pub(in crate::script::library) fn constructor<'js>(ctx: &Ctx<'js>) -> Result<Value<'js>> {
    let own = kept(ctx, Kept::Headers, &MEMBERS)?;
    crate::os::script::constructor(&own, c"Headers", 0, construct).map(|made| made.into_value())
}

fn construct<'js>(call: &Call<'js>) -> Result<Value<'js>> {
    let ctx = call.ctx();
    let own = kept(ctx, Kept::Headers, &MEMBERS)?;
    let headers = made(ctx, prototype(call, own, "Headers")?)?;
    if let Some(source) = given(call, 0) {
        fill(&headers, &source)?;
    }
    Ok(headers.into_value())
}

/// Headers without a field.
pub(super) fn empty<'js>(ctx: &Ctx<'js>) -> Result<Object<'js>> {
    made(ctx, kept(ctx, Kept::Headers, &MEMBERS)?)
}

fn made<'js>(ctx: &Ctx<'js>, prototype: Object<'js>) -> Result<Object<'js>> {
    let headers = hold(prototype, Headers)?;
    hide(&headers, FIELDS, Array::new(ctx.clone())?.into_value())?;
    Ok(headers)
}

/// Adds what a script has given for headers: others, pairs, or an object.
pub(super) fn fill<'js>(headers: &Object<'js>, source: &Value<'js>) -> Result<()> {
    let ctx = headers.ctx();
    let Some(object) = source.as_object() else {
        return type_error(ctx, "Headers constructor: the argument must be an object");
    };
    if held::<Headers>(source).is_some() {
        return list(object)?
            .into_iter()
            .try_for_each(|(name, value)| add(headers, &name, &value));
    }
    if let Some(pairs) = elements(source)? {
        for pair in pairs {
            let halves = elements(&pair?)?.into_iter().flatten().take(3);
            let halves = halves.collect::<Result<Vec<_>>>()?;
            let [name, value] = &*halves else {
                return type_error(ctx, "header does not contain exactly two elements");
            };
            add(headers, &text(name)?, &text(value)?)?;
        }
        return Ok(());
    }
    for field in object.props::<Value<'js>, Value<'js>>() {
        let (name, value) = field?;
        add(headers, &text(&name)?, &text(&value)?)?;
    }
    Ok(())
}

/// Adds a field.
pub(super) fn add(headers: &Object<'_>, name: &str, value: &str) -> Result<()> {
    let ctx = headers.ctx();
    let is_token = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    if name.is_empty() || !name.bytes().all(is_token) {
        return type_error(ctx, "invalid header name");
    }
    let value = value.trim_matches([' ', '\t', '\r', '\n']);
    if value.contains(['\r', '\n', '\0']) {
        return type_error(ctx, "invalid header value");
    }
    let fields = fields(headers)?;
    let end = length(&fields)?;
    if end >= 2 * MOST {
        return range_error(ctx, "too many headers");
    }
    fields.set(end, name)?;
    fields.set(end + 1, value)
}

fn fields<'js>(headers: &Object<'js>) -> Result<Object<'js>> {
    if held::<Headers>(headers.as_value()).is_none() {
        return type_error(headers.ctx(), "\"this\" is not fetch headers object");
    }
    headers.get(FIELDS)
}

/// All fields.
pub(super) fn list(headers: &Object<'_>) -> Result<Vec<(String, String)>> {
    let ctx = headers.ctx();
    let (fields, mut tally) = (fields(headers)?, Tally::new(ctx)?);
    let pairs = (0..length(&fields)? / 2).map(|index| {
        let name: Value<'_> = fields.get(2 * index)?;
        let value: Value<'_> = fields.get(2 * index + 1)?;
        let (name, value) = (text(&name)?, text(&value)?);
        tally.add(ctx, name.len() + value.len())?;
        Ok((name, value))
    });
    pairs.collect()
}

fn this<'js>(call: &Call<'js>) -> Result<Object<'js>> {
    match call.this().as_object() {
        Some(object) => Ok(object.clone()),
        None => type_error(call.ctx(), "\"this\" is not fetch headers object"),
    }
}

/// The values of the fields whose name is the argument.
fn found(call: &Call<'_>) -> Result<Vec<String>> {
    let name = text(&call.arg(0))?;
    let all = list(&this(call)?)?.into_iter();
    let found = all.filter(|(own, _)| own.eq_ignore_ascii_case(&name));
    Ok(found.map(|(_, value)| value).collect())
}

fn append<'js>(call: &Call<'js>) -> Result<Value<'js>> {
    add(&this(call)?, &text(&call.arg(0))?, &text(&call.arg(1))?)?;
    Ok(undefined(call.ctx()))
}

fn get<'js>(call: &Call<'js>) -> Result<Value<'js>> {
    let ctx = call.ctx();
    let values = found(call)?;
    if values.is_empty() {
        return Ok(Value::new_null(ctx.clone()));
    }
    string(ctx, &values.join(", "))
}

fn get_all<'js>(call: &Call<'js>) -> Result<Value<'js>> {
    let result = Array::new(call.ctx().clone())?;
    for (index, value) in found(call)?.into_iter().enumerate() {
        result.set(index, value)?;
    }
    Ok(result.into_value())
}

fn has<'js>(call: &Call<'js>) -> Result<Value<'js>> {
    let is_there = !found(call)?.is_empty();
    Ok(boolean(call.ctx(), is_there))
}

fn delete<'js>(call: &Call<'js>) -> Result<Value<'js>> {
    remove(call)?;
    Ok(undefined(call.ctx()))
}

fn set<'js>(call: &Call<'js>) -> Result<Value<'js>> {
    remove(call)?;
    append(call)
}

/// Takes away the fields whose name is the argument.
fn remove(call: &Call<'_>) -> Result<()> {
    let name = text(&call.arg(0))?;
    let headers = this(call)?;
    let all = list(&headers)?.into_iter();
    let rest = all.filter(|(own, _)| !own.eq_ignore_ascii_case(&name));
    let rest: Vec<_> = rest.collect();
    hide(
        &headers,
        FIELDS,
        Array::new(call.ctx().clone())?.into_value(),
    )?;
    rest.iter()
        .try_for_each(|(name, value)| add(&headers, name, value))
}

fn for_each<'js>(call: &Call<'js>) -> Result<Value<'js>> {
    let ctx = call.ctx();
    let headers = this(call)?;
    let Some(callback) = call.arg(0).into_function() else {
        return type_error(ctx, "\"callback\" is not a function");
    };
    let all = list(&headers)?;
    let mut told: Vec<&str> = Vec::new();
    for (name, _) in &all {
        if told.iter().any(|told| told.eq_ignore_ascii_case(name)) {
            continue;
        }
        told.push(name);
        let same = all.iter().filter(|(own, _)| own.eq_ignore_ascii_case(name));
        let values: Vec<&str> = same.map(|(_, value)| value.as_str()).collect();
        call_with(&callback, &values.join(", "), name, &headers)?;
    }
    Ok(undefined(ctx))
}

fn call_with<'js>(
    callback: &Function<'js>,
    value: &str,
    name: &str,
    headers: &Object<'js>,
) -> Result<()> {
    callback.call((value, name, headers.clone()))
}
