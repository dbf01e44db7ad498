//! Ends what scripts do when their time is over, from a thread beside them.
//!
//! The engine asks whether to go on at calls and jumps only, and there only at every 10,000th: between two questions a
//! script may have ten thousand texts parsed. So a thread looks at the time, and when it is over has each
//! context ask at the next call or jump; what allocates without either is then refused memory, up to that question.
//! (It has to come: where memory ends before an asynchronous function is told that its time is over, the engine cannot
//! settle its promise and ends the process.) In the end it has no stack either, which functions ask for that go into what
//! is given to them. Functions of the engine that do neither for long are not called with what
//! would take them so long (`guard.rs`); should there be one more, the process is given up.

use std::ptr::NonNull;
use std::sync::Arc;
use std::sync::atomic::{AtomicI32, Ordering};
use std::time::{Duration, Instant};

use parking_lot::{Condvar, Mutex, MutexGuard};
use rquickjs::{Ctx, Error, Result, qjs};

use super::Meter;
use crate::os::kernel::{thread_clock, time_of};

/// Watches the scripts of an engine; the thread goes with it.
pub struct Watch(Arc<Shared>);

/// Has a script whose time is over be told so.
pub struct Relent(Arc<Shared>);

struct Shared {
    state: Mutex<State>,
    bell: Condvar,
    /// Whence the engine has its memory.
    meter: Arc<Meter>,
    /// Called where nothing has ended a script.
    give_up: fn(),
}

#[derive(Default)]
struct State {
    run: Option<Run>,
    /// The countdowns of the contexts in use, the innermost last.
    countdowns: Vec<Countdown>,
    /// Whether the thread waits until a run begins.
    is_asleep: bool,
    /// Whether a run has begun since the thread looked.
    has_begun: bool,
    is_over: bool,
}

/// A script that runs.
struct Run {
    until: Instant,
    engine: Raw,
    /// The bytes of stack that it has.
    stack: usize,
    thread: libc::clockid_t,
    /// What the thread's clock said when the time was found to be over.
    passed: Option<Duration>,
    /// What it said when the contexts were about to ask next, as they still are.
    due: Option<Duration>,
}

/// An engine, for who only sets its limit.
struct Raw(NonNull<qjs::JSRuntime>);

// SAFETY: it is only used while the state is locked that holds it, and taken out before the engine can go.
unsafe impl Send for Raw {}

/// Where a context counts down to its next question.
struct Countdown(NonNull<AtomicI32>);

// SAFETY: it is only used while the state is locked that holds it, and taken out before the context can go.
unsafe impl Send for Countdown {}

/// How late the thread may notice that a run has begun.
const NAP: Duration = Duration::from_millis(50);
/// How often it repeats what a script was quicker than.
const INSIST: Duration = Duration::from_millis(5);
/// How long a thread computes before what was written beside it is certain to be what it counts on from.
const SETTLED: Duration = Duration::from_millis(2);
/// How long a script computes beyond its time before it is refused every byte, small blocks that the engine has already
/// included.
const HARSH: Duration = Duration::from_secs(1);
/// How long a script computes beyond its time before it is refused more memory.
const GRACE: Duration = Duration::from_millis(100);
/// How long a thread computes beyond the time before the process is given up.
const PATIENCE: Duration = Duration::from_secs(15);

impl Watch {
    /// Watches from now on.
    ///
    /// # Errors
    /// No thread.
    pub fn new(meter: Arc<Meter>, give_up: fn()) -> std::io::Result<Self> {
        let shared = Arc::new(Shared {
            state: Mutex::default(),
            bell: Condvar::new(),
            meter,
            give_up,
        });
        let watching = Arc::clone(&shared);
        let thread = std::thread::Builder::new().name("scripts".to_owned());
        thread.spawn(move || watching.watch())?;
        Ok(Self(shared))
    }

    /// A script runs in this context, with so many bytes of stack, until the guard is dropped.
    pub fn begin(&self, ctx: &Ctx<'_>, until: Instant, stack: usize) -> Result<Watching<'_>> {
        let countdown = countdown(ctx)?;
        // SAFETY: a live context has a live engine.
        let engine = unsafe { qjs::JS_GetRuntime(ctx.as_raw().as_ptr()) };
        let engine = NonNull::new(engine).ok_or(Error::Unknown)?;
        // SAFETY: only tells where the stack of this thread is.
        unsafe { qjs::JS_UpdateStackTop(engine.as_ptr()) };
        self.0.meter.open();
        let mut state = self.0.state.lock();
        state.countdowns.push(countdown);
        state.has_begun = true;
        state.run = Some(Run {
            until,
            engine: Raw(engine),
            stack,
            thread: thread_clock(),
            passed: None,
            due: None,
        });
        if std::mem::take(&mut state.is_asleep) {
            self.0.bell.notify_one();
        }
        Ok(Watching(&self.0))
    }

    /// For the engine's question whether to go on.
    pub fn relent(&self) -> Relent {
        Relent(Arc::clone(&self.0))
    }

    /// The script that runs has a part in another context until the guard is dropped.
    pub fn enter(&self, ctx: &Ctx<'_>) -> Result<Within<'_>> {
        let countdown = countdown(ctx)?;
        self.0.state.lock().countdowns.push(countdown);
        Ok(Within(&self.0))
    }
}

impl Relent {
    /// There is memory to end the script with.
    pub fn relent(&self) {
        let mut state = self.0.state.lock();
        if let Some(run) = &mut state.run {
            run.due = None;
            run.relax();
        }
        self.0.meter.relent();
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.0.state.lock().is_over = true;
        self.0.bell.notify_one();
    }
}

/// A script that is watched.
pub struct Watching<'w>(&'w Shared);

impl Drop for Watching<'_> {
    fn drop(&mut self) {
        let mut state = self.0.state.lock();
        if let Some(run) = state.run.take() {
            run.relax();
        }
        state.countdowns.clear();
        self.0.meter.open();
    }
}

