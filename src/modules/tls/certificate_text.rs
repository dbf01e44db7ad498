//! What a certificate says, in the words of OpenSSL.

use x509_parser::certificate::X509Certificate;
use x509_parser::time::ASN1Time;
use x509_parser::x509::{AttributeTypeAndValue, X509Name};

/// A name as RFC 2253 writes it: the last part first, everything beyond ASCII escaped.
pub(super) fn name(name: &X509Name<'_>) -> String {
    let mut parts: Vec<_> = name.iter_rdn().collect();
    parts.reverse();
    let parts = parts.into_iter().map(|part| {
        let mut all: Vec<String> = part.iter().map(attribute).collect();
        all.reverse();
        all.join("+")
    });
    parts.collect::<Vec<_>>().join(",")
}

/// A name as old versions wrote it: each part behind a slash, or a plus where it belongs to the one before.
pub(super) fn legacy_name(name: &X509Name<'_>) -> String {
    let mut out = String::new();
    for part in name.iter_rdn() {
        for (place, one) in part.iter().enumerate() {
            let oid = one.attr_type().to_id_string();
            out += if place == 0 { "/" } else { "+" };
            out += short_name(&oid).unwrap_or(&oid);
            out += "=";
            for byte in one.attr_value().data {
                match byte {
                    b'/' | b'+' => out.extend(['\\', char::from(*byte)]),
                    b' '..=b'~' => out.push(char::from(*byte)),
                    byte => out += &format!("\\x{byte:02X}"),
                }
            }
        }
    }
    out
}

/// A number in hexadecimal digits, in pairs.
pub(super) fn serial(certificate: &X509Certificate<'_>) -> String {
    let bytes = certificate.raw_serial();
    let is_negative = bytes.first().is_some_and(|first| first & 0x80 != 0);
    let mut bytes = bytes.to_vec();
    if is_negative {
        negate(&mut bytes);
    }
    let zeros = bytes.iter().take_while(|byte| **byte == 0).count();
    let digits = &bytes[zeros.min(bytes.len().saturating_sub(1))..];
    let sign = if is_negative { "-" } else { "" };
    sign.to_owned() + &hexadecimal(digits, true)
}

fn negate(bytes: &mut [u8]) {
    let mut carry = true;
    for byte in bytes.iter_mut().rev() {
        (*byte, carry) = match carry {
            true => (!*byte).overflowing_add(1),
            false => (!*byte, false),
        };
    }
}

/// Bytes as pairs of digits.
pub(super) fn hexadecimal(bytes: &[u8], large: bool) -> String {
    let pair = |byte: &u8| match large {
        true => format!("{byte:02X}"),
        false => format!("{byte:02x}"),
    };
    bytes.iter().map(pair).collect()
}

/// A time as `Nov 30 06:12:00 2026 GMT`.
pub(super) fn time(time: &ASN1Time) -> String {
    let time = time.to_datetime();
    let month = MONTHS[usize::from(u8::from(time.month())) - 1];
    let (hour, minute, second) = time.to_hms();
    let (day, year) = (time.day(), time.year());
    format!("{month} {day:2} {hour:02}:{minute:02}:{second:02} {year} GMT")
}

const MONTHS: [&str; 12] = [
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
];

fn attribute(one: &AttributeTypeAndValue<'_>) -> String {
    let oid = one.attr_type().to_id_string();
    let value = one.attr_value();
    let text = short_name(&oid).and_then(|_| text(value.tag().0, value.data));
    let value = match text {
        Some(text) => escaped(&text),
        None => "#".to_owned() + &hexadecimal(&der(value.tag().0, value.data), true),
    };
    format!("{}={value}", short_name(&oid).unwrap_or(&oid))
}

/// The characters of a string of this type; `None` for what is none.
fn text(tag: u32, data: &[u8]) -> Option<String> {
    const UTF_8: u32 = 12;
    const UNIVERSAL: u32 = 28;
    const BMP: u32 = 30;
    match tag {
        UTF_8 => String::from_utf8(data.to_vec()).ok(),
        // One byte for each character.
        18..=20 | 22..=24 | 26 => Some(data.iter().map(|byte| char::from(*byte)).collect()),
        UNIVERSAL => wide::<4>(data),
        BMP => wide::<2>(data),
        _ => None,
    }
}

