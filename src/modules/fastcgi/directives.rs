//! The tables of directives that are about programs alone.

use super::{parameters, script};
use crate::conf::{Arity, Contexts, DirectiveSpec, Doc, Repeat, SPEC};
use crate::modules::family::{FastCgi, Scgi, Uwsgi};
use crate::modules::proxy;

/// Where most of them may stand.
const BLOCKS: Contexts = Contexts::HTTP.or(Contexts::SERVER).or(Contexts::LOCATION);
/// Where a location is passed on.
const PLACES: Contexts = Contexts::LOCATION
    .or(Contexts::LOCATION_IF)
    .or(Contexts::LIMIT_EXCEPT);

/// A row about parameters, of one family.
macro_rules! param {
    ($p:literal, $family:ty, $example:literal) => {
        DirectiveSpec {
            name: concat!($p, "_param"),
            contexts: BLOCKS,
            arity: Arity::between(2, 3),
            repeat: Repeat::Many,
            doc: Doc {
                syntax: concat!($p, "_param NAME VALUE [if_not_empty];"),
                default: "",
                text: "A parameter that programs get; with `if_not_empty` only if it has a value. The directives of one \
                       level replace those of all outer levels. Besides, programs get each field of the request, `X-Field` \
                       as `HTTP_X_FIELD`, unless a parameter of that name is set; fields of one name are one list. A field \
                       `Proxy` is left out, which programs would take for a setting of theirs.",
                example: $example,
            },
            apply: parameters::apply::<$family>,
            ..SPEC
        }
    };
}

/// Those of FastCGI.
pub(super) const FASTCGI: [DirectiveSpec; 6] = [
    DirectiveSpec {
        name: "fastcgi_pass",
        contexts: PLACES,
        doc: Doc {
            syntax: "fastcgi_pass ADDRESS;",
            default: "",
            text: "Hands requests of this location to a program that speaks FastCGI, as php-fpm does: a host or an address with \
                   a port, `unix:` and the path of a socket, or the name of an `upstream`. Variables are evaluated as those of \
                   `proxy_pass`. What holds for answers of `proxy_pass` holds here too (`X-Accel-Redirect`, `error_page` with \
                   `fastcgi_intercept_errors`, the next peer, buffering, `$upstream_...`). The status is that of the field `Status`; \
                   without it an answer with `Location` is a 302. An answer is whole once the program has said so: if it closes \
                   the connection before, the client sees that the answer is cut off. What it writes to its standard error goes to the error log, \
                   16 KiB for each request. A body whose length is not known is read as a whole first.",
            example: "location ~ \\.php$ {\n    include fastcgi_params;\n    fastcgi_param SCRIPT_FILENAME \
                      $document_root$fastcgi_script_name;\n    fastcgi_pass unix:/run/php/php-fpm.sock;\n}",
        },
        apply: proxy::apply::<FastCgi>,
        ..SPEC
    },
    param!(
        "fastcgi",
        FastCgi,
        "fastcgi_param SCRIPT_FILENAME /srv/app/index.php;"
    ),
    DirectiveSpec {
        name: "fastcgi_index",
        contexts: BLOCKS,
        doc: Doc {
            syntax: "fastcgi_index NAME;",
            default: "",
            text: "What `$fastcgi_script_name` has behind a path that ends in `/`.",
            example: "fastcgi_index index.php;",
        },
        apply: script::apply_index,
        ..SPEC
    },
    DirectiveSpec {
        name: "fastcgi_split_path_info",
        contexts: BLOCKS,
        doc: Doc {
            syntax: "fastcgi_split_path_info REGEX;",
            default: "",
            text: "An expression with two groups: what the first takes of the path is `$fastcgi_script_name`, and what the \
                   second takes is `$fastcgi_path_info`.",
            example: "fastcgi_split_path_info ^(.+?\\.php)(/.*)$;",
        },
        apply: script::apply_split,
        ..SPEC
    },
    DirectiveSpec {
        name: "fastcgi_catch_stderr",
        contexts: BLOCKS,
        repeat: Repeat::Many,
        doc: Doc {
            syntax: "fastcgi_catch_stderr TEXT;",
            default: "",
            text: "A text that makes an answer invalid if the program writes it to its standard error before the answer begins, in \
                   the first 16 kB of what it writes there: the next peer is asked (`fastcgi_next_upstream invalid_header`), or the request \
                   fails with 502.",
            example: "fastcgi_catch_stderr \"PHP Fatal error\";",
        },
        apply: parameters::apply_catch::<FastCgi>,
        ..SPEC
    },
    DirectiveSpec {
        name: "fastcgi_keep_conn",
        contexts: BLOCKS,
        arity: Arity::FLAG,
        doc: Doc {
            syntax: "fastcgi_keep_conn on | off;",
            default: "fastcgi_keep_conn off;",
            text: "Whether programs are told to keep connections open, which are used again if the `upstream` has `keepalive`. With one that \
                   has none, they are told to close them.",
            example: "",
        },
        apply: proxy::apply_keep_connection::<FastCgi>,
        ..SPEC
    },
];

