//! Lines for a syslog daemon (RFC 3164): where they go, and as what.
//!
//! Each line is a datagram of its own, which is never waited for: what the system has no room for is lost, as lines sent over
//! UDP always may be.

use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};
use std::os::unix::net::UnixDatagram;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use parking_lot::Mutex;

use super::address::Endpoint;
use super::core::hostname;
use crate::conf::{Diagnostic, Word, nearest};
use crate::http::transport::dial::PeerAddress;
use crate::os::{self, LocalTime};

/// A daemon, and how lines for it are marked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SyslogTarget {
    server: Server,
    facility: u8,
    /// That of lines which have none of their own.
    severity: u8,
    tag: String,
    names_host: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Server {
    Inet(SocketAddr),
    Unix(PathBuf),
}

const FACILITIES: [&str; 24] = [
    "kern", "user", "mail", "daemon", "auth", "intern", "lpr", "news", "uucp", "clock", "authpriv",
    "ftp", "ntp", "audit", "alert", "cron", "local0", "local1", "local2", "local3", "local4",
    "local5", "local6", "local7",
];

const SEVERITIES: [&str; 8] = [
    "emerg", "alert", "crit", "error", "warn", "notice", "info", "debug",
];

/// The port of syslog.
const PORT: u16 = 514;
const LOCAL7: u8 = 23;
const INFO: u8 = 6;
/// As long as most daemons take at all.
const LONGEST_TAG: usize = 32;

impl SyslogTarget {
    /// Reads `syslog:server=ADDRESS[,facility=NAME][,severity=NAME][,tag=TAG][,nohostname]`.
    ///
    /// # Errors
    /// Points at the word.
    pub(super) fn parse(word: &Word) -> Result<Self, Diagnostic> {
        let mut target = Self {
            server: Server::Unix(PathBuf::new()),
            facility: LOCAL7,
            severity: INFO,
            tag: env!("CARGO_PKG_NAME").to_owned(),
            names_host: true,
        };
        let mut has_server = false;
        let text = word.text.strip_prefix(PREFIX).unwrap_or(&word.text);
        for parameter in text.split(',') {
            match parameter.split_once('=') {
                Some(("server", address)) => {
                    target.server = server(word, address)?;
                    has_server = true;
                }
                Some(("facility", name)) => {
                    target.facility = number(word, "facility", name, &FACILITIES)?;
                }
                Some(("severity", name)) => {
                    target.severity = number(word, "severity", name, &SEVERITIES)?;
                }
                Some(("tag", tag)) => target.tag = checked_tag(word, tag)?,
                None if parameter == "nohostname" => target.names_host = false,
                _ => {
                    let message = format!("unknown syslog parameter \"{parameter}\"");
                    let help = "parameters are server=, facility=, severity=, tag= and nohostname";
                    return Err(Diagnostic::error(word.span, message).with_help(help));
                }
            }
        }
        if !has_server {
            let message = "no syslog server specified";
            let help = "as in syslog:server=unix:/dev/log or syslog:server=10.0.0.1:514";
            return Err(Diagnostic::error(word.span, message).with_help(help));
        }
        Ok(target)
    }
}

/// What a path begins with that is a syslog daemon.
pub(super) const PREFIX: &str = "syslog:";

fn server(word: &Word, address: &str) -> Result<Server, Diagnostic> {
    let found = Endpoint::parse(address).and_then(|one| one.resolve(PORT));
    let found = found.map_err(|reason| {
        let message = format!("{reason} in syslog server \"{address}\"");
        let help = "expected an address, with or without a port, or unix:PATH";
        Diagnostic::error(word.span, message).with_help(help)
    })?;
    match found.into_iter().next() {
        Some(PeerAddress::Inet(address)) => Ok(Server::Inet(address)),
        Some(PeerAddress::Unix(path)) => Ok(Server::Unix(path)),
        None => Err(Diagnostic::error(word.span, "host not found")),
    }
}

