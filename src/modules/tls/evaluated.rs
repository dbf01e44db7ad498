//! Certificates that each handshake names anew, by variables.
//!
//! Files are read by the worker when they are first named, and again when they change. What was read is kept,
//! of a bounded number of names; which names there are is up to clients.

use std::collections::HashMap;
use std::fmt;
use std::fs;
use std::os::unix::ffi::OsStringExt;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use parking_lot::Mutex;
use rustls::ServerConfig;

use super::pair::{self, Fault, Offered, Pair};
use crate::conf::{Disk, Loader, reason};
use crate::http::course::encryption::{Choose, Offers};
use crate::http::course::request::Request;
use crate::http::plan::template::Template;

/// The certificates of a server, some of them by variables.
pub(super) struct Evaluated {
    base: ServerConfig,
    sources: Vec<Source>,
    /// Where paths begin that say no more.
    folder: PathBuf,
    passwords: Vec<Vec<u8>>,
    known: Mutex<Known>,
}

/// Where a pair comes from.
pub(super) enum Source {
    /// It is always the same.
    Fixed(Arc<Pair>),
    /// Each handshake names a certificate and its key.
    Named(Part, Part),
}

/// One half of a pair.
pub(super) struct Part {
    pub(super) text: Template,
    /// Whether the text is what the file would hold.
    pub(super) is_data: bool,
}

/// Terms under what was named, as long as files are what they were.
#[derive(Default)]
struct Known {
    all: HashMap<Names, (Vec<State>, Offers)>,
    /// In the order in which they were read.
    order: std::collections::VecDeque<Names>,
}

/// The texts of all named parts.
type Names = Vec<Vec<u8>>;

/// What tells one content of a file from another.
type State = Option<(u64, u64, i64, i64)>;

/// Of more names than this, the oldest is read again.
const MOST: usize = 256;

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
        folder: PathBuf,
        passwords: Vec<Vec<u8>>,
    ) -> Self {
        Self {
            base,
            sources,
            folder,
            passwords,
            known: Mutex::default(),
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

    fn path(&self, name: &[u8]) -> PathBuf {
        let name = std::ffi::OsString::from_vec(name.to_vec());
        self.folder.join(Path::new(&name))
    }

    fn states(&self, names: &Names) -> Vec<State> {
        let state = |(part, name): (&Part, &Vec<u8>)| {
            if part.is_data {
                return None;
            }
            let about = fs::metadata(self.path(name)).ok()?;
            Some((about.ino(), about.len(), about.mtime(), about.mtime_nsec()))
        };
        self.parts().zip(names).map(state).collect()
    }

    fn make(&self, names: &Names) -> Result<Offers, String> {
        let mut names = names.iter();
        let mut pairs = Vec::new();
        for source in &self.sources {
            pairs.push(match source {
                Source::Fixed(pair) => Arc::clone(pair),
                Source::Named(certificate, key) => {
                    let certificate = (certificate, names.next());
                    Arc::new(self.read(certificate, (key, names.next()))?)
                }
            });
        }
        let mut config = self.base.clone();
        config.cert_resolver = Arc::new(Offered(pairs));
        Ok(Offers::new(config))
    }

    fn read(
        &self,
        (certificate, own): (&Part, Option<&Vec<u8>>),
        (key, other): (&Part, Option<&Vec<u8>>),
    ) -> Result<Pair, String> {
        let (own, other) = (self.found(certificate, own), self.found(key, other));
        let content = own.content("certificate")?;
        let key_content = other.content("certificate key")?;
        let read = pair::read(&content, &key_content, &self.passwords);
        let read = read.map_err(|fault| match fault {
            Fault::Certificate(what) => format!("cannot load certificate \"{own}\": {what}"),
            Fault::Key(what) => format!("cannot load certificate key \"{other}\": {what}"),
            Fault::Mismatch => {
                format!("the key \"{other}\" does not belong to the certificate \"{own}\"")
            }
        })?;
        Ok(Pair::new(PathBuf::new(), PathBuf::new(), Some(read)))
    }

    fn found<'n>(&self, part: &Part, name: Option<&'n Vec<u8>>) -> Found<'n> {
        let name = name.map_or(&b""[..], |name| name);
        match part.is_data {
            true => Found::Data(name),
            false => Found::At(self.path(name)),
        }
    }
}

/// Where a half of a pair is.
enum Found<'n> {
    Data(&'n [u8]),
    At(PathBuf),
}

impl Found<'_> {
    fn content(&self, what: &str) -> Result<Vec<u8>, String> {
        match self {
            Self::Data(data) => Ok(data.to_vec()),
            Self::At(path) => Disk
                .read(path)
                .map_err(|error| format!("cannot load {what} \"{self}\" ({})", reason(&error))),
        }
    }
}

impl fmt::Display for Found<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Data(_) => out.write_str("data:"),
            // Names may be what clients say.
            Self::At(path) => write!(
                out,
                "{}",
                path.as_os_str().as_encoded_bytes().escape_ascii()
            ),
        }
    }
}

impl Choose for Evaluated {
    fn choose(&self, request: &mut Request) -> Result<Offers, String> {
        let parts: Vec<&Part> = self.parts().collect();
        let names: Names = parts
            .iter()
            .map(|part| part.text.evaluate(request))
            .collect();
        let states = self.states(&names);
        if let Some((then, config)) = self.known.lock().all.get(&names)
            && *then == states
        {
            return Ok(config.clone());
        }
        let config = self.make(&names)?;
        self.known.lock().keep(names, states, config.clone());
        Ok(config)
    }
}

impl Known {
    fn keep(&mut self, names: Names, states: Vec<State>, config: Offers) {
        if self.all.insert(names.clone(), (states, config)).is_some() {
            return;
        }
        self.order.push_back(names);
        if self.order.len() > MOST
            && let Some(oldest) = self.order.pop_front()
        {
            self.all.remove(&oldest);
        }
    }
}
