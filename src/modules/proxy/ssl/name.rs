//! The name of a peer, and whether a certificate is one for it.

use rustls_pki_types::{CertificateDer, ServerName};
use webpki::EndEntityCert;
use x509_parser::certificate::X509Certificate;
use x509_parser::extensions::GeneralName;

/// A host without the port behind it, and an address without brackets.
pub(super) fn without_port(host: &str) -> &str {
    if let Some(rest) = host.strip_prefix('[') {
        return rest.split(']').next().unwrap_or_default();
    }
    match host.split_once(':') {
        // More than one colon is an address without a port.
        Some((name, port)) if !port.contains(':') => name,
        _ => host,
    }
}

/// Whether a certificate is one for `name`. The common name of its subject counts where it has no
/// alternative names of this kind, as in OpenSSL.
pub(super) fn fits(
    certificate: &CertificateDer<'_>,
    parsed: &X509Certificate<'_>,
    name: &ServerName<'_>,
) -> bool {
    let leaf = EndEntityCert::try_from(certificate);
    if leaf.is_ok_and(|leaf| leaf.verify_is_valid_for_subject_name(name).is_ok()) {
        return true;
    }
    if has_alternative_hosts(parsed) {
        return false;
    }
    let mut common = parsed.subject().iter_common_name();
    common.any(|common| common.as_str().is_ok_and(|common| is_for(common, name)))
}

fn has_alternative_hosts(certificate: &X509Certificate<'_>) -> bool {
    // What cannot be read may hold some.
    let Ok(names) = certificate.subject_alternative_name() else {
        return true;
    };
    let names = names.map_or(&[][..], |names| &names.value.general_names);
    names
        .iter()
        .any(|name| matches!(name, GeneralName::DNSName(_)))
}

fn is_for(common: &str, name: &ServerName<'_>) -> bool {
    let host = match name {
        ServerName::IpAddress(address) => {
            let address = std::net::IpAddr::from(*address);
            return common.parse() == Ok(address);
        }
        ServerName::DnsName(host) => host.as_ref().trim_end_matches('.'),
        _ => return false,
    };
    match (common.strip_prefix("*."), host.split_once('.')) {
        (Some(parent), Some((_, rest))) => {
            parent.contains('.') && parent.eq_ignore_ascii_case(rest)
        }
        _ => common.eq_ignore_ascii_case(host),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ports_and_brackets_are_left_out() {
        for (host, name) in [
            ("a.test", "a.test"),
            ("a.test:443", "a.test"),
            ("[::1]:443", "::1"),
            ("[::1]", "::1"),
            ("::1", "::1"),
            ("", ""),
            (":1", ""),
        ] {
            assert_eq!(without_port(host), name, "{host}");
        }
    }

    #[test]
    fn a_common_name_stands_for_one_label_at_most() {
        let fits =
            |common: &str, name: &'static str| is_for(common, &ServerName::try_from(name).unwrap());
        assert!(fits("A.test", "a.Test"));
        assert!(fits("*.a.test", "x.a.test"));
        assert!(fits("127.0.0.1", "127.0.0.1"));
        assert!(fits("0:0:0:0:0:0:0:1", "::1"));
        for (common, name) in [
            ("*.a.test", "a.test"),
            ("*.a.test", "x.y.a.test"),
            ("*.test", "a.test"),
            ("*", "a"),
            ("x*.a.test", "xy.a.test"),
            ("*.0.0.1", "127.0.0.1"),
            ("", "a.test"),
            ("b.test", "a.test"),
        ] {
            assert!(!fits(common, name), "{common} {name}");
        }
    }
}
