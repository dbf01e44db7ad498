//! `disable_symlinks`: which symbolic links are followed on the way to a file.
//!
//! Where not all of them are, a path is gone along name by name, each opened in the directory that the last one turned out
//! to be: whoever may change the tree meanwhile can only have a name not be found, or be refused.

use std::borrow::Cow;
use std::fs::{self, File, Metadata, OpenOptions, ReadDir};
use std::io;
use std::os::fd::AsRawFd;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::Path;
use std::sync::Arc;

use super::kept;
use crate::conf::{Arity, Chain, Contexts, Diagnostic, DirectiveSpec, Doc, SPEC, Statement, Text};
use crate::http::build::builder::Builder;
use crate::http::course::request::Request;
use crate::http::plan::template::Template;
use crate::http::transport::clock;
use crate::modules::open_files::{OpenFiles, Opened};
use crate::os;

pub(super) const DISABLE_SYMLINKS: DirectiveSpec = DirectiveSpec {
    name: "disable_symlinks",
    contexts: Contexts::HTTP.or(Contexts::SERVER).or(Contexts::LOCATION),
    arity: Arity::between(1, 2),
    doc: Doc {
        syntax: "disable_symlinks off | on | if_not_owner [from=PART];",
        default: "disable_symlinks off;",
        text: "Whether files are refused (403) when a part of their path is a symbolic link: with `on` always, with \
               `if_not_owner` when the link and what it leads to belong to different users. With `from=`, parts of the path \
               are looked at behind PART only, which may hold variables; a path that does not begin with PART is looked at \
               whole, and one that is PART is not. It holds for files, packed files, `index`, `try_files`, and for the \
               directories of `autoindex` and `random_index`, which nginx lists whatever leads to them. What is in a list \
               is described as links say; the tests of `if` follow links.",
        example: "disable_symlinks if_not_owner from=$document_root;",
    },
    apply: store,
    ..SPEC
};

struct LinksWritten {
    followed: Followed,
    from: Option<Text>,
}

/// Which links are followed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Followed {
    All,
    /// Those to what belongs to the link's owner.
    Own,
    None,
}

fn store(statement: &mut Statement<'_>) -> Result<(), Diagnostic> {
    let has_from = |number: usize| statement.text(number).starts_with("from=");
    let from = (1..=statement.arguments().len()).find(|number| has_from(*number));
    let first = if from == Some(1) { 2 } else { 1 };
    if first > statement.arguments().len() {
        let message =
            "\"disable_symlinks\" must have \"off\", \"on\" or \"if_not_owner\" parameter";
        return Err(statement.error(1, message));
    }
    if let (Some(extra), None) = (statement.argument(2), from) {
        let message = format!("invalid parameter \"{}\"", extra.text);
        return Err(statement.error(2, message).with_help("expected from=PART"));
    }
    let choices = [
        ("off", Followed::All),
        ("on", Followed::None),
        ("if_not_owner", Followed::Own),
    ];
    let followed = statement.enumeration(first, &choices)?;
    if let (Some(number), Followed::All) = (from, followed) {
        let message = format!("invalid parameter \"{}\"", statement.text(number));
        return Err(statement
            .error(number, message)
            .with_help("nothing goes with \"off\""));
    }
    let from = from.map(|number| {
        let word = statement.word(number);
        Text::parse(&word.slice("from=".len()..word.text.len()))
    });
    let from = from.transpose()?;
    statement.scope.insert(LinksWritten { followed, from });
    Ok(())
}

/// What a location says of links.
#[derive(Clone)]
pub(super) struct Links {
    followed: Followed,
    from: Option<Arc<Template>>,
    kept: Option<Arc<OpenFiles>>,
}

impl Links {
    /// What holds in a location.
    pub(super) fn of(builder: &mut Builder<'_>, chain: &Chain<'_>) -> Self {
        let written = chain.nearest::<LinksWritten>();
        let from = written.and_then(|written| written.from.as_ref());
        Self {
            followed: written.map_or(Followed::All, |written| written.followed),
            from: from.map(|text| Arc::new(builder.template(text))),
            kept: kept::of(chain),
        }
    }

