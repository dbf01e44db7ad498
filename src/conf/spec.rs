//! What a directive is: a constant row in a table of some feature.
//!
//! The row holds everything that is known about a directive, so that checking, applying and the
//! reference page need nothing else. Rows are written with `..SPEC`, showing only what differs.

use super::diagnostic::Diagnostic;
use super::statement::Statement;

/// Where a directive stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Context {
    /// Outside of every block.
    Main,
    /// `events`
    Events,
    /// `http`
    Http,
    /// `server` in `http`
    Server,
    /// `location`
    Location,
    /// `if` in a server
    ServerIf,
    /// `if` in a location
    LocationIf,
    /// `limit_except`
    LimitExcept,
    /// `upstream`
    Upstream,
    /// `backpressure_zone`
    BackpressureZone,
}

impl Context {
    /// Every context, outer ones first.
    pub const ALL: [Self; 10] = [
        Self::Main,
        Self::Events,
        Self::Http,
        Self::Server,
        Self::Location,
        Self::ServerIf,
        Self::LocationIf,
        Self::LimitExcept,
        Self::Upstream,
        Self::BackpressureZone,
    ];

    /// The name in messages and documents.
    pub fn name(self) -> &'static str {
        match self {
            Self::Main => "main",
            Self::Events => "events",
            Self::Http => "http",
            Self::Server => "server",
            Self::Location => "location",
            Self::ServerIf => "if in server",
            Self::LocationIf => "if in location",
            Self::LimitExcept => "limit_except",
            Self::Upstream => "upstream",
            Self::BackpressureZone => "backpressure_zone",
        }
    }
}

/// A set of contexts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Contexts(u16);

impl Contexts {
    /// No context.
    pub const NONE: Self = Self(0);
    /// Every context.
    pub const ALL: Self = Self(u16::MAX);
    /// Only [`Context::Main`].
    pub const MAIN: Self = Self::one(Context::Main);
    /// Only [`Context::Events`].
    pub const EVENTS: Self = Self::one(Context::Events);
    /// Only [`Context::Http`].
    pub const HTTP: Self = Self::one(Context::Http);
    /// Only [`Context::Server`].
    pub const SERVER: Self = Self::one(Context::Server);
    /// Only [`Context::Location`].
    pub const LOCATION: Self = Self::one(Context::Location);
    /// Only [`Context::ServerIf`].
    pub const SERVER_IF: Self = Self::one(Context::ServerIf);
    /// Only [`Context::LocationIf`].
    pub const LOCATION_IF: Self = Self::one(Context::LocationIf);
    /// Only [`Context::LimitExcept`].
    pub const LIMIT_EXCEPT: Self = Self::one(Context::LimitExcept);
    /// Only [`Context::Upstream`].
    pub const UPSTREAM: Self = Self::one(Context::Upstream);
    /// Only [`Context::BackpressureZone`].
    pub const BACKPRESSURE_ZONE: Self = Self::one(Context::BackpressureZone);

    /// The set of one context.
    pub const fn one(context: Context) -> Self {
        Self(1 << context as u16)
    }

    /// Both sets together.
    #[must_use]
    pub const fn or(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Whether a context is in the set.
    pub const fn contains(self, context: Context) -> bool {
        self.0 & Self::one(context).0 != 0
    }

    /// The contexts' names, separated by commas.
    pub fn names(self) -> String {
        let names = Context::ALL
            .into_iter()
            .filter(|context| self.contains(*context));
        names.map(Context::name).collect::<Vec<_>>().join(", ")
    }
}

/// How many arguments a directive takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Arity {
    least: usize,
    most: usize,
    is_flag: bool,
}

impl Arity {
    /// One argument, `on` or `off`; checked before the row's `apply` is called.
    pub const FLAG: Self = Self {
        least: 1,
        most: 1,
        is_flag: true,
    };
    /// No argument.
    pub const NONE: Self = Self::exactly(0);

