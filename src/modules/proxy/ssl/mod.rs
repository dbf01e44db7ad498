//! TLS to peers: whom a `proxy_pass` or `grpc_pass` trusts, who it is itself, and the name that it asks for.
//!
//! Locations with the same settings have the same terms, and so each other's connections and sessions.

mod directives;
mod name;
mod own;
mod verifier;

use std::path::PathBuf;
use std::sync::Arc;

use rustls::sign::SingleCertAndKey;
use rustls::version::{TLS12, TLS13};
use rustls::{CipherSuite, ClientConfig};
use rustls_pki_types::{CertificateDer, ServerName};

use super::target::{Destination, Target};
use crate::conf::{Diagnostic, Span, Text};
use crate::http::build::builder::Builder;
use crate::http::course::circumstances::Circumstances;
use crate::http::course::request::Request;
use crate::http::plan::template::Template;
use crate::http::transport::secure::{PeerTerms, Secure};
use crate::modules::family::{Family, Levels};
use crate::modules::tls::ciphers;
use crate::modules::tls::conf_command::Suites;
use crate::modules::tls::trust::files::File;
use crate::modules::tls::trust::{Role, Trust};
use crate::modules::tls::{self, Protocols};
use directives::{
    Ciphers, Crl, Name, PasswordFile, ProtocolsWritten, SendsName, SessionReuse, Trusted, Verify,
    VerifyDepth,
};
pub(super) use directives::{GRPC, HTTP, UWSGI};
use own::{Fixed, Named};
pub(in crate::modules) use verifier::Verifier;

/// How a `proxy_pass` makes encrypted connections.
pub(super) struct Ssl {
    terms: Arc<PeerTerms>,
    /// The certificate that peers are shown, where requests name it.
    named: Option<Named>,
    name: NameOfPeer,
}

/// The name that a peer is asked for.
enum NameOfPeer {
    /// Always the same.
    Fixed(Arc<Secure>),
    /// The host of the URL.
    Host,
    /// `proxy_ssl_name`
    Written(Template),
}

/// What terms are made of, to find those that are there.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Written {
    sends_name: bool,
    /// Whom peers' certificates must come from, and up to which depth; `None` for any.
    trusted: Option<(PathBuf, u64)>,
    crl: Option<PathBuf>,
    pair: Option<Fixed>,
    protocols: Protocols,
    ciphers: Vec<CipherSuite>,
    /// Those of TLS 1.3, where they are said.
    suites: Option<Suites>,
    resumes: bool,
    is_http2: bool,
}

/// All terms of a configuration.
#[derive(Default)]
struct Known(Vec<(Written, Arc<PeerTerms>, ClientConfig)>);

impl Ssl {
    /// What is written for a location whose `proxy_pass` stands at `span`. `None` when it is wrong.
    pub(super) fn of<F: Family>(
        builder: &mut Builder<'_>,
        levels: &Levels<'_, '_, F>,
        destination: &Destination,
        (is_http2, span): (bool, Span),
    ) -> Option<Self> {
        let terms = terms(builder, levels, (is_http2, span));
        let (terms, named) = builder.diagnostics.check(terms)?;
        let host = match destination {
            Destination::Fixed(target, _) => Some(target.host.as_str()),
            Destination::Evaluated(_) => None,
        };
        let fixed = |name: &str| NameOfPeer::Fixed(secure(&terms, name));
        let name = match (levels.nearest::<Name>(), host) {
            (Some(Name(text)), _) => match text.literal() {
                Some(name) => fixed(name),
                None => NameOfPeer::Written(builder.template(text)),
            },
            (None, Some(host)) => fixed(host),
            (None, None) => NameOfPeer::Host,
        };
        Some(Self { terms, named, name })
    }

    /// How a connection to a peer of this target is encrypted. `None`, and a line in the log, where the certificate that
    /// the request names cannot be shown.
    pub(super) fn secure(&self, request: &mut Request, target: &Target) -> Option<Arc<Secure>> {
        let named = self.named.as_ref().map(|named| named.terms(request));
        let complain = |problem| log::error!("{problem}{}", Circumstances(request));
        let named = named.transpose().map_err(complain).ok()?.flatten();
        let terms = named.as_ref().unwrap_or(&self.terms);
        Some(match &self.name {
            NameOfPeer::Fixed(secure) if named.is_none() => Arc::clone(secure),
            NameOfPeer::Fixed(secure) => Arc::new(Secure {
                terms: Arc::clone(terms),
                name: secure.name.clone(),
            }),
            NameOfPeer::Host => secure(terms, &target.host),
            NameOfPeer::Written(template) => {
                let name = template.evaluate(request);
                secure(terms, &String::from_utf8_lossy(&name))
            }
        })
    }
}

/// The certificates of `proxy_ssl_trusted_certificate`, where there is one.
pub(super) fn trusted<F: Family>(
    builder: &mut Builder<'_>,
    levels: &Levels<'_, '_, F>,
) -> Result<Option<Vec<CertificateDer<'static>>>, Diagnostic> {
    let Some(Trusted(file)) = levels.nearest() else {
        return Ok(None);
    };
    let placed = (builder.beside(&file.path), file);
    let mut trust = Trust::new(Role::Server, 0);
    let added = trust.add_certificates(builder, &placed, "trusted certificate")?;
    Ok(Some(added))
}

fn secure(terms: &Arc<PeerTerms>, name: &str) -> Arc<Secure> {
    let name = name::without_port(name);
    Arc::new(Secure {
        terms: Arc::clone(terms),
        name: ServerName::try_from(name).ok().map(|name| name.to_owned()),
    })
}

