//! The header of the PROXY protocol: the first bytes of a connection, in which a proxy says whom it speaks for.
//!
//! Version 1 is a line of text, version 2 is binary and may hold further values (TLVs). What does not follow the
//! specification is refused: a header that two sides read differently would let clients choose their address.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

/// Whom a proxy speaks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proxied {
    /// The client of the proxy.
    pub source: SocketAddr,
    /// The address of the proxy that the client has connected to.
    pub destination: SocketAddr,
    values: Box<[u8]>,
}

/// What the beginning of a connection came to.
#[derive(Debug, PartialEq, Eq)]
pub enum Progress {
    /// More bytes are needed.
    Partial,
    /// A header of this length, which may name nobody: a proxy that speaks for itself.
    Whole(usize, Option<Proxied>),
}

/// Why a connection does not begin with a header.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Broken {
    /// It begins with something else, or the line is none.
    #[error("broken header")]
    Line,
    /// The version of a binary header is not 2.
    #[error("unknown PROXY protocol version")]
    Version,
    /// A command or a kind of addresses that the specification does not know.
    #[error("unknown PROXY protocol command or address family")]
    Kind,
    /// The addresses do not fit into the length that is told.
    #[error("addresses longer than the header")]
    Length,
    /// The header is longer than what is read of one.
    #[error("header is too large")]
    TooLarge,
}

/// The longest line that the specification allows, with its end.
const LONGEST_LINE: usize = 107;
/// The longest binary header that is read.
pub const LONGEST: usize = 4096;
const LINE: &[u8] = b"PROXY ";
const SIGNATURE: &[u8] = b"\r\n\r\n\0\r\nQUIT\n";
/// The fixed part of a binary header.
const FIXED: usize = 16;

/// Reads the header that a connection begins with.
///
/// # Errors
/// There is none, or one that is not to be trusted.
pub fn read(bytes: &[u8]) -> Result<Progress, Broken> {
    let begins = |start: &[u8]| {
        let length = bytes.len().min(start.len());
        bytes[..length] == start[..length]
    };
    if begins(SIGNATURE) {
        return binary(bytes);
    }
    if !begins(LINE) {
        return Err(Broken::Line);
    }
    let line = &bytes[..bytes.len().min(LONGEST_LINE)];
    match line.windows(2).position(|two| two == b"\r\n") {
        Some(end) => Ok(Progress::Whole(end + 2, text(&line[LINE.len()..end])?)),
        None if bytes.len() < LONGEST_LINE => Ok(Progress::Partial),
        None => Err(Broken::Line),
    }
}

/// What stands between `PROXY ` and the end of a line.
fn text(line: &[u8]) -> Result<Option<Proxied>, Broken> {
    let line = std::str::from_utf8(line).map_err(|_| Broken::Line)?;
    let mut words = line.split(' ');
    let family = words.next().unwrap_or_default();
    if family == "UNKNOWN" {
        return Ok(None);
    }
    let mut address = || {
        let address: IpAddr = words.next()?.parse().ok()?;
        let fits = match family {
            "TCP4" => address.is_ipv4(),
            "TCP6" => address.is_ipv6(),
            _ => false,
        };
        fits.then_some(address)
    };
    let (source, destination) = (address(), address());
    let mut port = || {
        let port = words.next()?;
        let is_plain = port.bytes().all(|byte| byte.is_ascii_digit());
        port.parse::<u16>().ok().filter(|_| is_plain)
    };
    let (from, to) = (port(), port());
    let whole = words.next().is_none();
    match (source, destination, from, to) {
        (Some(source), Some(destination), Some(from), Some(to)) if whole => Ok(Some(Proxied {
            source: SocketAddr::new(source, from),
            destination: SocketAddr::new(destination, to),
            values: Box::default(),
        })),
        _ => Err(Broken::Line),
    }
}

fn binary(bytes: &[u8]) -> Result<Progress, Broken> {
    let Some((fixed, rest)) = bytes.split_at_checked(FIXED) else {
        return Ok(Progress::Partial);
    };
    let (version, command) = (fixed[12] >> 4, fixed[12] & 15);
    let (family, transport) = (fixed[13] >> 4, fixed[13] & 15);
    if version != 2 {
        return Err(Broken::Version);
    }
    if command > 1 || family > 3 || transport > 2 {
        return Err(Broken::Kind);
    }
    let length = usize::from(u16::from_be_bytes([fixed[14], fixed[15]]));
    if FIXED + length > LONGEST {
        return Err(Broken::TooLarge);
    }
    let Some(body) = rest.get(..length) else {
        return Ok(Progress::Partial);
    };
    // Of itself a proxy speaks to see whether we are there; of sockets in the file system, and of datagrams,
    // it has nothing to say that would be an address here.
    let proxied = match (command, family, transport) {
        (1, 1, 1) => Some(addresses::<4>(body)?),
        (1, 2, 1) => Some(addresses::<16>(body)?),
        _ => None,
    };
    Ok(Progress::Whole(FIXED + length, proxied))
}

