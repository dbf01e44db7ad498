//! Statements: one text becomes a tree of directives.
//!
//! Open blocks stand on an explicit stack, so nesting costs no call depth; blocks beyond
//! [`DEPTH_LIMIT`] are skipped with one error. After any error parsing resumes at the next `;`, `{`
//! or `}`. A simple statement with a broken word is dropped, lest it cause errors that are none;
//! a broken head of a block is kept for the sake of what stands in it.
//! The block of a directive `…_by_lua_block` is a program in another language: only its end is found.

use super::diagnostic::{Diagnostic, Diagnostics};
use super::source::{FileId, Origin, Span};
use super::token::{Lexer, Token, WORD_LIMIT, unescape};
use super::tree::Directive;
use super::word::Word;

/// One text to parse.
#[derive(Clone, Copy, Debug)]
pub(super) struct Input<'t> {
    pub(super) file: FileId,
    pub(super) text: &'t [u8],
    /// How many blocks stand around this text.
    pub(super) depth: usize,
    pub(super) origin: Origin,
}

/// Parses a text into its statements.
pub(super) fn parse_text(input: Input<'_>, diagnostics: &mut Diagnostics) -> Vec<Directive> {
    let mut assembly = Assembly {
        input,
        diagnostics,
        blocks: Vec::new(),
        statements: Vec::new(),
        pending: Pending::default(),
        skipped: 0,
    };
    assembly.run();
    assembly.statements
}

/// The most blocks that may stand within each other.
pub(super) const DEPTH_LIMIT: usize = 100;

/// How the names of directives end whose blocks are Lua.
const SCRIPT: &str = "_by_lua_block";

struct Assembly<'t, 'd> {
    input: Input<'t>,
    diagnostics: &'d mut Diagnostics,
    blocks: Vec<Block>,
    /// Of the innermost open block.
    statements: Vec<Directive>,
    pending: Pending,
    /// Open blocks beyond the depth limit.
    skipped: usize,
}

/// A block that is not closed yet.
struct Block {
    /// `None` for braces without a name: what stands in them is dropped.
    head: Option<Directive>,
    /// The statements before it in the enclosing block.
    before: Vec<Directive>,
}

/// Directives whose parameters may be written as `NAME='a b'`: what they hold is in a language of its own, with
/// blanks, braces and quotes.
const QUOTES_VALUES: &[&str] = &["signal"];

/// The words of the statement being read.
#[derive(Default)]
struct Pending {
    words: Vec<Word>,
    is_broken: bool,
}

impl Assembly<'_, '_> {
    fn run(&mut self) {
        let mut lexer = Lexer::new(self.input.text);
        loop {
            lexer.quotes_values = self.quotes_values();
            let (token, range) = lexer.next();
            let span = Span::new(self.input.file, range.start, range.end);
            match token {
                Token::Word { raw, quoted } => self.word(raw, quoted, span),
                Token::Semicolon => self.semicolon(span),
                Token::Open if self.is_script() => {
                    let is_closed = lexer.skip_script();
                    let end = Span::new(self.input.file, lexer.offset(), lexer.offset());
                    self.script(span, end, is_closed);
                }
                Token::Open => self.open(span),
                Token::Close => self.close(span),
                Token::Stray => self.stray(span),
                Token::TooLong { raw, quoted } => self.too_long(raw, quoted, span),
                Token::Unclosed => return self.unclosed(span),
                Token::End => return self.end(span),
            }
        }
    }

    /// Whether the statement being read takes parameters with quoted values.
    fn quotes_values(&self) -> bool {
        let name = self.pending.words.first();
        name.is_some_and(|name| QUOTES_VALUES.contains(&name.text.as_str()))
    }

    fn word(&mut self, raw: &[u8], quoted: bool, span: Span) {
        if self.skipped > 0 {
            return;
        }
        let text = match std::str::from_utf8(raw) {
            Ok(raw) => unescape(raw),
            Err(error) => {
                let start = span.start as usize + usize::from(quoted) + error.valid_up_to();
                self.not_text(raw, Span::new(span.file, start, start + 1));
                String::from_utf8_lossy(raw).into_owned()
            }
        };
        self.pending.words.push(Word { text, span, quoted });
    }

    fn semicolon(&mut self, span: Span) {
        if self.skipped > 0 {
            return;
        }
        if self.is_idle() {
            return self.unexpected(span, None);
        }
        self.finish(span);
    }

    fn open(&mut self, span: Span) {
        let depth = self.input.depth + self.blocks.len();
        if self.skipped > 0 || depth >= DEPTH_LIMIT {
            return self.skip(span);
        }
        if self.is_idle() {
            self.unexpected(span, None);
        }
        let words = std::mem::take(&mut self.pending).words;
        let before = std::mem::take(&mut self.statements);
        self.blocks.push(Block {
            head: directive(words, span),
            before,
        });
    }

    /// Whether the words at hand are the head of a block in Lua.
    fn is_script(&self) -> bool {
        let head = self.pending.words.first();
        head.is_some_and(|word| !word.quoted && word.text.ends_with(SCRIPT))
    }

    /// A block in Lua is over, or its end was not found.
    fn script(&mut self, span: Span, end: Span, is_closed: bool) {
        let words = std::mem::take(&mut self.pending).words;
        let block = directive(words, span).map(|head| Directive {
            body: Some(Vec::new()),
            end,
            ..head
        });
        if is_closed {
            self.statements.extend(block);
        } else if let Some(head) = block {
            self.blocks.push(Block {
                head: Some(head),
                before: std::mem::take(&mut self.statements),
            });
        }
    }

