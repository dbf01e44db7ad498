//! Files that stay open for a while, found by their names: what `open_file_cache` and `open_log_file_cache` keep.
//!
//! How many there are has a limit; beyond it the one goes whose last use is longest ago.

use std::collections::HashMap;
use std::fs::{File, Metadata};
use std::io;
use std::os::unix::fs::MetadataExt;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;

use crate::conf::values;
use crate::conf::{Diagnostic, Statement, Word};
use crate::metric::Moment;

/// How files are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Terms {
    /// So many of them.
    pub most: usize,
    /// One that is not used for so long goes.
    pub inactive: Duration,
    /// After this time it is looked whether the name still means the same file.
    pub valid: Duration,
    /// One stays open from so many uses on.
    pub min_uses: u64,
    /// Whether it is remembered that there is no such file.
    pub errors: bool,
}

/// The table that `max=` and `inactive=` make, or `off`.
pub(super) fn read_terms(
    statement: &Statement<'_>,
    mut other: impl FnMut(&str, &str, &mut Terms) -> Option<()>,
    defaults: Terms,
) -> Result<Option<Terms>, Diagnostic> {
    let words = statement.arguments();
    if let [word] = words
        && word.text == "off"
    {
        return Ok(None);
    }
    let mut terms = Terms {
        most: 0,
        ..defaults
    };
    for word in words {
        let read = match word.text.split_once('=') {
            Some(("max", number)) => values::number(number)
                .ok()
                .and_then(|number| usize::try_from(number).ok())
                .filter(|number| (1..=MOST).contains(number))
                .map(|number| terms.most = number),
            Some(("inactive", time)) => values::seconds(time)
                .ok()
                .map(|time| terms.inactive = Duration::from_secs(time)),
            Some((name, value)) => other(name, value, &mut terms),
            None => None,
        };
        read.ok_or_else(|| invalid(word))?;
    }
    if terms.most == 0 {
        let name = &statement.directive.name.text;
        let message = format!("\"{name}\" must have the \"max\" parameter");
        return Err(statement
            .error(0, message)
            .with_help("as in max=1000, or off"));
    }
    Ok(Some(terms))
}

fn invalid(word: &Word) -> Diagnostic {
    let message = format!("invalid parameter \"{}\"", word.text);
    let help = format!("expected max=NUMBER, up to {MOST}, inactive=TIME, or off alone");
    Diagnostic::error(word.span, message).with_help(help)
}

/// Each takes a descriptor.
const MOST: usize = 1_000_000;

/// A table is not looked through more often.
const SHORTEST_PAUSE: Duration = Duration::from_secs(1);

/// A file that is open, and what was found of it.
pub(super) type Opened = (Arc<File>, Metadata);

/// The files of one table.
#[derive(Debug)]
pub(super) struct OpenFiles {
    terms: Terms,
    known: Arc<Mutex<Table>>,
}

#[derive(Debug, Default)]
struct Table {
    files: HashMap<Box<[u8]>, Known>,
    /// When those that are not used any more went.
    swept: u64,
}

#[derive(Debug)]
struct Known {
    what: What,
    /// When it was looked whether that is so.
    checked: u64,
    used: u64,
    uses: u64,
}

#[derive(Debug)]
enum What {
    /// It was used too seldom to be kept.
    Seldom,
    Open(Opened),
    /// The system's number of the error.
    Error(i32),
}

impl OpenFiles {
    /// An empty table.
    pub(super) fn new(terms: Terms) -> Self {
        Self {
            terms,
            known: Arc::default(),
        }
    }

    /// The same table, used on terms that are changed in some ways.
    pub(super) fn on_other_terms(&self, change: impl FnOnce(&mut Terms)) -> Self {
        let mut terms = self.terms;
        change(&mut terms);
        Self {
            terms,
            known: Arc::clone(&self.known),
        }
    }

    /// What is known of a name at the moment, if anything is.
    pub(super) fn known(&self, name: &[u8], now: Moment) -> Option<io::Result<Metadata>> {
        let known = self.known.lock();
        let one = known.files.get(name)?;
        let age = u128::from(now.0.saturating_sub(one.checked));
        if age >= self.terms.valid.as_nanos() {
            return None;
        }
        match &one.what {
            What::Open((_, found)) => Some(Ok(found.clone())),
            What::Error(number) => Some(Err(io::Error::from_raw_os_error(*number))),
            What::Seldom => None,
        }
    }

    /// The file of this name, opened if need be. `look` tells what the name means now.
    pub(super) fn get(
        &self,
        name: &[u8],
        now: Moment,
        open: impl FnOnce() -> io::Result<File>,
        look: impl FnOnce() -> io::Result<Metadata>,
    ) -> io::Result<Opened> {
        let mut known = self.known.lock();
        let fresh =
            |since: u64, time: Duration| u128::from(now.0.saturating_sub(since)) < time.as_nanos();
        self.sweep(&mut known, now.0);
        let mut uses = 1;
        if let Some(one) = known.files.get_mut(name)
            && fresh(one.used, self.terms.inactive)
        {
            uses += one.uses;
            let is_valid = fresh(one.checked, self.terms.valid);
            (one.used, one.uses) = (now.0, uses);
            match &mut one.what {
                What::Error(number) if is_valid => {
                    return Err(io::Error::from_raw_os_error(*number));
                }
                What::Open(opened) if is_valid => return Ok(opened.clone()),
                What::Open(opened) => {
                    if let Ok(found) = look()
                        && is_same(&found, &opened.1)
                    {
                        opened.1 = found;
                        one.checked = now.0;
                        return Ok(opened.clone());
                    }
                }
                What::Error(_) | What::Seldom => {}
            }
        }
        let opened = open().and_then(|file| Ok((file.metadata()?, file)));
        let opened = opened.map(|(found, file)| (Arc::new(file), found));
        let Some(what) = self.worth_keeping(&opened, uses) else {
            known.files.remove(name);
            return opened;
        };
        let one = Known {
            what,
            checked: now.0,
            used: now.0,
            uses,
        };
        self.keep(&mut known.files, name, one);
        opened
    }

