//! Sessions that clients can take up again: `ssl_session_cache` and `ssl_session_timeout`.
//!
//! Most clients keep their sessions themselves, see `tickets`. For others, and where there are no tickets, a session
//! is remembered by the worker that made it and nowhere else. What became too old is as good as unknown, and the oldest makes room for a new one.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::{Duration, Instant};

use parking_lot::Mutex;
use rustls::server::{ProducesTickets, StoresServerSessions};

use super::directives::OUTER;
use super::tickets;
use crate::conf::{Arity, Chain, Diagnostic, DirectiveSpec, Doc, SPEC, Statement, values};
use crate::http::build::builder::Builder;

pub(super) const CACHE: DirectiveSpec = DirectiveSpec {
    name: "ssl_session_cache",
    contexts: OUTER,
    arity: Arity::between(1, 2),
    doc: Doc {
        syntax: "ssl_session_cache off | none | [builtin[:COUNT]] [shared:NAME:SIZE];",
        default: "ssl_session_cache builtin:256;",
        text: "How many sessions of clients are remembered that get no tickets (`ssl_session_tickets`), so that they \
               connect again with less \
               work: COUNT for each server, or those of all servers that say NAME together, four \
               thousand for each megabyte of SIZE. Each worker remembers its own. With `none` no session is \
               remembered, with `off` there are no tickets either.",
        example: "ssl_session_cache shared:TLS:1m;",
    },
    apply: cache,
    ..SPEC
};

pub(super) const TIMEOUT: DirectiveSpec = DirectiveSpec {
    name: "ssl_session_timeout",
    contexts: OUTER,
    doc: Doc {
        syntax: "ssl_session_timeout TIME;",
        default: "ssl_session_timeout 5m;",
        text: "How long a session can be taken up again.",
        example: "ssl_session_timeout 1h;",
    },
    apply: |statement| {
        let seconds = statement.seconds(1)?;
        let lifetime = Duration::from_secs(seconds);
        statement.scope.insert(Lifetime(lifetime));
        Ok(())
    },
    ..SPEC
};

struct Lifetime(Duration);

/// `ssl_session_cache`
#[derive(Clone, Debug, PartialEq, Eq)]
enum Cache {
    Off,
    /// Nothing is remembered.
    None,
    /// Of each server.
    Own(usize),
    /// Of all servers that name it.
    Shared {
        name: String,
        count: usize,
    },
}

fn cache(statement: &mut Statement<'_>) -> Result<(), Diagnostic> {
    let mut cache = None;
    for index in 1..=statement.arguments().len() {
        let next = one(statement, index)?;
        // A cache that several servers have holds more than one of a server's own.
        if !matches!((&cache, &next), (Some(Cache::Shared { .. }), Cache::Own(_))) {
            cache = Some(next);
        }
    }
    if let Some(cache) = cache {
        statement.scope.insert(cache);
    }
    Ok(())
}

fn one(statement: &Statement<'_>, index: usize) -> Result<Cache, Diagnostic> {
    let text = statement.text(index);
    let invalid = || {
        let help = "expected off, none, builtin, builtin:COUNT or shared:NAME:SIZE";
        statement
            .error(index, format!("invalid session cache \"{text}\""))
            .with_help(help)
    };
    let size = |size: u64| usize::try_from(size).unwrap_or(usize::MAX);
    match text {
        "off" => return Ok(Cache::Off),
        "none" => return Ok(Cache::None),
        "builtin" => return Ok(Cache::Own(BUILT_IN)),
        _ => {}
    }
    if let Some(count) = text.strip_prefix("builtin:") {
        let count = values::number(count).ok().filter(|count| *count > 0);
        return count.map(size).map(Cache::Own).ok_or_else(invalid);
    }
    let shared = text.strip_prefix("shared:").ok_or_else(invalid)?;
    let (name, bytes) = shared.split_once(':').ok_or_else(invalid)?;
    let bytes = values::size(bytes).map_err(|_| invalid())?;
    if name.is_empty() {
        return Err(invalid());
    }
    if bytes < LEAST_BYTES {
        let message = format!("session cache \"{name}\" is too small");
        return Err(statement
            .error(index, message)
            .with_help("the smallest is 32k"));
    }
    Ok(Cache::Shared {
        name: name.to_owned(),
        count: size(bytes / SESSION_BYTES),
    })
}

/// How clients of a server take up sessions again.
#[derive(Default)]
pub(super) struct Resumption {
    /// Sessions that are remembered here.
    pub(super) remembered: Option<Sessions>,
    /// Makes those that clients keep.
    pub(super) tickets: Option<Arc<dyn ProducesTickets>>,
}

/// What a server says about sessions.
pub(super) fn of(builder: &mut Builder<'_>, chain: &Chain<'_>) -> Resumption {
    if let Some(Cache::Off) = chain.nearest() {
        return Resumption::default();
    }
    let lifetime = chain.nearest::<Lifetime>();
    let lifetime = lifetime.map_or(LIFETIME, |Lifetime(time)| *time);
    let tickets = tickets::of(builder, chain, lifetime);
    Resumption {
        tickets: builder.diagnostics.check(tickets).flatten(),
        remembered: remembered(builder, chain, lifetime),
    }
}

