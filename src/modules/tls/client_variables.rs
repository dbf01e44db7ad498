//! What is known of the certificate of a client.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ring::digest::{SHA1_FOR_LEGACY_USE_ONLY, digest};
use rustls_pki_types::{CertificateDer, UnixTime};
use x509_parser::certificate::X509Certificate;

use super::certificate_text as text;
use super::inspect;
use super::variables::SETTABLE;
use crate::http::course::client_certificate::ClientCertificate;
use crate::http::course::request::Request;
use crate::http::message::uri::{self, Escape};
use crate::http::plan::variable::VariableSpec;

pub(super) const VARIABLES: [VariableSpec; 13] = [
    VariableSpec {
        name: "ssl_client_verify",
        doc: "What is thought of the client's certificate: `SUCCESS`, `FAILED:` and the reason in OpenSSL's words, or \
              `NONE` where there is none.",
        read: |request, _, out| {
            let agreed = request.connection.encryption.agreed();
            let told = agreed.map(|agreed| match &agreed.client {
                None => "NONE".to_owned(),
                Some(ClientCertificate {
                    verdict: Ok(()), ..
                }) => "SUCCESS".to_owned(),
                Some(ClientCertificate {
                    verdict: Err(distrust),
                    ..
                }) => {
                    format!("FAILED:{}", distrust.reason)
                }
            });
            out.extend_from_slice(told.as_deref().unwrap_or_default().as_bytes());
            told.is_some()
        },
        ..SETTABLE
    },
    VariableSpec {
        name: "ssl_client_cert",
        doc: "The client's certificate in PEM, with a tab before each line but the first, for fields of requests to \
              origins; `$ssl_client_escaped_cert` is better for that.",
        read: |request, _, out| {
            shown(request, out, |own| {
                let pem = pem(own);
                Some(pem.trim_end().replace('\n', "\n\t"))
            })
        },
        ..SETTABLE
    },
    VariableSpec {
        name: "ssl_client_raw_cert",
        doc: "The client's certificate in PEM.",
        read: |request, _, out| shown(request, out, |own| Some(pem(own))),
        ..SETTABLE
    },
    VariableSpec {
        name: "ssl_client_escaped_cert",
        doc: "The client's certificate in PEM, percent-encoded.",
        read: |request, _, out| {
            shown(request, out, |own| {
                let mut out = Vec::new();
                uri::escape(pem(own).as_bytes(), Escape::Argument, &mut out);
                String::from_utf8(out).ok()
            })
        },
        ..SETTABLE
    },
    VariableSpec {
        name: "ssl_client_s_dn",
        doc: "The subject of the client's certificate as RFC 2253 writes it: `CN=alice,O=Example`.",
        read: |request, _, out| parsed(request, out, |own| text::name(own.subject())),
        ..SETTABLE
    },
    VariableSpec {
        name: "ssl_client_i_dn",
        doc: "The issuer of the client's certificate as RFC 2253 writes it.",
        read: |request, _, out| parsed(request, out, |own| text::name(own.issuer())),
        ..SETTABLE
    },
    VariableSpec {
        name: "ssl_client_s_dn_legacy",
        doc: "The subject of the client's certificate as it was written once: `/O=Example/CN=alice`.",
        read: |request, _, out| parsed(request, out, |own| text::legacy_name(own.subject())),
        ..SETTABLE
    },
    VariableSpec {
        name: "ssl_client_i_dn_legacy",
        doc: "The issuer of the client's certificate as it was written once.",
        read: |request, _, out| parsed(request, out, |own| text::legacy_name(own.issuer())),
        ..SETTABLE
    },
    VariableSpec {
        name: "ssl_client_serial",
        doc: "The serial number of the client's certificate, in hexadecimal digits.",
        read: |request, _, out| parsed(request, out, text::serial),
        ..SETTABLE
    },
    VariableSpec {
        name: "ssl_client_fingerprint",
        doc: "The SHA-1 fingerprint of the client's certificate, in hexadecimal digits.",
        read: |request, _, out| {
            shown(request, out, |own| {
                let sum = digest(&SHA1_FOR_LEGACY_USE_ONLY, own);
                Some(text::hexadecimal(sum.as_ref(), false))
            })
        },
        ..SETTABLE
    },
    VariableSpec {
        name: "ssl_client_v_start",
        doc: "The time from which the client's certificate is good: `Nov 30 06:12:00 2026 GMT`.",
        read: |request, _, out| parsed(request, out, |own| text::time(&own.validity().not_before)),
        ..SETTABLE
    },
    VariableSpec {
        name: "ssl_client_v_end",
        doc: "The time until which the client's certificate is good.",
        read: |request, _, out| parsed(request, out, |own| text::time(&own.validity().not_after)),
        ..SETTABLE
    },
    VariableSpec {
        name: "ssl_client_v_remain",
        doc: "How many whole days the client's certificate is still good.",
        read: |request, _, out| {
            parsed(request, out, |own| {
                let now = i64::try_from(UnixTime::now().as_secs()).unwrap_or(i64::MAX);
                let left = own.validity().not_after.timestamp().saturating_sub(now);
                (left.max(0) / DAY).to_string()
            })
        },
        ..SETTABLE
    },
];

const DAY: i64 = 24 * 60 * 60;

fn shown(
    request: &Request,
    out: &mut Vec<u8>,
    tell: impl Fn(&CertificateDer<'_>) -> Option<String>,
) -> bool {
    let agreed = request.connection.encryption.agreed();
    let client = agreed.and_then(|agreed| agreed.client.as_ref());
    let text = client.and_then(|client| tell(&client.own));
    out.extend_from_slice(text.as_deref().unwrap_or_default().as_bytes());
    text.is_some()
}

fn parsed(
    request: &Request,
    out: &mut Vec<u8>,
    tell: impl Fn(&X509Certificate<'_>) -> String,
) -> bool {
    shown(request, out, |own| {
        inspect::parse(own).map(|own| tell(&own))
    })
}

fn pem(certificate: &CertificateDer<'_>) -> String {
    let digits = STANDARD.encode(certificate);
    let mut out = "-----BEGIN CERTIFICATE-----\n".to_owned();
    let mut rest = digits.as_str();
    while !rest.is_empty() {
        let (line, others) = rest.split_at(rest.len().min(64));
        out += line;
        out += "\n";
        rest = others;
    }
    out + "-----END CERTIFICATE-----\n"
}
