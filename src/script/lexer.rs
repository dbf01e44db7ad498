//! The tokens of JavaScript, as far as it takes to find `import` and `export` between them.
//!
//! A source is only read here after the engine has compiled it, so what is malformed never comes this far. What a
//! slash means is told by the token before it, and by what a closing bracket has closed.

mod head;

use head::Head;

/// A token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Token {
    /// What it is.
    pub(super) kind: Kind,
    /// Where it begins in the source.
    pub(super) start: usize,
    /// Where it ends.
    pub(super) end: usize,
    /// How many brackets are open around it.
    pub(super) depth: u32,
    /// Whether a line ends between the token before it and this one.
    pub(super) on_new_line: bool,
}

/// Kinds of tokens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// A name or a keyword.
    Word,
    /// A byte of punctuation.
    Mark(u8),
    /// A string between quotes, quotes included.
    String,
    /// A part of a template, or a number, or a regular expression.
    Other,
}

/// The tokens of a source.
///
/// # Errors
/// Where `<!--` or `-->` stands: within a script it begins a comment, within a module it does not, and modules become
/// scripts here.
pub(super) fn tokens(source: &str) -> Result<Vec<Token>, usize> {
    let mut lexer = Lexer {
        bytes: source.as_bytes(),
        at: 0,
        on_new_line: true,
        open: Vec::new(),
        closed: Open::Operand,
        heads: Vec::new(),
        tokens: Vec::new(),
    };
    lexer.skip_hashbang();
    while lexer.skip_blanks() {
        if lexer.is_html_comment() {
            return Err(lexer.at);
        }
        lexer.token();
    }
    Ok(lexer.tokens)
}

/// What an open bracket began.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Open {
    /// An expression in brackets: an operand once it is closed.
    Operand,
    /// The head of a statement, or a block: behind it begins a statement.
    Statement,
    /// `${` within a template.
    Template,
}

struct Lexer<'s> {
    bytes: &'s [u8],
    at: usize,
    on_new_line: bool,
    open: Vec<Open>,
    /// What the bracket that was closed last had begun.
    closed: Open,
    /// The functions and classes whose bodies have not begun.
    heads: Vec<Head>,
    tokens: Vec<Token>,
}

