//! Programs as a whole: modules of all forms, and instances that see nothing of each other.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use rquickjs::{Ctx, Object, Result, Value};

use super::fault::Fault;
use super::instance::{self, Instance};
use super::program::{Files, Globals, Limits, Loading, Program, Refusal};
use crate::os::script::text;

mod drawn;
mod patient_lists;
mod pressure;

struct Memory(HashMap<&'static str, &'static str>);

impl Files for Memory {
    fn read(
        &mut self,
        name: &str,
        _: Option<&Path>,
    ) -> std::result::Result<(PathBuf, String), String> {
        let source = self.0.get(name).ok_or(format!("no {name}"))?;
        Ok((PathBuf::from(name), (*source).to_owned()))
    }
}

struct Nothing;

impl Globals for Nothing {
    fn furnish<'js>(&self, _: &Ctx<'js>) -> Result<Vec<Object<'js>>> {
        Ok(Vec::new())
    }
}

const LIMITS: Limits = Limits {
    memory: 64 << 20,
    stack: 256 << 10,
};
const TIME: Duration = Duration::from_secs(10);

fn load(files: &[(&'static str, &'static str)]) -> std::result::Result<Arc<Program>, Refusal> {
    let mut loading = Loading::default();
    let mut files = Memory(files.iter().copied().collect());
    loading.module("main", None, &mut files)?;
    Ok(Arc::new(loading.finish(Box::new(Nothing), LIMITS)))
}

fn number(program: &Program) -> usize {
    program.modules.len() - 1
}

fn call(program: &Arc<Program>, function: &str) -> std::result::Result<String, Fault> {
    let instance = Instance::new(program)?;
    let members = function.split('.').map(str::to_owned).collect();
    let path = super::path::Path::new(number(program), members);
    instance.call(&path, TIME, undefined, |_, value| text(&value))
}

fn undefined<'js>(ctx: &Ctx<'js>) -> Result<Value<'js>> {
    Ok(Value::new_undefined(ctx.clone()))
}

fn f(files: &[(&'static str, &'static str)]) -> String {
    let program = load(files).unwrap_or_else(|refusal| panic!("{}", refusal.message));
    call(&program, "f").unwrap_or_else(|fault| panic!("{fault}"))
}

#[test]
fn modules_export_in_every_form() {
    for source in [
        "function f() { return 'x' } export default { f };",
        "export default { f: () => 'x' }",
        "export default { async: 1, f() { return 'x' } }\n",
        "const f = () => 'x'; export { g as default }; const g = { f }",
        "const all = { f: () => 'x' }; export { all as default, all }",
        "export default class { static f() { return 'x' } }",
        "export default class All { static f() { return 'x' } }",
        "export default function all() {} all.f = () => 'x'",
        "#!/usr/bin/env node\nexport default { f() { return 'x' } }",
        "const export_ = 1, o = { export: 1, import: 2 }; o.export; export default { f: () => 'x' }",
        "const t = `export default ${ { a: 'b' }.a } \\` export`; export default { f: () => 'x' };",
        "const r = /export default [/`'\"]/; export default { f: () => 'x' };",
        "if (1) /`/.test(''); export default { f: () => 'x' };",
        "export default { f }; async function g() { await 1; } function f() { return 'x' } // export",
        "const a = 1 // c\rexport default { f: () => 'x' }",
        "const q = function () {} / 3; export default { f: () => 'x' }",
        "const $m0 = 1, $default$ = 'x'; export default { f: () => $default$ }",
    ] {
        assert_eq!(f(&[("main", source)]), "x", "{source}");
    }
}

