//! Modules as functions: a module's source becomes that of a function that takes the modules it imports, and returns
//! what it exports.
//!
//! A module of the engine belongs to one context and is evaluated once. A function is called as often as a module
//! is wanted, and each call has variables of its own: that is how requests have modules that nobody else has touched,
//! at the cost of a call. Where nothing can change (`constant.rs`), requests have one module in common. (What is imported has the value that it had when its module ended: a variable that is
//! assigned later does not change for others.) Only `import` and `export` are written anew, and everything keeps its line.

mod constant;
mod exports;
mod waiting;

use super::lexer::{Kind, Token, tokens};
use super::reach::Reach;
use constant::Constant;
use waiting::Waiting;

/// A module as a function.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Rewritten {
    /// The source of an expression whose value is the function.
    pub(super) text: String,
    /// The modules that it is called with, in order, each once for each statement.
    pub(super) imports: Vec<Import>,
    /// The names that it exports.
    pub(super) exports: Vec<String>,
    /// Whether it may change what all scripts have in common: the objects of the language, or the global one.
    pub(super) reaches_globals: bool,
    /// Whether nothing of it can change, unless something does that it imports: then its function is called with one thing
    /// more, a function that freezes what it is called with, and returns the first of it.
    pub(super) is_constant: bool,
    /// Its words and short strings.
    pub(super) words: Vec<String>,
}

/// What a statement imports.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Import {
    /// What is written behind `from`.
    pub(super) from: String,
    /// The names that it takes.
    pub(super) names: Vec<String>,
    /// Where the statement begins in the source.
    pub(super) at: usize,
}

/// What cannot be rewritten, and where it stands.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Unsupported {
    /// What it is.
    pub(super) what: &'static str,
    /// Where it begins in the source.
    pub(super) at: usize,
}

/// Rewrites a module that the engine compiles.
///
/// # Errors
/// What no function can do.
pub(super) fn rewrite(source: &str) -> Result<Rewritten, Unsupported> {
    let tokens = tokens(source).map_err(|at| Unsupported {
        what: "a comment of HTML",
        at,
    })?;
    let mut rewriter = Rewriter {
        module: unused(source, "$m"),
        default: unused(source, "$default$"),
        source,
        tokens: &tokens,
        at: 0,
        edits: Vec::new(),
        head: String::new(),
        tail: Vec::new(),
        imports: Vec::new(),
        exports: Vec::new(),
    };
    rewriter.statements()?;
    if let Some(at) = Waiting::new(source, &tokens).place() {
        let what = "await outside of functions";
        return Err(Unsupported { what, at });
    }
    Ok(rewriter.finish())
}

/// A name that stands nowhere in a source, nor a longer one that begins with it.
fn unused(source: &str, name: &str) -> String {
    let mut name = name.to_owned();
    while source.contains(&name) {
        name.push('_');
    }
    name
}

struct Rewriter<'s> {
    /// What the names of imported modules begin with.
    module: String,
    /// The name of the default export.
    default: String,
    source: &'s str,
    tokens: &'s [Token],
    at: usize,
    /// Ranges and what stands in their place.
    edits: Vec<(usize, usize, String)>,
    /// What the function begins with.
    head: String,
    /// The members of what it returns.
    tail: Vec<String>,
    imports: Vec<Import>,
    exports: Vec<String>,
}

impl<'s> Rewriter<'s> {
    fn statements(&mut self) -> Result<(), Unsupported> {
        while let Some(token) = self.tokens.get(self.at) {
            let is_member = self.at > 0 && self.is_mark(self.at - 1, b'.');
            if token.depth == 0 && token.kind == Kind::Word && !is_member {
                match self.text(self.at) {
                    "import" => self.import()?,
                    "export" => self.export()?,
                    _ => {}
                }
            }
            self.at += 1;
        }
        Ok(())
    }