/// A part of a script in another context.
pub struct Within<'w>(&'w Shared);

impl Drop for Within<'_> {
    fn drop(&mut self) {
        self.0.state.lock().countdowns.pop();
    }
}

impl Shared {
    fn watch(&self) {
        let mut state = self.state.lock();
        while !state.is_over {
            let has_begun = std::mem::take(&mut state.has_begun);
            match state.run.as_ref().map(|run| run.until) {
                None if has_begun => {
                    self.bell.wait_for(&mut state, NAP);
                }
                None => {
                    state.is_asleep = true;
                    self.bell.wait(&mut state);
                }
                Some(until) => self.look(&mut state, until),
            }
        }
    }

    /// Waits while there is time, and ends the script when there is none.
    fn look(&self, state: &mut MutexGuard<'_, State>, until: Instant) {
        let now = Instant::now();
        if let Some(rest) = until
            .checked_duration_since(now)
            .filter(|rest| !rest.is_zero())
        {
            self.bell.wait_for(state, rest.min(NAP));
            return;
        }
        let is_due = state.countdowns.iter().all(Countdown::is_due);
        for countdown in &state.countdowns {
            countdown.end();
        }
        if let Some(run) = &mut state.run {
            self.press(run, is_due);
        }
        self.bell.wait_for(state, INSIST);
    }

    /// Refuses memory to a script that does not ask, once it is certain to ask before it does anything else.
    fn press(&self, run: &mut Run, is_due: bool) {
        let now = time_of(run.thread);
        let beyond = now.saturating_sub(*run.passed.get_or_insert(now));
        if !is_due {
            run.due = None;
        }
        let is_settled = now.saturating_sub(*run.due.get_or_insert(now)) >= SETTLED;
        if is_settled && beyond > GRACE {
            self.meter.close();
        }
        if is_settled && beyond > HARSH {
            run.squeeze();
        }
        // On a busy machine it may not have been its turn, so what counts is how long it has computed.
        if beyond > PATIENCE {
            (self.give_up)();
        }
    }
}

impl Run {
    /// The engine gets neither memory nor stack.
    fn squeeze(&self) {
        self.limit(1, 1);
    }

    /// The engine has what it had before.
    fn relax(&self) {
        self.limit(0, self.stack);
    }

    /// Sets how many bytes of memory and of stack the engine may have; 0 is no limit of its own.
    fn limit(&self, memory: usize, stack: usize) {
        let engine = self.engine.0.as_ptr();
        // SAFETY: the engine is in use while it is noted here; the call writes one aligned word, which is read from memory
        // before each allocation.
        unsafe { qjs::JS_SetMemoryLimit(engine, memory as _) };
        // SAFETY: as above, of two words, of which the one is read from memory at each look at the stack and the other by
        // this call alone while a script runs.
        unsafe { qjs::JS_SetMaxStackSize(engine, stack as _) };
    }
}

impl Countdown {
    /// Whether the next call or jump asks.
    fn is_due(&self) -> bool {
        // SAFETY: as in `end`.
        unsafe { self.0.as_ref() }.load(Ordering::Relaxed) == 1
    }

    /// Has the next call or jump ask.
    fn end(&self) {
        // SAFETY: the context is live: it is in use by this thread, or by another one that takes it out of the state
        // before it goes. The word lies within it, as `countdown.rs` has found, and is aligned.
        // The engine itself counts without atomic instructions, which beside another thread is a race that neither
        // language defines. What bounds it is this: the engine is compiled by itself, and its word is a plain `int`
        // reached by way of a pointer that every call between two counts may have led elsewhere, so each count is a
        // load and a store of 4 aligned bytes, which no processor that this runs on splits, and which no compiler may
        // carry over such a call; either the engine counts on from what is written here, or it has overwritten it
        // with one less than before. Both are values that it may hold at any time, nothing else depends on the word,
        // and what was overwritten is written again at the next look. Its own interrupt handler, which could look at
        // an atomic flag, is called at every 10,000th count only, and there is no other question that it asks.
        unsafe { self.0.as_ref() }.store(1, Ordering::Relaxed);
    }
}

/// Has the engine ask at the next call or jump whether to go on.
pub fn hurry(ctx: &Ctx<'_>) {
    if let Ok(countdown) = countdown(ctx) {
        countdown.end();
    }
}

fn countdown(ctx: &Ctx<'_>) -> Result<Countdown> {
    let offset = super::countdown::offset().ok_or(Error::Unknown)?;
    // SAFETY: the offset lies within a context.
    let place = unsafe { ctx.as_raw().cast::<u8>().add(offset) };
    Ok(Countdown(place.cast()))
}
