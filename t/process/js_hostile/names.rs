//! More names than anybody has.

use super::Fate::{self, Any, Ended};

/// The body of a function, and what becomes of it.
pub(super) const SCRIPTS: &[(&str, Fate)] = &[
    (
        "Reflect.ownKeys(new Proxy({}, { ownKeys: () => Array.from({ length: 2e5 }, (_, i) => 'a' + i) }));",
        Any,
    ),
    (
        "new Headers(Array.from({ length: 1e5 }, (_, i) => ['a' + i, 'b']));",
        Any,
    ),
    (
        "q.stringify(Object.fromEntries(Array.from({ length: 1e5 }, (_, i) => ['a' + i, chain()])));",
        Ended,
    ),
    (
        "Object.assign(r.headersOut, Object.fromEntries(Array.from({ length: 1e5 }, (_, i) => ['a' + i, 'b'])));",
        Any,
    ),
    (
        "for (let i = 0; i < 1e6; i++) r.headersOut['a' + i] = 'b';",
        Any,
    ),
];
