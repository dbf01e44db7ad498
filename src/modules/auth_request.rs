//! `auth_request`: another place of the server says whether a request may pass, asked by a subrequest,
//! and `auth_request_set`: what its answer tells.

use std::borrow::Cow;

use super::mirror;
use crate::conf::{
    Arity, Assignment, Chain, Contexts, Diagnostic, DirectiveSpec, Doc, Repeat, SPEC, Statement,
};
use crate::http::build::builder::{Builder, LocationParts};
use crate::http::build::module::{self, Module};
use crate::http::build::written::LogSubrequest;
use crate::http::course::request::Request;
use crate::http::plan::phase::{AccessRule, Verdict};
use crate::http::plan::state::StateIndex;
use crate::http::plan::template::Template;
use crate::http::plan::variable::VariableIndex;
use crate::http::plan::wait::{Subrequest, Wait};

/// The feature.
pub static MODULE: Module = Module {
    name: "auth_request",
    about: "another place of the server says who is let in",
    directives: &[AUTH_REQUEST, AUTH_REQUEST_SET, LOG_SUBREQUEST],
    location,
    ..module::MODULE
};

const CONTEXTS: Contexts = Contexts::HTTP.or(Contexts::SERVER).or(Contexts::LOCATION);

const AUTH_REQUEST: DirectiveSpec = DirectiveSpec {
    name: "auth_request",
    contexts: CONTEXTS,
    doc: Doc {
        syntax: "auth_request URI | off;",
        default: "auth_request off;",
        text: "Asks URI, a path of the same server, whether a request may pass: with a status of 2xx it \
               may, with 401 or 403 it is refused with that status, and any other is an error (500). \
               The `WWW-Authenticate` fields of a 401 go to the client. URI is asked by a subrequest: \
               with GET, the client's fields, no body, and without access rules; its response's body is \
               dropped. `$request`, `$request_uri` and `$request_method` are those of the client, and what \
               is assigned to variables holds on both sides. A subrequest counts with the servers of its \
               `proxy_pass`, but in no `status_zone` and no `metric`, and `add_header` adds nothing to \
               it. A client that leaves ends it, unless \
               `proxy_ignore_client_abort` holds where it is asked.",
        example: "location /private/ {\n    auth_request /auth;\n}\nlocation = /auth {\n    internal;\n    \
                  proxy_pass http://127.0.0.1:8001;\n    proxy_set_header X-Original-URI \
                  $request_uri;\n}",
    },
    apply: |statement| {
        mirror::warn_of_no_path(statement);
        let uri = statement.text(1);
        let uri = (uri != "off").then(|| uri.as_bytes().into());
        statement.scope.insert(UriWritten(uri));
        Ok(())
    },
    ..SPEC
};

const AUTH_REQUEST_SET: DirectiveSpec = DirectiveSpec {
    name: "auth_request_set",
    contexts: CONTEXTS,
    arity: Arity::exactly(2),
    repeat: Repeat::Many,
    doc: Doc {
        syntax: "auth_request_set $variable value;",
        text: "Gives the variable a value once `auth_request` was answered, whatever the answer is. \
               Variables in the value are those of the subrequest, so `$upstream_http_x_user` is a \
               field of its response. A block that has any inherits none.",
        example: "auth_request_set $user $upstream_http_x_user;",
        ..SPEC.doc
    },
    apply: set,
    ..SPEC
};

const LOG_SUBREQUEST: DirectiveSpec = DirectiveSpec {
    name: "log_subrequest",
    contexts: CONTEXTS,
    arity: Arity::FLAG,
    doc: Doc {
        syntax: "log_subrequest on | off;",
        default: "log_subrequest off;",
        text: "Whether subrequests that end in the location have lines in its access log.",
        example: "log_subrequest on;",
    },
    apply: |statement| {
        let on = statement.flag(1)?;
        statement.scope.insert(LogSubrequest(on));
        Ok(())
    },
    ..SPEC
};

