//! The time of day where the machine is.

use std::mem::MaybeUninit;

/// A moment as a calendar and a clock on the wall show it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LocalTime {
    /// The year, all of it.
    pub year: i32,
    /// From 1.
    pub month: u32,
    /// From 1.
    pub day: u32,
    /// From 0 to 23.
    pub hour: u32,
    /// From 0 to 59.
    pub minute: u32,
    /// From 0 to 60.
    pub second: u32,
    /// How much later it is here than in Greenwich, in minutes.
    pub offset_minutes: i32,
}

impl LocalTime {
    /// The local time of a moment in seconds since 1970; that of Greenwich when the system knows none.
    pub fn of(seconds: u64) -> Self {
        let moment = libc::time_t::try_from(seconds).unwrap_or(libc::time_t::MAX);
        let mut time = MaybeUninit::<libc::tm>::zeroed();
        // SAFETY: both pointers are to memory of ours that lives through the call.
        let filled = unsafe { libc::localtime_r(&raw const moment, time.as_mut_ptr()) };
        // SAFETY: `tm` consists of numbers and a pointer that we do not use, for which zeros are valid.
        let time = unsafe { time.assume_init() };
        let number = |value: libc::c_int| u32::try_from(value).unwrap_or(0);
        if filled.is_null() {
            return Self::of(0);
        }
        Self {
            year: time.tm_year.saturating_add(1900),
            month: number(time.tm_mon) + 1,
            day: number(time.tm_mday),
            hour: number(time.tm_hour),
            minute: number(time.tm_min),
            second: number(time.tm_sec),
            offset_minutes: i32::try_from(time.tm_gmtoff / 60).unwrap_or(0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_differs_from_greenwich_by_its_offset() {
        let time = LocalTime::of(1_700_000_000);
        assert_eq!((time.year, time.month), (2023, 11));
        // 22:13:20 in Greenwich.
        let minutes = i64::from(time.day * 1440 + time.hour * 60 + time.minute);
        let greenwich = 14 * 1440 + 22 * 60 + 13;
        assert_eq!(minutes - greenwich, i64::from(time.offset_minutes));
        assert_eq!(time.second, 20);
    }
}
