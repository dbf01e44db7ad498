//! Handlers: a function of a module, and how it is called on behalf of a request.

use std::sync::Arc;
use std::time::Duration;

use rquickjs::{Ctx, Result, Value};

use super::current;
use super::fetch::{self, Terms};
use super::request;
use super::site::Site;
use crate::http::course::circumstances::Circumstances;
use crate::http::course::request::Request;
use crate::script::fault::Fault;
use crate::script::instance::Instance;
use crate::script::path::Path;

/// A function that a directive names.
#[derive(Clone)]
pub(super) struct Handler {
    pub path: Path,
    /// The terms on which it may fetch.
    pub fetch: Arc<Terms>,
    pub site: Arc<Site>,
    /// `js_limit_time`
    pub limit: Duration,
}

impl Handler {
    /// Calls it with `r`; `result` takes what it returns.
    ///
    /// # Errors
    /// What it throws.
    pub(super) fn call<R>(
        &self,
        request: &mut Request,
        result: impl for<'js> FnOnce(&Ctx<'js>, Value<'js>) -> Result<R>,
    ) -> std::result::Result<R, Fault> {
        let instance = self.instance(request)?;
        self.lend(request, || {
            instance.call(
                &self.path,
                self.limit,
                |ctx| request::object(ctx, &self.site),
                result,
            )
        })
    }

    /// Calls it with `r` and further arguments; `result` takes what it returns.
    ///
    /// # Errors
    /// What it throws.
    pub(super) fn call_with<R>(
        &self,
        request: &mut Request,
        more: impl for<'js> FnOnce(&Ctx<'js>) -> Result<Vec<Value<'js>>>,
        result: impl for<'js> FnOnce(&Ctx<'js>, Value<'js>) -> Result<R>,
    ) -> std::result::Result<R, Fault> {
        let instance = self.instance(request)?;
        self.lend(request, || {
            instance.call_with(
                &self.path,
                self.limit,
                |ctx| {
                    let mut all = vec![request::object(ctx, &self.site)?];
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
        self.lend(request, || instance.go_on(self.limit))
    }

    /// What the script of the request waits for.
    pub(super) fn wait(
        &self,
        request: &mut Request,
    ) -> Option<impl Future<Output = ()> + Send + use<>> {
        request.state(self.site.state).instance.as_ref()?.wait()
    }

    /// Gives what runs in `work` the request, and the terms on which it may fetch.
    fn lend<R>(&self, request: &mut Request, work: impl FnOnce() -> R) -> R {
        fetch::lend(&self.fetch, || current::lend(request, work))
    }

    fn instance(&self, request: &mut Request) -> std::result::Result<Arc<Instance>, Fault> {
        let running = request.state(self.site.state);
        if let Some(instance) = &running.instance {
            return Ok(Arc::clone(instance));
        }
        let program = self.site.program.get();
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
