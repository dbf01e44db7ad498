//! How far a source reaches: which names stand in it, and whether it may get at what all scripts have in common.
//!
//! Nothing depends on the answer but time. What is built in cannot be changed where scripts share it; a source that
//! looks as if it wanted to is given a context of its own, so that it can.

use super::lexer::{Kind, Token};

/// No name that anybody gives a variable is longer.
const LONGEST_WORD: usize = 128;

/// A source and its tokens.
pub(super) struct Reach<'s> {
    source: &'s str,
    tokens: &'s [Token],
}

impl<'s> Reach<'s> {
    pub(super) fn new(source: &'s str, tokens: &'s [Token]) -> Self {
        Self { source, tokens }
    }

    /// Its words and short strings.
    pub(super) fn words(&self) -> Vec<String> {
        let word = |token: &Token| {
            let text = &self.source[token.start..token.end];
            match token.kind {
                Kind::Word => Some(text),
                Kind::String => text.get(1..text.len() - 1),
                _ => None,
            }
        };
        let words = self.tokens.iter().filter_map(word);
        let names = words.filter(|word| word.len() <= LONGEST_WORD);
        names.map(str::to_owned).collect()
    }

    /// Whether it may change what all scripts have in common: the objects of the language, or the global one.
    pub(super) fn has_globals(&self) -> bool {
        (0..self.tokens.len()).any(|at| match self.text(at) {
            "globalThis" | "__proto__" | "defineProperty" | "defineProperties" => true,
            "setPrototypeOf" | "eval" | "Function" | "constructor" if self.is_reference(at) => true,
            "__defineGetter__" | "__defineSetter__" => true,
            word if BUILT_IN.contains(&word) && self.is_changed(at) => true,
            "prototype" => !self.is_borrowed(at),
            word => self.tokens[at].kind == Kind::Word && word.contains('\\'),
        })
    }

    /// Whether a member of what this names is assigned.
    fn is_changed(&self, at: usize) -> bool {
        let is_free = at == 0 || !self.is_mark(at - 1, b'.');
        is_free
            && self.is_mark(at + 1, b'.')
            && self.is_mark(at + 3, b'=')
            && !self.is_mark(at + 4, b'=')
    }

    /// A class's constructor is none.
    fn is_reference(&self, at: usize) -> bool {
        self.text(at) != "constructor" || at > 0 && self.is_mark(at - 1, b'.')
    }

    /// `….prototype.name.call(`
    fn is_borrowed(&self, at: usize) -> bool {
        self.is_mark(at + 1, b'.')
            && self.is_mark(at + 3, b'.')
            && matches!(self.text(at + 4), "call" | "apply" | "bind")
    }

    fn text(&self, at: usize) -> &'s str {
        let token = self.tokens.get(at);
        token.map_or("", |token| &self.source[token.start..token.end])
    }

    fn is_mark(&self, at: usize, mark: u8) -> bool {
        let token = self.tokens.get(at);
        token.is_some_and(|token| token.kind == Kind::Mark(mark))
    }
}

/// Built-in objects that programs change here and there.
const BUILT_IN: &[&str] = &[
    "Array", "Buffer", "Date", "Error", "JSON", "Map", "Math", "Number", "Object", "Promise",
    "Reflect", "RegExp", "Set", "String", "Symbol", "console", "crypto", "ngx",
];
