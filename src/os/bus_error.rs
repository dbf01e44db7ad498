//! Files that somebody cuts while they are mapped.
//!
//! Touching a page behind the end of a file ends a process (`SIGBUS`), however careful it was a moment before. So
//! the mappings of files on disks are noted here, and a handler puts memory of zeros, of this process alone, in the
//! place of what is gone: the process goes on with damaged data, which it must be able to bear, and whoever
//! asks for the file's length ([`SharedMemory::is_whole`](super::SharedMemory::is_whole)) learns what happened.

use std::cell::UnsafeCell;
use std::mem::MaybeUninit;
use std::ptr;
use std::sync::Once;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Mappings that can be noted; those beyond are as without this.
const MOST: usize = 1024;
const PAGE: usize = 4096;

/// Where the mappings begin and end; an end of zero is a free place.
static MAPPINGS: [(AtomicUsize, AtomicUsize); MOST] =
    [const { (AtomicUsize::new(0), AtomicUsize::new(0)) }; MOST];

/// A mapping that is noted until this is dropped.
#[derive(Debug)]
pub(super) struct Noted(usize);

impl Noted {
    /// Notes a mapping of so many bytes; nothing if there are too many.
    pub(super) fn new(start: usize, bytes: usize) -> Option<Self> {
        static INSTALLED: Once = Once::new();
        INSTALLED.call_once(install);
        let end = (start + bytes).next_multiple_of(PAGE);
        let is_taken = |place: &(AtomicUsize, AtomicUsize)| {
            let taken = place
                .1
                .compare_exchange(0, end, Ordering::AcqRel, Ordering::Relaxed);
            taken.is_ok()
        };
        let place = MAPPINGS.iter().position(is_taken)?;
        MAPPINGS[place].0.store(start, Ordering::Release);
        Some(Self(place))
    }
}

impl Drop for Noted {
    fn drop(&mut self) {
        let (start, end) = &MAPPINGS[self.0];
        start.store(0, Ordering::Release);
        end.store(0, Ordering::Release);
    }
}

/// What was done about the signal before.
static BEFORE: Before = Before(UnsafeCell::new(MaybeUninit::uninit()));

struct Before(UnsafeCell<MaybeUninit<libc::sigaction>>);

// SAFETY: it is written once, before the handler that reads it stands.
unsafe impl Sync for Before {}

impl Before {
    fn pointer(&self) -> *mut libc::sigaction {
        self.0.get().cast()
    }
}

fn install() {
    // SAFETY: all zeros is a valid value of this structure of integers and pointers.
    let mut action: libc::sigaction = unsafe { std::mem::zeroed() };
    let handler: extern "C" fn(libc::c_int, *mut libc::siginfo_t, *mut libc::c_void) = handle;
    action.sa_sigaction = handler as usize;
    action.sa_flags = libc::SA_SIGINFO | libc::SA_ONSTACK;
    // SAFETY: both point to structures of ours; `BEFORE` is written here only, once, before the handler stands. The
    // handler does nothing but what signal handlers may.
    unsafe { libc::sigaction(libc::SIGBUS, &raw const action, BEFORE.pointer()) };
}

extern "C" fn handle(_: libc::c_int, info: *mut libc::siginfo_t, _: *mut libc::c_void) {
    // SAFETY: the system gives a valid structure, for as long as the handler runs.
    let info = unsafe { &*info };
    // SAFETY: it tells of a fault, and so has an address.
    let address = unsafe { info.si_addr() }.addr();
    if let Some(end) = end_of_mapping(address)
        && replace(address / PAGE * PAGE, end)
    {
        return;
    }
    // SAFETY: `install` has filled it before this handler could be called. The fault comes again, and is dealt
    // with as if this were not here.
    unsafe { libc::sigaction(libc::SIGBUS, BEFORE.pointer(), ptr::null_mut()) };
}

fn end_of_mapping(address: usize) -> Option<usize> {
    MAPPINGS.iter().find_map(|(start, end)| {
        let (start, end) = (start.load(Ordering::Acquire), end.load(Ordering::Acquire));
        (start != 0 && (start..end).contains(&address)).then_some(end)
    })
}

/// Puts zeros in the place of a part of a mapping.
fn replace(start: usize, end: usize) -> bool {
    let place = ptr::with_exposed_provenance_mut(start);
    let access = libc::PROT_READ | libc::PROT_WRITE;
    let flags = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | libc::MAP_FIXED | libc::MAP_NORESERVE;
    // SAFETY: the range is the rest of a mapping that is noted, so it is ours, and seen as atomics only, for which
    // zeros are as good as anything.
    let mapped = unsafe { libc::mmap(place, end - start, access, flags, -1, 0) };
    mapped != libc::MAP_FAILED
}

#[cfg(test)]
mod tests {
    use std::fs::File;
    use std::sync::atomic::Ordering::Relaxed;

    use crate::os::SharedMemory;

    #[test]
    fn what_was_cut_reads_as_zero_and_is_known() {
        let path = std::env::temp_dir().join(format!("cut-{}", std::process::id()));
        let mut options = File::options();
        options.read(true).write(true).create_new(true);
        let file = options.open(&path).unwrap();
        let memory = SharedMemory::on_disk(file.try_clone().unwrap(), 3 * 4096).unwrap();
        let other = SharedMemory::from_fd(file.try_clone().unwrap().into()).unwrap();
        assert!(memory.is_whole() && memory.is_at(&path));
        for word in [0, 600, 1200] {
            memory.words()[word].store(7, Relaxed);
        }
        file.set_len(4096).unwrap();
        for memory in [&memory, &other] {
            assert!(!memory.is_whole());
            let read = |word: usize| memory.words()[word].load(Relaxed);
            assert_eq!([0, 600, 1200].map(read), [7, 0, 0]);
            memory.words()[600].store(8, Relaxed);
            assert_eq!(read(600), 8);
        }
        std::fs::remove_file(&path).unwrap();
        assert!(!memory.is_at(&path));
    }
}