#[test]
fn modules_import_in_every_form() {
    let other = "export const a = 1, b = [2, 3], c = (x, y) => x\nexport let d = 4; export var e = 5\n\
                 export function g() { return 6 } export async function h() {} export class K {}\n\
                 export default { z: 7 }; export { a as renamed };";
    for (import, value) in [
        ("import all from 'other'; const v = all.z", "7"),
        (
            "import * as all from 'other'; const v = [all.a, all.d, all.e, all.default.z]",
            "1,4,5,7",
        ),
        (
            "import { a, b as bb, renamed } from \"other\"; const v = [a, bb, renamed]",
            "1,2,3,1",
        ),
        (
            "import all, { g } from 'other'\nconst v = all.z + g()",
            "13",
        ),
        (
            "import all, * as more from 'other'\nconst v = all.z + more.a",
            "8",
        ),
        (
            "import { default as all,\n  h, K,\n} from 'other';const v = [all.z, typeof h, typeof K]",
            "7,function,function",
        ),
        (
            "import { a } from 'other'; const $m0 = 2, v = [a, $m0]",
            "1,2",
        ),
        ("import 'other'; const v = 1", "1"),
        ("import from from 'other'; const v = from.z", "7"),
        (
            "import * as all from 'through'; const v = [all.a, all.again.a, all.deep]",
            "1,1,2",
        ),
    ] {
        let source = format!("{import}; export default {{ f: () => `${{v}}` }};");
        let source: &'static str = Box::leak(source.into_boxed_str());
        let through = "export { a } from 'other'; export * as again from 'other';\nimport { b } from 'other'; export const deep = b[0]";
        let files = [("main", source), ("other", other), ("through", through)];
        assert_eq!(f(&files), value, "{import}");
    }
}

/// What is refused, why, and where: line and column.
const REFUSED: &[(&str, &str, usize, usize)] = &[
    (
        "export default {};\nimport.meta.url",
        "import.meta is not supported",
        2,
        1,
    ),
    (
        "const a = 1; import('other')",
        "import() of a module at run time is not supported",
        1,
        14,
    ),
    (
        "export * from 'other'",
        "export * without a name is not supported",
        1,
        1,
    ),
    (
        "\n export const { a } = { a: 1 };",
        "export of variables that are taken apart is not supported",
        2,
        2,
    ),
    (
        "import { a } from 'main'",
        "\"main\" imports itself, directly or through others",
        1,
        1,
    ),
    (
        "import { b } from 'other'",
        "\"other\" exports no \"b\"",
        1,
        1,
    ),
    ("import b from 'absent'", "no absent", 1, 1),
    (
        "import { b } from 'fs'",
        "\"fs\" exports no \"b\", but a default",
        1,
        1,
    ),
    (
        "const a = 1;\nlet b = a<!--a;",
        "a comment of HTML is not supported",
        2,
        10,
    ),
    (
        "const v = await 5;",
        "await outside of functions is not supported",
        1,
        11,
    ),
    (
        "const a = ;",
        "SyntaxError: unexpected token in expression: ';'",
        1,
        11,
    ),
];

#[test]
fn what_a_function_cannot_do_is_refused() {
    for (source, message, line, column) in REFUSED.iter().copied() {
        let Err(refusal) = load(&[("main", source), ("other", "export const a = 1")]) else {
            panic!("{source} was taken");
        };
        assert_eq!(refusal.message, message, "{source}");
        let (place, _) = refusal.place.unwrap();
        assert_eq!((place.line, place.column), (line, column), "{source}");
    }
}

#[test]
fn lines_stay_where_they_are() {
    let source = "import {\n  a,\n} from 'other';\nexport\ndefault {\n  f() {\n    throw new Error('x');\n  } };";
    let program = load(&[("main", source), ("other", "export const a = 1")]).unwrap();
    let place = call(&program, "f").unwrap_err().place().unwrap();
    assert_eq!(
        (place.file.as_str(), place.line, place.column),
        ("main", 7, 15)
    );
}

#[test]
fn instances_share_nothing_that_changes() {
    let source = "import { table } from 'other'; let n = 0; const seen = new Map();\n\
                  export default { f() { n += 1; table.n = n; seen.set(seen.size, 1); return [n, seen.size, Object.keys(table)] } }";
    let program = load(&[("main", source), ("other", "export const table = {};")]).unwrap();
    for _ in 0..3 {
        assert_eq!(call(&program, "f").unwrap(), "1,1,n");
    }
    assert!(!program.is_apart);
}

