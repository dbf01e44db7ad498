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
        let found = FILES.iter().find(|(name, _)| path == Path::new(name));
        let (_, text) = found.ok_or(io::ErrorKind::NotFound)?;
        Ok(text.as_bytes().to_vec())
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

  http://127.0.0.1:8080/               what is counted, live: the console
  http://127.0.0.1:8080/links          a page with links to all of this
  http://127.0.0.1:8080/measure/0.25   gives a value to a zone of every mode
  http://127.0.0.1:8080/shop/          a page of an origin behind the server
  http://127.0.0.1:8080/status/        everything that is counted, as JSON
  http://127.0.0.1:8080/metrics        the same for Prometheus

Its configuration is conf/demo.conf; all options are shown by \"pingauge -h\".";

const NAME: &str = "demo.conf";
const FILES: [(&str, &str); 2] = [
    (NAME, include_str!("../../conf/demo.conf")),
    (
        "prometheus_all.conf",
        include_str!("../../conf/prometheus_all.conf"),
    ),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_demo_is_complete_in_itself() {
        let (parsed, _) = source().record(source().files());
        assert!(!parsed.diagnostics.has_errors());
        assert_eq!(parsed.sources.files().count(), 2);
        assert!(BuiltIn.read(Path::new("other.conf")).is_err());
    }

    #[test]
    fn the_demo_serves_no_files() {
        let (_, text) = FILES[0];
        assert_eq!(text.matches("location / {").count(), 2);
        assert!(text.contains("location / {\n            return 404;"));
        assert!(!text.contains("root ") && !text.contains("alias "));
    }

    #[test]
    fn the_addresses_shown_are_those_of_the_demo() {
        let (_, text) = FILES[0];
        assert!(text.contains("listen 127.0.0.1:8080;"));
        for path in [
            "= / ",
            "= /links ",
            "/measure/",
            "/shop/",
            "/status/",
            "= /metrics ",
        ] {
            assert!(text.contains(path), "{path}");
        }
    }
}
