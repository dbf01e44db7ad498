//! Cipher suites and groups in the words of OpenSSL, also those that are not spoken here.

use rustls::{CipherSuite, NamedGroup};

use crate::http::course::encryption::cipher_name;

/// Cipher suites, `:` between them.
pub(super) fn ciphers(all: &[CipherSuite]) -> String {
    all.iter()
        .copied()
        .map(cipher)
        .collect::<Vec<_>>()
        .join(":")
}

/// Groups, `:` between them.
pub(super) fn groups(all: &[NamedGroup]) -> String {
    all.iter().copied().map(group).collect::<Vec<_>>().join(":")
}

fn cipher(suite: CipherSuite) -> String {
    let name = cipher_name(suite);
    let known = match name.strip_prefix("TLS_") {
        // Those of TLS 1.3 have one name only.
        Some(rest) => match rest.split_once("_WITH_") {
            Some((exchange, cipher)) => translated(exchange, cipher),
            None if !name.ends_with("_SCSV") => Some(name.to_owned()),
            None => None,
        },
        None => (!name.is_empty()).then(|| name.to_owned()),
    };
    known.unwrap_or_else(|| format!("0x{:04x}", u16::from(suite)))
}

fn translated(exchange: &str, cipher: &str) -> Option<String> {
    let exchange = match exchange {
        "RSA" => String::new(),
        "DH_anon" => "ADH-".to_owned(),
        "ECDH_anon" => "AECDH-".to_owned(),
        "PSK" | "RSA_PSK" | "DHE_PSK" | "ECDHE_PSK" | "DHE_RSA" | "DHE_DSS" | "ECDHE_RSA"
        | "ECDHE_ECDSA" | "SRP_SHA" => exchange.replace('_', "-") + "-",
        _ => return None,
    };
    let (kind, rest) = cipher.split_once('_')?;
    let cipher = match (kind, rest) {
        ("3DES", "EDE_CBC_SHA") => "DES-CBC3-SHA".to_owned(),
        ("NULL", hash) => format!("NULL-{hash}"),
        ("CHACHA20", "POLY1305_SHA256") => "CHACHA20-POLY1305".to_owned(),
        ("AES" | "ARIA" | "CAMELLIA", rest) => {
            let (size, rest) = rest.split_once('_')?;
            // A mode that everything had once is not named.
            let rest = match exchange.contains("PSK") {
                true => rest,
                false => rest.strip_prefix("CBC_").unwrap_or(rest),
            };
            format!(
                "{kind}{size}-{}",
                rest.replace("CCM_8", "CCM8").replace('_', "-")
            )
        }
        _ => return None,
    };
    Some(exchange + &cipher)
}

fn group(group: NamedGroup) -> String {
    let number = u16::from(group);
    let name = match number {
        0x16 => "secp256k1",
        0x17 => "prime256v1",
        0x18 => "secp384r1",
        0x19 => "secp521r1",
        0x1a => "brainpoolP256r1",
        0x1b => "brainpoolP384r1",
        0x1c => "brainpoolP512r1",
        0x1d => "X25519",
        0x1e => "X448",
        0x100 => "ffdhe2048",
        0x101 => "ffdhe3072",
        0x102 => "ffdhe4096",
        0x103 => "ffdhe6144",
        0x104 => "ffdhe8192",
        0x11eb => "SecP256r1MLKEM768",
        0x11ec => "X25519MLKEM768",
        _ => return format!("0x{number:04x}"),
    };
    name.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn suites_are_called_as_openssl_does() {
        for (number, name) in [
            (0x1301, "TLS_AES_128_GCM_SHA256"),
            (0xc02b, "ECDHE-ECDSA-AES128-GCM-SHA256"),
            (0xcca8, "ECDHE-RSA-CHACHA20-POLY1305"),
            (0xc014, "ECDHE-RSA-AES256-SHA"),
            (0xc028, "ECDHE-RSA-AES256-SHA384"),
            (0x009e, "DHE-RSA-AES128-GCM-SHA256"),
            (0xccaa, "DHE-RSA-CHACHA20-POLY1305"),
            (0xc0ac, "ECDHE-ECDSA-AES128-CCM"),
            (0xc0ae, "ECDHE-ECDSA-AES128-CCM8"),
            (0x0035, "AES256-SHA"),
            (0x003c, "AES128-SHA256"),
            (0x000a, "DES-CBC3-SHA"),
            (0x0041, "CAMELLIA128-SHA"),
            (0x0034, "ADH-AES128-SHA"),
            (0x008c, "PSK-AES128-CBC-SHA"),
            (0x00ff, "0x00ff"),
            (0x1a1a, "0x1a1a"),
        ] {
            assert_eq!(cipher(CipherSuite::from(number)), name, "{number:04x}");
        }
    }
}
