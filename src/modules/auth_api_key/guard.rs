//! Who asks: the key that a request carries, the rule that wants one, and what a refusal says.
//!
//! The owner of a request's key is found once per set of keys, by whoever asks first: the access
//! rule or `$api_key_name`. A refusal is remembered with the request until its head leaves, for the
//! answer may be an error page that another location makes.

use std::borrow::Cow;
use std::sync::Arc;

use super::file::KeyFile;
use super::keys::Keys;
use crate::http::course::request::Request;
use crate::http::message::head::Head;
use crate::http::plan::phase::{AccessRule, PhaseHandler, Verdict};
use crate::http::plan::state::StateIndex;

/// The words that may stand before a key.
pub(super) type Schemes = Arc<[Box<[u8]>]>;

/// What a location wants of its clients.
pub(super) struct Guard {
    /// Those with equal numbers agree in file and schemes.
    pub(super) number: usize,
    pub(super) schemes: Schemes,
    pub(super) file: Arc<KeyFile>,
    /// The `WWW-Authenticate` fields of a refusal.
    pub(super) challenges: Arc<[Vec<u8>]>,
    pub(super) state: StateIndex<Findings>,
}

/// What was found out about a request.
#[derive(Default)]
pub(super) struct Findings {
    /// The owner of its key, by the number of the guard that looked.
    owner: Option<(usize, Owner)>,
    challenges: Option<Arc<[Vec<u8>]>>,
}

/// Whose key a request has.
type Owner = Result<Arc<[u8]>, Refusal>;

/// Why a request is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Refusal {
    Missing,
    Unclear,
    Unknown,
}

impl Guard {
    /// The name that the request's key belongs to.
    pub(super) fn name(&self, request: &mut Request) -> Option<Arc<[u8]>> {
        self.owner(request).ok()
    }

    fn owner(&self, request: &mut Request) -> Owner {
        if let Some((number, owner)) = &request.state(self.state).owner
            && *number == self.number
        {
            return owner.clone();
        }
        let keys = self.file.keys(request.moment());
        let owner = judge(&request.head, &self.schemes, &keys);
        request.state(self.state).owner = Some((self.number, owner.clone()));
        owner
    }
}

fn judge(head: &Head, schemes: &[Box<[u8]>], keys: &Keys) -> Owner {
    keys.owner(key(head, schemes)?).ok_or(Refusal::Unknown)
}

/// The key that a request carries: that of `X-API-Key` if there is one, so that `Authorization` is
/// free for others, else that of `Authorization`. Of fields that differ nobody knows which one counts.
fn key<'h>(head: &'h Head, schemes: &[Box<[u8]>]) -> Result<&'h [u8], Refusal> {
    if let Some(key) = only(head, b"x-api-key")? {
        return Ok(key.trim_ascii());
    }
    let value = only(head, b"authorization")?.ok_or(Refusal::Missing)?;
    let blank = value.iter().position(|byte| *byte == b' ');
    let (scheme, key) = value.split_at(blank.ok_or(Refusal::Missing)?);
    let known = schemes.iter().any(|one| one.eq_ignore_ascii_case(scheme));
    known.then(|| key.trim_ascii()).ok_or(Refusal::Missing)
}

fn only<'h>(head: &'h Head, name: &[u8]) -> Result<Option<&'h [u8]>, Refusal> {
    let mut fields = head
        .fields()
        .filter(|(own, _)| own.eq_ignore_ascii_case(name));
    let first = fields.next().map(|(_, value)| value);
    match fields.all(|(_, value)| Some(value) == first) {
        true => Ok(first),
        false => Err(Refusal::Unclear),
    }
}

/// The access rule of a guard.
pub(super) struct Rule(pub(super) Arc<Guard>);

impl AccessRule for Rule {
    fn check(&'static self, request: &mut Request) -> Verdict {
        match self.0.owner(request) {
            Ok(_) => Verdict::Allow,
            Err(_) => Verdict::Deny(401),
        }
    }