/// Two addresses of so many bytes, two ports, and values.
fn addresses<const WIDTH: usize>(body: &[u8]) -> Result<Proxied, Broken> {
    let (source, rest) = body.split_at_checked(WIDTH).ok_or(Broken::Length)?;
    let (destination, rest) = rest.split_at_checked(WIDTH).ok_or(Broken::Length)?;
    let (ports, values) = rest.split_at_checked(4).ok_or(Broken::Length)?;
    let address = |bytes: &[u8], port: &[u8]| {
        let address = match (<[u8; 4]>::try_from(bytes), <[u8; 16]>::try_from(bytes)) {
            (Ok(four), _) => IpAddr::from(Ipv4Addr::from(four)),
            (_, Ok(sixteen)) => IpAddr::from(Ipv6Addr::from(sixteen)),
            _ => return Err(Broken::Length),
        };
        Ok(SocketAddr::new(
            address,
            u16::from_be_bytes([port[0], port[1]]),
        ))
    };
    Ok(Proxied {
        source: address(source, &ports[..2])?,
        destination: address(destination, &ports[2..])?,
        values: values.into(),
    })
}

/// The kind of the value that holds others, about the encryption between client and proxy.
const ENCRYPTION: u8 = 0x20;
/// What stands before those others: a byte of flags, and how the client's certificate was judged.
const BEFORE_OTHERS: usize = 5;

impl Proxied {
    /// The value of a kind.
    pub fn value(&self, kind: u8) -> Option<&[u8]> {
        value(&self.values, kind)
    }

    /// The value of a kind among those about encryption.
    pub fn encryption_value(&self, kind: u8) -> Option<&[u8]> {
        value(self.value(ENCRYPTION)?.get(BEFORE_OTHERS..)?, kind)
    }

    /// How the proxy has judged the client's certificate: zero if there was one, and it was right.
    pub fn verified(&self) -> Option<u32> {
        let four = self.value(ENCRYPTION)?.get(1..BEFORE_OTHERS)?;
        Some(u32::from_be_bytes(four.try_into().ok()?))
    }
}

