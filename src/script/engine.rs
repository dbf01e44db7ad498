//! The engine of a thread: what QuickJS calls a runtime, with limits on what scripts take.
//!
//! A thread that serves has one for as long as it lives. Loading a configuration has one of its own (`trial`), so that
//! nothing of a configuration that was only looked at stays.

use std::cell::{Cell, OnceCell, RefCell};
use std::mem::ManuallyDrop;
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, Instant};

use rquickjs::loader::{ImportAttributes, Loader, Resolver};
use rquickjs::{Context, Ctx, Module, Persistent, Result, Runtime, Value};

use super::fault::Fault;
use super::instance::Instances;
use super::program::{Limits, Program};
use super::realm::Realm;
use crate::os::script::{Meter, Watch, hurry, runtime};

/// One for a thread.
pub(super) struct Engine {
    pub(super) instances: Instances,
    pub(super) rejections: Rc<Rejections>,
    pub(super) deadline: Rc<Deadline>,
    pub(super) watch: Watch,
    pub(super) meter: Arc<Meter>,
    /// The bytes of stack that scripts have.
    pub(super) stack: Cell<usize>,
    shared: OnceCell<Rc<Realm>>,
    /// Before this time garbage in circles is left alone.
    collect_at: Cell<Option<Instant>>,
    /// What the last collection of it has left.
    kept: Cell<usize>,
    runtime: Runtime,
}

thread_local! {
    // It is never taken down: that would need each value of a script to be gone by then.
    static OF_THREAD: RefCell<Option<ManuallyDrop<Rc<Engine>>>> = const { RefCell::new(None) };
}

/// Who is refused memory so often in one run does not take no for an answer, and is ended.
const MOST_REFUSALS: u32 = 100;
/// What a realm takes, and some more.
const REALM: usize = 1 << 20;
/// So many jobs that a script has left are brought to an end.
const MOST_JOBS: usize = 1_000_000;
/// The stack that an engine has until a program says otherwise.
const STACK: usize = 512 * 1024;

impl Engine {
    fn new() -> std::result::Result<Rc<Self>, Fault> {
        let meter = Arc::new(Meter::default());
        let runtime = runtime(&meter).map_err(|_| Fault::new("no memory for an engine"))?;
        let watch = Watch::new(Arc::clone(&meter), give_up)
            .map_err(|error| Fault::new(error.to_string()))?;
        runtime.set_max_stack_size(STACK);
        let deadline = Rc::new(Deadline::default());
        let rejections = Rc::new(Rejections::default());
        let (watched, metered, relent) = (Rc::clone(&deadline), Arc::clone(&meter), watch.relent());
        runtime.set_interrupt_handler(Some(Box::new(move || {
            let is_over = watched.has_passed() || metered.refusals() > MOST_REFUSALS;
            if is_over {
                relent.relent();
            }
            is_over
        })));
        let told = Rc::clone(&rejections);
        runtime.set_host_promise_rejection_tracker(Some(Box::new(
            move |ctx, promise, reason, is_handled| told.note(&ctx, promise, reason, is_handled),
        )));
        Ok(Rc::new(Self {
            instances: Instances::default(),
            rejections,
            deadline,
            watch,
            meter,
            stack: Cell::new(STACK),
            shared: OnceCell::new(),
            collect_at: Cell::default(),
            kept: Cell::default(),
            runtime,
        }))
    }

    /// Whether the script that runs was refused memory too often.
    pub(super) fn insisted(&self) -> bool {
        self.meter.refusals() > MOST_REFUSALS
    }

    /// Ends the jobs that a script has left which ran for too long: each is over at its first call or jump, so that only
    /// functions of the engine could make jobs without end.
    pub(super) fn forget_jobs(&self, context: &Context) {
        if !self.runtime.is_job_pending() {
            return;
        }
        let until = self.deadline.begin(Duration::ZERO);
        let is_over = context.with(|ctx| {
            let _watching = self.watch.begin(&ctx, until, self.stack.get());
            self.meter.close();
            (0..MOST_JOBS).any(|_| {
                hurry(&ctx);
                !ctx.execute_pending_job()
            })
        });
        if !is_over {
            give_up();
        }
        self.deadline.end();
        self.rejections.0.take();
    }

    /// Has the engine ready for the next script: with all the memory that it may have, which is collected once half of it
    /// is in use. (By itself the engine collects when it holds half as much again as it last kept; that may be more than
    /// it ever gets.)
    pub(super) fn rest(&self) {
        let (held, limit) = (self.meter.held(), self.meter.limit());
        if limit == 0 || held < limit / 4 {
            return;
        }
        if held >= limit / 2 {
            self.collect();
        }
        let next = self.kept.get() + limit / 8;
        self.runtime.set_gc_threshold(next.max(limit / 2));
    }

    /// Collects garbage in circles; where there is little, not again for a while.
    fn collect(&self) {
        let now = Instant::now();
        let has_refused = self.meter.has_refused();
        if !has_refused && self.collect_at.get().is_some_and(|at| now < at) {
            return;
        }
        let before = self.meter.held();
        self.runtime.run_gc();
        self.kept.set(self.meter.held());
        let is_little = before.saturating_sub(self.kept.get()) < self.meter.limit() / 8;
        let pause = is_little.then(|| now.elapsed() * 20);
        self.collect_at
            .set(pause.and_then(|pause| now.checked_add(pause)));
    }

    /// Keeps to the limits of a program.
    fn limit(&self, limits: Limits) {
        self.meter.set_limit(limits.memory);
        self.runtime.set_max_stack_size(limits.stack);
        self.stack.set(limits.stack);
    }

