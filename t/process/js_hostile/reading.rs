//! Texts, expressions and programs that are long to read.

use super::Fate::{self, Any, Ended};

/// The body of a function, and what becomes of it.
pub(super) const SCRIPTS: &[(&str, Fate)] = &[
    // Expressions that are long to read.
    (
        "new RegExp('[' + Array.from({ length: 5e5 }, (_, i) => String.fromCodePoint(0x10000 + 2 * i)).join('') + ']', 'u');",
        Any,
    ),
    (
        "new RegExp('[' + Array.from({ length: 2e5 }, (_, i) => String.fromCodePoint(0x90000 - 2 * i)).join('') + ']', 'u');",
        Any,
    ),
    (
        "new RegExp('[' + Array.from({ length: 2e5 }, (_, i) => String.fromCodePoint(0x90000 - 2 * i)).join('') + ']', 'iu');",
        Any,
    ),
    ("new RegExp('[' + '\\\\p{L}'.repeat(1e5) + ']', 'u');", Any),
    ("new RegExp('[' + '\\\\P{L}'.repeat(1e5) + ']', 'iu');", Any),
    ("new RegExp('\\\\p{L}'.repeat(1e5), 'iu');", Any),
    ("new RegExp('\\\\k<a>'.repeat(3e5) + '(?<a>)');", Any),
    (
        "new RegExp('(?:'.repeat(1e5) + 'a' + '){3}'.repeat(1e5));",
        Any,
    ),
    ("new RegExp('a|'.repeat(1e6));", Any),
    (
        "new Function('let ' + Array.from({ length: 1e5 }, (_, i) => 'a' + i).join() + ';' + 'a0;'.repeat(3e5));",
        Any,
    ),
    (
        "new Function('var ' + Array.from({ length: 1e5 }, (_, i) => 'a' + i).join() + ';' + 'a0;'.repeat(3e5));",
        Any,
    ),
    ("(0, eval)('1' + '===1'.repeat(1e6));", Any),
    (
        "(0, eval)('{let a' + ';{let a'.repeat(3e4) + '}'.repeat(3e4) + '}');",
        Any,
    ),
    (
        "(0, eval)('(class { #a0;' + Array.from({ length: 1e5 }, (_, i) => '#b' + i + ';').join('') + 'f(){' + 'this.#a0;'.repeat(2e5) + '} })');",
        Any,
    ),
    ("(0, eval)('[' + '1,'.repeat(2e6) + ']');", Any),
    (
        "(0, eval)('({' + Array.from({ length: 2e5 }, (_, i) => 'a' + i + ':1').join() + '})');",
        Any,
    ),
    (
        "(0, eval)('f=(' + Array.from({ length: 6e4 }, (_, i) => 'a' + i).join() + ')=>{' + 'a0;'.repeat(3e5) + '}');",
        Any,
    ),
    (
        "(0, eval)('function f(){' + 'goto:for(;;){break goto}'.repeat(1e5) + '}');",
        Any,
    ),
    (
        "let a = 'a', b = 'a'; for (let i = 0; i < 29; i++) { a = a + a; b = b + b; } for (;;) a === b;",
        Ended,
    ),
    (
        "let a = 'a', b = 'a'; for (let i = 0; i < 29; i++) { a = a + a; b = b + b; } for (;;) a < b;",
        Ended,
    ),
    (
        "let a = 'a', b = 'a'; for (let i = 0; i < 26; i++) { a = a + a; b = b + b; } new Set([a]).has(b);",
        Ended,
    ),
    (
        "let a = 'a'.repeat(1e4), b = 'a'.repeat(1e4); for (let i = 0; i < 1e5; i++) { a = a + 'x'; b = 'x' + b; } for (;;) a === b;",
        Ended,
    ),
    (
        "const t = 'x'.repeat(1e7), a = t + 'a', b = t + 'b'; const f = (n) => n ? f(n - 1) === (a === b) : 1; for (;;) f(1000);",
        Ended,
    ),
    ("'a'.repeat(4e6).replace(/(?=a{5000})a/g, '');", Ended),
    ("'a'.repeat(4e6).replace(/(?=a{5000})a/g, 'b');", Ended),
    ("'a'.replace(/(?<x>a)/, '$<'.repeat(2e6));", Ended),
    (
        "'a'.repeat(1e5).replace(/(b)?a/g, '$1'.repeat(2e6));",
        Ended,
    ),
    ("'a'.repeat(4e7).lastIndexOf('b' + 'a'.repeat(255));", Any),
    ("'a'.repeat(4e7).indexOf('a'.repeat(255) + 'b');", Any),
    (
        "'\\u0101'.repeat(2e7).indexOf('\\u0101'.repeat(255) + 'b');",
        Any,
    ),
    (
        "'\\u0101'.repeat(2e7).lastIndexOf('b' + '\\u0101'.repeat(255));",
        Any,
    ),
    (
        "'\\u0101'.repeat(2e7).split('\\u0101'.repeat(255) + 'b');",
        Any,
    ),
    (
        "Number('1'.repeat(1e7)); parseInt('1'.repeat(1e7), 3); parseInt('z'.repeat(1e7), 36); Number('0x' + 'f'.repeat(1e7)); parseFloat('1'.repeat(1e7) + 'e-10000000');",
        Any,
    ),
    ("BigInt('0x' + 'f'.repeat(1e7));", Any),
    ("BigInt('1'.repeat(1e7));", Any),
    (
        "('\\u0301\\u0323'.repeat(511) + 'a').repeat(5000).normalize('NFD');",
        Any,
    ),
    ("q.parse('a&'.repeat(1e7));", Any),
    (
        "q.parse('%41&'.repeat(5e6), '&', '=', { maxKeys: 0 });",
        Any,
    ),
    (
        "q.parse('aab'.repeat(5e6), 'a'.repeat(1e5), 'b'.repeat(1e5));",
        Any,
    ),
    (
        "q.parse(Array.from({ length: 3e5 }, (_, i) => 'a' + i).join('&'), '&', '=', { maxKeys: 0 });",
        Any,
    ),
    (
        "new TextDecoder().decode(new Uint8Array(3e7).fill(0xff));",
        Any,
    ),
    ("new TextEncoder().encode('\\ud800'.repeat(1e7));", Any),
    (
        "(0, eval)('function f(){' + 'a:for(;;){break a}'.repeat(1e4) + '}');",
        Any,
    ),
    (
        "(0, eval)('function f(){' + 'let a=1;'.replace('a', 'b') + '{let c=()=>c;}'.repeat(1e5) + '}');",
        Any,
    ),
    (
        "(0, eval)(Array.from({ length: 6e4 }, (_, i) => 'function f' + i + '(){}').join(';'));",
        Any,
    ),
    (
        "(0, eval)('function f(' + Array.from({ length: 6e4 }, (_, i) => 'a' + i).join() + '){\"use strict\"}');",
        Any,
    ),
    (
        "(0, eval)('({' + Array.from({ length: 6e4 }, (_, i) => 'a' + i).join() + '}) => 1');",
        Any,
    ),
    ("(0, eval)('a\\n'.repeat(5e6));", Any),
];