    /// How paths are gone along for a request.
    pub(super) fn way(&self, request: &mut Request) -> Way<'_> {
        let from = self.from.as_ref();
        Way {
            followed: self.followed,
            from: from.map_or_else(Vec::new, |from| from.evaluate(request)),
            kept: self.kept.as_deref(),
        }
    }
}

/// A way of going along paths.
pub(super) struct Way<'a> {
    followed: Followed,
    /// Links in this part of a path are followed.
    from: Vec<u8>,
    /// Files that are open already.
    kept: Option<&'a OpenFiles>,
}

impl Way<'_> {
    /// A file, opened for reading, and what is told of it.
    pub(super) fn open(&self, path: &Path) -> io::Result<Opened> {
        let Some(kept) = self.kept else {
            let file = self.open_now(path)?;
            let found = file.metadata()?;
            return Ok((Arc::new(file), found));
        };
        let now = clock::moment();
        kept.get(
            &self.key(path),
            now,
            || self.open_now(path),
            || self.look(path),
        )
    }

    /// What a path is kept as: it may mean something else, or nothing, where other links are followed.
    fn key<'p>(&self, path: &'p Path) -> Cow<'p, [u8]> {
        let path = path.as_os_str().as_bytes();
        match self.followed {
            Followed::All => Cow::Borrowed(path),
            followed => Cow::Owned([path, b"\0", &[followed as u8], &self.from].concat()),
        }
    }

    /// Opens for reading what may be anything: a pipe is not waited for, a terminal not taken.
    fn open_now(&self, path: &Path) -> io::Result<File> {
        let flags = libc::O_NONBLOCK | libc::O_NOCTTY;
        match self.part(path) {
            None => OpenOptions::new().read(true).custom_flags(flags).open(path),
            Some((start, rest)) => self.go(&start, rest, libc::O_RDONLY | flags),
        }
    }

    /// What is told of a file.
    pub(super) fn metadata(&self, path: &Path) -> io::Result<Metadata> {
        let kept = self
            .kept
            .and_then(|kept| kept.known(&self.key(path), clock::moment()));
        kept.unwrap_or_else(|| self.look(path))
    }

    fn look(&self, path: &Path) -> io::Result<Metadata> {
        match self.part(path) {
            None => fs::metadata(path),
            Some((start, rest)) => self.go(&start, rest, libc::O_PATH)?.metadata(),
        }
    }

    /// The names in a directory.
    pub(super) fn read_dir(&self, path: &Path) -> io::Result<ReadDir> {
        let Some((start, rest)) = self.part(path) else {
            return fs::read_dir(path);
        };
        let directory = self.go(&start, rest, libc::O_RDONLY | libc::O_DIRECTORY)?;
        fs::read_dir(format!("/proc/self/fd/{}", directory.as_raw_fd()))
    }

    /// Which part of a path is followed whatever it is, and which is gone along; `None` if all of it is followed.
    fn part<'a>(&self, path: &'a Path) -> Option<(Vec<u8>, &'a [u8])> {
        if self.followed == Followed::All {
            return None;
        }
        let path = path.as_os_str().as_bytes();
        let whole = || match path.first() {
            Some(b'/') => (b"/".to_vec(), path),
            _ => (b".".to_vec(), path),
        };
        let Some(rest) = path
            .strip_prefix(&*self.from)
            .filter(|_| !self.from.is_empty())
        else {
            return Some(whole());
        };
        if rest.is_empty() {
            return None;
        }
        let is_part = rest[0] == b'/' || self.from.ends_with(b"/");
        Some(if is_part {
            (self.from.clone(), rest)
        } else {
            whole()
        })
    }

    fn go(&self, start: &[u8], rest: &[u8], flags: i32) -> io::Result<File> {
        let through = libc::O_PATH | libc::O_DIRECTORY;
        let start = Path::new(std::ffi::OsStr::from_bytes(start));
        let opening = OpenOptions::new()
            .read(true)
            .custom_flags(through)
            .open(start);
        let mut directory = opening?;
        let flags = match rest.ends_with(b"/") {
            true => flags | libc::O_DIRECTORY,
            false => flags,
        };
        let mut names = rest
            .split(|byte| *byte == b'/')
            .filter(|name| !name.is_empty());
        let mut name = names.next().unwrap_or(b".");
        for next in names {
            directory = self.step(&directory, name, through)?;
            name = next;
        }
        self.step(&directory, name, flags)
    }

    /// Opens a name, which may be a link.
    fn step(&self, directory: &File, name: &[u8], flags: i32) -> io::Result<File> {
        let found = os::open_at(directory, name, libc::O_PATH | libc::O_NOFOLLOW)?;
        let link = found.metadata()?;
        if !link.file_type().is_symlink() {
            // What is there now may be another, but no link.
            return os::open_at(directory, name, flags | libc::O_NOFOLLOW).and_then(no_link);
        }
        if self.followed == Followed::Own {
            let target = os::open_at(directory, name, flags)?;
            if target.metadata()?.uid() == link.uid() {
                return Ok(target);
            }
        }
        Err(io::Error::from_raw_os_error(libc::ELOOP))
    }
}

