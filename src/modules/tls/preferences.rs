//! Which ciphers and groups are spoken with clients, in which order, and how long records are.

use rustls::crypto::ring::kx_group::{SECP256R1, SECP384R1, X25519};
use rustls::crypto::{CryptoProvider, SupportedKxGroup};
use rustls::{CipherSuite, NamedGroup, ServerConfig};

use super::ciphers;
use super::conf_command::Suites;
use super::directives::OUTER;
use crate::conf::{Arity, Chain, Diagnostic, DirectiveSpec, Doc, SPEC, Statement};

pub(super) const CIPHERS: DirectiveSpec = DirectiveSpec {
    name: "ssl_ciphers",
    contexts: OUTER,
    doc: Doc {
        syntax: "ssl_ciphers list;",
        default: "ssl_ciphers HIGH:!aNULL:!MD5;",
        text: "The ciphers of TLS 1.2, as an OpenSSL list. There are AES-GCM and ChaCha20-Poly1305 with ECDHE; a \
               list in which none of them is left is an error, and others that it names are warned of. Those of TLS 1.3 \
               are always there, see `ssl_conf_command`.",
        example: "ssl_ciphers ECDHE+AESGCM;",
    },
    apply: |statement| {
        let suites = ciphers::of(statement)?;
        statement.scope.insert(Ciphers(suites));
        Ok(())
    },
    ..SPEC
};

pub(super) const CURVE: DirectiveSpec = DirectiveSpec {
    name: "ssl_ecdh_curve",
    contexts: OUTER,
    doc: Doc {
        syntax: "ssl_ecdh_curve list;",
        default: "ssl_ecdh_curve auto;",
        text: "The groups in which keys are agreed on, best first, with `:` between them: `X25519`, `prime256v1` \
               (`P-256`) and `secp384r1` (`P-384`). A list in which none of them is left is an error, and others \
               that it names are warned of.",
        example: "ssl_ecdh_curve X25519:prime256v1;",
    },
    apply: curve,
    ..SPEC
};

pub(super) const PREFER: DirectiveSpec = DirectiveSpec {
    name: "ssl_prefer_server_ciphers",
    contexts: OUTER,
    arity: Arity::FLAG,
    doc: Doc {
        syntax: "ssl_prefer_server_ciphers on | off;",
        default: "ssl_prefer_server_ciphers off;",
        text: "Whether the server's order of ciphers decides rather than the client's.",
        example: "",
    },
    apply: |statement| {
        let on = statement.flag(1)?;
        statement.scope.insert(Prefer(on));
        Ok(())
    },
    ..SPEC
};

pub(super) const BUFFER_SIZE: DirectiveSpec = DirectiveSpec {
    name: "ssl_buffer_size",
    contexts: OUTER,
    doc: Doc {
        syntax: "ssl_buffer_size size;",
        default: "ssl_buffer_size 16k;",
        text: "How long the records are at most in which responses are sent: short ones can be read sooner, long ones \
               cost less. From 512 bytes to 16k; what is longer means 16k.",
        example: "ssl_buffer_size 4k;",
    },
    apply: |statement| {
        let size = statement.size(1)?;
        if size < LEAST {
            let message = format!("\"{}\" is too short", statement.text(1));
            return Err(statement.error(1, message).with_help("the shortest is 512"));
        }
        statement.scope.insert(BufferSize(size));
        Ok(())
    },
    ..SPEC
};

/// `ssl_ciphers`
struct Ciphers(Vec<CipherSuite>);
/// `ssl_ecdh_curve`; `None` is `auto`.
struct Curve(Option<Vec<NamedGroup>>);
/// `ssl_prefer_server_ciphers`
struct Prefer(bool);
/// `ssl_buffer_size`
struct BufferSize(u64);

const LEAST: u64 = 512;
/// What a record can hold, and what stands around it.
const MOST: u64 = 16 << 10;
const AROUND: usize = 5;

static GROUPS: [&dyn SupportedKxGroup; 3] = [X25519, SECP256R1, SECP384R1];

fn curve(statement: &mut Statement<'_>) -> Result<(), Diagnostic> {
    let text = statement.text(1).to_owned();
    if text == "auto" {
        statement.scope.insert(Curve(None));
        return Ok(());
    }
    let (mut groups, mut unknown) = (Vec::new(), Vec::new());
    for name in text.split(':').filter(|name| !name.is_empty()) {
        match &*name.to_ascii_lowercase() {
            "x25519" => groups.push(NamedGroup::X25519),
            "prime256v1" | "p-256" | "secp256r1" => groups.push(NamedGroup::secp256r1),
            "secp384r1" | "p-384" => groups.push(NamedGroup::secp384r1),
            _ => unknown.push(name),
        }
    }
    if groups.is_empty() {
        let help = "there are \"X25519\", \"prime256v1\" and \"secp384r1\"";
        let message = format!("no group is left of \"{text}\"");
        return Err(statement.error(1, message).with_help(help));
    }
    if !unknown.is_empty() {
        let message = format!("not supported, ignored: {}", unknown.join(", "));
        let span = statement.word(1).span;
        statement
            .diagnostics
            .push(Diagnostic::warning(span, message));
    }
    statement.scope.insert(Curve(Some(groups)));
    Ok(())
}

/// What a server speaks.
pub(super) fn provider(chain: &Chain<'_>) -> CryptoProvider {
    let suites = chain.nearest::<Ciphers>();
    let suites = suites.map_or_else(ciphers::all, |Ciphers(suites)| suites.clone());
    let mut provider = ciphers::provider(&suites);
    if let Some(suites) = chain.nearest::<Suites>() {
        suites.restrict(&mut provider);
    }
    if let Some(Curve(Some(groups))) = chain.nearest() {
        let named = |name: &NamedGroup| GROUPS.into_iter().find(|group| group.name() == *name);
        provider.kx_groups = groups.iter().filter_map(named).collect();
    }
    provider
}

/// How it does so.
pub(super) fn set(chain: &Chain<'_>, config: &mut ServerConfig) {
    config.ignore_client_order = chain.nearest().is_some_and(|Prefer(on)| *on);
    config.max_fragment_size = chain.nearest().map(|BufferSize(size)| {
        let size = usize::try_from((*size).min(MOST)).unwrap_or_default();
        size + AROUND
    });
}
