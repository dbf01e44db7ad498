//! From which phase on a variable has its final value.

use super::builder::Builder;
use crate::http::plan::phase::Phase;

impl Builder<'_> {
    /// The phase from which a variable has its final value; the first for one that is not in the
    /// tables. Of one that is made of others, the last of theirs, with the name that it is due to.
    pub fn available_from(&self, name: &str) -> (Phase, String) {
        let rows = || {
            let modules = self.modules.iter();
            modules.flat_map(|module| module.variables.iter().chain(module.described))
        };
        let phase = |name: &String| {
            let row = rows().find(|row| row.is(name));
            row.map_or(Phase::Request, |row| row.available_from)
        };
        let parts = self.variables.parts(name).into_iter().rev();
        let latest = parts.map(|name| (phase(&name), name));
        latest
            .max_by_key(|(phase, _)| *phase)
            .unwrap_or((Phase::Request, name.to_owned()))
    }
}
