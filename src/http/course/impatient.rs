//! Browsers that do not bear connections that are kept (`keepalive_disable`).

use super::request::Request;
use crate::http::plan::settings::Impatient;

/// Whether the connection of a request is to end behind it for the sake of its browser.
pub(in crate::http) fn is_impatient(request: &Request) -> bool {
    let Impatient { msie6, safari } = request.location.settings.responses.impatient;
    if !msie6 && !safari {
        return false;
    }
    let agent = request.head.field(b"user-agent").unwrap_or_default();
    msie6 && request.method() == b"POST" && is_msie6(agent) || safari && is_safari(agent)
}

fn has(text: &[u8], word: &[u8]) -> bool {
    memchr::memmem::find(text, word).is_some()
}

/// Internet Explorer 4 to 6, but for the second service pack of Windows XP.
fn is_msie6(agent: &[u8]) -> bool {
    let Some(place) = memchr::memmem::find(agent, b"MSIE ") else {
        return false;
    };
    match agent[place + 5..] {
        _ if has(agent, b"Opera") => false,
        [b'4' | b'5', b'.', ..] => true,
        [b'6', b'.', ..] => !has(agent, b"SV1"),
        _ => false,
    }
}

fn is_safari(agent: &[u8]) -> bool {
    let others: [&[u8]; 4] = [b"MSIE ", b"Opera", b"Gecko/", b"Chrome/"];
    let is_other = others.iter().any(|word| has(agent, word));
    !is_other && has(agent, b"Safari/") && has(agent, b"Mac OS X")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn browsers_are_told_apart() {
        let old = b"Mozilla/4.0 (compatible; MSIE 6.0; Windows NT 5.1)";
        assert!(is_msie6(old) && !is_safari(old));
        for other in [
            &b"Mozilla/4.0 (compatible; MSIE 6.0; Windows NT 5.1; SV1)"[..],
            b"Mozilla/4.0 (compatible; MSIE 7.0; Windows NT 5.1)",
            b"Mozilla/4.0 (compatible; MSIE 6.0; X11; Linux) Opera 7.0",
            b"MSIE ",
            b"MSIE 6",
            b"",
        ] {
            assert!(!is_msie6(other), "{other:?}");
        }
        let safari = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.0";
        assert!(is_safari(format!("{safari} Safari/605.1.15").as_bytes()));
        assert!(!is_safari(
            format!("{safari} Chrome/120.0 Safari/605.1.15").as_bytes()
        ));
    }
}
