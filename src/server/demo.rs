//! The built-in demo: a configuration inside the program, served when there are no arguments.
//!
//! It needs no rights and no files; its text is `conf/demo.conf` and can be run and changed from there
//! as well. Where others have its ports, it takes the next ones.

use std::io;
use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::generation::Source;
use crate::conf::Loader;

/// The ports of the demo.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Ports {
    site: u16,
    /// Of the origin behind the site; always the larger number.
    origin: u16,
}

impl Ports {
    /// As written in the text.
    const WRITTEN: Self = Self {
        site: 8080,
        origin: 8081,
    };

    /// Those written, or the next that nobody has.
    fn free(is_free: impl Fn(u16) -> bool) -> Self {
        let mut free =
            (Self::WRITTEN.site..Self::WRITTEN.site + TRIED).filter(|port| is_free(*port));
        match (free.next(), free.next()) {
            (Some(site), Some(origin)) => Self { site, origin },
            _ => Self::WRITTEN,
        }
    }

    /// A text with these ports for those written. The larger ones are never smaller than written, so that
    /// nothing is replaced twice.
    fn put_into(self, text: &str) -> String {
        let address = |port: u16| format!("127.0.0.1:{port}");
        text.replace(&address(Self::WRITTEN.origin), &address(self.origin))
            .replace(&address(Self::WRITTEN.site), &address(self.site))
    }
}

fn is_free(port: u16) -> bool {
    let taken = TcpListener::bind((Ipv4Addr::LOCALHOST, port));
    // Whatever else is wrong with it, those who listen are told.
    !taken.is_err_and(|error| error.kind() == io::ErrorKind::AddrInUse)
}

/// How many ports are looked at.
const TRIED: u16 = 100;

/// Gives the built-in text.
pub(super) struct BuiltIn(pub(super) Ports);

impl Loader for BuiltIn {
    fn read(&mut self, path: &Path) -> io::Result<Vec<u8>> {
        let found = FILES.iter().find(|(name, _)| path == Path::new(name));
        let (_, text) = found.ok_or(io::ErrorKind::NotFound)?;
        Ok(self.0.put_into(text).into_bytes())
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
        demo: Some(Ports::free(is_free)),
    }
}

/// What to look at, for whoever started it.
pub(super) fn welcome(ports: Ports) -> String {
    let mut text = ports.put_into(WELCOME);
    if ports.site != Ports::WRITTEN.site {
        let (written, site) = (Ports::WRITTEN.site, ports.site);
        text.insert_str(
            0,
            &format!("Port {written} is in use, so the demo takes {site}.\n"),
        );
    }
    text
}

const WELCOME: &str = "\
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
        assert!(
            BuiltIn(Ports::WRITTEN)
                .read(Path::new("other.conf"))
                .is_err()
        );
    }

    #[test]
    fn ports_that_others_have_are_passed_over() {
        let ports = |taken: &[u16]| Ports::free(|port| !taken.contains(&port));
        assert_eq!(ports(&[]), Ports::WRITTEN);
        let both = |site, origin| Ports { site, origin };
        assert_eq!(ports(&[8080]), both(8081, 8082));
        assert_eq!(ports(&[8081, 8082]), both(8080, 8083));
        let all: Vec<u16> = (0..u16::MAX).collect();
        assert_eq!(ports(&all), Ports::WRITTEN);
        let mut next = BuiltIn(both(8081, 8082));
        let text = next.read(Path::new(NAME)).unwrap();
        let text = String::from_utf8(text).unwrap();
        assert!(text.contains("listen 127.0.0.1:8081;") && text.contains("listen 127.0.0.1:8082;"));
        assert!(!text.contains("127.0.0.1:8080"));
        let said = welcome(both(8081, 8082));
        assert!(
            said.starts_with("Port 8080 is in use, so the demo takes 8081.\n"),
            "{said}"
        );
        assert!(said.contains("http://127.0.0.1:8081/status/") && !said.contains("127.0.0.1:8080"));
        let taken = TcpListener::bind("127.0.0.1:0").unwrap();
        assert!(!is_free(taken.local_addr().unwrap().port()));
    }

    /// The list of modes is that of the table; the demo has one zone for each.
    #[test]
    fn the_demo_has_a_zone_for_every_mode() {
        let (_, text) = FILES[0];
        let zones = text
            .lines()
            .filter(|line| line.trim_start().starts_with("metric_zone "));
        let zones: Vec<Vec<&str>> = zones
            .map(|line| {
                line.split([' ', ';'])
                    .filter(|word| !word.is_empty())
                    .collect()
            })
            .collect();
        for mode in crate::metric::MODES {
            let name: Vec<&str> = mode.name.split(' ').collect();
            assert!(
                zones.iter().any(|words| words[2..].starts_with(&name)),
                "{}",
                mode.name
            );
        }
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
