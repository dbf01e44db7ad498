//! `metric_push`: a zone's metrics over HTTP, for programs that have no page of their own to scrape.
//!
//! A client names a key by its path and says what becomes of it by its method. Nothing that a client
//! sends can spoil the zone: keys and values are checked before anything is changed, and several
//! changes are made together or not at all.

pub mod body;
pub(super) mod counts;
mod foreign;
mod handler;
pub mod key;
mod making;
mod refusal;
mod request;

use std::sync::Arc;

use crate::conf::{
    Arity, Chain, Contexts, Diagnostic, DirectiveSpec, Doc, SPEC, Span, Statement, Text, Word,
    values,
};
use crate::http::build::builder::{Builder, LocationParts};
use crate::http::build::content;
use crate::http::build::written::LocationPattern;
use crate::http::plan::location::Kind;
use crate::zone::Missing;

use super::update::find_or_say;
use super::zones::Entry;
use counts::Counts;
use handler::{Handler, TooLarge};
use key::Keys;
use making::Maker;
use request::Source;
use tokio::sync::Mutex;

/// The row.
pub(super) const METRIC_PUSH: DirectiveSpec = DirectiveSpec {
    name: "metric_push",
    contexts: Contexts::LOCATION,
    arity: Arity::at_least(1),
    doc: Doc {
        syntax: "metric_push ZONE [key=STRING] [create=on | off] [idempotency=TIME | off];",
        default: "create=off idempotency=30m",
        text: "Lets clients read and change the metrics of ZONE. The rest of the URI behind the \
               location's name, or STRING, is the key: in lower case, `-` and blanks as `_`, \
               without other characters than `a-z0-9_`; one with a slash in it is taken as it is. \
               Arguments of the query are labels. In a zone with `labels` these are the parts of its keys, which have \
               no name: `PUT /push/inc?method=GET`, or the parts in one text as `$metric_ZONE_key` has them. `POST` makes a key, with the body as its help; \
               `GET` reads it; `PUT` takes the number in the body: `gauge` and `last` become it, \
               other modes count it as a sample; `PUT KEY/inc`, `/dec`, `/add` and `/sub` change a \
               `gauge` or `last`, and `/inc` a `count`; `DELETE` removes it. `PATCH` of the location \
               itself makes all changes of a JSON object, or none: \
               `{\"a\": 5, \"b\": {\"add\": 2}, \"c\": {\"value\": 1, \"help\": \"text\"}}`, with \
               `value`, `add`, `sub`, `\"inc\": true` or `\"dec\": true`, at most 10,000 of them; `GET` of \
               it lists all keys. A body may be packed with gzip; a page of metrics, as a Pushgateway \
               takes it, is refused with 415. A change of a key \
               that is not there fails, unless `create=on`. A change with an `Idempotency-Key` or \
               `X-Idempotency-Key` is made once within TIME, and its repetition by the same client \
               (see `auth_api_key`) gets the same answer. What is remembered takes at most half \
               of the zone, and of one client never more than is left for all others; where \
               there is no room to remember a change, it is refused with 507. So is a key with one more value of a label than \
               `max_values` of the zone allows: who pushes a value looks for it under its own name. Under `sync=always` of the zone a change that cannot be written to disk is \
               answered with 500, but made: it is to be tried again under the same key.",
        example: "metric_zone apps:4m gauge;\nserver {\n    location /push/ {\n        metric_push apps;\n    }\n}",
    },
    apply: metric_push,
    ..SPEC
};

struct PushWritten {
    zone: String,
    span: Span,
    key: Option<Text>,
    missing: Missing,
    /// In nanoseconds.
    lifetime: Option<u64>,
}

const HALF_AN_HOUR: u64 = 30 * 60 * 1_000_000_000;

fn metric_push(statement: &mut Statement<'_>) -> Result<(), Diagnostic> {
    let zone = statement.word(1);
    let mut written = PushWritten {
        zone: zone.text.clone(),
        span: zone.span,
        key: None,
        missing: Missing::Refuse,
        lifetime: Some(HALF_AN_HOUR),
    };
    let mut seen = Vec::new();
    for word in &statement.arguments()[1..] {
        let name = option(&mut written, word)?;
        if seen.contains(&name) {
            let message = format!("\"{name}\" is given twice");
            return Err(Diagnostic::error(word.span, message));
        }
        seen.push(name);
    }
    if written.key.is_none() {
        check_location(statement)?;
    }
    content::write(statement, written);
    Ok(())
}