/// What two looks at everything that a script can get hold of have in common is what instances share, too.
const PROBE: &str = "
const look = () => {
    const found = new Set();
    const visit = (value) => {
        if ((typeof value !== 'object' || value === null) && typeof value !== 'function') return;
        if (found.has(value)) return;
        found.add(value);
        visit(Reflect.getPrototypeOf(value));
        for (const key of Reflect.ownKeys(value)) {
            const { value: inner, get, set } = Reflect.getOwnPropertyDescriptor(value, key);
            visit(inner); visit(get); visit(set);
        }
    };
    for (const start of [
        [][Symbol.iterator](), 'x'.matchAll(/x/g), new Map().keys(), new Set().keys(), (function* () {})(), (async () => {})(),
        (async function* () {})(), [].values().map((x) => x), Iterator.from({ next() {} }), new Uint8Array(1), new Error('x'),
        1n, Symbol.iterator, 'x', 1, true, new Proxy({}, {}), new WeakRef({}), new DataView(new ArrayBuffer(1)), new Date(),
        (function () { return arguments })(), new Promise(() => {}), Atomics, new Headers(), new Response(''), Buffer.from(''),
        new TextDecoder(), console, crypto, fs, cr, cr.createHash('md5'), cr.createHmac('md5', 'k'), qs, fs.statSync('/'),
        new Request('http://x/'), Math, JSON, Reflect, async () => {},
    ]) visit(Object(start));
    return found;
};
function f() {
    const [first, second] = [look(), look()];
    const shared = [...first].filter((one) => second.has(one));
    const open = shared.filter((one) => !Object.isFrozen(one)).map((one) => typeof one + one[Symbol.toStringTag] + one.name);
    return `${shared.length > 500} ${open}`;
}
import fs from 'fs'; import cr from 'crypto'; import qs from 'querystring';
export default { f };
";

#[test]
fn nothing_that_instances_share_can_be_changed() {
    let program = load(&[("main", PROBE)]).unwrap();
    assert!(!program.is_apart);
    assert_eq!(call(&program, "f").unwrap(), "true ");
}

#[test]
fn programs_that_reach_what_is_built_in_are_apart() {
    for source in [
        "globalThis.x = 1",
        "String.prototype.x = 1",
        "const { prototype } = Array; prototype.x = 1",
        "({}).__proto__.x = 1",
        "Object.defineProperty([], 'x', {})",
        "(0, eval)('1')",
        "new Function('return this')",
        "[].constructor.x = 1",
        "Math.x = 1",
        "const a = \"\\u0067lobalThis\"; glob\\u0061lThis.x = 1",
    ] {
        let program = load(&[("main", Box::leak(source.to_owned().into_boxed_str()))]).unwrap();
        assert!(program.is_apart, "{source}");
    }
    for source in [
        "Object.prototype.hasOwnProperty.call({}, 'x')",
        "Array.prototype.slice.call([1])",
        "class A { constructor() {} }",
        "const x = Math.max(1) === 1",
        "const a = { name: 'globalThis' }",
    ] {
        let program = load(&[("main", Box::leak(source.to_owned().into_boxed_str()))]).unwrap();
        assert!(!program.is_apart, "{source}");
    }
}

/// How deep a function gets that calls itself.
const DEEP: &str = "export default { f() { let n = 0; const go = () => { n += 1; go(); }; \
                    try { go(); } catch (e) { return String(n); } } };";

/// Calls it with so much of the stack in use, in pieces of a few kilobytes.
fn deep_below(program: &Arc<Program>, pieces: u32) -> u32 {
    let piece = std::hint::black_box([0_u8; 4096]);
    let depth = match pieces {
        0 => call(program, "f").unwrap().parse().unwrap(),
        _ => deep_below(program, pieces - 1),
    };
    depth + u32::from(std::hint::black_box(piece)[0])
}

#[test]
fn the_stack_of_a_script_begins_where_it_is_entered() {
    let program = load(&[("main", DEEP)]).unwrap();
    let (near, far) = (deep_below(&program, 0), deep_below(&program, 40));
    assert_eq!(near, far);
}

#[test]
fn a_panic_on_the_way_into_a_script_changes_nothing_for_the_next() {
    let program = load(&[(
        "main",
        "export default { f: () => { for (;;); }, g: () => 'x' }",
    )])
    .unwrap();
    let path = |name: &str| super::path::Path::new(number(&program), vec![name.to_owned()]);
    let instance = Instance::new(&program).unwrap();
    let panics = std::panic::AssertUnwindSafe(|| {
        instance.call(&path("g"), TIME, |_| panic!("on purpose"), |_, _| Ok(()))
    });
    assert!(std::panic::catch_unwind(panics).is_err());
    assert_eq!(instance::current(), None);
    let short = Duration::from_millis(20);
    let fault = instance.call(&path("f"), short, undefined, |_, _| Ok(()));
    assert!(fault.unwrap_err().message.contains("ran for longer"));
    assert_eq!(call(&program, "g").unwrap(), "x");
}

