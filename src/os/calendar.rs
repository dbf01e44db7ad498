//! The local calendar, as the system's time zone has it.

/// A second as people here write it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LocalTime {
    /// Of our era.
    pub year: i32,
    /// From 1.
    pub month: u8,
    /// From 1.
    pub day: u8,
    /// From 0.
    pub hour: u8,
    /// From 0.
    pub minute: u8,
    /// From 0; 60 in a leap second.
    pub second: u8,
    /// How far the zone is east of UTC, in minutes.
    pub offset: i32,
}

impl LocalTime {
    /// The local time of a second since 1970; one beyond the calendar is that of 1970.
    pub fn at(seconds: u64) -> Self {
        let time = libc::time_t::try_from(seconds).unwrap_or(0);
        let mut parts = std::mem::MaybeUninit::<libc::tm>::zeroed();
        // SAFETY: both pointers are to values that live throughout the call, which fills the second.
        unsafe { libc::localtime_r(&raw const time, parts.as_mut_ptr()) };
        // SAFETY: `tm` is made of integers and a pointer, for which all zeros is a value too.
        let parts = unsafe { parts.assume_init() };
        let small = |value: libc::c_int| u8::try_from(value).unwrap_or(0);
        Self {
            year: parts.tm_year.saturating_add(1900),
            month: small(parts.tm_mon + 1),
            day: small(parts.tm_mday),
            hour: small(parts.tm_hour),
            minute: small(parts.tm_min),
            second: small(parts.tm_sec),
            offset: i32::try_from(parts.tm_gmtoff / 60).unwrap_or(0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::LocalTime;

    #[test]
    fn a_known_second() {
        let time = LocalTime::at(1_735_689_599);
        let minutes = i32::from(time.hour) * 60 + i32::from(time.minute) - time.offset;
        assert_eq!(minutes.rem_euclid(1440), 23 * 60 + 59);
        assert_eq!(time.second, 59);
        assert!(time.year == 2024 || time.year == 2025);
    }
}
