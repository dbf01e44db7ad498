//! Fields of the request and of the answer, as objects.

use rquickjs::{Array, Ctx, Exception, Result, Value};

use super::{Own, bytes, own, string, with};
use crate::http::message::response_fields::Fields;
use crate::os::script::{Call, Dictionary, dictionary, text};
use crate::script::instance;
use crate::script::library::{Tally, elements};

/// `r.headersIn`
pub(super) fn received<'js>(call: &Call<'js>) -> Result<Value<'js>> {
    let own = own(call)?;
    Ok(dictionary(call.ctx(), Received(own.clone()))?.into_value())
}

/// `r.headersOut`
pub(super) fn sent<'js>(call: &Call<'js>) -> Result<Value<'js>> {
    let own = own(call)?;
    Ok(dictionary(call.ctx(), Sent(own.clone()))?.into_value())
}

/// `r.rawHeadersIn`
pub(super) fn received_pairs<'js>(call: &Call<'js>) -> Result<Value<'js>> {
    let own = own(call)?;
    let fields = with(call.ctx(), &own, |request| {
        let fields = request.head.fields();
        let pair = |(name, value): (&[u8], &[u8])| (name.to_vec(), value.to_vec());
        fields.map(pair).collect::<Vec<_>>()
    })?;
    pairs(call.ctx(), fields)
}

/// `r.rawHeadersOut`
pub(super) fn sent_pairs<'js>(call: &Call<'js>) -> Result<Value<'js>> {
    let own = own(call)?;
    let pairs_of = |fields: &Fields| {
        let pair = |field: crate::http::message::response_fields::Field<'_>| {
            (field.name.to_vec(), field.value.to_vec())
        };
        fields.iter().map(pair).collect::<Vec<_>>()
    };
    let fields = look(call.ctx(), &own, pairs_of)?;
    pairs(call.ctx(), fields)
}

type Pair = (Vec<u8>, Vec<u8>);

fn pairs<'js>(ctx: &Ctx<'js>, fields: Vec<Pair>) -> Result<Value<'js>> {
    let all = Array::new(ctx.clone())?;
    for (number, (name, value)) in fields.into_iter().enumerate() {
        let pair = Array::new(ctx.clone())?;
        pair.set(0, string(ctx, &name)?)?;
        pair.set(1, string(ctx, &value)?)?;
        all.set(number, pair)?;
    }
    Ok(all.into_value())
}

/// Looks at the fields of the answer.
fn look<R>(ctx: &Ctx<'_>, own: &Own, work: impl FnOnce(&Fields) -> R) -> Result<R> {
    match &own.reply {
        Some(reply) => Ok(work(&reply.fields)),
        None => with(ctx, own, |request| work(&request.response.fields)),
    }
}

/// What clients have sent.
struct Received(Own);

impl Dictionary for Received {
    fn get<'js>(&self, ctx: &Ctx<'js>, name: &str) -> Result<Option<Value<'js>>> {
        let value = with(ctx, &self.0, |request| {
            let is_it = |(own, _): &(&[u8], &[u8])| own.eq_ignore_ascii_case(name.as_bytes());
            let mut values = request.head.fields().filter(is_it).map(|(_, value)| value);
            let mut all = values.next()?.to_vec();
            if !is_single(name) {
                for value in values {
                    all.push(if name.eq_ignore_ascii_case("cookie") {
                        b';'
                    } else {
                        b','
                    });
                    all.extend_from_slice(value);
                }
            }
            Some(all)
        })?;
        value.map(|value| string(ctx, &value)).transpose()
    }

    fn set<'js>(&self, ctx: &Ctx<'js>, name: &str, _: Value<'js>) -> Result<bool> {
        let message = format!("Cannot assign to read-only property \"{name}\" of object");
        Err(Exception::throw_type(ctx, &message))
    }

    fn delete(&self, _: &Ctx<'_>, _: &str) -> Result<bool> {
        Ok(false)
    }

    fn names(&self, ctx: &Ctx<'_>) -> Result<Vec<String>> {
        with(ctx, &self.0, |request| {
            distinct(request.head.fields().map(|(name, _)| name))
        })
    }
}

