//! `autoindex`: what is in a directory, as a page.
//!
//! The directory is opened before the head leaves, so that the status tells whether that went well. A thread of its own
//! reads and sorts what is in it, and writes the page a few pieces ahead of the client.

use super::content::takes;
use super::place::Place;
use crate::conf::{Arity, Chain, Contexts, DirectiveSpec, Doc, SPEC};
use crate::http::course::circumstances::Circumstances;
use crate::http::course::request::Request;
use crate::http::message::response::{Body, Response};
use crate::http::message::stream::Stream;
use crate::http::message::uri;
use crate::http::plan::outcome::Outcome;
use crate::http::plan::phase::ContentHandler;
use crate::modules::charset;

mod entries;
mod pages;

use pages::{Format, Page};

const INNER: Contexts = Contexts::HTTP.or(Contexts::SERVER).or(Contexts::LOCATION);

/// The directives of listings.
pub(super) const ROWS: &[DirectiveSpec] = &[
    DirectiveSpec {
        name: "autoindex",
        contexts: INNER,
        arity: Arity::FLAG,
        doc: Doc {
            syntax: "autoindex on | off;",
            default: "autoindex off;",
            text: "Whether a directory in which there is none of the `index` files is answered with a list of what is \
                   in it: directories first, each part by name, without what begins with a dot. A directory of more \
                   than 250000 names is not listed: the answer breaks off, and the error log says why. Of each worker, \
                   16 lists are on their way at a time, and others wait. While some wait, one breaks off whose client \
                   takes nothing for three seconds, or that takes longer than thirty.",
            example: "location /pub/ { autoindex on; }",
        },
        apply: |statement| {
            let on = statement.flag(1)?;
            statement.scope.insert(IsOn(on));
            Ok(())
        },
        ..SPEC
    },
    DirectiveSpec {
        name: "autoindex_exact_size",
        contexts: INNER,
        arity: Arity::FLAG,
        doc: Doc {
            syntax: "autoindex_exact_size on | off;",
            default: "autoindex_exact_size on;",
            text: "Whether sizes in HTML are bytes, or rounded to kilobytes, megabytes and gigabytes.",
            example: "autoindex_exact_size off;",
        },
        apply: |statement| {
            let on = statement.flag(1)?;
            statement.scope.insert(IsExact(on));
            Ok(())
        },
        ..SPEC
    },
    DirectiveSpec {
        name: "autoindex_format",
        contexts: INNER,
        doc: Doc {
            syntax: "autoindex_format html | xml | json | jsonp;",
            default: "autoindex_format html;",
            text: "The form of lists. With `jsonp` the argument `callback` of the request names the function that is \
                   called with the list; without it, it is `json`. In JSON and XML, what is not UTF-8 in a name \
                   becomes U+FFFD, and so do control characters in XML, which has no way to write them.",
            example: "autoindex_format json;",
        },
        apply: |statement| {
            let format = statement.enumeration(1, Format::WORDS)?;
            statement.scope.insert(format);
            Ok(())
        },
        ..SPEC
    },
    DirectiveSpec {
        name: "autoindex_localtime",
        contexts: INNER,
        arity: Arity::FLAG,
        doc: Doc {
            syntax: "autoindex_localtime on | off;",
            default: "autoindex_localtime off;",
            text: "Whether times in HTML are local ones, or UTC. Those of other formats are UTC.",
            example: "autoindex_localtime on;",
        },
        apply: |statement| {
            let on = statement.flag(1)?;
            statement.scope.insert(IsLocal(on));
            Ok(())
        },
        ..SPEC
    },
];

struct IsOn(bool);
struct IsExact(bool);
struct IsLocal(bool);

/// Lists directories.
pub(super) struct Autoindex {
    place: Place,
    format: Format,
    is_exact: bool,
    is_local: bool,
}

impl Autoindex {
    /// Lists those of a location, if it wants that.
    pub(super) fn of(chain: &Chain<'_>, place: Place) -> Option<Self> {
        let IsOn(true) = chain.nearest()? else {
            return None;
        };
        Some(Self {
            place,
            format: chain.nearest().copied().unwrap_or(Format::Html),
            is_exact: chain.nearest().is_none_or(|IsExact(on)| *on),
            is_local: chain.nearest().is_some_and(|IsLocal(on)| *on),
        })
    }

    fn list(&self, request: &mut Request) -> Result<Outcome, u16> {
        let (format, callback) = self.format(request)?;
        let directory = self.place.file(request)?;
        let opened = self.place.way(request).read_dir(&directory);
        let opened =
            opened.map_err(|error| self.place.refuse(request, "opendir()", &directory, &error))?;
        let mut response = Response::empty(200);
        response
            .head
            .add("Content-Type", format.media_type().as_bytes());
        let page = Page {
            format,
            callback,
            is_exact: self.is_exact,
            is_local: self.is_local,
            is_utf8: charset::names_utf8(request, format.media_type()),
            title: request.path.clone(),
        };
        let told = Circumstances(request).to_string();
        let body = Stream::begin_public(move |out, reader| {
            let leave_out = |name: &[u8], error: &_| {
                entries::tell_left_out(&directory, name, error, &told);
            };
            let entries = entries::read(&directory, opened, || reader.has_left(), leave_out);
            let entries = entries.inspect_err(|error| entries::tell(&directory, error, &told))?;
            page.write(&entries, out)
        });
        response.body = Body::Stream(body.ok_or(500_u16)?);
        Ok(Outcome::Respond(response))
    }

    /// The form of this answer, and the function that is called with it.
    fn format(&self, request: &Request) -> Result<(Format, Vec<u8>), u16> {
        let Format::Jsonp = self.format else {
            return Ok((self.format, Vec::new()));
        };
        let written = uri::argument(&request.arguments, b"callback").unwrap_or_default();
        if written.is_empty() {
            return Ok((Format::Json, Vec::new()));
        }
        let is_plain = |byte: &u8| byte.is_ascii_alphanumeric() || b"_.".contains(byte);
        if written.len() > LONGEST_CALLBACK || !written.iter().all(is_plain) {
            log::info!(
                "client sent invalid callback name{}",
                Circumstances(request)
            );
            return Err(400);
        }
        Ok((Format::Jsonp, written.to_vec()))
    }
}

const LONGEST_CALLBACK: usize = 256;

impl ContentHandler for Autoindex {
    fn run(&self, request: &mut Request) -> Option<Outcome> {
        let is_asked = request.path.last() == Some(&b'/') && takes(request);
        if !is_asked || request.method() == b"POST" {
            return None;
        }
        Some(self.list(request).unwrap_or_else(Outcome::Status))
    }
}