    fn skip(&mut self, span: Span) {
        if self.skipped == 0 {
            let message = format!("blocks are nested deeper than {DEPTH_LIMIT} levels");
            self.diagnostics.push(Diagnostic::error(span, message));
        }
        self.skipped += 1;
        self.pending = Pending::default();
    }

    fn close(&mut self, span: Span) {
        if self.skipped > 0 {
            self.skipped -= 1;
            return;
        }
        if !self.is_idle() {
            let help = self.pending.words.last();
            let help = help.map(|word| format!("a \";\" is missing after \"{}\"", word.text));
            self.unexpected(span, help);
            self.finish(span);
        } else if self.blocks.is_empty() {
            self.unexpected(span, Some("no block is open here".to_owned()));
        }
        self.close_block(span);
    }

    /// Puts a finished block behind the statements that stand before it.
    fn close_block(&mut self, span: Span) {
        let Some(block) = self.blocks.pop() else {
            return;
        };
        let body = std::mem::replace(&mut self.statements, block.before);
        if let Some(head) = block.head {
            self.statements.push(Directive {
                body: Some(body),
                end: span,
                ..head
            });
        }
    }

    fn finish(&mut self, span: Span) {
        let pending = std::mem::take(&mut self.pending);
        if !pending.is_broken {
            self.statements.extend(directive(pending.words, span));
        }
    }

    fn stray(&mut self, span: Span) {
        if self.skipped > 0 {
            return;
        }
        self.pending.is_broken = true;
        self.unexpected(
            span,
            Some("a blank is missing after the closing quote".to_owned()),
        );
    }

    fn too_long(&mut self, raw: &[u8], quoted: bool, span: Span) {
        self.pending.is_broken = self.skipped == 0;
        let beginning = raw.split(|byte| *byte == b'\n').next().unwrap_or_default();
        let beginning = String::from_utf8_lossy(&beginning[..beginning.len().min(20)]);
        let message = format!("too long parameter \"{beginning}...\"");
        let help = if quoted {
            format!("the closing quote is not found within {WORD_LIMIT} bytes")
        } else {
            format!("a parameter has at most {WORD_LIMIT} bytes")
        };
        self.diagnostics
            .push(Diagnostic::error(span, message).with_help(help));
    }

    fn not_text(&mut self, raw: &[u8], span: Span) {
        self.pending.is_broken = true;
        let shown = String::from_utf8_lossy(raw);
        let message = format!("invalid UTF-8 in \"{}\"", shown.trim());
        let help = "save the file as UTF-8; only comments may have another encoding";
        self.diagnostics
            .push(Diagnostic::error(span, message).with_help(help));
    }

    fn unexpected(&mut self, span: Span, help: Option<String>) {
        let range = span.start as usize..span.end as usize;
        let found = String::from_utf8_lossy(&self.input.text[range]);
        let message = format!("unexpected \"{found}\"");
        self.diagnostics.push(Diagnostic {
            help,
            ..Diagnostic::error(span, message)
        });
    }

    fn unclosed(&mut self, span: Span) {
        let expected = self.expected_after_word();
        self.ended(span, expected, Some("this quote is not closed".to_owned()));
        // The blocks end where the text does: the quote is within the innermost, not the end of them all.
        let end = self.input.text.len();
        self.close_all(Span::new(self.input.file, end, end));
    }

    fn end(&mut self, span: Span) {
        if !self.is_idle() {
            self.ended(span, self.expected_after_word(), self.open_blocks());
        } else if !self.blocks.is_empty() || self.skipped > 0 {
            self.ended(span, "\"}\"", self.open_blocks());
        }
        self.close_all(span);
    }

    fn ended(&mut self, span: Span, expected: &str, help: Option<String>) {
        let ended = match self.input.origin {
            Origin::File => "file",
            Origin::CommandLine => "parameter",
        };
        let message = format!("unexpected end of {ended}, expecting {expected}");
        self.diagnostics.push(Diagnostic {
            help,
            ..Diagnostic::error(span, message)
        });
    }

    fn expected_after_word(&self) -> &'static str {
        match self.input.origin {
            Origin::File => "\";\" or \"}\"",
            Origin::CommandLine => "\";\"",
        }
    }

    /// Says which blocks wait for their end, the innermost first.
    fn open_blocks(&self) -> Option<String> {
        let heads = self
            .blocks
            .iter()
            .rev()
            .filter_map(|block| block.head.as_ref());
        let shown = heads.take(3).map(|head| {
            let before = &self.input.text[..head.span.start as usize];
            let line = before.iter().filter(|byte| **byte == b'\n').count() + 1;
            format!("\"{}\" of line {line}", head.name.text)
        });
        let shown: Vec<_> = shown.collect();
        (!shown.is_empty()).then(|| format!("not closed: {}", shown.join(", ")))
    }

    /// Keeps what stands in blocks that the text's end leaves open.
    fn close_all(&mut self, span: Span) {
        while !self.blocks.is_empty() {
            self.close_block(span);
        }
    }

    fn is_idle(&self) -> bool {
        self.pending.words.is_empty() && !self.pending.is_broken
    }
}

/// A directive without a body; none without a name.
fn directive(words: Vec<Word>, end: Span) -> Option<Directive> {
    let mut words = words.into_iter();
    let name = words.next()?;
    let span = name.span.to(end);
    Some(Directive {
        name,
        arguments: words.collect(),
        body: None,
        span,
        end: span,
    })
}
