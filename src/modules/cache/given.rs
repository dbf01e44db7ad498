//! Answers made of entries: the head as the origin gave it, the body out of the file, or what of both a client wants.

use std::sync::Arc;

use bytes::Bytes;

use super::caching::Caching;
use super::growing::Following;
use super::resumed::Refetch;
use super::visit::{Answer, Old};
use super::zones::Entry as CacheEntry;
use crate::cache::file::Entry;
use crate::cache::index::Outcome;
use crate::cache::store::{Growing, Opened};
use crate::cache::{self, Freshness, Refusal, Valid};
use crate::http::course::partial;
use crate::http::course::request::Request;
use crate::http::message::ranges::{self, Wanted, Whole};
use crate::http::message::response::{Body, Response, ResponseHead};
use crate::http::message::source::{Awaited, Pieces, Source};
use crate::http::message::validators::{Judgement, Validators};
use crate::http::plan::outcome::Outcome as Answered;
use crate::os;

/// An entry that is given.
pub(in crate::modules) struct Given(What);

enum What {
    /// It is whole.
    Whole(Opened),
    /// Somebody fills it.
    Growing(Arc<CacheEntry>, Growing, Option<Refetch>),
}

impl Given {
    pub(super) fn whole(opened: Opened) -> Self {
        Self(What::Whole(opened))
    }

    /// One that grows, and how it can be had again should that end.
    pub(super) fn growing(
        entry: &Arc<CacheEntry>,
        growing: Growing,
        refetch: Option<Refetch>,
    ) -> Self {
        Self(What::Growing(Arc::clone(entry), growing, refetch))
    }

    pub(super) fn entry(&self) -> &Entry {
        match &self.0 {
            What::Whole(opened) => &opened.entry,
            What::Growing(_, growing, _) => growing.entry(),
        }
    }

    /// The status of the answer.
    pub(in crate::modules) fn status(&self) -> u16 {
        self.entry().head().status
    }

    /// The words behind the status, where they are not the usual ones.
    pub(in crate::modules) fn words(&self) -> Option<&str> {
        std::str::from_utf8(behind(WORDS, self.entry())?).ok()
    }

    /// Whether it is a status alone, which the request fails with.
    pub(in crate::modules) fn is_status(&self) -> bool {
        status_of(self.entry()).is_some()
    }

    /// The fields of the answer, in their order.
    pub(in crate::modules) fn fields(&self) -> impl Iterator<Item = (&[u8], &[u8])> {
        fields(self.entry().head().fields)
    }

    /// How long its body is, if that is known.
    fn length(&self) -> Option<u64> {
        match &self.0 {
            What::Whole(opened) => Some(opened.body.end - opened.body.start),
            What::Growing(_, growing, _) => promised(growing.entry().head().fields),
        }
    }

    /// The body as it is for a client. One who asks for the head alone of what is a head alone is told what the origin said.
    fn body_for(self, request: &Request) -> Body {
        match head_of(self.entry()) {
            Some(length) if request.is_head() => Body::Source(Source::new(Unsent(length))),
            _ => self.body(),
        }
    }

    fn body(self) -> Body {
        let length = self.length();
        match self.0 {
            What::Whole(Opened { entry, body, .. }) if entry.at_hand(&body).is_some() => {
                let bytes = entry.at_hand(&body).unwrap_or_default();
                Body::Bytes(Bytes::copy_from_slice(bytes))
            }
            What::Whole(opened) => Body::File {
                offset: opened.body.start,
                length: opened.body.end - opened.body.start,
                file: Arc::new(opened.file),
            },
            What::Growing(entry, growing, refetch) => {
                let following = Following::whole(entry, growing, length);
                Body::Source(Source::new(following.or_refetched(refetch)))
            }
        }
    }
}

/// Where fields are kept, how long a body will be stands beside them under this name.
pub(super) const LENGTH: &[u8] = b"Content-Length";
/// Ahead of the fields of an entry that is a status alone, without a body that could be given: what is sent with it is for
/// `error_page` to say. Behind it stands what the origin was asked for, without arguments. No field has such a name.
const STATUS_OF: &[u8] = b":status-of: ";

/// Ahead of the fields of an answer to a range: behind it stands the range that the configuration had the origin asked for.
const PART_OF: &[u8] = b":part-of: ";

