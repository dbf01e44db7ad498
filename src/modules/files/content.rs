//! The last content handler of a location: the file that the path stands for.

use std::fs::{File, Metadata};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use super::links::Way;
use super::place::Place;
use crate::http::course::circumstances::Circumstances;
use crate::http::course::elsewhere;
use crate::http::course::partial;
use crate::http::course::request::Request;
use crate::http::message::ranges::{self, Wanted, Whole};
use crate::http::message::response::{Body, Response, ResponseHead};
use crate::http::message::validators::{Judgement, Validators};
use crate::http::plan::outcome::Outcome;
use crate::http::plan::phase::ContentHandler;
use crate::http::plan::settings::ErrorStatus;
use crate::modules::compression::{PackedFile, PackedFiles};

/// Answers with files.
#[derive(Clone)]
pub(super) struct Files {
    place: Place,
    /// What was packed beforehand and may be sent instead.
    packed: Option<Arc<PackedFiles>>,
}

impl ContentHandler for Files {
    fn run(&self, request: &mut Request) -> Option<Outcome> {
        Some(self.answer(request).unwrap_or_else(Outcome::Status))
    }
}

impl Files {
    /// Those of a location.
    pub(super) fn new(place: Place, packed: Option<PackedFiles>) -> Self {
        Self {
            place,
            packed: packed.map(Arc::new),
        }
    }

    /// Where they are.
    pub(super) fn place(&self) -> &Place {
        &self.place
    }

    fn answer(&self, request: &mut Request) -> Result<Outcome, u16> {
        let path = self.place.file(request)?;
        if request.path.last() == Some(&b'/') && takes(request) {
            log::error!(
                "directory index of \"{}\" is forbidden{}",
                path.as_os_str().as_bytes().escape_ascii(),
                Circumstances(request)
            );
            return Err(403);
        }
        self.send(request, &path)
    }

    /// Answers with the file `path`.
    pub(super) fn send(&self, request: &mut Request, path: &Path) -> Result<Outcome, u16> {
        if !takes(request) {
            return Err(405);
        }
        let way = self.place.way(request);
        if let Some(packed) = self.find_packed(request, path, &way)? {
            let PackedFile {
                file,
                metadata,
                coding,
            } = packed;
            return Ok(self.respond(request, file, &metadata, coding));
        }
        let opened = way.open(path);
        let (metadata, file) = match opened {
            Ok((file, metadata)) if metadata.is_file() => (metadata, file),
            Ok((_, metadata)) => return no_file(request, path, &metadata),
            // What is no file may refuse to be opened at all.
            Err(error) => match way.metadata(path) {
                Ok(metadata) if !metadata.is_file() => return no_file(request, path, &metadata),
                _ => return Err(self.place.refuse(request, "open()", path, &error)),
            },
        };
        if request.method() == b"POST" {
            return Err(405);
        }
        Ok(self.respond(request, file, &metadata, ""))
    }

    fn find_packed(
        &self,
        request: &mut Request,
        path: &Path,
        way: &Way,
    ) -> Result<Option<PackedFile>, u16> {
        match &self.packed {
            Some(packed) if request.method() != b"POST" => {
                packed.find(request, path, |path| way.open(path))
            }
            _ => Ok(None),
        }
    }

    /// Answers with a file; `coding` is what it was packed with, if it was.
    fn respond(
        &self,
        request: &mut Request,
        file: Arc<File>,
        metadata: &Metadata,
        coding: &str,
    ) -> Outcome {
        let length = metadata.len();
        let rules = &request.location.settings.responses;
        let mut validators = Validators::new(length, modified(metadata));
        if !rules.etag {
            validators = validators.without_tag();
        }
        let mut head = Response::empty(200).head;
        head.add("Content-Type", request.media_type());
        head.add("Content-Encoding", coding.as_bytes());
        if !is_itself(request) {
            validators.tell(&mut head, false);
            return whole(head, file, length);
        }
        validators.tell(&mut head, true);
        if is_conditional(request) {
            match validators.judge(&request.head, rules.since) {
                Judgement::Send => {}
                Judgement::NotModified => return not_modified(&validators),
                Judgement::Failed => return Outcome::Status(412),
            }
            match partial::wanted(request, &head, length) {
                (Wanted::Whole, _) => {}
                (Wanted::Parts(parts), media_type) => {
                    let whole = Whole {
                        file,
                        start: 0,
                        length,
                    };
                    let body = ranges::cut(&mut head, &media_type, whole, parts);
                    return Outcome::Respond(Response { head, body });
                }
                (Wanted::Unsatisfiable, _) => return partial::unsatisfiable(request, length),
            }
        }
        partial::offer_with(request, &mut head);
        whole(head, file, length)
    }
}

/// The answer where something else than a file is.
fn no_file(request: &mut Request, path: &Path, metadata: &Metadata) -> Result<Outcome, u16> {
    if metadata.is_dir() {
        return Ok(elsewhere::to_slash(request));
    }
    let path = path.as_os_str().as_bytes().escape_ascii();
    log::error!("\"{path}\" is not a regular file{}", Circumstances(request));
    Err(404)
}

/// Whether files answer this method at all.
pub(super) fn takes(request: &Request) -> bool {
    matches!(request.method(), b"GET" | b"HEAD" | b"POST")
}

fn whole(head: ResponseHead, file: Arc<File>, length: u64) -> Outcome {
    let body = Body::File {
        file,
        offset: 0,
        length,
    };
    Outcome::Respond(Response { head, body })
}

fn not_modified(validators: &Validators) -> Outcome {
    let mut response = Response::empty(304);
    validators.tell(&mut response.head, true);
    Outcome::Respond(response)
}

/// Whether the file is the answer, and not the page of an error: what tells of the file would be
/// taken for that of what was asked for.
fn is_itself(request: &Request) -> bool {
    let shown = request.error_page.map(|(_, shown)| shown);
    shown.is_none_or(|shown| matches!(shown, ErrorStatus::OfTarget | ErrorStatus::Fixed(200)))
}

/// Whether the client's conditions are about this file.
fn is_conditional(request: &Request) -> bool {
    !request.is_subrequest() && !matches!(request.error_page, Some((412 | 416, _)))
}

fn modified(metadata: &Metadata) -> u64 {
    let since = metadata
        .modified()
        .ok()
        .and_then(|time| time.duration_since(SystemTime::UNIX_EPOCH).ok());
    since.unwrap_or(Duration::ZERO).as_secs()
}
