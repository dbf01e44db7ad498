//! The host a request is for.

use super::head::Head;
use super::uri;
use super::version::Version;

/// The host is missing where it must be given, or no host at all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::http) struct BadHost;

/// Appends the host, lower-case and without a port: of an absolute target, or of the `Host` field.
pub(in crate::http) fn of(head: &Head, out: &mut Vec<u8>) -> Result<(), BadHost> {
    let field = head.host();
    if field.is_none() && head.version() >= Version::Http11 {
        return Err(BadHost);
    }
    // What is not used is judged all the same: a peer might use it.
    let mut name = &b""[..];
    for host in [field, authority(head)].into_iter().flatten() {
        name = name_of(host)?;
    }
    let start = out.len();
    out.extend_from_slice(name);
    out[start..].make_ascii_lowercase();
    Ok(())
}

/// The host as the client wrote it, with its port: what a redirect of ours leads back to.
pub(in crate::http) fn written(head: &Head) -> &[u8] {
    authority(head).or_else(|| head.host()).unwrap_or_default()
}

/// A host as it was written, without its port.
pub(in crate::http) fn without_port(written: &[u8]) -> &[u8] {
    let name = match written.iter().rposition(|byte| *byte == b']') {
        Some(bracket) => bracket + 1,
        None => written
            .iter()
            .position(|byte| *byte == b':')
            .unwrap_or(written.len()),
    };
    &written[..name]
}

fn authority(head: &Head) -> Option<&[u8]> {
    uri::split_authority(head.target()).ok()?.0
}

/// The name alone, without a port.
fn name_of(host: &[u8]) -> Result<&[u8], BadHost> {
    let is_bracketed = host.first() == Some(&b'[');
    let stop = if is_bracketed { b']' } else { b':' };
    let (mut end, mut is_odd, mut before) = (0, false, b'.');
    for byte in host {
        if *byte == stop {
            break;
        }
        is_odd |= IS_ODD[usize::from(*byte)] | (before == b'.' && *byte == b'.');
        before = *byte;
        end += 1;
    }
    if is_bracketed {
        // It is part of the name, and must be there.
        end += 1;
        before = b']';
    }
    let (name, port) = host.split_at_checked(end).ok_or(BadHost)?;
    check_port(port)?;
    let is_absolute = name.len() > 1 && before == b'.';
    let name = if is_absolute {
        &name[..name.len() - 1]
    } else {
        name
    };
    if is_odd || name.is_empty() || name == b"[]" {
        return Err(BadHost);
    }
    Ok(name)
}

/// What no name of a host holds.
static IS_ODD: [bool; 256] = {
    let mut odd = [false; 256];
    let mut byte = 0;
    while byte <= b' ' as usize {
        odd[byte] = true;
        byte += 1;
    }
    let others = b"/\\\x7f\"@?#";
    let mut place = 0;
    while place < others.len() {
        odd[others[place] as usize] = true;
        place += 1;
    }
    odd
};

fn check_port(text: &[u8]) -> Result<(), BadHost> {
    let digits = match text {
        [] | [b':'] => return Ok(()),
        [b':', digits @ ..] => digits,
        _ => return Err(BadHost),
    };
    let add = |number: u32, digit: &u8| {
        let digit = char::from(*digit).to_digit(10)?;
        Some(number * 10 + digit).filter(|number| *number <= u16::MAX.into())
    };
    digits.iter().try_fold(0, add).map(drop).ok_or(BadHost)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn normalise(host: &[u8]) -> Result<Vec<u8>, BadHost> {
        let mut head = Head::default();
        let head_text = [b"GET / HTTP/1.1\r\nHost: ", host, b"\r\n\r\n"].concat();
        head.read(&head_text).unwrap();
        let mut out = Vec::new();
        of(&head, &mut out).map(|()| out)
    }

    #[test]
    fn ports_and_case_are_dropped() {
        assert_eq!(normalise(b"Example.COM:80"), Ok(b"example.com".to_vec()));
        assert_eq!(normalise(b"example.com."), Ok(b"example.com".to_vec()));
        assert_eq!(normalise(b"[::1]:8080"), Ok(b"[::1]".to_vec()));
        assert_eq!(normalise(b"a:"), Ok(b"a".to_vec()));
        assert_eq!(normalise(b"a:65535"), Ok(b"a".to_vec()));
    }

    #[test]
    fn what_is_no_host_is_refused() {
        for host in [
            "a b",
            "a/b",
            "a:x",
            "[::1",
            "[]",
            "[::1]x",
            "a\\b",
            "u@h",
            "",
            ":80",
            "a..b",
            "a..",
            ".",
            "..",
            ".a",
            "a:80:80",
            "a:65536",
            "a:999999999999",
            "a:-1",
        ] {
            assert_eq!(normalise(host.as_bytes()), Err(BadHost), "{host}");
        }
    }
}
