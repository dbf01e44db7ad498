//! `secure_link`: links that only those can make who know a secret, and that may expire.
//!
//! The hash is MD5, as the links that applications make already have it. What is compared is compared in constant time.

use std::time::SystemTime;

use base64::Engine;
use base64::alphabet;
use base64::engine::DecodePaddingMode;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig};
use subtle::ConstantTimeEq;

use crate::conf::{Chain, Contexts, Diagnostic, DirectiveSpec, Doc, SPEC, Span, Text, values};
use crate::http::build::builder::{Builder, LocationParts};
use crate::http::build::module::{self, Module};
use crate::http::course::request::Request;
use crate::http::message::uri::Target;
use crate::http::plan::template::Template;
use crate::http::plan::variable::{VARIABLE, VariableSpec};

/// The feature.
pub static MODULE: Module = Module {
    name: "secure_link",
    about: "links that only some can make",
    directives: &[SECURE_LINK, SECURE_LINK_MD5, SECURE_LINK_SECRET],
    variables: VARIABLES,
    location,
    ..module::MODULE
};

const CONTEXTS: Contexts = Contexts::HTTP.or(Contexts::SERVER).or(Contexts::LOCATION);

const SECURE_LINK: DirectiveSpec = DirectiveSpec {
    name: "secure_link",
    contexts: CONTEXTS,
    doc: Doc {
        syntax: "secure_link TEXT;",
        text: "What of a request is checked: a hash (MD5 in base64 for URLs) and, behind a comma, the second since 1970 \
               at which the link expires. With `secure_link_md5` it decides on `$secure_link`.",
        example: "location /s/ {\n    secure_link $arg_md5,$arg_expires;\n    secure_link_md5 \
                  \"$secure_link_expires$uri$remote_addr secret\";\n    if ($secure_link = \"\") { return 403; }\n    if \
                  ($secure_link = \"0\") { return 410; }\n}",
        ..SPEC.doc
    },
    apply: |statement| {
        let text = statement.template(1)?;
        let span = statement.directive.span;
        statement.scope.insert(LinkWritten(text, span));
        Ok(())
    },
    ..SPEC
};

const SECURE_LINK_MD5: DirectiveSpec = DirectiveSpec {
    name: "secure_link_md5",
    contexts: CONTEXTS,
    doc: Doc {
        syntax: "secure_link_md5 TEXT;",
        text: "The text whose MD5 `secure_link` is compared with: what is protected, `$secure_link_expires` if the link \
               expires, and a secret.",
        example: "secure_link_md5 \"$secure_link_expires$uri secret\";",
        ..SPEC.doc
    },
    apply: |statement| {
        let text = statement.template(1)?;
        let span = statement.directive.span;
        statement.scope.insert(Md5Written(text, span));
        Ok(())
    },
    ..SPEC
};

const SECURE_LINK_SECRET: DirectiveSpec = DirectiveSpec {
    name: "secure_link_secret",
    contexts: Contexts::LOCATION,
    doc: Doc {
        syntax: "secure_link_secret WORD;",
        text: "The secret of links that are written `/PREFIX/HASH/LINK`, with the MD5 of LINK and WORD in hexadecimal \
               digits for HASH: `$secure_link` is LINK then, as it came. Cannot stand beside `secure_link` and \
               `secure_link_md5`.",
        example: "location /p/ {\n    secure_link_secret word;\n    if ($secure_link = \"\") { return 403; }\n    rewrite \
                  ^ /secure/$secure_link;\n}",
        ..SPEC.doc
    },
    apply: |statement| {
        let secret = statement.text(1).as_bytes().into();
        let span = statement.directive.span;
        statement.scope.insert(SecretWritten(secret, span));
        Ok(())
    },
    ..SPEC
};

const VARIABLES: &[VariableSpec] = &[
    VariableSpec {
        name: "secure_link",
        doc: "Of `secure_link`: `1` if the link is right, `0` if it has expired, empty otherwise. Of \
              `secure_link_secret`: the link, empty if it is wrong.",
        read: |request, _, out| match request.location.extra::<Link>() {
            Some(link) => link.judge(request, out).is_some(),
            None => false,
        },
        ..VARIABLE
    },
    VariableSpec {
        name: "secure_link_expires",
        doc: "The second since 1970 at which the link expires, as `secure_link` says.",
        read: |request, _, out| {
            let Some(Link::Md5 { link, .. }) = request.location.extra::<Link>() else {
                return false;
            };
            let text = link.evaluate(request);
            let expires = split(&text).and_then(|(_, expires)| expires);
            if let Some((digits, _)) = expires {
                out.extend_from_slice(digits);
            }
            expires.is_some()
        },
        ..VARIABLE
    },
];

