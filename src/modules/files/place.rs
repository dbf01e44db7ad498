//! Where the files of a location are, and what to say of one that cannot be had.

use std::ffi::OsString;
use std::io;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};

use super::directives::LogNotFound;
use super::links::{Links, Way};
use crate::conf::{Chain, reason};
use crate::http::course::circumstances::Circumstances;
use crate::http::course::request::Request;
use crate::http::plan::settings::Root;
use crate::http::plan::template::Part;

/// Where the files of a location are.
#[derive(Clone)]
pub(super) struct Place {
    /// How many `..` the configuration itself writes.
    climbs: usize,
    /// `log_not_found`
    logs_missing: bool,
    links: Links,
}

impl Place {
    /// That of a location with this root.
    pub(super) fn of(root: &Root, chain: &Chain<'_>, links: Links) -> Self {
        let mut written = Vec::new();
        for part in root.template().parts() {
            match part {
                Part::Literal(text) => written.extend_from_slice(text),
                Part::Variable(_) | Part::Capture(_) => written.push(b'$'),
            }
        }
        Self {
            climbs: climbs(&written),
            logs_missing: chain.nearest().is_none_or(|LogNotFound(on)| *on),
            links,
        }
    }

    /// A file name as it was put together, if it does not lead out of the root.
    pub(super) fn checked(&self, request: &Request, name: Vec<u8>) -> Result<PathBuf, u16> {
        if climbs(&name) > self.climbs {
            log::error!(
                "\"{}\" is outside of its root{}",
                name.escape_ascii(),
                Circumstances(request)
            );
            return Err(403);
        }
        Ok(PathBuf::from(OsString::from_vec(name)))
    }

    /// The file that the request's path stands for.
    pub(super) fn file(&self, request: &mut Request) -> Result<PathBuf, u16> {
        let root = &request.location.settings.root;
        let directory = root.directory(request);
        let name = root.join(directory, &request.path);
        self.checked(request, name)
    }

    /// How files are reached for a request.
    pub(super) fn way(&self, request: &mut Request) -> Way<'_> {
        self.links.way(request)
    }

    /// The status for a file that could not be had; the error log is told why.
    pub(super) fn refuse(
        &self,
        request: &Request,
        operation: &str,
        path: &Path,
        error: &io::Error,
    ) -> u16 {
        let status = status_of(error);
        if status != 404 || self.logs_missing {
            let path = path.as_os_str().as_bytes().escape_ascii();
            let reason = reason(error);
            let request = Circumstances(request);
            log::error!("{operation} \"{path}\" failed ({reason}){request}");
        }
        status
    }
}

/// What an error of the file system means to a client.
pub(super) fn status_of(error: &io::Error) -> u16 {
    match error.kind() {
        io::ErrorKind::NotFound
        | io::ErrorKind::NotADirectory
        | io::ErrorKind::InvalidFilename
        | io::ErrorKind::InvalidInput => 404,
        io::ErrorKind::PermissionDenied => 403,
        // Links that lead round in a circle are nothing to follow.
        _ if error.raw_os_error() == Some(libc::ELOOP) => 403,
        _ => 500,
    }
}

/// How many segments of a path lead upwards.
fn climbs(path: &[u8]) -> usize {
    if !path.windows(2).any(|two| two == b"..") {
        return 0;
    }
    let segments = path.split(|byte| *byte == b'/');
    segments.filter(|segment| *segment == b"..").count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ways_up_are_counted_by_segments() {
        assert_eq!(climbs(b"/a/../b/.."), 2);
        assert_eq!(climbs(b"/a..b/...//.c"), 0);
        assert_eq!(climbs(b"../x"), 1);
    }

    #[test]
    fn errors_become_statuses() {
        let error = std::fs::metadata("/nowhere/at/all").unwrap_err();
        assert_eq!(status_of(&error), 404);
        assert_eq!(status_of(&io::ErrorKind::PermissionDenied.into()), 403);
        assert_eq!(status_of(&io::Error::from_raw_os_error(libc::ELOOP)), 403);
        assert_eq!(status_of(&io::Error::from_raw_os_error(libc::EMFILE)), 500);
    }
}
