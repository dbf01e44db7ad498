//! The rows of the module, and what they store.

use std::sync::Arc;

use crate::conf::{
    Arity, Body, Contexts, Diagnostic, DirectiveSpec, Doc, Part, Repeat, SPEC, Statement, Text,
};
use crate::http::build::written::{DefaultType, LocationPattern, RootWritten, TypesWritten};
use crate::http::plan::location::Kind;

/// The directives of static files.
pub(super) const DIRECTIVES: &[DirectiveSpec] = &[
    ROOT,
    ALIAS,
    INDEX,
    TYPES,
    DEFAULT_TYPE,
    TRY_FILES,
    LOG_NOT_FOUND,
];

/// `index`
#[derive(Default)]
pub(super) struct IndexWritten(pub Vec<Text>);

/// `try_files`
pub(super) struct TryFilesWritten {
    /// Names, and whether each is to be a directory.
    pub candidates: Vec<(Text, bool)>,
    /// What is left when none of them exists.
    pub last: Last,
}

/// The last argument of `try_files`.
pub(super) enum Last {
    /// `=CODE`
    Status(u16),
    /// `@name`
    Named(String),
    /// A URI of ours.
    Uri(Text),
}

/// `log_not_found`
pub(super) struct LogNotFound(pub bool);

const EVERYWHERE: Contexts = Contexts::HTTP.or(Contexts::SERVER).or(Contexts::LOCATION);

const ROOT: DirectiveSpec = DirectiveSpec {
    name: "root",
    contexts: EVERYWHERE.or(Contexts::LOCATION_IF),
    doc: Doc {
        syntax: "root PATH;",
        default: "root html;",
        text: "The directory of the files: the path of the URI is appended to it. A relative path \
               starts from the prefix (`-p`). PATH may hold variables.",
        example: "root /srv/www;",
    },
    apply: |statement| store_root(statement, Form::Root),
    ..SPEC
};

const ALIAS: DirectiveSpec = DirectiveSpec {
    name: "alias",
    contexts: Contexts::LOCATION,
    doc: Doc {
        syntax: "alias PATH;",
        default: "",
        text: "What stands for the name of the location: the rest of the URI's path is appended \
               to PATH. In a location given by a regular expression, PATH is the file itself and \
               usually refers to captures.",
        example: "location /images/ { alias /srv/pictures/; }",
    },
    apply: |statement| store_root(statement, Form::Alias),
    ..SPEC
};

const INDEX: DirectiveSpec = DirectiveSpec {
    name: "index",
    contexts: EVERYWHERE,
    arity: Arity::at_least(1),
    repeat: Repeat::Many,
    doc: Doc {
        syntax: "index FILE ...;",
        default: "index index.html;",
        text: "The files that answer for a directory; the first that exists is taken, by an \
               internal redirect. The last may begin with a slash: it is taken without a look \
               whether it exists.",
        example: "index index.html index.htm;",
    },
    apply: store_index,
    ..SPEC
};

const TYPES: DirectiveSpec = DirectiveSpec {
    name: "types",
    contexts: EVERYWHERE,
    arity: Arity::NONE,
    body: Body::Free,
    repeat: Repeat::Many,
    doc: Doc {
        syntax: "types {\n    TYPE EXTENSION ...;\n    ...\n}",
        default: "types { text/html html htm; text/css css; text/javascript js mjs; ... }",
        text: "The media type of a file, or of the text of `return`, by the extension of the path, in \
               any letter case. Without \
               this directive the common types of the web are known; with it, only the written \
               ones are. What has no type gets `default_type`.",
        example: "types {\n    text/html  html htm;\n    image/png  png;\n}",
    },
    apply: store_types,
};

const DEFAULT_TYPE: DirectiveSpec = DirectiveSpec {
    name: "default_type",
    contexts: EVERYWHERE,
    doc: Doc {
        syntax: "default_type TYPE;",
        default: "default_type text/plain;",
        text: "The media type of files, and of the text of `return`, where the extension of the \
               path tells none.",
        example: "default_type application/octet-stream;",
    },
    apply: |statement| {
        let name = statement.text(1).to_owned();
        statement.scope.insert(DefaultType(name));
        Ok(())
    },
    ..SPEC
};

const TRY_FILES: DirectiveSpec = DirectiveSpec {
    name: "try_files",
    contexts: Contexts::SERVER.or(Contexts::LOCATION),
    arity: Arity::at_least(2),
    doc: Doc {
        syntax: "try_files FILE ... URI | @NAME | =CODE;",
        default: "",
        text: "The request goes on with the first FILE that exists; a slash at the end asks for a \
               directory. When there is none: an internal redirect to URI or to the named \
               location, or an answer with CODE. No file is tried for requests of an `if` or \
               `limit_except` block that has its own `proxy_pass` or other source of content. Other \
               blocks leave `try_files` as it is (with nginx, any `if` that holds turns it off).",
        example: "try_files $uri $uri/ /index.html;",
    },
    apply: store_try_files,
    ..SPEC
};

const LOG_NOT_FOUND: DirectiveSpec = DirectiveSpec {
    name: "log_not_found",
    contexts: EVERYWHERE,
    arity: Arity::FLAG,
    doc: Doc {
        syntax: "log_not_found on | off;",
        default: "log_not_found on;",
        text: "Whether the error log tells of files that do not exist.",
        example: "location = /favicon.ico { log_not_found off; }",
    },
    apply: |statement| {
        let on = statement.flag(1)?;
        statement.scope.insert(LogNotFound(on));
        Ok(())
    },
    ..SPEC
};

