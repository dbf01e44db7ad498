//! `split_clients`: a variable whose value depends on which share of all a text falls into.
//!
//! Texts are spread by MurmurHash2, as elsewhere: whoever is in a share there is in it here.

use super::made_name;
use crate::conf::{
    Arity, Body, Chain, Contexts, Diagnostic, Directive, DirectiveSpec, Doc, Repeat, SPEC, Span,
    Statement, Text,
};
use crate::http::build::builder::Builder;
use crate::http::build::module::{self, Module};
use crate::http::course::request::Request;
use crate::http::plan::template::Template;
use crate::http::plan::variable::Variable;

/// The feature.
pub static MODULE: Module = Module {
    name: "split_clients",
    about: "variables by share",
    directives: DIRECTIVES,
    http: declare,
    ..module::MODULE
};

const DIRECTIVES: &[DirectiveSpec] = &[DirectiveSpec {
    name: "split_clients",
    contexts: Contexts::HTTP,
    arity: Arity::exactly(2),
    body: Body::Free,
    repeat: Repeat::Many,
    doc: Doc {
        syntax: "split_clients TEXT $VARIABLE {\n    PERCENT% VALUE;\n    ...\n    * VALUE;\n}",
        text: "Makes a variable whose value depends on the hash (MurmurHash2) of TEXT: the first line is for so many \
               percent of all hashes, the next for as many as it says of the rest, and `*` for what is left. The same \
               TEXT always falls into the same share. Percentages have up to two decimals; what no line is for is \
               empty.",
        example: "split_clients \"${remote_addr}AAA\" $variant {\n    0.5%    .one;\n    2.0%    .two;\n    *       \
                  \"\";\n}",
        ..SPEC.doc
    },
    apply: store,
}];

/// Every `split_clients`.
#[derive(Default)]
struct SplitsWritten(Vec<SplitWritten>);

struct SplitWritten {
    source: Text,
    owner: String,
    name: String,
    span: Span,
    shares: Vec<Share>,
}

/// What hashes below a limit, and not below those before it, stand for.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Share {
    /// `None` is the rest.
    below: Option<u32>,
    value: Box<str>,
}

/// All, in hundredths of a percent.
const WHOLE: u64 = 10_000;

fn store(statement: &mut Statement<'_>) -> Result<(), Diagnostic> {
    let written = SplitWritten {
        source: statement.template(1)?,
        owner: format!("split_clients \"{}\"", statement.text(1)),
        name: made_name::read(statement, 2, "$variant")?,
        span: statement.word(2).span,
        shares: shares(statement),
    };
    let all = statement.scope.get_or_default::<SplitsWritten>();
    all.0.push(written);
    Ok(())
}

fn shares(statement: &mut Statement<'_>) -> Vec<Share> {
    let mut shares = Vec::new();
    let (mut sum, mut below) = (0, 0);
    for line in statement.lines() {
        let Some((percent, value)) = statement.diagnostics.check(read_line(line)) else {
            continue;
        };
        // The rest leaves nothing for lines behind it.
        sum = percent.map_or(WHOLE, |percent| sum + percent);
        if sum > WHOLE {
            let message = "percent total is greater than 100%";
            let problem = Diagnostic::error(line.name.span, message);
            statement.diagnostics.push(problem);
            return shares;
        }
        below += percent.unwrap_or(0) * u64::from(u32::MAX) / WHOLE;
        shares.push(Share {
            below: percent.and(u32::try_from(below).ok()),
            value,
        });
    }
    shares
}

/// A line: its share in hundredths of a percent, `None` for the rest, and its value.
fn read_line(line: &Directive) -> Result<(Option<u64>, Box<str>), Diagnostic> {
    let [value] = line.arguments.as_slice() else {
        let message = "invalid number of the split_clients parameters";
        let help = "a line is PERCENT% VALUE; or * VALUE;";
        return Err(Diagnostic::error(line.span, message).with_help(help));
    };
    let text = line.name.text.as_str();
    let percent = match text {
        "*" => None,
        text => Some(hundredths(text).ok_or_else(|| {
            let message = format!("invalid percent value \"{text}\"");
            let help = "expected a share such as 50% or 0.25%, or \"*\" for the rest";
            Diagnostic::error(line.name.span, message).with_help(help)
        })?),
    };
    Ok((percent, value.text.as_str().into()))
}

fn hundredths(text: &str) -> Option<u64> {
    let number = text.strip_suffix('%')?;
    let (whole, decimals) = number.split_once('.').unwrap_or((number, ""));
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() && decimals.is_empty() || decimals.len() > 2 {
        return None;
    }
    if whole.len() > 3 || !digits(whole) || !digits(decimals) {
        return None;
    }
    let joined = format!("{whole}{decimals:0<2}").parse().ok()?;
    (1..=WHOLE).contains(&joined).then_some(joined)
}

