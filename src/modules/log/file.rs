//! Log files: opened for appending, written a line at a time or in gathered lines, opened anew
//! when they were moved away.
//!
//! The process has one list of them, so that a signal reaches every file whatever configuration
//! opened it; one path is opened once. Files that no configuration holds any more drop out of it.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Once, Weak};
use std::thread;
use std::time::{Duration, Instant};

use parking_lot::Mutex;

use crate::conf::reason;

/// A log file.
#[derive(Debug)]
pub(super) struct LogFile {
    path: PathBuf,
    sink: Mutex<Sink>,
}

/// How lines are gathered before they are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Buffering {
    /// Bytes.
    pub size: usize,
    /// The longest time that a line waits.
    pub flush: Option<Duration>,
}

#[derive(Debug)]
struct Sink {
    file: File,
    gathered: Vec<u8>,
    /// When what is gathered must be written.
    due: Option<Instant>,
    complained: Option<Instant>,
}

static FILES: Mutex<Vec<Weak<LogFile>>> = Mutex::new(Vec::new());

/// Opens every log file anew, so that one that was renamed is followed by a fresh one.
pub fn reopen() {
    for log in open_files() {
        log.reopen();
    }
}

/// Writes whatever is gathered; to be called before the process ends.
pub fn flush() {
    for log in open_files() {
        log.sink.lock().flush(&log.path);
    }
}

/// Makes `user` the owner of every log file, so that workers, which run as that user, can open
/// them anew.
///
/// # Errors
/// The first file that could not be given; the others are tried all the same.
pub fn give_to(user: u32) -> io::Result<()> {
    let mut result = Ok(());
    for log in open_files() {
        let given = log.give_to(user);
        result = result.and(given);
    }
    result
}

fn open_files() -> Vec<Arc<LogFile>> {
    let mut files = FILES.lock();
    files.retain(|log| log.strong_count() > 0);
    files.iter().filter_map(Weak::upgrade).collect()
}

impl LogFile {
    /// The log file at `path`, which is created if need be.
    pub(super) fn open(path: &Path) -> io::Result<Arc<Self>> {
        if let Some(log) = open_files().into_iter().find(|log| log.path == path) {
            return Ok(log);
        }
        let log = Arc::new(Self {
            path: path.to_owned(),
            sink: Mutex::new(Sink {
                file: append_to(path)?,
                gathered: Vec::new(),
                due: None,
                complained: None,
            }),
        });
        FILES.lock().push(Arc::downgrade(&log));
        Ok(log)
    }

    /// Writes a line, its end included.
    pub(super) fn write(&self, line: &[u8], buffering: Option<Buffering>) {
        let mut sink = self.sink.lock();
        let Some(buffering) = buffering else {
            sink.put(line, &self.path);
            return;
        };
        if sink.gathered.len() + line.len() > buffering.size {
            sink.flush(&self.path);
        }
        if line.len() > buffering.size {
            sink.put(line, &self.path);
            return;
        }
        if let Some(time) = buffering.flush.filter(|_| sink.gathered.is_empty()) {
            sink.due = Some(Instant::now() + time);
            start_flushing();
        }
        sink.gathered.extend_from_slice(line);
    }

    fn reopen(&self) {
        let mut sink = self.sink.lock();
        sink.flush(&self.path);
        match append_to(&self.path) {
            Ok(file) => sink.file = file,
            Err(error) => {
                let reason = reason(&error);
                log::error!("open() \"{}\" failed ({reason})", self.path.display());
            }
        }
    }

    fn give_to(&self, user: u32) -> io::Result<()> {
        let metadata = self.sink.lock().file.metadata()?;
        if metadata.is_file() && metadata.uid() != user {
            std::os::unix::fs::chown(&self.path, Some(user), None)?;
        }
        Ok(())
    }
}

impl Drop for LogFile {
    fn drop(&mut self) {
        self.sink.get_mut().flush(&self.path);
    }
}

