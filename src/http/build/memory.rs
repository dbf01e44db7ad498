//! Where a configuration gets the memory that its workers share.

use std::fs::File;
use std::io;
use std::sync::Arc;

use crate::os::SharedMemory;

/// For whom a configuration is loaded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Only to be checked (`-t`).
    Check,
    /// The master: it creates memory, or takes over that of the generation before.
    Master,
    /// The worker in this place, which no other one has, not even of an older configuration: it finds memory ready.
    Worker(usize),
}

/// How the kinds of memory end that is a file.
pub const OF_FILES: &str = "_file";

/// Gives memory by kind (`metric_zone`, `status_zone` …) and name.
pub trait Memory {
    /// For whom.
    fn role(&self) -> Role;
    /// Which of the workers it is that serve the same configuration, from 0 on.
    fn number(&self) -> usize {
        0
    }
    /// What there is already under this name.
    fn existing(&mut self, kind: &str, name: &str) -> Option<Arc<SharedMemory>>;
    /// Fresh memory of so many bytes, all zero, which replaces any of this name.
    fn create(&mut self, kind: &str, name: &str, bytes: usize) -> io::Result<Arc<SharedMemory>>;

    /// Takes memory in that was made elsewhere, which replaces any of this name.
    fn keep(&mut self, kind: &str, name: &str, memory: Arc<SharedMemory>);
    /// Takes back that memory of this name was asked for.
    fn forget(&mut self, _kind: &str, _name: &str) {}
    /// The file there is under this name, open in all processes.
    fn file(&mut self, kind: &str, name: &str) -> Option<Arc<File>>;
    /// Takes a file in, to be handed to all processes.
    fn keep_file(&mut self, kind: &str, name: &str, file: Arc<File>);

    /// Memory of exactly so many bytes: that of this name, or fresh.
    fn counters(&mut self, kind: &str, name: &str, bytes: usize) -> io::Result<Arc<SharedMemory>> {
        match self
            .existing(kind, name)
            .filter(|memory| memory.words().len() * 8 >= bytes)
        {
            Some(memory) => Ok(memory),
            None => self.create(kind, name, bytes),
        }
    }
}

/// Memory for a configuration that is only checked: nobody shares it.
pub struct Unshared;

impl Memory for Unshared {
    fn role(&self) -> Role {
        Role::Check
    }

    fn existing(&mut self, _kind: &str, _name: &str) -> Option<Arc<SharedMemory>> {
        None
    }

    fn create(&mut self, _kind: &str, name: &str, bytes: usize) -> io::Result<Arc<SharedMemory>> {
        SharedMemory::create(name, bytes).map(Arc::new)
    }

    fn keep(&mut self, _kind: &str, _name: &str, _memory: Arc<SharedMemory>) {}

    fn file(&mut self, _kind: &str, _name: &str) -> Option<Arc<File>> {
        None
    }

    fn keep_file(&mut self, _kind: &str, _name: &str, _file: Arc<File>) {}
}
