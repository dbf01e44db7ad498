//! Who asks: the name and password of a request, and whether they are those of a user.
//!
//! Passwords whose forms are meant to take time are checked by threads, a few at once, so that requests of others go
//! on; so is what reads a file. A request that has left gives up its place in the queue, and one that finds the queue
//! full is refused at once.

use std::borrow::Cow;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use base64::Engine;
use base64::alphabet;
use base64::engine::DecodePaddingMode;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig};
use parking_lot::Mutex;
use tokio::sync::Semaphore;
use tokio::task::spawn_blocking;

use super::password;
use super::users::{Files, UserFile, Users};
use crate::conf::reason;
use crate::http::course::request::Request;
use crate::http::plan::phase::{AccessRule, Verdict};
use crate::http::plan::state::StateIndex;
use crate::http::plan::template::Template;
use crate::http::plan::wait::Wait;

/// The access rule of a location.
pub(super) struct Rule {
    pub(super) realm: Template,
    pub(super) file: Which,
    pub(super) state: StateIndex<Findings>,
}

/// Which file of users a location has.
pub(super) enum Which {
    /// This one.
    Fixed(Arc<UserFile>),
    /// The one that a text says; where relative paths begin.
    Told(Template, PathBuf, Arc<Files>),
}

/// What was found out about a request.
#[derive(Default)]
pub(super) struct Findings {
    /// Where a thread puts what it finds.
    awaited: Option<Arc<Mutex<Option<Found>>>>,
    /// Why the request is refused.
    refusal: Option<Found>,
}

/// What a look at name and password came to.
enum Found {
    Right,
    Missing,
    Unclear,
    Unknown(Box<[u8]>, PathBuf),
    Wrong(Box<[u8]>),
    Unusable(Box<[u8]>, password::Unusable),
    Unreadable(PathBuf, io::Error),
    /// Too many wait already.
    Crowded,
    /// The thread has come to no end.
    Lost,
}

/// Name and password.
struct Credentials {
    name: Box<[u8]>,
    password: Box<[u8]>,
}

/// So many passwords are checked at once in a worker.
const AT_ONCE: usize = 4;
static PLACES: Semaphore = Semaphore::const_new(AT_ONCE);

/// So many may wait for that, with those that are checked.
pub(super) const MOST_WAITING: usize = 256;
static WAITING: AtomicUsize = AtomicUsize::new(0);

/// One that waits, until this is dropped.
struct Waiting;

impl Waiting {
    /// Nothing if too many do.
    fn begin() -> Option<Self> {
        let one = Self;
        (WAITING.fetch_add(1, Ordering::Relaxed) < MOST_WAITING).then_some(one)
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        WAITING.fetch_sub(1, Ordering::Relaxed);
    }
}

impl AccessRule for Rule {
    fn check(&'static self, request: &mut Request) -> Verdict {
        let awaited = request.state(self.state).awaited.take();
        let found = match awaited {
            Some(place) => place.lock().take().unwrap_or(Found::Lost),
            None if self.is_off(request) => return Verdict::Neutral,
            None => match self.look(request) {
                Ok(found) => found,
                Err(wait) => return Verdict::Wait(wait),
            },
        };
        let verdict = match &found {
            Found::Right => return Verdict::Allow,
            Found::Unreadable(_, error) if error.kind() == io::ErrorKind::NotFound => 403,
            Found::Unreadable(..) | Found::Lost => 500,
            Found::Crowded => 503,
            _ => 401,
        };
        request.state(self.state).refusal = Some(found);
        Verdict::Deny(verdict)
    }

    fn refuse(&self, request: &mut Request) -> Cow<'static, str> {
        let refusal = request.state(self.state).refusal.take();
        let refusal = refusal.unwrap_or(Found::Lost);
        if !matches!(
            refusal,
            Found::Unreadable(..) | Found::Crowded | Found::Lost
        ) {
            let challenge = challenge(&self.realm.evaluate(request));
            request.carry("WWW-Authenticate", &challenge);
        }
        refusal.told()
    }
}

impl Rule {
    fn is_off(&self, request: &mut Request) -> bool {
        self.realm.with_text(request, |_, realm| realm == b"off")
    }

