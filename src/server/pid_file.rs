//! The file with the master's process number, by which `-s` and scripts find it.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

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
        match fs::write(&path, format!("{}\n", std::process::id())) {
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
    let text = fs::read_to_string(path).map_err(|error| cannot_open(path, &error))?;
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
