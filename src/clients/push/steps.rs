//! The requests that a command line means.
//!
//! What can be known to be wrong is found here, before anything is sent.

use std::io;

use http::{Method, Uri};

use super::arguments::{Action, Arguments};
use crate::http::message::uri::{Escape, escape};
use crate::os;

/// One request.
#[derive(Debug)]
pub(super) struct Step {
    pub(super) method: Method,
    pub(super) target: Uri,
    pub(super) body: Vec<u8>,
    /// `None` for one that changes nothing.
    pub(super) idempotency_key: Option<String>,
    /// Whether the answer is what was asked for.
    pub(super) shows_answer: bool,
}

/// The requests of a command line, to be made one after the other.
///
/// # Errors
/// What is wrong with the arguments.
pub(super) fn of(arguments: &Arguments) -> Result<Vec<Step>, String> {
    let base = base(&arguments.url)?;
    if arguments.key.is_empty() {
        return Err("KEY is empty".to_owned());
    }
    let requests = match (arguments.action, arguments.words.as_slice()) {
        (Action::Create, []) => vec![(Method::POST, "", "")],
        (Action::Create, [help]) => vec![(Method::POST, "", help.as_str())],
        (Action::Set, [value]) => vec![(Method::PUT, "", number(value)?)],
        (Action::CreateSet, [value]) => {
            vec![(Method::POST, "", ""), (Method::PUT, "", number(value)?)]
        }
        (Action::CreateSet, [value, help]) => {
            vec![
                (Method::POST, "", help.as_str()),
                (Method::PUT, "", number(value)?),
            ]
        }
        (Action::Add, [value]) => vec![(Method::PUT, "/add", number(value)?)],
        (Action::Sub, [value]) => vec![(Method::PUT, "/sub", number(value)?)],
        (Action::Get, []) => vec![(Method::GET, "", "")],
        (Action::Inc, []) => vec![(Method::PUT, "/inc", "")],
        (Action::Dec, []) => vec![(Method::PUT, "/dec", "")],
        (Action::Delete, []) => vec![(Method::DELETE, "", "")],
        (action, _) => return Err(wanted(action).to_owned()),
    };
    let step = |(method, suffix, body): (Method, &str, &str)| {
        let reads = method == Method::GET;
        Ok(Step {
            target: target(&base, arguments, suffix)?,
            method,
            body: body.into(),
            idempotency_key: if reads { None } else { Some(random_key()?) },
            shows_answer: reads,
        })
    };
    requests.into_iter().map(step).collect()
}

fn wanted(action: Action) -> &'static str {
    match action {
        Action::Create => "create takes a HELP text or nothing",
        Action::Set => "set takes one VALUE",
        Action::CreateSet => "create-set takes a VALUE, and a HELP text if wanted",
        Action::Add => "add takes one VALUE",
        Action::Sub => "sub takes one VALUE",
        Action::Get | Action::Inc | Action::Dec | Action::Delete => "this action takes no VALUE",
    }
}

/// The address without a slash at the end.
fn base(url: &str) -> Result<String, String> {
    let invalid = |why: &str| Err(format!("invalid URL \"{url}\": {why}"));
    let Ok(parsed) = url.parse::<Uri>() else {
        return invalid("expected one such as https://metrics.local/push/");
    };
    let is_http = matches!(parsed.scheme_str(), Some("http" | "https"));
    let Some(authority) = parsed.authority().filter(|_| is_http) else {
        return invalid("it begins with neither http:// nor https://");
    };
    if authority.as_str().contains('@') {
        return invalid("it holds a name or a password");
    }
    if url.contains(['?', '#']) {
        return invalid("labels are written as --label NAME=VALUE");
    }
    Ok(url.trim_end_matches('/').to_owned())
}

fn target(base: &str, arguments: &Arguments, suffix: &str) -> Result<Uri, String> {
    let mut target = base.as_bytes().to_vec();
    target.push(b'/');
    escape(arguments.key.as_bytes(), Escape::Argument, &mut target);
    target.extend_from_slice(suffix.as_bytes());
    for (index, (name, value)) in arguments.labels.iter().enumerate() {
        target.push(if index == 0 { b'?' } else { b'&' });
        escape(name.as_bytes(), Escape::Argument, &mut target);
        target.push(b'=');
        escape(value.as_bytes(), Escape::Argument, &mut target);
    }
    Uri::try_from(target).map_err(|error| format!("the address is unusable ({error})"))
}

