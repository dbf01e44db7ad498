//! What bodies go through on their way: filters, for a response chosen when its head leaves.
//!
//! A header filter of the location looks at the head, edits it and adds a filter to
//! `request.bodies`; the pieces of the body, made here or by a peer, go through all of them in
//! that order. What is added there for the request's body before content is made sees it as it is
//! read for whoever wants it. A filter keeps no more than a bounded part of the body, and holds bytes back only
//! while more is at hand. What a piece becomes may be long: a filter then gives it in portions, and nothing else
//! comes before the last of them was given. What other places of the server add ahead of a body and behind it goes through
//! the filters that were chosen after that was settled.

use std::fmt;
use std::io;
use std::sync::Arc;

use crate::http::course::request::Request;

/// Looks at a body that goes by, or changes it.
pub trait BodyFilter: Send + Sync {
    /// Takes the next piece, which is not empty. What becomes of it is appended to `out`, unless it is
    /// passed on as it is.
    fn piece(
        &mut self,
        request: &mut Request,
        piece: &[u8],
        out: &mut Vec<u8>,
    ) -> io::Result<Passed>;

    /// Whether there is more of what it has made of the last piece: [`Self::more`] is called before anything else is.
    fn has_more(&self) -> bool {
        false
    }

    /// Appends the next portion of it.
    fn more(&mut self, _request: &mut Request, _out: &mut Vec<u8>) -> io::Result<()> {
        Ok(())
    }

    /// Nothing more is at hand for now: appends what was held back in the hope of more.
    fn pause(&mut self, _request: &mut Request, _out: &mut Vec<u8>) -> io::Result<()> {
        Ok(())
    }

    /// The body is over: appends what is left of it.
    fn end(&mut self, _request: &mut Request, _out: &mut Vec<u8>) -> io::Result<()> {
        Ok(())
    }

    /// Whether the body is as long afterwards as it was before.
    fn keeps_length(&self) -> bool {
        false
    }
}

/// What is said behind a response's body, once that has ended.
pub trait Trailers: fmt::Debug + Send + Sync {
    /// Appends lines of fields, each with its end.
    fn append(&self, request: &mut Request, out: &mut Vec<u8>);
}

/// What a filter did with a piece.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Passed {
    /// It goes on as it is; nothing was appended.
    AsItIs,
    /// What was appended takes its place, which may be nothing.
    Changed,
}

/// Paths of the same server whose bodies stand around another one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Around {
    /// Ahead of it.
    pub before: Option<Box<[u8]>>,
    /// Behind it.
    pub after: Option<Box<[u8]>>,
}

/// The filters of one body, in their order. Most bodies have none.
#[derive(Default)]
pub struct BodyFilters(Option<Box<Chain>>);

#[derive(Default)]
struct Chain {
    filters: Vec<Box<dyn BodyFilter>>,
    /// What stands around the body.
    around: Option<Arc<Around>>,
    /// How many filters come before that is there, and see the body alone.
    own: usize,
    /// Whether the body has ended, and with it the filters that see it alone.
    has_ended: bool,
    /// What the last filter appended.
    passed: Vec<u8>,
    spare: Vec<u8>,
    /// Whether something may be held back.
    is_holding: bool,
    /// Whether a filter has more of the last piece.
    has_more: bool,
}

#[derive(Clone, Copy)]
enum Behind {
    More,
    Pause,
    /// The end of the body itself.
    Own,
    End,
}

impl BodyFilters {
    /// Adds one behind the others.
    pub fn add(&mut self, filter: impl BodyFilter + 'static) {
        let chain = self.0.get_or_insert_default();
        chain.filters.push(Box::new(filter));
    }

    /// Has these places asked for what stands around the body. It goes through the filters that are added
    /// from now on.
    pub fn surround(&mut self, around: &Arc<Around>) {
        let chain = self.0.get_or_insert_default();
        chain.own = chain.filters.len();
        chain.around = Some(Arc::clone(around));
    }

    /// What stands around the body.
    pub fn around(&self) -> Option<Arc<Around>> {
        self.0.as_ref().and_then(|chain| chain.around.clone())
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_none()
    }

    /// Takes all away.
    pub fn clear(&mut self) {
        if self.0.is_some() {
            self.0 = None;
        }
    }

    /// Whether the length of the body is unknown until it has gone through.
    pub fn change_length(&self) -> bool {
        let changes = |chain: &Chain| {
            chain.around.is_some() || chain.filters.iter().any(|filter| !filter.keeps_length())
        };
        self.0.as_ref().is_some_and(|chain| changes(chain))
    }

    /// Whether something may be held back that a pause would set free.
    pub fn is_holding(&self) -> bool {
        self.0.as_ref().is_some_and(|chain| chain.is_holding)
    }

