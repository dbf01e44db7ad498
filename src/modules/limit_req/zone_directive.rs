//! `limit_req_zone`

use super::bucket::REQUEST;
use crate::conf::{
    Arity, Contexts, Diagnostic, DirectiveSpec, Doc, Repeat, SPEC, Statement, Word, values,
};
use crate::modules::limited;

/// The row.
pub(super) const LIMIT_REQ_ZONE: DirectiveSpec = DirectiveSpec {
    name: "limit_req_zone",
    contexts: Contexts::HTTP,
    arity: Arity::exactly(3),
    repeat: Repeat::Many,
    doc: Doc {
        syntax: "limit_req_zone KEY zone=NAME:SIZE rate=Nr/s | rate=Nr/m;",
        default: "",
        text: "Declares a zone in which `limit_req` keeps how fast requests have come, for each value of KEY, over all \
               workers. Requests with an empty KEY, or one of more than 65535 bytes, are not limited. Where there is no \
               room for another key, the one that was asked about longest ago gives its place. Rates are kept in \
               milliseconds: `10r/s` is a request every 100 ms. After a reload another rate holds at once, and what was \
               counted stays; another KEY needs another name. Shown at `/status/http/limit_reqs/NAME`.",
        example: "limit_req_zone $binary_remote_addr zone=one:10m rate=1r/s;",
    },
    apply,
    ..SPEC
};

/// The zones of an `http` block.
#[derive(Default)]
pub(super) struct ZonesWritten(pub(super) Vec<ZoneWritten>);

/// One `limit_req_zone`.
pub(super) struct ZoneWritten {
    pub(super) memory: limited::ZoneWritten,
    /// In thousandths of a request a second.
    pub(super) rate: u64,
}

/// The largest rate, in requests a second.
const MOST: u64 = 1_000_000_000;

fn apply(statement: &mut Statement<'_>) -> Result<(), Diagnostic> {
    let mut rate = REQUEST;
    let memory = limited::ZoneWritten::read(statement, &["zone", "rate"], |word| {
        let Some(value) = word.strip_prefix("rate=") else {
            return Ok(false);
        };
        rate = rate_of(&value)?;
        Ok(true)
    })?;
    let zones = &mut statement.scope.get_or_default::<ZonesWritten>().0;
    if zones.iter().any(|zone| zone.memory.name == memory.name) {
        let message = format!("\"limit_req_zone\" \"{}\" is already declared", memory.name);
        return Err(Diagnostic::error(memory.span, message));
    }
    zones.push(ZoneWritten { memory, rate });
    Ok(())
}

fn rate_of(value: &Word) -> Result<u64, Diagnostic> {
    let invalid = || {
        let message = format!("invalid rate \"{}\"", value.text);
        Diagnostic::error(value.span, message)
            .with_help("expected a number with r/s or r/m, as in 10r/s")
    };
    let text = value.text.as_str();
    let (number, seconds) = match text.strip_suffix("r/s") {
        Some(number) => (number, 1),
        None => (text.strip_suffix("r/m").ok_or_else(invalid)?, 60),
    };
    let number = values::number(number).map_err(|_| invalid())?;
    let rate = (1..=MOST)
        .contains(&number)
        .then(|| number * REQUEST / seconds);
    rate.ok_or_else(invalid)
}