fn number(word: &Word, what: &str, name: &str, names: &[&'static str]) -> Result<u8, Diagnostic> {
    if let Some(place) = names.iter().position(|one| *one == name) {
        return Ok(u8::try_from(place).unwrap_or_default());
    }
    let message = format!("unknown syslog {what} \"{name}\"");
    let mut problem = Diagnostic::error(word.span, message);
    let similar = nearest(name, names.iter().copied());
    problem.help = similar.map(|name| format!("did you mean \"{name}\"?"));
    Err(problem)
}

fn checked_tag(word: &Word, tag: &str) -> Result<String, Diagnostic> {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    if tag.is_empty() || tag.len() > LONGEST_TAG || !tag.bytes().all(is_plain) {
        let message = format!("invalid syslog tag \"{tag}\"");
        let help = "a tag has up to 32 letters, digits and \"_\"";
        return Err(Diagnostic::error(word.span, message).with_help(help));
    }
    Ok(tag.to_owned())
}

/// A way to a daemon.
#[derive(Debug)]
pub struct Syslog {
    target: SyslogTarget,
    /// Behind the time of a line.
    origin: String,
    way: Mutex<Way>,
}

#[derive(Debug, Default)]
struct Way {
    socket: Option<Socket>,
    /// Not before this the next attempt is made.
    again: Option<Instant>,
}

#[derive(Debug)]
enum Socket {
    Inet(UdpSocket),
    Unix(UnixDatagram),
}

/// A daemon that is not there is looked for again after this time.
const PAUSE: Duration = Duration::from_secs(1);
/// Longer lines are cut.
const LONGEST: usize = 8192;

impl Syslog {
    /// The way to a daemon, which need not be there yet.
    pub fn new(target: SyslogTarget) -> Self {
        let host = match target.names_host {
            true => format!("{} ", hostname()),
            false => String::new(),
        };
        Self {
            origin: format!(" {host}{}: ", target.tag),
            target,
            way: Mutex::default(),
        }
    }

    /// Where it leads.
    pub fn target(&self) -> &SyslogTarget {
        &self.target
    }

    /// Sends a line, whose end is not sent; of this severity (0 is the most severe), or that of the target.
    ///
    /// # Errors
    /// The line is lost.
    pub fn send(&self, severity: Option<u8>, line: &[u8]) -> io::Result<()> {
        let mut text = self.head(severity, os::seconds());
        let line = line.strip_suffix(b"\n").unwrap_or(line);
        text.extend_from_slice(&line[..line.len().min(LONGEST)]);
        let mut way = self.way.lock();
        let first = way.send(&self.target.server, &text);
        match first {
            // The daemon may be another by now.
            Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => {
                way.socket = None;
                way.send(&self.target.server, &text)
            }
            sent => sent,
        }
    }

    fn head(&self, severity: Option<u8>, seconds: u64) -> Vec<u8> {
        let priority = self.target.facility * 8 + severity.unwrap_or(self.target.severity);
        let time = LocalTime::of(seconds);
        let month = MONTHS[(time.month as usize).clamp(1, 12) - 1];
        format!(
            "<{priority}>{month} {:2} {:02}:{:02}:{:02}{}",
            time.day, time.hour, time.minute, time.second, self.origin
        )
        .into_bytes()
    }
}

const MONTHS: [&str; 12] = [
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
];

impl Way {
    fn send(&mut self, server: &Server, text: &[u8]) -> io::Result<()> {
        if self.socket.is_none() {
            if self.again.is_some_and(|again| Instant::now() < again) {
                return Err(io::ErrorKind::NotConnected.into());
            }
            let made = connect(server);
            self.again = made.is_err().then(|| Instant::now() + PAUSE);
            self.socket = Some(made?);
        }
        let sent = match &self.socket {
            Some(Socket::Inet(socket)) => socket.send(text),
            Some(Socket::Unix(socket)) => socket.send(text),
            None => return Err(io::ErrorKind::NotConnected.into()),
        };
        let is_lasting = |error: &io::Error| error.kind() != io::ErrorKind::WouldBlock;
        if sent.as_ref().is_err_and(is_lasting) {
            self.socket = None;
        }
        sent.map(drop)
    }
}

fn connect(server: &Server) -> io::Result<Socket> {
    match server {
        Server::Inet(address) => {
            let any = match address {
                SocketAddr::V4(_) => SocketAddr::from((Ipv4Addr::UNSPECIFIED, 0)),
                SocketAddr::V6(_) => SocketAddr::from((Ipv6Addr::UNSPECIFIED, 0)),
            };
            let socket = UdpSocket::bind(any)?;
            socket.connect(address)?;
            socket.set_nonblocking(true)?;
            Ok(Socket::Inet(socket))
        }
        Server::Unix(path) => {
            let socket = UnixDatagram::unbound()?;
            socket.connect(path)?;
            socket.set_nonblocking(true)?;
            Ok(Socket::Unix(socket))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn target(text: &str) -> Result<SyslogTarget, String> {
        SyslogTarget::parse(&Word::from(text)).map_err(|problem| problem.message)
    }

    #[test]
    fn parameters_are_read() {
        let read = target("syslog:server=127.0.0.1,facility=user,tag=t_1,severity=warn,nohostname")
            .unwrap();
        assert_eq!(read.server, Server::Inet("127.0.0.1:514".parse().unwrap()));
        let line = Syslog::new(read).head(None, 0);
        let line = String::from_utf8(line).unwrap();
        assert!(
            line.starts_with("<12>Jan  1 ") || line.starts_with("<12>Dec 31 "),
            "{line}"
        );
        assert!(line.ends_with(" t_1: "), "{line}");
        assert!(target("syslog:server=[::1]:5140").is_ok());
        for (bad, message) in [
            ("syslog:", "unknown syslog parameter \"\""),
            ("syslog:tag=a", "no syslog server specified"),
            ("syslog:server=a b", "invalid host in syslog server \"a b\""),
            (
                "syslog:server=127.0.0.1,facility=x",
                "unknown syslog facility \"x\"",
            ),
            (
                "syslog:server=127.0.0.1,severity=x",
                "unknown syslog severity \"x\"",
            ),
            (
                "syslog:server=127.0.0.1,tag=a-b",
                "invalid syslog tag \"a-b\"",
            ),
            (
                "syslog:server=127.0.0.1,x=y",
                "unknown syslog parameter \"x=y\"",
            ),
        ] {
            assert_eq!(target(bad), Err(message.to_owned()), "{bad}");
        }
    }

    #[test]
    fn a_daemon_that_comes_back_is_found_again() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("log");
        let server = UnixDatagram::bind(&path).unwrap();
        let text = format!("syslog:server=unix:{},nohostname", path.display());
        let syslog = Syslog::new(target(&text).unwrap());
        let read = |server: &UnixDatagram| {
            let mut buffer = [0; 200];
            let length = server.recv(&mut buffer).unwrap();
            String::from_utf8_lossy(&buffer[..length]).into_owned()
        };
        syslog.send(Some(3), b"one\n").unwrap();
        let line = read(&server);
        assert!(
            line.starts_with("<187>") && line.ends_with(" pingauge: one"),
            "{line}"
        );
        drop(server);
        std::fs::remove_file(&path).unwrap();
        assert!(syslog.send(None, b"lost\n").is_err());
        let server = UnixDatagram::bind(&path).unwrap();
        syslog.way.lock().again = None;
        syslog.send(None, b"two\n").unwrap();
        assert!(read(&server).ends_with(": two"));
    }
}
