//! Memory shared between processes, seen as words.
//!
//! A [`SharedMemory`] is a range of words over one of these: a memfd (what worker processes inherit), a
//! file on a disk (what shall last), an anonymous mapping (a configuration that is only checked) or the
//! heap (tests). All are read and written through atomics alone. A memfd of ours is sealed against
//! shrinking, and room for a file is taken before it is written to: a page that was mapped once stays. What somebody
//! else cuts off a file that we use reads as zero (see `bus_error`). Both may grow, and parts of
//! a memfd may be given back.

use std::ffi::CString;
use std::fs::File;
use std::io;
use std::mem::{align_of, size_of};
use std::ops::Range;
use std::os::fd::{AsFd, BorrowedFd, FromRawFd, OwnedFd};
use std::path::Path;
use std::ptr::NonNull;
use std::sync::Arc;

use memmap2::{MmapOptions, MmapRaw};

use super::atomic::{AtomicU32, AtomicU64};
use super::bus_error::Noted;
use super::disk;

const WORD: usize = size_of::<u64>();
/// What the system takes is a little more.
const LONGEST_NAME: usize = 200;

/// A range of shared words; see the module.
#[derive(Clone, Debug)]
pub struct SharedMemory {
    backing: Arc<Backing>,
    /// The first word of this range; within the backing, which lives as long as this does.
    first: NonNull<AtomicU64>,
    /// How many words it is.
    length: usize,
}

// SAFETY: the pointer leads to atomics only, in memory that the backing keeps for every thread alike.
unsafe impl Send for SharedMemory {}
// SAFETY: as above; nothing but atomics is ever made of the pointer.
unsafe impl Sync for SharedMemory {}

#[derive(Debug)]
enum Backing {
    File {
        file: Arc<File>,
        map: MmapRaw,
        offset: u64,
        kind: Kind,
        _noted: Option<Noted>,
    },
    Anonymous {
        map: MmapRaw,
    },
    Heap {
        words: Box<[AtomicU64]>,
    },
}

/// Where the pages of a file are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// In memory alone: they are there as soon as they are touched.
    Memory,
    /// On a disk, where room is to be taken first.
    Disk,
}

impl SharedMemory {
    /// A new memfd of `bytes` zero bytes; the beginning of `name` is what the system shows
    /// for it.
    ///
    /// # Errors
    /// When the system refuses descriptors or memory, or `name` holds a zero byte.
    pub fn create(name: &str, bytes: usize) -> io::Result<Self> {
        let shown = &name.as_bytes()[..name.len().min(LONGEST_NAME)];
        let name = CString::new(shown)?;
        let flags = libc::MFD_CLOEXEC | libc::MFD_ALLOW_SEALING;
        // SAFETY: `name` is a string ended by zero that outlives the call.
        let fd = unsafe { libc::memfd_create(name.as_ptr(), flags) };
        if fd < 0 {
            return Err(io::Error::last_os_error());
        }
        // SAFETY: the call above returned this descriptor to us, nobody else owns it.
        let file = File::from(unsafe { OwnedFd::from_raw_fd(fd) });
        file.set_len(bytes as u64)?;
        // SAFETY: a call on a descriptor we own, with an integer argument.
        let sealed = unsafe { libc::fcntl(fd, libc::F_ADD_SEALS, libc::F_SEAL_SHRINK) };
        if sealed < 0 {
            return Err(io::Error::last_os_error());
        }
        Self::map(Arc::new(file), 0, bytes, Kind::Memory)
    }

    /// The first `bytes` bytes of a file on a disk, which grows to hold them. Nobody but processes of ours
    /// may have it open.
    ///
    /// # Errors
    /// When there is no room on the disk, or the file cannot be mapped.
    pub fn on_disk(file: File, bytes: usize) -> io::Result<Self> {
        disk::reserve(&file, 0, bytes as u64)?;
        Self::map(Arc::new(file), 0, bytes, Kind::Disk)
    }

    /// The whole of a file on a disk as it is; [`SharedMemory::reserve`] makes it safe to write to.
    ///
    /// # Errors
    /// When the file cannot be mapped.
    pub fn found_on_disk(file: File) -> io::Result<Self> {
        let bytes = usize::try_from(file.metadata()?.len()).map_err(|_| out_of_range())?;
        Self::map(Arc::new(file), 0, bytes, Kind::Disk)
    }

    /// Makes sure that there is room on the disk for the first `bytes` bytes; memory needs none.
    ///
    /// # Errors
    /// When there is no room.
    pub fn reserve(&self, bytes: u64) -> io::Result<()> {
        match self.file()? {
            (file, Kind::Disk) => disk::reserve(file, 0, bytes),
            (_, Kind::Memory) => Ok(()),
        }
    }

    /// Whether it is a file on a disk.
    pub fn is_on_disk(&self) -> bool {
        matches!(self.file(), Ok((_, Kind::Disk)))
    }

    /// Whether everything that is mapped here is still there: false for a file that somebody has cut.
    pub fn is_whole(&self) -> bool {
        let (first, mapped) = self.backing.extent();
        self.backing_bytes()
            .is_ok_and(|present| present >= first + mapped as u64)
    }

