//! The table of `proxy_ssl_*` and `grpc_ssl_*` directives.

use rustls::CipherSuite;

use super::own::half;
use crate::conf::{Arity, Contexts, DirectiveSpec, Doc, Repeat, SPEC, Text};
use crate::modules::family::{Grpc, Http, Uwsgi, insert};
use crate::modules::tls::ciphers;
use crate::modules::tls::conf_command;
use crate::modules::tls::trust::files::File;
use crate::modules::tls::{Protocols, Written};

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
pub(super) struct Certificate(pub(super) Option<Written>);
/// `proxy_ssl_certificate_key`
pub(super) struct Key(pub(super) Option<Written>);
/// `proxy_ssl_password_file`
pub(super) struct PasswordFile(pub(super) File);
/// `proxy_ssl_protocols`
pub(super) struct ProtocolsWritten(pub(super) Protocols);
/// `proxy_ssl_ciphers`
pub(super) struct Ciphers(pub(super) Vec<CipherSuite>);
/// `proxy_ssl_session_reuse`
pub(super) struct SessionReuse(pub(super) bool);

const BLOCKS: Contexts = Contexts::HTTP.or(Contexts::SERVER).or(Contexts::LOCATION);

/// The rows of one family.
macro_rules! rows {
    ($p:literal, $family:ty) => {
        [
            DirectiveSpec {
                name: concat!($p, "_ssl_name"),
                contexts: BLOCKS,
                doc: Doc {
                    syntax: concat!($p, "_ssl_name name;"),
                    default: concat!($p, "_ssl_name $proxy_host;"),
                    text: concat!("The name that peers behind `https://` are asked for with `", $p, "_ssl_server_name`, and that their \
                           certificate must have with `", $p, "_ssl_verify`; variables are evaluated, a port behind it is left out."),
                    example: concat!($p, "_ssl_name api.example.com;"),
                },
                apply: |statement| {
                    let name = statement.template(1)?;
                    insert::<$family, _>(statement, Name(name));
                    Ok(())
                },
                ..SPEC
            },
            DirectiveSpec {
                name: concat!($p, "_ssl_server_name"),
                contexts: BLOCKS,
                arity: Arity::FLAG,
                doc: Doc {
                    syntax: concat!($p, "_ssl_server_name on | off;"),
                    default: concat!($p, "_ssl_server_name off;"),
                    text: "Whether peers are told the name that is asked for (SNI), which those that serve several names need. \
                           Addresses are never told.",
                    example: "",
                },
                apply: |statement| {
                    let on = statement.flag(1)?;
                    insert::<$family, _>(statement, SendsName(on));
                    Ok(())
                },
                ..SPEC
            },
            DirectiveSpec {
                name: concat!($p, "_ssl_verify"),
                contexts: BLOCKS,
                arity: Arity::FLAG,
                doc: Doc {
                    syntax: concat!($p, "_ssl_verify on | off;"),
                    default: concat!($p, "_ssl_verify off;"),
                    text: concat!("Whether a peer's certificate must be valid, come from one of `", $p, "_ssl_trusted_certificate`, \
                           and have the name of `", $p, "_ssl_name`: among its alternative names or, if it has none, as the common \
                           name of its subject. If it is not so, the next peer is asked, or the request fails with 502, and the \
                           error log says why. It must be of version 3 of X.509, or stand itself in the file of trusted ones: those \
                           of version 1, as `openssl x509 -req` makes without `-extfile` before OpenSSL 3.4, are refused."),
                    example: concat!($p, "_ssl_verify on;\n", $p, "_ssl_trusted_certificate /etc/ssl/certs/ca-certificates.crt;\n", $p, "_ssl_server_name on;"),
                },
                apply: |statement| {
                    let on = statement.flag(1)?;
                    insert::<$family, _>(statement, Verify(on));
                    Ok(())
                },
                ..SPEC
            },
            DirectiveSpec {
                name: concat!($p, "_ssl_verify_depth"),
                contexts: BLOCKS,
                doc: Doc {
                    syntax: concat!($p, "_ssl_verify_depth number;"),
                    default: concat!($p, "_ssl_verify_depth 1;"),
                    text: "How many certificates of authorities may stand between that of a peer and a trusted one. More than 6 \
                           are refused in any case.",
                    example: "",
                },
                apply: |statement| {
                    let depth = statement.number(1)?;
                    insert::<$family, _>(statement, VerifyDepth(depth));
                    Ok(())
                },
                ..SPEC
            },
            DirectiveSpec {
                name: concat!($p, "_ssl_trusted_certificate"),
                contexts: BLOCKS,
                doc: Doc {
                    syntax: concat!($p, "_ssl_trusted_certificate file;"),
                    default: "",
                    text: concat!("A file in PEM with the certificates that `", $p, "_ssl_verify` trusts, read when the configuration is \
                           loaded. What they issued is trusted, also by those that are no roots. A certificate of a peer \
                           that itself stands in the file needs no issuer, and may be that of an authority, as those are that \
                           openssl makes by default, or of version 1."),
                    example: "",
                },
                apply: |statement| {
                    let file = File::of(statement)?;
                    insert::<$family, _>(statement, Trusted(file));
                    Ok(())
                },
                ..SPEC
            },
            DirectiveSpec {
                name: concat!($p, "_ssl_crl"),
                contexts: BLOCKS,
                doc: Doc {
                    syntax: concat!($p, "_ssl_crl file;"),
                    default: "",
                    text: concat!("A file in PEM with lists of revoked certificates (CRL), for `", $p, "_ssl_verify`. There must be one in force \
                           of each issuer of a peer's certificate. Delta lists and indirect ones are refused."),
                    example: "",
                },
                apply: |statement| {
                    let file = File::of(statement)?;
                    insert::<$family, _>(statement, Crl(file));
                    Ok(())
                },
                ..SPEC
            },
            DirectiveSpec {
                name: concat!($p, "_ssl_certificate"),
                contexts: BLOCKS,
                doc: Doc {
                    syntax: concat!($p, "_ssl_certificate file | data:text;"),
                    default: "",
                    text: "A file in PEM with the certificate that is shown to peers which ask for one, and those of its issuers behind \
                           it. An empty name takes back what an outer level says. Behind `data:` stands what would be in the file. With \
                           variables in it, the file is named by each request and read by the worker, when it is first named and \
                           again when it has changed; what is named by 256 names is remembered for each location. A request that \
                           names none shows none; one whose file cannot be used fails with 500.",
                    example: concat!($p, "_ssl_certificate /etc/ssl/client.pem;\n", $p, "_ssl_certificate_key /etc/ssl/private/client.key;"),
                },
                apply: |statement| {
                    let written = half(statement)?;
                    insert::<$family, _>(statement, Certificate(written));
                    Ok(())
                },
                ..SPEC
            },
            DirectiveSpec {
                name: concat!($p, "_ssl_certificate_key"),
                contexts: BLOCKS,
                doc: Doc {
                    syntax: concat!($p, "_ssl_certificate_key file | data:text;"),
                    default: "",
                    text: concat!("The private key of `", $p, "_ssl_certificate`, in PEM: RSA, ECDSA or Ed25519; one that is encrypted is opened \
                           with `", $p, "_ssl_password_file`."),
                    example: "",
                },
                apply: |statement| {
                    let written = half(statement)?;
                    insert::<$family, _>(statement, Key(written));
                    Ok(())
                },
                ..SPEC
            },
            DirectiveSpec {
                name: concat!($p, "_ssl_password_file"),
                contexts: BLOCKS,
                doc: Doc {
                    syntax: concat!($p, "_ssl_password_file file;"),
                    default: "",
                    text: concat!("A file of passwords, one on each line, that are tried in turn on a `", $p, "_ssl_certificate_key` that is \
                           encrypted, in the form of PKCS #8."),
                    example: "",
                },
                apply: |statement| {
                    let file = File::of(statement)?;
                    insert::<$family, _>(statement, PasswordFile(file));
                    Ok(())
                },
                ..SPEC
            },
            DirectiveSpec {
                name: concat!($p, "_ssl_protocols"),
                contexts: BLOCKS,
                arity: Arity::at_least(1),
                doc: Doc {
                    syntax: concat!($p, "_ssl_protocols [TLSv1.2] [TLSv1.3];"),
                    default: concat!($p, "_ssl_protocols TLSv1.2 TLSv1.3;"),
                    text: "Which versions of TLS are spoken with peers, in any letter case. `SSLv2`, `SSLv3`, `TLSv1` and `TLSv1.1` are \
                           understood, warned of and not spoken.",
                    example: "",
                },
                apply: |statement| {
                    let protocols = Protocols::read(statement)?;
                    insert::<$family, _>(statement, ProtocolsWritten(protocols));
                    Ok(())
                },
                ..SPEC
            },
            DirectiveSpec {
                name: concat!($p, "_ssl_ciphers"),
                contexts: BLOCKS,
                doc: Doc {
                    syntax: concat!($p, "_ssl_ciphers list;"),
                    default: concat!($p, "_ssl_ciphers DEFAULT;"),
                    text: "The ciphers of TLS 1.2 that are offered to peers, as an OpenSSL list. There are AES-GCM and ChaCha20-Poly1305 \
                           with ECDHE; a list in which none of them is left is an error, and others in it are warned of. Those \
                           of TLS 1.3 are always offered.",
                    example: concat!($p, "_ssl_ciphers ECDHE+AESGCM;"),
                },
                apply: |statement| {
                    let suites = ciphers::of(statement)?;
                    insert::<$family, _>(statement, Ciphers(suites));
                    Ok(())
                },
                ..SPEC
            },
            DirectiveSpec {
                name: concat!($p, "_ssl_conf_command"),
                contexts: BLOCKS,
                arity: Arity::exactly(2),
                repeat: Repeat::Many,
                doc: Doc {
                    syntax: concat!($p, "_ssl_conf_command Ciphersuites list;"),
                    default: "",
                    text: "The ciphers of TLS 1.3 that are offered to peers, best first, as `ssl_conf_command` has them for clients; other commands \
                           are errors.",
                    example: concat!($p, "_ssl_conf_command Ciphersuites TLS_AES_128_GCM_SHA256;"),
                },
                apply: |statement| {
                    let suites = conf_command::suites(statement)?;
                    insert::<$family, _>(statement, suites);
                    Ok(())
                },
                ..SPEC
            },
            DirectiveSpec {
                name: concat!($p, "_ssl_session_reuse"),
                contexts: BLOCKS,
                arity: Arity::FLAG,
                doc: Doc {
                    syntax: concat!($p, "_ssl_session_reuse on | off;"),
                    default: concat!($p, "_ssl_session_reuse on;"),
                    text: "Whether sessions with peers are taken up again, which makes handshakes cheaper. Each worker remembers its \
                           own, for each peer.",
                    example: "",
                },
                apply: |statement| {
                    let on = statement.flag(1)?;
                    insert::<$family, _>(statement, SessionReuse(on));
                    Ok(())
                },
                ..SPEC
            },
        ]
    };
}

/// Those of `proxy_pass`.
pub(in crate::modules::proxy) const HTTP: [DirectiveSpec; 13] = rows!("proxy", Http);
/// Those of `grpc_pass`.
pub(in crate::modules::proxy) const GRPC: [DirectiveSpec; 13] = rows!("grpc", Grpc);
/// Those of `uwsgi_pass`.
pub(in crate::modules::proxy) const UWSGI: [DirectiveSpec; 13] = rows!("uwsgi", Uwsgi);
