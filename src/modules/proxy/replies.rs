//! What is changed in a peer's response before the client gets it: fields that are hidden, and
//! redirects that would lead the client to the peer.

use http::HeaderName;

use super::target::Destination;
use crate::conf::{Diagnostic, Span, Statement, Text};
use crate::http::build::builder::Builder;
use crate::http::course::elsewhere;
use crate::http::course::request::Request;
use crate::http::message::names::is_same;
use crate::http::message::response_fields::NameLengths;
use crate::http::plan::pattern::{Case, Pattern};
use crate::http::plan::template::Template;
use crate::modules::family::{Family, Http, Levels, Protocol, growing, insert};

/// `proxy_hide_header`, all of one block.
#[derive(Default)]
struct HiddenFields(Vec<String>);
/// `proxy_pass_header`, all of one block.
#[derive(Default)]
struct PassedFields(Vec<String>);
/// `proxy_redirect`, all of one block; empty for `off`.
#[derive(Default)]
struct Redirects(Vec<RedirectWritten>);

enum RedirectWritten {
    Default(Span),
    Prefix(Text, Text),
    Pattern {
        text: String,
        case: Case,
        span: Span,
        to: Text,
    },
}

/// Fields of a peer that concern only us.
const HIDDEN: &[&str] = &[
    "date",
    "server",
    "x-pad",
    "x-accel-expires",
    "x-accel-redirect",
    "x-accel-limit-rate",
    "x-accel-buffering",
    "x-accel-charset",
];

/// The same of a program: those that say what is for us to say are its own there.
const HIDDEN_OF_PROGRAMS: &[&str] = &[
    "status",
    "x-accel-expires",
    "x-accel-redirect",
    "x-accel-limit-rate",
    "x-accel-buffering",
    "x-accel-charset",
];

/// What is changed in responses.
pub(super) struct Changes {
    hidden: Vec<Box<[u8]>>,
    hidden_lengths: NameLengths,
    redirects: Vec<Redirect>,
}

enum Redirect {
    Prefix(Template, Template),
    Pattern(Pattern, Template),
}

/// `proxy_hide_header`, `grpc_hide_header`
pub(super) fn apply_hide_header<F: Family>(
    statement: &mut Statement<'_>,
) -> Result<(), Diagnostic> {
    let name = field_name(statement)?;
    growing::<F, HiddenFields>(statement).0.push(name);
    Ok(())
}

/// `proxy_pass_header`, `grpc_pass_header`
pub(super) fn apply_pass_header<F: Family>(
    statement: &mut Statement<'_>,
) -> Result<(), Diagnostic> {
    let name = field_name(statement)?;
    growing::<F, PassedFields>(statement).0.push(name);
    Ok(())
}

fn field_name(statement: &Statement<'_>) -> Result<String, Diagnostic> {
    let name = statement.text(1).to_ascii_lowercase();
    match HeaderName::from_bytes(name.as_bytes()) {
        Ok(_) => Ok(name),
        Err(_) => Err(statement.error(1, format!("invalid header name \"{name}\""))),
    }
}

/// `proxy_redirect`
pub(super) fn apply_redirect(statement: &mut Statement<'_>) -> Result<(), Diagnostic> {
    let first = statement.word(1);
    let written = match (first.text.as_str(), statement.argument(2)) {
        ("off", None) => {
            insert::<Http, _>(statement, Redirects::default());
            return Ok(());
        }
        ("default", None) => RedirectWritten::Default(first.span),
        (_, None) => {
            let message = format!("invalid parameter \"{}\"", first.text);
            let help = "expected \"off\", \"default\", or what to replace and by what";
            return Err(statement.error(1, message).with_help(help));
        }
        (text, Some(_)) => {
            let to = statement.template(2)?;
            let pattern = text.strip_prefix('~');
            let (case, pattern) = match pattern.and_then(|pattern| pattern.strip_prefix('*')) {
                Some(pattern) => (Case::Insensitive, Some(pattern)),
                None => (Case::Sensitive, pattern),
            };
            match pattern {
                Some(pattern) => RedirectWritten::Pattern {
                    text: pattern.to_owned(),
                    case,
                    span: first.span,
                    to,
                },
                None => RedirectWritten::Prefix(statement.template(1)?, to),
            }
        }
    };
    growing::<Http, Redirects>(statement).0.push(written);
    Ok(())
}

