//! The last content handler of a location: the file that the path stands for.

use std::fs::{self, File, Metadata};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::time::{Duration, SystemTime};

use super::place::Place;
use super::validators::{Part, Validators, Wanted};
use crate::http::course::circumstances::Circumstances;
use crate::http::course::engine;
use crate::http::course::request::Request;
use crate::http::message::response::{Body, Response, ResponseHead};
use crate::http::plan::outcome::Outcome;
use crate::http::plan::phase::ContentHandler;
use crate::http::plan::settings::ErrorStatus;

/// Answers with files.
#[derive(Clone)]
pub(super) struct Files {
    place: Place,
}

impl ContentHandler for Files {
    fn run(&self, request: &mut Request) -> Option<Outcome> {
        Some(self.answer(request).unwrap_or_else(Outcome::Status))
    }
}

impl Files {
    /// Those of a location.
    pub(super) fn new(place: Place) -> Self {
        Self { place }
    }

    /// Where they are.
    pub(super) fn place(&self) -> Place {
        self.place
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
        let failed = |request: &Request, error| self.place.refuse(request, "open()", path, &error);
        // Asked before opening, because opening a pipe would wait for its other end.
        let metadata = fs::metadata(path).map_err(|error| failed(request, error))?;
        if metadata.is_dir() {
            return Ok(engine::redirect_to_slash(request));
        }
        if !metadata.is_file() {
            let path = path.as_os_str().as_bytes().escape_ascii();
            log::error!("\"{path}\" is not a regular file{}", Circumstances(request));
            return Err(404);
        }
        if request.method() == b"POST" {
            return Err(405);
        }
        let file = File::open(path).map_err(|error| failed(request, error))?;
        let metadata = file.metadata().map_err(|error| failed(request, error))?;
        Ok(self.respond(request, file, &metadata))
    }

    fn respond(&self, request: &Request, file: File, metadata: &Metadata) -> Outcome {
        let validators = Validators::new(metadata.len(), modified(metadata));
        let part = if is_conditional(request) {
            validators.judge(Wanted {
                head: &request.head,
                is_get: request.method() == b"GET",
            })
        } else {
            Part::Whole
        };
        let length = metadata.len();
        match part {
            Part::Whole => {
                let mut head = self.head(request, 200, &validators);
                head.add("Accept-Ranges", b"bytes");
                respond(head, file, 0, length)
            }
            Part::Range { start, end } => {
                let mut head = self.head(request, 206, &validators);
                let range = format!("bytes {start}-{}/{length}", end - 1);
                head.add("Content-Range", range.as_bytes());
                respond(head, file, start, end - start)
            }
            Part::NotModified => {
                let mut head = Response::empty(304).head;
                validators.tell(&mut head);
                Outcome::Respond(Response {
                    head,
                    body: Body::Empty,
                })
            }
            Part::Failed => Outcome::Status(412),
            Part::Unsatisfiable => unsatisfiable(request, length),
        }
    }

    fn head(&self, request: &Request, status: u16, validators: &Validators) -> ResponseHead {
        let mut head = Response::empty(status).head;
        let media_type = request.location.settings.media_type(&request.path);
        head.add("Content-Type", media_type.as_bytes());
        validators.tell(&mut head);
        head
    }
}

/// Whether files answer this method at all.
pub(super) fn takes(request: &Request) -> bool {
    matches!(request.method(), b"GET" | b"HEAD" | b"POST")
}

fn respond(head: ResponseHead, file: File, offset: u64, length: u64) -> Outcome {
    let body = Body::File {
        file,
        offset,
        length,
    };
    Outcome::Respond(Response { head, body })
}

/// The page of an error is sent whole, unless it is to look like any other answer.
fn is_conditional(request: &Request) -> bool {
    match request.error_page {
        None => true,
        Some((412 | 416, _)) => false,
        Some((_, shown)) => matches!(shown, ErrorStatus::OfTarget | ErrorStatus::Fixed(200)),
    }
}

fn unsatisfiable(request: &Request, length: u64) -> Outcome {
    let pages = &request.location.settings.error_pages;
    if pages.iter().any(|page| page.codes.contains(&416)) {
        return Outcome::Status(416);
    }
    let mut response = Response::page(416);
    let range = format!("bytes */{length}");
    response.head.add("Content-Range", range.as_bytes());
    Outcome::Respond(response)
}

fn modified(metadata: &Metadata) -> u64 {
    let since = metadata
        .modified()
        .ok()
        .and_then(|time| time.duration_since(SystemTime::UNIX_EPOCH).ok());
    since.unwrap_or(Duration::ZERO).as_secs()
}