fn wide<const WIDTH: usize>(data: &[u8]) -> Option<String> {
    let (characters, []) = data.as_chunks::<WIDTH>() else {
        return None;
    };
    let number = |bytes: &[u8; WIDTH]| {
        bytes
            .iter()
            .fold(0, |sum, byte| sum << 8 | u32::from(*byte))
    };
    characters
        .iter()
        .map(|one| char::from_u32(number(one)))
        .collect()
}

/// A value with its type and length before it.
fn der(tag: u32, data: &[u8]) -> Vec<u8> {
    let length = data.len().to_be_bytes();
    let zeros = length.iter().take_while(|byte| **byte == 0).count();
    let length = &length[zeros..];
    let mut out = vec![u8::try_from(tag).unwrap_or_default()];
    match data.len() {
        short @ 0..=127 => out.push(u8::try_from(short).unwrap_or_default()),
        _ => {
            out.push(0x80 | u8::try_from(length.len()).unwrap_or_default());
            out.extend_from_slice(length);
        }
    }
    out.extend_from_slice(data);
    out
}

fn escaped(text: &str) -> String {
    let mut out = String::new();
    let last = text.len().saturating_sub(1);
    for (place, byte) in text.bytes().enumerate() {
        let at_an_end =
            (place == 0 && matches!(byte, b' ' | b'#')) || (place == last && byte == b' ');
        match byte {
            b',' | b'+' | b'"' | b'\\' | b'<' | b'>' | b';' => {
                out.push('\\');
                out.push(char::from(byte));
            }
            _ if at_an_end => {
                out.push('\\');
                out.push(char::from(byte));
            }
            b' '..=b'~' => out.push(char::from(byte)),
            _ => out += &format!("\\{byte:02X}"),
        }
    }
    out
}

/// What OpenSSL calls the parts of names.
fn short_name(oid: &str) -> Option<&'static str> {
    let found = SHORT_NAMES.iter().find(|(known, _)| *known == oid);
    found.map(|(_, name)| *name)
}

const SHORT_NAMES: &[(&str, &str)] = &[
    ("2.5.4.3", "CN"),
    ("2.5.4.4", "SN"),
    ("2.5.4.5", "serialNumber"),
    ("2.5.4.6", "C"),
    ("2.5.4.7", "L"),
    ("2.5.4.8", "ST"),
    ("2.5.4.9", "street"),
    ("2.5.4.10", "O"),
    ("2.5.4.11", "OU"),
    ("2.5.4.12", "title"),
    ("2.5.4.13", "description"),
    ("2.5.4.15", "businessCategory"),
    ("2.5.4.16", "postalAddress"),
    ("2.5.4.17", "postalCode"),
    ("2.5.4.18", "postOfficeBox"),
    ("2.5.4.20", "telephoneNumber"),
    ("2.5.4.41", "name"),
    ("2.5.4.42", "GN"),
    ("2.5.4.43", "initials"),
    ("2.5.4.44", "generationQualifier"),
    ("2.5.4.45", "x500UniqueIdentifier"),
    ("2.5.4.46", "dnQualifier"),
    ("2.5.4.65", "pseudonym"),
    ("2.5.4.72", "role"),
    ("2.5.4.97", "organizationIdentifier"),
    ("0.9.2342.19200300.100.1.1", "UID"),
    ("0.9.2342.19200300.100.1.3", "mail"),
    ("0.9.2342.19200300.100.1.25", "DC"),
    ("1.2.840.113549.1.9.1", "emailAddress"),
    ("1.2.840.113549.1.9.2", "unstructuredName"),
    ("1.3.6.1.4.1.311.60.2.1.1", "jurisdictionL"),
    ("1.3.6.1.4.1.311.60.2.1.2", "jurisdictionST"),
    ("1.3.6.1.4.1.311.60.2.1.3", "jurisdictionC"),
];
