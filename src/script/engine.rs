//! The engine of a thread: what QuickJS calls a runtime, with limits on what scripts take.
//!
//! A thread that serves has one for as long as it lives. Loading a configuration has one of its own (`trial`), so that
//! nothing of a configuration that was only looked at stays.

use std::cell::{Cell, OnceCell, RefCell};
use std::mem::ManuallyDrop;
use std::rc::Rc;
use std::time::{Duration, Instant};

use rquickjs::loader::{ImportAttributes, Loader, Resolver};
use rquickjs::{Context, Ctx, Module, Persistent, Result, Runtime, Value};

use super::fault::Fault;
use super::instance::Instances;
use super::program::{Limits, Program};
use super::realm::Realm;

/// One for a thread.
pub(super) struct Engine {
    pub(super) instances: Instances,
    pub(super) rejections: Rc<Rejections>,
    pub(super) deadline: Rc<Deadline>,
    shared: OnceCell<Rc<Realm>>,
    memory: Cell<usize>,
    runtime: Runtime,
}

thread_local! {
    // It is never taken down: that would need each value of a script to be gone by then.
    static OF_THREAD: RefCell<Option<ManuallyDrop<Rc<Engine>>>> = const { RefCell::new(None) };
}

/// The stack that an engine has until a program says otherwise.
const STACK: usize = 512 * 1024;

impl Engine {
    fn new() -> std::result::Result<Rc<Self>, Fault> {
        let runtime = Runtime::new().map_err(|_| Fault::new("no memory for an engine"))?;
        runtime.set_max_stack_size(STACK);
        let deadline = Rc::new(Deadline::default());
        let rejections = Rc::new(Rejections::default());
        let watched = Rc::clone(&deadline);
        runtime.set_interrupt_handler(Some(Box::new(move || watched.has_passed())));
        let told = Rc::clone(&rejections);
        runtime.set_host_promise_rejection_tracker(Some(Box::new(
            move |ctx, promise, reason, is_handled| told.note(&ctx, promise, reason, is_handled),
        )));
        Ok(Rc::new(Self {
            instances: Instances::default(),
            rejections,
            deadline,
            shared: OnceCell::new(),
            memory: Cell::new(0),
            runtime,
        }))
    }

    /// Ends the jobs that a script has left which ran for too long. Where there is no memory no job can make another
    /// one, so whatever they are, there is an end of them.
    pub(super) fn forget_jobs(&self, context: &Context) {
        if !self.runtime.is_job_pending() {
            return;
        }
        self.runtime.set_memory_limit(1);
        self.deadline.begin(Duration::ZERO);
        context.with(|ctx| while ctx.execute_pending_job() {});
        self.deadline.end();
        self.rejections.0.take();
        self.runtime.set_memory_limit(self.memory.get());
    }

    /// Keeps to the limits of a program.
    fn limit(&self, limits: Limits) {
        self.memory.set(limits.memory);
        self.runtime.set_memory_limit(limits.memory);
        self.runtime.set_max_stack_size(limits.stack);
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
            return Ok(Rc::new(Realm::apart(&self.runtime)?));
        }
        let realm = Rc::new(Realm::shared(&self.runtime, program)?);
        Ok(Rc::clone(self.shared.get_or_init(|| realm)))
    }
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

/// When the script that runs at present has run for too long.
#[derive(Default)]
pub(super) struct Deadline {
    at: Cell<Option<Instant>>,
    was_met: Cell<bool>,
}

impl Deadline {
    /// A run begins that may take so long.
    pub(super) fn begin(&self, limit: Duration) {
        self.at.set(Instant::now().checked_add(limit));
        self.was_met.set(true);
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