fn remembered(
    builder: &mut Builder<'_>,
    chain: &Chain<'_>,
    lifetime: Duration,
) -> Option<Sessions> {
    let table = match chain.nearest::<Cache>() {
        Some(Cache::Off | Cache::None) => return None,
        Some(Cache::Own(count)) => Table::of(*count),
        Some(Cache::Shared { name, count }) => {
            let shared = &mut builder.thing::<Shared>().0;
            let known = shared.entry(name.clone());
            Arc::clone(known.or_insert_with(|| Table::of(*count)))
        }
        None => Table::of(USUAL),
    };
    Some(Sessions { table, lifetime })
}

/// The tables that have a name.
#[derive(Default)]
struct Shared(HashMap<String, Arc<Mutex<Table>>>);

/// What a server remembers.
#[derive(Debug)]
pub(super) struct Sessions {
    table: Arc<Mutex<Table>>,
    lifetime: Duration,
}

impl StoresServerSessions for Sessions {
    fn put(&self, key: Vec<u8>, value: Vec<u8>) -> bool {
        let end = Instant::now() + self.lifetime;
        self.table.lock().put(key, Session { value, end });
        true
    }

    fn get(&self, key: &[u8]) -> Option<Vec<u8>> {
        self.table.lock().get(key, Instant::now())
    }

    fn take(&self, key: &[u8]) -> Option<Vec<u8>> {
        let mut table = self.table.lock();
        let value = table.get(key, Instant::now());
        table.remove(key);
        value
    }

    fn can_cache(&self) -> bool {
        true
    }
}

#[derive(Debug)]
struct Session {
    value: Vec<u8>,
    end: Instant,
}

/// Sessions by their keys, and the keys by age.
#[derive(Debug)]
struct Table {
    most: usize,
    sessions: HashMap<Vec<u8>, (u64, Session)>,
    ages: BTreeMap<u64, Vec<u8>>,
    next: u64,
}

impl Table {
    fn of(most: usize) -> Arc<Mutex<Self>> {
        Arc::new(Mutex::new(Self {
            most,
            sessions: HashMap::new(),
            ages: BTreeMap::new(),
            next: 0,
        }))
    }

    fn put(&mut self, key: Vec<u8>, session: Session) {
        self.remove(&key);
        while self.sessions.len() >= self.most
            && let Some((_, oldest)) = self.ages.pop_first()
        {
            self.sessions.remove(&oldest);
        }
        self.ages.insert(self.next, key.clone());
        self.sessions.insert(key, (self.next, session));
        self.next += 1;
    }

    fn get(&self, key: &[u8], now: Instant) -> Option<Vec<u8>> {
        let (_, session) = self.sessions.get(key)?;
        (now < session.end).then(|| session.value.clone())
    }

    fn remove(&mut self, key: &[u8]) {
        if let Some((age, _)) = self.sessions.remove(key) {
            self.ages.remove(&age);
        }
    }
}

const LIFETIME: Duration = Duration::from_secs(300);
/// Sessions of a server that says nothing, and of one that says `builtin` without a number.
const USUAL: usize = 256;
const BUILT_IN: usize = 20480;
/// What nginx reckons with: some four thousand sessions in a megabyte.
const SESSION_BYTES: u64 = 256;
const LEAST_BYTES: u64 = 32 << 10;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::modules::core::trial::problems;

    #[test]
    fn the_oldest_makes_room_and_the_old_are_unknown() {
        let table = Table::of(2);
        let sessions = |seconds| Sessions {
            table: Arc::clone(&table),
            lifetime: Duration::from_secs(seconds),
        };
        let (long, none) = (sessions(60), sessions(0));
        for name in ["a", "b", "c"] {
            assert!(long.put(name.into(), name.into()));
        }
        let found = |name: &str| long.get(name.as_bytes()).is_some();
        assert_eq!([found("a"), found("b"), found("c")], [false, true, true]);
        assert_eq!(long.take(b"c"), Some(b"c".to_vec()));
        assert!(!found("c"));
        none.put("b".into(), "b".into());
        assert_eq!((none.get(b"b"), none.take(b"b")), (None, None));
        let table = table.lock();
        assert_eq!(table.sessions.len(), table.ages.len());
    }

    #[test]
    fn caches_are_read() {
        for text in [
            "off",
            "none",
            "builtin",
            "builtin:10",
            "shared:a:1m",
            "builtin:10 shared:a:1m",
        ] {
            assert_eq!(
                problems(&format!("ssl_session_cache {text};")),
                [""; 0],
                "{text}"
            );
        }
        for (text, expected) in [
            ("on", "invalid session cache \"on\""),
            ("builtin:0", "invalid session cache \"builtin:0\""),
            ("shared:a", "invalid session cache \"shared:a\""),
            ("shared::1m", "invalid session cache \"shared::1m\""),
            ("shared:a:x", "invalid session cache \"shared:a:x\""),
            ("shared:a:1k", "session cache \"a\" is too small"),
        ] {
            assert_eq!(problems(&format!("ssl_session_cache {text};")), [expected]);
        }
    }
}
