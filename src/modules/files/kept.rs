//! `open_file_cache` and its family: files stay open between requests.

use std::sync::Arc;
use std::time::Duration;

use crate::conf::{Arity, Chain, Contexts, DirectiveSpec, Doc, SPEC};
use crate::modules::open_files::{OpenFiles, Terms, read_terms};

/// The rows.
pub(super) const ROWS: &[DirectiveSpec] = &[
    DirectiveSpec {
        name: "open_file_cache",
        contexts: EVERYWHERE,
        arity: Arity::between(1, 2),
        doc: Doc {
            syntax: "open_file_cache max=NUMBER [inactive=TIME];\nopen_file_cache off;",
            default: "open_file_cache off;",
            text: "How many files a worker keeps open between requests, with what is known of them: `max` of them, those whose last use is \
                   longest ago going first; each until it was not used for `inactive` (60s). Each takes a descriptor, and a \
                   file that is removed takes its place on the disk until then. What is written to a file in place shows \
                   at once or after `open_file_cache_valid`, as far as its length goes. It holds for what `root` and `alias` lead to; blocks share the table of the level \
                   that it is written at.",
            example: "open_file_cache max=1000 inactive=20s;",
        },
        apply: |statement| {
            let defaults = Terms {
                most: 0,
                inactive: Duration::from_secs(60),
                valid: Duration::from_secs(60),
                min_uses: 1,
                errors: false,
            };
            let terms = read_terms(statement, |_, _, _| None, defaults)?;
            let files = terms.map(|terms| Arc::new(OpenFiles::new(terms)));
            statement.scope.insert(KeptWritten(files));
            Ok(())
        },
        ..SPEC
    },
    DirectiveSpec {
        name: "open_file_cache_valid",
        contexts: EVERYWHERE,
        doc: Doc {
            syntax: "open_file_cache_valid TIME;",
            default: "open_file_cache_valid 60s;",
            text: "After this time it is looked whether a name of `open_file_cache` still means the same file.",
            example: "open_file_cache_valid 30s;",
        },
        apply: |statement| {
            let time = Duration::from_secs(statement.seconds(1)?);
            statement.scope.insert(Valid(time));
            Ok(())
        },
        ..SPEC
    },
    DirectiveSpec {
        name: "open_file_cache_min_uses",
        contexts: EVERYWHERE,
        doc: Doc {
            syntax: "open_file_cache_min_uses NUMBER;",
            default: "open_file_cache_min_uses 1;",
            text: "A file stays open from so many uses on, none of them later than `inactive` of `open_file_cache` after the one before.",
            example: "open_file_cache_min_uses 2;",
        },
        apply: |statement| {
            let uses = statement.number(1)?;
            statement.scope.insert(MinUses(uses));
            Ok(())
        },
        ..SPEC
    },
    DirectiveSpec {
        name: "open_file_cache_errors",
        contexts: EVERYWHERE,
        arity: Arity::FLAG,
        doc: Doc {
            syntax: "open_file_cache_errors on | off;",
            default: "open_file_cache_errors off;",
            text: "Whether it is remembered, too, that a file is not there or may not be read.",
            example: "open_file_cache_errors on;",
        },
        apply: |statement| {
            let on = statement.flag(1)?;
            statement.scope.insert(Errors(on));
            Ok(())
        },
        ..SPEC
    },
];

const EVERYWHERE: Contexts = Contexts::HTTP.or(Contexts::SERVER).or(Contexts::LOCATION);

struct KeptWritten(Option<Arc<OpenFiles>>);
struct Valid(Duration);
struct MinUses(u64);
struct Errors(bool);

/// The files that are kept for a location.
pub(super) fn of(chain: &Chain<'_>) -> Option<Arc<OpenFiles>> {
    let KeptWritten(files) = chain.nearest()?;
    let files = files.as_ref()?.on_other_terms(|terms| {
        if let Some(Valid(time)) = chain.nearest() {
            terms.valid = *time;
        }
        if let Some(MinUses(uses)) = chain.nearest() {
            terms.min_uses = *uses;
        }
        terms.errors = chain.nearest().is_some_and(|Errors(on)| *on);
    });
    Some(Arc::new(files))
}