    /// Whether it is the file that the path leads to; a symbolic link is not followed.
    pub fn is_at(&self, path: &Path) -> bool {
        self.file().is_ok_and(|(file, _)| disk::is_at(file, path))
    }

    /// The whole of an inherited memfd or file, as long as it is now.
    ///
    /// # Errors
    /// When the descriptor cannot be mapped.
    pub fn from_fd(fd: OwnedFd) -> io::Result<Self> {
        let file = File::from(fd);
        let bytes = file.metadata()?.len();
        let bytes = usize::try_from(bytes).map_err(|_| out_of_range())?;
        let kind = match disk::is_sealed(&file) {
            true => Kind::Memory,
            false => Kind::Disk,
        };
        Self::map(Arc::new(file), 0, bytes, kind)
    }

    /// Memory of this process and its forks alone, not backed by any descriptor.
    ///
    /// # Errors
    /// When the system has no such memory to give.
    pub fn anonymous(bytes: usize) -> io::Result<Self> {
        let map = MmapOptions::new().len(bytes).map_anon()?;
        let backing = Backing::Anonymous { map: map.into() };
        Ok(Self::within(Arc::new(backing), 0, bytes))
    }

    /// Plain memory of this process, for tests that need no mapping.
    pub fn heap(bytes: usize) -> Self {
        let words = (0..bytes / WORD).map(|_| AtomicU64::new(0)).collect();
        Self::within(Arc::new(Backing::Heap { words }), 0, bytes)
    }

    /// The `bytes` bytes from `offset` on, counted from the start of the backing memory. What lies in
    /// this mapping already is shared with it; another part of a memfd is mapped anew.
    ///
    /// # Errors
    /// When the range is not there, is not made of whole words or cannot be mapped.
    pub fn section(&self, offset: u64, bytes: usize) -> io::Result<Self> {
        if !offset.is_multiple_of(WORD as u64) || !bytes.is_multiple_of(WORD) || bytes == 0 {
            return Err(out_of_range());
        }
        let (first, mapped) = self.backing.extent();
        let end = offset.checked_add(bytes as u64).ok_or_else(out_of_range)?;
        if offset >= first && end <= first + mapped as u64 {
            let start = (offset - first) as usize;
            return Ok(Self::within(Arc::clone(&self.backing), start, bytes));
        }
        match &*self.backing {
            Backing::File { file, kind, .. } if end <= file.metadata()?.len() => {
                Self::map(Arc::clone(file), offset, bytes, *kind)
            }
            _ => Err(out_of_range()),
        }
    }

    /// Bytes of this range.
    pub fn bytes(&self) -> usize {
        self.length * WORD
    }

    /// Bytes of the whole backing memory, mapped here or not.
    ///
    /// # Errors
    /// When the system does not tell the length of the memfd.
    pub fn backing_bytes(&self) -> io::Result<u64> {
        match &*self.backing {
            Backing::File { file, .. } => Ok(file.metadata()?.len()),
            mapped => Ok(mapped.extent().1 as u64),
        }
    }

    /// Makes the backing file at least `bytes` long; what is new reads as zero.
    ///
    /// # Errors
    /// When there is no file, or no memory.
    pub fn grow(&self, bytes: u64) -> io::Result<()> {
        let (file, kind) = self.file()?;
        let present = file.metadata()?.len();
        match kind {
            _ if present >= bytes => Ok(()),
            Kind::Memory => file.set_len(bytes),
            Kind::Disk => disk::reserve(file, present, bytes - present),
        }
    }

    /// Makes a range of the backing file, in which nothing is, read as zero and be there to be written to.
    ///
    /// # Errors
    /// When there is no file, or no memory.
    pub fn clear(&self, offset: u64, bytes: u64) -> io::Result<()> {
        self.release(offset, bytes)?;
        match self.file()? {
            (_, Kind::Memory) => Ok(()),
            (file, Kind::Disk) => disk::reserve(file, offset, bytes),
        }
    }

    /// Gives the memory of a range of the file back to the system. The range stays, and reads as zero.
    ///
    /// # Errors
    /// When there is no file, or the system cannot do it.
    pub fn release(&self, offset: u64, bytes: u64) -> io::Result<()> {
        disk::punch(self.file()?.0, offset, bytes)
    }

