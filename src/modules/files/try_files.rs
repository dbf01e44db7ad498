//! `try_files`: the request goes on with the first of several files that exists.
//!
//! What is found becomes the request's path, and the location's content is made as ever. Only
//! where `alias` names the file itself there is no path to go on with, and the file is sent here.

use std::path::{Path, PathBuf};

use super::content::Files;
use super::directives::{Last, TryFilesWritten};
use super::links::Way;
use crate::http::build::builder::Builder;
use crate::http::course::request::Request;
use crate::http::message::uri;
use crate::http::plan::outcome::{InternalTarget, Outcome};
use crate::http::plan::phase::ContentHandler;
use crate::http::plan::settings::Root;
use crate::http::plan::template::Template;

/// One directive.
pub(super) struct TryFiles {
    candidates: Box<[Candidate]>,
    fallback: Fallback,
    files: Files,
}

struct Candidate {
    name: Template,
    is_directory: bool,
}

enum Fallback {
    Status(u16),
    Named(String),
    Uri(Template),
}

impl TryFiles {
    /// Compiles a directive.
    pub(super) fn new(builder: &mut Builder<'_>, written: &TryFilesWritten, files: Files) -> Self {
        let candidate = |(name, is_directory): &(_, bool)| Candidate {
            name: builder.template(name),
            is_directory: *is_directory,
        };
        let candidates = written.candidates.iter().map(candidate).collect();
        let fallback = match &written.last {
            Last::Status(status) => Fallback::Status(*status),
            Last::Named(name) => Fallback::Named(name.clone()),
            Last::Uri(uri) => Fallback::Uri(builder.template(uri)),
        };
        Self {
            candidates,
            fallback,
            files,
        }
    }

    fn fall_back(&self, request: &mut Request) -> Outcome {
        let template = match &self.fallback {
            Fallback::Status(status) => return Outcome::Status(*status),
            Fallback::Named(name) => {
                return Outcome::Redirect(InternalTarget::Named(name.clone()));
            }
            Fallback::Uri(template) => template,
        };
        let target = template.evaluate(request);
        let (path, arguments) = uri::split_query(&target);
        Outcome::Redirect(InternalTarget::Uri {
            path: path.to_vec(),
            arguments: arguments.map(<[u8]>::to_vec),
        })
    }

    fn file(&self, request: &Request, name: Vec<u8>) -> Option<PathBuf> {
        self.files.place().checked(request, name).ok()
    }
}

impl ContentHandler for TryFiles {
    fn run(&self, request: &mut Request) -> Option<Outcome> {
        let root = &request.location.settings.root;
        let way = self.files.place().way(request);
        for candidate in &self.candidates {
            let name = candidate.name.evaluate(request);
            let mut directory = root.directory(request);
            if let Root::File(_) = root {
                directory.extend_from_slice(&name);
                match self.file(request, directory) {
                    Some(file) if candidate.is(&file, &way) => {
                        let sent = self.files.send(request, &file);
                        return Some(sent.unwrap_or_else(Outcome::Status));
                    }
                    _ => continue,
                }
            }
            let path = path_of(root, name);
            let file = self.file(request, root.join(directory, &path));
            if file.is_some_and(|file| candidate.is(&file, &way)) {
                request.set_uri(path, None);
                return None;
            }
        }
        Some(self.fall_back(request))
    }
}

impl Candidate {
    fn is(&self, file: &Path, way: &Way<'_>) -> bool {
        way.metadata(file)
            .is_ok_and(|metadata| metadata.is_dir() == self.is_directory)
    }
}

/// The path that leads to a tried name: with an `alias`, names go on from the location's.
fn path_of(root: &Root, name: Vec<u8>) -> Vec<u8> {
    match root {
        Root::Alias(_, location) => {
            let location = location.as_bytes();
            let mut rest = name.strip_prefix(location).unwrap_or(&name);
            if location.last() == Some(&b'/') {
                rest = rest.strip_prefix(b"/").unwrap_or(rest);
            }
            [location, rest].concat()
        }
        _ if name.first() == Some(&b'/') => name,
        _ => [b"/", &*name].concat(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tried_names_become_paths() {
        let root = Root::Root(Template::default());
        assert_eq!(path_of(&root, b"/a/b".to_vec()), b"/a/b");
        assert_eq!(path_of(&root, b"b".to_vec()), b"/b");
        let alias = Root::Alias(Template::default(), "/l/".into());
        assert_eq!(path_of(&alias, b"/l/b".to_vec()), b"/l/b");
        assert_eq!(path_of(&alias, b"b".to_vec()), b"/l/b");
        assert_eq!(path_of(&alias, b"/b".to_vec()), b"/l/b");
    }
}
