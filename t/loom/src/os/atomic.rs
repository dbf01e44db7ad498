//! Atomics that are plain while a scene is set and loom's from the moment the threads come in. Only what
//! happens between threads is worth trying in every order, and loom pays for each atomic there is.
//!
//! An atomic becomes loom's when it is first used after that moment. One that several threads use without
//! the lock must be used by the main thread before the others begin (`SharedMemory::enter`); loom
//! complains about any that was forgotten.
//!
//! Here is also where things are broken on purpose: see [`Breakage`].

use std::sync::OnceLock;
use std::sync::atomic as plain;
use std::sync::atomic::Ordering::Relaxed;

pub(crate) use loom::hint::spin_loop;
pub(crate) use loom::thread::yield_now;
pub(crate) use std::sync::atomic::Ordering;

/// Something that the zone relies on and that can be taken from it, to see whether that is noticed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Breakage {
    Fence,
    Barrier,
    Acquire,
    Release,
    Exchange,
    Lock,
}

/// Their names: which thing does nothing, orders nothing, or comes apart.
pub(crate) const BREAKAGES: &[(&str, Breakage)] = &[
    ("no fences", Breakage::Fence),
    ("no barrier for others", Breakage::Barrier),
    ("loads without order", Breakage::Acquire),
    ("stores without order", Breakage::Release),
    ("exchanges in two steps", Breakage::Exchange),
    ("no lock", Breakage::Lock),
];

static BREAKAGE: OnceLock<Breakage> = OnceLock::new();
static ON_STAGE: plain::AtomicBool = plain::AtomicBool::new(false);

loom::thread_local! {
    static NUMBER: std::cell::Cell<usize> = std::cell::Cell::new(0);
}

/// The thread for which a scene is being set.
static SETTING_FOR: plain::AtomicUsize = plain::AtomicUsize::new(1);

/// Takes something away for as long as this process runs.
pub(crate) fn break_it(name: &str) {
    let breakage = BREAKAGES.iter().find(|breakage| breakage.0 == name);
    let _once = breakage.map(|breakage| BREAKAGE.set(breakage.1));
}

pub(super) fn is_broken(breakage: Breakage) -> bool {
    BREAKAGE.get() == Some(&breakage)
}

/// From now on atomics are loom's, or plain again.
pub(crate) fn set_stage(is_on: bool) {
    ON_STAGE.store(is_on, Relaxed);
}

pub(super) fn is_on_stage() -> bool {
    ON_STAGE.load(Relaxed)
}

/// Who a thread is: the numbers of those who live differ.
pub(crate) fn be(number: usize) {
    if is_on_stage() {
        NUMBER.with(|own| own.set(number));
    } else {
        SETTING_FOR.store(number, Relaxed);
    }
}

pub(crate) fn this_thread() -> usize {
    if is_on_stage() {
        NUMBER.with(std::cell::Cell::get)
    } else {
        SETTING_FOR.load(Relaxed)
    }
}

pub(crate) fn fence(order: Ordering) {
    if is_on_stage() && !is_broken(Breakage::Fence) {
        loom::sync::atomic::fence(order);
    }
}

/// What the barrier of others makes of the compiler's fence.
pub(crate) fn compiler_fence(order: Ordering) {
    if is_on_stage() && !is_broken(Breakage::Barrier) {
        loom::sync::atomic::fence(order);
    }
}

pub(crate) fn sleep(_: std::time::Duration) {
    yield_now();
}

/// A mutex that is loom's from the beginning: it is made by those who are on stage.
#[derive(Debug, Default)]
pub(crate) struct Mutex<T>(loom::sync::Mutex<T>);

impl<T> Mutex<T> {
    pub(crate) fn lock(&self) -> loom::sync::MutexGuard<'_, T> {
        self.0
            .lock()
            .unwrap_or_else(|poisoned| poisoned.into_inner())
    }
}

fn loading(order: Ordering) -> Ordering {
    match is_broken(Breakage::Acquire) {
        true => Relaxed,
        false => order,
    }
}

fn storing(order: Ordering) -> Ordering {
    match is_broken(Breakage::Release) {
        true => Relaxed,
        false => order,
    }
}

macro_rules! atomic {
    ($name:ident, $number:ty) => {
        #[derive(Debug, Default)]
        pub(crate) struct $name {
            before: plain::$name,
            now: OnceLock<loom::sync::atomic::$name>,
        }

        #[allow(dead_code, reason = "not every width is used in every way")]
        impl $name {
            pub(crate) fn new(value: $number) -> Self {
                let (before, now) = (plain::$name::new(value), OnceLock::new());
                Self { before, now }
            }

            /// Loom's, if it is loom's turn.
            pub(super) fn now(&self) -> Option<&loom::sync::atomic::$name> {
                let new = || loom::sync::atomic::$name::new(self.before.load(Relaxed));
                is_on_stage().then(|| self.now.get_or_init(new))
            }

            pub(crate) fn load(&self, order: Ordering) -> $number {
                match self.now() {
                    Some(now) => now.load(loading(order)),
                    None => self.before.load(order),
                }
            }

            pub(crate) fn store(&self, value: $number, order: Ordering) {
                match self.now() {
                    Some(now) => now.store(value, storing(order)),
                    None => self.before.store(value, order),
                }
            }

            pub(crate) fn into_inner(self) -> $number {
                self.load(Relaxed)
            }

            pub(crate) fn compare_exchange(
                &self,
                from: $number,
                to: $number,
                order: Ordering,
                failure: Ordering,
            ) -> Result<$number, $number> {
                match self.now() {
                    Some(now) if is_broken(Breakage::Exchange) => match now.load(failure) {
                        found if found == from => {
                            now.store(to, Ordering::Release);
                            Ok(found)
                        }
                        found => Err(found),
                    },
                    Some(now) => now.compare_exchange(from, to, order, failure),
                    None => self.before.compare_exchange(from, to, order, failure),
                }
            }

            /// By an exchange that is tried until it succeeds.
            pub(crate) fn fetch_update(
                &self,
                order: Ordering,
                failure: Ordering,
                mut change: impl FnMut($number) -> Option<$number>,
            ) -> Result<$number, $number> {
                let mut found = self.load(failure);
                while let Some(next) = change(found) {
                    match self.compare_exchange(found, next, order, failure) {
                        Ok(found) => return Ok(found),
                        Err(changed) => found = changed,
                    }
                }
                Err(found)
            }

            atomic!(pass swap, fetch_add, fetch_sub, fetch_max, fetch_or, fetch_and: $number);
        }
    };
    (pass $($method:ident),+: $number:ty) => {
        $(pub(crate) fn $method(&self, value: $number, order: Ordering) -> $number {
            match self.now() {
                Some(now) => now.$method(value, order),
                None => self.before.$method(value, order),
            }
        })+
    };
}

atomic!(AtomicU32, u32);
atomic!(AtomicU64, u64);
atomic!(AtomicUsize, usize);
