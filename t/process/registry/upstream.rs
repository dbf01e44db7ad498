//! Debian's docker-registry, as what is mirrored, and as a mirror itself.

use std::fs;
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use crate::harness::{PATIENCE, poll};

/// A registry that runs.
pub(super) struct Upstream {
    port: u16,
    directory: PathBuf,
    more: String,
    process: Option<Child>,
}

fn free_port() -> u16 {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    listener.local_addr().unwrap().port()
}

impl Upstream {
    /// Starts one with its files below this folder, and with more settings.
    pub(super) fn start(directory: &Path, more: &str) -> Self {
        let mut registry = Self {
            port: free_port(),
            directory: directory.to_owned(),
            more: more.to_owned(),
            process: None,
        };
        fs::create_dir_all(directory).unwrap();
        registry.go_on();
        registry
    }

    /// Starts it again, with what it has.
    pub(super) fn go_on(&mut self) {
        let directory = self.directory.display();
        let config = format!(
            "version: 0.1\nlog: {{level: info}}\n\
             storage: {{filesystem: {{rootdirectory: {directory}/data}}}}\n\
             http:\n  addr: '127.0.0.1:{}'\n{}",
            self.port, self.more
        );
        let file = self.directory.join("registry.yml");
        fs::write(&file, config).unwrap();
        let log = fs::OpenOptions::new()
            .create(true)
            .append(true)
            .open(self.log_file());
        let log = log.unwrap();
        let process = Command::new("docker-registry")
            .arg("serve")
            .arg(&file)
            .stdin(Stdio::null())
            .stdout(log.try_clone().unwrap())
            .stderr(log)
            .spawn();
        self.process = Some(process.unwrap());
        let listens = || TcpStream::connect(self.address()).ok();
        assert!(poll(PATIENCE, listens).is_some(), "{}", self.log());
    }

    /// It has these settings besides when it goes on.
    pub(super) fn demand(&mut self, more: &str) {
        more.clone_into(&mut self.more);
    }

    pub(super) fn stop(&mut self) {
        if let Some(mut process) = self.process.take() {
            let _ = process.kill();
            let _ = process.wait();
        }
    }

    pub(super) fn address(&self) -> SocketAddr {
        (Ipv4Addr::LOCALHOST, self.port).into()
    }

    fn log_file(&self) -> PathBuf {
        self.directory.join("registry.log")
    }

    pub(super) fn log(&self) -> String {
        let log = fs::read(self.log_file()).unwrap_or_default();
        String::from_utf8_lossy(&log).into_owned()
    }

    /// How many requests it was made that begin so.
    pub(super) fn count(&self, request: &str) -> usize {
        self.log().matches(&format!("\"{request}")).count()
    }
}

impl Drop for Upstream {
    fn drop(&mut self) {
        self.stop();
    }
}
