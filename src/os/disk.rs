//! Room on a disk: taking it before it is written to, and giving it back.

use std::fs::File;
use std::io;
use std::os::fd::AsRawFd;

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

#[cfg(test)]
mod tests {
    use std::os::unix::fs::MetadataExt;

    use super::*;

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
