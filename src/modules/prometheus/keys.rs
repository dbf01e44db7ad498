//! What keys of a zone are on a page.

use fancy_regex::Regex;

use crate::metric::{has_parts, parts};
use crate::status::prometheus::{escape_label, is_exact};

/// How keys are written.
#[derive(Clone)]
pub(super) enum Keys {
    /// The value of the one label.
    Label(String),
    /// Cut into labels by the groups of a pattern with these numbers and names.
    Split(Regex, Vec<(usize, String)>),
    /// The labels of their zone, by name; nothing for those that are left out.
    Parts(Vec<Option<String>>),
    /// Families.
    Families,
}

impl Keys {
    /// Whether they are written with this label.
    pub(super) fn has(&self, label: &str) -> bool {
        self.labels().any(|name| name == label)
    }

    pub(super) fn labels(&self) -> impl Iterator<Item = &str> {
        let (one, many, own): (_, &[_], &[_]) = match self {
            Self::Label(name) => (Some(&**name), &[], &[]),
            Self::Split(_, groups) => (None, groups, &[]),
            Self::Parts(names) => (None, &[], names),
            Self::Families => (None, &[], &[]),
        };
        let many = many.iter().map(|(_, name)| &**name);
        let own = own.iter().flatten().map(|name| &**name);
        one.into_iter().chain(many).chain(own)
    }

    /// Whether keys may have labels that no other key has.
    pub(super) fn tell_apart(&self) -> bool {
        match self {
            Self::Label(_) => true,
            Self::Parts(names) => names.iter().all(Option::is_some),
            Self::Split(..) | Self::Families => false,
        }
    }

    /// Whether no other key has the labels of this one.
    pub(super) fn is_exact(&self, key: &[u8]) -> bool {
        match self {
            Self::Label(_) => is_exact(key),
            Self::Parts(names) => {
                let mut all = parts(key, names.len());
                self.tell_apart()
                    && has_parts(key, names.len())
                    && all.all(|part| is_exact(part.bytes))
            }
            Self::Split(..) | Self::Families => false,
        }
    }

    /// Appends the labels of a key, without braces; false if it has none.
    pub(super) fn append(&self, key: &[u8], out: &mut Vec<u8>) -> bool {
        let mut add = |name: &str, value: &[u8]| {
            if !out.is_empty() {
                out.push(b',');
            }
            out.extend_from_slice(name.as_bytes());
            out.extend_from_slice(b"=\"");
            escape_label(value, out);
            out.push(b'"');
        };
        match self {
            Self::Label(name) => add(name, key),
            Self::Split(regex, groups) => {
                let text = String::from_utf8_lossy(key);
                let Some(captures) = regex.captures(&*text).ok().flatten() else {
                    return false;
                };
                for (number, name) in groups {
                    let value = captures.get(*number).map_or("", |group| group.as_str());
                    add(name, value.as_bytes());
                }
            }
            Self::Parts(names) => {
                let mut shown = Vec::new();
                for (part, name) in parts(key, names.len()).zip(names) {
                    let Some(name) = name else { continue };
                    shown.clear();
                    part.write_name(&mut shown);
                    add(name, &shown);
                }
            }
            Self::Families => return false,
        }
        true
    }
}
