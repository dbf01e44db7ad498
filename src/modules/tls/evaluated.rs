//! Certificates that each handshake names anew, by variables.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use rustls::ServerConfig;

use super::named::{Files, Names, Part, Remembered};
use super::pair::{Offered, Pair};
use super::staple::Staple;
use crate::http::course::encryption::{Choose, Offers};
use crate::http::course::request::Request;

/// The certificates of a server, some of them by variables.
pub(super) struct Evaluated {
    base: ServerConfig,
    sources: Vec<Source>,
    files: Files,
    staple: Option<Staple>,
    known: Remembered<Offers>,
}

/// Where a pair comes from.
pub(super) enum Source {
    /// It is always the same.
    Fixed(Arc<Pair>),
    /// Each handshake names a certificate and its key.
    Named(Part, Part),
}

impl fmt::Debug for Evaluated {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "Evaluated({})", self.sources.len())
    }
}

impl Evaluated {
    /// Certificates from these sources, for servers that are set up so.
    pub(super) fn new(
        base: ServerConfig,
        sources: Vec<Source>,
        files: Files,
        staple: Option<Staple>,
    ) -> Self {
        Self {
            base,
            sources,
            files,
            staple,
            known: Remembered::default(),
        }
    }

    fn parts(&self) -> impl Iterator<Item = &Part> {
        self.sources
            .iter()
            .flat_map(|source| match source {
                Source::Fixed(_) => [None, None],
                Source::Named(certificate, key) => [Some(certificate), Some(key)],
            })
            .flatten()
    }

    fn make(&self, names: &Names) -> Result<Offers, String> {
        let mut names = names.iter().map(Vec::as_slice);
        let mut pairs = Vec::new();
        for source in &self.sources {
            pairs.push(match source {
                Source::Fixed(pair) => Arc::clone(pair),
                Source::Named(certificate, key) => {
                    let certificate = (certificate, names.next().unwrap_or_default());
                    let key = (key, names.next().unwrap_or_default());
                    Arc::new(self.read(certificate, key)?)
                }
            });
        }
        let mut config = self.base.clone();
        config.cert_resolver = Arc::new(Offered(pairs));
        Ok(Offers::new(config))
    }

    fn read(&self, certificate: (&Part, &[u8]), key: (&Part, &[u8])) -> Result<Pair, String> {
        let mut read = self.files.read(certificate, key)?;
        if let Some(staple) = &self.staple {
            staple.fasten(&mut read);
        }
        Ok(Pair::new(PathBuf::new(), PathBuf::new(), Some(read)))
    }
}

impl Choose for Evaluated {
    fn choose(&self, request: &mut Request) -> Result<Offers, String> {
        let parts: Vec<&Part> = self.parts().collect();
        let names: Names = parts.iter().map(|part| part.evaluate(request)).collect();
        let named = parts.iter().zip(&names);
        let states = named.map(|(part, name)| self.files.state(part, name));
        let states = states.collect();
        self.known.find(names, states, |names| self.make(names))
    }
}