/// A number as the server takes it.
fn number(text: &str) -> Result<&str, String> {
    let is_decimal = text
        .bytes()
        .all(|byte| byte.is_ascii_digit() || b"+-.eE".contains(&byte));
    match text.parse::<f64>() {
        Ok(value) if value.is_finite() && is_decimal => Ok(text),
        _ => Err(format!("invalid VALUE \"{text}\": expected a number")),
    }
}

/// A random UUID (RFC 9562, version 4).
fn random_key() -> Result<String, String> {
    let random = || os::random().map_err(|error: io::Error| format!("no random numbers ({error})"));
    Ok(uuid(random()?, random()?))
}

fn uuid(high: u64, low: u64) -> String {
    let high = high & !0xf000 | 0x4000;
    let low = low & !(0b11 << 62) | (0b10 << 62);
    format!(
        "{:08x}-{:04x}-{:04x}-{:04x}-{:012x}",
        high >> 32,
        high >> 16 & 0xffff,
        high & 0xffff,
        low >> 48,
        low & 0xffff_ffff_ffff
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn steps(line: &[&str]) -> Result<Vec<Step>, String> {
        let arguments = line.iter().map(Into::into);
        of(&Arguments::understand(arguments).unwrap())
    }

    fn lines(line: &[&str]) -> Vec<String> {
        let text = |step: &Step| {
            let body = String::from_utf8_lossy(&step.body).into_owned();
            let text = format!("{} {} {body}", step.method, step.target);
            text.trim_end().to_owned()
        };
        steps(line).unwrap().iter().map(text).collect()
    }

    #[test]
    fn actions_become_requests() {
        for (words, expected) in [
            (&["create"][..], &["POST http://h/p/k"][..]),
            (&["create", "what it is"], &["POST http://h/p/k what it is"]),
            (&["set", "-1.5"], &["PUT http://h/p/k -1.5"]),
            (&["get"], &["GET http://h/p/k"]),
            (&["add", "2"], &["PUT http://h/p/k/add 2"]),
            (&["sub", "1e3"], &["PUT http://h/p/k/sub 1e3"]),
            (&["inc"], &["PUT http://h/p/k/inc"]),
            (&["dec"], &["PUT http://h/p/k/dec"]),
            (&["delete"], &["DELETE http://h/p/k"]),
            (
                &["create-set", "5"],
                &["POST http://h/p/k", "PUT http://h/p/k 5"],
            ),
            (
                &["create-set", "5", "help"],
                &["POST http://h/p/k help", "PUT http://h/p/k 5"],
            ),
        ] {
            for url in ["http://h/p", "http://h/p/"] {
                assert_eq!(lines(&[&[url, "k"], words].concat()), expected);
            }
        }
    }

    #[test]
    fn names_are_encoded() {
        let line = [
            "https://[::1]:8443",
            "a/b c",
            "inc",
            "--label",
            "x y=1&2",
            "--label",
            "z=",
        ];
        assert_eq!(
            lines(&line),
            ["PUT https://[::1]:8443/a%2Fb%20c/inc?x%20y=1%262&z="]
        );
    }

    #[test]
    fn mistakes_are_found_before_anything_is_sent() {
        for line in [
            &["h/p", "k", "get"][..],
            &["ftp://h/p", "k", "get"],
            &["http:///p", "k", "get"],
            &["http://h/p?x", "k", "get"],
            &["http://h/p#x", "k", "get"],
            &["http://u:p@h/p", "k", "get"],
            &["http://h/p", "", "get"],
            &["http://h/p", "k", "get", "1"],
            &["http://h/p", "k", "set"],
            &["http://h/p", "k", "set", "1", "2"],
            &["http://h/p", "k", "set", "x"],
            &["http://h/p", "k", "set", "inf"],
            &["http://h/p", "k", "set", "1e999"],
            &["http://h/p", "k", "create-set"],
        ] {
            assert!(steps(line).is_err(), "{line:?}");
        }
    }

    #[test]
    fn a_change_has_a_key_of_its_own() {
        let keys = |line: &[&str]| {
            let steps = steps(line).unwrap();
            steps
                .into_iter()
                .map(|step| step.idempotency_key)
                .collect::<Vec<_>>()
        };
        assert_eq!(keys(&["http://h/", "k", "get"]), [None]);
        let both = keys(&["http://h/", "k", "create-set", "1"]);
        assert!(both[0].is_some() && both[1].is_some() && both[0] != both[1]);
        assert_eq!(uuid(0, 0), "00000000-0000-4000-8000-000000000000");
        assert_eq!(
            uuid(u64::MAX, u64::MAX),
            "ffffffff-ffff-4fff-bfff-ffffffffffff"
        );
    }
}