/// With `O_PATH`, a link may be opened itself.
fn no_link(opened: File) -> io::Result<File> {
    match opened.metadata()?.file_type().is_symlink() {
        true => Err(io::Error::from_raw_os_error(libc::ELOOP)),
        false => Ok(opened),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::{lchown, symlink};

    fn way(followed: Followed, from: &str) -> Way<'static> {
        Way {
            followed,
            from: from.into(),
            kept: None,
        }
    }

    #[test]
    fn links_are_followed_as_told() {
        let tree = tempfile::tempdir().unwrap();
        let at = |name: &str| tree.path().join(name);
        fs::create_dir_all(at("real/deep")).unwrap();
        fs::write(at("real/deep/file"), "x").unwrap();
        symlink("real", at("link")).unwrap();
        symlink("deep/file", at("real/leaf")).unwrap();
        symlink(at("link"), at("twice")).unwrap();
        let plain = way(Followed::None, "");
        assert_eq!(plain.metadata(&at("real//deep/file")).unwrap().len(), 1);
        assert!(plain.read_dir(&at("real/deep/")).unwrap().count() == 1);
        for refused in ["link/deep/file", "real/leaf", "twice/deep/file", "link/"] {
            let path = at(refused);
            let error = |error: io::Error| error.raw_os_error();
            assert_eq!(
                plain.open(&path).map_err(error).err(),
                Some(Some(libc::ELOOP)),
                "{refused}"
            );
            assert!(way(Followed::Own, "").metadata(&path).is_ok(), "{refused}");
        }
        let missing = |path: &str| plain.open(&at(path)).unwrap_err().raw_os_error();
        assert_eq!(missing("real/none"), Some(libc::ENOENT));
        assert_eq!(missing("real/deep/file/x"), Some(libc::ENOTDIR));
        assert_eq!(missing("real/deep/file/"), Some(libc::ENOTDIR));
    }

    #[test]
    fn a_part_of_the_path_is_trusted() {
        let tree = tempfile::tempdir().unwrap();
        let at = |name: &str| tree.path().join(name);
        fs::create_dir_all(at("real")).unwrap();
        fs::write(at("real/file"), "x").unwrap();
        symlink("real", at("link")).unwrap();
        let file = at("link/file");
        let opens = |from: &Path| {
            way(Followed::None, from.to_str().unwrap())
                .open(&file)
                .is_ok()
        };
        assert!(opens(&at("link")) && opens(&at("link/")) && opens(&file));
        assert!(!opens(tree.path()) && !opens(&at("li")) && !opens(Path::new("/nowhere")));
    }

    #[test]
    fn links_of_others_are_refused() {
        if !os::is_root() {
            return;
        }
        let tree = tempfile::tempdir().unwrap();
        let at = |name: &str| tree.path().join(name);
        fs::write(at("file"), "x").unwrap();
        symlink("file", at("own")).unwrap();
        symlink("file", at("foreign")).unwrap();
        lchown(at("foreign"), Some(65_534), None).unwrap();
        assert!(way(Followed::Own, "").open(&at("own")).is_ok());
        assert!(way(Followed::Own, "").open(&at("foreign")).is_err());
    }
}
