//! The blocks of HTTP: `http`, `server`, `location`.

use crate::conf::{
    Arity, Body, Context, Contexts, Diagnostic, DirectiveSpec, Doc, Repeat, SPEC, Statement,
};
use crate::http::build::written::LocationPattern;
use crate::http::plan::location::Kind;

pub(super) const HTTP: DirectiveSpec = DirectiveSpec {
    name: "http",
    contexts: Contexts::MAIN,
    arity: Arity::NONE,
    body: Body::Block(|_| Context::Http),
    doc: Doc {
        syntax: "http { … }",
        text: "Holds the servers, and what they inherit.",
        example: "http {\n    server {\n        listen 8080;\n    }\n}",
        ..SPEC.doc
    },
    ..SPEC
};

pub(super) const SERVER: DirectiveSpec = DirectiveSpec {
    name: "server",
    contexts: Contexts::HTTP,
    arity: Arity::NONE,
    body: Body::Block(|_| Context::Server),
    repeat: Repeat::Many,
    doc: Doc {
        syntax: "server { … }",
        text: "A server: it takes the requests that come to one of its `listen` addresses and are \
               for one of its names, or for no name of that address if it is the default server.",
        example: "server {\n    listen 8080;\n    server_name example.com;\n    location / { \
                  return 200; }\n}",
        ..SPEC.doc
    },
    ..SPEC
};

pub(super) const LOCATION: DirectiveSpec = DirectiveSpec {
    name: "location",
    contexts: Contexts::SERVER.or(Contexts::LOCATION),
    arity: Arity::at_least(1),
    body: Body::Block(|_| Context::Location),
    repeat: Repeat::Many,
    doc: Doc {
        syntax: "location [ = | ~ | ~* | ^~ ] uri … { … }\nlocation @name … { … }",
        text: "Settings for a part of the paths: `=` for this path only, no modifier for every \
               path that begins like this, `~` and `~*` for paths that a regular expression \
               matches, with and without regard to case. The longest prefix is found first; \
               unless it is written with `^~`, regular expressions are then tried in order, those \
               of nested locations before outer ones, and the first that matches wins. A nested \
               `^~` keeps off those beside it; those of outer levels are tried unless the outer \
               prefix has it, too. Groups of the expression become `$1` to `$9`, named groups variables of their name. \
               Everywhere but in `prometheus_template`, whose pages are text, expressions are \
               Perl's, with look-around, and see bytes: a dot or a class is one byte, `\\w`, `\\d`, \
               `\\s`, `\\b` and letters in either case are those of ASCII, and what is not ASCII in an \
               expression stands for its bytes. Unlike in PCRE, `$` is the very end: it does not \
               match before a final line feed (`\\Z` does), and there is no `\\p` and no `(?|`. An \
               expression that would take too long does not match. A location `@name` takes no \
               request by itself; `error_page` and `try_files` lead to it. Several names, each with its modifier, \
               are as many locations of the same content.",
        example: "location ~ ^/user/(?<id>\\d+)$ {\n    return 200 $id;\n}",
        ..SPEC.doc
    },
    apply: location,
};

fn location(statement: &mut Statement<'_>) -> Result<(), Diagnostic> {
    if statement.arguments().len() > 2 {
        return Err(unknown_modifier(statement));
    }
    let pattern = match statement.argument(2) {
        Some(path) => {
            let modifier = MODIFIERS
                .iter()
                .find(|one| one.text == statement.text(1))
                .ok_or_else(|| unknown_modifier(statement))?;
            modifier.pattern(&path.text, statement)
        }
        None => {
            let text = statement.text(1);
            let modifier = MODIFIERS.iter().find(|one| text.starts_with(one.text));
            modifier.map_or_else(
                || plain(text, statement),
                |one| one.pattern(&text[one.text.len()..], statement),
            )
        }
    };
    if matches!(pattern.text.as_str(), "" | "@") {
        let message = "\"location\" has an empty pattern";
        return Err(statement.error(statement.arguments().len(), message));
    }
    statement.scope.insert(pattern);
    Ok(())
}

fn plain(text: &str, statement: &Statement<'_>) -> LocationPattern {
    let kind = if text.starts_with('@') {
        Kind::Named
    } else {
        Kind::Prefix
    };
    LocationPattern {
        kind,
        text: text.to_owned(),
        ignores_case: false,
        span: statement.directive.span,
    }
}

fn unknown_modifier(statement: &Statement<'_>) -> Diagnostic {
    let message = format!("invalid location modifier \"{}\"", statement.text(1));
    statement
        .error(1, message)
        .with_help("modifiers are \"=\", \"^~\", \"~\" and \"~*\"")
}

struct Modifier {
    text: &'static str,
    kind: Kind,
    ignores_case: bool,
}

impl Modifier {
    fn pattern(&self, text: &str, statement: &Statement<'_>) -> LocationPattern {
        LocationPattern {
            kind: self.kind,
            text: text.to_owned(),
            ignores_case: self.ignores_case,
            span: statement.directive.span,
        }
    }
}

/// `~*` before `~`, which it begins with.
const MODIFIERS: &[Modifier] = &[
    Modifier {
        text: "=",
        kind: Kind::Exact,
        ignores_case: false,
    },
    Modifier {
        text: "^~",
        kind: Kind::FinalPrefix,
        ignores_case: false,
    },
    Modifier {
        text: "~*",
        kind: Kind::Pattern,
        ignores_case: true,
    },
    Modifier {
        text: "~",
        kind: Kind::Pattern,
        ignores_case: false,
    },
];
