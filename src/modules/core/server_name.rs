//! `server_name`: which hosts a server answers for.

use crate::conf::{Arity, Contexts, Diagnostic, DirectiveSpec, Doc, Repeat, SPEC, Statement};
use crate::http::build::written::ServerNamesWritten;

use super::variables::hostname;

pub(super) const SERVER_NAME: DirectiveSpec = DirectiveSpec {
    name: "server_name",
    contexts: Contexts::SERVER,
    arity: Arity::at_least(1),
    repeat: Repeat::Many,
    doc: Doc {
        syntax: "server_name name …;",
        default: "server_name \"\";",
        text: "The hosts that the server answers for: exact names, `*.example.com`, \
               `www.example.*`, `.example.com` for a domain and everything below it, or `~` and a \
               regular expression, whose groups become variables. An exact name is found first, \
               then the longest name with a leading and the longest with a trailing asterisk, then \
               the first expression that matches. `\"\"` stands for requests without a host. The \
               first name is `$server_name`. `$hostname` stands for the name of this machine.",
        example: "server_name example.com *.example.com;",
    },
    apply: server_name,
    ..SPEC
};

fn server_name(statement: &mut Statement<'_>) -> Result<(), Diagnostic> {
    for word in statement.arguments() {
        let name = match word.text.as_str() {
            "$hostname" => hostname().to_owned(),
            name if name.starts_with('~') => name.to_owned(),
            name => name.to_ascii_lowercase(),
        };
        if name == "~" {
            let message = format!("empty regex in server name \"{name}\"");
            return Err(Diagnostic::error(word.span, message));
        }
        if !is_valid(&name) {
            let message = format!("server name \"{name}\" is invalid");
            let help = "an asterisk stands at one end, next to a dot: \"*.example.com\" or \
                        \"www.example.*\"";
            return Err(Diagnostic::error(word.span, message).with_help(help));
        }
        if name.contains('/') && !name.starts_with('~') {
            let message = format!("server name \"{name}\" has suspicious symbols");
            let warning = Diagnostic::warning(word.span, message);
            statement.diagnostics.push(warning);
        }
        let names = statement.scope.get_or_default::<ServerNamesWritten>();
        names.0.push((name, word.span));
    }
    Ok(())
}

fn is_valid(name: &str) -> bool {
    if name.starts_with('~') || name.is_empty() {
        return true;
    }
    let middle = match (name.strip_prefix("*."), name.strip_suffix(".*")) {
        (Some(_), Some(_)) => return false,
        (Some(rest), None) | (None, Some(rest)) => rest,
        (None, None) => name.strip_prefix('.').unwrap_or(name),
    };
    !middle.is_empty() && !middle.contains('*') && !middle.starts_with('.')
}

#[cfg(test)]
mod tests {
    use super::is_valid;

    #[test]
    fn asterisks_stand_at_one_end() {
        for name in ["", "a", "a.b", "*.a", "a.*", ".a", "~^x*$", "*.a.b"] {
            assert!(is_valid(name), "{name}");
        }
        for name in ["*", "*a", "a*", "a.*.b", "*.", ".", ".*", "*.a.*", "..a"] {
            assert!(!is_valid(name), "{name}");
        }
    }
}