    /// Whether there is more of the last piece, which [`Self::more`] has to give before anything else comes.
    pub fn has_more(&self) -> bool {
        self.0.as_ref().is_some_and(|chain| chain.has_more)
    }

    /// Gives the next portion of the last piece, which may be empty.
    ///
    /// # Errors
    /// When a filter fails.
    pub fn more(&mut self, request: &mut Request) -> io::Result<&[u8]> {
        match &mut self.0 {
            Some(chain) => chain.more(request),
            None => Ok(b""),
        }
    }

    /// Takes the next piece; what goes on instead, or `None` for the piece as it is.
    ///
    /// # Errors
    /// When a filter fails.
    pub fn piece(&mut self, request: &mut Request, piece: &[u8]) -> io::Result<Option<&[u8]>> {
        match &mut self.0 {
            Some(chain) => chain.run(request, piece, 0, Behind::More),
            None => Ok(None),
        }
    }

    /// Takes the next piece of what stands around the body; what goes on instead, or `None` for the piece as
    /// it is.
    ///
    /// # Errors
    /// When a filter fails.
    pub fn added(&mut self, request: &mut Request, piece: &[u8]) -> io::Result<Option<&[u8]>> {
        match &mut self.0 {
            Some(chain) => chain.run(request, piece, chain.own, Behind::More),
            None => Ok(None),
        }
    }

    /// Gives what is left at the end of the body itself, behind which something is added.
    ///
    /// # Errors
    /// When a filter fails.
    pub fn end_own(&mut self, request: &mut Request) -> io::Result<&[u8]> {
        self.without_piece(request, Behind::Own)
    }

    /// Gives what was held back.
    ///
    /// # Errors
    /// When a filter fails.
    pub fn pause(&mut self, request: &mut Request) -> io::Result<&[u8]> {
        self.without_piece(request, Behind::Pause)
    }

    /// Gives what is left at the end of the body.
    ///
    /// # Errors
    /// When a filter fails.
    pub fn end(&mut self, request: &mut Request) -> io::Result<&[u8]> {
        self.without_piece(request, Behind::End)
    }

    fn without_piece(&mut self, request: &mut Request, behind: Behind) -> io::Result<&[u8]> {
        let passed = match &mut self.0 {
            Some(chain) => chain.run(request, b"", 0, behind)?,
            None => None,
        };
        Ok(passed.unwrap_or_default())
    }
}

impl Chain {
    /// What goes on instead of the piece, or `None` for the piece as it is.
    fn run(
        &mut self,
        request: &mut Request,
        piece: &[u8],
        first: usize,
        behind: Behind,
    ) -> io::Result<Option<&[u8]>> {
        self.is_holding = matches!(behind, Behind::More | Behind::Own);
        let first = match self.has_ended {
            true => self.own.max(first),
            false => first,
        };
        self.has_ended |= matches!(behind, Behind::Own);
        let mut is_changed = false;
        for (number, filter) in self.filters.iter_mut().enumerate().skip(first) {
            let behind = match behind {
                Behind::Own if number < self.own => Behind::End,
                Behind::Own => Behind::More,
                behind => behind,
            };
            let bytes: &[u8] = if is_changed { &self.passed } else { piece };
            let out = &mut self.spare;
            out.clear();
            let passed = match bytes.is_empty() {
                true => Passed::AsItIs,
                false => filter.piece(request, bytes, out)?,
            };
            if passed == Passed::AsItIs && !matches!(behind, Behind::More) {
                out.extend_from_slice(bytes);
            }
            match behind {
                Behind::More | Behind::Own => {}
                Behind::Pause => filter.pause(request, out)?,
                Behind::End => filter.end(request, out)?,
            }
            if passed == Passed::Changed || !out.is_empty() {
                std::mem::swap(&mut self.passed, &mut self.spare);
                is_changed = true;
            }
        }
        self.has_more = self.filters.iter().any(|filter| filter.has_more());
        Ok(is_changed.then_some(&self.passed))
    }

    /// The next portion of what the last of those has that have one, as those behind it leave it.
    fn more(&mut self, request: &mut Request) -> io::Result<&[u8]> {
        let Some(number) = self.filters.iter().rposition(|filter| filter.has_more()) else {
            self.has_more = false;
            return Ok(b"");
        };
        let mut portion = std::mem::take(&mut self.passed);
        portion.clear();
        self.filters[number].more(request, &mut portion)?;
        let is_changed = self
            .run(request, &portion, number + 1, Behind::More)?
            .is_some();
        if !is_changed {
            self.passed = portion;
        }
        Ok(&self.passed)
    }
}

impl fmt::Debug for BodyFilters {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let count = self.0.as_ref().map_or(0, |chain| chain.filters.len());
        write!(f, "{count} filters")
    }
}
