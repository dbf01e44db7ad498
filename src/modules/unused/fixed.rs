//! Directives of which one value is what is done here anyway: with that they have no effect, with any other they ask for
//! something that is not here, and `foreign` knows what to do instead.

use super::foreign::FOREIGN;
use super::{HTTP, INNER, OUTER, SENDING};
use crate::conf::{Arity, Contexts, DirectiveSpec, Doc, SPEC};

/// The whole list.
pub(super) const FIXED: &[DirectiveSpec] = &[
    fixed(
        "client_body_in_file_only on | clean | off;",
        "client_body_in_file_only off;",
        INNER,
        OFF,
    ),
    fixed("ssi on | off;", "ssi off;", SENDING, OFF),
    fixed(
        "slice SIZE;",
        "slice 0;",
        INNER,
        "Has no effect: responses are kept whole. Other values than `0` are not supported.",
    ),
    fixed(
        "proxy_store on | off | PATH;",
        "proxy_store off;",
        INNER,
        OFF,
    ),
    fixed(
        "fastcgi_store on | off | PATH;",
        "fastcgi_store off;",
        INNER,
        OFF,
    ),
    fixed(
        "uwsgi_store on | off | PATH;",
        "uwsgi_store off;",
        INNER,
        OFF,
    ),
    fixed("scgi_store on | off | PATH;", "scgi_store off;", INNER, OFF),
    fixed(
        "proxy_cookie_domain off | DOMAIN REPLACEMENT;",
        "proxy_cookie_domain off;",
        INNER,
        OFF,
    ),
    fixed(
        "proxy_cookie_path off | PATH REPLACEMENT;",
        "proxy_cookie_path off;",
        INNER,
        OFF,
    ),
    fixed(
        "proxy_cookie_flags off | COOKIE [FLAG ...];",
        "proxy_cookie_flags off;",
        INNER,
        OFF,
    ),
    fixed("http3 on | off;", "http3 off;", OUTER, OFF),
    fixed("modsecurity on | off;", "modsecurity off;", INNER, OFF),
    fixed(
        "optimize_server_names on | off;",
        "optimize_server_names off;",
        HTTP,
        OFF,
    ),
];

const OFF: &str = "Has no effect: it is off. Other values than `off` are not supported.";

/// A row; the name is the first word of the statement that says what is so anyway.
const fn fixed(
    syntax: &'static str,
    default: &'static str,
    contexts: Contexts,
    text: &'static str,
) -> DirectiveSpec {
    DirectiveSpec {
        name: super::first_word(default),
        contexts,
        arity: Arity::at_least(1),
        doc: Doc {
            syntax,
            default,
            text,
            example: "",
        },
        apply: |statement| {
            let name = &statement.directive.name;
            let rows = FIXED.iter().filter(|row| row.name == name.text);
            let written = format!("{} {};", name.text, statement.text(1));
            let is_so = rows.clone().any(|row| row.doc.default == written);
            let diagnostics = &mut *statement.diagnostics;
            if is_so && statement.directive.arguments.len() == 1 {
                diagnostics.note_without_effect(name.span, name.text.as_str());
            } else if let Some(feature) = FOREIGN.directive(&name.text) {
                diagnostics.missing(feature, Some(name.span), &name.text);
            }
            Ok(())
        },
        ..SPEC
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Else another value would be accepted and ignored.
    #[test]
    fn other_values_ask_for_a_feature() {
        for row in FIXED {
            assert!(FOREIGN.directive(row.name).is_some(), "{}", row.name);
            let words: Vec<&str> = row.doc.default.split(' ').collect();
            assert_eq!(words.len(), 2, "{}", row.name);
            assert!(words[1].ends_with(';'), "{}", row.name);
        }
    }
}
