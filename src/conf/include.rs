//! `include`, and with it the loading of a whole configuration.
//!
//! An included file is a sequence of complete statements; they take the place of the `include`, in
//! every kind of block. Only the unquoted word is the directive: a quoted `"include"` is an
//! ordinary name, as a key of `map` may need it. Cycles, depth and the total amount of text are
//! limited, so that a few files including each other cannot fill the memory.

use std::borrow::Cow;
use std::io;
use std::path::{Path, PathBuf};

use super::diagnostic::{Diagnostic, Diagnostics};
use super::grammar::{Input, parse_text};
use super::loader::Loader;
use super::source::{FileId, Origin, Sources, Span};
use super::tree::Directive;

/// A configuration as written, with all its files.
#[derive(Debug)]
pub struct Parsed {
    /// The statements of the top level: the command line's, then the main file's.
    pub tree: Vec<Directive>,
    /// The files, for places and for showing them.
    pub sources: Sources,
    /// What is wrong so far.
    pub diagnostics: Diagnostics,
}

/// Loads the main file and everything it includes. Relative paths start from the main file's
/// directory. The directives of the command line, if any, come first.
pub fn parse(main: &Path, command_line: Option<&str>, loader: &mut dyn Loader) -> Parsed {
    let mut loading = Loading {
        base: main.parent().unwrap_or(Path::new("")).to_owned(),
        loader,
        sources: Sources::default(),
        diagnostics: Diagnostics::default(),
        open: Vec::new(),
        budget: TEXT_LIMIT,
    };
    let mut tree = Vec::new();
    if let Some(text) = command_line {
        let file = loading
            .sources
            .insert(COMMAND_LINE, text.into(), None, Origin::CommandLine);
        tree.extend(loading.parse(file, 0, Origin::CommandLine));
    }
    tree.extend(loading.load(main, None, 0));
    Parsed {
        tree,
        sources: loading.sources,
        diagnostics: loading.diagnostics,
    }
}

struct Loading<'l> {
    base: PathBuf,
    loader: &'l mut dyn Loader,
    sources: Sources,
    diagnostics: Diagnostics,
    /// The files being parsed, each included by the one before.
    open: Vec<FileId>,
    /// Bytes that may still be parsed.
    budget: usize,
}