    fn text(&self, at: usize) -> &'s str {
        let token = self.tokens.get(at);
        token.map_or("", |token| &self.source[token.start..token.end])
    }

    fn is_mark(&self, at: usize, mark: u8) -> bool {
        let token = self.tokens.get(at);
        token.is_some_and(|token| token.kind == Kind::Mark(mark))
    }

    fn unsupported<T>(&self, what: &'static str, at: usize) -> Result<T, Unsupported> {
        let at = self.tokens.get(at).map_or(0, |token| token.start);
        Err(Unsupported { what, at })
    }

    /// Takes out the tokens from `first` up to before the present one.
    fn take_out(&mut self, first: usize, instead: &str) {
        let start = self.tokens[first].start;
        let end = self.tokens[self.at - 1].end;
        let mut text = instead.to_owned();
        text.extend(self.source[start..end].chars().filter(|c| *c == '\n'));
        // What follows on the line keeps its column.
        let behind = self.source[start..end]
            .rfind('\n')
            .map_or(start, |line| start + line + 1);
        let length = text.len() - text.rfind('\n').map_or(0, |line| line + 1);
        text.extend(std::iter::repeat_n(
            ' ',
            (end - behind).saturating_sub(length),
        ));
        self.edits.push((start, end, text));
    }

    fn import(&mut self) -> Result<(), Unsupported> {
        let first = self.at;
        if self.is_mark(first + 1, b'(') {
            return self.unsupported("import() of a module at run time", first);
        }
        if self.is_mark(first + 1, b'.') {
            return self.unsupported("import.meta", first);
        }
        self.at += 1;
        let mut bindings = Bindings::default();
        self.clause(&mut bindings);
        let from = self.from(first, bindings.names)?;
        let module = &self.module;
        for binding in bindings.members {
            self.head += &format!("const {{{binding}}}={module}{from};");
        }
        for name in bindings.whole {
            self.head += &format!("const {name}={module}{from};");
        }
        self.take_out(first, ";");
        self.at -= 1;
        Ok(())
    }

    /// What stands between `import` and `from`.
    fn clause(&mut self, bindings: &mut Bindings) {
        loop {
            if self.is_mark(self.at, b'{') {
                for (theirs, ours) in self.list() {
                    bindings.members.push(format!("{theirs}:{ours}"));
                    bindings.names.push(theirs);
                }
            } else if self.is_mark(self.at, b'*') {
                bindings.whole.push(self.text(self.at + 2).to_owned());
                self.at += 3;
            } else if self.is_mark(self.at, b',') {
                self.at += 1;
            } else if self.text(self.at) == "from" && !self.is_name_called_from() {
                self.at += 1;
                return;
            } else if self
                .tokens
                .get(self.at)
                .is_some_and(|token| token.kind == Kind::Word)
            {
                bindings
                    .members
                    .push(format!("default:{}", self.text(self.at)));
                bindings.names.push("default".to_owned());
                self.at += 1;
            } else {
                return;
            }
        }
    }

    /// `import from from 'x'`
    fn is_name_called_from(&self) -> bool {
        self.text(self.at + 1) == "from" || self.is_mark(self.at + 1, b',')
    }

    /// `{a, b as c}`: pairs of names.
    fn list(&mut self) -> Vec<(String, String)> {
        let mut pairs = Vec::new();
        self.at += 1;
        while self.at < self.tokens.len() && !self.is_mark(self.at, b'}') {
            if self.is_mark(self.at, b',') {
                self.at += 1;
                continue;
            }
            let first = self.text(self.at).to_owned();
            self.at += 1;
            let mut second = first.clone();
            if self.text(self.at) == "as" {
                second = self.text(self.at + 1).to_owned();
                self.at += 2;
            }
            pairs.push((first, second));
        }
        self.at += 1;
        pairs
    }

    /// The string that names a module, and what may follow it; gives the number of the import.
    fn from(&mut self, first: usize, names: Vec<String>) -> Result<usize, Unsupported> {
        let token = self
            .tokens
            .get(self.at)
            .filter(|token| token.kind == Kind::String);
        let Some(token) = token else {
            return self.unsupported("this form of an import", first);
        };
        let from = self.source[token.start + 1..token.end - 1].to_owned();
        self.at += 1;
        if self.text(self.at) == "with" && self.is_mark(self.at + 1, b'{') {
            return self.unsupported("an import with attributes", first);
        }
        if self.is_mark(self.at, b';') {
            self.at += 1;
        }
        let at = self.tokens[first].start;
        self.imports.push(Import { from, names, at });
        Ok(self.imports.len() - 1)
    }

    fn finish(mut self) -> Rewritten {
        let reach = Reach::new(self.source, self.tokens);
        let (words, reaches_globals) = (reach.words(), reach.has_globals());
        let constant = Constant::functions(self.source, self.tokens);
        let numbers = (0..self.imports.len()).map(|number| number.to_string());
        let freeze = constant.iter().map(|_| String::new());
        let parameters: Vec<_> = numbers
            .chain(freeze)
            .map(|number| format!("{}{number}", self.module))
            .collect();
        let mut text = format!(
            "(function({}){{\"use strict\";{}",
            parameters.join(","),
            self.head
        );
        let start = match self.source.starts_with("#!") {
            true => self
                .source
                .find(['\n', '\r', '\u{2028}', '\u{2029}'])
                .unwrap_or(self.source.len()),
            false => 0,
        };
        let mut from = start;
        self.edits.sort_by_key(|(start, ..)| *start);
        for (start, end, instead) in &self.edits {
            text += &self.source[from..*start];
            text += instead;
            from = *end;
        }
        text += &self.source[from..];
        let exported = format!("{{{}}}", self.tail.join(","));
        text += &match &constant {
            Some(functions) => {
                let imported = parameters.iter().map(String::as_str);
                let named = functions.iter().copied().chain(imported);
                let all: Vec<_> = std::iter::once(exported.as_str()).chain(named).collect();
                format!("\nreturn {}({})}})", self.module, all.join(","))
            }
            None => format!("\nreturn {exported}}})"),
        };
        Rewritten {
            words,
            text,
            imports: self.imports,
            exports: self.exports,
            reaches_globals,
            is_constant: constant.is_some(),
        }
    }
}

/// What an import statement makes known.
#[derive(Default)]
struct Bindings {
    /// `theirs:ours`
    members: Vec<String>,
    whole: Vec<String>,
    names: Vec<String>,
}
