//! `await` outside of functions, which a module may have and the function that is made of it may not.

use super::super::lexer::{Kind, Token};

/// A source that is looked through for it.
pub(super) struct Waiting<'s> {
    source: &'s str,
    tokens: &'s [Token],
}

impl<'s> Waiting<'s> {
    pub(super) fn new(source: &'s str, tokens: &'s [Token]) -> Self {
        Self { source, tokens }
    }

    /// Where the first one begins.
    pub(super) fn place(&self) -> Option<usize> {
        let mut all = (0..self.tokens.len()).filter(|at| self.is_await(*at));
        let first = all.find(|at| !self.is_in_function(*at))?;
        Some(self.tokens[first].start)
    }

    /// Whether it is the keyword, and no name of a member.
    fn is_await(&self, at: usize) -> bool {
        self.text(at) == "await"
            && self.tokens[at].kind == Kind::Word
            && at
                .checked_sub(1)
                .is_none_or(|before| self.text(before) != ".")
            && !matches!(self.text(at + 1), ":" | "," | "}" | "=" | ")" | ";")
    }

    /// Goes outwards, from what is around to what is around that.
    fn is_in_function(&self, at: usize) -> bool {
        let mut depth = self.tokens[at].depth;
        let mut at = at;
        while at > 0 {
            at -= 1;
            let token = self.tokens[at];
            let opens = token.depth < depth;
            depth = depth.min(token.depth);
            if opens && self.opens_body(at) || token.depth == depth && self.is_arrow(at) {
                return true;
            }
        }
        false
    }

    /// Whether a bracket opens the body of a function: behind its parameters, or of a class.
    fn opens_body(&self, at: usize) -> bool {
        if self.text(at) != "{" {
            return false;
        }
        let Some(before) = at.checked_sub(1) else {
            return false;
        };
        match self.text(before) {
            ")" => !self.is_head_of_statement(before),
            ">" => self.is_arrow(before),
            _ => self.is_class(before, self.tokens[at].depth),
        }
    }

    /// Whether the bracket that closes here belongs to `if (…)` and the like.
    fn is_head_of_statement(&self, close: usize) -> bool {
        let depth = self.tokens[close].depth;
        let mut before = self.tokens[..close].iter();
        let open = before.rposition(|token| token.depth == depth && token.kind == Kind::Mark(b'('));
        let word = open.and_then(|open| open.checked_sub(1));
        word.is_some_and(|word| {
            matches!(
                self.text(word),
                "if" | "while" | "for" | "with" | "switch" | "catch" | "await"
            )
        })
    }

    /// Whether the words before a brace are the head of a class.
    fn is_class(&self, before: usize, depth: u32) -> bool {
        let head = self.tokens[..=before].iter().rev();
        let mut head = head.take_while(|token| {
            token.depth > depth || matches!(token.kind, Kind::Word | Kind::Mark(b'.' | b')' | b'('))
        });
        head.any(|token| &self.source[token.start..token.end] == "class")
    }

    /// `=>`
    fn is_arrow(&self, at: usize) -> bool {
        let before = at.checked_sub(1);
        self.text(at) == ">"
            && before.is_some_and(|before| {
                self.text(before) == "=" && self.tokens[before].end == self.tokens[at].start
            })
    }

    fn text(&self, at: usize) -> &'s str {
        let token = self.tokens.get(at);
        token.map_or("", |token| &self.source[token.start..token.end])
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::lexer::tokens;
    use super::*;

    #[test]
    fn only_what_is_in_no_function_is_found() {
        for source in [
            "const v = await 5;",
            "if (x) { await f(); }",
            "for await (const x of y) {}",
            "switch (a) { case 1: await b }",
            "await (x)",
            "const v = { a: await b() }",
            "`${await x}`",
        ] {
            let found = Waiting::new(source, &tokens(source).unwrap()).place();
            assert_eq!(found, source.find("await"), "{source}");
        }
        for source in [
            "async function f() { await 1; if (x) { await 2 } }",
            "const f = async () => await 1",
            "const f = async (x) => { for await (const y of x) {} }",
            "export default { async f(r) { return [await 1, { a: await 2 }] } }",
            "class A { static async f() { await 1 } }",
            "g(async x =>\n  x ? await a : await b)",
            "const o = { await: 1 }; o.await",
            "const f = async () => (1, await x)",
        ] {
            let found = Waiting::new(source, &tokens(source).unwrap()).place();
            assert_eq!(found, None, "{source}");
        }
    }
}
