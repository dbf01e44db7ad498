//! The directives.

use std::time::Duration;

use super::imports::{ImportWritten, ImportsWritten, PathsWritten};
use crate::conf::{Arity, Contexts, Diagnostic, DirectiveSpec, Doc, Repeat, SPEC, Span, Statement};

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
                   and the like) are given a context of their own for each request, which takes more time.",
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
                   is in the error log.",
            example: "location /hello {\n    js_content main.hello;\n}",
        },
        apply: |statement| {
            let name = statement.text(1).to_owned();
            let span = statement.word(1).span;
            statement.scope.insert(ContentWritten(name, span));
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
                   fails: a request is answered with 500. Time that a script waits does not count.",
            example: "js_limit_time 100ms;",
        },
        apply: |statement| {
            let limit = Duration::from_millis(statement.milliseconds(1)?);
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
