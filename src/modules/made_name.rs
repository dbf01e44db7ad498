//! The names of variables that blocks make (`map`, `geo`, `split_clients`).

use crate::conf::{Diagnostic, Statement};

/// The variable that a block makes, by the argument that names it; `example` is one.
///
/// # Errors
/// It is no name, or that of a variable with a meaning of its own.
pub(super) fn read(
    statement: &Statement<'_>,
    index: usize,
    example: &str,
) -> Result<String, Diagnostic> {
    let text = statement.text(index);
    let name = text.strip_prefix('$').unwrap_or_default();
    let is_letter = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    if name.is_empty() || !name.bytes().all(is_letter) {
        let message = format!("invalid variable name \"{text}\"");
        let directive = &statement.directive.name.text;
        let help = format!(
            "the last argument of \"{directive}\" is the variable to make, as in {example}"
        );
        return Err(statement.error(index, message).with_help(help));
    }
    let mut rows = super::MODULES.iter().flat_map(|module| module.variables);
    if rows.any(|row| row.name.eq_ignore_ascii_case(name)) {
        let message = format!("the duplicate \"{name}\" variable");
        let help = "this variable has a meaning of its own; choose another name";
        return Err(statement.error(index, message).with_help(help));
    }
    Ok(name.to_ascii_lowercase())
}