    /// That many.
    pub const fn exactly(count: usize) -> Self {
        Self::between(count, count)
    }

    /// From the first to the second number.
    pub const fn between(least: usize, most: usize) -> Self {
        Self {
            least,
            most,
            is_flag: false,
        }
    }

    /// That many or more.
    pub const fn at_least(least: usize) -> Self {
        Self::between(least, usize::MAX)
    }

    /// Whether a number of arguments is right.
    pub const fn allows(self, count: usize) -> bool {
        self.least <= count && count <= self.most
    }

    /// Whether the argument must be a flag.
    pub const fn is_flag(self) -> bool {
        self.is_flag
    }
}

/// What follows the arguments.
#[derive(Clone, Copy, Debug)]
pub enum Body {
    /// `;`
    None,
    /// A block of directives; the function tells its context from the one around it.
    Block(fn(outer: Context) -> Context),
    /// A block whose statements only this directive understands; see [`Statement::lines`].
    Free,
}

/// Whether a directive may stand in a block more than once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Repeat {
    /// At most once.
    Once,
    /// Any number of times.
    Many,
}

/// What people should know about a directive.
#[derive(Clone, Copy, Debug, Default)]
pub struct Doc {
    /// How it is written, `;` included; alternatives on lines of their own, which begin with the directive's name.
    pub syntax: &'static str,
    /// What holds without it, written as a directive; empty when there is no such thing.
    pub default: &'static str,
    /// A paragraph or more, in Markdown.
    pub text: &'static str,
    /// Lines of configuration; may be empty.
    pub example: &'static str,
}

impl Doc {
    /// The alternatives, each on one line.
    pub(super) fn forms(&self) -> Vec<String> {
        let name = self.syntax.split_whitespace().next();
        let mut forms: Vec<String> = Vec::new();
        for line in self.syntax.lines().map(str::trim) {
            match forms.last_mut() {
                Some(form) if line.split_whitespace().next() != name => {
                    form.push(' ');
                    form.push_str(line);
                }
                _ => forms.push(line.to_owned()),
            }
        }
        forms
    }
}

/// The row that defines a directive.
#[derive(Clone, Copy, Debug)]
pub struct DirectiveSpec {
    /// The first word; several rows may share it when their contexts differ.
    pub name: &'static str,
    /// Where it may stand.
    pub contexts: Contexts,
    /// How many arguments it takes.
    pub arity: Arity,
    /// Whether it is a block.
    pub body: Body,
    /// How often it may stand in a block.
    pub repeat: Repeat,
    /// The reference.
    pub doc: Doc,
    /// Checks the arguments and stores a setting; nothing else.
    pub apply: fn(&mut Statement<'_>) -> Result<(), Diagnostic>,
}

/// The defaults of a row: one argument, at most once, nothing stored.
pub const SPEC: DirectiveSpec = DirectiveSpec {
    name: "",
    contexts: Contexts::NONE,
    arity: Arity::exactly(1),
    body: Body::None,
    repeat: Repeat::Once,
    doc: Doc {
        syntax: "",
        default: "",
        text: "",
        example: "",
    },
    apply: |_| Ok(()),
};

/// The one directive of the language itself. It is gone before directives are applied; the row is
/// there for the reference and for advice.
pub const INCLUDE: DirectiveSpec = DirectiveSpec {
    name: "include",
    contexts: Contexts::ALL,
    repeat: Repeat::Many,
    doc: Doc {
        syntax: "include file | pattern;",
        default: "",
        text: "Puts the statements of another file, or of all files that match a pattern, in this \
               place. A relative path starts from the directory of the main configuration file. \
               Files of a pattern come in sorted order, and there may be none of them; a file \
               named plainly must exist. It works in every block; where `include` is to be an \
               ordinary name, as in `map`, it is written in quotes.",
        example: "include conf.d/*.conf;",
    },
    ..SPEC
};
