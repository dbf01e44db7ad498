//! `NAME=VALUE` words behind a directive's name.

use super::diagnostic::Diagnostic;
use super::nearest::nearest;
use super::word::Word;

/// Refuses a parameter that is given twice, but for those that may be.
///
/// # Errors
/// The second one.
pub fn each_once(words: &[Word], but: &[&str]) -> Result<(), Diagnostic> {
    let name = |word: &Word| Some(word.text.split_once('=')?.0.to_owned());
    let mut seen: Vec<String> = Vec::new();
    for word in words {
        let Some(name) = name(word).filter(|name| !but.contains(&name.as_str())) else {
            continue;
        };
        if seen.contains(&name) {
            let message = format!("duplicate parameter \"{}\"", word.text);
            let help = format!("\"{name}\" is given once");
            return Err(Diagnostic::error(word.span, message).with_help(help));
        }
        seen.push(name);
    }
    Ok(())
}

/// The problem of a parameter that a directive does not have, which has those of these names.
pub fn unknown_parameter(word: &Word, names: &[&str]) -> Diagnostic {
    let message = format!("invalid parameter \"{}\"", word.text);
    let problem = Diagnostic::error(word.span, message);
    let (name, is_assigned) = match word.text.split_once('=') {
        Some((name, _)) => (name, true),
        None => (word.text.as_str(), false),
    };
    if names.contains(&name) && !is_assigned {
        return problem.with_help(format!("write {name}=VALUE"));
    }
    let help = match nearest(name, names.iter().copied()) {
        Some(similar) => format!("did you mean \"{similar}=\"?"),
        None => format!("expected {}, with =VALUE", one_of(names)),
    };
    problem.with_help(help)
}

/// Words as in "a, b or c".
fn one_of(names: &[&str]) -> String {
    match names.split_last() {
        Some((last, rest)) if !rest.is_empty() => format!("{} or {last}", rest.join(", ")),
        _ => names.concat(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> Vec<Word> {
        text.split(' ').map(Word::from).collect()
    }

    #[test]
    fn what_is_given_twice_is_told() {
        let twice = |text| each_once(&words(text), &["zone"]).map_err(|problem| problem.message);
        assert_eq!(twice("a=1 b=1 zone=x zone=y on on"), Ok(()));
        let message = "duplicate parameter \"a=2\"".to_owned();
        assert_eq!(twice("a=1 b=1 a=2"), Err(message));
    }

    #[test]
    fn what_is_there_is_named() {
        let help = |word: &str, names: &[&str]| unknown_parameter(&Word::from(word), names).help;
        let is = |text: &str| Some(text.to_owned());
        let names = ["timeout", "pending", "log"];
        assert_eq!(help("timout=1s", &names), is("did you mean \"timeout=\"?"));
        assert_eq!(help("log", &names), is("write log=VALUE"));
        assert_eq!(
            help("x=1", &names),
            is("expected timeout, pending or log, with =VALUE")
        );
        assert_eq!(help("sesame=1", &["if"]), is("expected if, with =VALUE"));
    }
}
