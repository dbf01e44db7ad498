//! The shared memory of the generations, by kind and name.
//!
//! The master loads a configuration on top of the areas of the generation before: those it asks for
//! again stay, those nobody asks for any more are released when that generation is dropped, and a
//! configuration that turns out bad has changed nothing. Workers only find what they were handed.

use std::collections::HashMap;
use std::fs::File;
use std::io;
use std::os::fd::OwnedFd;
use std::sync::Arc;

use crate::http::build::memory::{Memory, OF_FILES, Role};
use crate::modules;
use crate::os::SharedMemory;
use crate::zone::Zone;

/// What an area is known by: its kind and its name.
pub(super) type Key = (String, String);

/// What a generation shares, by key.
#[derive(Clone, Default)]
pub(super) struct Areas {
    pub(super) memory: HashMap<Key, Arc<SharedMemory>>,
    pub(super) files: HashMap<Key, Arc<File>>,
    /// What is a file, and of no use to this generation, but to workers of earlier ones; with the files beside it.
    left: HashMap<Key, (Arc<SharedMemory>, Option<Arc<File>>)>,
}

impl Areas {
    /// A worker has ended, in whatever manner: nothing of it goes on any more.
    pub(super) fn forget_worker(&self, place: usize) {
        for ((kind, _), area) in &self.memory {
            modules::forget_worker(kind, area, place);
        }
    }

    /// Forgets what earlier generations have left and nobody uses any more.
    pub(super) fn forget_left(&mut self) {
        self.left.retain(|_, (area, _)| Zone::is_in_use(area));
    }

    /// Takes in what another generation has, or kept for earlier ones, and this one has not.
    fn keep_left(&mut self, before: &Self) {
        let own = before
            .memory
            .iter()
            .filter(|(key, area)| area.is_on_disk() && key.0.ends_with(OF_FILES));
        let own = own.map(|(key, area)| (key, (Arc::clone(area), before.files.get(key).cloned())));
        let earlier = before.left.iter().map(|(key, left)| (key, left.clone()));
        for (key, left) in earlier.chain(own) {
            if !self.memory.contains_key(key) {
                self.left.insert(key.clone(), left);
            }
        }
        self.forget_left();
    }
}

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
            now: Areas::default(),
        }
    }

    /// The areas that the configuration asked for.
    pub(super) fn into_areas(mut self) -> Areas {
        self.now.keep_left(self.before);
        self.now
    }
}

impl Memory for MasterMemory<'_> {
    fn role(&self) -> Role {
        Role::Master
    }

    fn existing(&mut self, kind: &str, name: &str) -> Option<Arc<SharedMemory>> {
        let key = (kind.to_owned(), name.to_owned());
        let memory = self.now.memory.get(&key);
        let memory = memory.or_else(|| self.before.memory.get(&key));
        let left = || self.before.left.get(&key).map(|(area, _)| area);
        let area = memory.or_else(left)?.clone();
        self.now.memory.insert(key, Arc::clone(&area));
        Some(area)
    }

    fn create(&mut self, kind: &str, name: &str, bytes: usize) -> io::Result<Arc<SharedMemory>> {
        let area = Arc::new(SharedMemory::create(&format!("{kind} {name}"), bytes)?);
        self.keep(kind, name, Arc::clone(&area));
        Ok(area)
    }

    fn keep(&mut self, kind: &str, name: &str, memory: Arc<SharedMemory>) {
        let key = (kind.to_owned(), name.to_owned());
        self.now.memory.insert(key, memory);
    }

    fn forget(&mut self, kind: &str, name: &str) {
        let key = (kind.to_owned(), name.to_owned());
        self.now.memory.remove(&key);
    }

    fn file(&mut self, kind: &str, name: &str) -> Option<Arc<File>> {
        let key = (kind.to_owned(), name.to_owned());
        let file = self.now.files.get(&key);
        let file = file.or_else(|| self.before.files.get(&key));
        let left = || self.before.left.get(&key)?.1.as_ref();
        let file = file.or_else(left)?.clone();
        self.now.files.insert(key, Arc::clone(&file));
        Some(file)
    }

    fn keep_file(&mut self, kind: &str, name: &str, file: Arc<File>) {
        let key = (kind.to_owned(), name.to_owned());
        self.now.files.insert(key, file);
    }
}

/// What a worker loads a configuration with.
pub(super) struct WorkerMemory {
    place: usize,
    number: usize,
    descriptors: HashMap<Key, OwnedFd>,
    files: HashMap<Key, Arc<File>>,
    mapped: HashMap<Key, Arc<SharedMemory>>,
}

impl WorkerMemory {
    /// The memory of the worker in this place, with this number.
    pub(super) fn new(
        (place, number): (usize, usize),
        descriptors: HashMap<Key, OwnedFd>,
        files: HashMap<Key, Arc<File>>,
    ) -> Self {
        Self {
            place,
            number,
            descriptors,
            files,
            mapped: HashMap::new(),
        }
    }
}

impl Memory for WorkerMemory {
    fn role(&self) -> Role {
        Role::Worker(self.place)
    }

    fn number(&self) -> usize {
        self.number
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

    fn keep(&mut self, _kind: &str, _name: &str, _memory: Arc<SharedMemory>) {}

    fn file(&mut self, kind: &str, name: &str) -> Option<Arc<File>> {
        let key = (kind.to_owned(), name.to_owned());
        self.files.get(&key).cloned()
    }

    fn keep_file(&mut self, _kind: &str, _name: &str, _file: Arc<File>) {}
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::Ordering::Relaxed;

    use super::*;

    #[test]
    fn what_is_asked_for_again_stays_and_the_rest_goes() {
        let none = Areas::default();
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
        assert_eq!(second.memory.len(), 1);
        let mut third = MasterMemory::new(&second);
        assert!(third.existing("zone", "b").is_none());
    }

    #[test]
    fn a_replaced_area_is_found_from_then_on_and_only_there() {
        let none = Areas::default();
        let mut first = MasterMemory::new(&none);
        first.create("zone", "a", 4096).unwrap();
        let first = first.into_areas();
        let mut second = MasterMemory::new(&first);
        second.existing("zone", "a").unwrap();
        second.create("zone", "a", 8192).unwrap();
        assert_eq!(second.existing("zone", "a").unwrap().bytes(), 8192);
        assert_eq!(first.memory[&("zone".into(), "a".into())].bytes(), 4096);
    }

    #[test]
    fn a_worker_finds_what_it_was_handed() {
        let area = SharedMemory::create("test", 4096).unwrap();
        let fd = area.fd().unwrap().try_clone_to_owned().unwrap();
        let handed = HashMap::from([(("zone".to_owned(), "a".to_owned()), fd)]);
        let mut memory = WorkerMemory::new((3, 1), handed, HashMap::new());
        assert_eq!((memory.role(), memory.number()), (Role::Worker(3), 1));
        memory.existing("zone", "a").unwrap().words()[1].store(5, Relaxed);
        assert_eq!(area.words()[1].load(Relaxed), 5);
        assert!(memory.existing("zone", "a").is_some());
        assert!(memory.existing("zone", "b").is_none());
        assert!(memory.create("zone", "b", 8).is_err());
    }
}
