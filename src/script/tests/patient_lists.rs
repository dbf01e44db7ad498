//! What `patient_lists.js` replaces does what the engine does, for little and for much.

use super::*;

const SOURCE: &str = r#"
const name = (work) => { try { return String(work()); } catch (error) { return error.name; } };
const far = (object) => { let end = {}; for (let k = 0; k < 40; k++) end = Object.create(end); return Object.setPrototypeOf(object, end); };
const long = '$2'.repeat(200);
class Own extends Uint8Array {}
const f = () => [
    () => new Uint8Array([1, 2, '300']), () => new Float64Array(new Set([1.5, 2])), () => new Uint8Array({ length: 2, 0: 7 }),
    () => new Uint16Array(new ArrayBuffer(8), 2, 2).length, () => Uint8Array(3), () => new Own([1]).map((x) => x + 1) instanceof Own,
    () => Uint8Array.from('123', (x, k) => x * 2 + k), () => Uint8Array.of(1, '2'), () => Uint8Array.from.call(Array, [1]),
    () => { const a = new Uint8Array(3); a.set([1, '2'], 1); return a; }, () => new Uint8Array(1).set([1, 2]), () => new Uint8Array(1).set([1], -1),
    () => new Function('a', 'b', 'return a + b')(1, 2), () => (() => 1).constructor === Function, () => eval('1 + 1'), () => eval('x'.repeat(3e5)),
    () => JSON.stringify(Object.fromEntries(new Map([['a', 1]]))), () => Object.fromEntries([1]),
    () => JSON.stringify(Object.defineProperties({}, { a: { value: 1, enumerable: true }, b: { value: 2 } })), () => Object.create({}, { a: { value: 3 } }).a,
    () => JSON.stringify(Object.assign({ a: 1 }, null, 'xy', { b: 2, [Symbol.iterator]: 3 }, Object.defineProperty({}, 'c', { value: 1 }))), () => Object.assign(null),
    () => Object.assign(Object.freeze({ a: 1 }), { a: 2 }), () => Object.create(1), () => Math.max.apply(null, far({ length: 2, 0: 4, 1: 5 })), () => Math.max.apply(null), () => Math.max.apply(null, 1),
    () => Reflect.construct(Array, far({ length: 2 })).length, () => Array.from(far({ length: 2, 1: 'b' })), () => Array.from({ length: 2 }, (_, k) => k),
    () => [1, 2, 3, 4].values().drop(2).toArray(), () => Array(1000).keys().drop(998).toArray(), () => [].values().drop(-1), () => [].values().drop(NaN),
    () => new Proxy({}, Object.freeze({ get: () => 1 })).x, () => 'a' in new Proxy({}, Object.freeze({ has: () => true })),
    () => { const p = new Proxy({ a: 1 }, { get(target, key) { return this.x + key; }, x: 'X', ownKeys: () => ['a'] }); return p.b + Object.keys(p); },
    () => Object.keys(new Proxy({}, { ownKeys: () => Array(20000).fill('a') })), () => Proxy({}, {}), () => new Proxy({}, 1),
    () => 'abc'.replace(/(b)(?<n>c)/, long).length, () => 'xbc'.replace(/(b)(?<n>c)/, `[$1|$<n>|$$|$&|$\`|$'|$3|$02|$<m>|$<n]${' '.repeat(300)}`).trim(),
    () => Math.max(...Array(20).fill('7' + ' '.repeat(4e6))),
].map(name).join('\n');
export default { f };
"#;

const EXPECTED: &str = "1,2,44\n1.5,2\n7,0\n2\nTypeError\ntrue\n2,5,8\n1,2\nTypeError\n0,1,2\nRangeError\nRangeError\n3\ntrue\n2\nRangeError\n\
    {\"a\":1}\nTypeError\n{\"a\":1}\n3\n{\"0\":\"x\",\"1\":\"y\",\"a\":1,\"b\":2}\nTypeError\nTypeError\nTypeError\n5\n-Infinity\nTypeError\n2\n,b\n0,1\n3,4\n998,999\nRangeError\nRangeError\n\
    1\ntrue\nXba\nRangeError\nTypeError\nTypeError\n201\nx[b|c|$|bc|x||$3|c||$<n]\n7";

#[test]
fn lists_are_what_they_are_in_the_language() {
    assert_eq!(f(&[("main", SOURCE)]), EXPECTED);
}