fn declare(builder: &mut Builder<'_>, chain: &Chain<'_>) {
    for written in chain.own::<SplitsWritten>().map_or(&[][..], |all| &all.0) {
        let split = Split {
            source: builder.template(&written.source),
            shares: written.shares.clone().into(),
        };
        let parts = written.source.variables().map(|(name, _)| name);
        builder.variables.note_parts(&written.name, parts);
        let offered = builder.variables.offer(
            &written.name,
            &written.owner,
            Some(written.span),
            Box::new(split),
        );
        builder.diagnostics.check(offered);
    }
}

/// One `split_clients`.
struct Split {
    source: Template,
    shares: Box<[Share]>,
}

impl Variable for Split {
    fn read(&self, request: &mut Request, out: &mut Vec<u8>) -> bool {
        let hash = self.source.with_text(request, |_, text| murmur2(text));
        let mut shares = self.shares.iter();
        let share = shares.find(|share| share.below.is_none_or(|below| hash < below));
        if let Some(share) = share {
            out.extend_from_slice(share.value.as_bytes());
        }
        true
    }

    fn cached(&self) -> bool {
        true
    }
}

/// MurmurHash2 of 32 bits, begun with 0.
fn murmur2(text: &[u8]) -> u32 {
    const MIX: u32 = 0x5bd1_e995;
    // Texts are shorter than 4 GiB.
    let mut hash = text.len() as u32;
    let (words, rest) = text.as_chunks::<4>();
    for word in words {
        let mut word = u32::from_le_bytes(*word).wrapping_mul(MIX);
        word ^= word >> 24;
        hash = hash.wrapping_mul(MIX) ^ word.wrapping_mul(MIX);
    }
    if !rest.is_empty() {
        let bytes = rest.iter().rev();
        hash ^= bytes.fold(0, |word, byte| (word << 8) | u32::from(*byte));
        hash = hash.wrapping_mul(MIX);
    }
    hash ^= hash >> 13;
    hash = hash.wrapping_mul(MIX);
    hash ^ (hash >> 15)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::modules::core::trial::{get, load};

    #[test]
    fn shares_are_read() {
        for (text, hundredth) in [
            ("0.5%", Some(50)),
            ("20%", Some(2000)),
            ("33.33%", Some(3333)),
            ("100%", Some(10_000)),
            (".25%", Some(25)),
            ("5.%", Some(500)),
            ("0%", None),
            ("0.00%", None),
            ("100.01%", None),
            ("0.123%", None),
            ("%", None),
            (".%", None),
            ("5", None),
            ("-5%", None),
            ("5 %", None),
            ("99999999999%", None),
        ] {
            assert_eq!(hundredths(text), hundredth, "{text}");
        }
    }

    /// What nginx answers for the same block and texts.
    #[test]
    fn texts_fall_into_the_shares_that_they_fall_into_elsewhere() {
        let text = "events {} http {
            split_clients $arg_k $s { 0.5% p05; 20% p20; 33.33% p33; * \"rest $uri\"; }
            split_clients $arg_k $t { 50% a; }
            server { listen 80; location / { return 200 $s|$t; } } }";
        let runtime = load(text.to_owned()).unwrap();
        for (key, expected) in [
            ("a", "rest $uri|"),
            ("b", "p33|"),
            ("c", "p20|a"),
            ("d", "rest $uri|"),
            ("e", "rest $uri|"),
            ("", "p05|a"),
            ("foo", "rest $uri|"),
            ("127.0.0.1", "rest $uri|"),
            ("longer-key-1", "p33|a"),
            ("longer-key-22", "p33|a"),
        ] {
            assert_eq!(get(runtime, &format!("/?k={key}")).body, expected, "{key}");
        }
    }

    #[test]
    fn hashes_spread_evenly() {
        let low = (0..10_000)
            .filter(|number| murmur2(format!("10.0.{number}").as_bytes()) < u32::MAX / 4);
        let low = low.count();
        assert!((2300..2700).contains(&low), "{low}");
    }

    #[test]
    fn what_is_written_wrongly() {
        for (block, expected) in [
            (
                "split_clients $uri $a { x 1; }",
                "invalid percent value \"x\"",
            ),
            (
                "split_clients $uri $a { 60% 1; 50% 2; }",
                "percent total is greater than 100%",
            ),
            (
                "split_clients $uri $a { * 1; 50% 2; }",
                "percent total is greater than 100%",
            ),
            (
                "split_clients $uri $a { 100% 1; 1% 2; }",
                "percent total is greater than 100%",
            ),
            (
                "split_clients $uri $a { 50%; }",
                "invalid number of the split_clients parameters",
            ),
            ("split_clients $uri a { }", "invalid variable name \"a\""),
            (
                "split_clients $uri $uri { }",
                "the duplicate \"uri\" variable",
            ),
        ] {
            let text = format!("events {{}} http {{ {block} server {{ listen 80; }} }}");
            assert_eq!(load(text).err().unwrap(), [expected], "{block}");
        }
    }
}
