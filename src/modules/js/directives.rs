//! The directives.

use std::time::Duration;

use super::imports::{ImportWritten, ImportsWritten, PathsWritten};
use crate::conf::{
    Arity, Contexts, Diagnostic, DirectiveSpec, Doc, Repeat, SPEC, Span, Statement, Text,
};
use crate::http::build::content;

const ANYWHERE: Contexts = Contexts::HTTP.or(Contexts::SERVER).or(Contexts::LOCATION);

pub(super) const DIRECTIVES: &[DirectiveSpec] = &[
    DirectiveSpec {
        name: "js_import",
        contexts: ANYWHERE,
        arity: Arity::between(1, 3),
        repeat: Repeat::Many,
        doc: Doc {
            syntax: "js_import FILE | NAME from FILE;",
            default: "",
            text: "Imports a module of JavaScript, under NAME or the name of FILE without its ending. Other \
                   directives call functions of what it exports by default, as `NAME.function`. A relative FILE is \
                   looked for in the places of `js_path`, then beside the main file of the configuration; what a \
                   module imports itself, first beside the module. A block has the imports of the blocks around \
                   it, too.\n\nModules are compiled, and tried once, when the configuration is loaded. Each request \
                   then has variables of its own in them, which nobody has touched. Built-in objects cannot be \
                   changed by scripts; programs that want to (they speak of `globalThis`, assign to a `prototype` \
                   and the like) are given a context of their own for each request, which takes more time.\n\nBeside the \
                   language there are `r` and `ngx`, `console`, `setTimeout`, `Buffer`, `TextEncoder`, `TextDecoder`, `atob`, \
                   `btoa` and `crypto`, and the modules `buffer`, `crypto`, `fs` and `querystring`, as njs has them. `fs` \
                   only reads. `crypto.subtle` digests (SHA-1, SHA-256, SHA-384, SHA-512), and signs and verifies with HMAC, \
                   RSASSA-PKCS1-v1_5 and RSA-PSS (2048 to 8192 bits, not with SHA-1), and ECDSA (P-256 with SHA-256, P-384 with \
                   SHA-384); it has neither ciphers nor derived keys.",
            example: "js_import main.js;\njs_import auth from /etc/js/auth.js;",
        },
        apply: import,
        ..SPEC
    },
    DirectiveSpec {
        name: "js_path",
        contexts: ANYWHERE,
        arity: Arity::exactly(1),
        repeat: Repeat::Many,
        doc: Doc {
            syntax: "js_path PATH;",
            default: "",
            text: "A folder where the modules of `js_import` are looked for.",
            example: "js_path /etc/js;",
        },
        apply: |statement| {
            let path = statement.text(1).to_owned();
            statement
                .scope
                .get_or_default::<PathsWritten>()
                .0
                .push(path);
            Ok(())
        },
        ..SPEC
    },
    DirectiveSpec {
        name: "js_content",
        contexts: Contexts::LOCATION
            .or(Contexts::LOCATION_IF)
            .or(Contexts::LIMIT_EXCEPT),
        arity: Arity::exactly(1),
        doc: Doc {
            syntax: "js_content MODULE.FUNCTION;",
            default: "",
            text: "A function makes the answer of the location. It is called with the request, `r`, and may be \
                   asynchronous. One that ends without an answer, or throws, is answered with 500; what was thrown \
                   is in the error log.\n\nThe body of the request is there when the function is called, \
                   `r.requestText` and `r.requestBuffer` have it whether it waits in memory or in a file; one that is \
                   longer than `js_limit_memory` is an error to read. What `r.send` sends leaves when the function waits, \
                   if `r.sendHeader` was called. At most 64 megabytes wait for a client that does not read: then \
                   `r.send` throws. A function that throws behind `r.sendHeader` breaks the answer off, and one whose \
                   client leaves is ended.",
            example: "location /hello {\n    js_content main.hello;\n}",
        },
        apply: |statement| {
            let name = statement.text(1).to_owned();
            let span = statement.word(1).span;
            content::write(statement, ContentWritten(name, span));
            Ok(())
        },
        ..SPEC
    },
    DirectiveSpec {
        name: "js_access",
        contexts: ANYWHERE
            .or(Contexts::LOCATION_IF)
            .or(Contexts::LIMIT_EXCEPT),
        arity: Arity::exactly(1),
        doc: Doc {
            syntax: "js_access MODULE.FUNCTION | off;",
            default: "js_access off;",
            text: "A function says whether a request may pass. It is called with the request, `r`, and may be \
                   asynchronous. The request may pass unless the function answers it, in any way that one of \
                   `js_content` may: with `r.return`, `r.internalRedirect` or `r.sendHeader` and `r.send`. Under \
                   `satisfy any` a `r.return` of 401 or 403 without a body leaves the word to others; every other answer \
                   is final. Fields that it sets in `r.headersOut` are added to the answer, whoever makes that. One that \
                   throws is answered with 500. The body of the request has not been read.",
            example: "js_access main.check;",
        },
        apply: |statement| {
            let name = Some(statement.text(1)).filter(|name| *name != "off");
            let span = statement.word(1).span;
            statement
                .scope
                .insert(AccessWritten(name.map(str::to_owned), span));
            Ok(())
        },
        ..SPEC
    },
    DirectiveSpec {
        name: "js_header_filter",
        contexts: ANYWHERE
            .or(Contexts::LOCATION_IF)
            .or(Contexts::LIMIT_EXCEPT),
        arity: Arity::exactly(1),
        doc: Doc {
            syntax: "js_header_filter MODULE.FUNCTION;",
            default: "",
            text: "A function is called just before the head of an answer leaves, whoever made the answer; also that of \
                   a subrequest, by what is written where that is answered. It may \
                   change `r.headersOut` and `r.status`, and cannot wait. If it throws, or takes too long, 500 is \
                   answered instead, and nothing of the answer leaves. It sees the fields of `add_header`, and the \
                   head before `sub_filter`, `add_before_body` and `gzip` change it; `If-Range` is compared with what the head \
                   had before. What the framing depends on \
                   (`Content-Length`, `Transfer-Encoding`, `Connection`) is never a script's: it follows from the \
                   body.",
            example: "js_header_filter main.headers;",
        },
        apply: |statement| {
            let name = statement.text(1).to_owned();
            let span = statement.word(1).span;
            statement.scope.insert(HeaderFilterWritten(name, span));
            Ok(())
        },
        ..SPEC
    },
    DirectiveSpec {
        name: "js_set",
        contexts: ANYWHERE,
        arity: Arity::between(2, 3),
        repeat: Repeat::Many,
        doc: Doc {
            syntax: "js_set $variable MODULE.FUNCTION [nocache];",
            default: "",
            text: "Makes a variable whose value is what the function returns. It is called with the request, `r`, \
                   where the variable is read first, with `nocache` wherever it is read. It cannot wait: a promise \
                   is an error, and then the variable has no value.",
            example: "js_set $kind main.kind;",
        },
        apply: set,
        ..SPEC
    },
    DirectiveSpec {
        name: "js_var",
        contexts: ANYWHERE,
        arity: Arity::between(1, 2),
        repeat: Repeat::Many,
        doc: Doc {
            syntax: "js_var $variable [VALUE];",
            default: "",
            text: "Makes a variable that scripts can assign by `r.variables`. It has VALUE, which may hold other \
                   variables, or is empty, until then. Unlike that of `set`, its value outlives rewriting.",
            example: "js_var $user \"nobody\";",
        },
        apply: variable,
        ..SPEC
    },
    DirectiveSpec {
        name: "js_limit_memory",
        contexts: Contexts::HTTP,
        arity: Arity::exactly(1),
        doc: Doc {
            syntax: "js_limit_memory SIZE;",
            default: "js_limit_memory 128m;",
            text: "How much memory all scripts of a worker may hold together, with what they have said so far of \
                   answers, fields and variables, and with the answers to their subrequests. A script that needs more fails.",
            example: "js_limit_memory 64m;",
        },
        apply: |statement| {
            let size = at_least(statement, 4 << 20)?;
            statement.scope.insert(MemoryWritten(size));
            Ok(())
        },
        ..SPEC
    },
    DirectiveSpec {
        name: "js_limit_stack",
        contexts: Contexts::HTTP,
        arity: Arity::exactly(1),
        doc: Doc {
            syntax: "js_limit_stack SIZE;",
            default: "js_limit_stack 512k;",
            text: "How much of the stack a script may take. One that calls itself more deeply fails.",
            example: "js_limit_stack 256k;",
        },
        apply: |statement| {
            let size = at_least(statement, 64 << 10)?;
            if size > MOST_STACK {
                let message = "\"js_limit_stack\" is more than a worker has";
                return Err(statement.error(1, message).with_help("the most is 1m"));
            }
            statement.scope.insert(StackWritten(size));
            Ok(())
        },
        ..SPEC
    },
    DirectiveSpec {
        name: "js_limit_time",
        contexts: ANYWHERE,
        arity: Arity::exactly(1),
        doc: Doc {
            syntax: "js_limit_time TIME;",
            default: "js_limit_time 1s;",
            text: "How long a script may run at a stretch. One that takes longer is ended, and what it was to do \
                   fails: a request is answered with 500. Time that a script waits does not count. Lists that are longer \
                   than 16777216 elements are worked on slowly, so that they can be given up at any time.",
            example: "js_limit_time 100ms;",
        },
        apply: |statement| {
            let limit = Duration::from_millis(statement.milliseconds(1)?);
            if limit.is_zero() {
                let problem = statement.error(1, "\"js_limit_time\" leaves no script any time");
                return Err(problem.with_help("the least is 1ms"));
            }
            statement.scope.insert(TimeWritten(limit));
            Ok(())
        },
        ..SPEC
    },
];

