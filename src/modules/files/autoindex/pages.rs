//! The forms of lists, byte for byte those of nginx.

use std::io::{self, Write};
use std::time::{Duration, SystemTime};

use super::entries::{Entry, Kind};
use crate::http::message::uri::{self, Escape};
use crate::os::LocalTime;

/// The form of a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Format {
    /// A page for people.
    Html,
    /// A document.
    Xml,
    /// An array.
    Json,
    /// A script that calls a function with the array.
    Jsonp,
}

impl Format {
    /// The words of `autoindex_format`.
    pub(super) const WORDS: &[(&str, Self)] = &[
        ("html", Self::Html),
        ("json", Self::Json),
        ("jsonp", Self::Jsonp),
        ("xml", Self::Xml),
    ];

    /// The type of such an answer.
    pub(super) fn media_type(self) -> &'static str {
        match self {
            Self::Html => "text/html",
            Self::Xml => "text/xml",
            Self::Json => "application/json",
            Self::Jsonp => "application/javascript",
        }
    }
}

/// How a list is written.
pub(super) struct Page {
    pub format: Format,
    /// The function that JSONP calls.
    pub callback: Vec<u8>,
    pub is_exact: bool,
    pub is_local: bool,
    /// Whether the page is known to be UTF-8, so that names are as wide as they have characters.
    pub is_utf8: bool,
    /// The path that is listed.
    pub title: Vec<u8>,
}

impl Page {
    /// Writes a list.
    pub(super) fn write(&self, entries: &[Entry], out: &mut dyn Write) -> io::Result<()> {
        match self.format {
            Format::Html => self.html(entries, out),
            Format::Xml => xml(entries, out),
            Format::Json => json(entries, out),
            Format::Jsonp => {
                out.write_all(b"/* callback */\r\n")?;
                out.write_all(&self.callback)?;
                out.write_all(b"(")?;
                json(entries, out)?;
                out.write_all(b");")
            }
        }
    }

    fn html(&self, entries: &[Entry], out: &mut dyn Write) -> io::Result<()> {
        let title = escaped(&self.title);
        out.write_all(b"<html>\r\n<head><title>Index of ")?;
        out.write_all(&title)?;
        out.write_all(b"</title></head>\r\n<body>\r\n<h1>Index of ")?;
        out.write_all(&title)?;
        out.write_all(b"</h1><hr><pre><a href=\"../\">../</a>\r\n")?;
        for entry in entries {
            self.line(entry, out)?;
        }
        out.write_all(b"</pre><hr></body>\r\n</html>\r\n")
    }

    fn line(&self, entry: &Entry, out: &mut dyn Write) -> io::Result<()> {
        let mut link = Vec::new();
        uri::escape(&entry.name, Escape::Argument, &mut link);
        if entry.kind == Kind::Directory {
            link.push(b'/');
        }
        out.write_all(b"<a href=\"")?;
        out.write_all(&link)?;
        out.write_all(b"\">")?;
        self.name(entry, out)?;
        write!(out, " {} ", self.time(entry.modified))?;
        self.size(entry, out)?;
        out.write_all(b"\r\n")
    }

    /// The name, the end of its link, and blanks up to the next column.
    fn name(&self, entry: &Entry, out: &mut dyn Write) -> io::Result<()> {
        let text = std::str::from_utf8(&entry.name).ok();
        let mut width = match text {
            Some(text) if self.is_utf8 => text.chars().count(),
            _ => entry.name.len(),
        };
        if width > WIDTH {
            let end = match text {
                Some(text) if self.is_utf8 => text
                    .char_indices()
                    .nth(SHORT)
                    .map_or(text.len(), |(at, _)| at),
                Some(text) => (0..=SHORT)
                    .rev()
                    .find(|at| text.is_char_boundary(*at))
                    .unwrap_or(0),
                None => SHORT,
            };
            out.write_all(&escaped(&entry.name[..end]))?;
            return out.write_all(b"..&gt;</a>");
        }
        out.write_all(&escaped(&entry.name))?;
        if entry.kind == Kind::Directory && width < WIDTH {
            out.write_all(b"/")?;
            width += 1;
        }
        write!(out, "</a>{:1$}", "", WIDTH - width)
    }

    fn time(&self, modified: u64) -> String {
        let (day, month, year, hour, minute) = match self.is_local {
            true => {
                let time = LocalTime::of(modified);
                (time.day, time.month, time.year, time.hour, time.minute)
            }
            false => {
                let date = Date::of(modified);
                (date.day, date.month, date.year, date.hour, date.minute)
            }
        };
        let month = MONTHS[(month as usize).clamp(1, 12) - 1];
        format!("{day:02}-{month}-{year} {hour:02}:{minute:02}")
    }

    fn size(&self, entry: &Entry, out: &mut dyn Write) -> io::Result<()> {
        let is_directory = entry.kind == Kind::Directory;
        match (self.is_exact, is_directory) {
            (true, true) => write!(out, "{:>19}", "-"),
            (true, false) => write!(out, "{:>19}", entry.size),
            (false, true) => write!(out, "{:>7}", "-"),
            (false, false) => match rounded(entry.size) {
                (size, Some(unit)) => write!(out, "{size:>6}{unit}"),
                (size, None) => write!(out, " {size:>6}"),
            },
        }
    }
}