/// The range that an entry is the answer to; nothing for one to who asks for all of it.
pub(super) fn part_of(entry: &Entry) -> Option<&[u8]> {
    behind(PART_OF, entry)
}

/// The fields of an answer to a range.
pub(super) fn with_part_of(range: &[u8], fields: &[u8]) -> Vec<u8> {
    [PART_OF, range, b"\r\n", fields].concat()
}

/// Ahead of the fields of an answer to HEAD, which has no body: behind it stands how long that would have been, if the origin
/// said so.
const HEAD_OF: &[u8] = b":head-of: ";

/// How long the body would have been, if that was said, of an entry that is the answer to HEAD; nothing for others.
pub(super) fn head_of(entry: &Entry) -> Option<Option<u64>> {
    let length = behind(HEAD_OF, entry)?;
    Some(
        std::str::from_utf8(length)
            .ok()
            .and_then(|length| length.parse().ok()),
    )
}

/// The fields of an answer to HEAD.
pub(super) fn with_head_of(length: Option<u64>, fields: &[u8]) -> Vec<u8> {
    let length = length.map_or_else(String::new, |length| length.to_string());
    [HEAD_OF, length.as_bytes(), b"\r\n", fields].concat()
}

/// A body whose length is told and that nobody is sent.
struct Unsent(Option<u64>);

impl Pieces for Unsent {
    fn length(&self) -> Option<u64> {
        self.0
    }

    fn is_at_hand(&self) -> bool {
        true
    }

    fn next(&mut self) -> Awaited<'_> {
        Box::pin(std::future::ready(Ok(None)))
    }
}

/// Ahead of the fields of an answer whose status has words of its own, which stand behind it.
const WORDS: &[u8] = b":words: ";

/// The fields of an answer with such words.
pub(super) fn with_words(words: &str, fields: &[u8]) -> Vec<u8> {
    [WORDS, words.as_bytes(), b"\r\n", fields].concat()
}

/// What stands behind a mark ahead of the fields of an entry.
fn behind<'e>(mark: &[u8], entry: &'e Entry) -> Option<&'e [u8]> {
    let lines = entry.head().fields.split(|byte| *byte == b'\n');
    let mut marks = lines.take_while(|line| line.starts_with(b":"));
    let rest = marks.find_map(|line| line.strip_prefix(mark))?;
    Some(rest.strip_suffix(b"\r").unwrap_or(rest))
}

/// What the origin was asked for that answered with this status; nothing for an entry with a body.
pub(super) fn status_of(entry: &Entry) -> Option<&[u8]> {
    behind(STATUS_OF, entry)
}

/// Whether a status is of an answer for this address, as far as it is the key that tells arguments apart.
pub(super) fn is_same(kept: &[u8], address: &[u8]) -> bool {
    kept == without_arguments(address)
}

fn without_arguments(address: &[u8]) -> &[u8] {
    address
        .split(|byte| *byte == b'?')
        .next()
        .unwrap_or_default()
}

/// The fields of an entry that is the status of an answer for this address, with its fields.
pub(super) fn with_status_of(address: &[u8], fields: &[u8]) -> Vec<u8> {
    [STATUS_OF, without_arguments(address), b"\r\n", fields].concat()
}

/// Lines as names and values.
fn lines(lines: &[u8]) -> impl Iterator<Item = (&[u8], &[u8])> {
    lines.split(|byte| *byte == b'\n').filter_map(|line| {
        let colon = line.iter().position(|byte| *byte == b':')?;
        Some((&line[..colon], line[colon + 1..].trim_ascii()))
    })
}

pub(super) fn fields(kept: &[u8]) -> impl Iterator<Item = (&[u8], &[u8])> {
    lines(kept).filter(|(name, _)| !name.is_empty() && !name.eq_ignore_ascii_case(LENGTH))
}

/// How long a body will be, as its origin has said.
pub(super) fn promised(kept: &[u8]) -> Option<u64> {
    let (_, value) = lines(kept).find(|(name, _)| name.eq_ignore_ascii_case(LENGTH))?;
    std::str::from_utf8(value).ok()?.parse().ok()
}

