//! Keeping what an origin answers.

use std::io;
use std::sync::Arc;

use super::caching::Caching;
use super::find::variant;
use super::given;
use super::settings::any_holds;
use super::visit::{Answer, Claimed, State};
use super::zones::Entry;
use crate::cache::file::Head;
use crate::cache::store::{Attempt, Filling, NotFilled, Terms};
use crate::cache::{self, ContentCheck, ContentDigest, Freshness, Name, Vary};
use crate::http::course::circumstances::Circumstances;
use crate::http::course::request::Request;
use crate::http::plan::tee::{Coming, Kept, Tee, Verdict};
use crate::metric::Moment;
use crate::os;

/// An entry that is being filled.
struct Fill {
    entry: Arc<Entry>,
    /// Nothing once it is over.
    filling: Option<Filling>,
    state: State,
    name: Name,
    /// Whether it is known what the body must be.
    has_digest: bool,
    /// What says so in the end where the body could not be kept.
    check: Option<ContentCheck>,
}

/// A body that could not be kept, and what it is known to be.
struct Unkept {
    entry: Arc<Entry>,
    name: Name,
    check: ContentCheck,
}

/// On which terms an answer is kept.
struct Keeping {
    freshness: Freshness,
    vary: Vary,
    digest: Option<ContentDigest>,
}

impl Caching {
    /// Who keeps the body that comes, if anybody. The response's head is complete by now.
    pub(in crate::modules) fn tee(
        &'static self,
        request: &mut Request,
        coming: Coming,
    ) -> Option<Box<dyn Tee>> {
        let is_judged_here = self.is_judged_here(request);
        let length = coming.length.filter(|_| !self.is_head_alone(request));
        let tee = self.begin_tee(request, coming);
        if is_judged_here {
            self.narrow(request, length);
        }
        tee
    }

    /// Whether the origin has answered to HEAD, so that there is no body to have parts of.
    pub(super) fn is_head_alone(&'static self, request: &Request) -> bool {
        let visit = request.state_if_any(self.state);
        let answer = visit.and_then(|visit| visit.turn.as_deref()?.answer.as_ref());
        answer.is_some_and(|answer| answer.head_of.is_some())
    }

    fn begin_tee(&'static self, request: &mut Request, coming: Coming) -> Option<Box<dyn Tee>> {
        let turn = request.state(self.state).turn_with(self)?;
        let (claimed, answer) = (turn.claim.take()?, turn.answer.take()?);
        let key = turn.key.clone();
        if !coming.is_read_ahead {
            claimed.refuse();
            return None;
        }
        let fill = self.keep(request, coming.length, (claimed, answer, &key))?;
        Some(Box::new(fill))
    }

    /// Begins to keep an answer with a body of this length, if it may be kept.
    fn keep(
        &'static self,
        request: &mut Request,
        length: Option<u64>,
        (claimed, answer, key): (Claimed, Answer, &[u8]),
    ) -> Option<Fill> {
        let Some(keeping) = self.judge_answer(request, &answer) else {
            claimed.refuse();
            return None;
        };
        let Keeping {
            freshness,
            vary,
            digest,
        } = keeping;
        let has_digest = digest.is_some();
        let variant = variant(request, &vary);
        let main = Name::of_key(key);
        let claimed = self.placed(request, claimed, main, (&vary, &variant))?;
        let terms = Terms {
            freshness,
            main: claimed.main,
            length,
            digest,
        };
        let head = Head {
            nonce: 0,
            created: os::seconds(),
            last_modified: answer.last_modified,
            status: answer.status,
            key,
            vary: vary.as_bytes(),
            variant: &variant,
            etag: &answer.etag,
            fields: &lines(&answer, length),
        };
        let (name, entry) = (claimed.name, Arc::clone(&self.entry));
        match claimed.begin(head, terms) {
            Ok(filling) => Some(Fill {
                entry,
                filling: Some(filling),
                state: self.state,
                name,
                has_digest,
                check: None,
            }),
            Err(error) => {
                complain(&entry, name, &error, request);
                None
            }
        }
    }

    /// On which terms an answer is kept; nothing if it is not.
    fn judge_answer(&'static self, request: &mut Request, answer: &Answer) -> Option<Keeping> {
        let freshness = answer.verdict.ok().filter(|_| is_kept(answer))?;
        if any_holds(&self.settings.no_cache, request) || request.bodies.was_missed {
            return None;
        }
        Some(Keeping {
            freshness,
            digest: self.digest(request, answer.status).ok()?,
            vary: answer.vary.clone()?,
        })
    }

    /// The client gets something else in the place of an answer with this status, which is ours to say the next time as well:
    /// the status is kept with its fields, without the body.
    pub(in crate::modules) fn intercepted(&'static self, request: &mut Request) {
        let Some(turn) = request.state(self.state).turn_with(self) else {
            return;
        };
        if let (Some(claimed), Some(answer)) = (turn.claim.take(), turn.answer.take()) {
            self.keep_status(request, claimed, answer);
        }
    }

    /// Nobody has answered, and the request fails with this status, which is kept if `proxy_cache_valid` has a time for it.
    pub(in crate::modules) fn failed(&'static self, request: &mut Request, status: u16) {
        let ignored = self.settings.ignored.times;
        let valid = &self.settings.valid;
        let verdict = cache::judge(status, std::iter::empty(), (valid, ignored), os::seconds());
        let Some(turn) = request.state(self.state).turn_with(self) else {
            return;
        };
        if verdict.is_ok()
            && let Some(claimed) = turn.claim.take()
        {
            let answer = Answer {
                status,
                verdict,
                vary: Some(Vary::default()),
                last_modified: None,
                etag: Vec::new(),
                fields: Vec::new(),
                range: None,
                head_of: None,
            };
            self.keep_status(request, claimed, answer);
        }
    }

