//! The file with the master's process number, by which `-s` and scripts find it.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use super::report::MASTER;
use crate::conf::reason;

/// The file, which goes when this does.
pub(super) struct PidFile {
    path: PathBuf,
}

impl PidFile {
    /// Writes the number of this process.
    ///
    /// # Errors
    /// A line that names the file.
    pub(super) fn write(path: PathBuf) -> Result<Self, String> {
        let mut options = OpenOptions::new();
        let opened = opens_at_once(options.write(true).create(true).truncate(true)).open(&path);
        let write = |mut file: File| file.write_all(format!("{}\n", std::process::id()).as_bytes());
        match opened.and_then(write) {
            Ok(()) => Ok(Self { path }),
            Err(error) => Err(cannot_open(&path, &error)),
        }
    }

    /// Where it is.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for PidFile {
    fn drop(&mut self) {
        // Another master may have written its own number there.
        if read(&self.path) == Ok(std::process::id()) {
            drop(fs::remove_file(&self.path));
        }
    }
}

/// The process number in a file.
///
/// # Errors
/// A line that names the file.
pub(super) fn read(path: &Path) -> Result<u32, String> {
    let failed = |error: io::Error| cannot_open(path, &error);
    let file = opens_at_once(OpenOptions::new().read(true)).open(path);
    let mut text = Vec::new();
    let file = file.map_err(failed)?.take(LONGEST);
    { file }.read_to_end(&mut text).map_err(failed)?;
    let text = String::from_utf8_lossy(&text);
    let number = text.trim();
    match number.parse() {
        Ok(process) if process > 0 => Ok(process),
        _ => Err(format!(
            "invalid PID number \"{}\" in \"{}\"",
            number.escape_default(),
            path.display()
        )),
    }
}

/// Another master that serves and whose number a file holds, if there is one.
pub(super) fn another(path: &Path) -> Option<u32> {
    let process = read(path).ok()?;
    if process == std::process::id() {
        return None;
    }
    let file = File::open(format!("/proc/{process}/cmdline")).ok()?;
    let mut title = Vec::new();
    file.take(LONGEST).read_to_end(&mut title).ok()?;
    title.starts_with(MASTER.as_bytes()).then_some(process)
}

/// Opens what has nobody at the other end, instead of waiting for somebody.
fn opens_at_once(options: &mut OpenOptions) -> &mut OpenOptions {
    options.custom_flags(libc::O_NONBLOCK)
}

/// No number is longer.
const LONGEST: u64 = 64;

fn cannot_open(path: &Path, error: &io::Error) -> String {
    format!("open() \"{}\" failed ({})", path.display(), reason(error))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_written_read_and_removed() {
        let path = std::env::temp_dir().join(format!("pid-file-{}", std::process::id()));
        let file = PidFile::write(path.clone()).unwrap();
        assert_eq!(read(file.path()), Ok(std::process::id()));
        drop(file);
        let message = read(&path).unwrap_err();
        assert!(
            message.contains("pid-file-") && message.contains("(2: No such file"),
            "{message}"
        );
    }

    #[test]
    fn what_has_no_end_or_no_other_end_is_no_pid_file() {
        let said = read(Path::new("/dev/zero")).unwrap_err();
        assert!(said.starts_with("invalid PID number"), "{said}");
        let path = std::env::temp_dir().join(format!("pid-fifo-{}", std::process::id()));
        let made = std::process::Command::new("mkfifo").arg(&path).status();
        assert!(made.unwrap().success());
        let said = read(&path).unwrap_err();
        assert!(said.starts_with("invalid PID number \"\""), "{said}");
        assert!(PidFile::write(path.clone()).is_err());
        fs::write(path.with_extension("noise"), vec![0xff; 100_000]).unwrap();
        let said = read(&path.with_extension("noise")).unwrap_err();
        assert!(said.starts_with("invalid PID number"), "{said}");
        fs::remove_file(path.with_extension("noise")).unwrap();
        fs::remove_file(path).unwrap();
    }

    #[test]
    fn another_masters_file_stays_and_nonsense_is_named() {
        let path = std::env::temp_dir().join(format!("pid-other-{}", std::process::id()));
        let file = PidFile::write(path.clone()).unwrap();
        fs::write(&path, "1\n").unwrap();
        drop(file);
        assert_eq!(read(&path), Ok(1));
        for text in ["", "x", "-4", "0"] {
            fs::write(&path, text).unwrap();
            let message = read(&path).unwrap_err();
            assert!(message.starts_with("invalid PID number"), "{message}");
        }
        fs::remove_file(&path).unwrap();
        assert!(PidFile::write("/no/such/dir/pid".into()).is_err());
    }
}
