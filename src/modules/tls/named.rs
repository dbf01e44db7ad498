//! Certificates and keys that requests or handshakes name, by variables.
//!
//! Files are read by the worker when they are first named, and again when they change. What was made of them is
//! kept, of a bounded number of names; which names there are may be up to clients.

use std::collections::{HashMap, VecDeque};
use std::fmt;
use std::fs;
use std::os::unix::ffi::OsStringExt;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use parking_lot::Mutex;
use rustls::sign::CertifiedKey;

use super::directives::Written;
use super::pair::{self, Fault};
use crate::conf::{self, Disk, Loader, reason};
use crate::http::build::builder::Builder;
use crate::http::course::request::Request;
use crate::http::plan::template::Template;

/// One half of a pair.
#[derive(Debug)]
pub(in crate::modules) struct Part {
    text: Template,
    /// Whether the text is what the file would hold.
    is_data: bool,
    /// What stands in logs for a text that only variables make: it may be a key by mistake.
    alias: Option<String>,
}

impl Part {
    /// What is written.
    pub(in crate::modules) fn of(builder: &mut Builder<'_>, written: &Written) -> Self {
        Self {
            text: match &written.text {
                Some(text) => builder.template(text),
                None => Template::literal_text(&written.path),
            },
            is_data: written.is_data,
            alias: written.text.as_ref().and_then(|text| {
                let names_a_file = |piece: &conf::Part| {
                    matches!(piece, conf::Part::Literal(text) if text.contains(['/', '.']))
                };
                let is_file = text.parts.iter().any(names_a_file);
                (!is_file).then(|| written.path.clone())
            }),
        }
    }

    /// The name of its file, or what would be in it.
    pub(in crate::modules) fn evaluate(&self, request: &mut Request) -> Vec<u8> {
        self.text.evaluate(request)
    }
}

/// The texts of several parts.
pub(in crate::modules) type Names = Vec<Vec<u8>>;

/// What tells one content of a file from another.
pub(in crate::modules) type State = Option<(u64, u64, i64, i64)>;

/// Where files are, and what opens keys.
#[derive(Debug)]
pub(in crate::modules) struct Files {
    /// Where paths begin that say no more.
    pub(in crate::modules) folder: PathBuf,
    pub(in crate::modules) passwords: Vec<Vec<u8>>,
}

impl Files {
    fn path(&self, name: &[u8]) -> PathBuf {
        let name = std::ffi::OsString::from_vec(name.to_vec());
        self.folder.join(Path::new(&name))
    }

    /// What the files of a part are like now.
    pub(in crate::modules) fn state(&self, part: &Part, name: &[u8]) -> State {
        if part.is_data || name.starts_with(DATA) {
            return None;
        }
        let about = fs::metadata(self.path(name)).ok()?;
        Some((about.ino(), about.len(), about.mtime(), about.mtime_nsec()))
    }

    /// Reads a certificate and its key.
    ///
    /// # Errors
    /// A sentence for the log.
    pub(in crate::modules) fn read(
        &self,
        (certificate, own): (&Part, &[u8]),
        (key, other): (&Part, &[u8]),
    ) -> Result<CertifiedKey, String> {
        let (own, other) = (self.found(certificate, own), self.found(key, other));
        let content = own.content("certificate")?;
        let key_content = other.content("certificate key")?;
        let read = pair::read(&content, &key_content, &self.passwords);
        read.map_err(|fault| match fault {
            Fault::Certificate(what) => format!("cannot load certificate \"{own}\": {what}"),
            Fault::Key(what) => format!("cannot load certificate key \"{other}\": {what}"),
            Fault::Mismatch => {
                format!("the key \"{other}\" does not belong to the certificate \"{own}\"")
            }
        })
    }

    fn found<'n>(&self, part: &'n Part, name: &'n [u8]) -> Found<'n> {
        match name.strip_prefix(DATA) {
            _ if part.is_data => Found::Data(name),
            Some(data) => Found::Data(data),
            None => Found::At(self.path(name), part.alias.as_deref()),
        }
    }
}

/// What stands before a certificate or a key that is no file.
const DATA: &[u8] = b"data:";

/// Where a half of a pair is. Of what is no file for sure, nothing is told: it may be a key.
enum Found<'n> {
    Data(&'n [u8]),
    At(PathBuf, Option<&'n str>),
}

/// How every key and certificate begins.
const PEM: &[u8] = b"-----BEGIN";

impl Found<'_> {
    fn content(&self, what: &str) -> Result<Vec<u8>, String> {
        match self {
            Self::Data(data) => Ok(data.to_vec()),
            Self::At(path, _) => Disk
                .read(path)
                .map_err(|error| format!("cannot load {what} \"{self}\" ({})", reason(&error))),
        }
    }
}

impl fmt::Display for Found<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Data(_) => out.write_str("data:"),
            Self::At(_, Some(alias)) => out.write_str(alias),
            // Names may be what clients say.
            Self::At(path, None) => {
                let path = path.as_os_str().as_encoded_bytes();
                match path.windows(PEM.len()).any(|word| word == PEM) {
                    true => out.write_str("-----BEGIN"),
                    false => write!(out, "{}", path.escape_ascii()),
                }
            }
        }
    }
}

/// What was made under names, as long as files are what they were.
#[derive(Debug)]
pub(in crate::modules) struct Remembered<T>(Mutex<Known<T>>);

#[derive(Debug)]
struct Known<T> {
    all: HashMap<Names, (Vec<State>, T)>,
    /// In the order in which they were made.
    order: VecDeque<Names>,
}

/// Of more names than this, the oldest is made again.
const MOST: usize = 256;

impl<T> Default for Remembered<T> {
    fn default() -> Self {
        Self(Mutex::new(Known {
            all: HashMap::new(),
            order: VecDeque::new(),
        }))
    }
}

impl<T: Clone> Remembered<T> {
    /// What was made of these names while their files were like this, or is now.
    ///
    /// # Errors
    /// What making it fails with.
    pub(in crate::modules) fn find(
        &self,
        names: Names,
        states: Vec<State>,
        make: impl FnOnce(&Names) -> Result<T, String>,
    ) -> Result<T, String> {
        if let Some((then, made)) = self.0.lock().all.get(&names)
            && *then == states
        {
            return Ok(made.clone());
        }
        let made = make(&names)?;
        self.0.lock().keep(names, states, made.clone());
        Ok(made)
    }
}

impl<T> Known<T> {
    fn keep(&mut self, names: Names, states: Vec<State>, made: T) {
        if self.all.insert(names.clone(), (states, made)).is_some() {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_remembered_is_bounded_and_made_again_when_files_change() {
        let remembered = Remembered::default();
        let find = |name: usize, state: u64, made: usize| {
            let names = vec![name.to_string().into_bytes()];
            let state = Some((state, 0, 0, 0));
            remembered.find(names, vec![state], |_| Ok(made)).unwrap()
        };
        for name in 0..2 * MOST {
            assert_eq!(find(name, 1, name), name);
        }
        let last = 2 * MOST - 1;
        assert_eq!((find(last, 1, 0), find(last, 2, 5)), (last, 5));
        assert_eq!(find(0, 1, 7), 7);
        let known = remembered.0.lock();
        assert_eq!((known.all.len(), known.order.len()), (MOST, MOST));
    }
}
