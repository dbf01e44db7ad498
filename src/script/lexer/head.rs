//! Functions and classes: whether a statement or an operand is over behind their bodies.

use super::{Kind, Lexer};

/// `function` or `class`, before the bracket that opens its body.
#[derive(Clone, Copy)]
pub(super) struct Head {
    /// How many brackets are open around it.
    depth: usize,
    is_class: bool,
    /// Whether it is a part of an expression, and so an operand when it is over.
    is_operand: bool,
}

impl Lexer<'_> {
    /// Notes that a function or a class begins, where the word that was just read says so.
    pub(super) fn note_head(&mut self, start: usize) {
        let is_class = match &self.bytes[start..self.at] {
            b"class" => true,
            b"function" => false,
            _ => return,
        };
        let before = match self.last_word() {
            Some("async") if !is_class => self.tokens.len().checked_sub(2),
            _ => self.tokens.len().checked_sub(1),
        };
        let is_operand = before.is_some_and(|before| self.expects_operand(before));
        self.heads.push(Head {
            depth: self.open.len(),
            is_class,
            is_operand,
        });
    }

    /// Whether an expression goes on behind a token, rather than that a statement begins.
    fn expects_operand(&self, at: usize) -> bool {
        let token = self.tokens[at];
        let text = &self.bytes[token.start..token.end];
        match token.kind {
            Kind::Mark(b';' | b'{' | b'}' | b')' | b']') | Kind::String | Kind::Other => {
                text.ends_with(b"${")
            }
            Kind::Mark(_) => true,
            Kind::Word => matches!(
                text,
                b"return"
                    | b"typeof"
                    | b"case"
                    | b"in"
                    | b"of"
                    | b"void"
                    | b"delete"
                    | b"throw"
                    | b"new"
                    | b"instanceof"
                    | b"await"
                    | b"yield"
                    | b"extends"
            ),
        }
    }

    /// Whether the function or class is an operand whose body a brace opens here, if it does.
    pub(super) fn take_head(&mut self) -> Option<bool> {
        let depth = self.open.len();
        while self.heads.last().is_some_and(|head| head.depth > depth) {
            self.heads.pop();
        }
        let head = *self.heads.last().filter(|head| head.depth == depth)?;
        let last = self.tokens.last().map(|last| last.kind);
        let is_body = head.is_class && last != Some(Kind::Mark(b':'));
        if is_body || last == Some(Kind::Mark(b')')) {
            self.heads.pop();
            return Some(head.is_operand);
        }
        None
    }
}
