//! Instances: a program in the hands of one request.
//!
//! Nothing of a script is held by whoever waits, so an instance is a number for the rest of the world; values of
//! scripts stay with the engine of the thread. After each call all jobs are run that it has left, so whatever runs
//! belongs to the instance that was called.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use rquickjs::atom::PredefinedAtom;
use rquickjs::{Ctx, Error, Exception, Function, Object, Persistent, Result, Value};

use super::engine::{self, Engine};
use super::fault::Fault;
use super::library;
use super::operation::Operations;
use super::program::{Imported, Program};
use super::realm::Realm;
use crate::os::script::again;

/// A program in the hands of one request; it goes when this is dropped.
#[derive(Debug)]
pub struct Instance {
    number: u64,
}

/// The instances of an engine.
#[derive(Default)]
pub(super) struct Instances {
    all: RefCell<BTreeMap<u64, Rc<State>>>,
    last: Cell<u64>,
    /// The one whose script is running.
    current: RefCell<Option<Rc<State>>>,
}

/// What there is of an instance.
pub(super) struct State {
    number: u64,
    realm: Rc<Realm>,
    program: Arc<Program>,
    modules: RefCell<Vec<Option<Persistent<Object<'static>>>>>,
    pub(super) operations: Operations,
}

/// A function of a program: a module's, or one that a member of a module has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Path {
    /// The module, by its number in the program.
    pub module: usize,
    /// The members that lead to it from what the module exports by default.
    pub members: Vec<String>,
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
        let number = engine.instances.last.get() + 1;
        engine.instances.last.set(number);
        let state = State {
            number,
            realm,
            program: Arc::clone(program),
            modules: RefCell::default(),
            operations: Operations::default(),
        };
        let mut all = engine.instances.all.borrow_mut();
        all.insert(number, Rc::new(state));
        Ok(Self { number })
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
            let value = function.call((argument(ctx)?,))?;
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

    /// Gives scripts the results of what they have waited for.
    ///
    /// # Errors
    /// As for `call`.
    pub fn go_on(&self, limit: Duration) -> std::result::Result<(), Fault> {
        while let Some(arrived) = self.state()?.operations.take() {
            self.enter(limit, |ctx, _| arrived.give(ctx))?;
        }
        Ok(())
    }

    /// What ends when one of the things is there that it waits for; `None` if it waits for nothing.
    pub fn wait(&self) -> Option<impl Future<Output = ()> + Send + use<>> {
        self.state().ok()?.operations.wait()
    }

    fn state(&self) -> std::result::Result<Rc<State>, Fault> {
        let engine = engine::engine()?;
        let state = engine.instances.all.borrow().get(&self.number).cloned();
        state.ok_or_else(|| Fault::new("the script belongs to another thread"))
    }

    fn enter<R>(
        &self,
        limit: Duration,
        work: impl for<'js> FnOnce(&Ctx<'js>, &Rc<State>) -> Result<R>,
    ) -> std::result::Result<R, Fault> {
        let engine = engine::engine()?;
        let state = self.state()?;
        let before = engine.instances.current.replace(Some(Rc::clone(&state)));
        let context = &state.realm.context;
        let result = match before {
            // A script has read a variable that is a script's: what there is to be done is left to the first of them.
            Some(_) => again(context, |ctx| {
                work(&ctx, &state).map_err(|error| Fault::of(&ctx, &error))
            }),
            None => {
                let result = context.with(|ctx| run(&engine, limit, &ctx, |ctx| work(ctx, &state)));
                engine.forget_jobs(context);
                result
            }
        };
        engine.instances.current.replace(before);
        result
    }
}

/// Runs a script and the jobs that it leaves, for no longer than the limit.
fn run<'js, R>(
    engine: &Engine,
    limit: Duration,
    ctx: &Ctx<'js>,
    work: impl FnOnce(&Ctx<'js>) -> Result<R>,
) -> std::result::Result<R, Fault> {
    engine.deadline.begin(limit);
    let mut result = work(ctx).map_err(|error| Fault::of(ctx, &error));
    while !engine.deadline.has_passed() && ctx.execute_pending_job() {}
    let rejected = engine.rejections.take(ctx);
    if let (Some(fault), true) = (rejected, result.is_ok()) {
        result = Err(fault);
    }
    if !engine.deadline.end() {
        let stack = result.err().map(|fault| fault.stack).unwrap_or_default();
        let message = format!("the script ran for longer than {limit:?}");
        return Err(Fault { message, stack });
    }
    result
}

impl Drop for Instance {
    fn drop(&mut self) {
        if let Ok(engine) = engine::engine() {
            let state = engine.instances.all.borrow_mut().remove(&self.number);
            drop(state);
        }
    }
}

/// The number of the instance whose script is running.
pub fn current() -> Option<u64> {
    let engine = engine::engine().ok()?;
    let current = engine.instances.current.borrow();
    current.as_ref().map(|state| state.number)
}

/// The instance whose script is running.
pub(super) fn current_state(ctx: &Ctx<'_>) -> Result<Rc<State>> {
    let current = engine::engine()
        .ok()
        .and_then(|engine| engine.instances.current.borrow().clone());
    current.ok_or_else(|| Exception::throw_message(ctx, "no script is running"))
}

impl State {
    fn function<'js>(&self, ctx: &Ctx<'js>, path: &Path) -> Result<Function<'js>> {
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
        let known = self.modules.borrow().get(number).cloned().flatten();
        if let Some(known) = known {
            return known.restore(ctx);
        }
        if self.program.is_apart && self.modules.borrow().is_empty() {
            Realm::furnish(ctx, &self.program)?;
        }
        let factories = self.realm.factories(ctx, &self.program)?;
        let factory = factories.get(number).cloned().ok_or(Error::Unknown)?;
        let imports = &self.program.modules[number].imports;
        let mut arguments = rquickjs::function::Args::new(ctx.clone(), imports.len());
        for import in imports {
            arguments.push_arg(match import {
                Imported::Library(name) => {
                    let module = Object::new_proto(ctx.clone(), None)?;
                    module.set("default", library::object(ctx, name)?)?;
                    module
                }
                Imported::Module(other) => self.module(ctx, *other)?,
            })?;
        }
        let module: Object<'js> = factory.restore(ctx)?.call_arg(arguments)?;
        let mut modules = self.modules.borrow_mut();
        modules.resize(self.program.modules.len(), None);
        modules[number] = Some(Persistent::save(ctx, module.clone()));
        Ok(module)
    }
}
