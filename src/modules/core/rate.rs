//! `limit_rate`: how fast responses leave.

use super::limits::ANYWHERE;
use crate::conf::{Contexts, DirectiveSpec, Doc, SPEC};
use crate::http::build::written::{LimitRate, LimitRateAfter};
use crate::http::course::request::Request;
use crate::http::message::decimal::Decimal;

/// Where rates may stand.
const PLACES: Contexts = ANYWHERE.or(Contexts::LOCATION_IF);

pub(super) const LIMIT_RATE: DirectiveSpec = DirectiveSpec {
    name: "limit_rate",
    contexts: PLACES,
    doc: Doc {
        syntax: "limit_rate RATE;",
        default: "limit_rate 0;",
        text: "How many bytes of a response leave in a second; 0 is no limit. Each response is limited by itself, in HTTP/2 \
               each stream, so a client with two connections gets twice as much. The bytes of the first second leave at \
               once, as with `sendfile` in nginx. `set $limit_rate 4k` and `X-Accel-Limit-Rate: 4096` of an origin say otherwise. The value may \
               have variables: an empty one is no limit, and so is one that is no size, which the error log tells.",
        example: "limit_rate 100k;",
    },
    apply: |statement| {
        let rate = statement.size_template(1)?;
        statement.scope.insert(LimitRate(rate));
        Ok(())
    },
    ..SPEC
};

pub(super) const LIMIT_RATE_AFTER: DirectiveSpec = DirectiveSpec {
    name: "limit_rate_after",
    contexts: PLACES,
    doc: Doc {
        syntax: "limit_rate_after SIZE;",
        default: "limit_rate_after 0;",
        text: "How many bytes of a response leave at once before `limit_rate` holds. The value may have variables.",
        example: "limit_rate_after 500k;",
    },
    apply: |statement| {
        let size = statement.size_template(1)?;
        statement.scope.insert(LimitRateAfter(size));
        Ok(())
    },
    ..SPEC
};

/// `$limit_rate`
pub(super) fn read(request: &mut Request, _: &str, out: &mut Vec<u8>) -> bool {
    let rate = Decimal::new(request.rate.unwrap_or(0));
    out.extend_from_slice(rate.bytes());
    true
}
