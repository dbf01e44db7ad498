//! `auth_api_key`: who may ask, by a key in the request, and `$api_key_name`: whose key it was.
//!
//! `keys.rs` knows what stands in a file of keys, `file.rs` follows the file, `guard.rs` judges
//! requests. A key itself is nowhere kept and never told: logs, metrics and other servers learn names.

mod file;
mod guard;
mod keys;

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::conf::{
    Arity, Chain, Contexts, Diagnostic, DirectiveSpec, Doc, SPEC, Scope, Span, Statement,
};
use crate::http::build::builder::{Builder, LocationParts};
use crate::http::build::memory::Role;
use crate::http::build::module::{self, Module};
use crate::http::plan::state::StateIndex;
use crate::http::plan::variable::{VARIABLE, VariableSpec};
use file::{KeyFile, Problem};
use guard::{Challenge, Findings, Guard, Rule, Schemes};

/// The feature.
pub static MODULE: Module = Module {
    name: "auth_api_key",
    about: "clients let in by keys in a file",
    directives: DIRECTIVES,
    variables: &[VariableSpec {
        name: "api_key_name",
        doc: "The name that the request's API key belongs to, where `auth_api_key` holds.",
        read: |request, _, out| {
            let guard = request.location.extra::<Arc<Guard>>();
            let name = guard.and_then(|guard| guard.name(request));
            out.extend_from_slice(name.as_deref().unwrap_or_default());
            name.is_some()
        },
        ..VARIABLE
    }],
    http: declare,
    location,
    ..module::MODULE
};

const CONTEXTS: Contexts = Contexts::HTTP
    .or(Contexts::SERVER)
    .or(Contexts::LOCATION)
    .or(Contexts::LIMIT_EXCEPT);

const DIRECTIVES: &[DirectiveSpec] = &[
    DirectiveSpec {
        name: "auth_api_key",
        contexts: CONTEXTS,
        doc: Doc {
            syntax: "auth_api_key REALM | off;",
            default: "auth_api_key off;",
            text: "Lets only those pass who have a key of `auth_api_key_file`: a field \
                   `Authorization: SCHEME KEY` or `X-API-Key: KEY`, which may be repeated as it is; where \
                   both are there, `X-API-Key` counts. Others are answered with 401, which names REALM; with \
                   `satisfy any` the other access rules may let them in. `$api_key_name` is the \
                   name that the key belongs to, empty if there is none. The fields go on to a \
                   proxied server unless `proxy_set_header` empties them.",
            example: "auth_api_key metrics;\nauth_api_key_file api.keys;\n\
                      metric pushes $api_key_name;",
        },
        apply: |statement| {
            let realm = statement.text(1);
            if realm.contains(|one: char| one.is_control()) {
                let message = "\"auth_api_key\" realm holds a control character";
                return Err(statement.error(1, message));
            }
            statement.scope.insert(Written {
                realm: (realm != "off").then(|| realm.to_owned()),
                span: statement.directive.span,
            });
            Ok(())
        },
        ..SPEC
    },
    DirectiveSpec {
        name: "auth_api_key_file",
        contexts: CONTEXTS,
        doc: Doc {
            syntax: "auth_api_key_file FILE;",
            text: "The keys, one in a line: `NAME:KEY`, or `NAME:{SHA256}BASE64` with the base64 \
                   of the key's SHA-256; `#` begins a comment. A name may have several lines. The \
                   file is read again within a second of a change; as long as it cannot be \
                   read, or has an invalid line, the keys read before stay. Workers read it \
                   with the rights of their `user`; where these do not suffice, a reload does it.",
            example: "auth_api_key_file /etc/pingauge/api.keys;",
            ..SPEC.doc
        },
        apply: |statement| {
            statement.scope.insert(FileWritten {
                path: statement.text(1).to_owned(),
                span: statement.word(1).span,
            });
            Ok(())
        },
        ..SPEC
    },
    DirectiveSpec {
        name: "auth_api_key_scheme",
        contexts: CONTEXTS,
        arity: Arity::at_least(1),
        doc: Doc {
            syntax: "auth_api_key_scheme SCHEME ...;",
            default: "auth_api_key_scheme token Bearer;",
            text: "The words that stand before a key in `Authorization`, in any letter case, and \
                   that a refusal asks for.",
            example: "auth_api_key_scheme Bearer;",
        },
        apply: schemes,
        ..SPEC
    },
];

struct Written {
    /// `None` is `off`.
    realm: Option<String>,
    span: Span,
}

struct FileWritten {
    path: String,
    span: Span,
}

struct SchemesWritten(Schemes);

