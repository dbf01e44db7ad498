//! A form of log lines: text with variables whose values cannot break out of it.

use crate::http::course::request::Request;
use crate::http::plan::template::{Part, Template};

/// How values of variables are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Escaping {
    /// `\xXX`, and `-` for what is missing.
    Default,
    /// As within a JSON string; bytes that are no UTF-8 are replaced by U+FFFD.
    Json,
    /// As they are.
    None,
}

/// A compiled `log_format`.
pub(super) struct Format {
    template: Template,
    escaping: Escaping,
}

impl Format {
    /// A form of these parts.
    pub(super) fn new(template: Template, escaping: Escaping) -> Self {
        Self { template, escaping }
    }

    /// Appends the line of a request, without its end.
    pub(super) fn append(&self, request: &mut Request, out: &mut Vec<u8>) {
        for part in self.template.parts() {
            let start = out.len();
            let found = part.append(request, out);
            if let Part::Literal(_) = part {
                continue;
            }
            if found {
                self.escaping.apply(out, start);
            } else if self.escaping == Escaping::Default {
                out.push(b'-');
            }
        }
    }
}

impl Escaping {
    /// Escapes what stands in `out` from `start` on.
    fn apply(self, out: &mut Vec<u8>, start: usize) {
        let Some(first) = out[start..].iter().position(|byte| self.concerns(*byte)) else {
            return;
        };
        let mut rest = out.split_off(start + first);
        if self == Self::Json && str::from_utf8(&rest).is_err() {
            rest = String::from_utf8_lossy(&rest).into_owned().into_bytes();
        }
        for byte in rest {
            match self {
                Self::Default if self.concerns(byte) => {
                    out.extend_from_slice(format!("\\x{byte:02X}").as_bytes());
                }
                Self::Json if self.concerns(byte) => escape_json(byte, out),
                _ => out.push(byte),
            }
        }
    }

    fn concerns(self, byte: u8) -> bool {
        match self {
            Self::Default => !(0x20..0x7f).contains(&byte) || matches!(byte, b'"' | b'\\'),
            Self::Json => byte < 0x20 || matches!(byte, b'"' | b'\\' | 0x80..),
            Self::None => false,
        }
    }
}

fn escape_json(byte: u8, out: &mut Vec<u8>) {
    let short = match byte {
        b'\n' => b'n',
        b'\r' => b'r',
        b'\t' => b't',
        0x08 => b'b',
        0x0c => b'f',
        b'"' | b'\\' => byte,
        0x80.. => return out.push(byte),
        _ => {
            out.extend_from_slice(format!("\\u{byte:04X}").as_bytes());
            return;
        }
    };
    out.extend_from_slice(&[b'\\', short]);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn escaped(escaping: Escaping, value: &[u8]) -> String {
        let mut out = b"\"\n".to_vec();
        escaping.apply(&mut out, 2);
        out.extend_from_slice(value);
        let start = out.len() - value.len();
        escaping.apply(&mut out, start);
        String::from_utf8(out.split_off(2)).unwrap()
    }

    #[test]
    fn values_cannot_break_out() {
        let value = b"a\"\\\n\x01\x7f\xc3\xa9z";
        assert_eq!(
            escaped(Escaping::Default, value),
            "a\\x22\\x5C\\x0A\\x01\\x7F\\xC3\\xA9z"
        );
        assert_eq!(
            escaped(Escaping::Json, value),
            "a\\\"\\\\\\n\\u0001\u{7f}\u{e9}z"
        );
        assert_eq!(escaped(Escaping::None, b"a\"\n"), "a\"\n");
        assert_eq!(escaped(Escaping::Default, b""), "");
    }

    #[test]
    fn json_is_valid_for_every_byte() {
        for first in 0..=u8::MAX {
            for second in [b'x', b'"', b'\\', 0x80, 0xbf, 0xff, first] {
                let value = [b'a', first, second];
                let text = escaped(Escaping::Json, &value);
                let read: String = serde_json::from_str(&format!("\"{text}\"")).unwrap();
                assert_eq!(read, String::from_utf8_lossy(&value));
            }
        }
    }
}
