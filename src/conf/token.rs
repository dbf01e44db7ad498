//! The lexical level, with nom: bytes become words and punctuation.
//!
//! The rules are nginx's to the letter, since existing files rely on their corners: a comment or a
//! quote means something only where a token starts, `${` opens no block in an unquoted token, an
//! escaped character never ends a token, and after a closing quote only a blank, `;`, `{` or `)`
//! may follow (`)` starts the next token). Only where a statement takes parameters with quoted values, which
//! nginx has none of, a quote behind `NAME=` reaches as far as one at the start. A token that is too long or lacks its closing quote is
//! given up after its first line, having looked at no more than the limit, so lexing stays linear.

use std::ops::Range;

use nom::branch::alt;
use nom::bytes::complete::{tag, take, take_till, take_while, take_while1};
use nom::combinator::{opt, recognize};
use nom::error::Error;
use nom::multi::{many0_count, many1_count};
use nom::{IResult, Parser};

use super::lua;

/// What stands at a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Token<'t> {
    /// A word as written, without its quotes.
    Word { raw: &'t [u8], quoted: bool },
    /// `;`
    Semicolon,
    /// `{`
    Open,
    /// `}`
    Close,
    /// A character that may not follow a closing quote; nothing is consumed.
    Stray,
    /// A word beyond the limit.
    TooLong { raw: &'t [u8], quoted: bool },
    /// A quote that the text's end leaves open.
    Unclosed,
    /// The end of the text.
    End,
}

/// Cuts a text into tokens.
#[derive(Debug)]
pub(super) struct Lexer<'t> {
    text: &'t [u8],
    rest: &'t [u8],
    behind_quote: bool,
    /// Whether words such as `NAME='a b'` are one word, quotes and all.
    pub(super) quotes_values: bool,
}

impl<'t> Lexer<'t> {
    pub(super) fn new(text: &'t [u8]) -> Self {
        let rest = text.strip_prefix(BYTE_ORDER_MARK).unwrap_or(text);
        Self {
            text,
            rest,
            behind_quote: false,
            quotes_values: false,
        }
    }

    /// The next token and its place; `End` again and again at the end.
    pub(super) fn next(&mut self) -> (Token<'t>, Range<usize>) {
        if std::mem::take(&mut self.behind_quote) && self.is_stray() {
            let start = self.offset();
            return (Token::Stray, start..start + self.character_length());
        }
        if let Ok((rest, _)) = blanks(self.rest) {
            self.rest = rest;
        }
        let start = self.offset();
        let token = self.token();
        (token, start..self.offset())
    }

    /// Skips a block of Lua whose opening brace was the last token, with its closing brace; false
    /// when that is not found, and then the rest of the text is skipped.
    pub(super) fn skip_script(&mut self) -> bool {
        let length = lua::length(self.rest);
        self.rest = &self.rest[length.unwrap_or(self.rest.len())..];
        length.is_some()
    }

    /// How much of the text is done.
    pub(super) fn offset(&self) -> usize {
        self.text.len() - self.rest.len()
    }

    fn is_stray(&self) -> bool {
        self.rest
            .first()
            .is_some_and(|byte| !is_blank(*byte) && !b";{)".contains(byte))
    }

    fn character_length(&self) -> usize {
        let more = self
            .rest
            .iter()
            .skip(1)
            .take(3)
            .take_while(|byte| (0x80..0xc0).contains(*byte));
        if self.rest.first().is_some_and(|byte| *byte >= 0xc0) {
            1 + more.count()
        } else {
            1
        }
    }

    fn token(&mut self) -> Token<'t> {
        let Some((&first, behind)) = self.rest.split_first() else {
            return Token::End;
        };
        let punctuation = match first {
            b';' => Token::Semicolon,
            b'{' => Token::Open,
            b'}' => Token::Close,
            b'"' | b'\'' => return self.quoted(first, behind),
            _ => return self.bare(),
        };
        self.rest = behind;
        punctuation
    }

    fn bare(&mut self) -> Token<'t> {
        let window = &self.rest[..self.rest.len().min(WORD_LIMIT + 1)];
        if self.quotes_values
            && let Ok((_, raw)) = quoted_value(window)
        {
            self.rest = &self.rest[raw.len()..];
            self.behind_quote = true;
            return Token::Word { raw, quoted: false };
        }
        // A bare word has at least one byte here: no blank, no punctuation stands at the start.
        let (rest, raw) = bare(self.rest).unwrap_or((&[], self.rest));
        self.rest = rest;
        if raw.len() > WORD_LIMIT {
            return Token::TooLong { raw, quoted: false };
        }
        Token::Word { raw, quoted: false }
    }

    fn quoted(&mut self, quote: u8, behind: &'t [u8]) -> Token<'t> {
        let window = &behind[..behind.len().min(WORD_LIMIT + 1)];
        let (after, raw) = quoted(quote, window).unwrap_or((&[], window));
        if !after.is_empty() {
            self.rest = &behind[raw.len() + 1..];
            self.behind_quote = true;
            return Token::Word { raw, quoted: true };
        }
        if window.len() == behind.len() {
            self.rest = &[];
            return Token::Unclosed;
        }
        let line = behind.iter().position(|byte| matches!(byte, b'\n' | b';'));
        self.rest = &behind[line.unwrap_or(behind.len())..];
        Token::TooLong {
            raw: window,
            quoted: true,
        }
    }
}

/// Blanks and comments.
fn blanks(input: &[u8]) -> IResult<&[u8], usize> {
    let comment = recognize((tag(&b"#"[..]), take_till(|byte| byte == b'\n')));
    many0_count(alt((take_while1(is_blank), comment))).parse(input)
}

