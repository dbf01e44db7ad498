//! `js_set` and `js_var`: variables that scripts make.

use rquickjs::{Ctx, Exception, Result, Value};

use super::handler::{self, Handler};
use super::request;
use crate::http::course::request::Request;
use crate::http::plan::template::Template;
use crate::http::plan::variable::Variable;

/// A variable whose value a function returns.
pub(super) struct Computed {
    pub handler: Handler,
    pub is_cached: bool,
}

impl Variable for Computed {
    fn read(&self, request: &mut Request, out: &mut Vec<u8>) -> bool {
        let state = self.handler.site.state;
        let value = match self.handler.call(request, value) {
            Ok(value) => value,
            Err(fault) => {
                handler::complain(request, &fault);
                return false;
            }
        };
        let said = request.state(state).value.take();
        out.extend_from_slice(&said.unwrap_or(value));
        true
    }

    fn cached(&self) -> bool {
        self.is_cached
    }
}

/// The bytes of what a function has returned. A promise would come too late.
fn value<'js>(ctx: &Ctx<'js>, value: Value<'js>) -> Result<Vec<u8>> {
    if value.is_promise() {
        let message = "a variable cannot wait: its function has returned a promise";
        return Err(Exception::throw_type(ctx, message));
    }
    match value.is_undefined() || value.is_null() {
        true => Ok(Vec::new()),
        false => request::bytes(&value),
    }
}

/// A variable that scripts assign.
pub(super) struct Assigned(pub Template);

impl Variable for Assigned {
    fn read(&self, request: &mut Request, out: &mut Vec<u8>) -> bool {
        out.extend_from_slice(&self.0.evaluate(request));
        true
    }

    fn assignable(&self) -> bool {
        true
    }
}
