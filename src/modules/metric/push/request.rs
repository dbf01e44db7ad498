//! What a request asks for: of which key, and what is to become of it.

use super::body::{self, Wish};
use super::key::{BadKey, Keys, Labels};
use super::refusal::{ON_KEY, ON_LOCATION, ON_OPERATION, Refusal};
use crate::http::course::request::Request;
use crate::http::plan::template::Template;
use crate::metric::Assignment;
use crate::zone::Action;

/// Where the key of a request is taken from.
pub(super) enum Source {
    /// What of the path follows this.
    Rest(String),
    /// This text.
    Text(Template),
}

/// What a request asks for.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Wanted {
    /// All keys.
    List,
    /// This key.
    Read(Vec<u8>),
    /// A change.
    Write(Write),
}

/// The changes that a request asks for; what they are exactly is in its body.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Write {
    /// The key, with the body as its help.
    Create(Vec<u8>),
    /// The number in the body, for the key.
    Put(Vec<u8>),
    /// One more, or something else that needs no body.
    Step(Vec<u8>, Assignment),
    /// The number in the body, or its opposite, added to the key.
    Add(Vec<u8>, Sign),
    /// Without the key.
    Remove(Vec<u8>),
    /// Many changes, whose keys get these labels too.
    Batch(Labels),
}

/// Whether a number is taken as it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sign {
    Same,
    Opposite,
}

/// One change with a key of its own.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct OwnedChange {
    pub key: Vec<u8>,
    pub action: Action,
    pub help: Option<String>,
}

/// What stands behind the key in a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Operation {
    Increment,
    Decrement,
    Add,
    Subtract,
}

/// Finds out what is asked for, as far as that can be told without the body.
pub(super) fn understand(
    request: &mut Request,
    source: &Source,
    keys: &Keys,
) -> Result<Wanted, Refusal> {
    let (name, operation) = match source {
        Source::Rest(prefix) => {
            let rest = request.path.strip_prefix(prefix.as_bytes());
            let (name, operation) = match (rest.unwrap_or_default(), keys) {
                // The name may be missing, and with it the slash behind it.
                (rest, Keys::Parts(_)) if !rest.contains(&b'/') => {
                    let path = [b"/", rest].concat();
                    match split_operation(&path) {
                        (_, None) => (rest.to_vec(), None),
                        (_, operation) => (Vec::new(), operation),
                    }
                }
                (rest, _) => {
                    let (name, operation) = split_operation(rest);
                    (name.to_vec(), operation)
                }
            };
            (name, operation)
        }
        Source::Text(template) => {
            let mut name = template.evaluate(request);
            let operation = split_operation(&request.path).1;
            let (bare, repeated) = split_operation(&name);
            if operation.is_some() && repeated == operation {
                name.truncate(bare.len());
            }
            (name, operation)
        }
    };
    let place = match (&*name, operation) {
        // The keys of several changes are in the body.
        (b"", None) if request.method() == b"PATCH" => Place::Location,
        (b"", None) if !keys.are_named_by(&request.arguments) => Place::Location,
        (_, None) => Place::Key,
        (_, Some(operation)) => Place::Operation(operation),
    };
    wanted(request, place, &name, keys)
}

/// What a path names.
#[derive(Clone, Copy)]
enum Place {
    Location,
    Key,
    Operation(Operation),
}

fn wanted(request: &Request, place: Place, name: &[u8], keys: &Keys) -> Result<Wanted, Refusal> {
    let key = || -> Result<Vec<u8>, Refusal> {
        Ok(keys.named(name, &Labels::of_query(&request.arguments)?)?)
    };
    let write = match (place, request.method()) {
        (Place::Location, b"GET" | b"HEAD") => return Ok(Wanted::List),
        (Place::Location, b"PATCH") => Write::Batch(Labels::of_query(&request.arguments)?),
        (Place::Location, b"POST" | b"PUT" | b"DELETE") => return Err(BadKey::Empty.into()),
        (Place::Location, _) => return Err(Refusal::Method(ON_LOCATION)),
        (Place::Key, b"GET" | b"HEAD") => return Ok(Wanted::Read(key()?)),
        (Place::Key, b"POST") => Write::Create(key()?),
        (Place::Key, b"PUT") => Write::Put(key()?),
        (Place::Key, b"DELETE") => Write::Remove(key()?),
        (Place::Key, _) => return Err(Refusal::Method(ON_KEY)),
        (Place::Operation(operation), b"PUT") => operate(operation, key()?),
        (Place::Operation(_), _) => return Err(Refusal::Method(ON_OPERATION)),
    };
    Ok(Wanted::Write(write))
}

fn operate(operation: Operation, key: Vec<u8>) -> Write {
    match operation {
        Operation::Increment => Write::Step(key, Assignment::Increment),
        Operation::Decrement => Write::Step(key, Assignment::Add(-1.0)),
        Operation::Add => Write::Add(key, Sign::Same),
        Operation::Subtract => Write::Add(key, Sign::Opposite),
    }
}

/// Takes the operation from the end of a path.
fn split_operation(path: &[u8]) -> (&[u8], Option<Operation>) {
    let Some(slash) = path.iter().rposition(|byte| *byte == b'/') else {
        return (path, None);
    };
    let operation = match &path[slash + 1..] {
        b"inc" => Operation::Increment,
        b"dec" => Operation::Decrement,
        b"add" => Operation::Add,
        b"sub" => Operation::Subtract,
        _ => return (path, None),
    };
    (&path[..slash], Some(operation))
}

