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
    use crate::modules::unused::fixed::FIXED;

    #[test]
    fn what_the_server_has_is_not_foreign() {
        let all = MODULES.iter().flat_map(|module| module.directives);
        let is_fixed = |name| FIXED.iter().any(|row| row.name == name);
        for spec in all.filter(|spec| !is_fixed(spec.name)) {
            assert!(FOREIGN.directive(spec.name).is_none(), "{}", spec.name);
        }
        let plain = MODULES.iter().flat_map(|module| module.variables);
        for spec in plain.filter(|spec| !spec.name.ends_with('*')) {
            assert!(FOREIGN.variable(spec.name).is_none(), "{}", spec.name);
        }
    }

    /// What stands in quotes and ends as statements do is advice to write it.
    #[test]
    fn lines_to_write_instead_can_be_written() {
        let features = FOREIGN.0.iter().copied().flatten();
        let lines = features.flat_map(|one| one.instead.split('"').skip(1).step_by(2));
        let lines: Vec<&str> = lines.filter(|line| line.ends_with([';', '}'])).collect();
        assert!(lines.len() > 5, "{lines:?}");
        for line in lines {
            let wholes = [
                format!("events {{}} http {{ {line} server {{ listen 8080; }} }}"),
                format!(
                    "events {{}} http {{ {line} server {{ listen 8080; return 200 $NAME; }} }}"
                ),
                format!("events {{}} http {{ server {{ ssl_reject_handshake on; {line} }} }}"),
                format!("events {{}} http {{ server {{ location / {{ {line} }} }} }}"),
                format!("events {{}} http {{ upstream u {{ {line} server 127.0.0.1:1; }} }}"),
            ];
            let loads = |text: &String| crate::modules::core::trial::load(text.clone()).is_ok();
            assert!(wholes.iter().any(loads), "{line}");
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
