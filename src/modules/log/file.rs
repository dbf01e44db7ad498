//! A log: a file, and the lines that are gathered for it.
//!
//! The file itself, and opening it anew, is the matter of `os::LogFile`. Gathered lines are written
//! when there are enough of them, when the oldest has waited long enough, and before the process
//! ends, if it is asked to.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom, Write};
use std::path::Path;
use std::sync::{Arc, Once, Weak};
use std::thread;
use std::time::{Duration, Instant};

use flate2::Compression;
use flate2::write::GzEncoder;
use parking_lot::Mutex;

use crate::conf::reason;
use crate::modules::syslog::{Syslog, SyslogTarget};
use crate::os::LogFile;

/// A log.
#[derive(Debug)]
pub(super) struct Log {
    sink: Sink,
    buffering: Option<Buffering>,
    gathered: Mutex<Gathered>,
    complained: Mutex<Option<Instant>>,
}

#[derive(Debug)]
enum Sink {
    File(Arc<LogFile>),
    Syslog(Syslog),
}

/// How lines are gathered before they are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Buffering {
    /// Bytes.
    pub size: usize,
    /// The longest time that a line waits.
    pub flush: Option<Duration>,
    /// How hard they are packed, if they are.
    pub gzip: Option<u32>,
}

#[derive(Debug, Default)]
struct Gathered {
    lines: Vec<u8>,
    /// When they must be written.
    due: Option<Instant>,
}

/// The logs of this process that gather lines.
static GATHERING: Mutex<Vec<Weak<Log>>> = Mutex::new(Vec::new());

/// Writes whatever is gathered; to be called before the process ends.
pub fn flush() {
    for log in gathering() {
        log.flush(&mut log.gathered.lock());
    }
}

fn gathering() -> Vec<Arc<Log>> {
    GATHERING.lock().iter().filter_map(Weak::upgrade).collect()
}

impl Log {
    /// The log at `path`, whose file is created if need be.
    pub(super) fn open(path: &Path, buffering: Option<Buffering>) -> io::Result<Arc<Self>> {
        let log = Arc::new(Self {
            sink: Sink::File(LogFile::open(path)?),
            buffering,
            gathered: Mutex::default(),
            complained: Mutex::default(),
        });
        if buffering.is_some() {
            let mut all = GATHERING.lock();
            all.retain(|one| one.strong_count() > 0);
            all.push(Arc::downgrade(&log));
        }
        Ok(log)
    }

    /// A log that a syslog daemon keeps.
    pub(super) fn syslog(target: SyslogTarget) -> Arc<Self> {
        Arc::new(Self {
            sink: Sink::Syslog(Syslog::new(target)),
            buffering: None,
            gathered: Mutex::default(),
            complained: Mutex::default(),
        })
    }

    fn path(&self) -> Option<&Path> {
        match &self.sink {
            Sink::File(file) => Some(file.path()),
            Sink::Syslog(_) => None,
        }
    }

    /// How lines are gathered.
    pub(super) fn buffering(&self) -> Option<Buffering> {
        self.buffering
    }

    /// Writes a line, its end included.
    pub(super) fn write(&self, line: &[u8]) {
        let Some(buffering) = self.buffering else {
            return self.put(line);
        };
        let mut gathered = self.gathered.lock();
        if gathered.lines.len() + line.len() > buffering.size {
            self.flush(&mut gathered);
        }
        if line.len() > buffering.size {
            return self.put(line);
        }
        if let Some(time) = buffering.flush.filter(|_| gathered.lines.is_empty()) {
            gathered.due = Some(Instant::now() + time);
            start_flushing();
        }
        gathered.lines.extend_from_slice(line);
    }

    /// How long the file is.
    pub(super) fn length(&self) -> u64 {
        let found = self.path().and_then(|path| std::fs::metadata(path).ok());
        found.map_or(0, |about| about.len())
    }

