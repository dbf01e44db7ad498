//! `userid`: cookies by which clients are known again.
//!
//! `identifier.rs` is what a cookie holds, `marking.rs` what becomes of a request.

mod identifier;
mod marking;

use std::sync::Arc;

use crate::conf::Span;
use crate::conf::{
    Arity, Chain, Contexts, Diagnostic, DirectiveSpec, Doc, SPEC, Statement, values,
};
use crate::http::build::builder::{Builder, LocationParts};
use crate::http::build::module::{self, Module};
use crate::http::course::request::Request;
use crate::http::plan::phase::Phase;
use crate::http::plan::state::StateIndex;
use crate::http::plan::variable::{VARIABLE, VariableSpec};
use identifier::{Identifier, Version};
use marking::{Expires, Giving, Marking, Seen};

/// The feature.
pub static MODULE: Module = Module {
    name: "userid",
    about: "clients known again by cookies",
    directives: DIRECTIVES,
    variables: VARIABLES,
    location,
    ..module::MODULE
};

const CONTEXTS: Contexts = Contexts::HTTP.or(Contexts::SERVER).or(Contexts::LOCATION);

const DIRECTIVES: &[DirectiveSpec] = &[
    DirectiveSpec {
        name: "userid",
        doc: Doc {
            syntax: "userid on | v1 | log | off;",
            default: "userid off;",
            text: "Gives clients that have none a cookie with an identifier of their own, `v1` in an older form; with \
                   `log` cookies are only looked at. `$uid_got` is the identifier that came, `$uid_set` the one that \
                   is given. The layout is nginx's, so what clients have goes on to count.",
            example: "userid on;\nuserid_name uid;\nuserid_expires 365d;\nuserid_path /;",
        },
        apply: |statement| {
            let written = statement.enumeration(
                1,
                &[
                    ("on", Mode::Give(Version::Two)),
                    ("v1", Mode::Give(Version::One)),
                    ("log", Mode::Look),
                    ("off", Mode::Off),
                ],
            )?;
            statement.scope.insert(written);
            Ok(())
        },
        ..ROW
    },
    DirectiveSpec {
        name: "userid_name",
        doc: Doc {
            syntax: "userid_name NAME;",
            default: "userid_name uid;",
            text: "What the cookie is called.",
            example: "userid_name visitor;",
        },
        apply: |statement| store(statement, Name),
        ..ROW
    },
    DirectiveSpec {
        name: "userid_domain",
        doc: Doc {
            syntax: "userid_domain NAME | none;",
            default: "userid_domain none;",
            text: "The domain that the cookie is for; with `none` it is for the host asked for.",
            example: "userid_domain example.com;",
        },
        apply: |statement| store(statement, Domain),
        ..ROW
    },
    DirectiveSpec {
        name: "userid_path",
        doc: Doc {
            syntax: "userid_path PATH;",
            default: "userid_path /;",
            text: "The path that the cookie is for.",
            example: "userid_path /shop;",
        },
        apply: |statement| store(statement, Path),
        ..ROW
    },
    DirectiveSpec {
        name: "userid_expires",
        doc: Doc {
            syntax: "userid_expires TIME | max | off;",
            default: "userid_expires off;",
            text: "How long clients keep the cookie: a time, as long as dates of cookies go (`max`, 2037), or until the \
                   browser is closed (`off`).",
            example: "userid_expires 365d;",
        },
        apply: |statement| {
            let expires = match statement.text(1) {
                "max" => Expires::Never,
                "off" => Expires::WithBrowser,
                _ => Expires::After(statement.seconds(1)?),
            };
            statement.scope.insert(expires);
            Ok(())
        },
        ..ROW
    },
    DirectiveSpec {
        name: "userid_flags",
        arity: Arity::at_least(1),
        doc: Doc {
            syntax: "userid_flags off | FLAG …;",
            default: "userid_flags off;",
            text: "Attributes of the cookie: `secure`, `httponly`, `samesite=strict`, `samesite=lax`, `samesite=none`.",
            example: "userid_flags secure httponly samesite=lax;",
        },
        apply: flags,
        ..ROW
    },
    DirectiveSpec {
        name: "userid_mark",
        doc: Doc {
            syntax: "userid_mark LETTER | DIGIT | = | off;",
            default: "userid_mark off;",
            text: "A mark at the end of the cookie: clients whose cookie has not got it get theirs once more, so that \
                   other attributes of it can be changed and the identifier stays.",
            example: "userid_mark b;",
        },
        apply: |statement| {
            let mark = match statement.text(1).as_bytes() {
                b"off" => Mark(None),
                [mark] if mark.is_ascii_alphanumeric() || *mark == b'=' => Mark(Some(*mark)),
                _ => {
                    let message = "value must be \"off\" or a single letter, digit or \"=\"";
                    return Err(statement.error(1, message));
                }
            };
            statement.scope.insert(mark);
            Ok(())
        },
        ..ROW
    },
    DirectiveSpec {
        name: "userid_p3p",
        doc: Doc {
            syntax: "userid_p3p TEXT | none;",
            default: "userid_p3p none;",
            text: "The value of a `P3P` field that goes with the cookie.",
            example: "userid_p3p 'policyref=\"/w3c/p3p.xml\", CP=\"CUR ADM OUR NOR STA NID\"';",
        },
        apply: |statement| store(statement, P3p),
        ..ROW
    },
    DirectiveSpec {
        name: "userid_service",
        doc: Doc {
            syntax: "userid_service NUMBER;",
            text: "A number by which several servers are told apart in the identifiers that they make. Without it, it is \
                   the address that the client has come to, with `v1` it is 0.",
            example: "userid_service 7;",
            ..SPEC.doc
        },
        apply: |statement| {
            let number = values::number(statement.text(1)).ok();
            let number = number.and_then(|number| u32::try_from(number).ok());
            let number = number.ok_or_else(|| {
                let message = format!("invalid value \"{}\"", statement.text(1));
                let help = "expected a number below 4294967296";
                statement.error(1, message).with_help(help)
            })?;
            statement.scope.insert(Service(number));
            Ok(())
        },
        ..ROW
    },
];