/// `js_content`
pub(super) struct ContentWritten(pub String, pub Span);
/// `js_limit_time`
pub(super) struct TimeWritten(pub Duration);

/// `js_access`; `None` is `off`.
pub(super) struct AccessWritten(pub Option<String>, pub Span);
/// `js_header_filter`
pub(super) struct HeaderFilterWritten(pub String, pub Span);
/// `js_limit_memory`
pub(super) struct MemoryWritten(pub usize);
/// `js_limit_stack`
pub(super) struct StackWritten(pub usize);

/// Every `js_set` of a block.
#[derive(Default)]
pub(super) struct SetsWritten(pub Vec<SetWritten>);

/// `js_set`
pub(super) struct SetWritten {
    pub variable: (String, Span),
    pub handler: (String, Span),
    pub is_cached: bool,
}

/// Every `js_var` of a block.
#[derive(Default)]
pub(super) struct VariablesWritten(pub Vec<VariableWritten>);

/// `js_var`
pub(super) struct VariableWritten {
    pub variable: (String, Span),
    pub value: Option<Text>,
}

/// Engines run on the stacks of threads.
const MOST_STACK: usize = 1 << 20;

fn at_least(statement: &Statement<'_>, least: usize) -> Result<usize, Diagnostic> {
    let size = usize::try_from(statement.size(1)?).unwrap_or(usize::MAX);
    match size < least {
        true => {
            let name = &statement.directive.name.text;
            let message = format!("\"{name}\" is too little for any script");
            Err(statement
                .error(1, message)
                .with_help(format!("the least is {}k", least >> 10)))
        }
        false => Ok(size),
    }
}

