//! Details of responses: validators, ranges, chunks, redirects, pages of errors of pages of errors.

use super::limits::ANYWHERE;
use crate::conf::{Arity, Contexts, Diagnostic, DirectiveSpec, Doc, SPEC, Statement};
use crate::http::build::written::{
    Chunks, Etag, IfModifiedSince, KeepaliveDisable, MaxRanges, PortInRedirect,
    RecursiveErrorPages, ServerNameInRedirect,
};
use crate::http::message::validators::Since;
use crate::http::plan::settings::Impatient;

pub(super) const ROWS: &[DirectiveSpec] = &[
    DirectiveSpec {
        name: "etag",
        contexts: ANYWHERE,
        arity: Arity::FLAG,
        doc: Doc {
            syntax: "etag on | off;",
            default: "etag on;",
            text: "Whether files have an `ETag`, made of their length and the time of their last change.",
            example: "etag off;",
        },
        apply: |statement| {
            let on = statement.flag(1)?;
            statement.scope.insert(Etag(on));
            Ok(())
        },
        ..SPEC
    },
    DirectiveSpec {
        name: "if_modified_since",
        contexts: ANYWHERE,
        doc: Doc {
            syntax: "if_modified_since off | exact | before;",
            default: "if_modified_since exact;",
            text: "What of files and kept responses counts as unchanged since the date in `If-Modified-Since`: nothing \
                   (`off`), what was changed just then (`exact`), or then and earlier (`before`).",
            example: "if_modified_since before;",
        },
        apply: |statement| {
            let choices = [
                ("off", Since::Off),
                ("exact", Since::Exact),
                ("before", Since::Before),
            ];
            let since = statement.enumeration(1, &choices)?;
            statement.scope.insert(IfModifiedSince(since));
            Ok(())
        },
        ..SPEC
    },
    DirectiveSpec {
        name: "max_ranges",
        contexts: ANYWHERE,
        doc: Doc {
            syntax: "max_ranges NUMBER;",
            default: "",
            text: "How many ranges of a body are sent in one response; who asks for more gets the whole of it. With 0 \
                   there are no ranges, and no `Accept-Ranges`. Without the directive there may be any number, but \
                   never more bytes in all than the body has.",
            example: "max_ranges 1;",
        },
        apply: |statement| {
            let most = usize::try_from(statement.number(1)?).unwrap_or(usize::MAX);
            statement.scope.insert(MaxRanges(most));
            Ok(())
        },
        ..SPEC
    },
    DirectiveSpec {
        name: "chunked_transfer_encoding",
        contexts: ANYWHERE,
        arity: Arity::FLAG,
        doc: Doc {
            syntax: "chunked_transfer_encoding on | off;",
            default: "chunked_transfer_encoding on;",
            text: "Whether HTTP/1.1 has bodies in chunks whose length is not known before. With `off` the end of the \
                   connection is the end of such a body, for clients that know no chunks; one that is cut off looks \
                   like one that is whole then.",
            example: "chunked_transfer_encoding off;",
        },
        apply: |statement| {
            let on = statement.flag(1)?;
            statement.scope.insert(Chunks(on));
            Ok(())
        },
        ..SPEC
    },
    DirectiveSpec {
        name: "recursive_error_pages",
        contexts: ANYWHERE.or(Contexts::LOCATION_IF),
        arity: Arity::FLAG,
        doc: Doc {
            syntax: "recursive_error_pages on | off;",
            default: "recursive_error_pages off;",
            text: "Whether `error_page` holds for errors of what answers in the place of an error, too. There may be ten \
                   of them in a row.",
            example: "recursive_error_pages on;",
        },
        apply: |statement| {
            let on = statement.flag(1)?;
            statement.scope.insert(RecursiveErrorPages(on));
            Ok(())
        },
        ..SPEC
    },
    DirectiveSpec {
        name: "server_name_in_redirect",
        contexts: ANYWHERE,
        arity: Arity::FLAG,
        doc: Doc {
            syntax: "server_name_in_redirect on | off;",
            default: "server_name_in_redirect off;",
            text: "Whether redirects that name a host (see `absolute_redirect`) name the first `server_name`, if there \
                   is one, or the host that the client has asked for.",
            example: "server_name_in_redirect on;",
        },
        apply: |statement| {
            let on = statement.flag(1)?;
            statement.scope.insert(ServerNameInRedirect(on));
            Ok(())
        },
        ..SPEC
    },
    DirectiveSpec {
        name: "port_in_redirect",
        contexts: ANYWHERE,
        arity: Arity::FLAG,
        doc: Doc {
            syntax: "port_in_redirect on | off;",
            default: "",
            text: "Whether redirects that name a host (see `absolute_redirect`) name the port that the connection came \
                   to, if it is not the usual one of the protocol, or no port. Without the directive they name the \
                   port that the client says in `Host`, and that of the connection where the host is that of \
                   `server_name_in_redirect`.",
            example: "port_in_redirect off;",
        },
        apply: |statement| {
            let on = statement.flag(1)?;
            statement.scope.insert(PortInRedirect(on));
            Ok(())
        },
        ..SPEC
    },
    DirectiveSpec {
        name: "keepalive_disable",
        contexts: ANYWHERE,
        arity: Arity::between(1, 2),
        doc: Doc {
            syntax: "keepalive_disable none | BROWSER ...;",
            default: "keepalive_disable none;",
            text: "Browsers whose connections are closed behind a response, because they do not bear it otherwise: \
                   `msie6`, old ones of Microsoft, behind a POST; `safari`, Safari on macOS and systems like it.",
            example: "keepalive_disable msie6 safari;",
        },
        apply: keepalive_disable,
        ..SPEC
    },
];

fn keepalive_disable(statement: &mut Statement<'_>) -> Result<(), Diagnostic> {
    let mut whose = Impatient::default();
    for number in 1..=statement.arguments().len() {
        let choices = [("none", 0), ("msie6", 1), ("safari", 2)];
        match statement.enumeration(number, &choices)? {
            1 => whose.msie6 = true,
            2 => whose.safari = true,
            _ => {}
        }
    }
    statement.scope.insert(KeepaliveDisable(whose));
    Ok(())
}
