//! What an issuer says about a certificate, sent along with it: answers of OCSP responders in files.
//!
//! Nothing is asked here while serving: something else fetches the answer and has the configuration taken up anew.

use rustls::sign::CertifiedKey;
use x509_parser::der_parser::asn1_rs::{Any, Class, FromDer, GeneralizedTime, Tag};

use super::directives::OUTER;
use super::evaluated::Source;
use super::inspect;
use super::trust::files::{File, read};
use crate::conf::{Arity, Chain, Diagnostic, DirectiveSpec, Doc, SPEC, Span};
use crate::http::build::builder::Builder;
use crate::os;

pub(super) const FILE: DirectiveSpec = DirectiveSpec {
    name: "ssl_stapling_file",
    contexts: OUTER,
    doc: Doc {
        syntax: "ssl_stapling_file file;",
        default: "",
        text: "An answer of an OCSP responder about the server's certificate, in DER, as `openssl ocsp -respout` writes it. \
               With `ssl_stapling on` clients get it with the certificate, so that they need not ask. It is read when the \
               configuration is loaded; a reload takes up a fresh one. An answer about none of the server's certificates \
               is an error, one that is too old or says that a certificate was revoked is warned of.",
        example: "ssl_stapling on;\nssl_stapling_file /etc/ssl/example.com.ocsp;",
    },
    apply: |statement| {
        let file = File::of(statement)?;
        statement.scope.insert(Written(file));
        Ok(())
    },
    ..SPEC
};

pub(super) const ON: DirectiveSpec = DirectiveSpec {
    name: "ssl_stapling",
    contexts: OUTER,
    arity: Arity::FLAG,
    doc: Doc {
        syntax: "ssl_stapling on | off;",
        default: "ssl_stapling off;",
        text: "Whether clients get the answer of `ssl_stapling_file` with the certificate. Without a file there is nothing to \
               send, which is warned of: responders are not asked here.",
        example: "",
    },
    apply: |statement| {
        let on = statement.flag(1)?;
        let span = statement.word(0).span;
        statement.scope.insert(Staples(on, span));
        Ok(())
    },
    ..SPEC
};

/// `ssl_stapling_file`
struct Written(File);
/// `ssl_stapling`
struct Staples(bool, Span);

/// An answer about certificates.
#[derive(Clone, Debug)]
pub(super) struct Staple {
    der: Vec<u8>,
    about: Vec<About>,
    span: Span,
}

/// What is said about one certificate.
#[derive(Clone, Debug, PartialEq, Eq)]
struct About {
    serial: Vec<u8>,
    /// Whether it is good, as far as its issuer knows.
    is_good: bool,
    /// Until when this holds, in seconds since 1970.
    until: Option<i64>,
}

/// Those who were told of a directive without effect.
#[derive(Default)]
struct Told(Vec<Span>);

/// What a server sends along with its certificates.
pub(super) fn of(
    builder: &mut Builder<'_>,
    chain: &Chain<'_>,
) -> Result<Option<Staple>, Diagnostic> {
    let written = chain.nearest::<Written>().map(|Written(file)| file);
    match (chain.nearest(), written) {
        (Some(Staples(true, _)), Some(file)) => staple(builder, file).map(Some),
        (Some(Staples(true, span)), None) => {
            let message = "\"ssl_stapling\" ignored, there is no \"ssl_stapling_file\"";
            let help = "responders are not asked here; \"openssl ocsp -respout\" writes what they say to a file";
            warn_once(builder, *span, message, help);
            Ok(None)
        }
        (_, Some(file)) => {
            let message = "\"ssl_stapling_file\" ignored, \"ssl_stapling\" is not on";
            let help = "write \"ssl_stapling on;\"";
            warn_once(builder, file.span, message, help);
            Ok(None)
        }
        (_, None) => Ok(None),
    }
}

fn warn_once(builder: &mut Builder<'_>, span: Span, message: &str, help: &str) {
    let told = builder.thing::<Told>();
    if told.0.contains(&span) {
        return;
    }
    told.0.push(span);
    let problem = Diagnostic::warning(span, message).with_help(help);
    builder.diagnostics.push(problem);
}

fn staple(builder: &mut Builder<'_>, file: &File) -> Result<Staple, Diagnostic> {
    let path = builder.beside(&file.path);
    let der = read(builder, &path, file, "stapling file")?;
    let shown = path.display();
    let about = answer(&der).map_err(|what| {
        let message = format!("cannot load stapling file \"{shown}\": {what}");
        Diagnostic::error(file.span, message)
    })?;
    let now = i64::try_from(os::seconds()).unwrap_or(i64::MAX);
    let is_over = |one: &About| one.until.is_some_and(|until| until < now);
    let is_bad = |one: &About| !one.is_good;
    let what = match (about.iter().any(is_over), about.iter().any(is_bad)) {
        (true, _) => Some("holds no longer"),
        (false, true) => Some("says that a certificate is not good"),
        (false, false) => None,
    };
    if let Some(what) = what {
        let message = format!("the stapling file \"{shown}\" {what}");
        let help = "have a fresh one fetched";
        warn_once(builder, file.span, &message, help);
    }
    Ok(Staple {
        der,
        about,
        span: file.span,
    })
}

impl Staple {
    /// Has it sent with this certificate, if it is about that.
    pub(super) fn fasten(&self, pair: &mut CertifiedKey) {
        if self.is_about(pair) {
            pair.ocsp = Some(self.der.clone());
        }
    }

    fn is_about(&self, pair: &CertifiedKey) -> bool {
        let own = pair.cert.first().and_then(inspect::parse);
        own.is_some_and(|own| self.about.iter().any(|one| one.serial == own.raw_serial()))
    }