fn name_of(statement: &Statement<'_>) -> Result<(String, Span), Diagnostic> {
    let word = statement.word(1);
    let name = word.text.strip_prefix('$').unwrap_or_default();
    let is_letter = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    match name.is_empty() || !name.bytes().all(is_letter) {
        true => {
            let problem = statement.error(1, format!("invalid variable name \"{}\"", word.text));
            Err(problem.with_help("the first argument is the variable, as \"$name\""))
        }
        false => Ok((name.to_ascii_lowercase(), word.span)),
    }
}

fn set(statement: &mut Statement<'_>) -> Result<(), Diagnostic> {
    let is_cached = match statement.argument(3).map(|word| word.text.as_str()) {
        None => true,
        Some("nocache") => false,
        Some(other) => {
            let problem = statement.error(3, format!("invalid parameter \"{other}\""));
            return Err(problem.with_help("the only parameter is \"nocache\""));
        }
    };
    let written = SetWritten {
        variable: name_of(statement)?,
        handler: (statement.text(2).to_owned(), statement.word(2).span),
        is_cached,
    };
    statement
        .scope
        .get_or_default::<SetsWritten>()
        .0
        .push(written);
    Ok(())
}

fn variable(statement: &mut Statement<'_>) -> Result<(), Diagnostic> {
    let value = statement
        .argument(2)
        .map(|_| statement.template(2))
        .transpose()?;
    let variable = name_of(statement)?;
    let all = statement.scope.get_or_default::<VariablesWritten>();
    all.0.push(VariableWritten { variable, value });
    Ok(())
}

fn import(statement: &mut Statement<'_>) -> Result<(), Diagnostic> {
    let (name, file) = match (statement.text(2), statement.arguments().len()) {
        (_, 1) => (stem(statement.text(1)).to_owned(), 1),
        ("from", 3) => (statement.text(1).to_owned(), 3),
        _ => {
            let message = "invalid parameters of \"js_import\"";
            let help = "it is written as \"js_import FILE;\" or \"js_import NAME from FILE;\"";
            return Err(statement.error(2, message).with_help(help));
        }
    };
    if name.is_empty() || name.contains('.') {
        let message = format!("invalid name \"{name}\" of a module");
        let help = "write \"js_import NAME from FILE;\", with a NAME that has no dot";
        return Err(statement.error(1, message).with_help(help));
    }
    let all = statement.scope.get_or_default::<ImportsWritten>();
    if all.0.iter().any(|one| one.name == name) {
        let message = format!("\"js_import\" has the name \"{name}\" already");
        return Err(statement.error(1, message));
    }
    let written = ImportWritten {
        name,
        file: statement.text(file).to_owned(),
        span: statement.word(file).span,
    };
    statement
        .scope
        .get_or_default::<ImportsWritten>()
        .0
        .push(written);
    Ok(())
}

/// The name of a file without its folder and its ending.
fn stem(file: &str) -> &str {
    let name = file.rsplit('/').next().unwrap_or_default();
    name.rsplit_once('.').map_or(name, |(stem, _)| stem)
}