impl Changes {
    /// What holds in the innermost scope, for a `proxy_pass` to `url` in the location `name`.
    pub(super) fn of<F: Family>(
        builder: &mut Builder<'_>,
        levels: &Levels<'_, '_, F>,
        pass: &Passed<'_>,
    ) -> Self {
        let passed = levels
            .nearest::<PassedFields>()
            .map_or(&[][..], |fields| &fields.0);
        let more = levels
            .nearest::<HiddenFields>()
            .map_or(&[][..], |fields| &fields.0);
        let usual = match F::PROTOCOL.is_program() {
            true => HIDDEN_OF_PROGRAMS,
            false => HIDDEN,
        };
        let hidden = usual.iter().copied().chain(more.iter().map(String::as_str));
        let hidden = hidden.filter(|name| !passed.iter().any(|passed| passed == name));
        let redirects = match levels.nearest::<Redirects>() {
            // The others do not redirect.
            None if F::PROTOCOL != Protocol::Http => Vec::new(),
            None => pass.default_redirect().into_iter().collect(),
            Some(written) => {
                let compile = |one| pass.redirect(builder, one);
                written.0.iter().filter_map(compile).collect()
            }
        };
        let hidden: Vec<Box<[u8]>> = hidden.map(|name| name.as_bytes().into()).collect();
        let mut hidden_lengths = NameLengths::default();
        hidden
            .iter()
            .for_each(|name| hidden_lengths.add(name.len()));
        Self {
            hidden,
            hidden_lengths,
            redirects,
        }
    }

    /// Whether clients do not get the peer's fields of this name.
    pub(super) fn hides(&self, name: &[u8]) -> bool {
        let mut hidden = self.hidden.iter();
        self.hidden_lengths.have(name.len()) && hidden.any(|hidden| is_same(hidden, name))
    }

    /// Changes where redirects lead.
    pub(super) fn apply(&self, request: &mut Request) {
        if self.redirects.is_empty() {
            return;
        }
        let location = request.response.field("location").map(<[u8]>::to_vec);
        if let Some(location) = location
            && let Some(target) = self.rewrite(request, &location)
        {
            let is_ours = target.first() == Some(&b'/');
            let target = match is_ours && request.location.settings.absolute_redirect {
                true => elsewhere::absolute(request, &target),
                false => target,
            };
            request.response.set("Location", &target);
        }
        let refresh = request.response.field("refresh").map(<[u8]>::to_vec);
        if let Some(refresh) = refresh {
            let url = refresh
                .windows(4)
                .position(|four| four.eq_ignore_ascii_case(b"url="));
            let start = url.map_or(refresh.len(), |url| url + 4);
            if let Some(target) = self.rewrite(request, &refresh[start..]) {
                let refresh = [&refresh[..start], &target].concat();
                request.response.set("Refresh", &refresh);
            }
        }
    }

    /// Where a redirect leads instead; the first rule that fits decides.
    fn rewrite(&self, request: &mut Request, location: &[u8]) -> Option<Vec<u8>> {
        let rule = |rule: &Redirect| rule.apply(request, location);
        let mut target = self.redirects.iter().find_map(rule)?;
        target.retain(|byte| *byte >= b' ' && *byte != 0x7f);
        Some(target)
    }
}

impl Redirect {
    fn apply(&self, request: &mut Request, location: &[u8]) -> Option<Vec<u8>> {
        match self {
            Self::Prefix(from, to) => {
                let from = from.evaluate(request);
                let rest = location.strip_prefix(from.as_slice())?;
                let mut target = to.evaluate(request);
                target.extend_from_slice(rest);
                Some(target)
            }
            Self::Pattern(pattern, to) => {
                let fits = pattern.matches(request, location);
                fits.then(|| to.evaluate(request))
            }
        }
    }
}

/// The `proxy_pass` that a redirect may come from.
pub(super) struct Passed<'a> {
    pub(super) url: &'a str,
    pub(super) destination: &'a Destination,
    /// The name of its location.
    pub(super) location: &'a str,
}

impl Passed<'_> {
    fn redirect(&self, builder: &mut Builder<'_>, written: &RedirectWritten) -> Option<Redirect> {
        match written {
            RedirectWritten::Default(span) => {
                let redirect = self.default_redirect();
                if redirect.is_none() {
                    let message = "\"proxy_redirect default\" cannot be used with \"proxy_pass\" \
                                   directive with variables";
                    builder.diagnostics.push(Diagnostic::error(*span, message));
                }
                redirect
            }
            RedirectWritten::Prefix(from, to) => {
                let from = builder.template(from);
                Some(Redirect::Prefix(from, builder.template(to)))
            }
            RedirectWritten::Pattern {
                text,
                case,
                span,
                to,
            } => {
                let pattern = Pattern::new(text, *case, &mut builder.variables, *span);
                let pattern = builder.diagnostics.check(pattern)?;
                Some(Redirect::Pattern(pattern, builder.template(to)))
            }
        }
    }

    /// What leads to the peer's URL leads to the location instead.
    fn default_redirect(&self) -> Option<Redirect> {
        let Destination::Fixed(target, _) = self.destination else {
            return None;
        };
        let (from, to) = match &target.uri {
            Some(_) => (self.url.to_owned(), self.location),
            None => (format!("{}/", self.url), "/"),
        };
        let text = Template::literal_text;
        Some(Redirect::Prefix(text(&from), text(to)))
    }
}
