//! `js_body_filter`: a script is given the body of the answer piece by piece, and says what goes on instead.

use std::io;

use rquickjs::{Ctx, Object, Value};

use super::handler::{self, Handler};
use crate::conf::{Arity, Contexts, Diagnostic, DirectiveSpec, Doc, SPEC, Span, Statement};
use crate::http::course::request::Request;
use crate::http::plan::body_filter::{BodyFilter, Passed};
use crate::http::plan::phase::PhaseHandler;
use crate::script::library::buffer_of;

/// `js_body_filter`
#[derive(Clone)]
pub(super) struct BodyFilterWritten {
    pub name: String,
    pub span: Span,
    pub kind: Kind,
}

pub(super) const ROWS: [DirectiveSpec; 1] = [DirectiveSpec {
    name: "js_body_filter",
    contexts: Contexts::LOCATION
        .or(Contexts::LOCATION_IF)
        .or(Contexts::LIMIT_EXCEPT),
    arity: Arity::between(1, 2),
    doc: Doc {
        syntax: "js_body_filter MODULE.FUNCTION [buffer_type=string | buffer];",
        default: "",
        text: "A function is called for each piece of the body of an answer, and once more at its end: with the request, the piece, \
               and an object whose `last` says whether it is the end. What goes on instead is what it gives to \
               `r.sendBuffer(data[, flags])`, which it may call any number of times; after `r.done()` the rest goes \
               on as it is. It cannot wait. One that throws breaks the answer off. Pieces are strings, in which no \
               character is cut, or with `buffer_type=buffer` buffers. It sees the body before `sub_filter`, `add_before_body` and \
               `gzip` do. Responses lose `Content-Length` and `Accept-Ranges`, and their `ETag` becomes a weak one. \
               The answers to subrequests that are made for their bodies are filtered as well, by what is written where \
               they are answered.",
        example: "js_body_filter main.body buffer_type=buffer;",
    },
    apply: read,
    ..SPEC
}];

fn read(statement: &mut Statement<'_>) -> Result<(), Diagnostic> {
    let kind = match statement.argument(2).map(|word| word.text.as_str()) {
        None | Some("buffer_type=string") => Kind::Text,
        Some("buffer_type=buffer") => Kind::Buffer,
        Some(other) => {
            let message = format!("invalid parameter \"{other}\" of \"js_body_filter\"");
            let help = "expected \"buffer_type=string\" or \"buffer_type=buffer\"";
            return Err(statement.error(2, message).with_help(help));
        }
    };
    let (name, span) = (statement.text(1).to_owned(), statement.word(1).span);
    statement
        .scope
        .insert(BodyFilterWritten { name, span, kind });
    Ok(())
}

/// Has the bodies of a location go through a script.
pub(super) struct BodyScript {
    pub handler: Handler,
    pub kind: Kind,
}

/// What a script is given pieces as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Strings; a character is never cut in two.
    Text,
    /// Buffers.
    Buffer,
}

impl PhaseHandler for BodyScript {
    fn run(&self, request: &mut Request) {
        request.response.change_body();
        request.bodies.response.add(Filter {
            handler: self.handler.clone(),
            kind: self.kind,
            pending: Vec::new(),
            is_done: false,
        });
    }

    fn is_for_subrequests(&self) -> bool {
        true
    }
}

/// The filter of one body.
struct Filter {
    handler: Handler,
    kind: Kind,
    /// Bytes of a character whose rest has not come.
    pending: Vec<u8>,
    /// Whether what comes goes on as it is.
    is_done: bool,
}

impl BodyFilter for Filter {
    fn piece(
        &mut self,
        request: &mut Request,
        piece: &[u8],
        out: &mut Vec<u8>,
    ) -> io::Result<Passed> {
        let mut bytes = std::mem::take(&mut self.pending);
        bytes.extend_from_slice(piece);
        if self.kind == Kind::Text {
            self.pending = bytes.split_off(bytes.len() - unfinished(&bytes));
        }
        self.give(request, &bytes, Part::Piece, out)?;
        Ok(Passed::Changed)
    }

    fn end(&mut self, request: &mut Request, out: &mut Vec<u8>) -> io::Result<()> {
        let bytes = std::mem::take(&mut self.pending);
        self.give(request, &bytes, Part::Last, out)
    }
}

/// Which part of a body a script is given.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Part {
    Piece,
    Last,
}

impl Filter {
    /// Calls the script, unless it has said that it is done.
    fn give(
        &mut self,
        request: &mut Request,
        bytes: &[u8],
        part: Part,
        out: &mut Vec<u8>,
    ) -> io::Result<()> {
        let state = self.handler.site.state;
        if self.is_done {
            out.extend_from_slice(bytes);
            return Ok(());
        }
        if bytes.is_empty() && part == Part::Piece {
            return Ok(());
        }
        let running = request.state(state);
        (running.filtered, running.is_done) = (Some(Vec::new()), false);
        let kind = self.kind;
        let called = self.handler.call_with(
            request,
            |ctx| arguments(ctx, kind, bytes, part == Part::Last),
            |ctx, returned| refuse_promise(ctx, &returned),
        );
        let running = request.state(state);
        let filtered = running.filtered.take();
        self.is_done = std::mem::take(&mut running.is_done);
        if let Err(fault) = called {
            handler::complain(request, &fault);
            return Err(io::Error::other("a script has failed to filter the body"));
        }
        out.extend(filtered.unwrap_or_default());
        Ok(())
    }
}

fn arguments<'js>(
    ctx: &Ctx<'js>,
    kind: Kind,
    bytes: &[u8],
    is_last: bool,
) -> rquickjs::Result<Vec<Value<'js>>> {
    let data = match kind {
        Kind::Text => {
            let text = String::from_utf8_lossy(bytes);
            rquickjs::String::from_str(ctx.clone(), &text)?.into_value()
        }
        Kind::Buffer => buffer_of(ctx, bytes)?,
    };
    let flags = Object::new(ctx.clone())?;
    flags.set("last", is_last)?;
    Ok(vec![data, flags.into_value()])
}

/// A body does not wait for scripts.
fn refuse_promise(ctx: &Ctx<'_>, returned: &Value<'_>) -> rquickjs::Result<()> {
    match returned.is_promise() {
        true => Err(rquickjs::Exception::throw_type(
            ctx,
            "a body filter cannot be asynchronous",
        )),
        false => Ok(()),
    }
}

/// How many bytes at the end begin a character that is not over.
fn unfinished(bytes: &[u8]) -> usize {
    let begun = |count: &usize| {
        let rest = std::str::from_utf8(&bytes[bytes.len() - count..]);
        rest.is_err_and(|error| error.valid_up_to() == 0 && error.error_len().is_none())
    };
    (1..=bytes.len().min(3)).find(begun).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::unfinished;

    #[test]
    fn what_begins_a_character_is_kept_for_its_rest() {
        let all = "a€😀".as_bytes();
        let kept: Vec<usize> = (0..=all.len()).map(|end| unfinished(&all[..end])).collect();
        assert_eq!(kept, [0, 0, 1, 2, 0, 1, 2, 3, 0]);
        assert_eq!(unfinished(b"\xff\xc3"), 1);
        assert_eq!(unfinished(b"\xff"), 0);
        assert_eq!(unfinished(b"\x80\x80\x80\x80"), 0);
    }
}
