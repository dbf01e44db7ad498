//! Debian's nginx beside the server under test, on a directory and a port of its own.

use std::fs;
use std::io;
use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use super::client::Connection;
use super::{PATIENCE, poll};

/// Where Debian has it.
const PROGRAM: &str = "/usr/sbin/nginx";

/// What it is to serve.
pub(crate) struct Site<'a> {
    /// What stands ahead of all blocks.
    pub(crate) main: &'a str,
    /// What stands in `http`; `$DIR` is its directory.
    pub(crate) http: &'a str,
    /// What stands in its one server; `$ADDRESS` is where that listens.
    pub(crate) server: &'a str,
    /// Files in its directory, with their names.
    pub(crate) files: &'a [(&'a str, &'a str)],
}

/// A running nginx; it ends when dropped.
pub(crate) struct Nginx {
    child: Child,
    pub(crate) address: SocketAddr,
    directory: Option<PathBuf>,
}

impl Nginx {
    /// Whether it is here, and these modules of it; if not, that is told. Under `t/run`, which installs them, it is a failure.
    pub(crate) fn is_here(modules: &[&str]) -> bool {
        let mut all = modules.iter().chain([&PROGRAM]);
        let missing = all.find(|path| !Path::new(path).exists());
        let required = std::env::var_os("PINGAUGE_CLIENTS").is_some();
        assert!(
            missing.is_none() || !required,
            "{} is missing: run t/run, which installs it",
            missing.unwrap_or(&"")
        );
        if let Some(missing) = missing {
            eprintln!("skipped: there is no {missing}");
        }
        missing.is_none()
    }

    /// Starts one.
    pub(crate) fn start(site: &Site<'_>) -> io::Result<Self> {
        let free = TcpListener::bind("127.0.0.1:0")?;
        let address = free.local_addr()?;
        drop(free);
        let directory = std::env::temp_dir().join(format!("pingauge-nginx-{}", address.port()));
        fs::create_dir_all(&directory)?;
        for (name, content) in site.files {
            fs::write(directory.join(name), content)?;
        }
        let file = directory.join("nginx.conf");
        fs::write(&file, configuration(site, address, &directory))?;
        let mut nginx = Self::start_at(&directory, &file, address)?;
        nginx.directory = Some(directory);
        Ok(nginx)
    }

    /// Starts one on a whole configuration, in a directory that others look after; what it says is in `stderr` there.
    pub(crate) fn start_at(directory: &Path, file: &Path, address: SocketAddr) -> io::Result<Self> {
        let said = directory.join("stderr");
        let mut command = Command::new(PROGRAM);
        command.arg("-p").arg(directory).arg("-c").arg(file);
        let command = command
            .stdin(Stdio::null())
            .stderr(fs::File::create(&said)?);
        let mut nginx = Self {
            child: command.spawn()?,
            address,
            directory: None,
        };
        let accepts = || {
            let ended = nginx.child.try_wait().ok().flatten().map(|_| false);
            let accepted = Connection::open(address, PATIENCE).ok().map(|_| true);
            ended.or(accepted)
        };
        match poll(PATIENCE, accepts) {
            Some(true) => Ok(nginx),
            _ => Err(io::Error::other(fs::read_to_string(said)?)),
        }
    }
}

fn configuration(site: &Site<'_>, address: SocketAddr, directory: &Path) -> String {
    let temporary: String = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
        .map(|name| format!("{name}_temp_path $DIR/{name};\n"))
        .concat();
    let Site {
        main, http, server, ..
    } = site;
    format!(
        "{main}\nworker_processes 1; daemon off; pid $DIR/pid; error_log $DIR/error.log;\n\
         events {{ worker_connections 128; }}\n\
         http {{ access_log off; {temporary}{http}\nserver {{ listen $ADDRESS; {server} }} }}\n"
    )
    .replace("$DIR", &directory.display().to_string())
    .replace("$ADDRESS", &address.to_string())
}

impl Drop for Nginx {
    fn drop(&mut self) {
        drop(
            Command::new("kill")
                .arg(self.child.id().to_string())
                .status(),
        );
        drop(self.child.wait());
        if let Some(directory) = &self.directory {
            drop(fs::remove_dir_all(directory));
        }
    }
}
