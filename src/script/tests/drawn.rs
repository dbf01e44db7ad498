//! Modules that are drawn from a small grammar: whoever makes a module once for everybody has to be right that nothing
//! of it can change. `SCRIPT_CASES=100000` draws more.

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

use super::*;

const LIBRARY: &str =
    "export const a = (x) => x; export function b() { return 5 } export default { a, b };";

fn name() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec!["f", "g", "h"])
}

/// An expression, with names where it says `@`.
fn expression() -> impl Strategy<Value = String> {
    let forms = prop::sample::select(vec![
        "@",
        "@()",
        "@(@)",
        "@.x",
        "(@.x = (@.x | 0) + 1)",
        "[@, @()]",
        "typeof @",
        "new @()",
        "({ @ })",
        "({ @: 1 })",
        "({ y: @ }).y.x = 1",
        "[1].map(@)",
        "@.prototype",
        "[...@]",
        "@?.()",
        "(() => @)()",
        "this",
        "(@ = 1)",
        "@.a(1)",
        "@.b",
        "((@) => @)(2)",
        "arguments.length",
        "`${@}`",
        "@`x`",
        "(@, 1)",
        "1 ? @ : @",
        "(x => x.z = (x.z | 0) + 1)(@)",
        "delete @.x",
        "Object.keys(@)",
        "@.call(null, 1)",
        "({ get x() { return @ } }).x",
        "((x = @) => x)()",
        "(@++)",
        "@ instanceof @",
    ]);
    let names = prop::collection::vec(name(), 4);
    (forms, names).prop_map(|(form, names)| fill(form, &names))
}

fn fill(form: &str, names: &[&str]) -> String {
    let mut names = names.iter().cycle();
    form.chars()
        .map(|one| match one {
            '@' => names.next().copied().unwrap_or_default().to_owned(),
            one => one.to_string(),
        })
        .collect()
}

fn statement() -> impl Strategy<Value = String> {
    let forms = prop::sample::select(vec![
        "function @() { return #; }",
        "function @(x) { let n = 0; n += 1; #; return #; }",
        "async function @() { await 1; return #; }",
        "const @ = () => #;",
        "const @ = (x) => #\n",
        "const @ = function () { return #; };",
        "const @ = function g() { return #; };",
        "const @ = 5;",
        "const @ = 'x'\n",
        "const @ = -1;",
        "let @ = 0;",
        "var @;",
        "const @ = [];",
        "const @ = { g };",
        "const @ = g;",
        "class @ {}",
        "import @ from 'lib';",
        "import * as @ from 'lib';",
        "import { a as @ } from 'lib';",
        "import { b as @ } from 'lib'\n",
        "import @ from 'fs';",
        "export function @() { return #; }",
        "export const @ = () => #;",
        "function* @() { yield #; }",
        "#;",
        "const @ = async (x) => { return # };",
        "const @ = x => [\n#]\n",
        ";",
    ]);
    (forms, name(), expression())
        .prop_map(|(form, name, expression)| form.replace('@', name).replace('#', &expression))
}

fn module() -> impl Strategy<Value = String> {
    let exported = prop::sample::select(vec![
        "export default { f, g: h };",
        "export default { f };\n",
        "export default { f() { return # }, g };",
        "export default { f: () => # };",
        "export default { f: g, h: { f } }",
        "export { g }; export default { f: function () { return #; } };",
        "export default { async f() { return #; } };",
    ]);
    let statements = prop::collection::vec(statement(), 0..5);
    (statements, exported, expression()).prop_map(|(statements, exported, expression)| {
        format!(
            "{}{}",
            statements.concat(),
            exported.replace('#', &expression)
        )
    })
}

/// What each of some instances says, one after the other.
fn told(source: &str) -> Option<(bool, Vec<String>)> {
    let source: &'static str = Box::leak(source.to_owned().into_boxed_str());
    let program = load(&[("main", source), ("lib", LIBRARY)]).ok()?;
    let is_constant = program.modules.last()?.is_constant;
    let told = (0..3).map(|_| match call(&program, "f") {
        Ok(value) => value,
        Err(fault) => fault.message,
    });
    Some((is_constant, told.collect()))
}

/// What is wrong with names that are declared twice.
const TWICE: &str = "invalid redefinition";

/// So many at a time with an engine of their own, which keeps what it has compiled.
const AT_A_TIME: u32 = 300;

#[test]
fn modules_made_once_are_like_those_made_anew() {
    let cases = std::env::var("SCRIPT_CASES").ok();
    let cases = cases.and_then(|cases| cases.parse::<u32>().ok());
    for _ in 0..cases.unwrap_or(AT_A_TIME).div_ceil(AT_A_TIME) {
        let config = Config {
            cases: AT_A_TIME,
            failure_persistence: None,
            ..Config::default()
        };
        let constant = std::cell::Cell::new(0);
        let run = || TestRunner::new(config).run(&module(), |source| compared(&source, &constant));
        super::super::engine::trial(run).unwrap().unwrap();
        assert!(constant.get() >= 3, "{} are constant", constant.get());
    }
}

/// Compares a module that may be made once with the same one, into which something is written that changes.
fn compared(
    source: &str,
    constant: &std::cell::Cell<u32>,
) -> std::result::Result<(), TestCaseError> {
    let Some((is_constant, once)) = told(source) else {
        return Ok(());
    };
    // The engine takes modules in which a name is imported and declared, and tells of that when they are functions.
    let is_syntax = |said: &&String| said.starts_with("SyntaxError") && !said.contains(TWICE);
    let syntax = once.iter().find(is_syntax);
    prop_assert!(syntax.is_none(), "{}: {:?}", source, syntax);
    if is_constant {
        constant.set(constant.get() + 1);
        let (is_constant, anew) = told(&format!("{source}\nlet never = 0;")).unwrap_or_default();
        prop_assert!(!is_constant);
        prop_assert_eq!(once, anew, "{}", source);
    }
    Ok(())
}
