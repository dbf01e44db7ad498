//! What the top level says of the surroundings of processes: variables of the environment, and what other servers load
//! or leave out.

use crate::conf::{Arity, Contexts, Diagnostic, DirectiveSpec, Doc, Repeat, SPEC, Scope};
use crate::http::build::module::{self, Module};

/// The feature.
pub static MODULE: Module = Module {
    name: "environment",
    about: "what processes find around them",
    directives: DIRECTIVES,
    ..module::MODULE
};

/// The variables that a configuration sets for workers.
pub fn variables(main: &Scope) -> Vec<(String, String)> {
    main.get::<Variables>()
        .map_or_else(Vec::new, |all| all.0.clone())
}

#[derive(Default)]
struct Variables(Vec<(String, String)>);

const DIRECTIVES: &[DirectiveSpec] = &[
    DirectiveSpec {
        name: "env",
        contexts: Contexts::MAIN,
        repeat: Repeat::Many,
        doc: Doc {
            syntax: "env NAME[=VALUE];",
            default: "",
            text: "Sets a variable of the environment for workers, beside those that the server was started with, all of \
                   which they have: without VALUE there is nothing to do.",
            example: "env TZ=Europe/Vienna;",
        },
        apply: |statement| {
            let text = statement.text(1);
            let (name, value) = match text.split_once('=') {
                Some((name, value)) => (name, Some(value)),
                None => (text, None),
            };
            if name.is_empty() || text.contains('\0') {
                let message = format!("\"env\" directive invalid value \"{text}\"");
                let problem = statement.error(1, message);
                return Err(problem.with_help("expected a name, as TZ, or TZ=Europe/Vienna"));
            }
            match value {
                Some(value) => {
                    let variable = (name.to_owned(), value.to_owned());
                    statement
                        .scope
                        .get_or_default::<Variables>()
                        .0
                        .push(variable);
                }
                None => {
                    let span = statement.directive.span;
                    statement
                        .diagnostics
                        .note_without_effect(span, format!("env {name}"));
                }
            }
            Ok(())
        },
        ..SPEC
    },
    DirectiveSpec {
        name: "load_module",
        contexts: Contexts::MAIN,
        repeat: Repeat::Many,
        doc: Doc {
            syntax: "load_module FILE;",
            default: "",
            text: "Has no effect: nothing is loaded, what there is, is built in. Directives of a module that is not here \
                   are told by themselves.",
            example: "",
        },
        apply: |statement| {
            let name = &statement.directive.name;
            statement
                .diagnostics
                .note_without_effect(name.span, name.text.as_str());
            Ok(())
        },
        ..SPEC
    },
    DirectiveSpec {
        name: "master_process",
        contexts: Contexts::MAIN,
        arity: Arity::FLAG,
        doc: Doc {
            syntax: "master_process on | off;",
            default: "master_process on;",
            text: "Has no effect: there is always a master process, and workers beside it; `off` is answered with a \
                   warning.",
            example: "",
        },
        apply: |statement| {
            let name = &statement.directive.name;
            match statement.flag(1)? {
                true => statement
                    .diagnostics
                    .note_without_effect(name.span, name.text.as_str()),
                false => {
                    let message =
                        "there is always a master process: \"master_process off;\" has no effect";
                    let help = "\"daemon off;\" keeps the server in the foreground";
                    let warning = Diagnostic::warning(statement.directive.span, message);
                    statement.diagnostics.push(warning.with_help(help));
                }
            }
            Ok(())
        },
        ..SPEC
    },
];
