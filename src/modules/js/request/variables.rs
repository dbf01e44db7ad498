//! `r.variables`: the variables of the configuration.
//!
//! Names that stand in a source are looked up when the configuration is loaded. One that a script puts together has no
//! place in a request unless the configuration mentions it; it can be read, where a table of variables has it.

use rquickjs::{Ctx, Exception, Result, Value};

use super::{Own, buffer, bytes, own, string, with};
use crate::http::course::request::Request;
use crate::os::script::{Call, Dictionary, dictionary};
use crate::script::instance;

/// `r.variables`
pub(super) fn texts<'js>(call: &Call<'js>) -> Result<Value<'js>> {
    all(call, string)
}

/// `r.rawVariables`
pub(super) fn raw<'js>(call: &Call<'js>) -> Result<Value<'js>> {
    all(call, buffer)
}

fn all<'js>(call: &Call<'js>, form: Form) -> Result<Value<'js>> {
    let own = own(call)?.clone();
    Ok(dictionary(call.ctx(), Variables { own, form })?.into_value())
}

type Form = for<'js> fn(&Ctx<'js>, &[u8]) -> Result<Value<'js>>;

struct Variables {
    own: Own,
    form: Form,
}

impl Variables {
    fn read(&self, request: &mut Request, name: &str) -> Option<Vec<u8>> {
        let mut value = Vec::new();
        let found = match self.own.site.variable(name) {
            Some(index) => request.read(index, &mut value),
            None => match name.parse() {
                Ok(number) => request.captures.append(number, &mut value),
                Err(_) => self.own.site.read_row(request, name, &mut value),
            },
        };
        found.then_some(value)
    }
}

impl Dictionary for Variables {
    fn get<'js>(&self, ctx: &Ctx<'js>, name: &str) -> Result<Option<Value<'js>>> {
        let value = with(ctx, &self.own, |request| self.read(request, name))?;
        value.map(|value| (self.form)(ctx, &value)).transpose()
    }

    fn set<'js>(&self, ctx: &Ctx<'js>, name: &str, value: Value<'js>) -> Result<bool> {
        let Some(index) = self.own.site.variable(name) else {
            return Err(Exception::throw_message(ctx, "variable not found"));
        };
        let value = match value.is_undefined() || value.is_null() {
            true => Vec::new(),
            false => bytes(&value)?,
        };
        instance::keep(ctx, value.len())?;
        let is_set = with(ctx, &self.own, |request| {
            let variables = &request.runtime.variables;
            let is_assignable = variables.source(index).assignable();
            if is_assignable {
                request.assign(index, &value);
            }
            is_assignable
        })?;
        match is_set {
            true => Ok(true),
            false => Err(Exception::throw_message(ctx, "variable is not writable")),
        }
    }

    fn delete(&self, _: &Ctx<'_>, _: &str) -> Result<bool> {
        Ok(false)
    }

    fn names(&self, _: &Ctx<'_>) -> Result<Vec<String>> {
        Ok(Vec::new())
    }
}