    /// Whether there is a line, its end included, for which `is_wanted`, from a place in the file on or, if the file is shorter, in all of it.
    /// Of a very long rest only the beginning is looked at.
    pub(super) fn has_line(
        &self,
        place: u64,
        is_wanted: impl Fn(&[u8]) -> bool,
    ) -> io::Result<bool> {
        let Some(path) = self.path() else {
            return Ok(false);
        };
        if !std::fs::metadata(path)?.is_file() {
            return Ok(false);
        }
        let mut file = File::open(path)?;
        if file.metadata()?.len() >= place {
            file.seek(SeekFrom::Start(place))?;
        }
        let mut lines = BufReader::new(file.take(MOST_LOOKED_AT));
        let mut line = Vec::new();
        while lines.read_until(b'\n', &mut line)? > 0 {
            if is_wanted(&line) {
                return Ok(true);
            }
            line.clear();
        }
        Ok(false)
    }

    fn flush(&self, gathered: &mut Gathered) {
        gathered.due = None;
        if !gathered.lines.is_empty() {
            self.put(&gathered.lines);
            gathered.lines.clear();
        }
    }

    fn put(&self, text: &[u8]) {
        let written = match (&self.sink, self.buffering.and_then(|one| one.gzip)) {
            (Sink::Syslog(syslog), _) => syslog.send(None, text),
            (Sink::File(file), None) => file.write(text),
            (Sink::File(file), Some(level)) => pack(text, level).and_then(|text| file.write(&text)),
        };
        let Err(error) = written else {
            return;
        };
        let mut complained = self.complained.lock();
        if complained.is_none_or(|at| at.elapsed() > PAUSE_OF_COMPLAINTS) {
            *complained = Some(Instant::now());
            let reason = reason(&error);
            match self.path() {
                Some(path) => {
                    log::error!("write() to \"{}\" failed ({reason})", path.display());
                }
                None => log::error!("sending to syslog failed ({reason})"),
            }
        }
    }
}

/// Packs lines as a whole of their own: several behind each other are one file of gzip.
fn pack(text: &[u8], level: u32) -> io::Result<Vec<u8>> {
    let mut packing = GzEncoder::new(Vec::new(), Compression::new(level));
    packing.write_all(text)?;
    packing.finish()
}

impl Drop for Log {
    fn drop(&mut self) {
        let mut gathered = std::mem::take(self.gathered.get_mut());
        self.flush(&mut gathered);
    }
}

/// How many bytes are looked at for a line.
const MOST_LOOKED_AT: u64 = 16 << 20;

/// A log that cannot be written to is complained of once in this time.
pub(super) const PAUSE_OF_COMPLAINTS: Duration = Duration::from_secs(60);

/// How exactly `flush=` is kept.
const TICK: Duration = Duration::from_millis(200);

/// Starts the thread that writes gathered lines in time; only a process that gathers has it.
fn start_flushing() {
    static STARTED: Once = Once::new();
    STARTED.call_once(|| {
        let flushing = thread::Builder::new().name("access log".to_owned());
        let started = flushing.spawn(|| {
            loop {
                thread::sleep(TICK);
                flush_due(Instant::now());
            }
        });
        if let Err(error) = started {
            let reason = reason(&error);
            log::error!("access logs are written only when their buffers are full ({reason})");
        }
    });
}

fn flush_due(now: Instant) {
    for log in gathering() {
        let mut gathered = log.gathered.lock();
        if gathered.due.is_some_and(|due| due <= now) {
            log.flush(&mut gathered);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gathered_lines_are_written_when_it_is_time() {
        let path = std::env::temp_dir().join(format!("pingauge-gather-{}", std::process::id()));
        let read = || std::fs::read_to_string(&path).unwrap();
        let buffering = Buffering {
            size: 8,
            flush: Some(Duration::from_secs(3600)),
            gzip: None,
        };
        let log = Log::open(&path, Some(buffering)).unwrap();
        log.write(b"one\n");
        log.write(b"two\n");
        assert_eq!(read(), "");
        log.write(b"3\n");
        assert_eq!(read(), "one\ntwo\n");
        flush_due(Instant::now() + Duration::from_secs(3601));
        assert_eq!(read(), "one\ntwo\n3\n");
        log.write(b"too long for it\n");
        log.write(b"last\n");
        drop(log);
        assert_eq!(read(), "one\ntwo\n3\ntoo long for it\nlast\n");
        std::fs::remove_file(&path).unwrap();
    }

    #[test]
    fn a_missing_folder_is_an_error() {
        assert!(Log::open(Path::new("/nowhere/at/all"), None).is_err());
    }
}
