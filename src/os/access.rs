//! Asking beforehand what a later call would be refused for.

use std::ffi::CString;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

/// Whether this process may make files in a directory.
///
/// # Errors
/// Why it may not: there is no such directory, it is not one, or it may not be written to.
pub fn may_make_files(directory: &Path) -> io::Result<()> {
    if !std::fs::metadata(directory)?.is_dir() {
        return Err(io::Error::from_raw_os_error(libc::ENOTDIR));
    }
    may_access(directory, libc::W_OK | libc::X_OK)
}

/// Whether this process may use a file in the ways of a mask of `R_OK`, `W_OK` and `X_OK`; 0 asks whether there is one.
///
/// # Errors
/// Why it may not.
pub fn may_access(path: &Path, mask: i32) -> io::Result<()> {
    let path = CString::new(path.as_os_str().as_bytes())?;
    // SAFETY: the path is a string with its end, and the call only reads it.
    let refused = unsafe { libc::access(path.as_ptr(), mask) };
    if refused == 0 {
        Ok(())
    } else {
        Err(io::Error::last_os_error())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn directories_are_told_from_other_things() {
        may_make_files(&std::env::temp_dir()).unwrap();
        let error = may_make_files(Path::new("/dev/null")).unwrap_err();
        assert_eq!(error.raw_os_error(), Some(libc::ENOTDIR));
        let error = may_make_files(Path::new("/nowhere/at/all")).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::NotFound);
    }
}
