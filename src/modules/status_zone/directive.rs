//! The row of `status_zone`, and what it stores.

use super::layout::LONGEST_KEY;
use crate::conf::values;
use crate::conf::{
    Arity, Context, Contexts, Diagnostic, DirectiveSpec, Doc, SPEC, Span, Statement, Text, Word,
};

/// A zone as one use describes it.
pub(super) struct ZoneWritten {
    pub name: String,
    /// Selects the entry; without it everything goes to the one called as the zone.
    pub key: Option<Text>,
    pub count: Option<usize>,
    pub span: Span,
}

/// `status_zone` of a server.
pub(super) struct ServerZone(pub ZoneWritten);

/// `status_zone` of a location; `None` for `off`.
pub(super) struct LocationZone(pub Option<ZoneWritten>);

/// The one directive.
pub(super) const DIRECTIVES: &[DirectiveSpec] = &[DirectiveSpec {
    name: "status_zone",
    contexts: Contexts::SERVER
        .or(Contexts::LOCATION)
        .or(Contexts::LOCATION_IF),
    arity: Arity::between(1, 2),
    doc: Doc {
        syntax: "status_zone NAME;\nstatus_zone KEY zone=NAME[:COUNT];\nstatus_zone off;",
        default: "",
        text: "Counts the traffic of a server, or of a location and those within it, at \
               `/status/http/server_zones/` or `/status/http/location_zones/`. In the second form \
               each value of KEY has an entry of its own, COUNT of them; further ones are counted \
               under NAME, and requests with an empty KEY not at all. A TLS handshake is over \
               before there is a request: it is counted for the KEY of that moment, such as \
               `$ssl_server_name`, and under NAME where that is empty. COUNT may be left out where \
               another use of the zone has it. `off`, in a location only, ends what was inherited.",
        example: "server {\n    status_zone $host zone=hosts:100;\n}",
    },
    apply,
    ..SPEC
}];

fn apply(statement: &mut Statement<'_>) -> Result<(), Diagnostic> {
    let is_server = statement.scope.context == Context::Server;
    let written = match statement.argument(2) {
        Some(word) => Some(keyed(statement, word)?),
        None if statement.text(1) == "off" && !is_server => None,
        None => Some(simple(statement)?),
    };
    match written {
        Some(written) if is_server => {
            statement.scope.insert(ServerZone(written));
        }
        written => {
            statement.scope.insert(LocationZone(written));
        }
    }
    Ok(())
}

fn simple(statement: &Statement<'_>) -> Result<ZoneWritten, Diagnostic> {
    let word = statement.word(1);
    Ok(ZoneWritten {
        name: zone_name(word)?,
        key: None,
        count: None,
        span: word.span,
    })
}

fn keyed(statement: &Statement<'_>, word: &Word) -> Result<ZoneWritten, Diagnostic> {
    let Some(zone) = word.strip_prefix("zone=") else {
        let message = format!("invalid parameter \"{}\"", word.text);
        let help = "expected zone=NAME:COUNT";
        return Err(Diagnostic::error(word.span, message).with_help(help));
    };
    let (name, count) = match zone.text.split_once(':') {
        Some((name, count)) => (name.len(), Some(count)),
        None => (zone.text.len(), None),
    };
    let count = count
        .map(|text| {
            let count = values::number(text).ok().filter(|count| *count > 0);
            let count = count.and_then(|count| usize::try_from(count).ok());
            count.ok_or_else(|| {
                let message = format!("invalid number of entries \"{text}\"");
                Diagnostic::error(zone.span, message).with_help("expected zone=NAME:COUNT")
            })
        })
        .transpose()?;
    Ok(ZoneWritten {
        name: zone_name(&zone.slice(0..name))?,
        key: Some(statement.template(1)?),
        count,
        span: word.span,
    })
}

fn zone_name(word: &Word) -> Result<String, Diagnostic> {
    let name = &word.text;
    if name.is_empty() {
        return Err(Diagnostic::error(word.span, "the name of a zone is empty"));
    }
    if name.len() > LONGEST_KEY {
        let message = format!("the name of zone \"{name}\" is longer than {LONGEST_KEY} bytes");
        return Err(Diagnostic::error(word.span, message));
    }
    Ok(name.clone())
}
