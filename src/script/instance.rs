//! Instances: a program in the hands of one request.
//!
//! Nothing of a script is held by whoever waits, so an instance is a number for the rest of the world; values of
//! scripts stay with the engine of the thread. After each call all jobs are run that it has left, so whatever runs
//! belongs to the instance that was called.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use rquickjs::atom::PredefinedAtom;
use rquickjs::{Ctx, Error, Exception, Function, Object, Persistent, Result, Value};

use super::engine::{self, Engine};
use super::fault::Fault;
use super::library;
use super::operation::Operations;
use super::path::Path;
use super::program::{Imported, Program};
use super::realm::{Modules, Realm};
use crate::os::script::{Share, again, call};

/// A program in the hands of one request; it goes when this is dropped.
#[derive(Debug)]
pub struct Instance {
    number: u64,
    /// Where it is among those of its engine.
    place: usize,
}

/// The instances of an engine.
#[derive(Default)]
pub(super) struct Instances {
    /// Each in a place of its own; places that are free again lead to the next such place.
    all: RefCell<Vec<Place>>,
    /// The place that was left last, or one more than there are.
    free: Cell<usize>,
    /// The one whose script is running.
    current: RefCell<Option<Rc<State>>>,
}

enum Place {
    Taken(Rc<State>),
    Free(usize),
}

impl Instances {
    fn insert(&self, state: State) -> usize {
        let (mut all, place) = (self.all.borrow_mut(), self.free.get());
        let state = Place::Taken(Rc::new(state));
        match all.get_mut(place) {
            Some(free) => {
                if let Place::Free(next) = std::mem::replace(free, state) {
                    self.free.set(next);
                }
            }
            None => {
                all.push(state);
                self.free.set(all.len());
            }
        }
        place
    }

    fn get(&self, instance: &Instance) -> Option<Rc<State>> {
        match self.all.borrow().get(instance.place) {
            Some(Place::Taken(state)) if state.number == instance.number => Some(Rc::clone(state)),
            _ => None,
        }
    }

    fn remove(&self, instance: &Instance) -> Option<Rc<State>> {
        let state = self.get(instance)?;
        let next = self.free.replace(instance.place);
        self.all.borrow_mut()[instance.place] = Place::Free(next);
        Some(state)
    }
}

thread_local! {
    /// The number of the instance whose script is running.
    static CURRENT: Cell<Option<u64>> = const { Cell::new(None) };
}

/// What there is of an instance.
pub(super) struct State {
    number: u64,
    realm: Rc<Realm>,
    program: Arc<Program>,
    /// Its own modules: those that can change.
    modules: Modules,
    pub(super) operations: Operations,
    /// What is kept outside of the engine on its behalf.
    kept: RefCell<Share>,
}

impl Instance {
    /// A fresh one, of which nothing has run.
    ///
    /// # Errors
    /// No memory.
    pub fn new(program: &Arc<Program>) -> std::result::Result<Self, Fault> {
        let engine = engine::engine()?;
        let realm = engine.realm(program);
        let realm = realm.map_err(|error| Fault::new(format!("no context: {error}")))?;
        static NUMBERS: AtomicU64 = AtomicU64::new(1);
        let number = NUMBERS.fetch_add(1, Ordering::Relaxed);
        let state = State {
            number,
            realm,
            program: Arc::clone(program),
            modules: RefCell::default(),
            operations: Operations::default(),
            kept: RefCell::new(engine.meter.share()),
        };
        let place = engine.instances.insert(state);
        Ok(Self { number, place })
    }

    /// What tells it from all others of the thread.
    pub fn number(&self) -> u64 {
        self.number
    }