/// Those of uwsgi.
pub(super) const UWSGI: [DirectiveSpec; 4] = [
    DirectiveSpec {
        name: "uwsgi_pass",
        contexts: PLACES,
        doc: Doc {
            syntax: "uwsgi_pass ADDRESS;",
            default: "",
            text: "Hands requests of this location to a program that speaks uwsgi, the protocol of uWSGI: a host or an address with \
                   a port, `unix:` and the path of a socket, or the name of an `upstream`, behind `uwsgi://` or nothing, or behind \
                   `suwsgi://` for TLS. All that is said of `fastcgi_pass` holds here too, but that an answer without a length \
                   ends with the connection, which is used once. An answer may begin with a status line. Parameters of more than 64 KiB cannot be said: the request fails with 400.",
            example: "location / {\n    include uwsgi_params;\n    uwsgi_pass unix:/run/uwsgi/app.sock;\n}",
        },
        apply: proxy::apply::<Uwsgi>,
        ..SPEC
    },
    param!("uwsgi", Uwsgi, "uwsgi_param UWSGI_SCHEME $scheme;"),
    DirectiveSpec {
        name: "uwsgi_modifier1",
        contexts: BLOCKS,
        doc: Doc {
            syntax: "uwsgi_modifier1 NUMBER;",
            default: "uwsgi_modifier1 0;",
            text: "The first number of a packet of uwsgi, which says what kind of program is asked.",
            example: "",
        },
        apply: parameters::apply_modifier1::<Uwsgi>,
        ..SPEC
    },
    DirectiveSpec {
        name: "uwsgi_modifier2",
        contexts: BLOCKS,
        doc: Doc {
            syntax: "uwsgi_modifier2 NUMBER;",
            default: "uwsgi_modifier2 0;",
            text: "The second number of a packet of uwsgi, whose meaning depends on the first.",
            example: "",
        },
        apply: parameters::apply_modifier2::<Uwsgi>,
        ..SPEC
    },
];

/// Those of SCGI.
pub(super) const SCGI: [DirectiveSpec; 2] = [
    DirectiveSpec {
        name: "scgi_pass",
        contexts: PLACES,
        doc: Doc {
            syntax: "scgi_pass ADDRESS;",
            default: "",
            text: "Hands requests of this location to a program that speaks SCGI: a host or an address with a port, `unix:` and the \
                   path of a socket, or the name of an `upstream`. All that is said of `uwsgi_pass` holds here too, but for TLS. \
                   `CONTENT_LENGTH` is always the first parameter and says the length of the body that is sent.",
            example: "location / {\n    include scgi_params;\n    scgi_pass localhost:4000;\n}",
        },
        apply: proxy::apply::<Scgi>,
        ..SPEC
    },
    param!("scgi", Scgi, "scgi_param SCGI 1;"),
];
