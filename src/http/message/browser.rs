//! Browsers of whom some features know that they do not do what others do, by their `User-Agent`.

use memchr::memmem::find;

/// Internet Explorer 4 to 6, but for the second service pack of Windows XP.
pub fn is_msie6(agent: &[u8]) -> bool {
    let Some(place) = find(agent, b"MSIE ") else {
        return false;
    };
    match agent[place + 5..] {
        _ if has(agent, b"Opera") => false,
        [b'4' | b'5', b'.', _, ..] => true,
        [b'6', b'.', _, ..] => !has(agent, b"SV1"),
        _ => false,
    }
}

/// Safari on a Mac, where no other browser bears its name.
pub fn is_safari(agent: &[u8]) -> bool {
    let others: [&[u8]; 4] = [b"MSIE ", b"Opera", b"Gecko/", b"Chrome/"];
    let is_other = others.iter().any(|word| has(agent, word));
    !is_other && has(agent, b"Safari/") && has(agent, b"Mac OS X")
}

fn has(text: &[u8], word: &[u8]) -> bool {
    find(text, word).is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn old_browsers() {
        for (browser, is_old) in [
            ("Mozilla/4.0 (compatible; MSIE 6.0; Windows NT 5.1)", true),
            ("Mozilla/4.0 (compatible; MSIE 5.5; Windows 98)", true),
            (
                "Mozilla/4.0 (compatible; MSIE 6.0; Windows NT 5.1; SV1)",
                false,
            ),
            ("Mozilla/4.0 (compatible; MSIE 7.0; Windows NT 5.1)", false),
            ("Mozilla/5.0 (compatible; MSIE 10.0; Windows NT 6.1)", false),
            (
                "Mozilla/4.0 (compatible; MSIE 6.0; X11; Linux) Opera 7.0",
                false,
            ),
            ("MSIE 6.", false),
            ("MSIE ", false),
            ("curl/8", false),
            ("", false),
        ] {
            assert_eq!(is_msie6(browser.as_bytes()), is_old, "{browser}");
            assert!(!is_safari(browser.as_bytes()), "{browser}");
        }
    }

    #[test]
    fn safari_and_who_says_so() {
        let safari = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.0";
        assert!(is_safari(format!("{safari} Safari/605.1.15").as_bytes()));
        assert!(!is_safari(
            format!("{safari} Chrome/120.0 Safari/605.1.15").as_bytes()
        ));
    }
}