    fn refuse(&self, request: &mut Request) -> Cow<'static, str> {
        let challenges = Arc::clone(&self.0.challenges);
        request.state(self.0.state).challenges = Some(challenges);
        match self.0.owner(request) {
            Err(Refusal::Missing) => "no API key was provided",
            Err(Refusal::Unclear) => "several API keys were provided",
            _ => "the API key is unknown",
        }
        .into()
    }
}

/// Tells a client that was refused what would let it in.
pub(super) struct Challenge(pub(super) StateIndex<Findings>);

impl PhaseHandler for Challenge {
    fn run(&self, request: &mut Request) {
        if request.response.status != 401 {
            return;
        }
        let findings = request.state_if_any(self.0);
        let challenges = findings.and_then(|findings| findings.challenges.clone());
        for challenge in challenges.iter().flat_map(|all| all.iter()) {
            request.response.add("WWW-Authenticate", challenge);
        }
    }
}

/// The challenge of a scheme. The realm is a quoted string.
pub(super) fn challenge(scheme: &[u8], realm: &str) -> Vec<u8> {
    let mut text = scheme.to_vec();
    text.extend_from_slice(b" realm=\"");
    for byte in realm.bytes() {
        if matches!(byte, b'"' | b'\\') {
            text.push(b'\\');
        }
        text.push(byte);
    }
    text.push(b'"');
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn owner(fields: &str) -> Result<String, Refusal> {
        let schemes: [Box<[u8]>; 2] = [b"token".as_slice().into(), b"Bearer".as_slice().into()];
        let keys = Keys::parse(b"ann:open sesame\nbob:k").unwrap();
        let text = format!("GET / HTTP/1.1\r\nHost: x\r\n{fields}\r\n\r\n");
        let mut head = Head::default();
        head.read(text.as_bytes()).unwrap();
        let name = judge(&head, &schemes, &keys)?;
        Ok(String::from_utf8_lossy(&name).into_owned())
    }

    #[test]
    fn keys_come_in_three_ways() {
        for (fields, name) in [
            ("Authorization: token k", "bob"),
            ("authorization: TOKEN   k ", "bob"),
            ("Authorization: bearer open sesame", "ann"),
            ("X-API-Key: open sesame", "ann"),
            ("Authorization: Basic eDp5\r\nx-api-key: k", "bob"),
            ("Authorization: token k\r\nX-API-Key: open sesame", "ann"),
            (
                "Authorization: token a\r\nAuthorization: token b\r\nX-API-Key: k",
                "bob",
            ),
        ] {
            assert_eq!(owner(fields).as_deref(), Ok(name), "{fields}");
        }
    }

    #[test]
    fn what_is_no_key_is_refused() {
        for (fields, refusal) in [
            ("A: b", Refusal::Missing),
            ("Authorization: k", Refusal::Missing),
            ("Authorization: Basic k", Refusal::Missing),
            ("Authorization: tokenk", Refusal::Missing),
            ("Authorization:", Refusal::Missing),
            ("Authorization: token", Refusal::Missing),
            ("Authorization: token other", Refusal::Unknown),
            ("Authorization: token token k", Refusal::Unknown),
            ("X-API-Key:", Refusal::Unknown),
            ("X-API-Key: \u{fe}\u{ff}", Refusal::Unknown),
            ("X-API-Key: token k", Refusal::Unknown),
            (
                "X-API-Key: wrong\r\nAuthorization: token k",
                Refusal::Unknown,
            ),
            ("X-API-Key: k\r\nX-API-Key: other", Refusal::Unclear),
            (
                "X-API-Key: k\r\nX-API-Key: k\r\nX-API-Key:",
                Refusal::Unclear,
            ),
            (
                "Authorization: token k\r\nAuthorization: Bearer k",
                Refusal::Unclear,
            ),
        ] {
            assert_eq!(owner(fields), Err(refusal), "{fields}");
        }
    }

    #[test]
    fn a_realm_is_quoted() {
        assert_eq!(
            challenge(b"token", "a \"b\" \\"),
            b"token realm=\"a \\\"b\\\" \\\\\""
        );
    }
}
