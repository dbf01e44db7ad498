//! The shared memory of the generations, by kind and name.
//!
//! The master loads a configuration on top of the areas of the generation before: those it asks for
//! again stay, those nobody asks for any more are released when that generation is dropped, and a
//! configuration that turns out bad has changed nothing. Workers only find what they were handed.

use std::collections::HashMap;
use std::io;
use std::os::fd::OwnedFd;
use std::sync::Arc;

use crate::http::memory::{Memory, Role};
use crate::os::SharedMemory;

/// What an area is known by: its kind and its name.
pub(super) type Key = (String, String);

/// Areas by key.
pub(super) type Areas = HashMap<Key, Arc<SharedMemory>>;

/// What the master loads a configuration with.
pub(super) struct MasterMemory<'a> {
    before: &'a Areas,
    now: Areas,
}

impl<'a> MasterMemory<'a> {
    /// On top of the areas of the generation before.
    pub(super) fn new(before: &'a Areas) -> Self {
        Self {
            before,
            now: Areas::new(),
        }
    }

    /// The areas that the configuration asked for.
    pub(super) fn into_areas(self) -> Areas {
        self.now
    }
}

impl Memory for MasterMemory<'_> {
    fn role(&self) -> Role {
        Role::Master
    }

    fn existing(&mut self, kind: &str, name: &str) -> Option<Arc<SharedMemory>> {
        let key = (kind.to_owned(), name.to_owned());
        let area = self
            .now
            .get(&key)
            .or_else(|| self.before.get(&key))?
            .clone();
        self.now.insert(key, Arc::clone(&area));
        Some(area)
    }

    fn create(&mut self, kind: &str, name: &str, bytes: usize) -> io::Result<Arc<SharedMemory>> {
        let area = Arc::new(SharedMemory::create(&format!("{kind} {name}"), bytes)?);
        let key = (kind.to_owned(), name.to_owned());
        self.now.insert(key, Arc::clone(&area));
        Ok(area)
    }
}

/// What a worker loads a configuration with.
pub(super) struct WorkerMemory {
    place: usize,
    descriptors: HashMap<Key, OwnedFd>,
    mapped: Areas,
}

impl WorkerMemory {
    /// The memory of the worker in this place.
    pub(super) fn new(place: usize, descriptors: HashMap<Key, OwnedFd>) -> Self {
        Self {
            place,
            descriptors,
            mapped: Areas::new(),
        }
    }
}

impl Memory for WorkerMemory {
    fn role(&self) -> Role {
        Role::Worker(self.place)
    }

    fn existing(&mut self, kind: &str, name: &str) -> Option<Arc<SharedMemory>> {
        let key = (kind.to_owned(), name.to_owned());
        if let Some(fd) = self.descriptors.remove(&key) {
            match SharedMemory::from_fd(fd) {
                Ok(area) => drop(self.mapped.insert(key.clone(), Arc::new(area))),
                Err(error) => log::error!("{kind} \"{name}\" cannot be mapped: {error}"),
            }
        }
        self.mapped.get(&key).cloned()
    }

    fn create(&mut self, kind: &str, name: &str, _bytes: usize) -> io::Result<Arc<SharedMemory>> {
        Err(io::Error::new(
            io::ErrorKind::NotFound,
            format!("the master has not made {kind} \"{name}\""),
        ))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::Ordering::Relaxed;

    use super::*;

    #[test]
    fn what_is_asked_for_again_stays_and_the_rest_goes() {
        let none = Areas::new();
        let mut first = MasterMemory::new(&none);
        assert!(first.existing("zone", "a").is_none());
        first.create("zone", "a", 4096).unwrap().words()[0].store(7, Relaxed);
        first.create("zone", "b", 4096).unwrap();
        let first = first.into_areas();
        let mut second = MasterMemory::new(&first);
        let kept = second.existing("zone", "a").unwrap();
        assert_eq!(kept.words()[0].load(Relaxed), 7);
        assert!(second.existing("other", "a").is_none());
        let second = second.into_areas();
        assert_eq!(second.len(), 1);
        let mut third = MasterMemory::new(&second);
        assert!(third.existing("zone", "b").is_none());
    }

    #[test]
    fn a_replaced_area_is_found_from_then_on_and_only_there() {
        let none = Areas::new();
        let mut first = MasterMemory::new(&none);
        first.create("zone", "a", 4096).unwrap();
        let first = first.into_areas();
        let mut second = MasterMemory::new(&first);
        second.existing("zone", "a").unwrap();
        second.create("zone", "a", 8192).unwrap();
        assert_eq!(second.existing("zone", "a").unwrap().bytes(), 8192);
        assert_eq!(first[&("zone".into(), "a".into())].bytes(), 4096);
    }

    #[test]
    fn a_worker_finds_what_it_was_handed() {
        let area = SharedMemory::create("test", 4096).unwrap();
        let fd = area.fd().unwrap().try_clone_to_owned().unwrap();
        let handed = HashMap::from([(("zone".to_owned(), "a".to_owned()), fd)]);
        let mut memory = WorkerMemory::new(3, handed);
        assert_eq!(memory.role(), Role::Worker(3));
        memory.existing("zone", "a").unwrap().words()[1].store(5, Relaxed);
        assert_eq!(area.words()[1].load(Relaxed), 5);
        assert!(memory.existing("zone", "a").is_some());
        assert!(memory.existing("zone", "b").is_none());
        assert!(memory.create("zone", "b", 8).is_err());
    }
}