/// Takes a parameter; gives its name.
fn option(written: &mut PushWritten, word: &Word) -> Result<&'static str, Diagnostic> {
    let invalid = |value: &Word, name: &str, help: &str| {
        let message = format!("invalid \"{name}\" value \"{}\"", value.text);
        Err(Diagnostic::error(value.span, message).with_help(help))
    };
    if let Some(key) = word.strip_prefix("key=") {
        if key.text.is_empty() {
            let message = "empty key";
            return Err(Diagnostic::error(word.span, message).with_help("as in key=$1"));
        }
        written.key = Some(Text::parse(&key)?);
        Ok("key")
    } else if let Some(create) = word.strip_prefix("create=") {
        written.missing = match create.text.as_str() {
            "on" => Missing::Create,
            "off" => Missing::Refuse,
            _ => return invalid(&create, "create", "expected on or off"),
        };
        Ok("create")
    } else if let Some(time) = word.strip_prefix("idempotency=") {
        written.lifetime = match (time.text.as_str(), values::milliseconds(&time.text)) {
            ("off", _) => None,
            (_, Ok(time)) if time > 0 => Some(time.saturating_mul(1_000_000)),
            _ => return invalid(&time, "idempotency", "expected a time such as 30m, or off"),
        };
        Ok("idempotency")
    } else {
        let message = format!("invalid parameter \"{}\"", word.text);
        let help =
            "expected key=STRING, create=on, create=off, idempotency=TIME or idempotency=off";
        Err(Diagnostic::error(word.span, message).with_help(help))
    }
}

/// Without `key=`, the rest of the URI behind the location's name must have a meaning.
fn check_location(statement: &Statement<'_>) -> Result<(), Diagnostic> {
    let Some(pattern) = statement.scope.get::<LocationPattern>() else {
        return Ok(());
    };
    let (span, text) = (statement.directive.span, &pattern.text);
    let fails = |message: &str, help: String| Err(Diagnostic::error(span, message).with_help(help));
    match pattern.kind {
        Kind::Named => fails(
            "\"metric_push\" in a named location needs a key",
            "as in key=$uri".to_owned(),
        ),
        Kind::Pattern => fails(
            "\"metric_push\" in a location given by a regular expression needs a key",
            "as in key=$1".to_owned(),
        ),
        Kind::Prefix | Kind::FinalPrefix if !text.ends_with('/') => fails(
            "\"metric_push\" needs a prefix that ends with a slash, or a key",
            format!("write \"location {text}/\""),
        ),
        _ => Ok(()),
    }
}

/// Makes the content of a location that pushes to a zone.
pub(super) fn location(builder: &mut Builder<'_>, chain: &Chain<'_>, parts: &mut LocationParts) {
    let Some(written) = content::written::<PushWritten>(chain) else {
        return;
    };
    let unknown = format!("unknown metric zone \"{}\"", written.zone);
    let Some(entry) = find_or_say(builder, &written.zone, written.span, unknown) else {
        return;
    };
    let Some(counts) = counts_of(builder, &entry) else {
        return;
    };
    let source = match &written.key {
        Some(key) => Source::Text(builder.template(key)),
        None => {
            let pattern = chain.nearest::<LocationPattern>();
            let prefix = pattern.map(|pattern| pattern.text.clone());
            parts.redirects_to_slash |= matches!(parts.kind, Kind::Prefix | Kind::FinalPrefix);
            Source::Rest(prefix.unwrap_or_default())
        }
    };
    parts.error_answer = Some(Box::new(TooLarge(Arc::clone(&counts))));
    parts.content.push(Box::new(Handler {
        keys: keys_of(&entry),
        maker: Maker {
            entry: Arc::clone(&entry),
            missing: written.missing,
            lifetime: written.lifetime,
            turn: Mutex::default(),
        },
        entry,
        counts,
        source,
        wanted: builder.state(),
        client: builder.variables.index("api_key_name", written.span),
    }));
}

/// The counts of a zone, which show themselves once a location pushes to it.
fn counts_of(builder: &mut Builder<'_>, entry: &Entry) -> Option<Arc<Counts>> {
    if let Some(counts) = entry.pushed.get() {
        return Some(Arc::clone(counts));
    }
    match Counts::open(builder.memory, &entry.name) {
        Ok(counts) => Some(Arc::clone(entry.pushed.get_or_init(|| Arc::new(counts)))),
        Err(error) => {
            builder.no_memory(&entry.name, &error);
            None
        }
    }
}

fn keys_of(entry: &Entry) -> Keys {
    if entry.labels() > 0 {
        return Keys::Parts(entry.schema.labels().into());
    }
    let mut modes = entry
        .schema
        .metrics()
        .iter()
        .map(|metric| metric.mode().words());
    if modes.any(|words| words.first().is_some_and(|mode| mode == "histogram")) {
        Keys::WithoutLe
    } else {
        Keys::Any
    }
}
