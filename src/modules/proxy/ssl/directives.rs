//! The table of `proxy_ssl_*` directives.

use rustls::CipherSuite;

use crate::conf::{Arity, Contexts, DirectiveSpec, Doc, SPEC, Text};
use crate::modules::tls::Protocols;
use crate::modules::tls::ciphers;
use crate::modules::tls::trust::files::File;

/// `proxy_ssl_name`
pub(super) struct Name(pub(super) Text);
/// `proxy_ssl_server_name`
pub(super) struct SendsName(pub(super) bool);
/// `proxy_ssl_verify`
pub(super) struct Verify(pub(super) bool);
/// `proxy_ssl_verify_depth`
pub(super) struct VerifyDepth(pub(super) u64);
/// `proxy_ssl_trusted_certificate`
pub(super) struct Trusted(pub(super) File);
/// `proxy_ssl_crl`
pub(super) struct Crl(pub(super) File);
/// `proxy_ssl_certificate`
pub(super) struct Certificate(pub(super) Option<File>);
/// `proxy_ssl_certificate_key`
pub(super) struct Key(pub(super) Option<File>);
/// `proxy_ssl_password_file`
pub(super) struct PasswordFile(pub(super) File);
/// `proxy_ssl_protocols`
pub(super) struct ProtocolsWritten(pub(super) Protocols);
/// `proxy_ssl_ciphers`
pub(super) struct Ciphers(pub(super) Vec<CipherSuite>);
/// `proxy_ssl_session_reuse`
pub(super) struct SessionReuse(pub(super) bool);

const BLOCKS: Contexts = Contexts::HTTP.or(Contexts::SERVER).or(Contexts::LOCATION);