    /// The realm for an instance of a program.
    pub(super) fn realm(&self, program: &Program) -> Result<Rc<Realm>> {
        if !program.is_apart
            && let Some(shared) = self.shared.get()
        {
            return Ok(Rc::clone(shared));
        }
        self.limit(program.limits);
        if program.is_apart {
            return self.furnished(program.limits, || Realm::apart(&self.runtime));
        }
        let realm = self.furnished(program.limits, || Realm::shared(&self.runtime, program))?;
        Ok(Rc::clone(self.shared.get_or_init(|| realm)))
    }

    /// Makes a realm if there is room for one, and then whatever that takes: the engine does not survive a context that was
    /// made half.
    fn furnished(&self, limits: Limits, make: impl FnOnce() -> Result<Realm>) -> Result<Rc<Realm>> {
        let has_room = || limits.memory == 0 || self.meter.held() + REALM <= limits.memory;
        if !has_room() {
            self.runtime.run_gc();
        }
        if !has_room() {
            return Err(rquickjs::Error::Allocation);
        }
        self.meter.set_limit(0);
        let made = make();
        self.meter.set_limit(limits.memory);
        made.map(Rc::new)
    }
}

/// Nothing has ended a script: the others that wait for this process are better served by the next one.
fn give_up() {
    log::error!("a script could not be ended in time, so its worker ends");
    log::logger().flush();
    std::process::abort();
}

/// The engine of this thread.
///
/// # Errors
/// No memory.
pub(super) fn engine() -> std::result::Result<Rc<Engine>, Fault> {
    OF_THREAD.with_borrow_mut(|place| {
        if let Some(engine) = place {
            return Ok(Rc::clone(engine));
        }
        let engine = Engine::new()?;
        *place = Some(ManuallyDrop::new(Rc::clone(&engine)));
        Ok(engine)
    })
}

/// Does work with an engine of its own, which is gone afterwards.
///
/// # Errors
/// No memory.
pub fn trial<R>(work: impl FnOnce() -> R) -> std::result::Result<R, Fault> {
    let own = Engine::new()?;
    let put = |engine| OF_THREAD.with_borrow_mut(|place| std::mem::replace(place, engine));
    let before = put(Some(ManuallyDrop::new(own)));
    let result = work();
    let own = put(before).map(ManuallyDrop::into_inner);
    drop(own);
    Ok(result)
}

/// Compiles a module without running anything of it.
///
/// # Errors
/// What is wrong with its syntax.
pub fn compile(name: &str, source: &str) -> std::result::Result<(), Fault> {
    let engine = engine()?;
    engine.runtime.set_loader(AnyModule, AnyModule);
    let context = Context::full(&engine.runtime).map_err(|error| Fault::new(error.to_string()))?;
    context.with(|ctx| match Module::declare(ctx.clone(), name, source) {
        Ok(_) => Ok(()),
        Err(error) => Err(Fault::of(&ctx, &error)),
    })
}

/// Finds an empty module under any name.
struct AnyModule;

impl Resolver for AnyModule {
    fn resolve<'js>(
        &mut self,
        _: &Ctx<'js>,
        _: &str,
        name: &str,
        _: Option<ImportAttributes<'js>>,
    ) -> Result<String> {
        Ok(format!("imported {name}"))
    }
}

impl Loader for AnyModule {
    fn load<'js>(
        &mut self,
        ctx: &Ctx<'js>,
        name: &str,
        _: Option<ImportAttributes<'js>>,
    ) -> Result<Module<'js>> {
        Module::declare(ctx.clone(), name, "")
    }
}

/// Longer than this is for ever.
const LONGEST: Duration = Duration::from_secs(365 * 24 * 3600);

/// When the script that runs at present has run for too long.
#[derive(Default)]
pub(super) struct Deadline {
    at: Cell<Option<Instant>>,
    was_met: Cell<bool>,
}

impl Deadline {
    /// A run begins that may take so long; tells when it is to be over.
    pub(super) fn begin(&self, limit: Duration) -> Instant {
        let now = Instant::now();
        let at = now.checked_add(limit.min(LONGEST)).unwrap_or(now);
        self.at.set(Some(at));
        self.was_met.set(true);
        at
    }

    /// It is over; whether it took no longer.
    pub(super) fn end(&self) -> bool {
        self.at.set(None);
        self.was_met.get()
    }

    /// Whether it has passed.
    pub(super) fn has_passed(&self) -> bool {
        let passed = self.at.get().is_some_and(|at| Instant::now() >= at);
        if passed {
            self.was_met.set(false);
        }
        passed
    }
}

/// Promises that were rejected while nobody was there to be told.
#[derive(Default)]
pub(super) struct Rejections(RefCell<Vec<(Kept, Kept)>>);

type Kept = Persistent<Value<'static>>;

/// More of them in one run are not told of.
const MOST_REJECTIONS: usize = 64;

impl Rejections {
    fn note<'js>(&self, ctx: &Ctx<'js>, promise: Value<'js>, reason: Value<'js>, is_handled: bool) {
        let promise = Persistent::save(ctx, promise);
        let mut all = self.0.borrow_mut();
        if is_handled {
            all.retain(|(own, _)| *own != promise);
        } else if all.len() < MOST_REJECTIONS {
            all.push((promise, Persistent::save(ctx, reason)));
        }
    }

    /// Takes out what the first of them was rejected with.
    pub(super) fn take(&self, ctx: &Ctx<'_>) -> Option<Fault> {
        if self.0.borrow().is_empty() {
            return None;
        }
        let all = self.0.take();
        let (_, reason) = all.into_iter().next()?;
        let reason = reason.restore(ctx).ok()?;
        Some(Fault::thrown(ctx, &reason))
    }
}
