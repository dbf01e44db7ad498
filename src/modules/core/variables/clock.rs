//! The time, and the machine that tells it.

use std::io::Write;
use std::sync::OnceLock;
use std::time::{Duration, SystemTime};

use crate::http::course::request::Request;
use crate::http::message::decimal::Decimal;
use crate::os::LocalTime;

/// The name of this machine, in lower case.
pub(crate) fn hostname() -> &'static str {
    static NAME: OnceLock<String> = OnceLock::new();
    NAME.get_or_init(|| {
        let name = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
        name.trim().to_ascii_lowercase()
    })
}

pub(super) fn read_hostname(_: &mut Request, _: &str, out: &mut Vec<u8>) -> bool {
    out.extend_from_slice(hostname().as_bytes());
    true
}

pub(super) fn process(_: &mut Request, _: &str, out: &mut Vec<u8>) -> bool {
    write(out, format_args!("{}", std::process::id()))
}

pub(super) fn milliseconds(_: &mut Request, _: &str, out: &mut Vec<u8>) -> bool {
    let time = u64::try_from(since_1970().as_millis()).unwrap_or(u64::MAX);
    out.extend_from_slice(Decimal::seconds(time).bytes());
    true
}

pub(super) fn elapsed(request: &mut Request, _: &str, out: &mut Vec<u8>) -> bool {
    let elapsed = Decimal::seconds(request.elapsed_ms());
    out.extend_from_slice(elapsed.bytes());
    true
}

pub(super) fn iso_8601(_: &mut Request, _: &str, out: &mut Vec<u8>) -> bool {
    let time = LocalTime::of(since_1970().as_secs());
    let LocalTime {
        year, month, day, ..
    } = time;
    let (hour, minute, second) = (time.hour, time.minute, time.second);
    let (sign, hours, minutes) = zone(time.offset_minutes);
    write(
        out,
        format_args!(
            "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}\
             {sign}{hours:02}:{minutes:02}"
        ),
    )
}

pub(super) fn log_form(_: &mut Request, _: &str, out: &mut Vec<u8>) -> bool {
    let time = LocalTime::of(since_1970().as_secs());
    let LocalTime { year, day, .. } = time;
    let month = MONTHS[time.month.clamp(1, 12) as usize - 1];
    let (hour, minute, second) = (time.hour, time.minute, time.second);
    let (sign, hours, minutes) = zone(time.offset_minutes);
    write(
        out,
        format_args!(
            "{day:02}/{month}/{year:04}:{hour:02}:{minute:02}:{second:02} \
             {sign}{hours:02}{minutes:02}"
        ),
    )
}

fn zone(offset: i32) -> (char, u32, u32) {
    let sign = if offset < 0 { '-' } else { '+' };
    let minutes = offset.unsigned_abs();
    (sign, minutes / 60, minutes % 60)
}

fn since_1970() -> Duration {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    since.unwrap_or(Duration::ZERO)
}

/// Appends formatted text; always true, as a vector takes everything.
pub(super) fn write(out: &mut Vec<u8>, text: std::fmt::Arguments<'_>) -> bool {
    out.write_fmt(text).is_ok()
}

const MONTHS: [&str; 12] = [
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
];
