//! Lists of ciphers as OpenSSL reads them, for the suites that there are.

use rustls::crypto::CryptoProvider;
use rustls::crypto::ring::{ALL_CIPHER_SUITES, default_provider};
use rustls::{CipherSuite, SupportedCipherSuite};

use crate::conf::{Diagnostic, Statement};
use crate::http::course::encryption::cipher_name;

/// What a list comes to.
#[derive(Debug, PartialEq, Eq)]
struct Selection {
    /// The suites of TLS 1.2, best first.
    suites: Vec<CipherSuite>,
    /// Ciphers that are named and not there.
    unknown: Vec<String>,
}

/// All suites of TLS 1.2.
pub(in crate::modules) fn all() -> Vec<CipherSuite> {
    let all = ALL_CIPHER_SUITES.iter();
    let of_1_2 = all.filter(|suite| suite.tls13().is_none());
    of_1_2.map(|suite| suite.suite()).collect()
}

/// The suites of TLS 1.2 that a directive's list comes to.
pub(in crate::modules) fn of(
    statement: &mut Statement<'_>,
) -> Result<Vec<CipherSuite>, Diagnostic> {
    let directive = &statement.directive.name.text;
    let Selection { suites, unknown } = select(statement.text(1));
    if suites.is_empty() {
        let message = format!("no cipher is left of \"{}\"", statement.text(1));
        let help = format!(
            "there are AES-GCM and ChaCha20-Poly1305 with ECDHE: \"{directive} DEFAULT\" allows them all"
        );
        return Err(statement.error(1, message).with_help(help));
    }
    if !unknown.is_empty() {
        let message = format!("not supported, ignored: {}", unknown.join(", "));
        let span = statement.word(1).span;
        statement
            .diagnostics
            .push(Diagnostic::warning(span, message));
    }
    Ok(suites)
}

/// What ring can do, with these suites of TLS 1.2.
pub(in crate::modules) fn provider(suites: &[CipherSuite]) -> CryptoProvider {
    let mut provider = default_provider();
    let of_1_2 = suites.iter().filter_map(|suite| {
        let all = ALL_CIPHER_SUITES.iter();
        all.copied().find(|one| one.suite() == *suite)
    });
    let of_1_2: Vec<SupportedCipherSuite> = of_1_2.collect();
    provider
        .cipher_suites
        .retain(|suite| suite.tls13().is_some());
    provider.cipher_suites.extend(of_1_2);
    provider
}

/// Reads a list: words that add suites, or with `!`, `-` and `+` leave them out for good, take them away, and put
/// them last.
fn select(list: &str) -> Selection {
    let (mut suites, mut banned, mut unknown) = (Vec::new(), Vec::new(), Vec::new());
    let words = list.split([':', ',', ';', ' ']);
    for word in words.filter(|word| !word.is_empty() && !word.starts_with('@')) {
        let (sign, name) = match word.as_bytes()[0] {
            sign @ (b'!' | b'-' | b'+') => (sign, &word[1..]),
            _ => (b' ', word),
        };
        let meant: Vec<CipherSuite> = all()
            .into_iter()
            .filter(|suite| is_meant(name, *suite))
            .collect();
        if sign == b' ' {
            if meant.is_empty() && !is_group(name) {
                unknown.push(name.to_owned());
            }
            let fresh = meant
                .iter()
                .filter(|suite| !banned.contains(*suite) && !suites.contains(*suite));
            let fresh: Vec<CipherSuite> = fresh.copied().collect();
            suites.extend(fresh);
            continue;
        }
        let (moved, rest): (Vec<_>, Vec<_>) =
            suites.into_iter().partition(|suite| meant.contains(suite));
        suites = rest;
        match sign {
            b'+' => suites.extend(moved),
            b'!' => banned.extend(meant),
            _ => {}
        }
    }
    Selection { suites, unknown }
}

/// A name in which every property is found that some suite has.
const EXAMPLE: &str = "-AES128-AES256-CHACHA20-RSA-ECDSA-GCM-";