struct LinkWritten(Text, Span);
struct Md5Written(Text, Span);
struct SecretWritten(Box<[u8]>, Span);

fn location(builder: &mut Builder<'_>, chain: &Chain<'_>, parts: &mut LocationParts) {
    if let Some(link) = link(builder, chain) {
        parts.keep(link);
    }
}

fn link(builder: &mut Builder<'_>, chain: &Chain<'_>) -> Option<Link> {
    let (link, md5) = (chain.own::<LinkWritten>(), chain.own::<Md5Written>());
    let own = link.map(|one| one.1).or(md5.map(|one| one.1));
    let problem = match (chain.own::<SecretWritten>(), own) {
        (Some(SecretWritten(_, span)), Some(_)) => {
            let message = "\"secure_link_secret\" cannot be mixed with \"secure_link\" and \"secure_link_md5\"";
            Diagnostic::error(*span, message)
        }
        (Some(SecretWritten(secret, _)), None) => return Some(Link::Secret(secret.clone())),
        (None, None) => return chain.outer().and_then(|outer| self::link(builder, outer)),
        (None, Some(span)) => {
            let (link, md5) = (
                chain.nearest::<LinkWritten>(),
                chain.nearest::<Md5Written>(),
            );
            match (link, md5) {
                (Some(link), Some(md5)) => {
                    return Some(Link::Md5 {
                        link: builder.template(&link.0),
                        md5: builder.template(&md5.0),
                    });
                }
                // The other half may stand in blocks within.
                (None, _) => return None,
                (Some(_), None) => {
                    let message = "\"secure_link\" requires \"secure_link_md5\"";
                    let help = "write \"secure_link_md5 TEXT;\" beside it or in a block around it";
                    Diagnostic::error(span, message).with_help(help)
                }
            }
        }
    };
    builder.diagnostics.push(problem);
    None
}

/// How links of a location are checked.
enum Link {
    Md5 { link: Template, md5: Template },
    Secret(Box<[u8]>),
}

/// The length of MD5.
const LENGTH: usize = 16;

impl Link {
    /// Appends what the link is found to be; `None` when it is wrong.
    fn judge(&self, request: &mut Request, out: &mut Vec<u8>) -> Option<()> {
        match self {
            Self::Md5 { link, md5 } => {
                let link = link.evaluate(request);
                let (hash, expires) = split(&link)?;
                let hash = decoded(hash)?;
                let expected = md5::compute(md5.evaluate(request)).0;
                is_same(&hash, &expected).then_some(())?;
                let has_expired = expires.is_some_and(|(_, second)| second < now());
                out.push(if has_expired { b'0' } else { b'1' });
            }
            Self::Secret(secret) => {
                let target = Target::parse(request.head.target()).ok()?;
                let (hash, rest) = parts(target.path)?;
                let mut link = rest.to_vec();
                if !target.arguments.is_empty() {
                    link.push(b'?');
                    link.extend_from_slice(target.arguments);
                }
                let hash = hexadecimal(hash)?;
                let expected = md5::compute([&link[..], secret].concat()).0;
                is_same(&hash, &expected).then_some(())?;
                out.extend_from_slice(&link);
            }
        }
        Some(())
    }
}

fn is_same(one: &[u8; LENGTH], other: &[u8; LENGTH]) -> bool {
    one.ct_eq(other).into()
}

fn now() -> u64 {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    since.map_or(0, |since| since.as_secs())
}

/// When a link expires: as written, and as a number.
type Expires<'t> = Option<(&'t [u8], u64)>;

/// The hash and when the link expires, of what `secure_link` says; `None` when that is no second.
fn split(text: &[u8]) -> Option<(&[u8], Expires<'_>)> {
    let Some(comma) = text.iter().position(|byte| *byte == b',') else {
        return Some((text, None));
    };
    let digits = &text[comma + 1..];
    let second = values::number(std::str::from_utf8(digits).ok()?).ok()?;
    (second > 0).then_some((&text[..comma], Some((digits, second))))
}

/// Base64 for URLs, with or without padding.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &alphabet::URL_SAFE,
    GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true),
);
/// The longest text of so many bytes.
const LONGEST: usize = 24;

fn decoded(text: &[u8]) -> Option<[u8; LENGTH]> {
    let text = Some(text).filter(|text| text.len() <= LONGEST)?;
    BASE64.decode(text).ok()?.try_into().ok()
}

