//! What a cache has for a request: the entry of its key, or the variant of it for what the request says.

use super::caching::Caching;
use super::visit::Turn;
use crate::cache::file::Entry;
use crate::cache::store::{Absent, Opened};
use crate::cache::{Name, Vary};
use crate::http::course::circumstances::Circumstances;
use crate::http::course::request::Request;

/// What was found for a request.
pub(super) struct Sought {
    /// The name that its answer has, or would have.
    pub name: Name,
    /// What that is a variant of.
    pub main: Option<Name>,
    pub opened: Option<Opened>,
}

impl Caching {
    /// Looks for what is kept for a request.
    pub(super) fn find(&self, request: &mut Request, turn: &Turn) -> Sought {
        let main = turn.main;
        let Some(opened) = self.open(request, main, &turn.key) else {
            let opened = None;
            return Sought {
                name: main,
                main: None,
                opened,
            };
        };
        let Some(variant) = self.variant_beside(request, &opened.entry) else {
            let opened = Some(opened);
            return Sought {
                name: main,
                main: None,
                opened,
            };
        };
        let name = main.of_variant(&variant);
        let vary = opened.entry.head().vary.to_vec();
        let second = self.open(request, name, &turn.key).filter(|second| {
            let head = second.entry.head();
            head.variant == variant && head.vary == vary
        });
        Sought {
            name,
            main: Some(main),
            opened: second,
        }
    }

    fn open(&self, request: &mut Request, name: Name, key: &[u8]) -> Option<Opened> {
        let (cache, now) = (&self.entry.cache, request.moment());
        // A use is counted once: here, or where it is asked how many there were.
        if self.settings.min_uses > 1 && !cache.knows(name, now) {
            return None;
        }
        match cache.open(name, key, now) {
            Ok(opened) => Some(opened),
            Err(Absent::Lost(error)) => {
                let zone = &self.entry.name;
                log::error!(
                    "cache \"{zone}\": the file of {name} is lost ({error}){}",
                    Circumstances(request)
                );
                None
            }
            Err(Absent::Unreadable(error)) => {
                let zone = &self.entry.name;
                log::error!(
                    "cache \"{zone}\": the file of {name} cannot be read ({error}){}",
                    Circumstances(request)
                );
                None
            }
            Err(Absent::Unknown | Absent::Collision | Absent::Unchecked) => None,
        }
    }

    /// What the request says in the fields that an entry depends on, if that is not what the entry is for.
    pub(super) fn variant_beside(&self, request: &Request, entry: &Entry) -> Option<Vec<u8>> {
        let head = entry.head();
        let vary = Vary::from_bytes(head.vary)
            .filter(|vary| !vary.is_empty() && !self.settings.ignored.vary)?;
        let variant = variant(request, &vary);
        (variant != head.variant).then_some(variant)
    }
}

/// What a request says in the fields that an answer depends on.
pub(super) fn variant(request: &Request, vary: &Vary) -> Vec<u8> {
    let mut variant = Vec::new();
    let values = |wanted: &[u8]| {
        let wanted = wanted.to_vec();
        let fields = request.head.fields();
        let of_name = fields.filter(move |(name, _)| name.eq_ignore_ascii_case(&wanted));
        of_name.map(|(_, value)| value)
    };
    vary.write_variant(values, &mut variant);
    variant
}