/// Whether OpenSSL knows a group of ciphers of this name, of which none is here: nobody misses one of them.
fn is_group(name: &str) -> bool {
    const GROUPS: &[&str] = &[
        "LOW",
        "MEDIUM",
        "EXP",
        "EXPORT",
        "eNULL",
        "NULL",
        "aNULL",
        "RC4",
        "RC2",
        "IDEA",
        "SEED",
        "DES",
        "3DES",
        "CAMELLIA",
        "CAMELLIA128",
        "CAMELLIA256",
        "ARIA",
        "ARIA128",
        "ARIA256",
        "AESCCM",
        "AESCCM8",
        "MD5",
        "SHA",
        "SHA1",
        "SHA256",
        "SHA384",
        "RSA",
        "kRSA",
        "DH",
        "DHE",
        "EDH",
        "kDHE",
        "kEDH",
        "ADH",
        "AECDH",
        "ECDH",
        "DSS",
        "aDSS",
        "PSK",
        "kPSK",
        "aPSK",
        "SRP",
        "kSRP",
        "aSRP",
        "GOST",
        "COMPLEMENTOFALL",
        "COMPLEMENTOFDEFAULT",
        "SSLv3",
        "TLSv1",
        "TLSv1.0",
        "FIPS",
        "kRSAPSK",
        "kECDHEPSK",
        "kDHEPSK",
    ];
    name.split('+')
        .all(|one| GROUPS.contains(&one) || has(EXAMPLE, one))
}

/// Whether a word means a suite: by its name, or by properties with `+` between them.
fn is_meant(word: &str, suite: CipherSuite) -> bool {
    let name = cipher_name(suite);
    word == name || word.split('+').all(|property| has(name, property))
}

fn has(name: &str, property: &str) -> bool {
    match property {
        "ALL" | "DEFAULT" | "HIGH" | "PROFILE=SYSTEM" | "ECDHE" | "EECDH" | "kECDHE" | "kEECDH"
        | "TLSv1.2" => true,
        "AES" => name.contains("-AES"),
        "AESGCM" => name.contains("-GCM-"),
        "AES128" => name.contains("-AES128-"),
        "AES256" => name.contains("-AES256-"),
        "CHACHA20" => name.contains("-CHACHA20-"),
        "aRSA" => name.contains("-RSA-"),
        "ECDSA" | "aECDSA" => name.contains("-ECDSA-"),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(list: &str) -> Vec<&'static str> {
        select(list).suites.into_iter().map(cipher_name).collect()
    }

    #[test]
    fn lists_are_read_as_openssl_does() {
        assert_eq!(names("DEFAULT").len(), 6);
        assert_eq!(names("HIGH:!aNULL:!MD5").len(), 6);
        let two = [
            "ECDHE-RSA-AES128-GCM-SHA256",
            "ECDHE-ECDSA-AES256-GCM-SHA384",
        ];
        assert_eq!(names(&two.join(":")), two);
        assert_eq!(names(&two.join(" ")), two);
        assert_eq!(
            names("ECDHE+AESGCM+aRSA:!AES128"),
            ["ECDHE-RSA-AES256-GCM-SHA384"]
        );
        let last = names("ALL:+CHACHA20:-aECDSA:@SECLEVEL=2");
        assert_eq!(last.len(), 3);
        assert_eq!(last[2], "ECDHE-RSA-CHACHA20-POLY1305");
        // What was taken away may come back, what was banned may not.
        assert_eq!(names("ALL:-ALL:ALL").len(), 6);
        assert!(names("!ALL:ALL").is_empty());
        assert!(names("RC4:NULL").is_empty());
    }

    #[test]
    fn ciphers_that_are_not_there_are_told() {
        let selection = select("DHE-RSA-AES128-GCM-SHA256:HIGH:!RC4-MD5:RC4");
        assert_eq!(selection.unknown, ["DHE-RSA-AES128-GCM-SHA256"]);
        assert_eq!(selection.suites.len(), 6);
        let selection = select("HIGH:FOO:kEDH+AESGCM:AES+BAR:SSLv3");
        assert_eq!(selection.unknown, ["FOO", "AES+BAR"]);
    }
}
