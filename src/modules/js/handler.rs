//! Handlers: a function of a module, and where it is called from.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use rquickjs::{Ctx, Result, Value};

use super::current;
use super::request;
use super::running::Running;
use crate::http::course::circumstances::Circumstances;
use crate::http::course::request::Request;
use crate::http::plan::state::StateIndex;
use crate::script::fault::Fault;
use crate::script::instance::{Instance, Path};
use crate::script::program::Program;

/// The program of a configuration, once that is built.
pub(super) type Shared = Arc<OnceLock<Arc<Program>>>;

/// A function that a directive names.
#[derive(Clone)]
pub(super) struct Handler {
    pub path: Path,
    pub program: Shared,
    /// `js_limit_time`
    pub limit: Duration,
    pub state: StateIndex<Running>,
}

impl Handler {
    /// Calls it with `r`, and with further arguments.
    ///
    /// # Errors
    /// What it throws.
    pub(super) fn call<R>(
        &self,
        request: &mut Request,
        more: impl for<'js> FnOnce(&Ctx<'js>) -> Result<Vec<Value<'js>>>,
        result: impl for<'js> FnOnce(&Ctx<'js>, Value<'js>) -> Result<R>,
    ) -> std::result::Result<R, Fault> {
        let instance = self.instance(request)?;
        let state = self.state;
        current::lend(request, || {
            instance.call(
                &self.path,
                self.limit,
                |ctx| {
                    let mut all = vec![request::object(ctx, state)?];
                    all.extend(more(ctx)?);
                    Ok(all)
                },
                result,
            )
        })
    }

    /// Gives the script what it has waited for.
    ///
    /// # Errors
    /// What it throws.
    pub(super) fn go_on(&self, request: &mut Request) -> std::result::Result<(), Fault> {
        let instance = self.instance(request)?;
        current::lend(request, || instance.go_on(self.limit))
    }

    /// What the script of the request waits for.
    pub(super) fn wait(
        &self,
        request: &mut Request,
    ) -> Option<impl Future<Output = ()> + Send + use<>> {
        request.state(self.state).instance.as_ref()?.wait()
    }

    fn instance(&self, request: &mut Request) -> std::result::Result<Arc<Instance>, Fault> {
        let running = request.state(self.state);
        if let Some(instance) = &running.instance {
            return Ok(Arc::clone(instance));
        }
        let program = self.program.get();
        let program = program.ok_or_else(|| Fault::new("the configuration is not built yet"))?;
        let instance = Arc::new(Instance::new(program)?);
        running.instance = Some(Arc::clone(&instance));
        Ok(instance)
    }
}

/// Tells the log what a script has failed with.
pub(super) fn complain(request: &Request, fault: &Fault) {
    log::error!("js exception: {fault}{}", Circumstances(request));
}
