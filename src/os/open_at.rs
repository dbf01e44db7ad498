//! Opening what is in a directory that is open already, so that nobody can put another in its place meanwhile.

use std::ffi::CString;
use std::fs::File;
use std::io;
use std::os::fd::{AsRawFd, FromRawFd};

/// Opens the one name `name` in `directory` with these flags of `open`; `O_CLOEXEC` is always among them, nothing is created.
///
/// # Errors
/// Those of the system; a name with a zero byte is none.
pub fn open_at(directory: &File, name: &[u8], flags: i32) -> io::Result<File> {
    let name = CString::new(name)?;
    let flags = (flags & !(libc::O_CREAT | TEMPORARY)) | libc::O_CLOEXEC;
    loop {
        // SAFETY: the directory is open for as long as it is borrowed, and the name is a string with its end that the
        // call only reads; without `O_CREAT` there is no third argument.
        let opened = unsafe { libc::openat(directory.as_raw_fd(), name.as_ptr(), flags) };
        if opened >= 0 {
            // SAFETY: the descriptor was just made for us, and nobody else has it.
            return Ok(unsafe { File::from_raw_fd(opened) });
        }
        let error = io::Error::last_os_error();
        if error.kind() != io::ErrorKind::Interrupted {
            return Err(error);
        }
    }
}

/// `O_TMPFILE` without `O_DIRECTORY`, which is part of it.
const TEMPORARY: i32 = libc::O_TMPFILE & !libc::O_DIRECTORY;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_opened_where_they_are() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("a"), "x").unwrap();
        std::os::unix::fs::symlink("a", folder.path().join("l")).unwrap();
        let directory = File::open(folder.path()).unwrap();
        let length = |file: File| file.metadata().unwrap().len();
        assert_eq!(
            open_at(&directory, b"a", libc::O_RDONLY)
                .map(length)
                .unwrap(),
            1
        );
        let nothing = open_at(&directory, b"b", libc::O_RDWR | libc::O_CREAT).unwrap_err();
        assert_eq!(nothing.kind(), io::ErrorKind::NotFound);
        let link = open_at(&directory, b"l", libc::O_NOFOLLOW).unwrap_err();
        assert_eq!(link.raw_os_error(), Some(libc::ELOOP));
        let file = open_at(&directory, b"a", libc::O_DIRECTORY).unwrap_err();
        assert_eq!(file.raw_os_error(), Some(libc::ENOTDIR));
        assert!(open_at(&directory, b"a\0b", 0).is_err());
    }
}
