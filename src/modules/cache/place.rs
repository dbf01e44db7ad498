//! What a cache needs of the disk before workers can serve.

use std::io;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, chown};
use std::path::PathBuf;

use crate::conf::{Loader, reason};
use crate::http::plan::provision::Provision;
use crate::os::Identity;

/// The folder of a cache, which is made when it is missing, and belongs to the workers.
pub(super) struct Folder {
    pub path: PathBuf,
    pub owner: Option<Identity>,
}

impl Provision for Folder {
    fn provide(&self, _files: &mut dyn Loader) -> Result<(), String> {
        let path = &self.path;
        let because =
            |error: io::Error| format!("cannot make \"{}\" ({})", path.display(), reason(&error));
        if !path.is_dir() {
            // Those above it are for everybody to pass.
            let above = path.parent().filter(|above| !above.exists());
            above
                .map_or(Ok(()), std::fs::create_dir_all)
                .map_err(because)?;
            let mut builder = std::fs::DirBuilder::new();
            builder.mode(0o700).create(path).map_err(because)?;
        }
        let Some(owner) = &self.owner else {
            return Ok(());
        };
        let present = std::fs::metadata(path).map_err(because)?;
        match present.uid() == owner.user {
            true => Ok(()),
            false => chown(path, Some(owner.user), Some(owner.group)).map_err(because),
        }
    }
}

/// That files which grow in one folder can be moved to another.
pub(super) struct SameFileSystem {
    pub path: PathBuf,
    pub temporary: PathBuf,
}

impl Provision for SameFileSystem {
    fn provide(&self, _files: &mut dyn Loader) -> Result<(), String> {
        let device = |path: &PathBuf| {
            let found = std::fs::metadata(path).map(|found| found.dev());
            found.map_err(|error| format!("cannot use \"{}\" ({})", path.display(), reason(&error)))
        };
        if device(&self.path)? == device(&self.temporary)? {
            return Ok(());
        }
        Err(format!(
            "\"{}\" and \"{}\" are not on one file system, write \"use_temp_path=off\" or another \"proxy_temp_path\"",
            self.path.display(),
            self.temporary.display()
        ))
    }
}
