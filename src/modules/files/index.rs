//! `index`: the file that answers for a directory.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;

use super::content::takes;
use super::directives::IndexWritten;
use super::place::{Place, status_of};
use crate::http::build::builder::Builder;
use crate::http::course::request::Request;
use crate::http::plan::outcome::{InternalTarget, Outcome};
use crate::http::plan::phase::ContentHandler;
use crate::http::plan::template::Template;

/// Redirects to the first index file that exists.
pub(super) struct Index {
    names: Box<[Template]>,
    place: Place,
}

impl Index {
    /// Compiles a directive, or what holds without one.
    pub(super) fn new(
        builder: &mut Builder<'_>,
        written: Option<&IndexWritten>,
        place: Place,
    ) -> Self {
        let names = match written {
            Some(written) => written
                .0
                .iter()
                .map(|name| builder.template(name))
                .collect(),
            None => [Template::literal_text("index.html")].into(),
        };
        Self { names, place }
    }

    fn find(&self, request: &mut Request) -> Result<Option<Vec<u8>>, u16> {
        let directory = self.place.file(request)?;
        let way = self.place.way(request);
        let mut is_there = false;
        for name in &self.names {
            let name = name.evaluate(request);
            if name.is_empty() {
                continue;
            }
            if name.first() == Some(&b'/') {
                return Ok(Some(name));
            }
            let mut path = directory.clone().into_os_string();
            path.push(OsStr::from_bytes(&name));
            let path = self.place.checked(request, path.as_bytes().to_vec())?;
            match way.metadata(&path) {
                Ok(_) => return Ok(Some([&request.path, &*name].concat())),
                Err(error) if status_of(&error) == 404 => {}
                Err(error) => return Err(self.place.refuse(request, "stat()", &path, &error)),
            }
            if !is_there {
                let found = way.metadata(&directory);
                found.map_err(|error| self.place.refuse(request, "stat()", &directory, &error))?;
                is_there = true;
            }
        }
        Ok(None)
    }
}

impl ContentHandler for Index {
    fn run(&self, request: &mut Request) -> Option<Outcome> {
        if request.path.last() != Some(&b'/') || !takes(request) {
            return None;
        }
        match self.find(request) {
            Ok(path) => path.map(|path| {
                Outcome::Redirect(InternalTarget::Uri {
                    path,
                    arguments: Some(request.arguments.clone()),
                })
            }),
            Err(status) => Some(Outcome::Status(status)),
        }
    }
}