/// What the rows have in common.
const ROW: DirectiveSpec = DirectiveSpec {
    contexts: CONTEXTS,
    ..SPEC
};

const VARIABLES: &[VariableSpec] = &[
    VariableSpec {
        name: "uid_got",
        doc: "The identifier that the client's cookie holds where `userid` is on, as `NAME=` and hexadecimal digits.",
        read: |request, _, out| tell(request, |seen| seen.got, out),
        ..VARIABLE
    },
    VariableSpec {
        name: "uid_reset",
        doc: "Where it is set to something else than `0`, clients get another identifier; `log` tells the log as well.",
        may_be_set: true,
        ..VARIABLE
    },
    VariableSpec {
        name: "uid_set",
        doc: "The identifier that the client is given where `userid` is on, as `NAME=` and hexadecimal digits.",
        available_from: Phase::Request,
        read: |request, _, out| tell(request, |seen| seen.set, out),
        ..VARIABLE
    },
];

fn tell(request: &mut Request, which: fn(&Seen) -> Option<Identifier>, out: &mut Vec<u8>) -> bool {
    let location = request.location;
    let Some(marking) = location.extra::<Arc<Marking>>() else {
        return false;
    };
    let Some(identifier) = which(&marking.seen(request)) else {
        return false;
    };
    out.extend_from_slice(marking.name.as_bytes());
    out.push(b'=');
    out.extend_from_slice(identifier.hexadecimal().as_bytes());
    true
}

/// `userid`
#[derive(Clone, Copy)]
enum Mode {
    Off,
    Look,
    Give(Version),
}

struct Name(String);
struct Domain(String);
struct Path(String);
struct P3p(String);
struct Flags(String);
struct Mark(Option<u8>);
struct Service(u32);

/// Keeps an argument that goes into fields.
fn store<T: Send + Sync + 'static>(
    statement: &mut Statement<'_>,
    make: fn(String) -> T,
) -> Result<(), Diagnostic> {
    let text = statement.text(1);
    if text.is_empty() || text.contains(|one: char| one.is_control()) {
        let message = format!("invalid value \"{text}\"");
        return Err(statement
            .error(1, message)
            .with_help("it becomes a part of a field"));
    }
    statement.scope.insert(make(text.to_owned()));
    Ok(())
}

const FLAGS: [&str; 5] = [
    "secure",
    "httponly",
    "samesite=strict",
    "samesite=lax",
    "samesite=none",
];

fn flags(statement: &mut Statement<'_>) -> Result<(), Diagnostic> {
    let mut attributes = String::new();
    for word in statement.arguments() {
        let text = word.text.to_ascii_lowercase();
        if text == "off" && statement.arguments().len() == 1 {
            break;
        }
        if !FLAGS.contains(&text.as_str()) {
            let message = format!("invalid parameter \"{}\"", word.text);
            let help =
                "secure, httponly, samesite=strict, samesite=lax, samesite=none, or off alone";
            return Err(Diagnostic::error(word.span, message).with_help(help));
        }
        attributes += "; ";
        attributes += &text;
    }
    statement.scope.insert(Flags(attributes));
    Ok(())
}

/// What is known while a configuration is built.
#[derive(Default)]
struct Known(Option<StateIndex<Seen>>);

fn location(builder: &mut Builder<'_>, chain: &Chain<'_>, parts: &mut LocationParts) {
    let version = match chain.nearest() {
        None | Some(Mode::Off) => return,
        Some(Mode::Look) => None,
        Some(Mode::Give(version)) => Some(*version),
    };
    let domain = match chain.nearest() {
        Some(Domain(domain)) if domain != "none" => format!("; domain={domain}"),
        _ => String::new(),
    };
    let path = chain.nearest().map_or("/", |Path(path)| path);
    let flags = chain.nearest().map_or("", |Flags(flags)| flags);
    let p3p = chain.nearest().filter(|P3p(text)| text != "none");
    let marking = Arc::new(Marking {
        version,
        name: chain.nearest().map_or("uid", |Name(name)| name).to_owned(),
        expires: chain.nearest().copied().unwrap_or(Expires::WithBrowser),
        attributes: format!("{domain}; path={path}{flags}"),
        mark: chain.nearest().and_then(|Mark(mark)| *mark),
        p3p: p3p.map(|P3p(text)| text.clone()),
        service: chain.nearest().map(|Service(number)| *number),
        reset: builder.variables.index("uid_reset", Span::NOWHERE),
        state: state(builder),
    });
    if version.is_some() {
        parts
            .header_filters
            .push(Box::new(Giving(Arc::clone(&marking))));
    }
    parts.keep(marking);
}

fn state(builder: &mut Builder<'_>) -> StateIndex<Seen> {
    if let Some(known) = builder.thing::<Known>().0 {
        return known;
    }
    let made = builder.state();
    builder.thing::<Known>().0 = Some(made);
    made
}
