//! The host a request is for.

use super::head::Head;
use super::uri::Target;

/// The host is missing where it must be given, given twice, or no host at all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct BadHost;

/// The host, lower-case and without a port: of an absolute target, or of the `Host` field.
pub(super) fn of(head: &Head, target: Option<&Target>) -> Result<Vec<u8>, BadHost> {
    let mut fields = head
        .fields()
        .filter(|(name, _)| name.eq_ignore_ascii_case(b"host"));
    let field = fields.next().map(|(_, value)| value);
    if fields.next().is_some() || (field.is_none() && head.minor_version() == 1) {
        return Err(BadHost);
    }
    // What is not used is judged all the same: a peer might use it.
    let of_field = field.map_or(Ok(Vec::new()), normalise)?;
    let authority = target.and_then(|target| target.authority.as_deref());
    authority.map_or(Ok(of_field), normalise)
}

fn normalise(host: &[u8]) -> Result<Vec<u8>, BadHost> {
    let name = match host.first() {
        Some(b'[') => {
            let end = host.iter().position(|byte| *byte == b']').ok_or(BadHost)?;
            check_port(&host[end + 1..])?;
            &host[..=end]
        }
        _ => match host.iter().position(|byte| *byte == b':') {
            Some(colon) => {
                check_port(&host[colon..])?;
                &host[..colon]
            }
            None => host,
        },
    };
    let name = name.strip_suffix(b".").unwrap_or(name);
    let odd = |byte: &u8| {
        *byte <= b' ' || matches!(byte, b'/' | b'\\' | 0x7f | b'"' | b'@' | b'?' | b'#')
    };
    if name.iter().any(odd) || name.windows(2).any(|two| two == b"..") {
        return Err(BadHost);
    }
    Ok(name.to_ascii_lowercase())
}

fn check_port(text: &[u8]) -> Result<(), BadHost> {
    match text {
        [] => Ok(()),
        [b':', digits @ ..] if digits.iter().all(u8::is_ascii_digit) => Ok(()),
        _ => Err(BadHost),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ports_and_case_are_dropped() {
        assert_eq!(normalise(b"Example.COM:80"), Ok(b"example.com".to_vec()));
        assert_eq!(normalise(b"example.com."), Ok(b"example.com".to_vec()));
        assert_eq!(normalise(b"[::1]:8080"), Ok(b"[::1]".to_vec()));
        assert_eq!(normalise(b""), Ok(Vec::new()));
    }

    #[test]
    fn what_is_no_host_is_refused() {
        for host in ["a b", "a/b", "a:x", "[::1", "a..b", "a\\b", "u@h"] {
            assert_eq!(normalise(host.as_bytes()), Err(BadHost), "{host}");
        }
    }
}
