//! The rows of the module, and what they store.

use super::map::{self, Map};
use super::media_type;
use crate::conf::{
    Arity, Body, Contexts, Diagnostic, DirectiveSpec, Doc, Repeat, SPEC, Span, Statement, Text,
};
use crate::modules::media_types::MediaTypeSet;

/// The directives of charsets.
pub(super) const ROWS: &[DirectiveSpec] = &[
    CHARSET,
    SOURCE_CHARSET,
    OVERRIDE_CHARSET,
    CHARSET_TYPES,
    CHARSET_MAP,
];

/// `charset`
pub(super) struct Charset {
    /// Nothing for `off`.
    pub name: Option<Text>,
    /// Where it is written.
    pub span: Span,
}
/// `source_charset`
pub(super) struct Source {
    /// Nothing for `off`.
    pub name: Option<Text>,
}
/// `override_charset`
pub(super) struct Override(pub bool);
/// `charset_types`
pub(super) struct Types(pub MediaTypeSet);
/// Every `charset_map`.
#[derive(Default)]
pub(super) struct Maps(pub Vec<Map>);

const INNER: Contexts = Contexts::HTTP.or(Contexts::SERVER).or(Contexts::LOCATION);
const ANYWHERE: Contexts = INNER.or(Contexts::LOCATION_IF);

/// The types of `charset_types` where there is no such line.
pub(super) fn usual_types() -> MediaTypeSet {
    MediaTypeSet::of(&[
        "text/xml",
        "text/plain",
        "text/vnd.wap.wml",
        "application/javascript",
        "text/javascript",
        "application/rss+xml",
    ])
}

const CHARSET: DirectiveSpec = DirectiveSpec {
    name: "charset",
    contexts: ANYWHERE,
    doc: Doc {
        syntax: "charset NAME | off;",
        default: "charset off;",
        text: "What responses of the types of `charset_types` are encoded in: their `Content-Type` says `; \
               charset=NAME`, unless it names a charset already (see `override_charset`) or the response is a \
               redirect (301, 302). NAME may hold variables; what they come to is left out where it cannot be the \
               name of a charset. Where `source_charset`, or the response itself, names another one, the text is \
               recoded by a `charset_map`; packed responses and parts of longer ones are not.",
        example: "charset utf-8;",
    },
    apply: |statement| {
        let charset = Charset {
            name: name(statement)?,
            span: statement.word(1).span,
        };
        statement.scope.insert(charset);
        Ok(())
    },
    ..SPEC
};

const SOURCE_CHARSET: DirectiveSpec = DirectiveSpec {
    name: "source_charset",
    contexts: ANYWHERE,
    doc: Doc {
        syntax: "source_charset NAME | off;",
        default: "source_charset off;",
        text: "What texts are encoded in as they lie on the disk or come from an origin. Where `charset` names \
               another one, they are recoded on their way. NAME may hold variables.",
        example: "charset utf-8;\nsource_charset koi8-r;",
    },
    apply: |statement| {
        let source = Source {
            name: name(statement)?,
        };
        statement.scope.insert(source);
        Ok(())
    },
    ..SPEC
};

const OVERRIDE_CHARSET: DirectiveSpec = DirectiveSpec {
    name: "override_charset",
    contexts: ANYWHERE,
    arity: Arity::FLAG,
    doc: Doc {
        syntax: "override_charset on | off;",
        default: "override_charset off;",
        text: "Whether responses that name their charset in `Content-Type` are recoded from that to the one of \
               `charset`. Without it they are left alone.",
        example: "override_charset on;",
    },
    apply: |statement| {
        let on = statement.flag(1)?;
        statement.scope.insert(Override(on));
        Ok(())
    },
    ..SPEC
};

const CHARSET_TYPES: DirectiveSpec = DirectiveSpec {
    name: "charset_types",
    contexts: INNER,
    arity: Arity::at_least(1),
    repeat: Repeat::Many,
    doc: Doc {
        syntax: "charset_types TYPE ...;\ncharset_types *;",
        default: "charset_types text/html text/xml text/plain text/vnd.wap.wml application/javascript \
                  text/javascript application/rss+xml;",
        text: "Media types whose charset is named, beside `text/html`; `*` stands for all.",
        example: "charset_types text/css application/json;",
    },
    apply: |statement| {
        let written = statement.scope.take::<Types>();
        let mut types = written.map_or_else(MediaTypeSet::default, |Types(types)| types);
        types.read(statement);
        statement.scope.insert(Types(types));
        Ok(())
    },
    ..SPEC
};

const CHARSET_MAP: DirectiveSpec = DirectiveSpec {
    name: "charset_map",
    contexts: Contexts::HTTP,
    arity: Arity::exactly(2),
    body: Body::Free,
    repeat: Repeat::Many,
    doc: Doc {
        syntax: "charset_map NAME NAME {\n    CODE CODE;\n    ...\n}",
        default: "",
        text: "Which characters of two charsets are the same, for recoding either way: a line has the code of a \
               character in the first charset and in the second, both as two hexadecimal digits. If the second is \
               `utf-8`, its codes are two to eight digits, a whole character. Codes below 80 stand for themselves \
               where no line says otherwise; what has no counterpart becomes `?`, and where the text was UTF-8, \
               `&#NUMBER;`, as HTML has it.",
        example: "charset_map koi8-r utf-8 {\n    C0  D18E;  # small yu\n    C1  D0B0;  # small a\n}",
    },
    apply: charset_map,
};

/// A name, which may hold variables; nothing for `off`.
fn name(statement: &Statement<'_>) -> Result<Option<Text>, Diagnostic> {
    let text = statement.template(1)?;
    match text.literal() {
        Some("off") => Ok(None),
        Some(name) if !media_type::is_charset(name.as_bytes()) => Err(invalid(statement, 1)),
        _ => Ok(Some(text)),
    }
}

fn invalid(statement: &Statement<'_>, number: usize) -> Diagnostic {
    let (directive, name) = (&statement.directive.name.text, statement.text(number));
    let message = format!("\"{directive}\" directive invalid value \"{name}\"");
    let help = "expected the name of a charset, as utf-8 or windows-1251";
    statement.error(number, message).with_help(help)
}

fn charset_map(statement: &mut Statement<'_>) -> Result<(), Diagnostic> {
    for number in [1, 2] {
        if !media_type::is_charset(statement.text(number).as_bytes()) {
            return Err(invalid(statement, number));
        }
    }
    let names = [statement.text(1), statement.text(2)];
    let name = |number: usize| names[number].as_bytes();
    if names[0].eq_ignore_ascii_case(names[1]) {
        let message = format!(
            "\"charset_map\" between the same charsets \"{}\" and \"{}\"",
            names[0], names[1]
        );
        return Err(statement.error(2, message));
    }
    if names[0].eq_ignore_ascii_case("utf-8") {
        let message = "\"utf-8\" may only be the second charset of a \"charset_map\"";
        let help = format!(
            "write \"charset_map {} utf-8\"; it holds both ways",
            names[1]
        );
        return Err(statement.error(1, message).with_help(help));
    }
    let maps = statement.scope.get_or_default::<Maps>();
    if map::between(&maps.0, name(0), name(1)).is_some() {
        let message = format!(
            "duplicate \"charset_map\" between \"{}\" and \"{}\"",
            names[0], names[1]
        );
        return Err(statement.error(0, message));
    }
    let lines = statement.lines();
    let map = Map::read(names, &lines, statement.diagnostics);
    statement.scope.get_or_default::<Maps>().0.push(map);
    Ok(())
}
