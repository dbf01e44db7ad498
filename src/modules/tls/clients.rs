//! Certificates of clients: `ssl_verify_client` and what goes with it.

use std::path::PathBuf;
use std::sync::Arc;

use rustls::crypto::WebPkiSupportedAlgorithms;
use rustls::crypto::ring;
use rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use rustls::{DistinguishedName, Error};
use rustls_pki_types::{CertificateDer, UnixTime};

use super::directives::OUTER;
use super::inspect;
use super::trust::files::File;
use super::trust::{Role, Trust, signatures};
use crate::conf::{Chain, Diagnostic, DirectiveSpec, Doc, SPEC, Span, Statement};
use crate::http::build::builder::Builder;
use crate::http::course::client_certificate::{Clients, Demand, Distrust, Judge};

pub(super) const VERIFY: DirectiveSpec = DirectiveSpec {
    name: "ssl_verify_client",
    contexts: OUTER,
    doc: Doc {
        syntax: "ssl_verify_client on | off | optional | optional_no_ca;",
        default: "ssl_verify_client off;",
        text: "Whether clients are asked for certificates, and which requests pass: with `on` those of \
               clients whose certificate is valid and comes from one of `ssl_client_certificate` or \
               `ssl_trusted_certificate`; with `optional` also those of clients without any; with \
               `optional_no_ca` also those whose certificate comes from nobody who is known here, to be \
               judged by others (`$ssl_client_cert`). Handshakes end well in any case. A request that must not pass \
               is answered with 400; `error_page` knows a certificate that is not believed as 495, one that \
               is missing as 496. A certificate is judged by the server that the handshake asked for by \
               name: requests on the same connection for another one that asks for certificates are \
               answered with 421. Whoever takes up a session again is judged anew.\n\nCertificates must be of version 3 \
               of X.509, or stand themselves in the file of trusted ones, with `optional_no_ca` too. Those of version 1 are \
               what `openssl x509 -req` makes without `-extfile` before OpenSSL 3.4; `$ssl_client_verify` says \
               so, and `openssl x509 -in client.crt -noout -text` shows it (`Version`).",
        example: "ssl_verify_client on;\nssl_client_certificate /etc/ssl/clients.pem;",
    },
    apply: verify,
    ..SPEC
};

pub(super) const CERTIFICATE: DirectiveSpec = DirectiveSpec {
    name: "ssl_client_certificate",
    contexts: OUTER,
    doc: Doc {
        syntax: "ssl_client_certificate file;",
        default: "",
        text: "A file in PEM with certificates that are trusted for `ssl_verify_client`. Clients are told \
               their names. What they issued is trusted, also by those that are no roots; a \
               certificate of a client that itself stands in the file needs no issuer, and may be of an old version \
               (see `ssl_verify_client`).",
        example: "",
    },
    apply: |statement| {
        let file = File::or_none(statement)?;
        statement.scope.insert(Announced(file));
        Ok(())
    },
    ..SPEC
};

pub(super) const TRUSTED: DirectiveSpec = DirectiveSpec {
    name: "ssl_trusted_certificate",
    contexts: OUTER,
    doc: Doc {
        syntax: "ssl_trusted_certificate file;",
        default: "",
        text: "A file in PEM with more certificates that are trusted for `ssl_verify_client`, of which \
               clients are not told.",
        example: "",
    },
    apply: |statement| {
        let file = File::or_none(statement)?;
        statement.scope.insert(Quiet(file));
        Ok(())
    },
    ..SPEC
};

pub(super) const DEPTH: DirectiveSpec = DirectiveSpec {
    name: "ssl_verify_depth",
    contexts: OUTER,
    doc: Doc {
        syntax: "ssl_verify_depth number;",
        default: "ssl_verify_depth 1;",
        text: "How many certificates of authorities may stand between that of a client and a trusted one. \
               More than 6 are refused in any case.",
        example: "",
    },
    apply: |statement| {
        let depth = statement.number(1)?;
        statement.scope.insert(Depth(depth));
        Ok(())
    },
    ..SPEC
};

pub(super) const CRL: DirectiveSpec = DirectiveSpec {
    name: "ssl_crl",
    contexts: OUTER,
    doc: Doc {
        syntax: "ssl_crl file;",
        default: "",
        text: "A file in PEM with lists of revoked certificates (CRL), for `ssl_verify_client`. There must be \
               one in force of each issuer of a client's certificate. Delta lists and indirect ones are refused.",
        example: "",
    },
    apply: |statement| {
        let file = File::or_none(statement)?;
        statement.scope.insert(Crl(file));
        Ok(())
    },
    ..SPEC
};

/// `ssl_verify_client`; `None` is `off`.
struct Verify(Option<Demand>, Span);
/// `ssl_client_certificate`
struct Announced(Option<File>);
/// `ssl_trusted_certificate`
struct Quiet(Option<File>);
/// `ssl_verify_depth`
struct Depth(u64);
/// `ssl_crl`
struct Crl(Option<File>);