impl Lexer<'_> {
    fn skip_hashbang(&mut self) {
        if self.bytes.starts_with(b"#!") {
            self.at = self.find(0, ends_line);
        }
    }

    fn is_html_comment(&self) -> bool {
        let rest = &self.bytes[self.at..];
        rest.starts_with(b"<!--") || self.on_new_line && rest.starts_with(b"-->")
    }

    /// Goes to the next token; false at the end.
    fn skip_blanks(&mut self) -> bool {
        loop {
            let rest = &self.bytes[self.at..];
            match rest {
                [] => return false,
                [b'\n' | b'\r', ..] => {
                    self.on_new_line = true;
                    self.at += 1;
                }
                [byte, ..] if byte.is_ascii_whitespace() || *byte == 0x0b => self.at += 1,
                [b'/', b'/', ..] => self.at = self.find(self.at, ends_line),
                [b'/', b'*', ..] => {
                    let end = self.find(self.at + 2, |rest| rest.starts_with(b"*/"));
                    self.on_new_line |= self.find(self.at, ends_line) < end;
                    self.at = (end + 2).min(self.bytes.len());
                }
                // Blanks beyond ASCII: no-break spaces, line separators, the mark of byte order.
                [0xc2, 0xa0, ..] => self.at += 2,
                [0xe2, 0x80, 0xa8 | 0xa9, ..] => {
                    self.on_new_line = true;
                    self.at += 3;
                }
                [0xef, 0xbb, 0xbf, ..] => self.at += 3,
                _ => return true,
            }
        }
    }

    /// Where from `start` on something is; the end if it is nowhere.
    fn find(&self, start: usize, is: impl Fn(&[u8]) -> bool) -> usize {
        let places = start..self.bytes.len();
        let mut found = places.filter(|place| is(&self.bytes[*place..]));
        found.next().unwrap_or(self.bytes.len())
    }

    fn token(&mut self) {
        let start = self.at;
        match self.bytes[start] {
            quote @ (b'"' | b'\'') => {
                self.quoted(quote);
                self.push(Kind::String, start);
            }
            b'`' => self.template(),
            b'/' if self.begins_operand() => {
                self.regular_expression();
                self.push(Kind::Other, start);
            }
            b'0'..=b'9' => {
                self.at = self.find(start, |rest| !is_word(rest) && rest[0] != b'.');
                self.push(Kind::Other, start);
            }
            _ if is_word(&self.bytes[start..]) => {
                self.at = self.find(start, |rest| !is_word(rest));
                self.note_head(start);
                self.push(Kind::Word, start);
            }
            b'}' if self.open.last() == Some(&Open::Template) => {
                self.open.pop();
                self.template();
            }
            byte => self.mark(byte),
        }
    }

    fn push(&mut self, kind: Kind, start: usize) {
        self.tokens.push(Token {
            kind,
            start,
            end: self.at,
            depth: u32::try_from(self.open.len()).unwrap_or(u32::MAX),
            on_new_line: std::mem::take(&mut self.on_new_line),
        });
    }

    fn quoted(&mut self, quote: u8) {
        self.at += 1;
        while let Some(byte) = self.bytes.get(self.at) {
            self.at += 1;
            match byte {
                b'\\' => self.at += 1,
                byte if *byte == quote => break,
                _ => {}
            }
        }
        self.at = self.at.min(self.bytes.len());
    }

    /// From a backtick, or the end of what was put in, to the next of either.
    fn template(&mut self) {
        let start = self.at;
        self.at += 1;
        while let Some(byte) = self.bytes.get(self.at) {
            self.at += 1;
            match byte {
                b'\\' => self.at += 1,
                b'`' => break,
                b'$' if self.bytes.get(self.at) == Some(&b'{') => {
                    self.at += 1;
                    self.push(Kind::Other, start);
                    self.open.push(Open::Template);
                    return;
                }
                _ => {}
            }
        }
        self.at = self.at.min(self.bytes.len());
        self.push(Kind::Other, start);
    }

    fn regular_expression(&mut self) {
        self.at += 1;
        let mut in_class = false;
        while let Some(byte) = self.bytes.get(self.at) {
            self.at += 1;
            match byte {
                b'\\' => self.at += 1,
                b'[' => in_class = true,
                b']' => in_class = false,
                b'/' if !in_class => break,
                _ => {}
            }
        }
        let end = self.at.min(self.bytes.len());
        self.at = self.find(end, |rest| !is_word(rest));
    }

    fn mark(&mut self, byte: u8) {
        let start = self.at;
        self.at += 1;
        match byte {
            b'(' | b'[' | b'{' => {
                let open = self.opens(byte);
                self.push(Kind::Mark(byte), start);
                self.open.push(open);
            }
            b')' | b']' | b'}' => {
                self.closed = self.open.pop().unwrap_or(Open::Operand);
                self.push(Kind::Mark(byte), start);
            }
            _ => self.push(Kind::Mark(byte), start),
        }
    }

    fn last_word(&self) -> Option<&str> {
        let last = self.tokens.last().filter(|last| last.kind == Kind::Word)?;
        str::from_utf8(&self.bytes[last.start..last.end]).ok()
    }

    /// Whether the word before it is a name behind a dot, not a keyword.
    fn is_member(&self) -> bool {
        let before = self.tokens.len().checked_sub(2);
        before.is_some_and(|before| self.tokens[before].kind == Kind::Mark(b'.'))
    }

    fn opens(&mut self, bracket: u8) -> Open {
        if bracket == b'{'
            && let Some(is_operand) = self.take_head()
        {
            return match is_operand {
                true => Open::Operand,
                false => Open::Statement,
            };
        }
        let last = self.tokens.last().map(|last| last.kind);
        match (bracket, last) {
            (b'(', Some(Kind::Word)) if !self.is_member() => match self.last_word() {
                Some("if" | "while" | "for" | "with") => Open::Statement,
                _ => Open::Operand,
            },
            (b'{', None | Some(Kind::Mark(b')' | b';' | b'{' | b'}'))) => Open::Statement,
            (b'{', Some(Kind::Mark(b'>'))) => Open::Statement,
            (b'{', Some(Kind::Word)) => match self.last_word() {
                Some("return" | "typeof" | "case" | "in" | "of" | "void" | "delete" | "throw") => {
                    Open::Operand
                }
                Some("new" | "instanceof" | "await" | "yield" | "default") => Open::Operand,
                _ => Open::Statement,
            },
            _ => Open::Operand,
        }
    }

    /// Whether an operand begins here, so that a slash begins a regular expression.
    fn begins_operand(&self) -> bool {
        match self.tokens.last().map(|last| last.kind) {
            None => true,
            Some(Kind::String | Kind::Other) => {
                // Within a template an expression begins behind `${`.
                self.bytes[..self.at].trim_ascii_end().ends_with(b"${")
            }
            Some(Kind::Word) if self.is_member() => false,
            Some(Kind::Word) => matches!(
                self.last_word(),
                Some(
                    "return"
                        | "typeof"
                        | "case"
                        | "in"
                        | "of"
                        | "do"
                        | "else"
                        | "void"
                        | "delete"
                        | "throw"
                        | "new"
                        | "instanceof"
                        | "await"
                        | "yield"
                        | "default"
                )
            ),
            Some(Kind::Mark(b')' | b'}')) => self.closed == Open::Statement,
            Some(Kind::Mark(b']')) => false,
            Some(Kind::Mark(b'+' | b'-')) => !self.is_doubled(),
            Some(Kind::Mark(_)) => true,
        }
    }

    /// Whether the last two tokens are `++` or `--`.
    fn is_doubled(&self) -> bool {
        match &self.tokens[..] {
            [.., first, last] => first.kind == last.kind && first.end == last.start,
            _ => false,
        }
    }
}

