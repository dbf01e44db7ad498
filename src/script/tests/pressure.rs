//! What holds when there is little memory or time, and what instances have in common when nothing can change.

use std::time::Duration;

use super::*;
use crate::script::engine;

/// A program with a context of its own for each instance.
const APART: &str = "const unused = globalThis; export default { f: () => [1, 2].join() };";

#[test]
fn contexts_are_made_whole_or_not_at_all() {
    let mut loading = Loading::default();
    let mut files = Memory([("main", APART)].into());
    loading.module("main", None, &mut files).unwrap();
    let limits = Limits {
        memory: 8 << 20,
        ..LIMITS
    };
    let program = Arc::new(loading.finish(Box::new(Nothing), limits));
    assert!(program.is_apart);
    let path = path_to(&program, "f");
    assert_eq!(call(&program, "f").unwrap(), "1,2");
    let engine = engine::engine().unwrap();
    let (before, mut refused) = (engine.meter.held(), 0);
    // Memory ends wherever it may while one is made.
    for room in (0..2 << 20).step_by(12_345) {
        let mut others = engine.meter.share();
        let rest = limits.memory.saturating_sub(engine.meter.held() + room);
        assert!(others.grow(rest));
        match Instance::new(&program) {
            Ok(instance) => drop(instance.call(&path, TIME, undefined, |_, value| text(&value))),
            Err(fault) => {
                assert!(fault.message.starts_with("no context"), "{fault}");
                refused += 1;
            }
        }
        // Everything is looked through, with what is left of it.
        engine.rest();
    }
    assert!(refused > 10, "{refused}");
    assert_eq!(call(&program, "f").unwrap(), "1,2");
    // What was refused has left nothing, once garbage is collected, which is when memory is in want.
    let mut others = engine.meter.share();
    others.grow(limits.memory - engine.meter.held());
    assert!(!engine.meter.share().grow(1));
    engine.rest();
    drop(others);
    let after = engine.meter.held();
    assert!(after < before + (1 << 20), "{before}, then {after}");
}

fn path_to(program: &Program, function: &str) -> super::super::path::Path {
    super::super::path::Path::new(number(program), vec![function.to_owned()])
}

/// Timers that are over together, each of which computes for a while.
const TOGETHER: &str =
    "let n = 0; const busy = () => { const t = Date.now(); while (Date.now() - t < 300); n += 1; };
    export default { f() { for (let i = 0; i < 6; i++) setTimeout(busy, 0); }, count: () => n };";

#[test]
fn what_arrives_together_shares_one_limit() {
    let program = load(&[("main", TOGETHER)]).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()
        .unwrap();
    runtime.block_on(async {
        let instance = Instance::new(&program).unwrap();
        let count = || {
            let path = path_to(&program, "count");
            let count = instance.call(&path, TIME, undefined, |_, value| text(&value));
            count.unwrap().parse::<u32>().unwrap()
        };
        let begun = instance.call(&path_to(&program, "f"), TIME, undefined, |_, _| Ok(()));
        begun.unwrap();
        tokio::time::sleep(Duration::from_millis(100)).await;
        let mut turns = 0;
        while let Some(wait) = instance.wait() {
            wait.await;
            let before = count();
            // Half a second is over when the second one ends, whoever else computes meanwhile.
            instance.go_on(Duration::from_millis(500)).ok();
            assert!(count() <= before + 2, "{before}, then {}", count());
            turns += 1;
        }
        assert!(turns >= 3, "{turns}");
    });
}

#[test]
fn modules_that_cannot_change_are_made_once() {
    for source in [
        "const g = (a) => a; function f() { return [g(1)].map(g).at(0) } export default { f };",
        "import lib from 'lib'; export default { f: () => lib.g('x') };",
        "import fs from 'fs'; const LIMIT = 5; export default { f: () => LIMIT };",
    ] {
        let program = load(&[
            ("main", source),
            (
                "lib",
                "export function g(x) { return x } export default { g };",
            ),
        ])
        .unwrap();
        assert!(
            program.modules.iter().all(|module| module.is_constant),
            "{source}"
        );
        assert!(!call(&program, "f").unwrap().is_empty(), "{source}");
        assert!(!call(&program, "f").unwrap().is_empty(), "{source}");
    }
}