impl Caching {
    /// The answer that an entry makes, with a head that was made of its fields.
    pub(in crate::modules) fn answer(
        &'static self,
        request: &mut Request,
        head: ResponseHead,
        given: Given,
    ) -> Answered {
        if let Some(told) = &mut request.state(self.state).told {
            told.given = given.length();
        }
        if head.status == 200 && !request.is_subrequest() {
            return self.answer_conditions(request, head, given);
        }
        let body = given.body_for(request);
        Answered::Respond(Response { head, body })
    }

    fn answer_conditions(
        &'static self,
        request: &mut Request,
        mut head: ResponseHead,
        given: Given,
    ) -> Answered {
        match Validators::of(&head).judge(&request.head, request.location.settings.responses.since)
        {
            Judgement::Send => {}
            Judgement::Failed => return Answered::Status(412),
            Judgement::NotModified => {
                not_modified(&mut head);
                let body = Body::Empty;
                return Answered::Respond(Response { head, body });
            }
        }
        let is_head_alone = head_of(given.entry()).is_some();
        if !is_head_alone && !self.has_ranges(&head) {
            let body = given.body();
            return Answered::Respond(Response { head, body });
        }
        head.remove("accept-ranges");
        if is_head_alone {
            let body = given.body_for(request);
            return Answered::Respond(Response { head, body });
        }
        let Some(length) = given.length() else {
            let body = given.body();
            return Answered::Respond(Response { head, body });
        };
        let (parts, media_type) = match partial::wanted(request, &head, length) {
            (Wanted::Unsatisfiable, _) => return partial::unsatisfiable(request, length),
            (Wanted::Parts(parts), media_type) => (parts, media_type),
            (Wanted::Whole, _) => (Vec::new(), Vec::new()),
        };
        let body = match (given.0, &*parts) {
            (What::Growing(entry, growing, refetch), [part]) => {
                head.status = 206;
                ranges::tell(&mut head, part, length);
                let refetch = refetch.map(|refetch| refetch.of_part(self.state, part, length));
                let is_checked = self.settings.digest.is_some();
                let following = Following::part(entry, growing, part.clone(), is_checked);
                Body::Source(Source::new(following.or_refetched(refetch)))
            }
            (What::Whole(opened), [_, ..]) => {
                let whole = Whole {
                    file: Arc::new(opened.file),
                    start: opened.body.start,
                    length,
                };
                ranges::cut(&mut head, &media_type, whole, parts)
            }
            (what, _) => {
                partial::offer_with(request, &mut head);
                Given(what).body()
            }
        };
        Answered::Respond(Response { head, body })
    }

    /// Whether clients can have ranges of an answer with this head.
    pub(super) fn has_ranges(&self, head: &ResponseHead) -> bool {
        self.settings.forces_ranges || head.field("accept-ranges").is_some()
    }

    /// An entry that is not valid any more is given.
    pub(super) fn give_old(
        &'static self,
        request: &mut Request,
        old: Old,
        outcome: Outcome,
    ) -> Box<Given> {
        let given = Given::whole(old.opened);
        self.note_given(request, &given, outcome);
        Box::new(given)
    }

    /// An entry that the origin says still holds, valid for as long as it says now, or else as it said before.
    pub(super) fn renewed(&self, mut old: Old, answer: Option<Answer>) -> Old {
        let verdict = answer.map_or(Err(Refusal::Unruled), |answer| {
            self.judge_again(&old, &answer)
        });
        let Ok(freshness) = verdict else {
            return old;
        };
        let cache = &self.entry.cache;
        if let Err(error) = cache.renew(old.name, &mut old.opened, freshness) {
            let zone = &self.entry.name;
            log::error!("cache \"{zone}\": {} cannot be renewed ({error})", old.name);
        }
        old
    }

    fn judge_again(&self, old: &Old, answer: &Answer) -> Result<Freshness, Refusal> {
        let (ignored, now) = (self.settings.ignored.times, os::seconds());
        let none = Valid::default();
        let said = cache::judge(answer.status, fields(&answer.fields), (&none, ignored), now);
        if said != Err(Refusal::Unruled) {
            return said;
        }
        let head = old.opened.entry.head();
        cache::judge(
            head.status,
            fields(head.fields),
            (&self.settings.valid, ignored),
            now,
        )
    }
}

/// Makes a head one that says that the client has it.
pub(super) fn not_modified(head: &mut ResponseHead) {
    head.status = 304;
    for name in [
        "content-type",
        "content-encoding",
        "content-length",
        "accept-ranges",
    ] {
        head.remove(name);
    }
}
