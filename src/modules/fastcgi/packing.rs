//! How parameters are written for programs: in records of FastCGI, in the one packet of uwsgi, or in the netstring of SCGI.

use crate::http::message::decimal::Decimal;
use crate::http::plan::origin::SentBody;
use crate::http::transport::fastcgi::{self, Kind, MAX_CONTENT};
use crate::modules::proxy::Outline;

/// A format of parameters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Format {
    FastCgi,
    /// With `uwsgi_modifier1` and `uwsgi_modifier2`.
    Uwsgi([u8; 2]),
    Scgi,
}

/// Parameters on their way.
pub(super) struct Packing {
    format: Format,
    /// Where the present record or packet begins, behind its header.
    start: usize,
    /// Where the present parameter begins, its value, and the length of that.
    pair: usize,
    value: usize,
    length: usize,
    /// Whether one was too long to be said.
    is_too_long: bool,
}

/// The longest name, value and packet of uwsgi.
const MAX_UWSGI: usize = 0xffff;
/// The longest value whose length FastCGI says in one byte.
const SHORT: usize = 0x7f;

impl Packing {
    /// Appends what stands ahead of parameters.
    pub(super) fn begin(format: Format, outline: &Outline, out: &mut Vec<u8>) -> Self {
        match format {
            Format::FastCgi => {
                fastcgi::begin_request(outline.keeps, out);
                out.extend_from_slice(&fastcgi::header(Kind::PARAMS, 0));
            }
            Format::Uwsgi([first, second]) => out.extend_from_slice(&[first, 0, 0, second]),
            Format::Scgi => {}
        }
        let mut packing = Self {
            format,
            start: out.len(),
            pair: 0,
            value: 0,
            length: 0,
            is_too_long: false,
        };
        if format == Format::Scgi {
            let length = match outline.body {
                Some(SentBody::Length(length)) => length,
                _ => 0,
            };
            packing.open(&[b"CONTENT_LENGTH"], out);
            out.extend_from_slice(Decimal::new(length).bytes());
            packing.close(out);
        }
        packing
    }

    /// Begins a parameter of this name, which is said in pieces; its value is appended next.
    pub(super) fn open(&mut self, name: &[&[u8]], out: &mut Vec<u8>) {
        self.pair = out.len();
        let length: usize = name.iter().map(|piece| piece.len()).sum();
        match self.format {
            Format::FastCgi => {
                write_length(length, out);
                self.length = out.len();
                out.push(0);
            }
            Format::Uwsgi(_) => self.write_short(length, out),
            Format::Scgi => {}
        }
        name.iter().for_each(|piece| out.extend_from_slice(piece));
        match self.format {
            Format::FastCgi => {}
            Format::Uwsgi(_) => {
                self.length = out.len();
                out.extend_from_slice(&[0; 2]);
            }
            Format::Scgi => out.push(0),
        }
        self.value = out.len();
    }

    /// Ends it.
    pub(super) fn close(&mut self, out: &mut Vec<u8>) {
        let length = out.len() - self.value;
        match self.format {
            Format::FastCgi if length <= SHORT => {
                out[self.length] = u8::try_from(length).unwrap_or(0);
                self.split(out);
            }
            Format::FastCgi => {
                let mut long = Vec::with_capacity(4);
                write_length(length, &mut long);
                out.splice(self.length..=self.length, long);
                self.split(out);
            }
            Format::Uwsgi(_) => match u16::try_from(length) {
                Ok(short) => {
                    out[self.length..self.value].copy_from_slice(&short.to_le_bytes());
                }
                Err(_) => self.is_too_long = true,
            },
            Format::Scgi => {
                // It would end the value, and begin a parameter of the client's.
                let value = out.split_off(self.value);
                out.extend(value.into_iter().filter(|byte| *byte != 0));
                out.push(0);
            }
        }
    }

    /// Appends what stands behind parameters; false when they are too long to be said.
    pub(super) fn finish(mut self, outline: &Outline, out: &mut Vec<u8>) -> bool {
        let length = out.len() - self.start;
        match self.format {
            Format::FastCgi => {
                // A record without parameters is their end already.
                if length > 0 {
                    let end = out.len();
                    self.patch(out, end);
                    fastcgi::write(Kind::PARAMS, b"", out);
                }
                if outline.body.is_none() {
                    fastcgi::write(Kind::STDIN, b"", out);
                }
            }
            Format::Uwsgi(_) => {
                let [low, high] = u16::try_from(length).unwrap_or(0).to_le_bytes();
                out[self.start - 3] = low;
                out[self.start - 2] = high;
                self.is_too_long |= length > MAX_UWSGI;
            }
            Format::Scgi => {
                let mut prefix = Decimal::new(length as u64).bytes().to_vec();
                prefix.push(b':');
                out.splice(self.start..self.start, prefix);
                out.push(b',');
            }
        }
        !self.is_too_long
    }

    fn write_short(&mut self, length: usize, out: &mut Vec<u8>) {
        self.is_too_long |= length > MAX_UWSGI;
        let short = u16::try_from(length).unwrap_or(0);
        out.extend_from_slice(&short.to_le_bytes());
    }