    /// Calls a function of its program, and runs what that leaves to be done. `argument` makes what it is called with,
    /// `result` takes what it returns.
    ///
    /// # Errors
    /// What was thrown, or rejected with nobody to be told; that there is no such function; that it took too long.
    pub fn call<R>(
        &self,
        path: &Path,
        limit: Duration,
        argument: impl for<'js> FnOnce(&Ctx<'js>) -> Result<Value<'js>>,
        result: impl for<'js> FnOnce(&Ctx<'js>, Value<'js>) -> Result<R>,
    ) -> std::result::Result<R, Fault> {
        self.enter(limit, |ctx, state| {
            let function = state.function(ctx, path)?;
            let value = call(&function, &argument(ctx)?)?;
            result(ctx, value)
        })
    }

    /// The same with any number of arguments.
    ///
    /// # Errors
    /// As for `call`.
    pub fn call_with<R>(
        &self,
        path: &Path,
        limit: Duration,
        arguments: impl for<'js> FnOnce(&Ctx<'js>) -> Result<Vec<Value<'js>>>,
        result: impl for<'js> FnOnce(&Ctx<'js>, Value<'js>) -> Result<R>,
    ) -> std::result::Result<R, Fault> {
        self.enter(limit, |ctx, state| {
            let function = state.function(ctx, path)?;
            let arguments = arguments(ctx)?;
            let mut all = rquickjs::function::Args::new(ctx.clone(), arguments.len());
            all.push_args(arguments)?;
            let value = function.call_arg(all)?;
            result(ctx, value)
        })
    }

    /// Checks that its program has this function.
    ///
    /// # Errors
    /// That it has none, or what its modules throw.
    pub fn find(&self, path: &Path, limit: Duration) -> std::result::Result<(), Fault> {
        self.enter(limit, |ctx, state| state.function(ctx, path).map(drop))
    }

    /// Gives scripts the results of what they have waited for: all that are there, or as many as fit into the limit, so that
    /// others have their turn.
    ///
    /// # Errors
    /// As for `call`.
    pub fn go_on(&self, limit: Duration) -> std::result::Result<(), Fault> {
        let begun = Instant::now();
        while let Some(arrived) = self.state()?.operations.take() {
            self.enter(limit, |ctx, _| arrived.give(ctx))?;
            if begun.elapsed() > limit {
                break;
            }
        }
        Ok(())
    }

    /// What ends when one of the things is there that it waits for; `None` if it waits for nothing.
    pub fn wait(&self) -> Option<impl Future<Output = ()> + Send + use<>> {
        self.state().ok()?.operations.wait()
    }

    fn state(&self) -> std::result::Result<Rc<State>, Fault> {
        let engine = engine::engine()?;
        let state = engine.instances.get(self);
        state.ok_or_else(|| Fault::new("the script belongs to another thread"))
    }

    fn enter<R>(
        &self,
        limit: Duration,
        work: impl for<'js> FnOnce(&Ctx<'js>, &Rc<State>) -> Result<R>,
    ) -> std::result::Result<R, Fault> {
        let engine = engine::engine()?;
        let state = self.state()?;
        let current = Current::begin(&engine, &state);
        let context = &state.realm.context;
        if current.before.is_some() {
            // A script has read a variable that is a script's: what there is to be done is left to the first of them.
            return again(context, |ctx| {
                let within = engine.watch.enter(&ctx);
                let result = within.and_then(|_within| work(&ctx, &state));
                result.map_err(|error| Fault::of(&ctx, &error))
            });
        }
        engine.rest();
        let result = context.with(|ctx| run(&engine, limit, &ctx, |ctx| work(ctx, &state)));
        engine.forget_jobs(context);
        engine.rest();
        result
    }
}

/// The instance whose script is running, until this is dropped.
struct Current<'e> {
    engine: &'e Engine,
    before: Option<Rc<State>>,
}

impl<'e> Current<'e> {
    fn begin(engine: &'e Engine, state: &Rc<State>) -> Self {
        CURRENT.set(Some(state.number));
        let before = engine.instances.current.replace(Some(Rc::clone(state)));
        Self { engine, before }
    }
}

impl Drop for Current<'_> {
    fn drop(&mut self) {
        CURRENT.set(self.before.as_ref().map(|state| state.number));
        self.engine.instances.current.replace(self.before.take());
    }
}

/// Runs a script and the jobs that it leaves, for no longer than the limit.
fn run<'js, R>(
    engine: &Engine,
    limit: Duration,
    ctx: &Ctx<'js>,
    work: impl FnOnce(&Ctx<'js>) -> Result<R>,
) -> std::result::Result<R, Fault> {
    let until = engine.deadline.begin(limit);
    let watching = engine.watch.begin(ctx, until, engine.stack.get());
    let _watching = watching.map_err(|_| Fault::new("the engine is not the one that is known"))?;
    let mut result = work(ctx).map_err(|error| Fault::of(ctx, &error));
    while !engine.deadline.has_passed() && ctx.execute_pending_job() {}
    let rejected = engine.rejections.take(ctx);
    if let (Some(fault), true) = (rejected, result.is_ok()) {
        result = Err(fault);
    }
    let in_time = engine.deadline.end();
    if engine.insisted() {
        let stack = result.err().map(|fault| fault.stack).unwrap_or_default();
        let message = "out of memory, which the script did not end with".to_owned();
        return Err(Fault { message, stack });
    }
    if !in_time {
        let stack = result.err().map(|fault| fault.stack).unwrap_or_default();
        let message = format!("the script ran for longer than {limit:?}");
        return Err(Fault { message, stack });
    }
    result
}

