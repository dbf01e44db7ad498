//! From the tree to scopes: every directive is found in the tables, checked against its row, and
//! applied; then the statements of its block.
//!
//! One walk does both, because the context of a block depends on the row of its head. Nothing
//! stops it: a directive that fails is reported and left out, but the statements of its block are
//! still walked, in a scope that is thrown away, to find what is wrong with them.

use std::collections::{HashMap, HashSet};

use super::diagnostic::{Diagnostic, Diagnostics};
use super::foreign::{Feature, Foreign};
use super::nearest::nearest;
use super::scope::Scope;
use super::source::Span;
use super::spec::{Body, Context, Contexts, DirectiveSpec, INCLUDE, Repeat};
use super::statement::{Statement, duplicate, flag};
use super::tree::Directive;
use super::word::Word;

/// A setting of the top level: variables that directives would have defined which were left out.
/// Nobody needs to hear that these are unknown.
#[derive(Debug, Default)]
pub struct Excused(pub HashSet<String>);

/// Applies a tree and returns the scope of the top level.
pub fn apply(
    tree: &[Directive],
    specs: &[&'static [DirectiveSpec]],
    foreign: Foreign,
    diagnostics: &mut Diagnostics,
) -> Scope {
    let mut rows: HashMap<&str, Vec<&DirectiveSpec>> = HashMap::new();
    for spec in specs.iter().copied().flatten() {
        rows.entry(spec.name).or_default().push(spec);
    }
    let mut scope = Scope::new(Context::Main, Span::NOWHERE);
    let mut walk = Walk {
        rows,
        foreign: foreign.by_directive(),
        excused: Excused::default(),
        diagnostics,
    };
    walk.block(tree, &mut scope);
    scope.insert(walk.excused);
    scope
}

struct Walk<'d> {
    rows: HashMap<&'static str, Vec<&'static DirectiveSpec>>,
    foreign: HashMap<&'static str, &'static Feature>,
    excused: Excused,
    diagnostics: &'d mut Diagnostics,
}

impl Walk<'_> {
    fn block(&mut self, statements: &[Directive], scope: &mut Scope) {
        let mut seen = HashSet::new();
        for directive in statements {
            let Some(spec) = self.find(directive, scope.context) else {
                self.excused.left_out(directive);
                continue;
            };
            let is_first = seen.insert(spec.name);
            let checked = self.check(spec, directive, scope.context, is_first);
            let is_fine = self.diagnostics.check(checked).is_some();
            if !is_fine {
                self.excused.head(directive);
            }
            match (spec.body, &directive.body) {
                (Body::Block(inner), Some(body)) => {
                    let inner = Scope::new(inner(scope.context), directive.span);
                    let inner = self.inner(spec, (directive, body), inner, is_fine);
                    scope.blocks.extend(inner);
                }
                _ if is_fine => {
                    self.call(spec, directive, scope);
                }
                _ => {}
            }
        }
    }

    /// Walks a block of directives; gives its scope back if the head was fine.
    fn inner(
        &mut self,
        spec: &DirectiveSpec,
        (directive, body): (&Directive, &[Directive]),
        mut scope: Scope,
        is_fine: bool,
    ) -> Option<Scope> {
        let is_applied = is_fine && self.call(spec, directive, &mut scope);
        self.block(body, &mut scope);
        is_applied.then_some(scope)
    }

    fn call(&mut self, spec: &DirectiveSpec, directive: &Directive, scope: &mut Scope) -> bool {
        let mut statement = Statement {
            directive,
            scope,
            diagnostics: self.diagnostics,
        };
        let result = (spec.apply)(&mut statement);
        let is_applied = self.diagnostics.check(result).is_some();
        if !is_applied {
            self.excused.head(directive);
        }
        is_applied
    }

    /// The row for a directive in a context; another one of that name if none fits.
    fn find(&mut self, directive: &Directive, context: Context) -> Option<&'static DirectiveSpec> {
        let rows = self.rows.get(directive.name.text.as_str());
        let fitting = rows
            .into_iter()
            .flatten()
            .find(|row| row.contexts.contains(context));
        let found = fitting.or_else(|| rows?.first()).copied();
        if found.is_none() {
            self.unknown(directive, context);
        }
        found
    }

    fn unknown(&mut self, directive: &Directive, context: Context) {
        let name = &directive.name;
        if let Some(feature) = self.foreign.get(name.text.as_str()) {
            self.diagnostics
                .missing(feature, Some(name.span), &name.text);
            return;
        }
        let mut problem =
            Diagnostic::error(name.span, format!("unknown directive \"{}\"", name.text));
        if self.diagnostics.is_wanted(&problem) {
            problem.help = self.advice(&name.text, context);
        }
        self.diagnostics.push(problem);
    }

    /// What may have been meant by a name. One of another server's is only named when nothing of
    /// our own is as close.
    fn advice(&self, name: &str, context: Context) -> Option<String> {
        let mut here = self.names(|row| row.contexts.contains(context));
        here.push(INCLUDE.name);
        let anywhere = || here.iter().copied().chain(self.names(|_| true));
        let mut theirs: Vec<_> = self.foreign.keys().copied().collect();
        theirs.sort_unstable();
        let similar = nearest(name, anywhere().chain(theirs))?;
        if self.foreign.contains_key(similar) {
            return Some(format!(
                "\"{similar}\" of other servers is not supported here"
            ));
        }
        let similar = nearest(name, here.iter().copied()).unwrap_or(similar);
        Some(format!("did you mean \"{similar}\"?"))
    }

    /// Names of rows, sorted, so that advice does not depend on the order of a hash table.
    fn names(&self, wanted: impl Fn(&DirectiveSpec) -> bool) -> Vec<&'static str> {
        let rows = self.rows.values().flatten().filter(|row| wanted(row));
        let mut names: Vec<_> = rows.map(|row| row.name).collect();
        names.sort_unstable();
        names
    }

    /// Everything about a directive that its row alone can tell.
    fn check(
        &self,
        spec: &DirectiveSpec,
        directive: &Directive,
        context: Context,
        is_first: bool,
    ) -> Result<(), Diagnostic> {
        if !spec.contexts.contains(context) {
            return Err(self.misplaced(directive));
        }
        check_body(spec, directive)?;
        if spec.repeat == Repeat::Once && !is_first {
            return Err(duplicate(directive));
        }
        if !spec.arity.allows(directive.arguments.len()) {
            return Err(self.miscounted(spec, directive));
        }
        match directive.arguments.first() {
            Some(word) if spec.arity.is_flag() => flag(directive, word).map(|_| ()),
            _ => Ok(()),
        }
    }

    fn misplaced(&self, directive: &Directive) -> Diagnostic {
        let name = &directive.name;
        let rows = self.rows.get(name.text.as_str()).into_iter().flatten();
        let contexts = rows.fold(Contexts::NONE, |contexts, row| contexts.or(row.contexts));
        let message = format!("\"{}\" directive is not allowed here", name.text);
        let help = format!("allowed in: {}", contexts.names());
        Diagnostic::error(name.span, message).with_help(help)
    }

    /// A forgotten `;` makes the next directive an argument: says so if one looks like it.
    fn miscounted(&self, spec: &DirectiveSpec, directive: &Directive) -> Diagnostic {
        let message = format!("invalid number of arguments in \"{}\" directive", spec.name);
        let mut help = format!("syntax: {}", spec.doc.forms().join(" or "));
        let is_name = |word: &&Word| !word.quoted && self.rows.contains_key(word.text.as_str());
        if let Some(word) = directive.arguments.iter().find(is_name) {
            help = format!("{help}  (is a \";\" missing before \"{}\"?)", word.text);
        }
        Diagnostic::error(directive.span, message).with_help(help)
    }
}