/// Whether bytes begin with a part of a word; blanks beyond ASCII are none.
fn is_word(bytes: &[u8]) -> bool {
    match bytes {
        [0xc2, 0xa0, ..] | [0xe2, 0x80, 0xa8 | 0xa9, ..] | [0xef, 0xbb, 0xbf, ..] => false,
        [byte, ..] => {
            byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'$' | b'#' | b'\\' | 0x80..)
        }
        [] => false,
    }
}

/// Whether bytes begin with the end of a line.
fn ends_line(bytes: &[u8]) -> bool {
    matches!(bytes, [b'\n' | b'\r', ..] | [0xe2, 0x80, 0xa8 | 0xa9, ..])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(source: &str) -> Vec<(&str, u32)> {
        let all = tokens(source).unwrap().into_iter();
        let words = all.filter(|token| token.kind == Kind::Word);
        words
            .map(|token| (&source[token.start..token.end], token.depth))
            .collect()
    }

    #[test]
    fn what_looks_like_a_word_in_texts_is_none() {
        let source = "a /* export */ 'export' \"ex\\\"port\" `export ${ b + `${c} export` } export` // export\nd";
        assert_eq!(words(source), [("a", 0), ("b", 1), ("c", 2), ("d", 0)]);
    }

    #[test]
    fn slashes_divide_or_begin_patterns() {
        for (source, expected) in [
            ("a / b / c", vec!["a", "b", "c"]),
            ("a = /b'[/`]/g; c", vec!["a", "c"]),
            ("if (a) /'/.test(b)", vec!["if", "a", "test", "b"]),
            ("(a) / b", vec!["a", "b"]),
            ("f(/\\/'/, b)", vec!["f", "b"]),
            ("return /'/", vec!["return"]),
            ("a.return / b", vec!["a", "return", "b"]),
            ("{ } /'/; a", vec!["a"]),
            ("a++ / b", vec!["a", "b"]),
            ("`${ /'/ }` + a", vec!["a"]),
            ("`${1}` / a", vec!["a"]),
            ("a = {} / b", vec!["a", "b"]),
            ("x => { } \n /'/.test(b)", vec!["x", "test", "b"]),
            ("a = function () {} / b", vec!["a", "function", "b"]),
            (
                "(async function* f(a = {}) {} / b)",
                vec!["async", "function", "f", "a", "b"],
            ),
            ("function f() {} /'/; b", vec!["function", "f", "b"]),
            (
                "a\nasync function f() {}\n/'/; b",
                vec!["a", "async", "function", "f", "b"],
            ),
            (
                "a = class extends f({}) {} / b",
                vec!["a", "class", "extends", "f", "b"],
            ),
            ("class A { f() {} }\n/'/; b", vec!["class", "A", "f", "b"]),
            (
                "a = { function() {}, class: {} } / b",
                vec!["a", "function", "class", "b"],
            ),
            ("`${function () {} / a}`", vec!["function", "a"]),
        ] {
            let found: Vec<_> = words(source).into_iter().map(|(word, _)| word).collect();
            assert_eq!(found, expected, "{source}");
        }
    }

    #[test]
    fn nothing_makes_it_panic() {
        for source in [
            "'", "`${", "/", "}", "\\", "/*", "//", "`a${`b", "a/[", "'\\", "é/é",
        ] {
            let _ = tokens(source);
        }
    }

    #[test]
    fn every_end_of_a_line_ends_comments() {
        for end in ["\n", "\r", "\r\n", "\u{2028}", "\u{2029}"] {
            let source = format!("#! a{end}b // c{end}d /* {end} */ e\u{a0}f");
            let all = tokens(&source).unwrap();
            let all = all
                .iter()
                .map(|token| (&source[token.start..token.end], token.on_new_line));
            let expected = [("b", true), ("d", true), ("e", true), ("f", false)];
            assert_eq!(all.collect::<Vec<_>>(), expected, "{end:?}");
        }
    }

    #[test]
    fn comments_of_html_are_told_of() {
        for (source, at) in [
            ("a<!--b", 1),
            ("a\n-->b", 2),
            ("/* */-->", 5),
            ("a /*\n*/ --> b", 8),
            ("`${a<!--b}`", 4),
        ] {
            assert_eq!(tokens(source), Err(at), "{source}");
        }
        for source in [
            "'<!--'",
            "`-->\n-->`",
            "/<!--/",
            "a-->b",
            "a < !(--b)",
            "// <!--",
        ] {
            assert!(tokens(source).is_ok(), "{source}");
        }
    }
}
