//! Where temporary files are (`proxy_temp_path`), for whatever has some.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::conf::{Chain, Diagnostic, Loader, Statement};
use crate::http::build::builder::Builder;
use crate::http::plan::provision::Provision;
use crate::modules::family::{Family, Levels, insert};
use crate::modules::process::identity_of_workers;
use crate::os::Identity;

/// `proxy_temp_path`
struct Written(PathBuf);

/// Stores what a directive says.
pub(super) fn apply(statement: &mut Statement<'_>) -> Result<(), Diagnostic> {
    let path = Path::new(statement.text(1)).into();
    statement.scope.insert(Written(path));
    Ok(())
}

/// The same for a family that may have others than `proxy_pass` (`fastcgi_temp_path`).
pub(super) fn apply_to<F: Family>(statement: &mut Statement<'_>) -> Result<(), Diagnostic> {
    let path = Path::new(statement.text(1)).into();
    insert::<F, _>(statement, Written(path));
    Ok(())
}

/// That of a family.
pub(super) fn of_family<F: Family>(
    builder: &mut Builder<'_>,
    levels: &Levels<'_, '_, F>,
) -> Arc<Path> {
    match levels.nearest() {
        Some(Written(written)) => at(builder, levels.chain, written),
        None => of(builder, levels.chain),
    }
}

/// That of the innermost block; the master makes it when it is missing.
pub(super) fn of(builder: &mut Builder<'_>, chain: &Chain<'_>) -> Arc<Path> {
    let Some(Written(written)) = chain.nearest() else {
        return std::env::temp_dir().into();
    };
    at(builder, chain, written)
}

/// One at this path; the master makes it when it is missing.
fn at(builder: &mut Builder<'_>, chain: &Chain<'_>, written: &Path) -> Arc<Path> {
    let path: Arc<Path> = builder.path(&written.to_string_lossy()).into();
    builder.provisions.push(Box::new(Folder {
        path: Arc::clone(&path),
        owner: identity_of_workers(chain),
    }));
    path
}

struct Folder {
    path: Arc<Path>,
    owner: Option<Identity>,
}

impl Provision for Folder {
    fn provide(&self, _files: &mut dyn Loader) -> Result<(), String> {
        let path = &self.path;
        let because = |error: io::Error| format!("cannot make \"{}\" ({error})", path.display());
        if path.is_dir() {
            return Ok(());
        }
        std::fs::create_dir_all(path).map_err(because)?;
        let Some(owner) = &self.owner else {
            return Ok(());
        };
        std::os::unix::fs::chown(path, Some(owner.user), Some(owner.group)).map_err(because)
    }
}