    /// What is found at once, or what finds it.
    fn look(&self, request: &mut Request) -> Result<Found, Wait> {
        let credentials = match credentials(request) {
            Ok(credentials) => credentials,
            Err(found) => return Ok(found),
        };
        let file = match &self.file {
            Which::Fixed(file) => Arc::clone(file),
            Which::Told(path, base, files) => {
                let path = path.evaluate(request);
                files.at(&base.join(String::from_utf8_lossy(&path).as_ref()))
            }
        };
        if let Some(users) = file.at_hand() {
            match users.get(&credentials.name) {
                Some(stored) if !password::is_quick(stored) => {}
                _ => return Ok(credentials.judge(&users, file.path())),
            }
        }
        let Some(waiting) = Waiting::begin() else {
            return Ok(Found::Crowded);
        };
        let place = Arc::<Mutex<Option<Found>>>::default();
        request.state(self.state).awaited = Some(Arc::clone(&place));
        Err(Wait::Until(Box::pin(async move {
            let _waiting = waiting;
            let Ok(permit) = PLACES.acquire().await else {
                return;
            };
            let checked = spawn_blocking(move || {
                // It is held as long as the thread works, also when nobody waits any more.
                let _permit = permit;
                match file.users() {
                    Ok(users) => credentials.judge(&users, file.path()),
                    Err(error) => Found::Unreadable(file.path().to_owned(), error),
                }
            });
            if let Ok(found) = checked.await {
                *place.lock() = Some(found);
            }
        })))
    }
}

/// Takes what stands for a user in a request. Of fields that differ nobody knows which one counts.
fn credentials(request: &Request) -> Result<Credentials, Found> {
    let fields = request.head.fields();
    let mut fields = fields.filter(|(name, _)| name.eq_ignore_ascii_case(b"authorization"));
    let (_, value) = fields.next().ok_or(Found::Missing)?;
    if fields.next().is_some() {
        return Err(Found::Unclear);
    }
    Credentials::read(value).ok_or(Found::Missing)
}

/// Base64 as browsers and careless clients write it.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true),
);

impl Credentials {
    fn read(field: &[u8]) -> Option<Self> {
        let (scheme, rest) = field.split_at_checked(6)?;
        if !scheme.eq_ignore_ascii_case(b"basic ") {
            return None;
        }
        let decoded = BASE64.decode(rest.trim_ascii()).ok()?;
        let colon = decoded.iter().position(|byte| *byte == b':');
        let colon = colon.filter(|length| *length > 0)?;
        Some(Self {
            name: decoded[..colon].into(),
            password: decoded[colon + 1..].into(),
        })
    }

    fn judge(self, users: &Users, path: &Path) -> Found {
        let Some(stored) = users.get(&self.name) else {
            return Found::Unknown(self.name, path.to_owned());
        };
        match password::verify(stored, &self.password) {
            Ok(true) => Found::Right,
            Ok(false) => Found::Wrong(self.name),
            Err(problem) => Found::Unusable(self.name, problem),
        }
    }
}

impl Found {
    /// What the log says.
    fn told(&self) -> Cow<'static, str> {
        match self {
            Self::Right | Self::Lost => "the password could not be checked".into(),
            Self::Crowded => "too many passwords wait to be checked".into(),
            Self::Missing => "no user/password was provided for basic authentication".into(),
            Self::Unclear => "several user names and passwords were provided".into(),
            Self::Unknown(name, path) => {
                let (name, path) = (name.escape_ascii(), path.display());
                format!("user \"{name}\" was not found in \"{path}\"").into()
            }
            Self::Wrong(name) => {
                format!("user \"{}\": password mismatch", name.escape_ascii()).into()
            }
            Self::Unusable(name, problem) => {
                format!("user \"{}\": {problem}", name.escape_ascii()).into()
            }
            Self::Unreadable(path, error) => {
                format!("open() \"{}\" failed ({})", path.display(), reason(error)).into()
            }
        }
    }
}

/// What a client is told that has to say who it is. The realm is a quoted string.
fn challenge(realm: &[u8]) -> Vec<u8> {
    let mut text = b"Basic realm=\"".to_vec();
    for byte in realm.iter().filter(|byte| !byte.is_ascii_control()) {
        if matches!(byte, b'"' | b'\\') {
            text.push(b'\\');
        }
        text.push(*byte);
    }
    text.push(b'"');
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credentials_are_read() {
        let read = |field: &str| {
            let read = Credentials::read(field.as_bytes())?;
            let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
            Some((text(&read.name), text(&read.password)))
        };
        let pair = |name: &str, password: &str| Some((name.to_owned(), password.to_owned()));
        assert_eq!(read("Basic YTpi"), pair("a", "b"));
        assert_eq!(read("bAsIc   YTpiOmM= "), pair("a", "b:c"));
        assert_eq!(read("Basic YTpiOmM"), pair("a", "b:c"));
        assert_eq!(read("Basic YTo="), pair("a", ""));
        for bad in [
            "",
            "Basic",
            "Basic ",
            "Basic YQ==",
            "Basic Og==",
            "Basic OmI=",
            "Basic Y!pi",
            "BasicYTpi",
            "Bearer YTpi",
            "Basic YTpi x",
        ] {
            assert_eq!(read(bad), None, "{bad}");
        }
    }

    #[test]
    fn a_realm_is_quoted_and_one_line() {
        assert_eq!(
            challenge(b"a \"b\" \\\r\nX: y"),
            b"Basic realm=\"a \\\"b\\\" \\\\X: y\""
        );
    }
}
