//! What scripts wait for: work outside of the engine, whose result settles a promise.
//!
//! The work is a task of its own, so that several things are waited for at once. Its result goes to the instance that
//! has begun it, and wakes whoever waits on the instance's behalf; values of scripts stay where they are meanwhile.

use std::any::Any;
use std::cell::{Cell, OnceCell, RefCell};
use std::collections::HashMap;
use std::sync::Arc;

use parking_lot::Mutex;
use rquickjs::{Ctx, Error, Function, Persistent, Promise, Result, Value};
use tokio::sync::Notify;
use tokio::task::AbortHandle;

use super::instance;

/// A thing that a script waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Operation(pub u64);

/// What an instance waits for; all of it ends when this is dropped. Most instances wait for nothing.
#[derive(Default)]
pub(super) struct Operations(OnceCell<Begun>);

#[derive(Default)]
struct Begun {
    pending: RefCell<HashMap<u64, Pending>>,
    last: Cell<u64>,
    arrivals: Arc<Arrivals>,
    /// Has a reference more for each piece of work that was detached and is under way.
    detached: Arc<()>,
}

struct Pending {
    task: AbortHandle,
    take: Take,
}

/// Takes a result, in the context of the script.
type Take = Box<dyn for<'js> FnOnce(&Ctx<'js>, Box<dyn Any + Send>) -> Result<()>>;

/// Results that the script was not given yet.
#[derive(Default)]
struct Arrivals {
    results: Mutex<Vec<(u64, Box<dyn Any + Send>)>>,
    bell: Notify,
}

/// A result that has come.
pub(super) struct Arrived {
    take: Take,
    result: Box<dyn Any + Send>,
}

/// More at a time are refused: a script that begins them in a loop would take all memory.
const MOST: usize = 4096;
/// The same of work that nobody waits for.
const MOST_DETACHED: usize = 256;

/// Begins work on behalf of the script that is running; `take` is called with its result, within the script's
/// context, whereupon jobs are run.
///
/// # Errors
/// The script has begun too much already.
pub fn start<T: Send + 'static>(
    ctx: &Ctx<'_>,
    work: impl Future<Output = T> + Send + 'static,
    take: impl for<'js> FnOnce(&Ctx<'js>, T) -> Result<()> + 'static,
) -> Result<Operation> {
    let state = instance::current_state(ctx)?;
    state.operations.begun().start(ctx, work, take)
}

/// Begins work on behalf of the script that is running; the promise is resolved with what `settle` makes of its result,
/// or rejected with what that throws.
///
/// # Errors
/// The script has begun too much already.
pub fn promise<'js, T: Send + 'static>(
    ctx: &Ctx<'js>,
    work: impl Future<Output = T> + Send + 'static,
    settle: impl for<'a> FnOnce(&Ctx<'a>, T) -> Result<Value<'a>> + 'static,
) -> Result<Promise<'js>> {
    let (promise, resolve, reject) = ctx.promise()?;
    let (resolve, reject) = (
        Persistent::save(ctx, resolve),
        Persistent::save(ctx, reject),
    );
    start(ctx, work, move |ctx, result| {
        let outcome = settle(ctx, result);
        finish(ctx, outcome, (resolve, reject))
    })?;
    Ok(promise)
}

type Kept = Persistent<Function<'static>>;

fn finish<'js>(ctx: &Ctx<'js>, outcome: Result<Value<'js>>, settle: (Kept, Kept)) -> Result<()> {
    match outcome {
        Ok(value) => settle.0.restore(ctx)?.call((value,)),
        Err(Error::Exception) => settle.1.restore(ctx)?.call((ctx.catch(),)),
        Err(error) => Err(error),
    }
}

/// Has work done of which the script never hears.
///
/// # Errors
/// The script has begun too much of that already.
pub fn detach(ctx: &Ctx<'_>, work: impl Future<Output = ()> + Send + 'static) -> Result<()> {
    let state = instance::current_state(ctx)?;
    let own = &state.operations.begun().detached;
    if Arc::strong_count(own) > MOST_DETACHED || tokio::runtime::Handle::try_current().is_err() {
        let message = format!("the script has {MOST_DETACHED} detached subrequests under way");
        return Err(rquickjs::Exception::throw_message(ctx, &message));
    }
    let own = Arc::clone(own);
    tokio::spawn(async move {
        work.await;
        drop(own);
    });
    Ok(())
}

/// Nobody waits for this any more. Its work ends where it is.
///
/// # Errors
/// No script is running.
pub fn cancel(ctx: &Ctx<'_>, operation: Operation) -> Result<()> {
    let state = instance::current_state(ctx)?;
    let begun = state.operations.begun();
    let pending = begun.pending.borrow_mut().remove(&operation.0);
    if let Some(pending) = pending {
        pending.task.abort();
    }
    Ok(())
}

impl Operations {
    fn begun(&self) -> &Begun {
        self.0.get_or_init(Begun::default)
    }

    /// The next result that has come for something that is waited for.
    pub(super) fn take(&self) -> Option<Arrived> {
        self.0.get()?.take()
    }

    /// See [`instance::Instance::wait`].
    pub(super) fn wait(&self) -> Option<impl Future<Output = ()> + Send + use<>> {
        self.0.get()?.wait()
    }
}

impl Begun {
    fn start<T: Send + 'static>(
        &self,
        ctx: &Ctx<'_>,
        work: impl Future<Output = T> + Send + 'static,
        take: impl for<'js> FnOnce(&Ctx<'js>, T) -> Result<()> + 'static,
    ) -> Result<Operation> {
        if self.pending.borrow().len() >= MOST || tokio::runtime::Handle::try_current().is_err() {
            let message = "the script waits for too much, or where nothing can be waited for";
            return Err(rquickjs::Exception::throw_message(ctx, message));
        }
        let number = self.last.get() + 1;
        self.last.set(number);
        let arrivals = Arc::clone(&self.arrivals);
        let task = tokio::spawn(async move {
            let result = work.await;
            arrivals.results.lock().push((number, Box::new(result)));
            arrivals.bell.notify_one();
        });
        let pending = Pending {
            task: task.abort_handle(),
            take: Box::new(move |ctx, result| match result.downcast() {
                Ok(result) => take(ctx, *result),
                Err(_) => Err(Error::Unknown),
            }),
        };
        self.pending.borrow_mut().insert(number, pending);
        Ok(Operation(number))
    }

    fn take(&self) -> Option<Arrived> {
        loop {
            let mut results = self.arrivals.results.lock();
            if results.is_empty() {
                return None;
            }
            let (number, result) = results.remove(0);
            drop(results);
            let pending = self.pending.borrow_mut().remove(&number);
            if let Some(Pending { take, .. }) = pending {
                return Some(Arrived { take, result });
            }
        }
    }

    fn wait(&self) -> Option<impl Future<Output = ()> + Send + use<>> {
        if self.pending.borrow().is_empty() {
            return None;
        }
        let arrivals = Arc::clone(&self.arrivals);
        Some(async move {
            if !arrivals.results.lock().is_empty() {
                tokio::task::yield_now().await;
            }
            while arrivals.results.lock().is_empty() {
                arrivals.bell.notified().await;
            }
        })
    }
}

impl Drop for Begun {
    fn drop(&mut self) {
        for pending in self.pending.get_mut().values() {
            pending.task.abort();
        }
    }
}

impl Arrived {
    /// Gives it to the script.
    pub(super) fn give(self, ctx: &Ctx<'_>) -> Result<()> {
        (self.take)(ctx, self.result)
    }
}