/// Fields of which only the first counts.
fn is_single(name: &str) -> bool {
    const SINGLE: [&str; 12] = [
        "authorization",
        "content-length",
        "content-type",
        "from",
        "host",
        "if-modified-since",
        "if-unmodified-since",
        "max-forwards",
        "proxy-authorization",
        "referer",
        "user-agent",
        "date",
    ];
    SINGLE.iter().any(|one| one.eq_ignore_ascii_case(name))
}

fn distinct<'f>(names: impl Iterator<Item = &'f [u8]>) -> Vec<String> {
    let mut distinct: Vec<String> = Vec::new();
    for name in names {
        let name = String::from_utf8_lossy(name);
        if !distinct.iter().any(|one| one.eq_ignore_ascii_case(&name)) {
            distinct.push(name.into_owned());
        }
    }
    distinct
}

/// What goes to the client, or came with the answer to a subrequest.
struct Sent(Own);

/// What the framing of messages depends on is no script's.
const OURS: [&str; 5] = [
    "connection",
    "content-length",
    "date",
    "keep-alive",
    "transfer-encoding",
];

impl Sent {
    /// Takes out the fields of a name, and puts these in.
    fn put(&self, ctx: &Ctx<'_>, name: &str, values: &[Vec<u8>]) -> Result<bool> {
        if self.0.reply.is_some() {
            return Ok(false);
        }
        let is_token =
            |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
        if name.is_empty() || !name.bytes().all(is_token) {
            return Err(Exception::throw_type(ctx, "this is no name of a field"));
        }
        if OURS.iter().any(|ours| ours.eq_ignore_ascii_case(name)) {
            return Ok(true);
        }
        let held = values.iter().map(|value| value.len() + name.len());
        instance::keep(ctx, held.sum())?;
        with(ctx, &self.0, |request| {
            request.response.fields.remove(name);
            let values = values.iter().filter(|value| !value.is_empty());
            for value in values {
                request.response.fields.add(name.as_bytes(), value);
            }
        })?;
        Ok(true)
    }
}

impl Dictionary for Sent {
    fn get<'js>(&self, ctx: &Ctx<'js>, name: &str) -> Result<Option<Value<'js>>> {
        let values = look(ctx, &self.0, |fields| {
            fields.all(name).map(<[u8]>::to_vec).collect::<Vec<_>>()
        })?;
        if values.is_empty() {
            return Ok(None);
        }
        if !name.eq_ignore_ascii_case("set-cookie") {
            return string(ctx, &values.join(&b","[..])).map(Some);
        }
        let cookies = Array::new(ctx.clone())?;
        for (number, value) in values.iter().enumerate() {
            cookies.set(number, string(ctx, value)?)?;
        }
        Ok(Some(cookies.into_value()))
    }

    fn set<'js>(&self, ctx: &Ctx<'js>, name: &str, value: Value<'js>) -> Result<bool> {
        if value.is_undefined() || value.is_null() {
            return self.put(ctx, name, &[]);
        }
        let (mut values, mut tally) = (Vec::new(), Tally::new(ctx)?);
        match elements(&value)? {
            Some(all) => {
                for one in all {
                    let one = text(&one?)?.into_bytes();
                    tally.add(ctx, one.len())?;
                    values.push(one);
                }
                if name.eq_ignore_ascii_case("content-type") {
                    values.drain(..values.len().saturating_sub(1));
                }
            }
            None => values.push(bytes(&value)?),
        }
        self.put(ctx, name, &values)
    }

    fn delete(&self, ctx: &Ctx<'_>, name: &str) -> Result<bool> {
        self.put(ctx, name, &[])
    }

    fn names(&self, ctx: &Ctx<'_>) -> Result<Vec<String>> {
        look(ctx, &self.0, |fields| {
            distinct(fields.iter().map(|field| field.name))
        })
    }
}