    /// The descriptor to hand to another process; none for anonymous and heap memory.
    pub fn fd(&self) -> Option<BorrowedFd<'_>> {
        match &*self.backing {
            Backing::File { file, .. } => Some(file.as_fd()),
            _ => None,
        }
    }

    /// The range as words.
    pub fn words(&self) -> &[AtomicU64] {
        // SAFETY: the range lies within the backing, by `within`, and the backing, which `self` keeps alive,
        // never shrinks, or has zeros in the place of what is gone; pages and heap words are aligned to a word; any bit pattern is a valid atomic.
        unsafe { std::slice::from_raw_parts(self.first.as_ptr(), self.length) }
    }

    /// Some of the words as twice as many 32-bit halves, the one at the lower address first. A word must be
    /// used either whole or in halves, not both.
    #[inline]
    pub fn halves(&self, words: Range<usize>) -> &[AtomicU32] {
        const { assert!(align_of::<AtomicU64>() >= align_of::<AtomicU32>()) };
        let words = &self.words()[words];
        // SAFETY: same memory, same length in bytes, smaller alignment, any bit pattern valid.
        unsafe { std::slice::from_raw_parts(words.as_ptr().cast(), words.len() * 2) }
    }

    fn map(file: Arc<File>, offset: u64, bytes: usize, kind: Kind) -> io::Result<Self> {
        let map = MmapOptions::new()
            .offset(offset)
            .len(bytes)
            .map_raw(&*file)?;
        let noted = match kind {
            Kind::Disk => Noted::new(map.as_mut_ptr().expose_provenance(), map.len()),
            Kind::Memory => None,
        };
        let backing = Arc::new(Backing::File {
            file,
            map,
            offset,
            kind,
            _noted: noted,
        });
        Ok(Self::within(backing, 0, bytes))
    }

    /// The whole words of a range, counted in bytes from the start of a mapping that holds it.
    fn within(backing: Arc<Backing>, start: usize, bytes: usize) -> Self {
        let mapped = backing.extent().1;
        let length = bytes.min(mapped.saturating_sub(start)) / WORD;
        let base = backing.base();
        debug_assert!(base.cast::<AtomicU64>().is_aligned() && start.is_multiple_of(WORD));
        // SAFETY: the range ends within the mapping: its length was cut to that just now.
        let first = unsafe { base.add(start.min(mapped)) };
        Self {
            backing,
            first: first.cast(),
            length,
        }
    }

    fn file(&self) -> io::Result<(&File, Kind)> {
        match &*self.backing {
            Backing::File { file, kind, .. } => Ok((file, *kind)),
            _ => Err(io::Error::from(io::ErrorKind::Unsupported)),
        }
    }
}

impl Backing {
    /// Its first byte.
    fn base(&self) -> NonNull<u8> {
        let base = match self {
            Self::File { map, .. } | Self::Anonymous { map } => NonNull::new(map.as_mut_ptr()),
            Self::Heap { words } => NonNull::new(words.as_ptr().cast_mut().cast()),
        };
        base.unwrap_or(NonNull::<AtomicU64>::dangling().cast())
    }

    /// Where this mapping begins within its memory, and how many bytes it covers.
    fn extent(&self) -> (u64, usize) {
        match self {
            Self::File { map, offset, .. } => (*offset, map.len()),
            Self::Anonymous { map } => (0, map.len()),
            Self::Heap { words } => (0, words.len() * WORD),
        }
    }
}

fn out_of_range() -> io::Error {
    io::Error::from(io::ErrorKind::InvalidInput)
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::Ordering::Relaxed;

    use super::*;

    #[test]
    fn two_mappings_of_one_memfd_share_their_words() {
        let memory = SharedMemory::create("test", 8192).unwrap();
        let fd = memory.fd().unwrap().try_clone_to_owned().unwrap();
        let other = SharedMemory::from_fd(fd).unwrap();
        memory.words()[3].store(77, Relaxed);
        assert_eq!(other.words()[3].load(Relaxed), 77);
        assert_eq!(other.words().len(), 1024);
    }

    #[test]
    fn a_memfd_grows_but_never_shrinks() {
        let memory = SharedMemory::create("test", 4096).unwrap();
        assert!(memory.section(4096, 4096).is_err());
        memory.grow(12288).unwrap();
        let section = memory.section(8192, 4096).unwrap();
        section.words()[0].store(5, Relaxed);
        assert_eq!(memory.section(8192, 8).unwrap().words()[0].load(Relaxed), 5);
        assert!(memory.file().unwrap().0.set_len(4096).is_err());
    }

    #[test]
    fn released_pages_read_as_zero() {
        let memory = SharedMemory::create("test", 8192).unwrap();
        memory.words()[512].store(9, Relaxed);
        memory.words()[0].store(8, Relaxed);
        memory.release(4096, 4096).unwrap();
        assert_eq!(memory.words()[512].load(Relaxed), 0);
        assert_eq!(memory.words()[0].load(Relaxed), 8);
    }

    #[test]
    fn sections_of_heap_and_anonymous_memory_are_views() {
        for memory in [
            SharedMemory::heap(4096),
            SharedMemory::anonymous(4096).unwrap(),
        ] {
            memory.section(64, 64).unwrap().words()[1].store(3, Relaxed);
            assert_eq!(memory.words()[9].load(Relaxed), 3);
            assert!(memory.section(4096, 8).is_err());
            assert!(memory.section(4, 8).is_err());
            assert!(memory.grow(1 << 20).is_err());
            assert!(memory.fd().is_none());
        }
    }

    #[test]
    fn halves_cover_the_words() {
        let memory = SharedMemory::heap(16);
        let halves = memory.halves(0..2);
        assert_eq!(halves.len(), 4);
        halves[2].store(1, Relaxed);
        assert_ne!(memory.words()[1].load(Relaxed), 0);
        assert_eq!(memory.words()[0].load(Relaxed), 0);
    }
}