/// Hash and link of a path as `/PREFIX/HASH/LINK`.
fn parts(path: &[u8]) -> Option<(&[u8], &[u8])> {
    let mut parts = path.strip_prefix(b"/")?.splitn(3, |byte| *byte == b'/');
    let (_, hash, link) = (parts.next()?, parts.next()?, parts.next()?);
    (!link.is_empty()).then_some((hash, link))
}

fn hexadecimal(text: &[u8]) -> Option<[u8; LENGTH]> {
    let text = std::str::from_utf8(text).ok()?;
    let is_plain = text.bytes().all(|byte| byte.is_ascii_hexdigit());
    let number = Some(text).filter(|text| is_plain && text.len() == 2 * LENGTH)?;
    Some(u128::from_str_radix(number, 16).ok()?.to_be_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::modules::core::trial::{get, problems, server};

    fn hash(text: &str) -> String {
        let text = BASE64.encode(md5::compute(text).0);
        text.trim_end_matches('=').to_owned()
    }

    #[test]
    fn links_by_hash_and_time() {
        let runtime = server(
            "location /sl { secure_link $arg_md5,$arg_expires; secure_link_md5 \"$secure_link_expires$uri$remote_addr secret\";
                 return 200 [$secure_link][$secure_link_expires]; }
             location /sx { secure_link $arg_md5; secure_link_md5 \"$uri secret\";
                 return 200 [$secure_link][$secure_link_expires]; }",
        );
        let late = 4_000_000_000_u64;
        let right = hash(&format!("{late}/sl127.0.0.1 secret"));
        let early = hash("100/sl127.0.0.1 secret");
        let plain = hash("/sx secret");
        for (target, expected) in [
            (
                format!("/sl?md5={right}&expires={late}"),
                format!("[1][{late}]"),
            ),
            (
                format!("/sl?md5={right}&expires={}", late + 1),
                format!("[][{}]", late + 1),
            ),
            (
                format!("/sl?md5={early}&expires=100"),
                "[0][100]".to_owned(),
            ),
            (format!("/sl?md5=bad&expires={late}"), format!("[][{late}]")),
            (format!("/sl?md5={right}&expires="), "[][]".to_owned()),
            (format!("/sl?md5={right}&expires=0"), "[][]".to_owned()),
            (format!("/sl?md5={right}&expires=-5"), "[][]".to_owned()),
            ("/sl".to_owned(), "[][]".to_owned()),
            (format!("/sx?md5={plain}"), "[1][]".to_owned()),
            (format!("/sx?md5={plain}=="), "[1][]".to_owned()),
            (format!("/sx?md5={plain}x"), "[][]".to_owned()),
            (format!("/sx?md5={plain},{late}"), format!("[1][{late}]")),
        ] {
            assert_eq!(get(runtime, &target).body, expected, "{target}");
        }
    }

    #[test]
    fn links_by_a_secret() {
        let runtime =
            server("location /ss/ { secure_link_secret word; return 200 [$secure_link]; }");
        for (link, hashed, expected) in [
            ("a/b.txt", "a/b.txtword", "[a/b.txt]"),
            ("a/b.txt?x=1", "a/b.txtword", "[]"),
            ("a?x=1", "a?x=1word", "[a?x=1]"),
            ("a/b%20c", "a/b%20cword", "[a/b%20c]"),
            ("a/b%20c", "a/b cword", "[]"),
            ("", "word", "[]"),
        ] {
            let hash = md5::compute(hashed)
                .0
                .map(|byte| format!("{byte:02x}"))
                .concat();
            for hash in [hash.to_uppercase(), hash] {
                let target = format!("/ss/{hash}/{link}");
                assert_eq!(get(runtime, &target).body, expected, "{target}");
            }
        }
        for target in ["/ss/x", "/ss/x/y", "/ss/"] {
            assert_eq!(get(runtime, target).body, "[]", "{target}");
        }
    }

    #[test]
    fn what_is_written_wrongly() {
        let mixed =
            "\"secure_link_secret\" cannot be mixed with \"secure_link\" and \"secure_link_md5\"";
        for (line, expected) in [
            ("location / { secure_link_secret a; secure_link b; }", mixed),
            (
                "location / { secure_link_secret a; secure_link_md5 b; }",
                mixed,
            ),
            (
                "location / { secure_link $arg_a; }",
                "\"secure_link\" requires \"secure_link_md5\"",
            ),
        ] {
            assert_eq!(problems(line), [expected], "{line}");
        }
        let halves = "secure_link_md5 a; location / { secure_link $arg_a; location /b { secure_link_secret c; } }";
        assert_eq!(problems(halves), [""; 0]);
    }
}