    fn worth_keeping(&self, opened: &io::Result<Opened>, uses: u64) -> Option<What> {
        match opened {
            Ok(opened) if uses >= self.terms.min_uses && opened.1.is_file() => {
                Some(What::Open(opened.clone()))
            }
            Ok(_) => Some(What::Seldom),
            Err(error) => {
                let number = error.raw_os_error()?;
                (self.terms.errors && is_about_name(number)).then_some(What::Error(number))
            }
        }
    }

    /// Lets go what was not used for long; looks through the table once in such a time.
    fn sweep(&self, known: &mut Table, now: u64) {
        let inactive = self.terms.inactive.max(SHORTEST_PAUSE).as_nanos();
        let is_over = |since: u64| u128::from(now.saturating_sub(since)) >= inactive;
        if is_over(known.swept) {
            known.swept = now;
            known.files.retain(|_, one| !is_over(one.used));
        }
    }

    fn keep(&self, known: &mut HashMap<Box<[u8]>, Known>, name: &[u8], one: Known) {
        if known.len() >= self.terms.most && !known.contains_key(name) {
            // A part goes at once, so that few look through all of it.
            let surplus = (known.len() + 1).saturating_sub(self.terms.most);
            if surplus > 0 {
                let mut times: Vec<u64> = known.values().map(|one| one.used).collect();
                let going = (self.terms.most / 16).max(surplus).min(times.len());
                let (_, last, _) = times.select_nth_unstable(going - 1);
                let last = *last;
                let mut left = going;
                known.retain(|_, one| {
                    let goes = left > 0 && one.used <= last;
                    left -= usize::from(goes);
                    !goes
                });
            }
        }
        known.insert(name.into(), one);
    }
}

fn is_same(one: &Metadata, other: &Metadata) -> bool {
    (one.dev(), one.ino()) == (other.dev(), other.ino())
}

/// Whether an error is a matter of the name and not of the server's means.
fn is_about_name(number: i32) -> bool {
    matches!(
        number,
        libc::ENOENT | libc::ENOTDIR | libc::ENAMETOOLONG | libc::EACCES | libc::ELOOP
    )
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;
    use std::fs;

    use super::*;

    const SECOND: u64 = 1_000_000_000;

    fn terms(most: usize, min_uses: u64) -> Terms {
        Terms {
            most,
            inactive: Duration::from_secs(60),
            valid: Duration::from_secs(10),
            min_uses,
            errors: true,
        }
    }

    #[test]
    fn files_stay_open_as_long_as_their_names_mean_them() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a");
        fs::write(&path, "one").unwrap();
        let files = OpenFiles::new(terms(10, 2));
        let opens = Cell::new(0);
        let length = |second: u64| {
            let open = || {
                opens.set(opens.get() + 1);
                File::open(&path)
            };
            let got = files.get(b"a", Moment(second * SECOND), open, || fs::metadata(&path));
            got.map(|(_, found)| found.len())
                .map_err(|error| error.kind())
        };
        assert_eq!((length(1), length(2), opens.get()), (Ok(3), Ok(3), 2));
        assert_eq!((length(3), opens.get()), (Ok(3), 2));
        fs::write(folder.path().join("b"), "other").unwrap();
        fs::rename(folder.path().join("b"), &path).unwrap();
        assert_eq!((length(11), opens.get()), (Ok(3), 2));
        assert_eq!((length(12), opens.get()), (Ok(5), 3));
        fs::remove_file(&path).unwrap();
        assert_eq!((length(13), opens.get()), (Ok(5), 3));
        assert_eq!((length(30), opens.get()), (Err(io::ErrorKind::NotFound), 4));
        assert_eq!((length(31), opens.get()), (Err(io::ErrorKind::NotFound), 4));
        fs::write(&path, "x").unwrap();
        assert_eq!((length(41), opens.get()), (Ok(1), 5));
        assert_eq!((length(120), opens.get()), (Ok(1), 6));
        let other = || File::open(folder.path());
        drop(files.get(b"b", Moment(300 * SECOND), other, || unreachable!()));
        assert!(!files.known.lock().files.contains_key(&b"a"[..]));
    }

    #[test]
    fn the_table_has_a_limit() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let files = OpenFiles::new(terms(32, 1));
        for number in 0..1000_u64 {
            let name = number.to_string();
            let got = files.get(
                name.as_bytes(),
                Moment(number),
                || File::open(file.path()),
                || unreachable!(),
            );
            assert!(got.is_ok());
            assert!(files.known.lock().files.len() <= 32);
        }
        assert!(files.known.lock().files.contains_key(&b"999"[..]));
        assert!(files.known.lock().files.contains_key(&b"980"[..]));
    }
}