/// The terms of a location, which others may have too.
fn terms<F: Family>(
    builder: &mut Builder<'_>,
    levels: &Levels<'_, '_, F>,
    (is_http2, span): (bool, Span),
) -> Result<(Arc<PeerTerms>, Option<Named>), Diagnostic> {
    let written = Written::of(builder, levels, (is_http2, span))?;
    let pair = own::written(levels)?.filter(|_| written.pair.is_none());
    let known = &builder.thing::<Known>().0;
    let known = known.iter().find(|(one, ..)| *one == written);
    let known = known.map(|(_, terms, config)| (Arc::clone(terms), config.clone()));
    let (verifies, resumes) = (written.trusted.is_some(), written.resumes);
    let (terms, config) = match known {
        Some(known) => known,
        None => {
            let config = config(builder, levels, &written)?;
            let config =
                config.map_err(|error| Diagnostic::error(span, format!("no TLS: {error}")))?;
            let terms = Arc::new(PeerTerms::new(config.clone(), verifies, resumes));
            let known = builder.thing::<Known>();
            known.0.push((written, Arc::clone(&terms), config.clone()));
            (terms, config)
        }
    };
    let base = (config, verifies, resumes);
    let named = pair.map(|pair| Named::of(builder, levels, base, pair));
    Ok((terms, named.transpose()?))
}

impl Written {
    fn of<F: Family>(
        builder: &Builder<'_>,
        levels: &Levels<'_, '_, F>,
        (is_http2, span): (bool, Span),
    ) -> Result<Self, Diagnostic> {
        let path = |file: &File| builder.beside(&file.path);
        let verifies = levels.nearest().is_some_and(|Verify(on)| *on);
        let trusted = match levels.nearest::<Trusted>() {
            Some(Trusted(file)) if verifies => {
                let depth = levels.nearest().map_or(1, |VerifyDepth(depth)| *depth);
                Some((path(file), depth))
            }
            None if verifies => {
                let own = F::PREFIX;
                let message = format!("no {own}_ssl_trusted_certificate for {own}_ssl_verify");
                return Err(Diagnostic::error(span, message));
            }
            _ => None,
        };
        let crl = levels.nearest().map(|Crl(file)| path(file));
        let suites = levels.nearest::<Ciphers>();
        Ok(Self {
            sends_name: levels.nearest().is_some_and(|SendsName(on)| *on),
            crl: crl.filter(|_| trusted.is_some()),
            trusted,
            pair: own::written(levels)?.and_then(|pair| own::fixed(builder, pair)),
            protocols: levels
                .nearest()
                .map_or(Protocols::ALL, |ProtocolsWritten(protocols)| *protocols),
            ciphers: suites.map_or_else(ciphers::all, |Ciphers(suites)| suites.clone()),
            suites: levels.nearest().cloned(),
            resumes: levels.nearest().is_none_or(|SessionReuse(on)| *on),
            is_http2,
        })
    }
}

/// What rustls needs to know. An error of its own is within.
fn config<F: Family>(
    builder: &mut Builder<'_>,
    levels: &Levels<'_, '_, F>,
    written: &Written,
) -> Result<Result<ClientConfig, rustls::Error>, Diagnostic> {
    let mut provider = ciphers::provider(&written.ciphers);
    if let Some(suites) = &written.suites {
        suites.restrict(&mut provider);
    }
    let algorithms = provider.signature_verification_algorithms;
    let trust = match (&written.trusted, levels.nearest::<Trusted>()) {
        (Some((path, depth)), Some(Trusted(file))) => {
            let mut trust = Trust::new(Role::Server, *depth);
            trust.add_certificates(builder, &(path.clone(), file), "trusted certificate")?;
            if let (Some(path), Some(Crl(file))) = (&written.crl, levels.nearest()) {
                trust.add_lists(builder, &(path.clone(), file))?;
            }
            Some(trust)
        }
        _ => None,
    };
    let own = match own::written(levels)?.filter(|_| written.pair.is_some()) {
        Some(pair) => Some(own::load(builder, levels, pair)?),
        None => None,
    };
    let versions = match written.protocols {
        Protocols { tls_1_3: false, .. } => vec![&TLS12],
        Protocols { tls_1_2: false, .. } => vec![&TLS13],
        _ => vec![&TLS13, &TLS12],
    };
    let verifier = Arc::new(Verifier { algorithms, trust });
    let started = ClientConfig::builder_with_provider(Arc::new(provider));
    Ok(started.with_protocol_versions(&versions).map(|started| {
        let started = started
            .dangerous()
            .with_custom_certificate_verifier(verifier);
        let mut config = match own {
            Some(own) => started.with_client_cert_resolver(Arc::new(SingleCertAndKey::from(own))),
            None => started.with_no_client_auth(),
        };
        config.enable_sni = written.sends_name;
        if written.is_http2 {
            config.alpn_protocols = vec![b"h2".to_vec()];
        }
        config
    }))
}

/// The name of peers that a block says itself.
pub(super) fn text<'a, F: Family>(levels: &Levels<'_, 'a, F>) -> Option<&'a Text> {
    levels.own().map(|Name(text)| text)
}

/// Reads the passwords that a block names itself.
pub(super) fn passwords<F: Family>(
    builder: &mut Builder<'_>,
    levels: &Levels<'_, '_, F>,
) -> Result<(), Diagnostic> {
    let own = levels.own().map(|PasswordFile(file)| file);
    tls::passwords::of(builder, own).map(drop)
}
