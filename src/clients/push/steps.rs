//! The requests that a command line means.
//!
//! What can be known to be wrong is found here, before anything is sent.

use std::io;

use http::{Method, Uri};

use super::arguments::{Action, Arguments};
use super::import;
use crate::clients::url;
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
    let step = |key: &str, request: Request| {
        let (method, suffix, body) = request;
        let reads = method == Method::GET;
        Ok(Step {
            target: target(&base, key, suffix, &arguments.labels)?,
            method,
            body: body.into_bytes(),
            idempotency_key: if reads { None } else { Some(random_key()?) },
            shows_answer: reads,
        })
    };
    if let Some(file) = &arguments.import {
        let metrics = import::read(file)?;
        let requests = metrics.iter().flat_map(|metric| {
            let [made, set] = create_set(&metric.value.to_string(), &metric.description);
            [(metric.key.as_str(), made), (metric.key.as_str(), set)]
        });
        return requests.map(|(key, request)| step(key, request)).collect();
    }
    let key = arguments.key.as_deref().unwrap_or_default();
    if key.is_empty() {
        return Err("KEY is empty".to_owned());
    }
    let requests = requests(arguments)?;
    requests
        .into_iter()
        .map(|request| step(key, request))
        .collect()
}

/// A method, what follows the key, and the body.
type Request = (Method, &'static str, String);

fn requests(arguments: &Arguments) -> Result<Vec<Request>, String> {
    let Some(action) = arguments.action else {
        return Ok(Vec::new());
    };
    let put = |suffix, value: &str| Ok(vec![(Method::PUT, suffix, number(value)?.to_owned())]);
    let plain = |method, suffix| Ok(vec![(method, suffix, String::new())]);
    match (action, arguments.words.as_slice()) {
        (Action::Create, []) => plain(Method::POST, ""),
        (Action::Create, [help]) => Ok(vec![(Method::POST, "", help.clone())]),
        (Action::Set, [value]) => put("", value),
        (Action::CreateSet, [value]) => Ok(create_set(number(value)?, "").into()),
        (Action::CreateSet, [value, help]) => Ok(create_set(number(value)?, help).into()),
        (Action::Add, [value]) => put("/add", value),
        (Action::Sub, [value]) => put("/sub", value),
        (Action::Get, []) => plain(Method::GET, ""),
        (Action::Inc, []) => plain(Method::PUT, "/inc"),
        (Action::Dec, []) => plain(Method::PUT, "/dec"),
        (Action::Delete, []) => plain(Method::DELETE, ""),
        (action, _) => Err(wanted(action).to_owned()),
    }
}

fn create_set(value: &str, help: &str) -> [Request; 2] {
    [
        (Method::POST, "", help.to_owned()),
        (Method::PUT, "", value.to_owned()),
    ]
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
    let invalid = |why: &str| format!("invalid URL \"{url}\": {why}");
    url::server(url).map_err(invalid)?;
    if url.contains(['?', '#']) {
        return Err(invalid("labels are written as --label NAME=VALUE"));
    }
    Ok(url.trim_end_matches('/').to_owned())
}

fn target(base: &str, key: &str, suffix: &str, labels: &[(String, String)]) -> Result<Uri, String> {
    let mut target = base.as_bytes().to_vec();
    target.push(b'/');
    escape(key.as_bytes(), Escape::Argument, &mut target);
    target.extend_from_slice(suffix.as_bytes());
    for (index, (name, value)) in labels.iter().enumerate() {
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
    fn a_state_file_becomes_two_requests_for_each_metric() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("state.yaml");
        let text = "metrics:\n- key: kills\n  description: spiders stopped\n  value: 1.5e+06\n- key: b\n  value: -2\n";
        std::fs::write(&file, text).unwrap();
        let line = [
            "http://h/p/",
            "--label",
            "l=v",
            "--import",
            file.to_str().unwrap(),
        ];
        let expected = [
            "POST http://h/p/kills?l=v spiders stopped",
            "PUT http://h/p/kills?l=v 1500000",
            "POST http://h/p/b?l=v",
            "PUT http://h/p/b?l=v -2",
        ];
        assert_eq!(lines(&line), expected);
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
