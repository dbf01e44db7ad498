//! Loops, jobs, long lists and texts, and what takes memory.

use super::Fate::{self, Any, Ended, Range, Time};

/// The body of a function, and what becomes of it.
pub(super) const SCRIPTS: &[(&str, Fate)] = &[
    // Loops and jobs.
    ("for (;;);", Time),
    ("const f = () => Promise.resolve().then(f); f();", Ended),
    (
        "for (;;) { try { for (;;); } catch (e) { } finally { continue; } }",
        Time,
    ),
    ("async function f() { for (;;) await 1; } f();", Time),
    (
        "function* g() { for (;;) yield 1; } for (const x of g());",
        Time,
    ),
    ("throw { toString() { for (;;); } };", Time),
    // Slow functions in a loop: ten thousand of them would be minutes.
    (
        "const s = JSON.stringify(Array(1e5).fill(1)); for (;;) JSON.parse(s);",
        Time,
    ),
    (
        "const x = Array.from({ length: 1e5 }, (_, i) => i); for (;;) x.slice().sort();",
        Time,
    ),
    ("const s = 'a'.repeat(1e6); for (;;) s.split('b');", Time),
    (
        "const x = Buffer.alloc(1e7); for (;;) cr.createHash('sha256').update(x);",
        Time,
    ),
    (
        "const a = 'a'.repeat(1e7) + 'b', b = 'a'.repeat(1e7) + 'c'; for (;;) a === b;",
        Time,
    ),
    (
        "const a = new Uint8Array(2e7); for (;;) a.indexOf(1);",
        Time,
    ),
    (
        "const a = Array(1e6).fill(0); for (;;) a.includes(1);",
        Time,
    ),
    (
        "const m = new Map(), k = 'a'.repeat(1e7); for (;;) m.get(k);",
        Time,
    ),
    (
        "for (;;) { try { JSON.parse('['.repeat(1e5)); } catch (e) { } }",
        Time,
    ),
    (
        "const s = 'x'.repeat(1e6); for (;;) { try { s.normalize('NFD').toUpperCase(); } catch (e) { } }",
        Time,
    ),
    // Many elements that are not there.
    ("Array(4e9).join('');", Time),
    ("Array(r.args.n * 1).join('x');", Any),
    ("String(Array(4e9));", Time),
    ("Array(4e9) + '';", Time),
    ("({})[Array(4e9)];", Time),
    ("Array(4e9).toLocaleString();", Time),
    ("Array(4e9).reverse();", Time),
    (
        "Array.prototype.reverse.call({ length: 2 ** 53 - 1 });",
        Ended,
    ),
    (
        "Array.prototype.reverse.call({ length: 2 ** 31 - 1 });",
        Time,
    ),
    ("Array(4e9).sort();", Time),
    ("Array(4e9).sort((a, b) => a - b);", Time),
    ("Array(4e9).slice();", Time),
    ("Array(4e9).splice(0, 1);", Time),
    ("const a = []; a[4e9] = 1; a.splice(0, 1);", Time),
    ("Array(4e9).copyWithin(0, 1);", Time),
    ("Array(4e9).concat([]);", Time),
    ("[].concat(Array(4e9));", Time),
    (
        "Array.prototype.concat.call([], { length: 2 ** 53 - 1, [Symbol.isConcatSpreadable]: true });",
        Time,
    ),
    ("Array(4e9).flat();", Time),
    ("[[Array(4e9)]].flat(2);", Time),
    ("[1].flatMap(() => Array(4e9));", Time),
    (
        "let a = []; for (let i = 0; i < 40; i++) a = [a, a]; a.flat(Infinity);",
        Time,
    ),
    (
        "let a = []; for (let i = 0; i < 40; i++) a = [a, a]; String(a);",
        Time,
    ),
    (
        "let a = []; for (let i = 0; i < 40; i++) a = [a, a]; JSON.stringify(a);",
        Ended,
    ),
    ("Array(4e9).shift();", Time),
    ("Array(4e9).unshift(1);", Any),
    ("Array(4e9).fill(1);", Ended),
    ("Array(4e9).indexOf(1);", Time),
    ("Array(4e9).lastIndexOf(1);", Time),
    ("Array(4e9).includes(1);", Time),
    ("Array(4e9).find(Number);", Time),
    ("Array(4e9).map(Number);", Ended),
    ("Array(4e9).reduceRight(Number, 1);", Time),
    ("Array(4e9).toSorted();", Ended),
    ("Array.from({ length: 2 ** 53 - 1 });", Ended),
    ("[...Array(4e9)];", Ended),
    ("new Set(Array(4e9));", Time),
    (
        "new Set(Array.prototype.values.call({ length: 2 ** 53 - 1 }));",
        Ended,
    ),
    (
        "new Set([1]).union({ size: 1, has: Number, keys: () => Array(4e9).values() });",
        Time,
    ),
    (
        "new Set([undefined]).isSupersetOf({ size: 0, has: Number, keys: () => Array(4e9).values() });",
        Any,
    ),
    ("Array(4e9).values().drop(3e9).next();", Range),
    ("Array(4e9).values().forEach(Number);", Time),
    ("Array(4e9).values().filter(Number).next();", Time),
    ("Promise.all(Array(4e9));", Ended),
    ("Promise.race(Array(4e9));", Ended),
    ("JSON.stringify(Array(4e9));", Ended),
    ("JSON.stringify([1], Array(4e9));", Time),
    (
        "JSON.stringify({}, Array.from({ length: 1e5 }, (_, i) => i));",
        Any,
    ),
    ("String.raw({ raw: Array(4e9) });", Ended),
    ("String.raw({ raw: { length: 2 ** 53 - 1 } });", Ended),
    ("Math.max.apply(null, { length: 2 ** 53 - 1 });", Range),
    ("new Uint8Array(1e3).set({ length: 2 ** 53 - 1 });", Range),
    (
        "let n = 0; Array.prototype.join.call({ get length() { return n++ ? 2 ** 53 : 1; } });",
        Any,
    ),
    (
        "Array.prototype.join.call(new Proxy([], { get: (t, k) => k === 'length' ? 4e9 : undefined }));",
        Time,
    ),
    (
        "class A extends Array { static get [Symbol.species]() { return function () { return {}; }; } } new A(4e9).splice(0);",
        Time,
    ),
    // Long texts.
    (
        "('a'.repeat(2e6) + 'b').indexOf('a'.repeat(1e6) + 'b');",
        Any,
    ),
    (
        "('a'.repeat(2e6) + 'b').includes('a'.repeat(1e6) + 'b');",
        Any,
    ),
    ("('a'.repeat(2e6) + 'b').split('a'.repeat(1e6) + 'b');", Any),
    (
        "('a'.repeat(2e6) + 'b').replace('a'.repeat(1e6) + 'b', '');",
        Any,
    ),
    (
        "('a'.repeat(2e6) + 'b').replaceAll('a'.repeat(1e6) + 'b', '');",
        Any,
    ),
    (
        "('b' + 'a'.repeat(2e6)).lastIndexOf('b' + 'a'.repeat(1e6));",
        Any,
    ),
    (
        "const t = 'x'.repeat(4e6); Array(1e6).fill(t + 'a').includes(t + 'b');",
        Time,
    ),
    (
        "const t = 'x'.repeat(4e6); Array(1e6).fill(t + 'a').indexOf(t + 'b');",
        Time,
    ),
    (
        "const t = 'x'.repeat(4e6); Array(1e6).fill(t + 'a').lastIndexOf(t + 'b');",
        Time,
    ),
    (
        "const t = 'x'.repeat(4e6), a = t + 'a', b = t + 'b'; Array.from({ length: 1e5 }, (_, i) => i % 2 ? a : b).sort();",
        Time,
    ),
    (
        "const t = 'x'.repeat(4e6), a = t + 'a', b = t + 'b'; Array.from({ length: 1e5 }, (_, i) => i % 2 ? a : b).toSorted();",
        Time,
    ),
    (
        "const t = 'x'.repeat(4e6), a = { toString: () => t + 'a' }; Array(1e3).fill(a).sort();",
        Ended,
    ),
    ("Buffer.alloc(3e7).fill('kqzamwxbpsduetc').sort();", Ended),
    ("Buffer.alloc(3e7).fill('ab');", Any),
    ("/(?=(x*))y/.test('x'.repeat(4e6));", Any),
    ("'\\u0301\\u0323'.repeat(1e6).normalize('NFD');", Range),
    ("'\\u0301\\u0323'.repeat(1e6).localeCompare('a');", Range),
    ("'a'.repeat(1e9);", Ended),
    ("'a'.padEnd(1e9, 'ab');", Ended),
    (
        "let s = 'ab'; for (let i = 0; i < 29; i++) s = s + s; s.indexOf('c');",
        Any,
    ),
    ("'a'.repeat(2e6).match(/a*b/);", Ended),
    ("/(x+x+)+y/.test('x'.repeat(40));", Time),
    ("'a'.repeat(2e6).match(/(a*)*b/);", Ended),
    ("'a'.repeat(2e7).split(/b/);", Any),
    ("'a'.repeat(2e7).replace(/a/g, '$&$&$`');", Ended),
    ("JSON.parse('['.repeat(1e6));", Any),
    // Numbers.
    ("const x = 2n ** 500000n - 1n; for (;;) x * x;", Time),
    ("for (;;) (2n ** 200000n).toString(3);", Time),
    ("2n ** 10000000n;", Any),
    ("BigInt('1'.repeat(3e5));", Any),
    // Memory.
    (
        "const a = []; for (;;) a.push(new Uint8Array(1 << 20));",
        Ended,
    ),
    ("const a = []; for (;;) a.push({});", Ended),
    ("let s = 'x'; for (;;) s += s;", Ended),
    (
        "const a = []; for (;;) { try { a.push({ a }); } catch (e) { } }",
        Ended,
    ),
    ("const f = () => f(); f();", Range),
    (
        "let f = {}; for (let i = 0; i < 1e5; i++) f = new Proxy(f, {}); f.x;",
        Range,
    ),
    (
        "for (let i = 0; i < 1e6; i++) r.send('x'.repeat(1 << 20));",
        Ended,
    ),
    ("r.variables.held = 'y'.repeat(5e7);", Ended),
    (
        "for (let i = 0; i < 1e6; i++) r.headersOut['X-' + i] = 'y'.repeat(1e6);",
        Ended,
    ),
    (
        "for (let i = 0; i < 1e6; i++) console.time(i + 'x'.repeat(1e6));",
        Time,
    ),
    (
        "for (let i = 0; i < 1e6; i++) setTimeout(() => 1, 1e6);",
        Any,
    ),
    (
        "for (let i = 0; i < 1e6; i++) r.subrequest('/slow', { detached: true });",
        Any,
    ),
    (
        "(async () => { const s = 'a&'.repeat(4e6); for (;;) querystring(s); })(); \
         function querystring(s) { return s.split('&').map((one) => one.split('=')); }",
        Any,
    ),
    (
        "return (async () => { const all = []; for (;;) { try { all.push(new Array(1000).fill(1)); } \
         catch (e) { all.n = (all.n | 0) + 1; if (all.n > 500) return; } } })();",
        Any,
    ),
    (
        "return (async () => { 'a'.repeat(3e7).replaceAll('a', 'bb'); JSON.parse('[' + '1,'.repeat(3e6) + '1]'); return 1; })();",
        Any,
    ),
    (
        "return (async () => { (2n ** 1000000n).toString(3); return 1; })();",
        Any,
    ),
    (
        "return (async () => { (2n ** 200000n).toString(3); await 1; (2n ** 1000000n).toString(3); return 1; })();",
        Any,
    ),
    (
        "return (async () => { const a = []; try { for (;;) a.push(new Uint8Array(65536)); } catch (e) { } (2n ** 400000n).toString(3); return a; })();",
        Any,
    ),
    (
        "return (async () => { for await (const x of (async function* () { for (;;) yield (2n ** 400000n).toString(3); })()); })();",
        Any,
    ),
    (
        "return (async () => encodeURIComponent('\\u20ac'.repeat(3e6)) + escape('\\u20ac'.repeat(3e6)))();",
        Any,
    ),
    (
        "Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);",
        Any,
    ),
];
