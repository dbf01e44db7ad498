//! What is known of an encrypted connection. Plain ones have none of it.

use crate::http::course::encryption::Agreed;
use crate::http::course::request::Request;
use crate::http::plan::variable::{VARIABLE, VariableSpec};

pub(super) const VARIABLES: &[VariableSpec] = &[
    VariableSpec {
        name: "ssl_alpn_protocol",
        doc: "What the client asked to speak and we agreed to, as `http/1.1`.",
        read: |request, _, out| told(request, out, |agreed| agreed.application.as_deref()),
        ..VARIABLE
    },
    VariableSpec {
        name: "ssl_cipher",
        doc: "The cipher suite of an encrypted connection, as OpenSSL calls it.",
        read: |request, _, out| told(request, out, |agreed| Some(agreed.cipher.as_bytes())),
        ..VARIABLE
    },
    VariableSpec {
        name: "ssl_protocol",
        doc: "The protocol of an encrypted connection, as `TLSv1.3`.",
        read: |request, _, out| told(request, out, |agreed| Some(agreed.protocol.as_bytes())),
        ..VARIABLE
    },
    VariableSpec {
        name: "ssl_server_cert_type",
        doc: "The kind of the certificate that the client was shown: `RSA`, `ECDSA`, `ED25519`.",
        read: |request, _, out| told(request, out, |agreed| Some(agreed.certificate.as_bytes())),
        ..VARIABLE
    },
    VariableSpec {
        name: "ssl_server_name",
        doc: "The name that the client asked for when it began to encrypt.",
        read: |request, _, out| {
            told(request, out, |agreed| {
                agreed.server_name.as_deref().map(str::as_bytes)
            })
        },
        ..VARIABLE
    },
    VariableSpec {
        name: "ssl_session_reused",
        doc: "`r` if an encrypted connection took up an earlier session, `.` if not.",
        read: |request, _, out| {
            told(request, out, |agreed| {
                Some(if agreed.resumed { b"r" } else { b"." })
            })
        },
        ..VARIABLE
    },
];

fn told(request: &Request, out: &mut Vec<u8>, part: impl Fn(&Agreed) -> Option<&[u8]>) -> bool {
    let found = request.connection.encryption.agreed().and_then(part);
    out.extend_from_slice(found.unwrap_or_default());
    found.is_some()
}
