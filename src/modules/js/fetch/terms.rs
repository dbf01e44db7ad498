//! The terms on which the scripts of a block fetch: whom they trust, who is asked for names, how long and how much.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use rustls::version::{TLS12, TLS13};
use rustls::{CipherSuite, ClientConfig};
use rustls_pki_types::ServerName;
use url::Url;

use super::directives::{
    BufferSize, Ciphers, MostResponse, Patience, ProtocolsWritten, Trusted, Verify, VerifyDepth,
};
use crate::conf::{Chain, Diagnostic, Span};
use crate::http::build::builder::Builder;
use crate::http::transport::secure::{PeerTerms, Secure};
use crate::modules::proxy::Verifier;
use crate::modules::resolver::Asked;
use crate::modules::tls::trust::{Role, Trust};
use crate::modules::tls::{Protocols, ciphers};

/// The terms of a block.
pub(in crate::modules::js) struct Terms {
    pub(super) asked: Asked,
    /// `js_fetch_verify`
    pub(super) verifies: bool,
    /// `js_fetch_timeout`
    pub(super) patience: Duration,
    /// `js_fetch_buffer_size`
    pub(super) buffer_size: usize,
    /// `js_fetch_max_response_buffer_size`
    pub(super) most: usize,
    encryption: Arc<Encryption>,
}

/// How connections are encrypted, for peers that are verified and for others.
struct Encryption {
    verified: Arc<PeerTerms>,
    any: Arc<PeerTerms>,
}

/// What encryption is made of, to find one that is there.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Written {
    trusted: Option<PathBuf>,
    depth: u64,
    protocols: Protocols,
    ciphers: Vec<CipherSuite>,
}

/// All encryptions of a configuration.
#[derive(Default)]
struct Made(Vec<(Written, Arc<Encryption>)>);

impl Terms {
    /// What is written for a block.
    pub(in crate::modules::js) fn of(
        builder: &mut Builder<'_>,
        chain: &Chain<'_>,
    ) -> Result<Arc<Self>, Diagnostic> {
        let usual = Duration::from_secs(60);
        Ok(Arc::new(Self {
            asked: Asked::of(builder, chain),
            verifies: chain.nearest().is_none_or(|Verify(on)| *on),
            patience: chain.nearest().map_or(usual, |Patience(time)| *time),
            buffer_size: chain.nearest().map_or(16 << 10, |BufferSize(size)| *size),
            most: chain.nearest().map_or(1 << 20, |MostResponse(size)| *size),
            encryption: Encryption::of(builder, chain)?,
        }))
    }

    /// How a connection to this host is encrypted.
    pub(super) fn secure(&self, url: &Url, verifies: bool) -> Secure {
        let terms = match verifies {
            true => &self.encryption.verified,
            false => &self.encryption.any,
        };
        let host = url.host_str().unwrap_or_default();
        let name = ServerName::try_from(host.trim_start_matches('[').trim_end_matches(']'));
        Secure {
            terms: Arc::clone(terms),
            name: name.ok().map(|name| name.to_owned()),
        }
    }
}

impl Encryption {
    fn of(builder: &mut Builder<'_>, chain: &Chain<'_>) -> Result<Arc<Self>, Diagnostic> {
        let file = chain.nearest().map(|Trusted(file)| file);
        let written = Written {
            trusted: file.map(|file| builder.beside(&file.path)),
            depth: chain.nearest().map_or(100, |VerifyDepth(depth)| *depth),
            protocols: chain
                .nearest()
                .map_or(Protocols::ALL, |ProtocolsWritten(protocols)| *protocols),
            ciphers: chain
                .nearest()
                .map_or_else(ciphers::all, |Ciphers(suites)| suites.clone()),
        };
        let known = &builder.thing::<Made>().0;
        if let Some((_, made)) = known.iter().find(|(own, _)| *own == written) {
            return Ok(Arc::clone(made));
        }
        let mut trust = Trust::new(Role::Server, written.depth);
        if let (Some(path), Some(file)) = (&written.trusted, file) {
            trust.add_certificates(builder, &(path.clone(), file), "trusted certificate")?;
        }
        let span = file.map_or(Span::NOWHERE, |file| file.span);
        let wrong = |error| Diagnostic::error(span, format!("no TLS: {error}"));
        let verified = config(&written, Some(trust)).map_err(wrong)?;
        let any = config(&written, None).map_err(wrong)?;
        let made = Arc::new(Self {
            verified: Arc::new(PeerTerms::new(verified, true, true)),
            any: Arc::new(PeerTerms::new(any, false, true)),
        });
        let known = &mut builder.thing::<Made>().0;
        known.push((written, Arc::clone(&made)));
        Ok(made)
    }
}

fn config(written: &Written, trust: Option<Trust>) -> Result<ClientConfig, rustls::Error> {
    let provider = ciphers::provider(&written.ciphers);
    let algorithms = provider.signature_verification_algorithms;
    let versions = match written.protocols {
        Protocols { tls_1_3: false, .. } => vec![&TLS12],
        Protocols { tls_1_2: false, .. } => vec![&TLS13],
        _ => vec![&TLS13, &TLS12],
    };
    let started = ClientConfig::builder_with_provider(Arc::new(provider));
    let started = started.with_protocol_versions(&versions)?;
    let verifier = Arc::new(Verifier { algorithms, trust });
    Ok(started
        .dangerous()
        .with_custom_certificate_verifier(verifier)
        .with_no_client_auth())
}