#[derive(Clone, Copy, PartialEq, Eq)]
enum Form {
    Root,
    Alias,
}

fn store_root(statement: &mut Statement<'_>, form: Form) -> Result<(), Diagnostic> {
    let name = &statement.directive.name.text;
    let directory = statement.template(1)?;
    if let Some(earlier) = statement.scope.get::<RootWritten>() {
        let other = if earlier.alias { "alias" } else { "root" };
        let message = format!(
            "\"{name}\" directive is duplicate, \"{other}\" directive was specified earlier"
        );
        return Err(statement.error(0, message));
    }
    let pattern = statement.scope.get::<LocationPattern>();
    if form == Form::Alias && pattern.is_some_and(|pattern| pattern.kind == Kind::Named) {
        let message = "the \"alias\" directive cannot be used inside the named location";
        let help = "a named location has no path of its own; use \"root\"";
        return Err(statement.error(0, message).with_help(help));
    }
    let itself = ["document_root", "realpath_root"];
    if let Some((variable, span)) = directory
        .variables()
        .find(|(variable, _)| itself.contains(variable))
    {
        let message =
            format!("the ${variable} variable cannot be used in the \"{name}\" directive");
        return Err(Diagnostic::error(span, message));
    }
    if form == Form::Alias {
        warn_of_neighbours(statement, &directory);
    }
    statement.scope.insert(RootWritten {
        directory,
        alias: form == Form::Alias,
    });
    Ok(())
}

/// What a location's name takes in beyond itself is added to a path that ends within a name.
/// With a slash at the end of the path it would only lead out of it, which is refused.
fn warn_of_neighbours(statement: &mut Statement<'_>, directory: &Text) {
    let Some(pattern) = statement.scope.get::<LocationPattern>() else {
        return;
    };
    let is_prefix = matches!(pattern.kind, Kind::Prefix | Kind::FinalPrefix);
    let Some(Part::Literal(end)) = directory.parts.last() else {
        return;
    };
    if !is_prefix || end.ends_with('/') {
        return;
    }
    let (location, path) = (&pattern.text, statement.text(1));
    let message = format!("location \"{location}\" serves \"{path}-x\" for \"{location}-x\", too");
    let help = match location.ends_with('/') {
        true => "end the alias with a slash, as the location".to_owned(),
        false => format!(
            "end location and alias with a slash, or write \"location = {location}\" for one file"
        ),
    };
    let span = statement.word(1).span;
    let warning = Diagnostic::warning(span, message).with_help(help);
    statement.diagnostics.push(warning);
}

fn store_index(statement: &mut Statement<'_>) -> Result<(), Diagnostic> {
    let count = statement.arguments().len();
    for number in 1..=count {
        let text = statement.text(number);
        if text.is_empty() {
            let message = "index \"\" in \"index\" directive is invalid";
            return Err(statement.error(number, message));
        }
        if text.starts_with('/') && number < count {
            let message = "only the last index in \"index\" directive should be absolute";
            let span = statement.word(number).span;
            statement
                .diagnostics
                .push(Diagnostic::warning(span, message));
        }
        let template = statement.template(number)?;
        let written = statement.scope.get_or_default::<IndexWritten>();
        written.0.push(template);
    }
    Ok(())
}

fn store_types(statement: &mut Statement<'_>) -> Result<(), Diagnostic> {
    let lines = statement.lines();
    statement.scope.get_or_default::<TypesWritten>();
    for line in lines {
        if line.arguments.is_empty() {
            let message = format!("no extension for type \"{}\"", line.name.text);
            let help = "expected TYPE EXTENSION ...; as in text/html html htm;";
            let problem = Diagnostic::error(line.span, message).with_help(help);
            statement.diagnostics.push(problem);
        }
        for word in &line.arguments {
            let types = statement.scope.get_or_default::<TypesWritten>();
            let types = Arc::make_mut(&mut types.0);
            if let Some(previous) = types.insert(&word.text, &line.name.text) {
                let message = format!(
                    "duplicate extension \"{}\", content type: \"{}\", previous content type: \
                     \"{previous}\"",
                    word.text, line.name.text
                );
                statement
                    .diagnostics
                    .push(Diagnostic::warning(word.span, message));
            }
        }
    }
    Ok(())
}

fn store_try_files(statement: &mut Statement<'_>) -> Result<(), Diagnostic> {
    let count = statement.arguments().len();
    let mut candidates = Vec::new();
    for number in 1..count {
        let mut word = statement.word(number).clone();
        let is_directory = word.text.len() > 1 && word.text.ends_with('/');
        if is_directory {
            word = word.slice(0..word.text.len() - 1);
        }
        candidates.push((Text::parse(&word)?, is_directory));
    }
    let text = statement.text(count);
    let last = if let Some(code) = text.strip_prefix('=') {
        Last::Status(status(statement, count, code)?)
    } else if let Some(name) = text.strip_prefix('@') {
        Last::Named(name.to_owned())
    } else {
        Last::Uri(statement.template(count)?)
    };
    statement.scope.insert(TryFilesWritten { candidates, last });
    Ok(())
}

fn status(statement: &Statement<'_>, number: usize, code: &str) -> Result<u16, Diagnostic> {
    let valid = |code: &u16| (100..600).contains(code);
    code.parse().ok().filter(valid).ok_or_else(|| {
        let message = format!("invalid code \"{code}\"");
        statement
            .error(number, message)
            .with_help("expected a status, as in =404")
    })
}