impl Write {
    /// The changes, now that the body is known.
    pub(super) fn changes(&self, body: &[u8], keys: &Keys) -> Result<Vec<OwnedChange>, Refusal> {
        let number = || body::number(body).ok_or(Refusal::Value);
        let (key, action) = match self {
            Self::Batch(labels) => return batch(body, keys, labels),
            Self::Create(key) => (key, Action::Create),
            Self::Put(key) => (key, Action::Put(number()?)),
            Self::Step(key, assignment) => (key, Action::Assign(*assignment)),
            Self::Add(key, Sign::Same) => (key, Action::Assign(Assignment::Add(number()?))),
            Self::Add(key, Sign::Opposite) => (key, Action::Assign(Assignment::Add(-number()?))),
            Self::Remove(key) => (key, Action::Remove),
        };
        let help = match self {
            Self::Create(_) => Some(body::help(body).ok_or(Refusal::Help)?),
            _ => None,
        };
        let help = help.filter(|help| !help.is_empty()).map(str::to_owned);
        let key = key.clone();
        Ok(vec![OwnedChange { key, action, help }])
    }

    /// Whether the body is a text or a number.
    pub(super) fn takes_text(&self) -> bool {
        matches!(self, Self::Create(_) | Self::Put(_) | Self::Add(..))
    }

    /// The status of the answer, by how many keys are new.
    pub(super) fn status(&self, created: usize) -> u16 {
        match (self, created) {
            (Self::Create(_), 0) => 200,
            (Self::Create(_) | Self::Put(_), 1..) => 201,
            _ => 204,
        }
    }
}

fn batch(body: &[u8], keys: &Keys, labels: &Labels) -> Result<Vec<OwnedChange>, Refusal> {
    let wishes = body::batch(body).map_err(Refusal::Batch)?;
    let change = |wish: Wish| {
        let Wish { key, action, help } = wish;
        let key = keys.written(&key, labels)?;
        Ok(OwnedChange { key, action, help })
    };
    let changes: Vec<OwnedChange> = wishes
        .into_iter()
        .map(change)
        .collect::<Result<_, BadKey>>()?;
    let mut sorted: Vec<&[u8]> = changes.iter().map(|change| &*change.key).collect();
    sorted.sort_unstable();
    match sorted.windows(2).find(|two| two[0] == two[1]) {
        Some(two) => {
            let key = keys.shown(two[0]);
            Err(Refusal::Batch(format!("the key \"{key}\" is there twice")))
        }
        None => Ok(changes),
    }
}

/// The field that names a change; `None` where the client has no name for it.
pub(super) fn idempotency_key(request: &Request) -> Result<Option<&[u8]>, Refusal> {
    let is_name = |name: &[u8]| {
        name.eq_ignore_ascii_case(b"x-idempotency-key")
            || name.eq_ignore_ascii_case(b"idempotency-key")
    };
    let mut keys = request.head.fields().filter(|(name, _)| is_name(name));
    let Some((_, key)) = keys.next() else {
        return Ok(None);
    };
    let is_good = (1..=64).contains(&key.len()) && key.iter().all(u8::is_ascii_graphic);
    if is_good && keys.all(|(_, other)| other == key) {
        Ok(Some(key))
    } else {
        Err(Refusal::Idempotency)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_operation_is_the_last_part_of_a_path() {
        for (path, name, operation) in [
            ("k/inc", "k", Some(Operation::Increment)),
            ("k/dec", "k", Some(Operation::Decrement)),
            ("a/b/add", "a/b", Some(Operation::Add)),
            ("/sub", "", Some(Operation::Subtract)),
            ("inc", "inc", None),
            ("k/inc/", "k/inc/", None),
            ("k/INC", "k/INC", None),
        ] {
            let expected = (name.as_bytes(), operation);
            assert_eq!(split_operation(path.as_bytes()), expected, "{path}");
        }
    }

    #[test]
    fn the_keys_of_a_batch_differ() {
        let read = |body: &str| batch(body.as_bytes(), &Keys::Any, &Labels::default());
        let keys = |body: &str| {
            let changes = read(body).unwrap();
            let keys = changes.into_iter().map(|change| change.key);
            keys.map(|key| String::from_utf8(key).unwrap())
                .collect::<Vec<_>>()
        };
        assert_eq!(
            keys(r#"{"A-b": 1, "a{x=\"1\"}": 2}"#),
            ["a_b", "a{x=\"1\"}"]
        );
        for body in [r#"{"k": 1, "K!": 2}"#, r#"{"k{a=\"\"}": 1, "k": 2}"#] {
            assert!(matches!(read(body), Err(Refusal::Batch(_))), "{body}");
        }
        assert!(matches!(read(r#"{"9": 1}"#), Err(Refusal::Key(_))));
    }

    #[test]
    fn only_what_is_new_is_said_to_be() {
        let key = || b"k".to_vec();
        for (write, statuses) in [
            (Write::Create(key()), [200, 201]),
            (Write::Put(key()), [204, 201]),
            (Write::Step(key(), Assignment::Increment), [204, 204]),
            (Write::Add(key(), Sign::Same), [204, 204]),
            (Write::Remove(key()), [204, 204]),
            (Write::Batch(Labels::default()), [204, 204]),
        ] {
            assert_eq!([write.status(0), write.status(1)], statuses, "{write:?}");
        }
    }
}
