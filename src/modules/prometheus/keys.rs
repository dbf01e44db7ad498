//! What keys of a zone are on a page.

use fancy_regex::Regex;

use crate::status::prometheus::escape_label;

/// How keys are written.
#[derive(Clone)]
pub(super) enum Keys {
    /// The value of the one label.
    Label(String),
    /// Cut into labels by the groups of a pattern with these numbers and names.
    Split(Regex, Vec<(usize, String)>),
    /// Families.
    Families,
}

impl Keys {
    /// Whether they are written with this label.
    pub(super) fn has(&self, label: &str) -> bool {
        self.labels().any(|name| name == label)
    }

    pub(super) fn labels(&self) -> impl Iterator<Item = &str> {
        let (one, many): (_, &[_]) = match self {
            Self::Label(name) => (Some(&**name), &[]),
            Self::Split(_, groups) => (None, groups),
            Self::Families => (None, &[]),
        };
        one.into_iter().chain(many.iter().map(|(_, name)| &**name))
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
            Self::Families => return false,
        }
        true
    }
}