#[test]
fn what_is_made_once_is_nobodys_to_change() {
    let source = "function g() {} g2(); function g2() {} export default { f() {} }";
    assert!(!load(&[("main", source)]).unwrap().modules[0].is_constant);
    // A caller that is none: it is given a function that everybody has.
    let source = "function g() {} const o = null;
        function f() {
            let e = 'changed';
            ({ then(h) { try { h.n = (h.n | 0) + 1; e = String(h.n); } catch (error) { e = error.name; } } }).then(g);
            return e;
        }
        export default { f };";
    let program = load(&[("main", source)]).unwrap();
    assert!(program.modules[0].is_constant);
    for _ in 0..2 {
        assert_eq!(call(&program, "f").unwrap(), "TypeError");
    }
    // A namespace of the library is an object of each module's own.
    let source = "import * as all from 'fs';
        function f() { try { all.x = (all.x | 0) + 1; return String(all.x); } catch (error) { return error.name; } }
        export default { f };";
    let program = load(&[("main", source)]).unwrap();
    for _ in 0..2 {
        assert_eq!(call(&program, "f").unwrap(), "TypeError");
    }
}

#[test]
fn a_module_that_imports_what_changes_is_not_made_once() {
    let other = "let n = 0; export function count() { n += 1; return n } export const seen = []; export default { count };";
    let source = "import lib, { count } from 'other'; export default { f: () => `${lib.count()}${count()}` };";
    let program = load(&[("main", source), ("other", other)]).unwrap();
    assert!(program.modules.iter().all(|module| !module.is_constant));
    for _ in 0..3 {
        assert_eq!(call(&program, "f").unwrap(), "12");
    }
}

#[test]
fn a_program_apart_may_change_its_functions() {
    let source = "function g() {} function f() { return [g].map((h) => { h.n = (h.n | 0) + 1; return h.n }).join() }
        const x = globalThis; export default { f };";
    let program = load(&[("main", source)]).unwrap();
    assert!(program.is_apart);
    for _ in 0..2 {
        assert_eq!(call(&program, "f").unwrap(), "1");
    }
}

#[test]
fn elements_are_found_and_sorted_whatever_their_length() {
    let source = "const long = 'a'.repeat(5000), [b, c, d] = ['b', 'c', 'd'].map((end) => long + end);
        const many = (...given) => { const all = Array(300000).fill(b); for (const [at, one] of given) all[at] = one; return all; };
        const texts = (list) => list.map((one) => one === undefined ? '-' : one.at(-1)).join('');
        function f() {
            const all = many([100, c], [200, d], [300, c]), holes = many([5, c]);
            delete holes[3];
            const mixed = [d, undefined, c, b, , d, c, b, c, d, b, c, d, b, c, d, b, c, d, b].concat(Array(5000).fill(long + 'e'));
            const numbers = Array.from({ length: 40 }, (_, i) => (i * 7) % 40);
            const pairs = Array.from({ length: 40 }, (_, i) => ({ i, toString: () => 'k' + i % 3 }));
            const floats = new Float64Array(2200000).fill(1); floats[7] = NaN; floats[9] = -0; floats[8] = 0; floats[2199999] = -5; floats.sort();
            return [all.indexOf(c), all.indexOf(c, 101), all.lastIndexOf(c), all.lastIndexOf(c, 299), all.lastIndexOf(c, -299990), all.includes(d),
                all.includes(d, 201), all.indexOf(long + 'z'), holes.indexOf(c, -299999), texts(mixed.toSorted()).slice(0, 20), texts(mixed.sort()).slice(-3),
                mixed.length, numbers.sort().join(), pairs.sort().map(({ i }) => i).slice(0, 15).join(' '),
                floats[0], Object.is(floats[1], -0), Object.is(floats[2], 0), floats[3], floats.at(-1)].join('|');
        }
        export default { f };";
    let expected = "100|300|300|100|-1|true|false|-1|5|bbbbbbccccccddddddee|ee-|5020|\
        0,1,10,11,12,13,14,15,16,17,18,19,2,20,21,22,23,24,25,26,27,28,29,3,30,31,32,33,34,35,36,37,38,39,4,5,6,7,8,9|\
        0 3 6 9 12 15 18 21 24 27 30 33 36 39 1|-5|true|true|1|NaN";
    assert_eq!(f(&[("main", source)]), expected);
}