    fn keep_status(&'static self, request: &mut Request, claimed: Claimed, mut answer: Answer) {
        // What is not kept may be asked for again in another place, under the same key; and a page is none of a part.
        if answer.verdict.is_err() || answer.range.is_some() {
            return;
        }
        let visit = request.state(self.state);
        let Some(turn) = visit.turn_with(self) else {
            return;
        };
        let (key, origin) = (turn.key.clone(), turn.origin);
        let Some(address) = origin.address(request) else {
            return;
        };
        answer.fields = given::with_status_of(&address, &answer.fields);
        if let Some(fill) = self.keep(request, Some(0), (claimed, answer, &key)) {
            Box::new(fill).end(request);
        }
    }

    /// The right to keep an answer that depends on these fields. Where it takes the place of one that others were variants of, that
    /// is another one than for a variant.
    fn placed(
        &self,
        request: &mut Request,
        claimed: Claimed,
        main: Name,
        (vary, variant): (&Vary, &[u8]),
    ) -> Option<Claimed> {
        if claimed.main.is_none() || !vary.is_empty() && main.of_variant(variant) == claimed.name {
            return Some(claimed);
        }
        let age = Some(self.settings.lock_age);
        match self.entry.cache.claim((main, None), age, request.moment()) {
            Ok(Attempt::Granted(pending)) => Some(Claimed::new(&self.entry, pending, (main, None))),
            Ok(Attempt::Busy(_)) | Err(_) => None,
        }
    }
}

/// Whether an answer may be kept at all: a part that nobody asked for is no answer to who asks for all of it, and what has not
/// changed is none to who has nothing.
fn is_kept(answer: &Answer) -> bool {
    match answer.status {
        100..200 | 304 => false,
        206 => answer.range.is_some(),
        _ => true,
    }
}

/// The lines of fields, of which part they are, and how long the body will be.
fn lines(answer: &Answer, length: Option<u64>) -> Vec<u8> {
    let mut lines = match &answer.range {
        Some(range) => given::with_part_of(range, &answer.fields),
        None => answer.fields.clone(),
    };
    if let Some(length) = answer.head_of {
        lines = given::with_head_of(length, &lines);
    }
    if let Some(length) = length {
        lines.extend_from_slice(given::LENGTH);
        lines.extend_from_slice(format!(": {length}\r\n").as_bytes());
    }
    lines
}

fn complain(entry: &Entry, name: Name, error: &NotFilled, request: &Request) {
    let zone = &entry.name;
    // That somebody takes over is what `proxy_cache_lock_age` is for.
    let level = match error {
        NotFilled::Taken => log::Level::Info,
        _ => log::Level::Error,
    };
    log::log!(
        level,
        "cache \"{zone}\": {name} is not kept ({error}){}",
        Circumstances(request)
    );
}

impl Fill {
    /// The body is not what it is known to be: another, or only a part of it.
    fn mismatch(&self) {
        if self.has_digest {
            count_mismatch(&self.entry);
        }
    }
}

fn count_mismatch(entry: &Entry) {
    let now = Moment(os::monotonic());
    entry.cache.index().count_mismatch(now);
}

impl Verdict for Unkept {
    fn piece(&mut self, piece: &[u8]) {
        self.check.update(piece);
    }

    fn holds(self: Box<Self>) -> bool {
        let holds = self.check.holds();
        if !holds {
            let (zone, name) = (&self.entry.name, self.name);
            log::error!("cache \"{zone}\": the body of {name} has another digest");
            count_mismatch(&self.entry);
        }
        holds
    }
}

impl Drop for Fill {
    /// Whether it is finished or not, others had better look.
    fn drop(&mut self) {
        self.filling = None;
        self.entry.bells.ring(self.name);
    }
}

impl Tee for Fill {
    fn piece(&mut self, request: &Request, piece: &[u8]) -> bool {
        let Some(filling) = &mut self.filling else {
            return false;
        };
        let kept = filling.append(piece);
        if let Err(error) = &kept {
            complain(&self.entry, self.name, error, request);
            if matches!(error, NotFilled::File(_)) {
                self.check = filling.take_check();
                let check = self.check.iter_mut();
                check.for_each(|check| check.update(piece));
            }
            if matches!(error, NotFilled::Length) {
                self.mismatch();
            }
            self.filling = None;
        }
        self.entry.bells.ring(self.name);
        kept.is_ok()
    }

    fn verdict(mut self: Box<Self>) -> Option<Box<dyn Verdict>> {
        let (entry, name) = (Arc::clone(&self.entry), self.name);
        let check = self.check.take()?;
        Some(Box::new(Unkept { entry, name, check }))
    }

    fn knows_body(&self) -> bool {
        self.has_digest
    }

    fn broke_off(self: Box<Self>) {
        self.mismatch();
    }

    fn end(mut self: Box<Self>, request: &mut Request) -> bool {
        let Some(filling) = self.filling.take() else {
            return true;
        };
        let written = filling.written();
        request.time_passed();
        let now = request.moment();
        let Err(error) = filling.finish(now) else {
            if let Some(told) = &mut request.state(self.state).told {
                told.written = Some(written);
            }
            return true;
        };
        if !matches!(error, NotFilled::Purged) {
            complain(&self.entry, self.name, &error, request);
        }
        if matches!(error, NotFilled::Digest | NotFilled::Length) {
            self.mismatch();
        }
        !matches!(error, NotFilled::Digest)
    }

    fn kept(&self) -> io::Result<Kept> {
        let filling = self.filling.as_ref();
        let filling = filling.ok_or(io::ErrorKind::NotFound)?;
        filling.kept().map(|(file, start)| Kept { file, start })
    }
}
