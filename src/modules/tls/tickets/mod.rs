//! Sessions that clients keep themselves: `ssl_session_tickets` and `ssl_session_ticket_key`.
//!
//! A ticket is a session that only we can read. Its keys are those of files, or some that the master makes and
//! all workers share, over reloads too, so it does not matter which of them a client meets again.

mod key;
mod shared;

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use rustls::server::ProducesTickets;
use rustls_pki_types::UnixTime;

use super::directives::OUTER;
use super::trust::files::{File, read, refused};
use crate::conf::{Arity, Chain, Diagnostic, DirectiveSpec, Doc, Repeat, SPEC};
use crate::http::build::builder::Builder;
use key::Key;
use shared::Shared;

pub(super) const TICKETS: DirectiveSpec = DirectiveSpec {
    name: "ssl_session_tickets",
    contexts: OUTER,
    arity: Arity::FLAG,
    doc: Doc {
        syntax: "ssl_session_tickets on | off;",
        default: "ssl_session_tickets on;",
        text: "Whether clients are given their sessions in tickets, encrypted, so that they connect again with \
               less work, whichever worker they meet. Keys are made at random, known to all workers, kept over \
               reloads, and replaced every hour, or as often as `ssl_session_timeout` says if that is longer; \
               with `ssl_session_ticket_key` they are those of files. `ssl_session_cache off` means that there \
               are no tickets either.",
        example: "",
    },
    apply: |statement| {
        let on = statement.flag(1)?;
        statement.scope.insert(TicketsWritten(on));
        Ok(())
    },
    ..SPEC
};

pub(super) const KEY: DirectiveSpec = DirectiveSpec {
    name: "ssl_session_ticket_key",
    contexts: OUTER,
    repeat: Repeat::Many,
    doc: Doc {
        syntax: "ssl_session_ticket_key file;",
        default: "",
        text: "A file of 48 or 80 random bytes that is the key of session tickets, for several machines that take \
               up each other's sessions. The first of a block encrypts; all of them decrypt, so keys can be \
               replaced one by one. Tickets of nginx with the same key are not understood.",
        example: "ssl_session_ticket_key current.key;\nssl_session_ticket_key previous.key;",
    },
    apply: |statement| {
        let file = File::of(statement)?;
        let all = statement.scope.get_or_default::<KeysWritten>();
        all.0.push(file);
        Ok(())
    },
    ..SPEC
};

/// `ssl_session_tickets`
struct TicketsWritten(bool);
/// `ssl_session_ticket_key`, all of one block.
#[derive(Default)]
struct KeysWritten(Vec<File>);

/// What is known of keys while a configuration is built.
#[derive(Default)]
struct Known {
    files: Vec<(PathBuf, Arc<Key>)>,
    shared: Option<Arc<Shared>>,
    /// The longest life of a ticket.
    longest: Duration,
}

/// What gives a server's clients tickets that are good for so long; `None` when they get none.
pub(super) fn of(
    builder: &mut Builder<'_>,
    chain: &Chain<'_>,
    lifetime: Duration,
) -> Result<Option<Arc<dyn ProducesTickets>>, Diagnostic> {
    if let Some(TicketsWritten(false)) = chain.nearest() {
        return Ok(None);
    }
    let files = chain.nearest().map_or(&[][..], |KeysWritten(files)| files);
    let keys = match files.is_empty() {
        true => match shared(builder, lifetime) {
            Some(shared) => Keys::Shared(shared),
            None => return Ok(None),
        },
        false => {
            let keys = files.iter().map(|file| key_of(builder, file));
            Keys::Fixed(keys.collect::<Result<_, _>>()?)
        }
    };
    let lifetime = u32::try_from(lifetime.as_secs()).unwrap_or(u32::MAX);
    Ok(Some(Arc::new(Tickets {
        keys,
        lifetime: lifetime.min(LONGEST),
    })))
}

/// The key of a file, which others may have named before.
fn key_of(builder: &mut Builder<'_>, file: &File) -> Result<Arc<Key>, Diagnostic> {
    let path = builder.beside(&file.path);
    let known = builder.thing::<Known>().files.iter();
    let mut known = known.filter(|(one, _)| *one == path);
    if let Some((_, key)) = known.next() {
        return Ok(Arc::clone(key));
    }
    let what = "session ticket key";
    let content = read(builder, &path, file, what)?;
    let key = Key::of_file(&content);
    let key = key.ok_or_else(|| refused(&path, file, what, "it must be 48 or 80 bytes long"))?;
    let key = Arc::new(key);
    let known = builder.thing::<Known>();
    known.files.push((path, Arc::clone(&key)));
    Ok(key)
}

/// The keys that are made here.
fn shared(builder: &mut Builder<'_>, lifetime: Duration) -> Option<Arc<Shared>> {
    let known = builder.thing::<Known>();
    known.longest = known.longest.max(lifetime);
    if let Some(shared) = &known.shared {
        return Some(Arc::clone(shared));
    }
    let made = match Shared::of(builder.memory) {
        Ok(shared) => Some(Arc::new(shared)),
        Err(error) => {
            builder.no_memory("keys of session tickets", &error);
            None
        }
    };
    builder.thing::<Known>().shared.clone_from(&made);
    made
}

/// Has the keys that are made here replaced in time.
pub(super) fn finish(builder: &mut Builder<'_>) {
    let Known {
        shared, longest, ..
    } = std::mem::take(builder.thing());
    if let Some(shared) = shared {
        builder.chores.push(shared::replacing(shared, longest));
    }
}

/// Seconds since 1970.
fn now() -> u64 {
    UnixTime::now().as_secs()
}

/// The longest life of a ticket that TLS 1.3 knows: a week.
const LONGEST: u32 = 7 * 24 * 60 * 60;
/// Sessions with chains of certificates that are longer go into no ticket.
const MOST: usize = 16 << 10;

enum Keys {
    /// Those of files; the first encrypts.
    Fixed(Vec<Arc<Key>>),
    /// Those that are made here.
    Shared(Arc<Shared>),
}

/// Makes and reads the tickets of a server.
struct Tickets {
    keys: Keys,
    /// In seconds.
    lifetime: u32,
}

impl fmt::Debug for Tickets {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "Tickets({})", self.lifetime)
    }
}

impl ProducesTickets for Tickets {
    fn enabled(&self) -> bool {
        true
    }

    fn lifetime(&self) -> u32 {
        self.lifetime
    }

    fn encrypt(&self, session: &[u8]) -> Option<Vec<u8>> {
        if session.len() > MOST {
            return None;
        }
        let end = now().saturating_add(self.lifetime.into());
        let plain = [&end.to_be_bytes(), session].concat();
        match &self.keys {
            Keys::Fixed(keys) => keys.first()?.seal(plain),
            Keys::Shared(shared) => shared.current()?.seal(plain),
        }
    }

    fn decrypt(&self, ticket: &[u8]) -> Option<Vec<u8>> {
        let plain = match &self.keys {
            Keys::Fixed(keys) => keys.iter().find(|key| key.is_of(ticket))?.open(ticket),
            Keys::Shared(shared) => shared.find(ticket)?.open(ticket),
        }?;
        let (end, session) = plain.split_first_chunk::<8>()?;
        // It may have been given under a longer lifetime than the one of now.
        let left = u64::from_be_bytes(*end).checked_sub(now())?;
        (0 < left && left <= self.lifetime.into()).then(|| session.to_vec())
    }
}
