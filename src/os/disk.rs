//! Files on a disk: opening those that must be nobody else's, taking room before it is written to, and giving it
//! back.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::mem::MaybeUninit;
use std::os::fd::AsRawFd;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::Path;

/// Opens a file that nobody else may have put there: no symbolic link, nothing but a plain file, and one of this
/// process's user or the superuser. Never waits for anybody, as opening a named pipe does.
///
/// # Errors
/// When it is something else, or cannot be opened.
pub fn open_own(options: &mut OpenOptions, path: &Path) -> io::Result<File> {
    let refused = |what: &str| {
        let message = format!("\"{}\" is {what}", path.display());
        io::Error::new(io::ErrorKind::InvalidInput, message)
    };
    options.custom_flags(libc::O_NOFOLLOW | libc::O_NONBLOCK | libc::O_NOCTTY);
    let file = options
        .open(path)
        .map_err(|error| match error.raw_os_error() {
            Some(libc::ELOOP) => refused("a symbolic link"),
            Some(libc::EISDIR | libc::ENXIO) => refused("no plain file"),
            _ => error,
        })?;
    let meta = file.metadata()?;
    // SAFETY: the call takes nothing and cannot fail.
    let user = unsafe { libc::geteuid() };
    match meta {
        meta if !meta.is_file() => Err(refused("no plain file")),
        meta if meta.uid() != user && meta.uid() != 0 => Err(refused("a file of another user")),
        _ => Ok(file),
    }
}

/// Whether the path leads to this file; a symbolic link is not followed.
pub fn is_at(file: &File, path: &Path) -> bool {
    let same = |a: &fs::Metadata, b: &fs::Metadata| (a.dev(), a.ino()) == (b.dev(), b.ino());
    match (file.metadata(), fs::symlink_metadata(path)) {
        (Ok(opened), Ok(named)) => same(&opened, &named),
        _ => false,
    }
}

/// Whether nobody can cut a file, which is memory then.
pub(super) fn is_sealed(file: &File) -> bool {
    // SAFETY: a call on a descriptor we own.
    let seals = unsafe { libc::fcntl(file.as_raw_fd(), libc::F_GET_SEALS) };
    seals >= 0 && seals & libc::F_SEAL_SHRINK != 0
}

/// Makes sure that the file system has room for a range of a file, which grows to hold it: writing there
/// through a mapping cannot fail then.
///
/// # Errors
/// When there is no room.
pub(super) fn reserve(file: &File, offset: u64, bytes: u64) -> io::Result<()> {
    let (offset, bytes) = (offset as libc::off_t, bytes as libc::off_t);
    // SAFETY: a call on a descriptor we own, with integer arguments.
    match unsafe { libc::posix_fallocate(file.as_raw_fd(), offset, bytes) } {
        0 => Ok(()),
        error => Err(io::Error::from_raw_os_error(error)),
    }
}

/// Gives the room of a range of a file back. The range stays, and reads as zero.
///
/// # Errors
/// When the file system cannot do it.
pub fn punch(file: &File, offset: u64, bytes: u64) -> io::Result<()> {
    let mode = libc::FALLOC_FL_PUNCH_HOLE | libc::FALLOC_FL_KEEP_SIZE;
    let (offset, bytes) = (offset as libc::off_t, bytes as libc::off_t);
    // SAFETY: a call on a descriptor we own, with integer arguments; what is given back reads as zero.
    match unsafe { libc::fallocate(file.as_raw_fd(), mode, offset, bytes) } {
        0 => Ok(()),
        _ => Err(io::Error::last_os_error()),
    }
}

/// Where the first bytes at or behind `from` are that were not given back; the end if there are none.
///
/// # Errors
/// When the file cannot be asked.
pub fn first_data(file: &File, from: u64) -> io::Result<u64> {
    // SAFETY: a call on a descriptor we own, with integer arguments.
    let found = unsafe { libc::lseek(file.as_raw_fd(), from as libc::off_t, libc::SEEK_DATA) };
    match u64::try_from(found) {
        Ok(found) => Ok(found),
        Err(_) => match io::Error::last_os_error() {
            error if error.raw_os_error() == Some(libc::ENXIO) => Ok(file.metadata()?.len()),
            error => Err(error),
        },
    }
}

/// How many bytes a file system has left for users other than the superuser.
///
/// # Errors
/// When the file, which may be a folder, cannot be asked.
pub fn bytes_free(file: &File) -> io::Result<u64> {
    let mut about = MaybeUninit::<libc::statvfs>::uninit();
    // SAFETY: a call on a descriptor we own, with room for what it tells.
    let asked = unsafe { libc::fstatvfs(file.as_raw_fd(), about.as_mut_ptr()) };
    if asked != 0 {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: the call says that it has told.
    let about = unsafe { about.assume_init() };
    Ok(about.f_bavail.saturating_mul(about.f_frsize))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn only_plain_files_of_ones_own_are_opened() {
        let folder = std::env::temp_dir().join(format!("own-{}", std::process::id()));
        fs::create_dir(&folder).unwrap();
        let at = |name: &str| folder.join(name);
        let open = |name: &str| {
            let mut options = File::options();
            let opened = open_own(options.read(true).write(true).create(true), &at(name));
            opened.map_err(|error| error.to_string())
        };
        let file = open("plain").unwrap();
        assert!(is_at(&file, &at("plain")));
        symlink(at("plain"), at("link")).unwrap();
        symlink(at("nothing"), at("dangling")).unwrap();
        fs::create_dir(at("folder")).unwrap();
        let made = std::process::Command::new("mkfifo")
            .arg(at("pipe"))
            .status();
        assert!(made.unwrap().success());
        for (name, problem) in [
            ("link", "a symbolic link"),
            ("dangling", "a symbolic link"),
            ("folder", "no plain file"),
            ("pipe", "no plain file"),
        ] {
            assert!(open(name).unwrap_err().ends_with(problem), "{name}");
        }
        let pipe = open_own(File::options().read(true), &at("pipe"));
        assert!(pipe.unwrap_err().to_string().ends_with("no plain file"));
        assert!(!at("nothing").exists() && !is_at(&file, &at("link")));
        let root_may_give_away = std::os::unix::fs::chown(at("plain"), Some(65534), None).is_ok();
        if root_may_give_away {
            assert!(
                open("plain")
                    .unwrap_err()
                    .ends_with("a file of another user")
            );
        }
        fs::remove_dir_all(&folder).unwrap();
    }

    #[test]
    fn a_file_system_tells_what_it_has_left() {
        let folder = File::open(std::env::temp_dir()).unwrap();
        let free = bytes_free(&folder).unwrap();
        assert!(free > 0 && free < 1 << 60, "{free}");
    }

    #[test]
    fn room_is_taken_and_given_back() {
        let path = std::env::temp_dir().join(format!("disk-{}", std::process::id()));
        let file = File::create_new(&path).unwrap();
        reserve(&file, 0, 1 << 20).unwrap();
        let taken = file.metadata().unwrap();
        assert!(taken.len() == 1 << 20 && taken.blocks() * 512 >= 1 << 20);
        std::fs::remove_file(&path).unwrap();
        if punch(&file, 0, 1 << 19).is_ok() {
            let left = file.metadata().unwrap();
            assert!(left.len() == 1 << 20 && left.blocks() < taken.blocks());
            assert_eq!(first_data(&file, 1 << 20).unwrap(), 1 << 20);
        }
    }
}
