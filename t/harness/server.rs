//! A server process of a test: started in its own process group, watched, signalled by process id,
//! and always ended, whatever happens to the test.

use std::fs::{self, File};
use std::io;
use std::net::SocketAddr;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::time::Duration;

use super::client::Connection;
use super::{PATIENCE, poll, site};

/// A running master with its workers.
pub(crate) struct Server {
    child: Child,
    directory: PathBuf,
}

/// A child process of a master, as `/proc` shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Process {
    pub(crate) id: u32,
    pub(crate) title: String,
}

impl Server {
    /// Starts the server on a configuration file and waits until it accepts on `address`.
    pub(crate) fn start(
        main_file: &Path,
        directory: &Path,
        arguments: &[&str],
        address: SocketAddr,
    ) -> Result<Self, String> {
        let stderr = File::create(directory.join("stderr")).map_err(|error| error.to_string())?;
        let child = command(main_file, directory)
            .args(arguments)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(stderr)
            .process_group(0)
            .spawn()
            .map_err(|error| format!("cannot start {}: {error}", site::binary().display()))?;
        let mut server = Self {
            child,
            directory: directory.to_owned(),
        };
        server.wait_until_accepting(address)?;
        Ok(server)
    }

    /// Checks a configuration with `-t`.
    pub(crate) fn check(main_file: &Path, directory: &Path) -> io::Result<Output> {
        command(main_file, directory)
            .arg("-t")
            .stdin(Stdio::null())
            .output()
    }

    /// The process id of the master.
    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// Sends a signal (`HUP`, `QUIT` …) to the master.
    pub(crate) fn signal(&self, name: &str) {
        signal(&self.child.id().to_string(), name);
    }

    /// The worker processes, draining ones included.
    pub(crate) fn workers(&self) -> Vec<Process> {
        let mut workers = children(self.child.id());
        workers.retain(|process| process.title.contains("worker process"));
        workers
    }

    /// Reloads and waits until every worker of the former generation has stopped accepting.
    /// `control` serves `/status/`.
    pub(crate) fn reload(&self, control: SocketAddr) -> Result<(), String> {
        let before = generation(control).ok_or("no generation before the reload")?;
        let former: Vec<u32> = self.workers().iter().map(|process| process.id).collect();
        self.signal("HUP");
        let accepting = |process: &Process| {
            former.contains(&process.id) && !process.title.contains("shutting down")
        };
        let done = poll(PATIENCE, || {
            let fresh = generation(control).is_some_and(|now| now > before);
            (fresh && !self.workers().iter().any(accepting)).then_some(())
        });
        done.ok_or_else(|| format!("no generation after {before} within {PATIENCE:?}"))
    }

    /// Whether the master still runs.
    pub(crate) fn is_running(&mut self) -> bool {
        matches!(self.child.try_wait(), Ok(None))
    }

    /// Waits for the master to end by itself.
    pub(crate) fn wait_for_exit(&mut self, patience: Duration) -> Option<ExitStatus> {
        poll(patience, || self.child.try_wait().ok().flatten())
    }

    /// Sends `TERM` and checks that everything ends, with success, soon.
    pub(crate) fn stop(mut self) -> Result<(), String> {
        self.signal("TERM");
        let Some(status) = self.wait_for_exit(PATIENCE) else {
            return Err(format!(
                "the master did not end within {PATIENCE:?} of TERM"
            ));
        };
        if !status.success() {
            return Err(format!("the master ended with {status} after TERM"));
        }
        let group = self.child.id();
        match poll(PATIENCE, || group_members(group).is_empty().then_some(())) {
            Some(()) => Ok(()),
            None => Err(format!(
                "left behind after TERM: {:?}",
                group_members(group)
            )),
        }
    }

    fn wait_until_accepting(&mut self, address: SocketAddr) -> Result<(), String> {
        let mut ended = None;
        let ready = poll(PATIENCE, || {
            ended = self.child.try_wait().ok().flatten();
            if ended.is_some() {
                return Some(false);
            }
            // Workers come when all sockets are there, not only the first.
            let accepts = Connection::open(address, PATIENCE).is_ok();
            (accepts && !children(self.child.id()).is_empty()).then_some(true)
        });
        let stderr = fs::read_to_string(self.directory.join("stderr")).unwrap_or_default();
        match (ready, ended) {
            (Some(true), _) => Ok(()),
            (_, Some(status)) => Err(format!("the server ended at once ({status}): {stderr}")),
            _ => Err(format!(
                "nothing accepts on {address} after {PATIENCE:?}: {stderr}"
            )),
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let group = self.child.id();
        if self.is_running() || !group_members(group).is_empty() {
            signal(&format!("-{group}"), "KILL");
        }
        drop(self.child.wait());
    }
}

/// Sends a signal to a process id, or to a group with a leading minus.
pub(crate) fn signal(target: &str, name: &str) {
    let script = format!("kill -s {name} -- {target}");
    drop(
        Command::new("sh")
            .args(["-c", &script])
            .stderr(Stdio::null())
            .status(),
    );
}

/// The generation a fresh connection to `control` reports.
pub(crate) fn generation(control: SocketAddr) -> Option<u64> {
    let mut connection = Connection::open(control, Duration::from_secs(2)).ok()?;
    let response = connection.get("/status/angie/generation").ok()?;
    response.text().trim().parse().ok()
}

/// The children of a process.
pub(crate) fn children(parent: u32) -> Vec<Process> {
    processes_where(|stat| stat.parent == parent)
}

/// The processes of a group.
pub(crate) fn group_members(group: u32) -> Vec<Process> {
    processes_where(|stat| stat.group == group)
}

struct Stat {
    state: char,
    parent: u32,
    group: u32,
}

fn processes_where(wanted: impl Fn(&Stat) -> bool) -> Vec<Process> {
    let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
    let ids = entries.filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok());
    let alive = ids.filter(|id| stat(*id).is_some_and(|stat| stat.state != 'Z' && wanted(&stat)));
    alive
        .map(|id| Process {
            id,
            title: title(id),
        })
        .collect()
}

/// `/proc/ID/stat` is `id (name) state parent group …`; the name may hold anything.
fn stat(id: u32) -> Option<Stat> {
    let text = fs::read_to_string(format!("/proc/{id}/stat")).ok()?;
    let mut fields = text[text.rfind(')')? + 1..].split_whitespace();
    let state = fields.next()?.chars().next()?;
    Some(Stat {
        state,
        parent: fields.next()?.parse().ok()?,
        group: fields.next()?.parse().ok()?,
    })
}

fn title(id: u32) -> String {
    let bytes = fs::read(format!("/proc/{id}/cmdline")).unwrap_or_default();
    String::from_utf8_lossy(&bytes)
        .replace('\0', " ")
        .trim_end()
        .to_owned()
}

fn command(main_file: &Path, directory: &Path) -> Command {
    let mut command = Command::new(site::binary());
    command
        .arg("-c")
        .arg(main_file)
        .arg("-p")
        .arg(directory)
        .current_dir(directory);
    command
}
