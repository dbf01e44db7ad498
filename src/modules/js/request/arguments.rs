//! `r.args`: the query, taken apart.

use rquickjs::{Array, Object, Result, Value};

use super::{own, string, with};
use crate::http::message::uri;
use crate::os::script::Call;

/// `r.args`
pub(super) fn all<'js>(call: &Call<'js>) -> Result<Value<'js>> {
    let (own, ctx) = (own(call)?, call.ctx());
    let query = match &own.reply {
        Some(reply) => reply.arguments.clone(),
        None => with(ctx, &own, |request| request.arguments.clone())?,
    };
    let all = Object::new_proto(ctx.clone(), None)?;
    for part in query
        .split(|byte| *byte == b'&')
        .filter(|part| !part.is_empty())
    {
        let mut halves = part.splitn(2, |byte| *byte == b'=');
        let name = decoded(halves.next().unwrap_or_default());
        let value = string(ctx, &decoded(halves.next().unwrap_or_default()))?;
        let name = String::from_utf8_lossy(&name).into_owned();
        let before: Value<'js> = all.get(name.as_str())?;
        if before.is_undefined() {
            all.set(name.as_str(), value)?;
            continue;
        }
        let several = match before.as_array() {
            Some(several) => several.clone(),
            None => {
                let several = Array::new(ctx.clone())?;
                several.set(0, before)?;
                all.set(name.as_str(), several.clone())?;
                several
            }
        };
        several.set(several.len(), value)?;
    }
    Ok(all.into_value())
}

/// Percent-decoded, with a blank for each plus.
fn decoded(text: &[u8]) -> Vec<u8> {
    let blank = |byte: &u8| if *byte == b'+' { b' ' } else { *byte };
    let blanks: Vec<u8> = text.iter().map(blank).collect();
    uri::decode(&blanks)
}
