//! The parsed form of a configuration: directives with their words, nested as written, includes
//! already replaced by what they include. Depth is limited by the parser, so walking and dropping
//! a tree may recurse.

use super::diagnostic::{Diagnostic, Diagnostics};
use super::source::Span;
use super::word::Word;

/// One statement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Directive {
    /// The first word.
    pub name: Word,
    /// The other words.
    pub arguments: Vec<Word>,
    /// The statements between the braces; `None` when the statement ended with `;`.
    pub body: Option<Vec<Self>>,
    /// From the name to the ending `;` or `{`.
    pub span: Span,
    /// The closing brace; without a block, the same as `span`.
    pub end: Span,
}

/// Reports a section that must stand at the top level but does not. To be called directly after
/// parsing: when errors were found already the section may have been lost to them, and nothing is
/// said.
pub fn require_section(tree: &[Directive], name: &str, diagnostics: &mut Diagnostics) {
    if diagnostics.has_errors() || tree.iter().any(|directive| directive.name.text == name) {
        return;
    }
    let message = format!("no \"{name}\" section in configuration");
    diagnostics.push(Diagnostic::error(Span::NOWHERE, message));
}