impl Loading<'_> {
    fn load(&mut self, path: &Path, include: Option<&Directive>, depth: usize) -> Vec<Directive> {
        let at = include.map(|include| include.span);
        let span = include.map_or(Span::NOWHERE, |include| {
            include
                .arguments
                .first()
                .map_or(include.span, |word| word.span)
        });
        match self.admit(path, at) {
            Ok(file) => self.parse(file, depth, Origin::File),
            Err(problem) => {
                self.diagnostics.push(Diagnostic::error(span, problem));
                Vec::new()
            }
        }
    }

    /// Reads a file, or takes it from what is loaded already, within the limits.
    fn admit(&mut self, path: &Path, at: Option<Span>) -> Result<FileId, String> {
        if self.open.len() > INCLUDE_DEPTH {
            return Err(format!(
                "files are included deeper than {INCLUDE_DEPTH} levels"
            ));
        }
        let file = match self.sources.find(&path.to_string_lossy()) {
            _ if self.budget == 0 => return Err(TOO_MUCH.to_owned()),
            Some(file) if self.open.contains(&file) => {
                return Err(format!("\"{}\" includes itself", path.display()));
            }
            Some(file) => file,
            None => self.read(path, at)?,
        };
        let length = self
            .sources
            .file(file)
            .map_or(0, |source| source.text.len());
        self.budget = self.budget.saturating_sub(length + 1);
        if self.budget == 0 {
            return Err(TOO_MUCH.to_owned());
        }
        Ok(file)
    }

    fn read(&mut self, path: &Path, at: Option<Span>) -> Result<FileId, String> {
        let text = self.loader.read(path).map_err(|error| {
            format!("open() \"{}\" failed ({})", path.display(), reason(&error))
        })?;
        Ok(self
            .sources
            .insert(&path.to_string_lossy(), text, at, Origin::File))
    }

    fn parse(&mut self, file: FileId, depth: usize, origin: Origin) -> Vec<Directive> {
        let Some(text) = self.sources.file(file).map(|source| source.text.clone()) else {
            return Vec::new();
        };
        let input = Input {
            file,
            text: &text,
            depth,
            origin,
        };
        let tree = parse_text(input, &mut self.diagnostics);
        self.open.push(file);
        let tree = self.expand(tree, depth);
        self.open.pop();
        tree
    }

    /// Replaces the includes of a tree; its depth is limited, so this may recurse.
    fn expand(&mut self, tree: Vec<Directive>, depth: usize) -> Vec<Directive> {
        let mut expanded = Vec::with_capacity(tree.len());
        for mut directive in tree {
            if directive.name.text == "include" && !directive.name.quoted {
                expanded.extend(self.include(&directive, depth));
                continue;
            }
            directive.body = directive.body.map(|body| self.expand(body, depth + 1));
            expanded.push(directive);
        }
        expanded
    }

    fn include(&mut self, directive: &Directive, depth: usize) -> Vec<Directive> {
        if directive.body.is_some() {
            let message = "directive \"include\" is not terminated by \";\"";
            self.diagnostics
                .push(Diagnostic::error(directive.span, message));
            return Vec::new();
        }
        let [path] = directive.arguments.as_slice() else {
            let message = "invalid number of arguments in \"include\" directive";
            let problem = Diagnostic::error(directive.span, message);
            self.diagnostics
                .push(problem.with_help("syntax: include file | pattern;"));
            return Vec::new();
        };
        if !path.text.contains(['*', '?', '[']) {
            return self.load(&self.base.join(&path.text), Some(directive), depth);
        }
        let base = glob::Pattern::escape(&self.base.to_string_lossy());
        let target = Path::new(&base).join(&path.text);
        match self.loader.expand(&target.to_string_lossy()) {
            Ok(paths) => {
                let load = |path: PathBuf| self.load(&path, Some(directive), depth);
                paths.into_iter().flat_map(load).collect()
            }
            Err(error) => {
                let reason = reason(&error);
                let message = format!("glob() \"{}\" failed ({reason})", target.display());
                self.diagnostics.push(Diagnostic::error(path.span, message));
                Vec::new()
            }
        }
    }
}

/// The system's words for what went wrong, with the number in front where there is one.
pub fn reason(error: &io::Error) -> String {
    let text = error.to_string();
    match error.raw_os_error() {
        Some(code) => {
            let suffix = format!(" (os error {code})");
            format!("{code}: {}", text.strip_suffix(&suffix).unwrap_or(&text))
        }
        None => text,
    }
}

/// A line with what the standard library says of system errors, `TEXT (os error N)`, in the form of
/// [`reason`] instead, wherever in it they stand.
pub fn with_reasons(line: &str) -> Cow<'_, str> {
    let mut text = Cow::Borrowed(line);
    let mut from = 0;
    while let Some(place) = text[from..].find(OS_ERROR) {
        let start = from + place;
        from = start + OS_ERROR.len();
        let digits = text[from..].split(')').next().unwrap_or_default();
        let Ok(code) = digits.parse() else {
            continue;
        };
        let error = io::Error::from_raw_os_error(code);
        let written = error.to_string();
        let end = from + digits.len() + 1;
        let begin = end.saturating_sub(written.len());
        if text.get(begin..end) == Some(written.as_str()) {
            let better = reason(&error);
            text.to_mut().replace_range(begin..end, &better);
            from = begin + better.len();
        }
    }
    text
}

/// How the standard library begins the number of a system error.
const OS_ERROR: &str = " (os error ";
const COMMAND_LINE: &str = "command line";
const TOO_MUCH: &str = "the configuration is larger than 32m";
const INCLUDE_DEPTH: usize = 32;
/// All texts together, each counted as often as it is included.
const TEXT_LIMIT: usize = 32 << 20;
