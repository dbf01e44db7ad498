//! The `js_fetch_*` directives.

use std::time::Duration;

use rustls::CipherSuite;

use crate::conf::{Arity, Contexts, DirectiveSpec, Doc, SPEC};
use crate::modules::tls::trust::files::File;
use crate::modules::tls::{Protocols, ciphers};

/// `js_fetch_trusted_certificate`
pub(super) struct Trusted(pub(super) File);
/// `js_fetch_verify`
pub(super) struct Verify(pub(super) bool);
/// `js_fetch_verify_depth`
pub(super) struct VerifyDepth(pub(super) u64);
/// `js_fetch_protocols`
pub(super) struct ProtocolsWritten(pub(super) Protocols);
/// `js_fetch_ciphers`
pub(super) struct Ciphers(pub(super) Vec<CipherSuite>);
/// `js_fetch_timeout`
pub(super) struct Patience(pub(super) Duration);
/// `js_fetch_buffer_size`
pub(super) struct BufferSize(pub(super) usize);
/// `js_fetch_max_response_buffer_size`
pub(super) struct MostResponse(pub(super) usize);

const BLOCKS: Contexts = Contexts::HTTP.or(Contexts::SERVER).or(Contexts::LOCATION);

pub(in crate::modules::js) const DIRECTIVES: [DirectiveSpec; 8] = [
    DirectiveSpec {
        name: "js_fetch_trusted_certificate",
        contexts: BLOCKS,
        doc: Doc {
            syntax: "js_fetch_trusted_certificate file;",
            default: "",
            text: "A file in PEM with the certificates that servers of `https` are verified by in `ngx.fetch`, read when the \
                   configuration is loaded. Without it no such server is believed, unless `js_fetch_verify` is off.",
            example: "js_fetch_trusted_certificate /etc/ssl/certs/ca-certificates.crt;",
        },
        apply: |statement| {
            let file = File::of(statement)?;
            statement.scope.insert(Trusted(file));
            Ok(())
        },
        ..SPEC
    },
    DirectiveSpec {
        name: "js_fetch_verify",
        contexts: BLOCKS,
        arity: Arity::FLAG,
        doc: Doc {
            syntax: "js_fetch_verify on | off;",
            default: "js_fetch_verify on;",
            text: "Whether servers of `https` must have a valid certificate for their name in `ngx.fetch`. The option `verify` of a \
                   call goes before it.",
            example: "",
        },
        apply: |statement| {
            let on = statement.flag(1)?;
            statement.scope.insert(Verify(on));
            Ok(())
        },
        ..SPEC
    },
    DirectiveSpec {
        name: "js_fetch_verify_depth",
        contexts: BLOCKS,
        doc: Doc {
            syntax: "js_fetch_verify_depth number;",
            default: "js_fetch_verify_depth 100;",
            text: "How many certificates of authorities may stand between that of a server and a trusted one in `ngx.fetch`. More \
                   than 6 are refused in any case.",
            example: "",
        },
        apply: |statement| {
            let depth = statement.number(1)?;
            statement.scope.insert(VerifyDepth(depth));
            Ok(())
        },
        ..SPEC
    },
    DirectiveSpec {
        name: "js_fetch_protocols",
        contexts: BLOCKS,
        arity: Arity::at_least(1),
        doc: Doc {
            syntax: "js_fetch_protocols [TLSv1.2] [TLSv1.3];",
            default: "js_fetch_protocols TLSv1.2 TLSv1.3;",
            text: "Which versions of TLS `ngx.fetch` speaks. `SSLv2`, `SSLv3`, `TLSv1` and `TLSv1.1` are understood, warned of \
                   and not spoken.",
            example: "",
        },
        apply: |statement| {
            let protocols = Protocols::read(statement)?;
            statement.scope.insert(ProtocolsWritten(protocols));
            Ok(())
        },
        ..SPEC
    },
    DirectiveSpec {
        name: "js_fetch_ciphers",
        contexts: BLOCKS,
        doc: Doc {
            syntax: "js_fetch_ciphers list;",
            default: "js_fetch_ciphers DEFAULT;",
            text: "The ciphers of TLS 1.2 that `ngx.fetch` offers, as an OpenSSL list. Those of TLS 1.3 are always offered.",
            example: "js_fetch_ciphers ECDHE+AESGCM;",
        },
        apply: |statement| {
            let suites = ciphers::of(statement)?;
            statement.scope.insert(Ciphers(suites));
            Ok(())
        },
        ..SPEC
    },
    DirectiveSpec {
        name: "js_fetch_timeout",
        contexts: BLOCKS,
        doc: Doc {
            syntax: "js_fetch_timeout time;",
            default: "js_fetch_timeout 60s;",
            text: "How long `ngx.fetch` waits for a connection, for its handshake, and between two pieces that it reads or writes. \
                   Then its promise is rejected.",
            example: "",
        },
        apply: |statement| {
            let time = Duration::from_millis(statement.milliseconds(1)?);
            statement.scope.insert(Patience(time));
            Ok(())
        },
        ..SPEC
    },
    DirectiveSpec {
        name: "js_fetch_buffer_size",
        contexts: BLOCKS,
        doc: Doc {
            syntax: "js_fetch_buffer_size size;",
            default: "js_fetch_buffer_size 16k;",
            text: "How long the head of a response to `ngx.fetch` may be. The option `buffer_size` of a call goes before it.",
            example: "",
        },
        apply: |statement| {
            let size = usize::try_from(statement.size(1)?).unwrap_or(usize::MAX);
            statement.scope.insert(BufferSize(size));
            Ok(())
        },
        ..SPEC
    },
    DirectiveSpec {
        name: "js_fetch_max_response_buffer_size",
        contexts: BLOCKS,
        doc: Doc {
            syntax: "js_fetch_max_response_buffer_size size;",
            default: "js_fetch_max_response_buffer_size 1m;",
            text: "How long the body of a response to `ngx.fetch` may be; the promise of one that gets longer is rejected. The \
                   option `max_response_body_size` of a call goes before it.",
            example: "",
        },
        apply: |statement| {
            let size = usize::try_from(statement.size(1)?).unwrap_or(usize::MAX);
            statement.scope.insert(MostResponse(size));
            Ok(())
        },
        ..SPEC
    },
];