fn verify(statement: &mut Statement<'_>) -> Result<(), Diagnostic> {
    let demand = match statement.text(1) {
        "off" => None,
        "on" => Some(Demand::Required),
        "optional" => Some(Demand::Optional),
        "optional_no_ca" => Some(Demand::AnyIssuer),
        text => {
            let message = format!("invalid value \"{text}\" in \"ssl_verify_client\" directive");
            let help = "expected \"on\", \"off\", \"optional\" or \"optional_no_ca\"";
            return Err(statement.error(1, message).with_help(help));
        }
    };
    let span = statement.word(0).span;
    statement.scope.insert(Verify(demand, span));
    Ok(())
}

/// What terms are made of, to find those that are there.
#[derive(Clone, PartialEq, Eq)]
struct Key {
    demand: Demand,
    depth: u64,
    files: [Option<PathBuf>; 3],
}

/// All terms of a configuration.
#[derive(Default)]
struct Known(Vec<(Key, Terms)>);

/// What a server wants of clients, and how it asks them.
#[derive(Clone)]
pub(super) struct Terms {
    pub(super) clients: Arc<Clients>,
    pub(super) verifier: Arc<dyn ClientCertVerifier>,
}

/// What a server says about certificates of clients; `None` when it asks for none. Whether it `encrypts` by
/// itself decides whether what it says must be whole.
pub(super) fn of(
    builder: &mut Builder<'_>,
    chain: &Chain<'_>,
    encrypts: bool,
) -> Result<Option<Terms>, Diagnostic> {
    let files = [
        chain.nearest().and_then(|Announced(file)| file.as_ref()),
        chain.nearest().and_then(|Quiet(file)| file.as_ref()),
        chain.nearest().and_then(|Crl(file)| file.as_ref()),
    ];
    let written = chain.nearest().map(|Verify(demand, span)| (*demand, *span));
    let (demand, span) = match written {
        Some((demand, span)) => (demand, Some(span)),
        None => (None, None),
    };
    if !encrypts && demand.is_none() {
        return Ok(None);
    }
    if encrypts
        && let Some(Demand::Required | Demand::Optional) = demand
        && let ([None, None, _], Some(span)) = (files, span)
    {
        let message = "no ssl_client_certificate for ssl_verify_client";
        let help = "\"ssl_client_certificate\" names the file of those who are trusted";
        return Err(Diagnostic::error(span, message).with_help(help));
    }
    let key = Key {
        // What is written without an effect is read nevertheless.
        demand: demand.unwrap_or(Demand::AnyIssuer),
        depth: chain.nearest().map_or(1, |Depth(depth)| *depth),
        files: files.map(|file| file.map(|file| builder.beside(&file.path))),
    };
    let known = builder.thing::<Known>().0.iter();
    let mut known = known.filter(|(one, _)| *one == key).map(|(_, one)| one);
    let terms = match known.next().cloned() {
        Some(terms) => terms,
        None => {
            let terms = make(builder, &key, files)?;
            let all = &mut builder.thing::<Known>().0;
            all.push((key, terms.clone()));
            terms
        }
    };
    Ok(demand.map(|_| terms))
}

fn make(
    builder: &mut Builder<'_>,
    key: &Key,
    files: [Option<&File>; 3],
) -> Result<Terms, Diagnostic> {
    let mut trust = Trust::new(Role::Client, key.depth);
    let mut told = Vec::new();
    let [announced, quiet, lists] = &key.files;
    if let (Some(path), Some(file)) = (announced, files[0]) {
        let placed = (path.clone(), file);
        told = trust.add_certificates(builder, &placed, "client certificate")?;
    }
    if let (Some(path), Some(file)) = (quiet, files[1]) {
        trust.add_certificates(builder, &(path.clone(), file), "trusted certificate")?;
    }
    if let (Some(path), Some(file)) = (lists, files[2]) {
        trust.add_lists(builder, &(path.clone(), file))?;
    }
    let names = told.iter().filter_map(inspect::parse);
    let names = names.map(|one| DistinguishedName::from(one.subject().as_raw().to_vec()));
    Ok(Terms {
        clients: Arc::new(Clients {
            demand: key.demand,
            judge: Box::new(Judging(trust)),
        }),
        verifier: Arc::new(Asking {
            algorithms: ring::default_provider().signature_verification_algorithms,
            names: names.collect(),
        }),
    })
}

#[derive(Debug)]
struct Judging(Trust);

impl Judge for Judging {
    fn judge(
        &self,
        own: &CertificateDer<'_>,
        others: &[CertificateDer<'_>],
        now: UnixTime,
    ) -> Result<(), Distrust> {
        self.0.check(own, others, now).map_err(|refusal| Distrust {
            reason: refusal.reason(),
            numbered: refusal.to_string(),
            is_about_issuer: refusal.is_about_issuer(),
        })
    }
}

/// Asks clients for certificates, and takes any whose key they have: it is judged later.
#[derive(Debug)]
struct Asking {
    algorithms: WebPkiSupportedAlgorithms,
    names: Vec<DistinguishedName>,
}

impl ClientCertVerifier for Asking {
    fn client_auth_mandatory(&self) -> bool {
        false
    }

    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        &self.names
    }

    fn verify_client_cert(
        &self,
        _own: &CertificateDer<'_>,
        _others: &[CertificateDer<'_>],
        _now: UnixTime,
    ) -> Result<ClientCertVerified, Error> {
        Ok(ClientCertVerified::assertion())
    }

    signatures::check_signatures!();
}
