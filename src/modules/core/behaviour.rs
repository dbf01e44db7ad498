//! How requests are treated: switches, `satisfy`, `internal`.

use crate::conf::{Arity, Contexts, Diagnostic, DirectiveSpec, Doc, SPEC, Statement};
use crate::http::build::written::{
    AbsoluteRedirect, IgnoreInvalidHeaders, Internal, MergeSlashes, SatisfyWritten, ServerTokens,
    UnderscoresInHeaders,
};
use crate::http::message::uri::Slashes;
use crate::http::plan::settings::{NAME, SERVER, Satisfy};

use super::limits::{ANYWHERE, BEFORE_LOCATION};

pub(super) const MERGE_SLASHES: DirectiveSpec = DirectiveSpec {
    name: "merge_slashes",
    contexts: BEFORE_LOCATION,
    arity: Arity::FLAG,
    doc: Doc {
        syntax: "merge_slashes on | off;",
        default: "merge_slashes on;",
        text: "Whether slashes that follow each other in a path count as one. That of the \
               address's default server holds.",
        example: "merge_slashes off;",
    },
    apply: |statement| {
        let slashes = if statement.flag(1)? {
            Slashes::Merge
        } else {
            Slashes::Keep
        };
        statement.scope.insert(MergeSlashes(slashes));
        Ok(())
    },
    ..SPEC
};

pub(super) const SERVER_TOKENS: DirectiveSpec = DirectiveSpec {
    name: "server_tokens",
    contexts: ANYWHERE,
    doc: Doc {
        syntax: "server_tokens on | off | build | TEXT;",
        default: "server_tokens on;",
        text: "What the `Server` field of responses says: name and version (`on`, and `build`, as \
               there are no names of builds), the name alone (`off`), or TEXT, which has no \
               variables. Of an empty TEXT there is no such field.",
        example: "server_tokens off;",
    },
    apply: server_tokens,
    ..SPEC
};

fn server_tokens(statement: &mut Statement<'_>) -> Result<(), Diagnostic> {
    let text = match statement.text(1) {
        word if word.eq_ignore_ascii_case("off") => NAME,
        word if ["on", "build"]
            .iter()
            .any(|one| word.eq_ignore_ascii_case(one)) =>
        {
            SERVER
        }
        text => text,
    };
    if text.contains('$') {
        let message = format!("variables are not supported in \"{text}\"");
        let help = "write the text as it is to be sent; \"add_header\" takes variables";
        return Err(statement.error(1, message).with_help(help));
    }
    if text.contains(char::is_control) {
        let message = format!("invalid value \"{text}\" in \"server_tokens\" directive");
        return Err(statement.error(1, message));
    }
    statement.scope.insert(ServerTokens(text.into()));
    Ok(())
}

pub(super) const ABSOLUTE_REDIRECT: DirectiveSpec = DirectiveSpec {
    name: "absolute_redirect",
    contexts: ANYWHERE,
    arity: Arity::FLAG,
    doc: Doc {
        syntax: "absolute_redirect on | off;",
        default: "absolute_redirect on;",
        text: "Whether redirects to a path of this server name scheme and host. The host, with its port or without, is what \
               the client says in `Host`: what it came to may be mapped to the port that `listen` names.",
        example: "absolute_redirect off;",
    },
    apply: |statement| {
        let on = statement.flag(1)?;
        statement.scope.insert(AbsoluteRedirect(on));
        Ok(())
    },
    ..SPEC
};

pub(super) const IGNORE_INVALID_HEADERS: DirectiveSpec = DirectiveSpec {
    name: "ignore_invalid_headers",
    contexts: BEFORE_LOCATION,
    arity: Arity::FLAG,
    doc: Doc {
        syntax: "ignore_invalid_headers on | off;",
        default: "ignore_invalid_headers on;",
        text: "Whether request fields are dropped whose names have other characters than letters, \
               digits, hyphens and, with `underscores_in_headers`, underscores. Otherwise they \
               are passed on as they came. A name with blanks or control characters is refused.",
        example: "ignore_invalid_headers off;",
    },
    apply: |statement| {
        let on = statement.flag(1)?;
        statement.scope.insert(IgnoreInvalidHeaders(on));
        Ok(())
    },
    ..SPEC
};

pub(super) const UNDERSCORES_IN_HEADERS: DirectiveSpec = DirectiveSpec {
    name: "underscores_in_headers",
    contexts: BEFORE_LOCATION,
    arity: Arity::FLAG,
    doc: Doc {
        syntax: "underscores_in_headers on | off;",
        default: "underscores_in_headers off;",
        text: "Whether underscores are valid in the names of request fields; see \
               `ignore_invalid_headers`.",
        example: "underscores_in_headers on;",
    },
    apply: |statement| {
        let on = statement.flag(1)?;
        statement.scope.insert(UnderscoresInHeaders(on));
        Ok(())
    },
    ..SPEC
};

pub(super) const SATISFY: DirectiveSpec = DirectiveSpec {
    name: "satisfy",
    contexts: ANYWHERE,
    doc: Doc {
        syntax: "satisfy all | any;",
        default: "satisfy all;",
        text: "Whether every kind of access rule must let a request pass, or one is enough.",
        example: "satisfy any;",
    },
    apply: |statement| {
        let choices = [("all", Satisfy::All), ("any", Satisfy::Any)];
        let satisfy = statement.enumeration(1, &choices)?;
        statement.scope.insert(SatisfyWritten(satisfy));
        Ok(())
    },
    ..SPEC
};

pub(super) const INTERNAL: DirectiveSpec = DirectiveSpec {
    name: "internal",
    contexts: Contexts::LOCATION,
    arity: Arity::NONE,
    doc: Doc {
        syntax: "internal;",
        text: "The location and those within it are only for requests that were led there by \
               `error_page`, `index`, `rewrite` or `try_files`, and for `auth_request`; others are answered with 404.",
        example: "location /404.html {\n    internal;\n}",
        ..SPEC.doc
    },
    apply: |statement| {
        statement.scope.insert(Internal);
        Ok(())
    },
    ..SPEC
};
