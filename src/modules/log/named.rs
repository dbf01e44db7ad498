//! Logs whose paths hold variables, and `open_log_file_cache`.
//!
//! Such a log is made only where the directory of the files that the request is for exists, as nginx does it: a name of a
//! host that somebody makes up fills no disk.

use std::ffi::OsString;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use parking_lot::Mutex;

use super::file::PAUSE_OF_COMPLAINTS;
use super::format::Format;
use crate::conf::{
    Arity, Contexts, Diagnostic, DirectiveSpec, Doc, SPEC, Statement, reason, values,
};
use crate::http::course::circumstances::Circumstances;
use crate::http::course::request::Request;
use crate::http::plan::template::{Part, Template};
use crate::http::transport::clock;
use crate::modules::open_files::{self, OpenFiles, Terms};

pub(super) const OPEN_LOG_FILE_CACHE: DirectiveSpec = DirectiveSpec {
    name: "open_log_file_cache",
    contexts: Contexts::HTTP.or(Contexts::SERVER).or(Contexts::LOCATION),
    arity: Arity::between(1, 4),
    doc: Doc {
        syntax: "open_log_file_cache max=NUMBER [inactive=TIME] [min_uses=NUMBER] [valid=TIME];\n\
                 open_log_file_cache off;",
        default: "open_log_file_cache off;",
        text: "How many log files whose paths hold variables a worker keeps open: `max` of them, those whose last use is longest ago \
               going first; each until it was not used for `inactive` (10s), if it was used `min_uses` times (1) in such a time. \
               After `valid` (60s) it is looked whether the file still has its name. Without the directive such a file is \
               opened for each line. Other logs always stay open.",
        example: "open_log_file_cache max=1000 inactive=20s valid=1m min_uses=2;",
    },
    apply: store,
    ..SPEC
};

/// `open_log_file_cache`
pub(super) struct LogFilesWritten(pub Option<Arc<OpenFiles>>);

fn store(statement: &mut Statement<'_>) -> Result<(), Diagnostic> {
    let defaults = Terms {
        most: 0,
        inactive: Duration::from_secs(10),
        valid: Duration::from_secs(60),
        min_uses: 1,
        errors: false,
    };
    let other = |name: &str, value: &str, terms: &mut Terms| {
        match name {
            "min_uses" => terms.min_uses = values::number(value).ok().filter(|uses| *uses > 0)?,
            "valid" => terms.valid = Duration::from_secs(values::seconds(value).ok()?),
            _ => return None,
        }
        Some(())
    };
    let terms = open_files::read_terms(statement, other, defaults)?;
    let files = terms.map(|terms| Arc::new(OpenFiles::new(terms)));
    statement.scope.insert(LogFilesWritten(files));
    Ok(())
}

/// A log for each path that requests come to.
pub(super) struct NamedLog {
    format: Arc<Format>,
    path: Template,
    /// How many `..` the configuration itself writes.
    climbs: usize,
    prefix: PathBuf,
    files: Option<Arc<OpenFiles>>,
    complained: Mutex<Option<Instant>>,
}

impl NamedLog {
    pub(super) fn new(
        format: Arc<Format>,
        path: Template,
        prefix: &Path,
        files: Option<Arc<OpenFiles>>,
    ) -> Self {
        let mut written = Vec::new();
        for part in path.parts() {
            match part {
                Part::Literal(text) => written.extend_from_slice(text),
                Part::Variable(_) | Part::Capture(_) => written.push(b'$'),
            }
        }
        Self {
            format,
            path,
            climbs: climbs(&written),
            prefix: prefix.to_owned(),
            files,
            complained: Mutex::default(),
        }
    }

    /// Writes the line of a request.
    pub(super) fn write(&self, request: &mut Request) {
        let name = self.path.evaluate(request);
        let path = self.prefix.join(OsString::from_vec(name));
        let written = self.check(request, &path).and_then(|()| {
            let file = self.open(&path)?;
            let mut text = request.buffer();
            self.format.append(request, &mut text);
            text.push(b'\n');
            let written = (&*file).write_all(&text);
            request.recycle(text);
            written
        });
        if let Err(error) = written {
            self.complain(request, &path, &error);
        }
    }

    /// Whether such a log may be made for the request.
    fn check(&self, request: &mut Request, path: &Path) -> io::Result<()> {
        if climbs(path.as_os_str().as_bytes())
            > self.climbs + climbs(self.prefix.as_os_str().as_bytes())
        {
            return Err(io::Error::other("its variables lead upwards"));
        }
        let root = &request.location.settings.root;
        let root = PathBuf::from(OsString::from_vec(root.directory(request)));
        match fs::metadata(&root) {
            Ok(found) if found.is_dir() => Ok(()),
            _ => {
                let root = root.display();
                Err(io::Error::other(format!(
                    "there is no directory \"{root}\""
                )))
            }
        }
    }

    fn open(&self, path: &Path) -> io::Result<Arc<File>> {
        let append = || {
            let flags = libc::O_NONBLOCK | libc::O_NOCTTY;
            let mut options = OpenOptions::new();
            std::os::unix::fs::OpenOptionsExt::custom_flags(&mut options, flags);
            options.append(true).create(true).open(path)
        };
        match &self.files {
            None => append().map(Arc::new),
            Some(files) => {
                let name = path.as_os_str().as_bytes();
                let got = files.get(name, clock::moment(), append, || fs::metadata(path));
                got.map(|(file, _)| file)
            }
        }
    }

    fn complain(&self, request: &Request, path: &Path, error: &io::Error) {
        let mut complained = self.complained.lock();
        if complained.is_none_or(|at| at.elapsed() > PAUSE_OF_COMPLAINTS) {
            *complained = Some(Instant::now());
            let path = path.as_os_str().as_bytes().escape_ascii();
            let (reason, request) = (reason(error), Circumstances(request));
            log::error!("writing to the log \"{path}\" failed ({reason}){request}");
        }
    }
}

/// How many segments of a path lead upwards.
fn climbs(path: &[u8]) -> usize {
    let segments = path.split(|byte| *byte == b'/');
    segments.filter(|segment| *segment == b"..").count()
}
