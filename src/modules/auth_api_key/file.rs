//! A file of keys, followed while it changes.
//!
//! It is read when the configuration is loaded, then again when a look at it (one `stat` in a
//! second at most, and only when somebody asks) finds it changed. Whatever is wrong with it then is
//! told once, and the keys that were good stay: a worker that gave up its rights may well be unable
//! to read what the master could.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;

use super::keys::{InvalidLine, Keys};
use crate::conf::reason;
use crate::metric::Moment;
use crate::modules::file_stamp::{self, Stamp};

/// A file of keys.
pub(super) struct KeyFile {
    path: PathBuf,
    state: Mutex<State>,
}

struct State {
    keys: Arc<Keys>,
    /// The file that was read last, good or not; `None` to read it again.
    seen: Option<Stamp>,
    /// What was told last.
    told: Option<(Option<Stamp>, String)>,
    next_look: Moment,
}

/// Why there are no keys.
#[derive(Debug)]
pub(super) enum Problem {
    /// The system's words.
    Unreadable(io::Error),
    /// At least one.
    Invalid(Vec<InvalidLine>),
}

impl KeyFile {
    /// Reads the file for the first time.
    ///
    /// # Errors
    /// It cannot be read, or holds lines that are none.
    pub(super) fn open(path: &Path) -> Result<Self, Problem> {
        let (content, seen) = file_stamp::read(path, LARGEST).map_err(Problem::Unreadable)?;
        let keys = Keys::parse(&content).map_err(Problem::Invalid)?;
        Ok(Self::new(path, keys, seen))
    }

    /// A file that will be read when somebody asks; until then it holds no keys.
    pub(super) fn unread(path: &Path) -> Self {
        Self::new(path, Keys::default(), None)
    }

    fn new(path: &Path, keys: Keys, seen: Option<Stamp>) -> Self {
        Self {
            path: path.to_owned(),
            state: Mutex::new(State {
                keys: Arc::new(keys),
                seen,
                told: None,
                next_look: Moment(0),
            }),
        }
    }

    /// Where it is.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// The keys that hold at a moment.
    pub(super) fn keys(&self, now: Moment) -> Arc<Keys> {
        let mut state = self.state.lock();
        if now.0 >= state.next_look.0 {
            state.next_look = Moment(now.0.saturating_add(PAUSE.as_nanos() as u64));
            self.look(&mut state);
        }
        Arc::clone(&state.keys)
    }

    fn look(&self, state: &mut State) {
        let found = fs::metadata(&self.path).map(|found| Stamp::of(&found));
        let stamp = found.as_ref().ok().copied();
        if stamp.is_some() && state.seen == stamp {
            return;
        }
        state.seen = None;
        match found.and_then(|_| file_stamp::read(&self.path, LARGEST)) {
            Err(error) => self.complain(state, stamp, &Problem::Unreadable(error)),
            Ok((content, seen)) => {
                state.seen = seen;
                match Keys::parse(&content) {
                    Err(lines) => self.complain(state, stamp, &Problem::Invalid(lines)),
                    Ok(keys) => {
                        state.keys = Arc::new(keys);
                        state.told = None;
                    }
                }
            }
        }
    }

    fn complain(&self, state: &mut State, stamp: Option<Stamp>, problem: &Problem) {
        let message = match problem {
            Problem::Unreadable(error) => unreadable(&self.path, error),
            Problem::Invalid(lines) => {
                let first = lines.first().map_or(0, |line| line.number);
                invalid(&self.path, first)
            }
        };
        let told = Some((stamp, message));
        if state.told == told {
            return;
        }
        if let Some((_, message)) = &told {
            log::error!("{message}, the keys read before stay in force");
        }
        state.told = told;
    }
}

/// What is said of a file that cannot be read.
pub(super) fn unreadable(path: &Path, error: &io::Error) -> String {
    format!("open() \"{}\" failed ({})", path.display(), reason(error))
}

/// What is said of a line that is none.
pub(super) fn invalid(path: &Path, line: usize) -> String {
    format!("invalid key in \"{}\":{line}", path.display())
}

/// The least time between two looks.
const PAUSE: Duration = Duration::from_secs(1);
const LARGEST: u64 = 1 << 20;

#[cfg(test)]
mod tests {
    use super::*;

    struct Scratch(PathBuf);

    impl Scratch {
        fn new(name: &str) -> Self {
            let directory = std::env::temp_dir().join(format!("{name}-{}", std::process::id()));
            fs::create_dir_all(&directory).unwrap();
            Self(directory)
        }

        fn write(&self, text: &str) -> PathBuf {
            let path = self.0.join("keys");
            fs::write(&path, text).unwrap();
            path
        }
    }

    impl Drop for Scratch {
        fn drop(&mut self) {
            fs::remove_dir_all(&self.0).unwrap();
        }
    }

    fn second(number: u64) -> Moment {
        Moment(number * 1_000_000_000)
    }

    fn has(file: &KeyFile, now: Moment, key: &str) -> bool {
        file.keys(now).owner(key.as_bytes()).is_some()
    }

    #[test]
    fn a_change_is_seen_a_second_later_and_a_mistake_changes_nothing() {
        let scratch = Scratch::new("key-file");
        let path = scratch.write("a:one");
        let file = KeyFile::open(&path).unwrap();
        assert!(has(&file, second(1), "one"));
        scratch.write("a:two");
        assert!(has(&file, Moment(second(2).0 - 1), "one"));
        assert!(has(&file, second(2), "two") && !has(&file, second(2), "one"));
        scratch.write("two");
        assert!(has(&file, second(3), "two"));
        fs::remove_file(&path).unwrap();
        assert!(has(&file, second(4), "two"));
        fs::create_dir(&path).unwrap();
        assert!(has(&file, second(5), "two"));
        fs::remove_dir(&path).unwrap();
        scratch.write("# nobody");
        assert!(!has(&file, second(6), "two"));
        scratch.write("a:three");
        assert!(has(&file, second(7), "three"));
    }

    #[test]
    fn a_file_that_could_not_be_read_is_tried_again() {
        let scratch = Scratch::new("key-file-later");
        let file = KeyFile::unread(&scratch.0.join("keys"));
        assert!(!has(&file, second(1), "one"));
        scratch.write("a:one");
        assert!(!has(&file, second(1), "one"));
        assert!(has(&file, second(2), "one"));
    }

    #[test]
    fn what_is_told_is_told_once() {
        let scratch = Scratch::new("key-file-told");
        let file = KeyFile::open(&scratch.write("a:one")).unwrap();
        let told = |now| {
            file.keys(second(now));
            file.state.lock().told.clone().map(|(_, message)| message)
        };
        assert_eq!(told(1), None);
        let path = scratch.write("a:one\nb");
        let message = Some(invalid(&path, 2));
        assert_eq!(told(2), message);
        assert_eq!(told(3), message);
        scratch.write("a:one");
        assert_eq!(told(4), None);
    }

    #[test]
    fn what_cannot_be_read() {
        let scratch = Scratch::new("key-file-bad");
        let problem = |path: &Path| match KeyFile::open(path) {
            Err(Problem::Unreadable(error)) => error.to_string(),
            _ => String::new(),
        };
        assert!(problem(&scratch.0.join("none")).contains("No such file"));
        assert_eq!(problem(&scratch.0), "it is not a regular file");
        let path = scratch.write(&"#".repeat(LARGEST as usize + 1));
        assert_eq!(problem(&path), "it is larger than 1m");
    }
}
