//! Modules of which nothing can change: their instances would be alike for ever, so one serves everybody.
//!
//! Such a module consists of functions and plain values. No function of it is used otherwise than by being called, so that
//! nobody can give it a property, and none knows the object of which it is a member. What looks like anything else is
//! no such module: it is made anew for each request, as are all in which variables are.

use super::super::lexer::{Kind, Token};
use super::super::library;

/// A source that is looked at.
pub(super) struct Constant<'s> {
    source: &'s str,
    tokens: &'s [Token],
    at: usize,
    /// Names of functions, its own and imported ones.
    functions: Vec<&'s str>,
    /// Names that functions have only within themselves.
    inner: Vec<&'s str>,
    /// Names that stand for a whole module.
    modules: Vec<&'s str>,
    /// The tokens by which a function gets its name, or is exported.
    named: Vec<usize>,
}

/// It may change.
struct Changes;

type Parsed = Result<(), Changes>;

/// Functions that do nothing but call the function that they are given.
const CALLERS: &[&str] = &[
    "then",
    "catch",
    "finally",
    "setTimeout",
    "map",
    "filter",
    "forEach",
    "some",
    "every",
    "find",
    "findIndex",
    "sort",
];

impl<'s> Constant<'s> {
    /// The functions of a module of which nothing can change; `None` if something may.
    pub(super) fn functions(source: &'s str, tokens: &'s [Token]) -> Option<Vec<&'s str>> {
        let mut constant = Self {
            source,
            tokens,
            at: 0,
            functions: Vec::new(),
            inner: Vec::new(),
            modules: Vec::new(),
            named: Vec::new(),
        };
        while constant.at < tokens.len() {
            constant.statement().ok()?;
        }
        let is_used_well = (0..tokens.len()).all(|at| constant.is_used_well(at));
        is_used_well.then_some(constant.functions)
    }

    fn statement(&mut self) -> Parsed {
        match self.text(self.at) {
            ";" => self.take(";"),
            "import" => self.import(),
            "export" => self.export(),
            "const" => self.constants(),
            _ => self.declaration(),
        }
    }

    fn text(&self, at: usize) -> &'s str {
        let token = self.tokens.get(at);
        token.map_or("", |token| &self.source[token.start..token.end])
    }

    /// Goes over a token that has to be this one.
    fn take(&mut self, text: &str) -> Parsed {
        if self.text(self.at) != text {
            return Err(Changes);
        }
        self.at += 1;
        Ok(())
    }

    fn may_take(&mut self, text: &str) -> bool {
        self.take(text).is_ok()
    }

    /// Goes over a name.
    fn name(&mut self) -> Result<&'s str, Changes> {
        let token = self.tokens.get(self.at).ok_or(Changes)?;
        if token.kind != Kind::Word {
            return Err(Changes);
        }
        self.at += 1;
        Ok(&self.source[token.start..token.end])
    }

    /// Goes over what is between brackets, and these.
    fn skip(&mut self, open: &str) -> Parsed {
        let depth = self.tokens.get(self.at).ok_or(Changes)?.depth;
        self.take(open)?;
        let rest = &self.tokens[self.at..];
        let close = rest.iter().position(|token| token.depth <= depth);
        self.at += close.ok_or(Changes)? + 1;
        Ok(())
    }

    fn import(&mut self) -> Parsed {
        self.take("import")?;
        let (mut members, mut wholes) = (Vec::new(), Vec::new());
        while self.text(self.at) != "from" || self.text(self.at + 1) == "from" {
            match self.text(self.at) {
                "{" => members.extend(self.list()?),
                "*" => {
                    self.at += 2;
                    wholes.push(self.name()?);
                }
                "," => self.at += 1,
                _ => wholes.push(self.name()?),
            }
        }
        self.at += 1;
        let from = self.tokens.get(self.at).ok_or(Changes)?;
        if from.kind != Kind::String {
            return Err(Changes);
        }
        self.at += 1;
        let name = self.source.get(from.start + 1..from.end - 1);
        if !library::is_module(name.ok_or(Changes)?) {
            self.functions.extend(members);
            self.modules.extend(wholes);
        }
        Ok(())
    }

    /// `{a, b as c}`: the last name of each.
    fn list(&mut self) -> Result<Vec<&'s str>, Changes> {
        let mut names = Vec::new();
        self.take("{")?;
        while !self.may_take("}") {
            self.named.push(self.at);
            let mut name = self.name()?;
            if self.may_take("as") {
                self.named.push(self.at);
                name = self.name()?;
            }
            names.push(name);
            self.may_take(",");
        }
        Ok(names)
    }

    fn export(&mut self) -> Parsed {
        self.take("export")?;
        match self.text(self.at) {
            "{" => {
                self.list()?;
                match self.text(self.at) {
                    "from" => Err(Changes),
                    _ => self.end(),
                }
            }
            "const" => self.constants(),
            "default" => {
                self.at += 1;
                match self.text(self.at) {
                    "{" => self.members(),
                    "function" | "async" => self.declaration(),
                    _ => self.value().and_then(|()| self.end()),
                }
            }
            _ => self.declaration(),
        }
    }

    /// The end of a statement.
    fn end(&mut self) -> Parsed {
        let next = self.tokens.get(self.at);
        match self.may_take(";") || next.is_none_or(|next| next.on_new_line) {
            true => Ok(()),
            false => Err(Changes),
        }
    }

    /// `{a, b: c, d() { … }}`
    fn members(&mut self) -> Parsed {
        self.take("{")?;
        while !self.may_take("}") {
            if self.text(self.at) == "async"
                && !matches!(self.text(self.at + 1), ":" | "," | "}" | "(")
            {
                self.at += 1;
            }
            self.may_take("*");
            let at = self.at;
            self.name()?;
            match self.text(self.at) {
                "(" => self.body()?,
                ":" => {
                    self.at += 1;
                    self.value()?;
                }
                _ => self.named.push(at),
            }
            if self.text(self.at) != "}" {
                self.take(",")?;
            }
        }
        Ok(())
    }

    /// `const a = 1, b = () => 2;`
    fn constants(&mut self) -> Parsed {
        self.take("const")?;
        loop {
            let at = self.at;
            let name = self.name()?;
            self.take("=")?;
            match self.is_function() {
                true => {
                    self.functions.push(name);
                    self.named.push(at);
                    self.value()?;
                }
                false => self.plain()?,
            }
            if !self.may_take(",") {
                return self.end();
            }
        }
    }

    /// Whether a function begins here, rather than a plain value.
    fn is_function(&self) -> bool {
        let is_arrow = self.text(self.at + 1) == "=" && self.text(self.at + 2) == ">";
        matches!(self.text(self.at), "function" | "async" | "(") || is_arrow
    }

    /// What a member is: a function, a name, a plain value, or more members.
    fn value(&mut self) -> Parsed {
        match self.text(self.at) {
            "{" => self.members(),
            "function" => self.function().map(drop),
            "async" if self.text(self.at + 1) == "function" => self.function().map(drop),
            _ if self.is_function() => self.arrow(),
            _ if self.plain().is_ok() => Ok(()),
            _ => {
                self.named.push(self.at);
                self.name().map(drop)
            }
        }
    }

    /// A string, a number, or a word for a value.
    fn plain(&mut self) -> Parsed {
        let token = self.tokens.get(self.at).ok_or(Changes)?;
        let is_number =
            token.kind == Kind::Other && self.source.as_bytes()[token.start].is_ascii_digit();
        let is_word = matches!(self.text(self.at), "true" | "false" | "null" | "undefined");
        if !is_number && !is_word && token.kind != Kind::String {
            return Err(Changes);
        }
        self.at += 1;
        Ok(())
    }

    /// `[async] (a, b) => { … }`, or an expression for the body that ends on its line.
    fn arrow(&mut self) -> Parsed {
        self.may_take("async");
        match self.text(self.at) {
            "(" => self.skip("(")?,
            _ => drop(self.name()?),
        }
        self.take("=")?;
        self.take(">")?;
        if self.text(self.at) == "{" {
            return self.skip("{");
        }
        let depth = self.tokens.get(self.at).ok_or(Changes)?.depth;
        let ends = |token: &Token| {
            let is_mark = matches!(token.kind, Kind::Mark(b',' | b';'));
            token.depth < depth || token.depth == depth && is_mark
        };
        let body = &self.tokens[self.at..];
        let length = body.iter().position(ends).unwrap_or(body.len());
        // A line that ends may have ended the statement.
        if body[1.min(length)..length]
            .iter()
            .any(|token| token.depth == depth && token.on_new_line)
        {
            return Err(Changes);
        }
        self.at += length;
        Ok(())
    }

    /// A declaration of a function.
    fn declaration(&mut self) -> Parsed {
        let name = self.function()?;
        self.functions.extend(name);
        Ok(())
    }

    /// `[async] function [*] [name](…) { … }`
    fn function(&mut self) -> Result<Option<&'s str>, Changes> {
        self.may_take("async");
        self.take("function")?;
        self.may_take("*");
        let name = match self.text(self.at) {
            "(" => None,
            _ => Some(self.name()?),
        };
        self.inner.extend(name);
        self.body()?;
        Ok(name)
    }

    /// `(…) { … }`
    fn body(&mut self) -> Parsed {
        self.skip("(")?;
        self.skip("{")
    }

    /// Whether a token is no use of a function or a module by which it could be changed.
    fn is_used_well(&self, at: usize) -> bool {
        let text = self.text(at);
        if self.tokens[at].kind != Kind::Word || self.is_member(at) {
            return true;
        }
        // Of arrows outside of functions, they are those of the function that is made of the module.
        if matches!(text, "this" | "arguments") || text.contains('\\') {
            return false;
        }
        if self.modules.contains(&text) {
            return self.is_named(at) || self.text(at + 1) == "." && self.is_called(at + 2);
        }
        let is_function = self.functions.contains(&text) || self.inner.contains(&text);
        !is_function || self.is_named(at) || self.is_called(at) || self.is_given(at)
    }

    /// What stands so many tokens before one.
    fn before(&self, at: usize, back: usize) -> &'s str {
        at.checked_sub(back).map_or("", |at| self.text(at))
    }

    /// Whether it is the name behind a dot.
    fn is_member(&self, at: usize) -> bool {
        self.before(at, 1) == "." && self.before(at, 2) != "."
    }

    /// Whether it only names something here.
    fn is_named(&self, at: usize) -> bool {
        let is_key = matches!(self.before(at, 1), "{" | ",") && self.text(at + 1) == ":";
        let is_generator = self.before(at, 1) == "*" && self.before(at, 2) == "function";
        matches!(self.before(at, 1), "function" | "import" | "as")
            || is_key
            || is_generator
            || self.named.contains(&at)
    }

    /// Whether it is called.
    fn is_called(&self, at: usize) -> bool {
        let is_made = self.before(at, 1) == "new" || self.before(at, 3) == "new";
        self.text(at + 1) == "(" && !is_made
    }

    /// Whether it is given to what calls it.
    fn is_given(&self, at: usize) -> bool {
        self.before(at, 1) == "("
            && CALLERS.contains(&self.before(at, 2))
            && matches!(self.text(at + 1), ")" | ",")
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::lexer::tokens;
    use super::*;

    fn functions(source: &str) -> Option<String> {
        let all = tokens(source).unwrap();
        Some(Constant::functions(source, &all)?.join(" "))
    }

    #[test]
    fn functions_and_plain_values_do_not_change() {
        for (source, expected) in [
            (
                "function f(r) { let n = 0; n++; g(); } function g() {} export default { f };",
                "f g",
            ),
            (
                "const f = (r) => { r.x = 1 }, LIMIT = 5, NAME = 'x'\nexport default { f, g: f, h() {} }",
                "f",
            ),
            (
                "const f = async r => r.return(LIMIT), LIMIT = 5; export default { f }",
                "f",
            ),
            (
                "export async function f() { await later().then(g) } const later = function () {}; function* g() {}",
                "f later g",
            ),
            (
                "import fs from 'fs'; export default { f(r) { return fs.readFileSync('x') } }",
                "",
            ),
            (
                "import lib from 'lib.js'\nexport default { f(r) { return lib.g(r) } }",
                "",
            ),
            (
                "import { g } from 'lib.js'; export default { f: (r) => g(r), h: { i: g } }",
                "g",
            ),
            ("export default function f() {}\nexport { f as g }", "f"),
            (
                "export default { async f() {}, async: function () {}, *g() {} };",
                "",
            ),
        ] {
            assert_eq!(functions(source).as_deref(), Some(expected), "{source}");
        }
    }

    #[test]
    fn what_may_change_is_told() {
        for source in [
            "let n = 0; export default { f() { n++ } }",
            "var n; export default {}",
            "const seen = new Map(); export default { f() {} }",
            "const seen = []; export default { f() {} }",
            "const all = g(); function g() {} export default { g }",
            "const f = () => 1\nlet n = 0\nexport default { f }",
            "const f = () => 1\n(n = 2); export default { f }",
            "function f() { f.n = 1 } export default { f };",
            "function f() { g = 1 } function g() {} export default { f };",
            "function f() { const h = g; h.n = 1 } function g() {} export default { f };",
            "function f() { mark(g) } function g() {} function mark(x) { x.n = 1 } export default { f };",
            "function f() { new g() } function g() {} export default { f };",
            "function f() { return [...g] } function g() {} export default { f };",
            "const f = function g() { g.n = 1 }; export default { f };",
            "function f() { this.n = 1 } export default { f };",
            "import lib from 'lib.js'; export default { f() { lib.n = 1 } }",
            "import lib from 'lib.js'; export default { f() { return lib } }",
            "import { g } from 'lib.js'; export default { f() { g.n = 1 } }",
            "export default { f: () => arguments[0] }",
            "class A {} export default { f() {} }",
            "const f = () => 1; const g = f; export default { g }",
            "const o = { a: 1 }; export default { f() { o.a = 2 } }",
            "import 'lib.js'; export default {}",
            "export default { get f() { return 1 } }",
            "export default { [Math.random()]: 1 }",
            "export default { ...other }",
            "export default class {}",
            "f(); function f() {} export default { f }",
            "function f() { \\u0067.n = 1 } function g() {} export default { f }",
            "const t = `x`; export default { f() {} }",
            "const t = /x/g; export default { f() {} }",
        ] {
            assert_eq!(functions(source), None, "{source}");
        }
    }

    #[test]
    fn nothing_makes_it_panic() {
        for source in [
            "import",
            "import x from '",
            "import {",
            "import { a as",
            "import * as",
            "export",
            "export default",
            "export {",
            "const",
            "const a",
            "const a =",
            "function",
            "function f(",
            "async",
            "({",
            "=>",
            "(",
            "export default {",
            "lib",
            "export default { a:",
        ] {
            if let Ok(all) = tokens(source) {
                Constant::functions(source, &all);
            }
        }
    }
}
