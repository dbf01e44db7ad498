//! `empty_gif`: a transparent picture of one pixel, from memory.

use bytes::Bytes;

use crate::conf::{Arity, Chain, Contexts, DirectiveSpec, Doc, SPEC};
use crate::http::build::builder::{Builder, LocationParts};
use crate::http::build::content;
use crate::http::build::module::{self, Module};
use crate::http::course::request::Request;
use crate::http::message::response::Response;
use crate::http::message::validators::{Judgement, Validators};
use crate::http::plan::outcome::Outcome;
use crate::http::plan::phase::ContentHandler;

/// The feature.
pub static MODULE: Module = Module {
    name: "empty_gif",
    about: "a picture of one pixel that cannot be seen",
    directives: &[EMPTY_GIF],
    location,
    ..module::MODULE
};

const EMPTY_GIF: DirectiveSpec = DirectiveSpec {
    name: "empty_gif",
    contexts: Contexts::LOCATION,
    arity: Arity::NONE,
    doc: Doc {
        syntax: "empty_gif;",
        default: "",
        text: "Answers with a transparent GIF of one pixel, for pages that count their readers by a picture.",
        example: "location = /_.gif { empty_gif; }",
    },
    apply: |statement| {
        content::write(statement, Shown);
        Ok(())
    },
    ..SPEC
};

struct Shown;

fn location(_: &mut Builder<'_>, chain: &Chain<'_>, parts: &mut LocationParts) {
    if content::written::<Shown>(chain).is_some() {
        parts.content.push(Box::new(Handler));
    }
}

struct Handler;

impl ContentHandler for Handler {
    fn run(&self, request: &mut Request) -> Option<Outcome> {
        if !matches!(request.method(), b"GET" | b"HEAD") {
            return Some(Outcome::Status(405));
        }
        let validators = Validators::of_time(MADE);
        let is_had = !request.is_subrequest() && request.error_page.is_none();
        let mut response =
            match validators.judge(&request.head, request.location.settings.responses.since) {
                Judgement::NotModified if is_had => Response::empty(304),
                Judgement::Failed if is_had => return Some(Outcome::Status(412)),
                _ => Response::new(200, "image/gif", Bytes::from_static(PICTURE)),
            };
        validators.tell(&mut response.head, true);
        Some(Outcome::Respond(response))
    }
}

/// When the picture was made, as nginx says: seconds since 1970.
const MADE: u64 = 23_349_600;

/// One pixel, which is transparent.
const PICTURE: &[u8] =
    b"GIF89a\x01\x00\x01\x00\x80\x01\x00\x00\x00\x00\xff\xff\xff\x21\xf9\x04\x01\x00\x00\x01\x00\
    \x2c\x00\x00\x00\x00\x01\x00\x01\x00\x00\x02\x02\x4c\x01\x00\x3b";
