//! Which directive makes the content of a location: of several in one block, the last one written.
//!
//! Blocks that only lend a location their settings (`if`, `limit_except`) make the same content as
//! the location, unless they name a source of their own. Nested locations inherit none.

use std::any::{Any, TypeId};

use crate::conf::{Chain, Context, Diagnostic, Scope, Statement};

/// The directive of a block that makes content.
struct Source {
    setting: TypeId,
    directive: String,
}

/// Stores what a directive that makes content says. An earlier one of the block has no effect any
/// more, which is told.
pub fn write<T: Any + Send + Sync>(statement: &mut Statement<'_>, setting: T) {
    let source = Source {
        setting: TypeId::of::<T>(),
        directive: statement.directive.name.text.clone(),
    };
    statement.scope.insert(setting);
    if let Some(earlier) = statement.scope.insert(source) {
        let message = format!("\"{}\" above has no effect", earlier.directive);
        let warning = Diagnostic::warning(statement.directive.span, message)
            .with_help("a location has one source of content, the last that is written");
        statement.diagnostics.push(warning);
    }
}

/// What was stored for the innermost scope of `chain`, if `T` is the source of its content.
pub fn written<'a, T: Any + Send + Sync>(chain: &Chain<'a>) -> Option<&'a T> {
    let source = setting::<Source>(chain)?;
    let is_source = source.setting == TypeId::of::<T>();
    setting(chain).filter(|_| is_source)
}

/// A setting of how a location's own content is found: blocks that name a source of their own do without it.
pub fn setting_of_content<'a, T: Any + Send + Sync>(chain: &Chain<'a>) -> Option<&'a T> {
    lent(chain, |scope| scope.get::<Source>().is_some())
}

/// A setting that holds for the innermost scope of `chain`, and for no location within.
pub fn setting<'a, T: Any + Send + Sync>(chain: &Chain<'a>) -> Option<&'a T> {
    lent(chain, |_| false)
}

/// A setting of the innermost scope, or of the location that it lends its settings to, unless a block on the way
/// does without.
fn lent<'a, T: Any + Send + Sync>(
    chain: &Chain<'a>,
    does_without: impl Fn(&Scope) -> bool,
) -> Option<&'a T> {
    let mut chain = *chain;
    loop {
        let own = chain.own();
        let scope = chain.scope();
        let lends = matches!(scope.context, Context::LocationIf | Context::LimitExcept);
        if own.is_some() || !lends || does_without(scope) {
            return own;
        }
        chain = *chain.outer()?;
    }
}