impl Sink {
    fn flush(&mut self, path: &Path) {
        self.due = None;
        if self.gathered.is_empty() {
            return;
        }
        let gathered = std::mem::take(&mut self.gathered);
        self.put(&gathered, path);
        self.gathered = gathered;
        self.gathered.clear();
    }

    fn put(&mut self, text: &[u8], path: &Path) {
        let Err(error) = self.file.write_all(text) else {
            return;
        };
        let is_new = |at: Instant| at.elapsed() > PAUSE_OF_COMPLAINTS;
        if self.complained.is_none_or(is_new) {
            self.complained = Some(Instant::now());
            let reason = reason(&error);
            log::error!("write() to \"{}\" failed ({reason})", path.display());
        }
    }
}

fn append_to(path: &Path) -> io::Result<File> {
    OpenOptions::new().append(true).create(true).open(path)
}

/// A log that cannot be written to is complained of once in this time.
const PAUSE_OF_COMPLAINTS: Duration = Duration::from_secs(60);

/// How exactly `flush=` is kept.
const TICK: Duration = Duration::from_millis(200);

/// Starts the thread that writes gathered lines in time; only a process that gathers has it.
fn start_flushing() {
    static STARTED: Once = Once::new();
    STARTED.call_once(|| {
        let started = thread::Builder::new()
            .name("access log".to_owned())
            .spawn(|| {
                loop {
                    thread::sleep(TICK);
                    flush_due(Instant::now());
                }
            });
        if let Err(error) = started {
            log::error!("access logs are written only when their buffers are full: {error}");
        }
    });
}

fn flush_due(now: Instant) {
    for log in open_files() {
        let mut sink = log.sink.lock();
        if sink.due.is_some_and(|due| due <= now) {
            sink.flush(&log.path);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Folder(PathBuf);

    impl Folder {
        fn new(name: &str) -> Self {
            let path = std::env::temp_dir().join(format!("pingauge-{name}-{}", std::process::id()));
            std::fs::create_dir_all(&path).unwrap();
            Self(path)
        }

        fn read(&self, name: &str) -> String {
            std::fs::read_to_string(self.0.join(name)).unwrap_or_default()
        }
    }

    impl Drop for Folder {
        fn drop(&mut self) {
            let _ = std::fs::remove_dir_all(&self.0);
        }
    }

    #[test]
    fn a_moved_file_is_followed_by_a_fresh_one() {
        let folder = Folder::new("reopen");
        let path = folder.0.join("log");
        let log = LogFile::open(&path).unwrap();
        assert!(Arc::ptr_eq(&log, &LogFile::open(&path).unwrap()));
        log.write(b"one\n", None);
        std::fs::rename(&path, folder.0.join("old")).unwrap();
        log.write(b"two\n", None);
        log.reopen();
        log.write(b"three\n", None);
        assert_eq!(folder.read("old"), "one\ntwo\n");
        assert_eq!(folder.read("log"), "three\n");
    }

    #[test]
    fn gathered_lines_are_written_when_it_is_time() {
        let folder = Folder::new("gather");
        let log = LogFile::open(&folder.0.join("log")).unwrap();
        let buffering = |flush| {
            Some(Buffering {
                size: 8,
                flush: Some(Duration::from_secs(flush)),
            })
        };
        log.write(b"one\n", buffering(3600));
        log.write(b"two\n", buffering(3600));
        assert_eq!(folder.read("log"), "");
        log.write(b"3\n", buffering(3600));
        assert_eq!(folder.read("log"), "one\ntwo\n");
        flush_due(Instant::now() + Duration::from_secs(3601));
        assert_eq!(folder.read("log"), "one\ntwo\n3\n");
        log.write(b"too long for it\n", buffering(3600));
        log.write(b"last\n", buffering(3600));
        drop(log);
        assert_eq!(folder.read("log"), "one\ntwo\n3\ntoo long for it\nlast\n");
    }

    #[test]
    fn a_missing_folder_is_an_error() {
        assert!(LogFile::open(Path::new("/nowhere/at/all")).is_err());
    }
}