#[test]
fn what_is_kept_outside_counts_until_its_instance_goes() {
    let program = load(&[("main", "export default { f: () => 'x' }")]).unwrap();
    let path = super::path::Path::new(number(&program), vec!["f".to_owned()]);
    let half = |instance: &Instance| {
        let keep = |ctx: &Ctx<'_>| instance::keep(ctx, LIMITS.memory / 2);
        instance.call(&path, TIME, undefined, |ctx, _| keep(ctx))
    };
    for _ in 0..3 {
        let instance = Instance::new(&program).unwrap();
        half(&instance).unwrap();
        let fault = half(&instance).unwrap_err();
        assert!(fault.message.contains("out of memory"), "{fault}");
    }
}

/// What the functions do that take the place of the engine's where there is much to do. Lists whose length is computed
/// are left to them, however short.
const PATIENT: &str = "
const same = (name, make, ...given) => {
    const [own, theirs] = [make(), make()];
    const computed = new Proxy(own, {});
    const show = (value) => JSON.stringify(value, (key, one) => one === undefined ? 'undefined' : one);
    const run = (target, plain) => { try { const v = target[name](...given); return v === target ? plain : v; } catch (e) { return e.name; } };
    const [first, second] = [run(computed, own), run(theirs, theirs)];
    return show([first, own, own.length]) === show([second, theirs, theirs.length]) ? [] : [name, show(given), show([first, own]), show([second, theirs])];
};
const lists = [() => [], () => [1], () => [3, 1, 2], () => [1, , 3], () => [, , ], () => [[1, [2]], 'b', null, undefined], () => [5, 4, 3, 2, 1, 0]];
const calls = [['join'], ['join', '-'], ['toLocaleString'], ['reverse'], ['sort'], ['sort', (a, b) => b - a], ['sort', 1], ['slice'], ['slice', 1],
    ['slice', -2, -1], ['slice', NaN, 9], ['splice'], ['splice', 1], ['splice', 1, 1], ['splice', -2, 1, 'x', 'y'], ['splice', 0, 9], ['splice', 0, 0, 'z'],
    ['splice', undefined, undefined, 1], ['copyWithin', 0, 2], ['copyWithin', 2, 0], ['copyWithin', 1, 0, 2], ['copyWithin', -1, 0], ['concat'],
    ['concat', 1, [2, , 3], 'x'], ['shift'], ['unshift'], ['unshift', 7], ['unshift', 7, 8], ['flat'], ['flat', 2], ['flat', 0], ['flatMap', (x) => [x, x]],
    ['toSorted'], ['toSorted', (a, b) => b - a], ['fill', 7], ['fill', 7, -2], ['fill', 7, 1, 2], ['with', 0, 9], ['toReversed'], ['toSpliced', 1, 1, 'x'], ['indexOf', 3], ['lastIndexOf', 3], ['includes', undefined]];
const f = () => calls.flatMap(([name, ...given]) => lists.flatMap((make) => same(name, make, ...given))).join(' | ');
export default { f };";

#[test]
fn what_is_patient_does_what_the_engine_does() {
    assert_eq!(f(&[("main", PATIENT)]), "");
}

#[test]
fn long_texts_are_looked_for_as_short_ones_are() {
    let source = "const n = 'a'.repeat(40000), t = 'b' + n + 'c' + n + 'd';
        const f = () => [t.indexOf(n), t.indexOf(n, 2), t.lastIndexOf(n), t.lastIndexOf(n, 5), t.includes(n + 'd'), t.includes(n + 'e'),
            t.split(n), t.split(n, 2).length, t.split(n + 'e').length, t.replace(n, '[$`$$]'), t.replaceAll(n, (m, at) => at),
            t.replaceAll(n, \"$'\").length, t.replace(n + 'c', '$&').length].join();
        export default { f };";
    let rest = "a".repeat(40000);
    let expected =
        format!("1,40002,40002,1,true,false,b,c,d,2,1,b[b$]c{rest}d,b1c40002d,40006,80003");
    assert_eq!(f(&[("main", source)]), expected);
}