impl Excused {
    /// A directive is left out with its block: the variables that it names anywhere as a word of
    /// their own, or as a group of a pattern, may be those that it was to define.
    fn left_out(&mut self, directive: &Directive) {
        self.head(directive);
        for inner in directive.body.iter().flatten() {
            self.word(&inner.name);
            self.left_out(inner);
        }
    }

    fn head(&mut self, directive: &Directive) {
        for word in &directive.arguments {
            self.word(word);
        }
    }

    fn word(&mut self, word: &Word) {
        let text = word.text.as_str();
        let is_name = |text: &str| {
            let is_letter = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
            !text.is_empty() && text.bytes().all(is_letter)
        };
        let variable = text.strip_prefix('$').filter(|name| is_name(name));
        let groups = text.split("(?").skip(1).filter_map(|group| {
            let group = group.strip_prefix('P').unwrap_or(group);
            let group = group.strip_prefix(['<', '\''])?;
            group.split(['>', '\'']).next().filter(|name| is_name(name))
        });
        let names = variable.into_iter().chain(groups);
        self.0.extend(names.map(str::to_ascii_lowercase));
    }
}

fn check_body(spec: &DirectiveSpec, directive: &Directive) -> Result<(), Diagnostic> {
    let name = spec.name;
    let message = match (spec.body, &directive.body) {
        (Body::None, Some(_)) => format!("directive \"{name}\" is not terminated by \";\""),
        (Body::Block(_) | Body::Free, None) => {
            format!("directive \"{name}\" has no opening \"{{\"")
        }
        _ => return Ok(()),
    };
    let problem = Diagnostic::error(directive.span.last(), message);
    let half_quoted = directive.arguments.iter().find_map(half_quoted);
    Err(match half_quoted {
        Some(name) => problem.with_help(format!("quote a word as a whole: \"'{name}=...'\"")),
        None => problem,
    })
}

/// The name in a word such as `name='a`, whose writer meant the quote to reach over what follows.
fn half_quoted(word: &Word) -> Option<&str> {
    let (name, value) = word.text.split_once('=')?;
    let quote = value
        .chars()
        .next()
        .filter(|first| matches!(first, '"' | '\''))?;
    let is_open = value.len() == 1 || !value.ends_with(quote);
    (is_open && !word.quoted).then_some(name)
}
