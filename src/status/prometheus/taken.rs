//! The names on a page that no further family can have.
//!
//! What a configuration names is known beforehand. What clients name is not, and may be a million names,
//! which would take more memory than all else. Such families come in order, though, so that a name can be
//! met again only by one that begins with the same text: of a section whose families clients name, there
//! are remembered those names that begin as the family at hand does. Where other sections follow, a
//! hash of each name is kept for them, see `seen`; once there is no room for more, what cannot be told
//! from a name that was there counts as one.

use std::collections::HashSet;

use super::Families;
use super::families::{COUNTER, counter_names, series_names};
use super::seen::{Seen, Verdict};

/// The names of one page.
pub(super) struct Taken<'a> {
    families: &'a Families,
    /// Those of sections that were known beforehand, as far as they have come.
    known: HashSet<String>,
    ladder: Ladder,
    /// Those of all sections whose families clients name, if others follow.
    open: Option<Seen>,
}

impl<'a> Taken<'a> {
    pub(super) fn new(families: &'a Families) -> Self {
        Self {
            families,
            known: HashSet::new(),
            ladder: Ladder::default(),
            open: families.remembers_open().then(Seen::default),
        }
    }

    /// Goes on to a section whose families clients name.
    pub(super) fn begin_open(&mut self) {
        self.ladder = Ladder::default();
    }

    /// Takes the names of a family that the template announces; false if one is taken already.
    pub(super) fn take(&mut self, name: &str, kind: &str) -> bool {
        let names = series_names(name, kind);
        let is_free = !names.iter().any(|name| self.is_known(name));
        if is_free {
            self.known.extend(names);
        }
        is_free
    }

    /// The same for one that a client has named; what it begins with, `start`, never goes back in order.
    pub(super) fn take_open(&mut self, start: &str, name: &str, kind: &str) -> bool {
        self.ladder.climb(start);
        let names = series_names(name, kind);
        let is_taken = |name: &String| self.is_announced(name) || self.is_open(name);
        if names.iter().any(is_taken) {
            return false;
        }
        names.iter().for_each(|name| self.note_open(name));
        true
    }

    /// Takes what a counter needs beside its name in OpenMetrics; false if it cannot be one.
    pub(super) fn take_counter(&mut self, name: &str, is_open: bool) -> bool {
        let is_taken = |name: &String| self.is_announced(name) || self.is_open(name);
        let Some(names) = counter_names(name).filter(|names| !names.iter().any(is_taken)) else {
            return false;
        };
        for name in names {
            match is_open {
                true => self.note_open(&name),
                false => drop(self.known.insert(name)),
            }
        }
        true
    }

    fn is_known(&self, name: &str) -> bool {
        self.families.taken.contains(name) || self.known.contains(name)
    }

    fn is_announced(&self, name: &str) -> bool {
        self.is_known(name) || self.families.announced.contains(name)
    }

    fn is_open(&self, name: &str) -> bool {
        let seen = self.open.as_ref();
        let verdict = seen.map(|seen| seen.look(seen.hash(name.as_bytes())));
        self.ladder.has(name) || verdict.is_some_and(|verdict| verdict != Verdict::New)
    }

    fn note_open(&mut self, name: &str) {
        self.ladder.add(name);
        if let Some(seen) = &mut self.open {
            seen.insert(seen.hash(name.as_bytes()));
        }
    }
}

/// Names that were taken by families in order, as long as one that comes may need them.
///
/// A family takes names that begin as it does. One that comes later and needs such a name begins with
/// what both have in common, and so does all that comes between them: a name is remembered for as
/// long as what comes begins with its rung.
#[derive(Debug, Default)]
struct Ladder {
    /// What the present family's names begin with.
    start: String,
    /// How much of `start` a name begins with, and how it goes on.
    rungs: Vec<(usize, String)>,
}

const CREATED: &str = "_created";

impl Ladder {
    fn climb(&mut self, start: &str) {
        if self.start == start {
            return;
        }
        let common = common(&self.start, start);
        self.rungs.retain(|(length, _)| *length <= common);
        start.clone_into(&mut self.start);
    }

    fn add(&mut self, name: &str) {
        // A counter that comes later may need this one, whose own name goes on differently.
        let counted = name.strip_suffix(CREATED).map_or(name.len(), str::len);
        let length = common(&self.start, name).min(counted);
        self.rungs.push((length, name[length..].to_owned()));
    }

    fn has(&self, name: &str) -> bool {
        let common = common(&self.start, name);
        let is_it =
            |(length, rest): &(usize, String)| *length <= common && name[*length..] == **rest;
        self.rungs.iter().any(is_it)
    }
}

/// How many bytes two names begin with together.
fn common(one: &str, other: &str) -> usize {
    let pairs = one.bytes().zip(other.bytes());
    pairs.take_while(|(one, other)| one == other).count()
}

/// Whether a family of this type can be a counter of OpenMetrics.
pub(super) fn is_counter(kind: &str) -> bool {
    kind == COUNTER
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// What is taken, said by a set of all names.
    #[derive(Default)]
    struct Model(HashSet<String>);

    impl Model {
        fn take(&mut self, name: &str, kind: &str) -> (bool, bool) {
            let names = series_names(name, kind);
            if names.iter().any(|name| self.0.contains(name)) {
                return (false, false);
            }
            self.0.extend(names);
            let further = counter_names(name).filter(|names| {
                is_counter(kind) && !names.iter().any(|name| self.0.contains(name))
            });
            let counts = further.is_some();
            self.0.extend(further.into_iter().flatten());
            (true, counts)
        }
    }

    fn agree(
        mut starts: Vec<String>,
        parts: &[(&str, &str)],
        sections: Vec<super::super::Section>,
    ) {
        starts.sort();
        starts.dedup();
        let families = Families::new("t", &[], sections);
        let (mut taken, mut model) = (Taken::new(&families), Model::default());
        taken.begin_open();
        for start in &starts {
            for (suffix, kind) in parts {
                let name = format!("{start}{suffix}");
                let takes = taken.take_open(start, &name, kind);
                let counts = takes && is_counter(kind) && taken.take_counter(&name, true);
                assert_eq!(
                    (takes, counts),
                    model.take(&name, kind),
                    "{name} of {starts:?}"
                );
            }
        }
    }

    proptest! {
        #[test]
        fn names_in_order_are_told_as_by_a_set_of_all(
            starts in prop::collection::vec("a?b?(_a|_b|0)?(_total|_created|_bucket|_sum|_count)?(_a)?", 0..20),
        ) {
            for parts in [
                &[("", "gauge")][..],
                &[("", "counter")],
                &[("", "histogram")],
                &[("_a", "counter"), ("_b", "gauge")],
                &[("_total", "counter"), ("_a_total", "counter"), ("_created", "gauge")],
                &[("_a", "histogram"), ("_a_sum", "gauge"), ("_created", "counter")],
            ] {
                agree(starts.clone(), parts, Vec::new());
            }
        }
    }

    #[test]
    fn rungs_do_not_pile_up() {
        let mut ladder = Ladder::default();
        for number in 0..10_000 {
            let name = format!("family_{number:05}");
            ladder.climb(&name);
            assert!(!ladder.has(&name));
            ladder.add(&name);
        }
        assert!(ladder.rungs.len() < 10);
    }
}
