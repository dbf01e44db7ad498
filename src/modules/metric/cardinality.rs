//! How many different values each label of a zone has, in `/status/angie/self/zones/`: which one makes it grow.
//!
//! They are counted when somebody looks, in one walk through the zone and in bounded memory: exactly while they are
//! few, and beyond that by a sample of their hashes.

use std::collections::HashSet;
use std::ops::ControlFlow;

use xxhash_rust::xxh3::xxh3_64;

use super::zones::Entry;
use crate::metric::parts;
use crate::status::{Branch, Node};

/// The labels of a zone.
pub(super) struct Labels<'a>(pub &'a Entry);

impl Labels<'_> {
    fn counted(&self) -> Vec<Distinct> {
        let labels = self.0.labels();
        let mut counts: Vec<Distinct> = Vec::new();
        counts.resize_with(labels, Distinct::default);
        let _always_continues = self.0.zone.visit(&mut |record| {
            for (part, count) in parts(record.key(), labels).zip(&mut counts) {
                if !part.bytes.is_empty() {
                    count.add(xxh3_64(part.bytes));
                }
            }
            ControlFlow::Continue(())
        });
        counts
    }

    fn label(&self, place: usize, values: Option<u64>) -> Node<'static> {
        let most = self.0.registers.as_ref().and_then(|all| all.most(place));
        let values = values.map(|values| ("values", Node::from(values)));
        let most = most.map(|most| ("most", Node::from(most)));
        Node::object(values.into_iter().chain(most).collect())
    }
}

impl Branch for Labels<'_> {
    fn child(&self, name: &[u8]) -> Option<Node<'_>> {
        let mut names = self.0.schema.labels().iter();
        let place = names.position(|label| label.as_bytes() == name)?;
        let count = self.counted().get(place).map(Distinct::count);
        Some(self.label(place, count))
    }

    fn each(&self, visit: &mut dyn FnMut(&[u8], Node<'_>) -> ControlFlow<()>) -> ControlFlow<()> {
        let counts = self.counted();
        let mut all = self.0.schema.labels().iter().zip(&counts).enumerate();
        all.try_for_each(|(place, (name, count))| {
            visit(name.as_bytes(), self.label(place, Some(count.count())))
        })
    }

    fn places(&self) -> u64 {
        self.0.zone.places()
    }

    fn places_to(&self, _name: &[u8]) -> u64 {
        self.0.zone.places()
    }

    fn count(&self) -> u64 {
        self.0.labels() as u64
    }

    /// Who leaves out rows does not want them counted either.
    fn outline(&self) -> Option<Node<'_>> {
        let names = self.0.schema.labels().iter().enumerate();
        let members = names.map(|(place, name)| (name.clone(), self.label(place, None)));
        Some(Node::object(members.collect()))
    }
}

/// A count of different hashes.
#[derive(Default)]
struct Distinct {
    sample: HashSet<u64>,
    /// So many of the lowest bits of a hash must be zero for it to be in the sample.
    bits: u32,
}

impl Distinct {
    /// So large a sample is at most; what is counted by it is off by about a 64th.
    const ROOM: usize = 4096;

    fn add(&mut self, hash: u64) {
        if hash.trailing_zeros() < self.bits {
            return;
        }
        self.sample.insert(hash);
        while self.sample.len() > Self::ROOM {
            self.bits += 1;
            let bits = self.bits;
            self.sample.retain(|hash| hash.trailing_zeros() >= bits);
        }
    }

    fn count(&self) -> u64 {
        (self.sample.len() as u64) << self.bits.min(32)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_are_counted_and_many_are_estimated() {
        for (values, off) in [
            (0_u64, 0),
            (1, 0),
            (4096, 0),
            (100_000, 6_000),
            (2_000_000, 120_000),
        ] {
            let mut distinct = Distinct::default();
            for round in 0..2 {
                for value in 0..values {
                    distinct.add(xxh3_64(&value.to_le_bytes()));
                }
                let count = distinct.count();
                assert!(
                    count.abs_diff(values) <= off,
                    "{count} of {values}, {round}"
                );
            }
            assert!(distinct.sample.len() <= Distinct::ROOM);
        }
    }
}
