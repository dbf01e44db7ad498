//! The two servers of a configuration: one folder of files, the same origins, each with ports and logs of its own.

use std::fs;
use std::net::SocketAddr;
use std::path::PathBuf;

use crate::harness::block::{Block, Section};
use crate::harness::nginx::Nginx;
use crate::harness::origin::Origin;
use crate::harness::server::Server;
use crate::harness::site::Site;

/// What both have around the sections of a file; the newest nginx speaks HTTP/1.1 to origins by itself, and only we know
/// types by ourselves.
const FRAME: &str = "daemon off; worker_processes 1; error_log $OWN/error.log info; pid $OWN/pid;
events { worker_connections 256; }
http {
client_body_temp_path $OWN/bodies; proxy_temp_path $OWN/proxied; proxy_http_version 1.1;
types {
    text/html html; text/css css; text/plain txt; text/javascript js; application/json json map; text/xml xml;
    image/png png; image/jpeg jpg; image/svg+xml svg; application/pdf pdf; application/zip zip; font/woff2 woff2;
    video/mp4 mp4; audio/mpeg mp3; video/mp2t ts; application/vnd.apple.mpegurl m3u8;
}
";
/// Folders that Debian's nginx otherwise makes where it is installed.
const THEIRS: &str =
    "fastcgi_temp_path $OWN/fastcgi; uwsgi_temp_path $OWN/uwsgi; scgi_temp_path $OWN/scgi;\n";

/// Where files, origins and ports of a configuration are.
pub(super) struct Pair {
    /// Their ports and logs; and ours, with the files of both.
    sites: [Site; 2],
    origins: Vec<(String, Origin)>,
}

/// Which of the two.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Side {
    Theirs,
    Ours,
}

/// Both at work.
pub(super) struct Running {
    nginx: Nginx,
    server: Server,
}

impl Pair {
    /// Makes the folder with its files, and starts the origins.
    pub(super) fn prepare(block: &Block) -> Result<Self, String> {
        let site = || Site::create().map_err(|error| error.to_string());
        let mut pair = Self {
            sites: [site()?, site()?],
            origins: Vec::new(),
        };
        for section in &block.sections {
            match section.name.as_str() {
                "origin" => {
                    let origin = Origin::remembering(&pair.text(&section.body, Side::Ours))?;
                    pair.origins.push((section.argument.clone(), origin));
                }
                "file" => pair.add_file(section)?,
                _ => {}
            }
        }
        Ok(pair)
    }

    /// Starts both on the configuration of a block.
    pub(super) fn start(&self, block: &Block) -> Result<Running, String> {
        let own = [Side::Theirs, Side::Ours].map(|side| (side, self.own(side).join("server.conf")));
        for (side, file) in &own {
            let text = self.text(&configuration(block, *side), *side);
            fs::write(file, text).map_err(|error| error.to_string())?;
        }
        let [(_, theirs), (_, ours)] = own;
        let address = |side| self.address(side, false);
        let nginx = Nginx::start_at(&self.own(Side::Theirs), &theirs, address(Side::Theirs));
        let server = Server::start(&ours, &self.own(Side::Ours), &[], address(Side::Ours));
        Ok(Running {
            nginx: nginx.map_err(|error| format!("nginx: {error}"))?,
            server: server.map_err(|error| format!("ours: {error}"))?,
        })
    }

    /// Where a server is asked, in HTTP/1 or in HTTP/2.
    pub(super) fn address(&self, side: Side, http2: bool) -> SocketAddr {
        let site = &self.sites[side as usize];
        site.address(if http2 { site.second_port } else { site.port })
    }

    /// A text of the file as a server has it.
    pub(super) fn text(&self, text: &str, side: Side) -> String {
        let site = &self.sites[side as usize];
        let mut replaced = text
            .replace("listen 80", &format!("listen 127.0.0.1:{}", site.port))
            .replace(
                "listen 81",
                &format!("listen 127.0.0.1:{}", site.second_port),
            );
        for (name, origin) in &self.origins {
            replaced = replaced.replace(&format!("$ORIGIN_{name}"), &origin.address.to_string());
        }
        let folder = self.sites[Side::Ours as usize].directory.display();
        replaced
            .replace("$DIR", &folder.to_string())
            .replace("$OWN", &self.own(side).display().to_string())
            .replace("$PORT2", &site.second_port.to_string())
            .replace("$PORT", &site.port.to_string())
    }

    /// A text of a server without what only that one has. All these names are as long for both.
    pub(super) fn neutral(&self, text: &str, side: Side) -> String {
        let site = &self.sites[side as usize];
        text.replace(&self.own(side).display().to_string(), "$OWN")
            .replace(&site.port.to_string(), "$PORT")
            .replace(&site.second_port.to_string(), "$PORT2")
    }

    /// What the origins were asked since the last time.
    pub(super) fn asked(&self) -> Vec<(&str, Vec<String>)> {
        let origins = self.origins.iter();
        origins
            .map(|(name, origin)| (name.as_str(), origin.asked()))
            .collect()
    }

    /// A file in the folder of one server.
    pub(super) fn log(&self, name: &str, side: Side) -> String {
        let read = fs::read(self.own(side).join(name)).unwrap_or_default();
        self.neutral(&String::from_utf8_lossy(&read), side)
    }

    fn own(&self, side: Side) -> PathBuf {
        self.sites[side as usize].directory.join("logs")
    }

    /// The name of a file may end in an age in seconds, so that conditions have something to say.
    fn add_file(&self, section: &Section) -> Result<(), String> {
        let site = &self.sites[Side::Ours as usize];
        let text = self.text(&section.body, Side::Ours);
        let written = site.add_file(&section.argument, text.trim_end_matches('\n'));
        written.map_err(|error| error.to_string())
    }
}

impl Running {
    /// Ends both, so that their logs are whole.
    pub(super) fn stop(self) -> Result<(), String> {
        drop(self.nginx);
        self.server.stop()
    }
}

fn configuration(block: &Block, side: Side) -> String {
    let section = |name: &str| {
        block
            .section(name)
            .map_or("", |section| section.body.as_str())
    };
    let inner = match block.section("http") {
        Some(section) => section.body.clone(),
        None => format!(
            "{}server {{ listen 80; listen 81 http2; server_name localhost; root $DIR/html;\n{}}}\n",
            section("http_config"),
            section("config")
        ),
    };
    let log = if inner.contains("access_log") {
        ""
    } else {
        "access_log off;\n"
    };
    let more = if side == Side::Theirs { THEIRS } else { "" };
    format!("{FRAME}{more}{log}{inner}}}\n")
}