/// An unquoted word, up to a blank, `;` or `{`.
fn bare(input: &[u8]) -> IResult<&[u8], &[u8]> {
    let plain = take_while1(|byte| !is_blank(byte) && !b";{\\$".contains(&byte));
    let variable = recognize((tag(&b"$"[..]), take_while(|byte| byte == b'{')));
    recognize(many1_count(alt((plain, variable, escape)))).parse(input)
}

/// `NAME='a b'`
fn quoted_value(input: &[u8]) -> IResult<&[u8], &[u8]> {
    let name = || take_while1(|byte: u8| byte.is_ascii_alphanumeric() || byte == b'_');
    let value = |quote: &'static [u8]| {
        (
            tag(quote),
            opt(move |input| quoted(quote[0], input)),
            tag(quote),
        )
    };
    let value = alt((value(b"'"), value(b"\"")));
    recognize((name(), tag(&b"="[..]), value)).parse(input)
}

/// What stands before the closing quote.
fn quoted(quote: u8, input: &[u8]) -> IResult<&[u8], &[u8]> {
    let plain = take_while1(move |byte| byte != quote && byte != b'\\');
    recognize(many0_count(alt((plain, escape)))).parse(input)
}

/// A backslash with the character behind it, if there is one.
fn escape(input: &[u8]) -> IResult<&[u8], &[u8]> {
    recognize((tag(&b"\\"[..]), opt(take::<_, _, Error<&[u8]>>(1_usize)))).parse(input)
}

fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\r' | b'\n')
}

/// Resolves the escapes of a word; those without a meaning keep their backslash.
pub(super) fn unescape(raw: &str) -> String {
    let mut text = String::with_capacity(raw.len());
    let mut characters = raw.chars();
    while let Some(character) = characters.next() {
        if character != '\\' {
            text.push(character);
            continue;
        }
        match characters.next() {
            Some(escaped @ ('"' | '\'' | '\\')) => text.push(escaped),
            Some('t') => text.push('\t'),
            Some('r') => text.push('\r'),
            Some('n') => text.push('\n'),
            other => {
                text.push('\\');
                text.extend(other);
            }
        }
    }
    text
}

/// The longest word, in bytes as written.
pub(super) const WORD_LIMIT: usize = 4095;

const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

#[cfg(test)]
mod tests {
    use super::*;

    fn tokens(text: &str) -> String {
        let mut lexer = Lexer::new(text.as_bytes());
        let mut shown = Vec::new();
        loop {
            let (token, range) = lexer.next();
            let raw = |raw: &[u8]| unescape(std::str::from_utf8(raw).unwrap());
            shown.push(match token {
                Token::Word {
                    raw: word,
                    quoted: false,
                } => raw(word),
                Token::Word {
                    raw: word,
                    quoted: true,
                } => format!("<{}>", raw(word)),
                Token::Semicolon => ";".into(),
                Token::Open => "{".into(),
                Token::Close => "}".into(),
                Token::Stray => format!("!{}", &text[range]),
                Token::TooLong { .. } => "long".into(),
                Token::Unclosed => "unclosed".into(),
                Token::End => return shown.join(" "),
            });
        }
    }

    #[test]
    fn blanks_and_punctuation() {
        assert_eq!(tokens("events{}"), "events { }");
        assert_eq!(tokens("a\tb\r\nc;"), "a b c ;");
        assert_eq!(tokens("a} b"), "a} b");
        assert_eq!(tokens("\u{feff}a;"), "a ;");
        assert_eq!(tokens(""), "");
    }

    #[test]
    fn comments_start_tokens_only() {
        assert_eq!(tokens("a#b c #d;\n; #e"), "a#b c ;");
        assert_eq!(tokens("#\n#x\r\ny"), "y");
    }

    #[test]
    fn quotes() {
        assert_eq!(
            tokens("a \"b ; { } # 'c\n\" '';"),
            "a <b ; { } # 'c\n> <> ;"
        );
        assert_eq!(tokens("a'b\"c"), "a'b\"c");
        assert_eq!(tokens("\"a\"{ 'b'; 'c')x"), "<a> { <b> ; <c> )x");
        assert_eq!(tokens("\"a\"b;"), "<a> !b b ;");
        assert_eq!(tokens("\"a\"é;"), "<a> !é é ;");
        assert_eq!(tokens("\"a\"}"), "<a> !} }");
        assert_eq!(tokens("a \"b;"), "a unclosed");
        assert_eq!(tokens("\"a\\"), "unclosed");
        assert_eq!(tokens("\""), "unclosed");
    }

    #[test]
    fn escapes() {
        assert_eq!(tokens(r#"a\ b"c\;d;"#), r#"a\ b"c\;d ;"#);
        assert_eq!(tokens(r#""\"\'\\\q\t\r\n""#), "<\"'\\\\q\t\r\n>");
        assert_eq!(tokens(r"\a \{b;"), r"\a \{b ;");
        assert_eq!(tokens("a\\"), "a\\");
    }

    #[test]
    fn a_dollar_keeps_a_brace() {
        assert_eq!(tokens("a${b}c $d{ ${{e $$f{"), "a${b}c $d { ${{e $$f {");
        assert_eq!(tokens("\\${a"), "\\$ { a");
    }

    #[test]
    fn the_limit() {
        let (fits, over) = ("a".repeat(WORD_LIMIT), "a".repeat(WORD_LIMIT + 1));
        assert_eq!(tokens(&format!("{fits};")), format!("{fits} ;"));
        assert_eq!(tokens(&format!("{over};b")), "long ; b");
        assert_eq!(tokens(&format!("'{fits}';")), format!("<{fits}> ;"));
        assert_eq!(tokens(&format!("'{over}';b")), "long ; b");
        assert_eq!(tokens(&format!("\"x;\nb {over} c")), "long ; b long c");
    }
}
