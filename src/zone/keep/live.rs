//! Whether the memory of a zone, found in its file, can be used as it is.
//!
//! It can if it was written during this boot of the machine and everything in it fits together. When a server
//! ends in good order it notes a checksum: where that fits nothing has changed since, and nothing else is looked at; a file that was
//! changed is known by it.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::sync::Arc;

use xxhash_rust::xxh3::Xxh3;

use crate::metric::Schema;
use crate::os::atomic::Ordering;
use crate::os::{SharedMemory, boot_id};
use crate::zone::layout::{ROOT_BYTES, ROOT_MAGIC, root};
use crate::zone::root::Root;
use crate::zone::view::View;
use crate::zone::{Unusable, Zone, locked};

/// What a file holds.
#[derive(Debug)]
pub(super) enum Found {
    /// No zone yet.
    Nothing,
    /// One from before the machine went down.
    OtherBoot,
    /// One that does not fit together.
    Damaged(String),
    /// Something that never was a zone.
    Foreign,
    /// One that can be used, with its metrics.
    Good(SharedMemory, Arc<Schema>),
}

/// Looks at a file that nobody else uses.
///
/// # Errors
/// When it cannot be read or mapped, or there is no room for what it should hold.
pub(super) fn look(file: &File, schema: &Arc<Schema>) -> io::Result<Found> {
    let mut start = [0; ROOT_BYTES];
    let length = file.read_at(&mut start, 0)?;
    if start.iter().all(|byte| *byte == 0) {
        return Ok(Found::Nothing);
    }
    if start[..8] != ROOT_MAGIC.to_le_bytes() {
        return Ok(Found::Foreign);
    }
    if length < ROOT_BYTES {
        return Ok(Found::Damaged("too short".into()));
    }
    let memory = SharedMemory::found_on_disk(file.try_clone()?)?;
    memory.reserve(ROOT_BYTES as u64)?;
    let root = match Root::reclaim(&memory) {
        Ok(root) => root,
        Err(Unusable::OtherBoot) => return Ok(Found::OtherBoot),
        Err(error) => return Ok(Found::Damaged(error.to_string())),
    };
    match check(&memory, &root, schema) {
        Ok(schema) => Ok(Found::Good(memory, schema)),
        Err(Unusable::Memory(error)) => Err(error),
        Err(error) => Ok(Found::Damaged(error.to_string())),
    }
}

fn check(memory: &SharedMemory, root: &Root, own: &Arc<Schema>) -> Result<Arc<Schema>, Unusable> {
    let _guard = locked(root)?;
    let place = root.place()?;
    let end = place.offset.saturating_add(place.bytes as u64);
    if end > memory.bytes() as u64 {
        return Err(Unusable::Corrupt("too short"));
    }
    memory.reserve(end)?;
    let view = View::open(memory, root, own)?;
    root.reopen(&view.store);
    let noted = root.get(root::CHECKSUM);
    if noted != 0 {
        if noted != checksum(root, &view) {
            return Err(Unusable::Corrupt("the checksum does not fit"));
        }
        // Everything was in order when it was noted.
        root.set(root::CHECKSUM, 0);
        return Ok(Arc::clone(&view.store.schema));
    }
    if !view.store.are_keys_whole() {
        return Err(Unusable::Corrupt("keys are not what they were"));
    }
    if view.store.rebuild_counting() > 0 {
        return Err(Unusable::Corrupt("keys are broken"));
    }
    root.set(root::UNSETTLED, 0);
    view.store.verify()?;
    Ok(Arc::clone(&view.store.schema))
}

/// Of all that is believed from then on: the layout, and what the root says of it.
fn checksum(root: &Root, view: &View) -> u64 {
    const PIECE: usize = 8192;
    let (mut hash, mut piece) = (Xxh3::new(), Vec::with_capacity(PIECE * size_of::<u64>()));
    let shares = root.markers();
    let shares = shares.shares().iter();
    for share in shares {
        hash.update(&share.load(Ordering::Relaxed).to_le_bytes());
    }
    for words in view.store.words().chunks(PIECE) {
        piece.clear();
        let bytes = words.iter().map(|word| word.load(Ordering::Relaxed));
        piece.extend(bytes.flat_map(u64::to_le_bytes));
        hash.update(&piece);
    }
    hash.digest().max(1)
}

impl Root {
    /// Whether the memory was written during this boot.
    pub(in crate::zone) fn is_of_this_boot(&self) -> bool {
        let boot = boot_id();
        if boot == 0 {
            return false;
        }
        let stored = [root::BOOT, root::BOOT + 1].map(|word| self.get(word));
        stored == [boot as u64, (boot >> 64) as u64]
    }
}

impl Zone {
    /// Notes the checksum of everything: nobody will change anything any more.
    pub(super) fn seal(&self) {
        if let Ok(access) = self.access() {
            self.root
                .set(root::CHECKSUM, checksum(&self.root, access.view));
        }
    }
}
