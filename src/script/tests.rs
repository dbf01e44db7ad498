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
    let path = instance::Path {
        module: number(program),
        members: function.split('.').map(str::to_owned).collect(),
    };
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

#[test]
fn what_a_function_cannot_do_is_refused() {
    for (source, message, line, column) in [
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
            "const a = ;",
            "SyntaxError: unexpected token in expression: ';'",
            1,
            11,
        ),
    ] {
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
