//! Where one server under test lives: a temporary directory, three free loopback ports, the
//! configuration files, and the `$NAMES` a `.t` text may use for them.
//!
//! The parts of a block become files of their own (`main_config`, `http_config`, `config`) included
//! by a small main file, so a diagnostic names the section and its own line: `http_config:3`.

use std::fs;
use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU16, AtomicU32, Ordering};

use super::door::Door;
use super::escape;
use super::origin::Origin;

/// The configuration as sections give it; a later section replaces the same part.
#[derive(Clone, Debug, Default)]
pub(crate) struct Parts {
    /// The whole main file; nothing else is added then.
    pub(crate) conf: Option<String>,
    pub(crate) main_config: String,
    pub(crate) http_config: String,
    /// Everything inside `http {}`, without a server of ours.
    pub(crate) http: Option<String>,
    pub(crate) config: String,
}

/// Directory, ports and names of one server.
pub(crate) struct Site {
    pub(crate) directory: PathBuf,
    pub(crate) port: u16,
    pub(crate) second_port: u16,
    /// A server of the harness with nothing but `/status/`, to watch reloads by.
    pub(crate) control_port: u16,
    /// How its servers are asked; those that are asked in HTTP/2 speak it.
    pub(crate) door: Door,
    origins: Vec<(String, Origin)>,
}

impl Site {
    /// Makes the directory and finds the ports.
    pub(crate) fn create() -> io::Result<Self> {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let name = format!("pingauge-t-{}-{number}", std::process::id());
        let directory = std::env::temp_dir().join(name);
        fs::create_dir_all(directory.join("html"))?;
        fs::create_dir_all(directory.join("logs"))?;
        Ok(Self {
            directory,
            port: free_port(),
            second_port: free_port(),
            control_port: free_port(),
            door: Door::default(),
            origins: Vec::new(),
        })
    }

    /// Starts an origin; its address becomes `$ORIGIN_name`.
    pub(crate) fn add_origin(&mut self, name: &str, script: &str) -> Result<(), String> {
        let origin = Origin::start(&self.substitute(script))?;
        self.origins.push((name.to_owned(), origin));
        Ok(())
    }

    /// Makes a symbolic link in the directory.
    pub(crate) fn add_link(&self, name: &str, target: &str) -> io::Result<()> {
        let link = self.directory.join(name);
        if let Some(folder) = link.parent() {
            fs::create_dir_all(folder)?;
        }
        std::os::unix::fs::symlink(self.substitute(target), link)
    }

