//! The built-in demo: a configuration inside the program, served when there are no arguments.
//!
//! It needs no rights and no files; its text is `conf/demo.conf` and can be run and changed from there
//! as well.

use std::io;
use std::path::{Path, PathBuf};

use super::generation::Source;
use crate::conf::Loader;

/// Gives the built-in text.
pub(super) struct BuiltIn;

impl Loader for BuiltIn {
    fn read(&mut self, path: &Path) -> io::Result<Vec<u8>> {
        if path == Path::new(NAME) {
            Ok(TEXT.into())
        } else {
            Err(io::ErrorKind::NotFound.into())
        }
    }

    fn expand(&mut self, _pattern: &str) -> io::Result<Vec<PathBuf>> {
        Ok(Vec::new())
    }
}

/// Where the demo comes from.
pub(super) fn source() -> Source {
    Source {
        main: NAME.into(),
        prefix: std::env::temp_dir(),
        directives: None,
        is_demo: true,
    }
}

/// What to look at, for whoever started it.
pub(super) const WELCOME: &str = "\
The demo is running in the foreground; Ctrl-C ends it.

  http://127.0.0.1:8080/           a page of its own, counted in zones of every mode
  http://127.0.0.1:8080/slow/      the same origin, slower
  http://127.0.0.1:8080/status/    everything that is counted, as JSON
  http://127.0.0.1:8080/metrics    some of it, for Prometheus

Its configuration is conf/demo.conf. Options are shown by -h.";

const NAME: &str = "demo.conf";
const TEXT: &str = include_str!("../../conf/demo.conf");
