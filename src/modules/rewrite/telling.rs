//! `rewrite_log`: the error log is told what rewriting does.

use crate::conf::{Arity, DirectiveSpec, Doc, SPEC};

pub(super) const REWRITE_LOG: DirectiveSpec = DirectiveSpec {
    name: "rewrite_log",
    contexts: super::CONTEXTS.or(crate::conf::Contexts::HTTP),
    arity: Arity::FLAG,
    doc: Doc {
        syntax: "rewrite_log on | off;",
        default: "rewrite_log off;",
        text: "Whether the error log tells, at the level `notice`, which regular expressions of \
               `rewrite` and `if` match, and what a `rewrite` makes of the URI. As all of the log, it leaves out \
               what comes too often: it is for looking at single requests.",
        example: "error_log logs/error.log notice;\nhttp { server { rewrite_log on; … } }",
    },
    apply: |statement| {
        let on = statement.flag(1)?;
        statement.scope.insert(RewriteLog(on));
        Ok(())
    },
    ..SPEC
};

/// `rewrite_log`
pub(super) struct RewriteLog(pub bool);
