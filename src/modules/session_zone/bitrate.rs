//! Bitrates as they are written: bits per second with `k`, `m` or `g` for powers of 1024.

use crate::conf::values;
use crate::conf::{Diagnostic, Word};

/// A bitrate.
///
/// # Errors
/// Anything else.
pub(super) fn read(word: &Word) -> Result<u64, Diagnostic> {
    let read = values::offset(&word.text).ok();
    read.ok_or_else(|| {
        let message = format!("invalid bitrate \"{}\"", word.text);
        let help = "bits per second, such as 800k, 500m or 1g";
        Diagnostic::error(word.span, message).with_help(help)
    })
}

/// Checks `TX[,RX]`.
///
/// # Errors
/// Where one of them is no bitrate.
pub(super) fn check_pair(word: &Word) -> Result<(), Diagnostic> {
    let end = word.text.len();
    let comma = word.text.find(',').unwrap_or(end);
    read(&word.slice(0..comma))?;
    if comma < end {
        read(&word.slice(comma + 1..end))?;
    }
    Ok(())
}

/// Reads `TX[,RX]`, as a request gives it; what is no bitrate is as if it were not given.
pub(super) fn pair(text: &[u8]) -> [Option<u64>; 2] {
    let text = str::from_utf8(text).unwrap_or_default();
    let (tx, rx) = text.split_once(',').unwrap_or((text, ""));
    [tx, rx].map(|one| values::offset(one.trim()).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_of_requests_are_read_or_ignored() {
        assert_eq!(pair(b"2k,1M"), [Some(2048), Some(1 << 20)]);
        assert_eq!(pair(b"5"), [Some(5), None]);
        assert_eq!(pair(b",1g"), [None, Some(1 << 30)]);
        for bad in [
            &b""[..],
            b"x",
            b"-1",
            b"1.5",
            b"\xff",
            b"99999999999999999999",
        ] {
            assert_eq!(pair(bad), [None, None], "{}", bad.escape_ascii());
        }
    }
}
