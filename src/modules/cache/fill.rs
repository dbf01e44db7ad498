//! Keeping what an origin answers.

use std::io;
use std::sync::Arc;

use super::caching::Caching;
use super::find::variant;
use super::settings::any_holds;
use super::visit::{Answer, Claimed, State};
use super::zones::Entry;
use crate::cache::file::Head;
use crate::cache::store::{Attempt, Filling, NotFilled, Terms};
use crate::cache::{Name, Vary};
use crate::http::course::circumstances::Circumstances;
use crate::http::course::request::Request;
use crate::http::plan::tee::{Coming, Kept, Tee};
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
}

impl Caching {
    /// Who keeps the body that comes, if anybody. The response's head is complete by now.
    pub(in crate::modules) fn tee(
        &'static self,
        request: &mut Request,
        coming: Coming,
    ) -> Option<Box<dyn Tee>> {
        let turn = request.state(self.state).turn_with(self)?;
        let (claimed, answer) = (turn.claim.take()?, turn.answer.take()?);
        let (name, key) = (claimed.name, turn.key.clone());
        let tee = self.keep(request, coming, (claimed, answer, &key));
        if tee.is_none() {
            // Whoever waited for it need not any more.
            self.settings.entry.bells.ring(name);
        }
        tee
    }

    fn keep(
        &'static self,
        request: &mut Request,
        coming: Coming,
        (claimed, answer, key): (Claimed, Answer, &[u8]),
    ) -> Option<Box<dyn Tee>> {
        let may_be_kept = coming.is_read_ahead && is_kept(answer.status);
        let freshness = answer.verdict.ok().filter(|_| may_be_kept)?;
        if any_holds(&self.settings.no_cache, request) {
            return None;
        }
        let digest = self.digest(request, answer.status).ok()?;
        let has_digest = digest.is_some();
        let vary = answer.vary?;
        let variant = variant(request, &vary);
        let main = Name::of_key(key);
        let claimed = self.placed(request, claimed, main, (&vary, &variant))?;
        let terms = Terms {
            freshness,
            main: claimed.main,
            length: coming.length,
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
            fields: &with_length(&answer.fields, coming.length),
        };
        let name = claimed.name;
        let entry = Arc::clone(&self.settings.entry);
        let begun = claimed.pending.begin(head, terms);
        let filling = match begun {
            Ok(filling) => filling,
            Err(error) => {
                complain(&entry, name, &error, request);
                return None;
            }
        };
        entry.bells.ring(name);
        self.narrow(request, coming.length);
        Some(Box::new(Fill {
            entry,
            filling: Some(filling),
            state: self.state,
            name,
            has_digest,
        }))
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
        match self.settings.entry.cache.claim(main, age, request.moment()) {
            Ok(Attempt::Granted(pending)) => Some(Claimed {
                pending,
                name: main,
                main: None,
            }),
            Ok(Attempt::Busy(_)) | Err(_) => None,
        }
    }
}

/// Whether answers with this status are kept at all: a part of something is no answer to who asks for all of it, and what has
/// not changed is none to who has nothing.
fn is_kept(status: u16) -> bool {
    !matches!(status, 100..200 | 206 | 304)
}

/// The lines of fields, and how long the body will be.
fn with_length(fields: &[u8], length: Option<u64>) -> Vec<u8> {
    let mut lines = fields.to_vec();
    if let Some(length) = length {
        lines.extend_from_slice(super::given::LENGTH);
        lines.extend_from_slice(format!(": {length}\r\n").as_bytes());
    }
    lines
}

fn complain(entry: &Entry, name: Name, error: &NotFilled, request: &Request) {
    let zone = &entry.name;
    log::error!(
        "cache \"{zone}\": {name} is not kept ({error}){}",
        Circumstances(request)
    );
}

impl Fill {
    /// The body is not what it is known to be: another, or only a part of it.
    fn mismatch(&self) {
        if self.has_digest {
            let now = Moment(os::monotonic());
            self.entry.cache.index().count_mismatch(now);
        }
    }
}

impl Drop for Fill {
    /// Whether it is finished or not, others had better look.
    fn drop(&mut self) {
        if self.filling.is_some() {
            self.mismatch();
        }
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
            if matches!(error, NotFilled::Length) {
                self.mismatch();
            }
            self.filling = None;
        }
        self.entry.bells.ring(self.name);
        kept.is_ok()
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
        complain(&self.entry, self.name, &error, request);
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
