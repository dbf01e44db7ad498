//! Addresses of servers, as people write them: what cannot be meant is refused before anything is sent anywhere.

use http::Uri;

/// Takes apart an address of `http` or `https` that has a host, perhaps a port, and nobody's name or password.
/// The parser of addresses takes anything behind a colon for a port, and one that is no number for none at all: a request,
/// with its API key, would go to whoever has the usual port.
///
/// # Errors
/// Why it is none.
pub(super) fn server(text: &str) -> Result<Uri, &'static str> {
    let Ok(parsed) = text.parse::<Uri>() else {
        return Err("expected one such as http://127.0.0.1:8080/");
    };
    let is_http = matches!(parsed.scheme_str(), Some("http" | "https"));
    let Some(authority) = parsed.authority().filter(|_| is_http) else {
        return Err("it begins with neither http:// nor https://");
    };
    if authority.as_str().contains('@') {
        return Err("it holds a name or a password");
    }
    let host = authority.host();
    if host.is_empty() || host == "[]" {
        return Err("there is no host in it");
    }
    let rest = authority.as_str().strip_prefix(host).unwrap_or_default();
    match rest.strip_prefix(':') {
        None if rest.is_empty() => Ok(parsed),
        Some(port) if is_port(port) => Ok(parsed),
        _ => Err("the port must be a number from 1 to 65535"),
    }
}

fn is_port(text: &str) -> bool {
    let is_number = text.bytes().all(|byte| byte.is_ascii_digit());
    is_number && text.parse::<u16>().is_ok_and(|port| port > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_port_is_a_number_or_nothing_is_asked() {
        for right in [
            "http://h",
            "http://h:1/",
            "https://[::1]:65535/a",
            "http://[::1]/",
            "http://h/:x",
        ] {
            assert!(server(right).is_ok(), "{right}");
        }
        for port in ["", "0", "-1", "+1", "abc", "65536", "99999", "1x", "1:2"] {
            for host in ["h", "[::1]", "127.0.0.1"] {
                let url = format!("http://{host}:{port}/status/");
                assert!(server(&url).is_err(), "{url}");
            }
        }
        for wrong in [
            "http://:80/",
            "http://[]:80/",
            "http://[::1]80/",
            "http://[::1/",
            "h:1",
            "ftp://h/",
            "http://u:1@h/",
        ] {
            assert!(server(wrong).is_err(), "{wrong}");
        }
    }
}