fn schemes(statement: &mut Statement<'_>) -> Result<(), Diagnostic> {
    let mut all: Vec<Box<[u8]>> = Vec::new();
    for word in statement.arguments() {
        let scheme = word.text.as_bytes();
        let is_token = |byte: &u8| byte.is_ascii_alphanumeric() || b"-._~+".contains(byte);
        if scheme.is_empty() || !scheme.iter().all(is_token) {
            let message = format!("invalid scheme \"{}\"", word.text);
            let help = "a scheme is one word of letters, digits and \"-\"";
            return Err(Diagnostic::error(word.span, message).with_help(help));
        }
        if all.iter().any(|one| one.eq_ignore_ascii_case(scheme)) {
            let message = format!("duplicate scheme \"{}\"", word.text);
            return Err(Diagnostic::error(word.span, message));
        }
        all.push(scheme.into());
    }
    statement.scope.insert(SchemesWritten(all.into()));
    Ok(())
}

/// What is known while a configuration is built.
#[derive(Default)]
struct Known {
    /// `None` where nobody wants keys.
    state: Option<StateIndex<Findings>>,
    /// `None` for one that cannot be used, which was reported.
    files: HashMap<PathBuf, Option<Arc<KeyFile>>>,
    /// File and schemes; the place is the guard's number.
    guards: Vec<(PathBuf, Schemes)>,
}

fn declare(builder: &mut Builder<'_>, chain: &Chain<'_>) {
    if is_used(chain.scope()) {
        let state = builder.state();
        builder.thing::<Known>().state = Some(state);
    }
}

/// Whether keys are wanted in a block or within it.
fn is_used(scope: &Scope) -> bool {
    let wants = scope
        .get::<Written>()
        .is_some_and(|one| one.realm.is_some());
    wants || scope.blocks.iter().any(is_used)
}

fn location(builder: &mut Builder<'_>, chain: &Chain<'_>, parts: &mut LocationParts) {
    let Some(state) = builder.thing::<Known>().state else {
        return;
    };
    // Anywhere, since any location may make the page of a refusal.
    parts.header_filters.push(Box::new(Challenge(state)));
    let Some(written) = chain.nearest::<Written>() else {
        return;
    };
    let Some(realm) = &written.realm else {
        return;
    };
    let Some(file) = chain.nearest::<FileWritten>() else {
        let message = "\"auth_api_key\" requires \"auth_api_key_file\"";
        let help = "write \"auth_api_key_file FILE;\" beside it or in a block around it";
        let problem = Diagnostic::error(written.span, message).with_help(help);
        builder.diagnostics.push(problem);
        return;
    };
    let Some(file) = open(builder, file) else {
        return;
    };
    let schemes = chain.nearest().map_or_else(
        || ["token", "Bearer"].map(|one| one.as_bytes().into()).into(),
        |SchemesWritten(all)| Arc::clone(all),
    );
    let challenges = schemes.iter().map(|one| guard::challenge(one, realm));
    let guard = Arc::new(Guard {
        number: number(builder, &file, &schemes),
        challenges: challenges.collect(),
        schemes,
        file,
        state,
    });
    parts.access.push(Box::new(Rule(Arc::clone(&guard))));
    parts.keep(guard);
}

fn number(builder: &mut Builder<'_>, file: &KeyFile, schemes: &Schemes) -> usize {
    let guards = &mut builder.thing::<Known>().guards;
    let same = |(path, other): &(PathBuf, _)| path == file.path() && other == schemes;
    guards.iter().position(same).unwrap_or_else(|| {
        guards.push((file.path().to_owned(), Arc::clone(schemes)));
        guards.len() - 1
    })
}

fn open(builder: &mut Builder<'_>, written: &FileWritten) -> Option<Arc<KeyFile>> {
    let path = builder.beside(&written.path);
    if let Some(file) = builder.thing::<Known>().files.get(&path) {
        return file.clone();
    }
    let file = match KeyFile::open(&path) {
        Ok(file) => Some(file),
        // The master could use it: it was spoilt meanwhile, and nobody would serve if each new
        // worker ended over it.
        Err(_) if matches!(builder.memory.role(), Role::Worker(_)) => Some(KeyFile::unread(&path)),
        Err(problem) => {
            report(builder, written, &path, problem);
            None
        }
    };
    let file = file.map(Arc::new);
    let known = builder.thing::<Known>();
    known.files.insert(path, file.clone());
    file
}

fn report(builder: &mut Builder<'_>, written: &FileWritten, path: &Path, problem: Problem) {
    match problem {
        Problem::Unreadable(error) => {
            let message = file::unreadable(path, &error);
            builder
                .diagnostics
                .push(Diagnostic::error(written.span, message));
        }
        Problem::Invalid(lines) => {
            for line in lines {
                let message = file::invalid(path, line.number);
                let problem = Diagnostic::error(written.span, message).with_help(line.expected);
                builder.diagnostics.push(problem);
            }
        }
    }
}
