//! What is known of an encrypted connection. Plain ones have none of it.

use super::client_variables::VARIABLES as CLIENT;
use super::offer_text;
use crate::http::course::encryption::{Agreed, Offer};
use crate::http::course::request::Request;
use crate::http::plan::variable::{VARIABLE, VariableSpec};

/// All of them.
pub(super) static VARIABLES: [VariableSpec; CONNECTION.len() + CLIENT.len()] = {
    let mut all = [VARIABLE; CONNECTION.len() + CLIENT.len()];
    let mut place = 0;
    while place < all.len() {
        all[place] = match place < CONNECTION.len() {
            true => CONNECTION[place],
            false => CLIENT[place - CONNECTION.len()],
        };
        place += 1;
    }
    all
};

/// The defaults of a row here. As in nginx, `set` may put something in the place of each of these variables.
pub(super) const SETTABLE: VariableSpec = VariableSpec {
    may_be_set: true,
    ..VARIABLE
};

const CONNECTION: [VariableSpec; 10] = [
    VariableSpec {
        name: "ssl_alpn_protocol",
        doc: "What the client asked to speak and we agreed to, as `http/1.1`.",
        read: |request, _, out| told(request, out, |agreed| agreed.application.as_deref()),
        ..SETTABLE
    },
    VariableSpec {
        name: "ssl_cipher",
        doc: "The cipher suite of an encrypted connection, as OpenSSL calls it.",
        read: |request, _, out| told(request, out, |agreed| Some(agreed.cipher.as_bytes())),
        ..SETTABLE
    },
    VariableSpec {
        name: "ssl_ciphers",
        doc: "The cipher suites that the client offered, as OpenSSL calls them, with `:` between them.",
        read: |request, _, out| offered(request, out, |offer| offer_text::ciphers(&offer.ciphers)),
        ..SETTABLE
    },
    VariableSpec {
        name: "ssl_curve",
        doc: "The group that keys were agreed on in, as OpenSSL calls it: `X25519`, `prime256v1`.",
        read: |request, _, out| {
            let agreed = request.connection.encryption.agreed();
            let group = agreed.and_then(|agreed| agreed.group);
            out.extend_from_slice(offer_text::groups(group.as_slice()).as_bytes());
            group.is_some()
        },
        ..SETTABLE
    },
    VariableSpec {
        name: "ssl_curves",
        doc: "The groups that the client offered, as OpenSSL calls them, with `:` between them.",
        read: |request, _, out| offered(request, out, |offer| offer_text::groups(&offer.groups)),
        ..SETTABLE
    },
    VariableSpec {
        name: "ssl_early_data",
        doc: "`1` while a request was sent with the first flight of a handshake that is not done. Those are never taken here, so it is always empty.",
        read: |_, _, _| true,
        ..SETTABLE
    },
    VariableSpec {
        name: "ssl_protocol",
        doc: "The protocol of an encrypted connection, as `TLSv1.3`.",
        read: |request, _, out| told(request, out, |agreed| Some(agreed.protocol.as_bytes())),
        ..SETTABLE
    },
    VariableSpec {
        name: "ssl_server_cert_type",
        doc: "The kind of the certificate that the client was shown: `RSA`, `ECDSA`, `ED25519`.",
        read: |request, _, out| told(request, out, |agreed| Some(agreed.certificate.as_bytes())),
        ..SETTABLE
    },
    VariableSpec {
        name: "ssl_server_name",
        doc: "The name that the client asked for when it began to encrypt.",
        read: |request, _, out| {
            told(request, out, |agreed| {
                agreed.server_name.as_deref().map(str::as_bytes)
            })
        },
        ..SETTABLE
    },
    VariableSpec {
        name: "ssl_session_reused",
        doc: "`r` if an encrypted connection took up an earlier session, `.` if not.",
        read: |request, _, out| {
            told(request, out, |agreed| {
                Some(if agreed.resumed { b"r" } else { b"." })
            })
        },
        ..SETTABLE
    },
];

fn told(request: &Request, out: &mut Vec<u8>, part: impl Fn(&Agreed) -> Option<&[u8]>) -> bool {
    let found = request.connection.encryption.agreed().and_then(part);
    out.extend_from_slice(found.unwrap_or_default());
    found.is_some()
}

fn offered(request: &Request, out: &mut Vec<u8>, tell: impl Fn(&Offer) -> String) -> bool {
    let agreed = request.connection.encryption.agreed();
    let told = agreed.map(|agreed| tell(&agreed.offer));
    out.extend_from_slice(told.as_deref().unwrap_or_default().as_bytes());
    told.is_some_and(|told| !told.is_empty())
}
