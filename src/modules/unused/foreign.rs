//! What nginx, Angie and their best-known modules have and this server has not, feature by feature:
//! names as their public references list them, and what to do instead.
//!
//! Only problems of a configuration look here. A name that the server has itself does not belong into
//! these tables.

mod content;
mod core;
mod encryption;
mod modules;
mod origins;
mod scripts;
mod streams;
mod upstreams;

use crate::conf::Foreign;

/// All of them.
pub(in crate::modules) const FOREIGN: Foreign = Foreign(&[
    content::FEATURES,
    core::FEATURES,
    encryption::FEATURES,
    modules::FEATURES,
    origins::FEATURES,
    scripts::FEATURES,
    streams::FEATURES,
    upstreams::FEATURES,
]);

const NGINX: &str = "nginx";
const PLUS: &str = "NGINX Plus";
const ANGIE: &str = "Angie";

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;
    use crate::modules::MODULES;

    #[test]
    fn what_the_server_has_is_not_foreign() {
        for spec in MODULES.iter().flat_map(|module| module.directives) {
            assert!(FOREIGN.directive(spec.name).is_none(), "{}", spec.name);
        }
        let plain = MODULES.iter().flat_map(|module| module.variables);
        for spec in plain.filter(|spec| !spec.name.ends_with('*')) {
            assert!(FOREIGN.variable(spec.name).is_none(), "{}", spec.name);
        }
    }

    #[test]
    fn a_name_belongs_to_one_feature() {
        let features = || FOREIGN.0.iter().copied().flatten();
        let mut seen = HashSet::new();
        for name in features().flat_map(|one| one.directives.split_whitespace()) {
            assert!(seen.insert(name), "{name} stands twice");
        }
        seen.clear();
        for name in features().flat_map(|one| one.variables.split_whitespace()) {
            assert!(seen.insert(name), "${name} stands twice");
        }
    }
}