    /// Puts a file below the directory.
    pub(crate) fn add_file(&self, name: &str, text: &str) -> io::Result<()> {
        let path = self.directory.join(name);
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent)?;
        }
        fs::write(path, self.substitute(text))
    }

    /// Writes the configuration files and gives the path of the main one.
    pub(crate) fn write(&self, parts: &Parts) -> io::Result<PathBuf> {
        let main = match &parts.conf {
            Some(conf) => self.opened(conf),
            None => self.main_file(parts),
        };
        let http_part = parts.http.as_ref().unwrap_or(&parts.http_config);
        self.add_file("main_config", &self.opened(&parts.main_config))?;
        self.add_file(http_part_name(parts), http_part)?;
        self.add_file("config", &parts.config)?;
        self.add_file("test.conf", &main)?;
        Ok(self.directory.join("test.conf"))
    }

    /// The address of a port of this site.
    pub(crate) fn address(&self, port: u16) -> SocketAddr {
        SocketAddr::from((Ipv4Addr::LOCALHOST, port))
    }

    /// Replaces `$PORT`, `$PORT2`, `$DIR`, `$ORIGIN_name`, the ports 80 and 8080 of a `listen`
    /// line, and the repetition marks.
    pub(crate) fn substitute(&self, text: &str) -> String {
        let mut replaced = text
            .replace("listen 80;", &format!("listen 127.0.0.1:{};", self.port))
            .replace(
                "listen 8080;",
                &format!("listen 127.0.0.1:{};", self.second_port),
            );
        for (name, value) in self.names() {
            replaced = replaced.replace(&name, &value);
        }
        escape::expand(&replaced, 0)
    }

    /// The inverse of `substitute` for texts that come from the server.
    pub(crate) fn generalize(&self, text: &str) -> String {
        let mut general = text.to_owned();
        for (name, value) in self.names() {
            general = general.replace(&value, &name);
        }
        general
    }

    /// Names files as the sections are called, without the directory.
    pub(crate) fn without_directory(&self, text: &str) -> String {
        text.replace(&format!("{}/", self.directory.display()), "")
    }

    /// A file below the directory as text, empty when it is not there.
    pub(crate) fn read(&self, name: &str) -> String {
        let bytes = fs::read(self.directory.join(name)).unwrap_or_default();
        String::from_utf8_lossy(&bytes).into_owned()
    }

    fn names(&self) -> Vec<(String, String)> {
        let mut names: Vec<(String, String)> = vec![
            ("$PORT2".into(), self.second_port.to_string()),
            ("$PORT".into(), self.port.to_string()),
            ("$DIR".into(), self.directory.display().to_string()),
            ("$PROTOCOL".into(), self.door.protocol().to_owned()),
        ];
        let origins = self.origins.iter();
        names.extend(
            origins.map(|(name, origin)| (format!("$ORIGIN_{name}"), origin.address.to_string())),
        );
        // A name may be the beginning of another.
        names.sort_by_key(|(name, _)| std::cmp::Reverse(name.len()));
        names
    }

    fn main_file(&self, parts: &Parts) -> String {
        let defaults = [
            ("daemon", "daemon off;".to_owned()),
            ("worker_processes", "worker_processes 1;".to_owned()),
            ("error_log", "error_log $DIR/error.log info;".to_owned()),
            ("pid", "pid $DIR/pid;".to_owned()),
            ("events", "events { worker_connections 512; }".to_owned()),
        ];
        let lines: Vec<String> = defaults
            .into_iter()
            .filter(|(name, _)| !has_directive(&parts.main_config, name))
            .map(|(_, line)| line)
            .collect();
        let mut text = format!("{}\ninclude main_config;\n", lines.join("\n"));
        if !has_directive(&parts.main_config, "http") {
            text.push_str(&self.http_block(parts));
        }
        text
    }

    /// Has an `http` block speak what the door asks for.
    fn opened(&self, text: &str) -> String {
        let is_http = |line: &str| {
            let rest = line.trim_start().strip_prefix("http");
            rest.is_some_and(|rest| rest.trim_start().starts_with('{'))
        };
        let opened = |line: &str| match self.door == Door::Http2 && is_http(line) {
            true => line.replacen('{', &format!("{{ {HTTP2}"), 1) + "\n",
            false => format!("{line}\n"),
        };
        text.lines().map(opened).collect()
    }

    fn http_block(&self, parts: &Parts) -> String {
        let name = http_part_name(parts);
        let part = parts.http.as_ref().unwrap_or(&parts.http_config);
        let http2 = match self.door == Door::Http2 && !has_directive(part, "http2") {
            true => HTTP2,
            false => "",
        };
        let own_log = has_directive(&parts.http_config, "access_log");
        let access_log = if own_log { "" } else { "access_log off;\n" };
        let status = "location /status/ { api /status/; }";
        let own_root = has_directive(&parts.config, "root");
        let server = format!(
            "server {{\nlisten 127.0.0.1:{};\n{}include config;\n{}\n}}\n",
            self.port,
            if own_root { "" } else { "root $DIR/html;\n" },
            if parts.config.contains("location /status/") {
                ""
            } else {
                status
            },
        );
        format!(
            "http {{\n{http2}{access_log}include {name};\n{}server {{ listen 127.0.0.1:{}; {status} }}\n}}\n",
            if parts.http.is_some() {
                ""
            } else {
                server.as_str()
            },
            self.control_port,
        )
    }
}

/// What has all servers speak HTTP/2.
const HTTP2: &str = "http2 on; ";

impl Drop for Site {
    fn drop(&mut self) {
        if std::env::var_os("KEEP").is_some() {
            eprintln!("kept {}", self.directory.display());
        } else {
            drop(fs::remove_dir_all(&self.directory));
        }
    }
}

/// The server under test: `PINGAUGE` if set, else the binary Cargo built for this test.
pub(crate) fn binary() -> PathBuf {
    let built = option_env!("CARGO_BIN_EXE_pingauge").map(Into::into);
    let Some(path) = std::env::var_os("PINGAUGE").or(built) else {
        panic!("set PINGAUGE to the path of the server under test");
    };
    // The server runs in another directory, so a relative path would not be found there.
    Path::new(&path)
        .canonicalize()
        .unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn http_part_name(parts: &Parts) -> &'static str {
    if parts.http.is_some() {
        "http"
    } else {
        "http_config"
    }
}

fn has_directive(text: &str, name: &str) -> bool {
    let starts = |line: &str| {
        line.trim_start()
            .strip_prefix(name)
            .is_some_and(ends_a_word)
    };
    text.lines().any(starts)
}

fn ends_a_word(rest: &str) -> bool {
    rest.starts_with([' ', '\t', '{', ';']) || rest.is_empty()
}

/// Ports below the range the kernel hands out to clients, each given once per process; processes
/// start at different places and skip what is in use.
fn free_port() -> u16 {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let start = (std::process::id() % 120) as u16 * 100;
    loop {
        let offset = NEXT.fetch_add(1, Ordering::Relaxed);
        let port = 20_000 + (start + offset) % 12_000;
        if TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok() {
            return port;
        }
    }
}
