//! Files of users: a line `NAME:PASSWORD` for each, read again whenever they have changed.

use std::collections::HashMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use parking_lot::Mutex;

use crate::modules::file_stamp::{self, Stamp};

/// Passwords by names, as they are stored.
pub(super) type Users = HashMap<Box<[u8]>, Box<[u8]>>;

/// A file of users.
pub(super) struct UserFile {
    path: PathBuf,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    users: Arc<Users>,
    /// The file that was read last; `None` to read it again.
    seen: Option<Stamp>,
}

impl UserFile {
    /// The file at a path, which is read when somebody asks.
    pub(super) fn new(path: &Path) -> Self {
        Self {
            path: path.to_owned(),
            state: Mutex::default(),
        }
    }

    /// Where it is.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Its users, unless it has to be read for that.
    pub(super) fn at_hand(&self) -> Option<Arc<Users>> {
        let stamp = Stamp::of(&fs::metadata(&self.path).ok()?);
        let state = self.state.try_lock()?;
        (state.seen == Some(stamp)).then(|| Arc::clone(&state.users))
    }

    /// Its users, read if need be.
    ///
    /// # Errors
    /// It cannot be read.
    pub(super) fn users(&self) -> io::Result<Arc<Users>> {
        let mut state = self.state.lock();
        let stamp = Stamp::of(&fs::metadata(&self.path)?);
        if state.seen != Some(stamp) {
            let (content, seen) = file_stamp::read(&self.path, LARGEST)?;
            *state = State {
                users: Arc::new(parse(&content)),
                seen,
            };
        }
        Ok(Arc::clone(&state.users))
    }
}

const LARGEST: u64 = 16 << 20;

/// Of a name that stands there twice, the first password counts; what follows a second colon is a comment.
fn parse(content: &[u8]) -> Users {
    let mut users = Users::new();
    for line in content.split(|byte| *byte == b'\n') {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        let mut parts = line.split(|byte| *byte == b':');
        let (Some(name), Some(password)) = (parts.next(), parts.next()) else {
            continue;
        };
        if !name.starts_with(b"#") {
            users.entry(name.into()).or_insert_with(|| password.into());
        }
    }
    users
}

/// Files by their paths, for locations where requests say which one is meant.
#[derive(Default)]
pub(super) struct Files(Mutex<HashMap<PathBuf, Arc<UserFile>>>);

/// So many are kept.
const MOST_FILES: usize = 64;

impl Files {
    /// The file at a path.
    pub(super) fn at(&self, path: &Path) -> Arc<UserFile> {
        let mut files = self.0.lock();
        if let Some(file) = files.get(path) {
            return Arc::clone(file);
        }
        let file = Arc::new(UserFile::new(path));
        // Names that clients make up would push out those that are in use.
        if path.is_file() {
            if files.len() >= MOST_FILES {
                files.clear();
            }
            files.insert(path.to_owned(), Arc::clone(&file));
        }
        file
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_read() {
        let users = parse(b"a:one\nb:two:comment\r\n# c:x\n\nd\na:other\n:none\ne:\nf:{SHA}x=");
        let stored = |name: &str| {
            users
                .get(name.as_bytes())
                .map(|text| String::from_utf8_lossy(text))
        };
        for (name, password) in [
            ("a", Some("one")),
            ("b", Some("two")),
            ("c", None),
            ("# c", None),
            ("d", None),
            ("", Some("none")),
            ("e", Some("")),
            ("f", Some("{SHA}x=")),
        ] {
            assert_eq!(stored(name).as_deref(), password, "{name}");
        }
    }

    #[test]
    fn a_change_is_seen_at_once() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("users");
        let file = UserFile::new(&path);
        assert!(file.users().is_err() && file.at_hand().is_none());
        for text in ["a:one", "a:two", "b:one"] {
            fs::write(&path, text).unwrap();
            let (name, password) = text.split_once(':').unwrap();
            let users = file.users().unwrap();
            assert_eq!(users.len(), 1);
            assert_eq!(users[name.as_bytes()].as_ref(), password.as_bytes());
        }
        fs::remove_file(&path).unwrap();
        assert!(file.users().is_err());
    }

    #[test]
    fn files_are_kept_while_they_are_few() {
        let folder = tempfile::tempdir().unwrap();
        let files = Files::default();
        for number in 0..200 {
            let path = folder.path().join(number.to_string());
            files.at(&path);
            assert!(files.0.lock().is_empty(), "{number}");
        }
        for number in 0..200 {
            let path = folder.path().join(number.to_string());
            fs::write(&path, "a:b").unwrap();
            assert!(Arc::ptr_eq(&files.at(&path), &files.at(&path)));
            assert!(files.0.lock().len() <= MOST_FILES);
        }
    }
}