/// Looks for a value: each is a kind, a length of two bytes, and so many bytes.
fn value(mut values: &[u8], kind: u8) -> Option<&[u8]> {
    while let [own, high, low, rest @ ..] = values {
        let length = usize::from(u16::from_be_bytes([*high, *low]));
        let (value, others) = rest.split_at_checked(length)?;
        if *own == kind {
            return Some(value);
        }
        values = others;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header(command: u8, family: u8, body: &[u8]) -> Vec<u8> {
        let mut bytes = SIGNATURE.to_vec();
        bytes.extend_from_slice(&[command, family]);
        bytes.extend_from_slice(&u16::try_from(body.len()).unwrap().to_be_bytes());
        bytes.extend_from_slice(body);
        bytes
    }

    const FOUR: &[u8] = &[1, 2, 3, 4, 5, 6, 7, 8, 0, 11, 0, 22];

    fn whole(bytes: &[u8]) -> Option<(String, String)> {
        match read(bytes).unwrap() {
            Progress::Whole(length, proxied) => {
                assert_eq!(length, bytes.len());
                proxied.map(|one| (one.source.to_string(), one.destination.to_string()))
            }
            Progress::Partial => panic!("{}", bytes.escape_ascii()),
        }
    }

    #[test]
    fn whom_a_proxy_speaks_for() {
        let pair = |one: &str, other: &str| Some((one.to_owned(), other.to_owned()));
        let four = pair("1.2.3.4:11", "5.6.7.8:22");
        assert_eq!(whole(b"PROXY TCP4 1.2.3.4 5.6.7.8 11 22\r\n"), four);
        assert_eq!(whole(&header(0x21, 0x11, FOUR)), four);
        let six = pair("[::1]:11", "[2001:db8::]:22");
        assert_eq!(whole(b"PROXY TCP6 ::1 2001:db8:: 11 22\r\n"), six);
        let mut body = Ipv6Addr::LOCALHOST.octets().to_vec();
        body.extend_from_slice(&"2001:db8::".parse::<Ipv6Addr>().unwrap().octets());
        body.extend_from_slice(&[0, 11, 0, 22]);
        assert_eq!(whole(&header(0x21, 0x21, &body)), six);
    }

    #[test]
    fn proxies_that_speak_for_nobody() {
        assert_eq!(whole(b"PROXY UNKNOWN\r\n"), None);
        assert_eq!(whole(b"PROXY UNKNOWN ::1 x y z\r\n"), None);
        for (command, family, body) in [
            (0x20, 0, &b""[..]),
            (0x20, 0x11, FOUR),
            (0x21, 0, b"anything"),
            (0x21, 0x12, FOUR),
            (0x21, 0x31, &[b'x'; 216]),
        ] {
            assert_eq!(
                whole(&header(command, family, body)),
                None,
                "{command} {family}"
            );
        }
    }

    /// Whatever is cut off anywhere is waited for, and what follows is left alone.
    #[test]
    fn pieces() {
        for whole in [
            b"PROXY TCP4 1.2.3.4 5.6.7.8 11 22\r\n".to_vec(),
            header(0x21, 0x11, &[FOUR, &[1, 0, 2, b'h', b'2']].concat()),
        ] {
            for length in 0..whole.len() {
                assert_eq!(read(&whole[..length]), Ok(Progress::Partial), "{length}");
            }
            let more = [&whole[..], b"GET / HTTP/1.1\r\n"].concat();
            assert_eq!(read(&more), read(&whole));
        }
    }

    #[test]
    fn what_is_refused() {
        let long = [
            b"PROXY UNKNOWN ".to_vec(),
            vec![b'x'; 107],
            b"\r\n".to_vec(),
        ]
        .concat();
        for (bytes, broken) in [
            (b"GET / HTTP/1.1\r\n".to_vec(), Broken::Line),
            (b"\x16\x03\x01".to_vec(), Broken::Line),
            (
                b"PROXY TCP4 1.2.3.4 5.6.7.8 11 22\n\r\n".to_vec(),
                Broken::Line,
            ),
            (
                b"PROXY TCP4 1.2.3.4 5.6.7.8 11 22 33\r\n".to_vec(),
                Broken::Line,
            ),
            (b"PROXY TCP4 1.2.3.4 5.6.7.8 11\r\n".to_vec(), Broken::Line),
            (
                b"PROXY TCP4 1.2.3.4 5.6.7.8 11 65536\r\n".to_vec(),
                Broken::Line,
            ),
            (
                b"PROXY TCP4 1.2.3.4 5.6.7.8 11 +2\r\n".to_vec(),
                Broken::Line,
            ),
            (
                b"PROXY TCP4 1.2.3.4  5.6.7.8 11 22\r\n".to_vec(),
                Broken::Line,
            ),
            (b"PROXY TCP4 1.2.3 5.6.7.8 11 22\r\n".to_vec(), Broken::Line),
            (b"PROXY TCP4 ::1 ::2 11 22\r\n".to_vec(), Broken::Line),
            (
                b"PROXY TCP6 1.2.3.4 5.6.7.8 11 22\r\n".to_vec(),
                Broken::Line,
            ),
            (
                b"PROXY UDP4 1.2.3.4 5.6.7.8 11 22\r\n".to_vec(),
                Broken::Line,
            ),
            (b"PROXY \xff\r\n".to_vec(), Broken::Line),
            (long, Broken::Line),
            (header(0x11, 0x11, FOUR), Broken::Version),
            (header(0x22, 0x11, FOUR), Broken::Kind),
            (header(0x21, 0x41, FOUR), Broken::Kind),
            (header(0x21, 0x13, FOUR), Broken::Kind),
            (header(0x21, 0x11, &FOUR[..11]), Broken::Length),
            (header(0x21, 0x21, FOUR), Broken::Length),
            (header(0x21, 0x11, b""), Broken::Length),
            (header(0x21, 0x11, &[0; 4081]), Broken::TooLarge),
        ] {
            assert_eq!(read(&bytes), Err(broken), "{}", bytes.escape_ascii());
        }
    }

    fn with(values: &[u8]) -> Proxied {
        let bytes = header(0x21, 0x11, &[FOUR, values].concat());
        match read(&bytes) {
            Ok(Progress::Whole(_, Some(proxied))) => proxied,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn values_are_found() {
        let encryption = [
            &[1, 0, 0, 0, 9][..],
            &[0x21, 0, 3],
            b"1.3",
            &[0x22, 0, 2],
            b"me",
        ]
        .concat();
        let length = u8::try_from(encryption.len()).unwrap();
        let values = [
            &[1, 0, 2][..],
            b"h2",
            &[5, 0, 0],
            &[0x20, 0, length],
            &encryption,
        ]
        .concat();
        let proxied = with(&values);
        assert_eq!(proxied.value(1), Some(&b"h2"[..]));
        assert_eq!(proxied.value(5), Some(&b""[..]));
        assert_eq!(proxied.value(2), None);
        assert_eq!(proxied.encryption_value(0x22), Some(&b"me"[..]));
        assert_eq!(proxied.encryption_value(1), None);
        assert_eq!(proxied.verified(), Some(9));
    }

    #[test]
    fn values_with_lengths_that_lie_are_not_there() {
        for values in [&[1, 0, 9, b'h'][..], &[1, 0], &[1], &[2, 0, 1, 1, 1, 0, 9]] {
            assert_eq!(with(values).value(1), None);
        }
        let proxied = with(&[0x20, 0, 4, 0, 0, 0, 0]);
        assert_eq!(
            (proxied.verified(), proxied.encryption_value(0x21)),
            (None, None)
        );
        let proxied = with(&[0x20, 0, 6, 0, 0, 0, 0, 1, 0x21]);
        assert_eq!(
            (proxied.verified(), proxied.encryption_value(0x21)),
            (Some(1), None)
        );
    }
}
