//! Lists whose elements take long to get or to read, and objects that answer slowly.

use super::Fate::{self, Any, Ended, Time};

/// The body of a function, and what becomes of it.
pub(super) const SCRIPTS: &[(&str, Fate)] = &[
    // Texts that become numbers or names, one after the other, and what is looked for along a chain of prototypes.
    (
        "Object.fromEntries([['x'.repeat(4e6), 1]].concat(Array(1e5).fill(['x'.repeat(4e6), 1])));",
        Time,
    ),
    ("new Set(Array(1e6).fill('x'.repeat(4e6)));", Time),
    ("new Map(Array(1e6).fill(['x'.repeat(4e6), 1]));", Time),
    ("new Set(Array(1e6).fill(2n ** 1000000n));", Time),
    ("Math.max(...Array(6e4).fill(' '.repeat(1e7) + '1'));", Time),
    (
        "Math.hypot(...Array(6e4).fill(' '.repeat(1e7) + '1'));",
        Time,
    ),
    (
        "String.fromCharCode(...Array(6e4).fill(' '.repeat(1e7) + '1'));",
        Time,
    ),
    (
        "String.fromCodePoint(...Array(6e4).fill(' '.repeat(1e7) + '1'));",
        Time,
    ),
    (
        "new Float64Array(Array(1e6).fill(' '.repeat(1e7) + '1'));",
        Time,
    ),
    (
        "Float64Array.from(Array(1e6).fill(' '.repeat(1e7) + '1'));",
        Time,
    ),
    (
        "Float64Array.of(...Array(6e4).fill(' '.repeat(1e7) + '1'));",
        Time,
    ),
    (
        "new Float64Array(1e6).set(Array(1e6).fill(' '.repeat(1e7) + '1'));",
        Time,
    ),
    (
        "Array(1e6).fill(2n ** 1000000n + 1n).includes(2n ** 1000000n + 2n);",
        Time,
    ),
    (
        "Array(1e6).fill(2n ** 1000000n + 1n).indexOf(2n ** 1000000n + 2n);",
        Time,
    ),
    (
        "JSON.stringify(Array(1e6).fill({}), Array.from({ length: 4096 }, (_, i) => 'a' + i));",
        Ended,
    ),
    ("Array.from({ length: 1e6, __proto__: chain() });", Ended),
    (
        "Array.prototype.with.call({ length: 1e6, __proto__: chain() }, 0, 1);",
        Ended,
    ),
    (
        "Array.prototype.toReversed.call({ length: 1e6, __proto__: chain() });",
        Ended,
    ),
    (
        "Array.prototype.toSpliced.call({ length: 1e6, __proto__: chain() }, 0, 1);",
        Ended,
    ),
    (
        "Object.setPrototypeOf(Array(1e6), chain()); Array.prototype.indexOf.call(Object.setPrototypeOf(Array(1e6), chain()), 1);",
        Ended,
    ),
    (
        "Array.prototype.join.call(Object.setPrototypeOf(Array(1e6), chain()), '');",
        Ended,
    ),
    (
        "new Uint8Array({ length: 1e6, __proto__: chain() });",
        Ended,
    ),
    (
        "Uint8Array.from({ length: 1e6, __proto__: chain() });",
        Ended,
    ),
    (
        "new Uint8Array(1e6).set({ length: 1e6, __proto__: chain() });",
        Ended,
    ),
    (
        "Math.max.apply(null, { length: 6e4, __proto__: chain() });",
        Ended,
    ),
    (
        "Reflect.apply(Math.max, null, { length: 6e4, __proto__: chain() });",
        Ended,
    ),
    (
        "Reflect.construct(Array, { length: 6e4, __proto__: chain() });",
        Ended,
    ),
    (
        "Object.defineProperties({}, Array(1e5).fill(chain()));",
        Ended,
    ),
    ("JSON.stringify(Array(1e5).fill(chain()));", Ended),
    ("JSON.stringify(Array(1e5).fill(chain()), null, 1);", Ended),
    ("Object.fromEntries(Array(1e5).fill(chain()));", Ended),
    ("new Map(Array(1e5).fill(chain()));", Ended),
    ("Buffer.from({ length: 1e6, __proto__: chain() });", Ended),
    ("Buffer.concat(Array(1e5).fill(chain()));", Any),
    ("new Headers(Array(1e5).fill(chain()));", Any),
    (
        "Array.prototype.fill.call({ length: 2 ** 53 - 1, __proto__: new Uint8Array(1) }, 1);",
        Time,
    ),
    (
        "Array.prototype.reverse.call({ length: 2 ** 53 - 1, __proto__: new Uint8Array(1) }, 1);",
        Time,
    ),
    (
        "Array.prototype.fill.call(new Proxy(new Uint8Array(1), { get: (t, k) => k === 'length' ? 2 ** 53 - 1 : t[k] }), 1);",
        Time,
    ),
    (
        "new Float64Array(Array(1e5).fill(' '.repeat(1e7) + '1'));",
        Time,
    ),
    (
        "Float64Array.from(Array(1e5).fill(' '.repeat(1e7) + '1'));",
        Time,
    ),
    (
        "let it = Array(4e9).values(); for (let i = 0; i < 200; i++) it = it.drop(2 ** 24); it.next();",
        Ended,
    ),
    ("'a'.repeat(4e6).match(/(?=a{5000})a/g);", Ended),
    ("'a'.repeat(4e6).split(/(?=a{5000})b/);", Ended),
    (
        "let a = Array(1e6).fill({}); for (let i = 0; i < 1500; i++) a = [a]; JSON.stringify(a);",
        Any,
    ),
    (
        "[...Array.prototype.values.call({ length: 1e6, __proto__: chain() })];",
        Ended,
    ),
    (
        "const [a, ...b] = Array.prototype.values.call({ length: 1e6, __proto__: chain() });",
        Ended,
    ),
    ("q.stringify({ a: Array(1e5).fill(chain()) });", Any),
    (
        "q.stringify({ a: Object.setPrototypeOf(Array(1e6), chain()) });",
        Ended,
    ),
    (
        "const h = new Headers(); for (let i = 0; i < 1e6; i++) h.append('a' + i, 'b');",
        Any,
    ),
    (
        "const h = new Headers(); for (let i = 0; i < 1e6; i++) h.append('a', 'b'); h.get('a');",
        Any,
    ),
    (
        "new Headers(Object.setPrototypeOf(Array(1e6), chain()));",
        Any,
    ),
    ("Buffer.concat(Array(1e6).fill(Buffer.alloc(1e7)), 1);", Any),
    ("Buffer.concat(Array(1e6).fill(Buffer.alloc(0)));", Any),
    ("Buffer.from(Array(1e5).fill(' '.repeat(1e7) + '1'));", Any),
    (
        "Buffer.alloc(3e7, 'a').indexOf('a'.repeat(1e6) + 'b');",
        Any,
    ),
    (
        "Buffer.alloc(3e7, 'a').includes(Buffer.alloc(1e7, 'a') + 'b');",
        Any,
    ),
    (
        "Buffer.alloc(3e7, 'a').lastIndexOf('b' + 'a'.repeat(1e6));",
        Any,
    ),
    ("console.log(Array(1e6).fill(chain()));", Any),
    (
        "let a = []; for (let i = 0; i < 40; i++) a = [a, a]; console.log(a); console.log('%s'.repeat(1e6), ...Array(6e4).fill('x'.repeat(1e7)));",
        Any,
    ),
    ("r.return(200, Array(1e6).fill('x'.repeat(1e6)));", Any),
    ("r.headersOut['A'] = Array(1e6).fill('x'.repeat(1e6));", Any),
    ("for (let i = 0; i < 1e7; i++) r.headersIn['a' + i];", Any),
    (
        "JSON.stringify(Object.create(null, Object.getOwnPropertyDescriptors(Array(1e6))));",
        Any,
    ),
    (
        "Promise.all(Array.prototype.values.call({ length: 1e6, __proto__: chain() }));",
        Ended,
    ),
    (
        "new Set(Array.prototype.values.call({ length: 1e6, __proto__: chain() }));",
        Ended,
    ),
    (
        "const x = Object.create(chain()); for (let i = 0; i < 1e5; i++) x['a' + i] = 1; for (const k in x) ;",
        Any,
    ),
];