    /// Begins another record where this one holds more than it may: between two parameters if that can be, for programs that
    /// take each record for itself.
    fn split(&mut self, out: &mut Vec<u8>) {
        while out.len() - self.start > MAX_CONTENT {
            let cut = match self.pair > self.start {
                true => self.pair,
                false => self.start + MAX_CONTENT,
            };
            self.patch(out, cut);
            out.splice(cut..cut, fastcgi::header(Kind::PARAMS, 0));
            self.start = cut + fastcgi::header(Kind::PARAMS, 0).len();
            self.pair = self.start;
        }
    }

    /// Says in the present record's header that it ends at `end`.
    fn patch(&self, out: &mut [u8], end: usize) {
        let header = fastcgi::header(Kind::PARAMS, end - self.start);
        out[self.start - header.len()..self.start].copy_from_slice(&header);
    }
}

/// Appends the length of a name or value.
fn write_length(length: usize, out: &mut Vec<u8>) {
    match u8::try_from(length) {
        Ok(short) if length <= SHORT => out.push(short),
        _ => {
            let long = u32::try_from(length).unwrap_or(u32::MAX) | 1 << 31;
            out.extend_from_slice(&long.to_be_bytes());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OUTLINE: Outline = Outline {
        keeps: true,
        passes_fields: true,
        body: Some(SentBody::Length(7)),
        cache: None,
    };

    fn packed(format: Format, pairs: &[(&[u8], &[u8])]) -> (Vec<u8>, bool) {
        let mut out = b"before".to_vec();
        let mut packing = Packing::begin(format, &OUTLINE, &mut out);
        for (name, value) in pairs {
            packing.open(&[name], &mut out);
            out.extend_from_slice(value);
            packing.close(&mut out);
        }
        let is_said = packing.finish(&OUTLINE, &mut out);
        (out.split_off(6), is_said)
    }

    /// The contents of the records of parameters.
    fn contents(mut bytes: &[u8]) -> Vec<Vec<u8>> {
        let mut all = Vec::new();
        while let [1, kind, 0, 1, high, low, 0, 0, rest @ ..] = bytes {
            let length = usize::from(u16::from_be_bytes([*high, *low]));
            if *kind == 4 {
                all.push(rest[..length].to_vec());
            }
            bytes = &rest[length..];
        }
        assert!(bytes.is_empty(), "{bytes:?}");
        all
    }

    #[test]
    fn parameters_stand_in_records() {
        let long = [b'v'; 300];
        let (out, is_said) = packed(
            Format::FastCgi,
            &[(b"A", b"bc"), (b"LONG", &long), (b"E", b"")],
        );
        assert!(is_said);
        assert_eq!(out[..16], [1, 1, 0, 1, 0, 8, 0, 0, 0, 1, 1, 0, 0, 0, 0, 0]);
        let expected = [&b"\x01\x02Abc\x04\x80\0\x01\x2cLONG"[..], &long, b"\x01\0E"].concat();
        assert_eq!(contents(&out), [expected, Vec::new()]);
        let (out, _) = packed(Format::FastCgi, &[]);
        assert_eq!(contents(&out), [Vec::<u8>::new()]);
    }

    #[test]
    fn many_parameters_take_several_records_that_begin_with_one() {
        let (half, whole) = (vec![b'h'; 40_000], vec![b'w'; 140_000]);
        let (out, _) = packed(
            Format::FastCgi,
            &[(b"A", &half), (b"B", &half), (b"C", &whole), (b"D", b"e")],
        );
        let all = contents(&out);
        let lengths: Vec<usize> = all.iter().map(Vec::len).collect();
        assert_eq!(
            lengths,
            [40_006, 40_006, 65_535, 65_535, 140_006 - 2 * 65_535 + 4, 0]
        );
        assert_eq!(all[1][..6], [1, 0x80, 0, 0x9c, 0x40, b'B']);
        assert!(all[4].ends_with(b"\x01\x01De"));
    }

    #[test]
    fn uwsgi_has_one_packet() {
        let (out, is_said) = packed(Format::Uwsgi([5, 6]), &[(b"A", b"bc")]);
        assert_eq!(
            (&out[..], is_said),
            (&b"\x05\x07\0\x06\x01\0A\x02\0bc"[..], true)
        );
        let (long, half) = (vec![b'v'; 65_536], vec![b'v'; 40_000]);
        assert!(!packed(Format::Uwsgi([0, 0]), &[(b"A", &long)]).1);
        assert!(!packed(Format::Uwsgi([0, 0]), &[(b"A", &half), (b"B", &half)]).1);
    }

    #[test]
    fn scgi_has_a_netstring_that_begins_with_the_length() {
        let (out, _) = packed(Format::Scgi, &[(b"SCGI", b"1"), (b"A", b"b\0C\0d")]);
        assert_eq!(out, b"30:CONTENT_LENGTH\x007\0SCGI\x001\0A\0bCd\0,");
    }
}
