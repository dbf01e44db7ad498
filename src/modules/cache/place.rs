//! What a cache needs of the disk before workers can serve.

use std::io;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, chown};
use std::path::{Component, Path, PathBuf};

use super::path_directive::PathWritten;
use crate::cache::store::Place;
use crate::conf::{Diagnostic, Loader, reason};
use crate::http::build::builder::Builder;
use crate::http::build::memory::Role;
use crate::http::plan::provision::Provision;
use crate::os::{self, Identity};

/// The folder of a cache, which is made when it is missing, and belongs to the workers.
pub(super) struct Folder {
    pub path: PathBuf,
    pub owner: Option<Identity>,
}

/// Where a configuration is only checked: tells what would keep the folder from being made or used.
pub(super) fn check(builder: &mut Builder<'_>, written: &PathWritten, place: &Place) {
    if builder.memory.role() != Role::Check {
        return;
    }
    let path = place.directory.as_path();
    // The nearest one that is there.
    let nearest = path
        .ancestors()
        .find(|above| above.symlink_metadata().is_ok());
    let Some(nearest) = nearest.filter(|nearest| !nearest.as_os_str().is_empty()) else {
        return;
    };
    let cannot = |why: &str| format!("cannot use \"{}\" ({why})", path.display());
    let problem = if !path.is_dir() && nearest == path {
        Some(cannot("it is no folder"))
    } else if !nearest.is_dir() {
        Some(cannot(&format!("\"{}\" is no folder", nearest.display())))
    } else if nearest == path {
        None
    } else {
        let allowed = os::may_make_files(nearest).err();
        allowed.map(|error| cannot(&format!("\"{}\": {}", nearest.display(), reason(&error))))
    };
    let elsewhere = place
        .temporary
        .as_ref()
        .filter(|temporary| temporary.exists());
    let far = elsewhere.and_then(|temporary| {
        let both = SameFileSystem {
            path: nearest.to_path_buf(),
            temporary: temporary.clone(),
            prefix: written.temporary.prefix,
        };
        both.check().err()
    });
    for message in problem.into_iter().chain(far) {
        let span = written.path.span;
        builder.diagnostics.push(Diagnostic::error(span, message));
    }
}

impl Provision for Folder {
    fn provide(&self, _files: &mut dyn Loader) -> Result<(), String> {
        let path = &self.path;
        let because =
            |error: io::Error| format!("cannot make \"{}\" ({})", path.display(), reason(&error));
        if path.exists() && !path.is_dir() {
            return Err(format!("\"{}\" is no folder", path.display()));
        }
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

/// Whether two paths lead to one folder, which need not be there.
pub(super) fn is_same(one: &Path, other: &Path) -> bool {
    let real = |path: &Path| path.canonicalize().unwrap_or_else(|_| plain(path));
    real(one) == real(other)
}

/// A path without what says nothing: empty parts, `.`, and what `..` takes back.
fn plain(path: &Path) -> PathBuf {
    let mut plain = PathBuf::new();
    for part in path.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir if plain.file_name().is_some() => drop(plain.pop()),
            part => plain.push(part),
        }
    }
    plain
}

/// That files which grow in one folder can be moved to another.
pub(super) struct SameFileSystem {
    pub path: PathBuf,
    pub temporary: PathBuf,
    /// What the directives of its family begin with.
    pub prefix: &'static str,
}

impl Provision for SameFileSystem {
    fn provide(&self, _files: &mut dyn Loader) -> Result<(), String> {
        self.check()
    }
}

impl SameFileSystem {
    fn check(&self) -> Result<(), String> {
        let device = |path: &PathBuf| {
            let found = std::fs::metadata(path).map(|found| found.dev());
            found.map_err(|error| format!("cannot use \"{}\" ({})", path.display(), reason(&error)))
        };
        if device(&self.path)? == device(&self.temporary)? {
            return Ok(());
        }
        Err(format!(
            "\"{}\" and \"{}\" are not on one file system, write \"use_temp_path=off\" or another \"{}_temp_path\"",
            self.path.display(),
            self.temporary.display(),
            self.prefix
        ))
    }
}