/// The column of names is so wide; what is longer is cut to what leaves room for dots.
const WIDTH: usize = 50;
const SHORT: usize = WIDTH - 3;

/// A size in the unit that keeps it short.
fn rounded(size: u64) -> (u64, Option<char>) {
    let unit = |shift: u32| {
        let rest = size & ((1 << shift) - 1);
        (size >> shift) + u64::from(rest >= 1 << (shift - 1))
    };
    match size {
        0..=9999 => (size, None),
        10_000..0x10_0000 => (unit(10), Some('K')),
        0x10_0000..0x4000_0000 => (unit(20), Some('M')),
        _ => (unit(30), Some('G')),
    }
}

const MONTHS: [&str; 12] = [
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
];

/// A moment in UTC.
struct Date {
    year: i32,
    month: u32,
    day: u32,
    hour: u32,
    minute: u32,
    second: u32,
}

impl Date {
    fn of(seconds: u64) -> Self {
        let seconds = i64::try_from(seconds).unwrap_or(i64::MAX);
        let time = time::OffsetDateTime::from_unix_timestamp(seconds);
        let time = time.unwrap_or(time::OffsetDateTime::UNIX_EPOCH);
        Self {
            year: time.year(),
            month: u32::from(u8::from(time.month())),
            day: u32::from(time.day()),
            hour: u32::from(time.hour()),
            minute: u32::from(time.minute()),
            second: u32::from(time.second()),
        }
    }
}

fn xml(entries: &[Entry], out: &mut dyn Write) -> io::Result<()> {
    out.write_all(b"<?xml version=\"1.0\"?>\r\n<list>\r\n")?;
    for entry in entries {
        let Date {
            year,
            month,
            day,
            hour,
            minute,
            second,
        } = Date::of(entry.modified);
        let word = entry.kind.word();
        write!(
            out,
            "<{word} mtime=\"{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z\""
        )?;
        if entry.kind == Kind::File {
            write!(out, " size=\"{}\"", entry.size)?;
        }
        out.write_all(b">")?;
        let name = String::from_utf8_lossy(&entry.name);
        let is_written = |one: char| !one.is_control() || matches!(one, '\t' | '\n' | '\r');
        let name = name.replace(|one| !is_written(one), "\u{fffd}");
        out.write_all(&escaped(name.as_bytes()))?;
        write!(out, "</{word}>\r\n")?;
    }
    out.write_all(b"</list>\r\n")
}

fn json(entries: &[Entry], out: &mut dyn Write) -> io::Result<()> {
    out.write_all(b"[\r\n")?;
    for (number, entry) in entries.iter().enumerate() {
        if number > 0 {
            out.write_all(b",\r\n")?;
        }
        let name = serde_json::to_string(&String::from_utf8_lossy(&entry.name))?;
        let modified = SystemTime::UNIX_EPOCH + Duration::from_secs(entry.modified.min(LATEST));
        let modified = httpdate::fmt_http_date(modified);
        let word = entry.kind.word();
        write!(
            out,
            "{{ \"name\":{name}, \"type\":\"{word}\", \"mtime\":\"{modified}\""
        )?;
        if entry.kind == Kind::File {
            write!(out, ", \"size\":{}", entry.size)?;
        }
        out.write_all(b" }")?;
    }
    if !entries.is_empty() {
        out.write_all(b"\r\n")?;
    }
    out.write_all(b"]")
}

/// The end of the year 9999: later dates cannot be written.
const LATEST: u64 = 253_402_300_799;

/// A text as HTML and XML have it.
fn escaped(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    for byte in text {
        match byte {
            b'<' => out.extend_from_slice(b"&lt;"),
            b'>' => out.extend_from_slice(b"&gt;"),
            b'&' => out.extend_from_slice(b"&amp;"),
            b'"' => out.extend_from_slice(b"&quot;"),
            byte => out.push(*byte),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_rounded_to_what_is_short() {
        for (size, expected) in [
            (0, (0, None)),
            (9999, (9999, None)),
            (10_000, (10, Some('K'))),
            (10_751, (10, Some('K'))),
            (10_752, (11, Some('K'))),
            ((1 << 20) - 1, (1024, Some('K'))),
            (1 << 20, (1, Some('M'))),
            (3 << 19, (2, Some('M'))),
            ((1 << 30) - 1, (1024, Some('M'))),
            (1 << 30, (1, Some('G'))),
            (u64::MAX, (1 << 34, Some('G'))),
        ] {
            assert_eq!(rounded(size), expected, "{size}");
        }
    }

    #[test]
    fn dates_that_cannot_be_are_written_all_the_same() {
        let entry = Entry {
            name: b"\xff\x01\"<".to_vec(),
            kind: Kind::File,
            size: 1,
            modified: u64::MAX,
        };
        for format in [Format::Html, Format::Xml, Format::Json, Format::Jsonp] {
            let page = Page {
                format,
                callback: b"f".to_vec(),
                is_exact: true,
                is_local: format == Format::Html,
                is_utf8: true,
                title: Vec::new(),
            };
            let mut out = Vec::new();
            page.write(std::slice::from_ref(&entry), &mut out).unwrap();
            assert!(!out.is_empty());
        }
    }
}