impl Drop for Instance {
    fn drop(&mut self) {
        if let Ok(engine) = engine::engine() {
            drop(engine.instances.remove(self));
            if engine.instances.current.borrow().is_none() {
                engine.rest();
            }
        }
    }
}

/// The number of the instance whose script is running.
pub fn current() -> Option<u64> {
    CURRENT.get()
}

/// Counts bytes that are kept for the script that is running, outside of the engine, until its instance goes.
///
/// # Errors
/// Scripts hold as much as they may.
pub fn keep(ctx: &Ctx<'_>, bytes: usize) -> Result<()> {
    let state = current_state(ctx)?;
    let has_room = state.kept.borrow_mut().grow(bytes);
    has_room.then_some(()).ok_or_else(|| no_room(ctx))
}

/// Counts bytes that are kept for scripts, outside of the engine, as long as the share lives.
///
/// # Errors
/// Scripts hold as much as they may.
pub fn share(ctx: &Ctx<'_>, bytes: usize) -> Result<Share> {
    let engine = engine::engine();
    let engine = engine.map_err(|fault| Exception::throw_message(ctx, &fault.message))?;
    let mut share = engine.meter.share();
    let has_room = share.grow(bytes);
    has_room.then_some(share).ok_or_else(|| no_room(ctx))
}

fn no_room(ctx: &Ctx<'_>) -> Error {
    Exception::throw_internal(ctx, "out of memory")
}

/// The instance whose script is running.
pub(super) fn current_state(ctx: &Ctx<'_>) -> Result<Rc<State>> {
    let current = engine::engine()
        .ok()
        .and_then(|engine| engine.instances.current.borrow().clone());
    current.ok_or_else(|| Exception::throw_message(ctx, "no script is running"))
}

impl State {
    /// A function of the program. Those of a module of which nothing can change are looked for once.
    fn function<'js>(&self, ctx: &Ctx<'js>, path: &Path) -> Result<Function<'js>> {
        if self.program.is_apart && self.modules.borrow().is_empty() {
            Realm::furnish(ctx, &self.program)?;
        }
        let compiled = self.realm.compiled(ctx, &self.program)?;
        if let Some(known) = compiled.functions.find(path.number) {
            return known.restore(ctx);
        }
        let function = self.look_up(ctx, path)?;
        let module = self.program.modules.get(path.module);
        if module.is_some_and(|module| module.is_constant) && !self.program.is_apart {
            let function = Persistent::save(ctx, function.clone());
            compiled.functions.add(path.number, function);
        }
        Ok(function)
    }

    fn look_up<'js>(&self, ctx: &Ctx<'js>, path: &Path) -> Result<Function<'js>> {
        let exports = self.module(ctx, path.module)?;
        let mut value: Value<'js> = exports.get(PredefinedAtom::Default)?;
        for member in &path.members {
            let Some(object) = value.as_object() else {
                break;
            };
            value = object.get(member.as_str())?;
        }
        match value.into_function() {
            Some(function) => Ok(function),
            None => {
                let name = path.members.join(".");
                let message = format!("the module exports no function \"{name}\"");
                Err(Exception::throw_reference(ctx, &message))
            }
        }
    }

    /// What a module exports; it is evaluated when it is asked for first, after what it imports.
    fn module<'js>(&self, ctx: &Ctx<'js>, number: usize) -> Result<Object<'js>> {
        let compiled = self.realm.compiled(ctx, &self.program)?;
        let module = self.program.modules.get(number).ok_or(Error::Unknown)?;
        let is_constant = module.is_constant && !self.program.is_apart;
        let modules = match is_constant {
            true => &compiled.constant,
            false => &self.modules,
        };
        let known = modules.borrow().get(number).cloned().flatten();
        if let Some(known) = known {
            return known.restore(ctx);
        }
        let imports = module.imports.iter().map(|import| match import {
            Imported::Library(name) => {
                let module = Object::new_proto(ctx.clone(), None)?;
                module.set("default", library::object(ctx, name)?)?;
                Ok(module)
            }
            Imported::Module(other) => self.module(ctx, *other),
        });
        let imports = imports.collect::<Result<_>>()?;
        let exported = compiled.evaluate(ctx, (number, module), imports, is_constant)?;
        let mut modules = modules.borrow_mut();
        modules.resize(self.program.modules.len(), None);
        modules[number] = Some(Persistent::save(ctx, exported.clone()));
        Ok(exported)
    }
}