/// The rows.
pub(in crate::modules::proxy) const ROWS: [DirectiveSpec; 12] = [
    DirectiveSpec {
        name: "proxy_ssl_name",
        contexts: BLOCKS,
        doc: Doc {
            syntax: "proxy_ssl_name name;",
            default: "proxy_ssl_name $proxy_host;",
            text: "The name that peers behind `https://` are asked for with `proxy_ssl_server_name`, and that their \
                   certificate must have with `proxy_ssl_verify`; variables are evaluated, a port behind it is left out.",
            example: "proxy_ssl_name api.example.com;",
        },
        apply: |statement| {
            let name = statement.template(1)?;
            statement.scope.insert(Name(name));
            Ok(())
        },
        ..SPEC
    },
    DirectiveSpec {
        name: "proxy_ssl_server_name",
        contexts: BLOCKS,
        arity: Arity::FLAG,
        doc: Doc {
            syntax: "proxy_ssl_server_name on | off;",
            default: "proxy_ssl_server_name off;",
            text: "Whether peers are told the name that is asked for (SNI), which those that serve several names need. \
                   Addresses are never told.",
            example: "",
        },
        apply: |statement| {
            let on = statement.flag(1)?;
            statement.scope.insert(SendsName(on));
            Ok(())
        },
        ..SPEC
    },
    DirectiveSpec {
        name: "proxy_ssl_verify",
        contexts: BLOCKS,
        arity: Arity::FLAG,
        doc: Doc {
            syntax: "proxy_ssl_verify on | off;",
            default: "proxy_ssl_verify off;",
            text: "Whether a peer's certificate must be valid, come from one of `proxy_ssl_trusted_certificate`, \
                   and have the name of `proxy_ssl_name`: among its alternative names or, if it has none, as the common \
                   name of its subject. If it is not so, the next peer is asked, or the request fails with 502, and the \
                   error log says why.",
            example: "proxy_ssl_verify on;\nproxy_ssl_trusted_certificate /etc/ssl/certs/ca-certificates.crt;\nproxy_ssl_server_name on;",
        },
        apply: |statement| {
            let on = statement.flag(1)?;
            statement.scope.insert(Verify(on));
            Ok(())
        },
        ..SPEC
    },
    DirectiveSpec {
        name: "proxy_ssl_verify_depth",
        contexts: BLOCKS,
        doc: Doc {
            syntax: "proxy_ssl_verify_depth number;",
            default: "proxy_ssl_verify_depth 1;",
            text: "How many certificates of authorities may stand between that of a peer and a trusted one. More than 6 \
                   are refused in any case.",
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
        name: "proxy_ssl_trusted_certificate",
        contexts: BLOCKS,
        doc: Doc {
            syntax: "proxy_ssl_trusted_certificate file;",
            default: "",
            text: "A file in PEM with the certificates that `proxy_ssl_verify` trusts, read when the configuration is \
                   loaded. What they issued is trusted, also by those that are no roots. A certificate of a peer \
                   that itself stands in the file needs no issuer, and may be that of an authority, as those are that \
                   openssl makes by default, or of version 1.",
            example: "",
        },
        apply: |statement| {
            let file = File::of(statement)?;
            statement.scope.insert(Trusted(file));
            Ok(())
        },
        ..SPEC
    },
    DirectiveSpec {
        name: "proxy_ssl_crl",
        contexts: BLOCKS,
        doc: Doc {
            syntax: "proxy_ssl_crl file;",
            default: "",
            text: "A file in PEM with lists of revoked certificates (CRL), for `proxy_ssl_verify`. There must be one in force \
                   of each issuer of a peer's certificate. Delta lists and indirect ones are refused.",
            example: "",
        },
        apply: |statement| {
            let file = File::of(statement)?;
            statement.scope.insert(Crl(file));
            Ok(())
        },
        ..SPEC
    },
    DirectiveSpec {
        name: "proxy_ssl_certificate",
        contexts: BLOCKS,
        doc: Doc {
            syntax: "proxy_ssl_certificate file;",
            default: "",
            text: "A file in PEM with the certificate that is shown to peers which ask for one, and those of its issuers behind \
                   it. An empty name takes back what an outer level says.",
            example: "proxy_ssl_certificate /etc/ssl/client.pem;\nproxy_ssl_certificate_key /etc/ssl/private/client.key;",
        },
        apply: |statement| {
            let file = File::or_none(statement)?;
            statement.scope.insert(Certificate(file));
            Ok(())
        },
        ..SPEC
    },
    DirectiveSpec {
        name: "proxy_ssl_certificate_key",
        contexts: BLOCKS,
        doc: Doc {
            syntax: "proxy_ssl_certificate_key file;",
            default: "",
            text: "The private key of `proxy_ssl_certificate`, in PEM: RSA, ECDSA or Ed25519; one that is encrypted is opened with \
                   `proxy_ssl_password_file`.",
            example: "",
        },
        apply: |statement| {
            let file = File::or_none(statement)?;
            statement.scope.insert(Key(file));
            Ok(())
        },
        ..SPEC
    },
    DirectiveSpec {
        name: "proxy_ssl_password_file",
        contexts: BLOCKS,
        doc: Doc {
            syntax: "proxy_ssl_password_file file;",
            default: "",
            text: "A file of passwords, one on each line, that are tried in turn on a `proxy_ssl_certificate_key` that is \
                   encrypted, in the form of PKCS #8.",
            example: "",
        },
        apply: |statement| {
            let file = File::of(statement)?;
            statement.scope.insert(PasswordFile(file));
            Ok(())
        },
        ..SPEC
    },
    DirectiveSpec {
        name: "proxy_ssl_protocols",
        contexts: BLOCKS,
        arity: Arity::at_least(1),
        doc: Doc {
            syntax: "proxy_ssl_protocols [TLSv1.2] [TLSv1.3];",
            default: "proxy_ssl_protocols TLSv1.2 TLSv1.3;",
            text: "Which versions of TLS are spoken with peers, in any letter case. `SSLv2`, `SSLv3`, `TLSv1` and `TLSv1.1` are \
                   understood, warned of and not spoken.",
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
        name: "proxy_ssl_ciphers",
        contexts: BLOCKS,
        doc: Doc {
            syntax: "proxy_ssl_ciphers list;",
            default: "proxy_ssl_ciphers DEFAULT;",
            text: "The ciphers of TLS 1.2 that are offered to peers, as an OpenSSL list. There are AES-GCM and ChaCha20-Poly1305 \
                   with ECDHE; a list in which none of them is left is an error, and others in it are warned of. Those \
                   of TLS 1.3 are always offered.",
            example: "proxy_ssl_ciphers ECDHE+AESGCM;",
        },
        apply: |statement| {
            let suites = ciphers::of(statement)?;
            statement.scope.insert(Ciphers(suites));
            Ok(())
        },
        ..SPEC
    },
    DirectiveSpec {
        name: "proxy_ssl_session_reuse",
        contexts: BLOCKS,
        arity: Arity::FLAG,
        doc: Doc {
            syntax: "proxy_ssl_session_reuse on | off;",
            default: "proxy_ssl_session_reuse on;",
            text: "Whether sessions with peers are taken up again, which makes handshakes cheaper. Each worker remembers its \
                   own, for each peer.",
            example: "",
        },
        apply: |statement| {
            let on = statement.flag(1)?;
            statement.scope.insert(SessionReuse(on));
            Ok(())
        },
        ..SPEC
    },
];