    /// Whether it is sent with one of the certificates of a server. Those that handshakes name are not known.
    pub(super) fn check(&self, sources: &[Source]) -> Result<(), Diagnostic> {
        let may_be_sent = |source: &Source| match source {
            Source::Fixed(pair) => pair.current().is_none_or(|pair| pair.ocsp.is_some()),
            Source::Named(..) => true,
        };
        if sources.is_empty() || sources.iter().any(may_be_sent) {
            return Ok(());
        }
        let message = "the stapling file is about none of the server's certificates";
        Err(Diagnostic::error(self.span, message))
    }
}

const MALFORMED: &str = "it is no answer of an OCSP responder in DER";

/// What an answer says (RFC 6960 §4.2.1).
fn answer(der: &[u8]) -> Result<Vec<About>, &'static str> {
    let outer = sequence(der).ok_or(MALFORMED)?;
    let [status, rest @ ..] = &outer[..] else {
        return Err(MALFORMED);
    };
    if status.tag() != Tag::Enumerated {
        return Err(MALFORMED);
    }
    if status.data != [0] {
        return Err("the responder has failed to answer");
    }
    let about = rest.first().and_then(|bytes| responses(bytes.data));
    about.filter(|all| !all.is_empty()).ok_or(MALFORMED)
}

fn responses(bytes: &[u8]) -> Option<Vec<About>> {
    let bytes = sequence(bytes)?;
    let basic = sequence(bytes.get(1)?.data)?;
    let said = inner(basic.first()?)?;
    // Version, who answers and when stand before it, and have other tags.
    let singles = said.iter().find(|one| is(one, Tag::Sequence))?;
    inner(singles)?.iter().map(single).collect()
}

fn single(single: &Any<'_>) -> Option<About> {
    let parts = inner(single)?;
    let [certificate, status, _since, rest @ ..] = &parts[..] else {
        return None;
    };
    let certificate = inner(certificate)?;
    let until = rest.first().filter(|one| is_of_context(one, 0));
    let until = until.and_then(|one| GeneralizedTime::from_der(one.data).ok());
    let until = until.and_then(|(_, time)| time.utc_datetime().ok());
    Some(About {
        serial: certificate.get(3)?.data.to_vec(),
        is_good: is_of_context(status, 0),
        until: until.map(|time| time.unix_timestamp()),
    })
}

/// The parts of what is one sequence.
fn sequence(der: &[u8]) -> Option<Vec<Any<'_>>> {
    let (rest, outer) = Any::from_der(der).ok()?;
    match rest.is_empty() {
        true => inner(&outer),
        false => None,
    }
}

fn inner<'a>(outer: &Any<'a>) -> Option<Vec<Any<'a>>> {
    if !is(outer, Tag::Sequence) {
        return None;
    }
    let (mut parts, mut rest) = (Vec::new(), outer.data);
    while !rest.is_empty() {
        let (behind, part) = Any::from_der(rest).ok()?;
        parts.push(part);
        rest = behind;
    }
    Some(parts)
}

fn is(part: &Any<'_>, tag: Tag) -> bool {
    part.class() == Class::Universal && part.tag() == tag
}

fn is_of_context(part: &Any<'_>, number: u32) -> bool {
    part.class() == Class::ContextSpecific && part.tag() == Tag(number)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn tagged(tag: u8, parts: &[&[u8]]) -> Vec<u8> {
        let content = parts.concat();
        let length = u8::try_from(content.len()).unwrap();
        assert!(length < 128);
        [&[tag, length][..], &content].concat()
    }

    /// An answer about the certificate 7, good until the end of 2030.
    fn good() -> Vec<u8> {
        let certificate = tagged(0x30, &[&[0x30, 0], &[4, 1, 1], &[4, 1, 2], &[2, 1, 7]]);
        let time = |text: &str| tagged(0x18, &[text.as_bytes()]);
        let until = tagged(0xa0, &[&time("20301231235959Z")]);
        let single = tagged(
            0x30,
            &[&certificate, &[0x80, 0], &time("20200101000000Z"), &until],
        );
        let all = tagged(0x30, &[&single]);
        let said = tagged(0x30, &[&[0xa2, 0], &time("20200101000000Z"), &all]);
        let basic = tagged(0x30, &[&said]);
        let bytes = tagged(0x30, &[&[6, 1, 1], &tagged(4, &[&basic])]);
        tagged(0x30, &[&[10, 1, 0], &tagged(0xa0, &[&bytes])])
    }

    #[test]
    fn an_answer_names_its_certificates() {
        let expected = About {
            serial: vec![7],
            is_good: true,
            until: Some(1_924_991_999),
        };
        assert_eq!(answer(&good()), Ok(vec![expected]));
    }

    #[test]
    fn what_is_no_answer_is_refused() {
        assert_eq!(answer(b""), Err(MALFORMED));
        assert_eq!(answer(b"-----BEGIN"), Err(MALFORMED));
        assert_eq!(answer(&[0x30, 3, 10, 1, 0]), Err(MALFORMED));
        assert_eq!(
            answer(&[0x30, 3, 10, 1, 6]),
            Err("the responder has failed to answer")
        );
        assert_eq!(answer(&[&good()[..], b"x"].concat()), Err(MALFORMED));
        let whole = good();
        for end in 0..whole.len() {
            assert!(answer(&whole[..end]).is_err(), "{end}");
        }
    }

    proptest! {
        #[test]
        fn nothing_panics(at in 0_usize..80, byte in any::<u8>(), any in prop::collection::vec(any::<u8>(), 0..60)) {
            let mut changed = good();
            if let Some(place) = changed.get_mut(at) {
                *place = byte;
            }
            let _ = answer(&changed);
            let _ = answer(&any);
        }
    }
}