/// `auth_request`; `None` is `off`.
struct UriWritten(Option<Box<[u8]>>);

/// `auth_request_set`, all of one block.
#[derive(Default)]
struct SetsWritten(Vec<Assignment>);

fn set(statement: &mut Statement<'_>) -> Result<(), Diagnostic> {
    let written = statement.assignment()?;
    let sets = statement.scope.get_or_default::<SetsWritten>();
    sets.0.push(written);
    Ok(())
}

/// What is known while a configuration is built.
#[derive(Default)]
struct Known(Option<StateIndex<Findings>>);

fn location(builder: &mut Builder<'_>, chain: &Chain<'_>, parts: &mut LocationParts) {
    let written = chain.nearest::<SetsWritten>().map_or(&[][..], |all| &all.0);
    let sets = written.iter().map(|one| Set {
        variable: builder.variables.held(&one.name, one.span),
        value: builder.template(&one.value),
    });
    // The variables are there even where nothing is asked.
    let sets = sets.collect();
    let Some(UriWritten(Some(uri))) = chain.nearest() else {
        return;
    };
    parts.access.push(Box::new(Rule {
        uri: uri.clone(),
        sets,
        state: state(builder),
    }));
}

fn state(builder: &mut Builder<'_>) -> StateIndex<Findings> {
    if let Some(known) = builder.thing::<Known>().0 {
        return known;
    }
    let made = builder.state();
    builder.thing::<Known>().0 = Some(made);
    made
}

/// The access rule of a location.
struct Rule {
    uri: Box<[u8]>,
    sets: Box<[Set]>,
    state: StateIndex<Findings>,
}

struct Set {
    variable: VariableIndex,
    value: Template,
}

/// What was found out about a request.
#[derive(Default)]
struct Findings {
    /// An answer that was not judged yet.
    answer: Option<Answer>,
    /// The one that the request is refused for.
    refusal: Option<Answer>,
}

/// What a subrequest came to.
struct Answer {
    status: u16,
    /// Its `WWW-Authenticate` fields.
    challenges: Vec<Vec<u8>>,
}

impl Rule {
    fn ask(&'static self, request: &Request) -> Verdict {
        let Some(sub) = request.subrequest(&self.uri) else {
            return Verdict::Deny(500);
        };
        Verdict::Wait(Wait::Subrequest(Box::new(Subrequest {
            request: sub,
            answered: Box::new(|request, sub| self.note(request, sub)),
        })))
    }

    fn note(&self, request: &mut Request, sub: &mut Request) {
        for one in &self.sets {
            let value = one.value.evaluate(sub);
            request.swap_values(sub);
            request.assign(one.variable, &value);
            request.swap_values(sub);
        }
        request.swap_values(sub);
        let challenges = sub.response.fields.all("www-authenticate");
        request.state(self.state).answer = Some(Answer {
            status: sub.response.status,
            challenges: challenges.map(<[u8]>::to_vec).collect(),
        });
    }
}

impl AccessRule for Rule {
    fn check(&'static self, request: &mut Request) -> Verdict {
        let findings = request.state(self.state);
        let Some(answer) = findings.answer.take() else {
            return self.ask(request);
        };
        let status = answer.status;
        if let 200..300 = status {
            return Verdict::Allow;
        }
        findings.refusal = Some(answer);
        match status {
            401 | 403 => Verdict::Deny(status),
            _ => Verdict::Deny(500),
        }
    }

    fn refuse(&self, request: &mut Request) -> Cow<'static, str> {
        let Some(answer) = request.state(self.state).refusal.take() else {
            return "auth request failed".into();
        };
        match answer.status {
            401 => {
                for challenge in &answer.challenges {
                    request.carry("WWW-Authenticate", challenge);
                }
                "auth request was answered with 401".into()
            }
            403 => "auth request was answered with 403".into(),
            status => format!("auth request unexpected status: {status}").into(),
        }
    }
}
