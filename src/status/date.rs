//! Dates as the tree shows them: ISO 8601 in UTC, milliseconds only when there are some.

use std::fmt;

/// A moment of the calendar, displayed as `YYYY-MM-DDThh:mm:ss[.mmm]Z`.
pub(super) struct Date {
    pub(super) seconds: u64,
    pub(super) milliseconds: u16,
}

impl fmt::Display for Date {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (year, month, day) = civil(self.seconds / 86_400);
        let second = self.seconds % 86_400;
        write!(
            out,
            "{year:04}-{month:02}-{day:02}T{:02}:{:02}:{:02}",
            second / 3600,
            second / 60 % 60,
            second % 60
        )?;
        match self.milliseconds {
            0 => out.write_str("Z"),
            milliseconds => write!(out, ".{milliseconds:03}Z"),
        }
    }
}

/// Year, month and day of a day counted from 1970-01-01. Years are taken to begin in March, which
/// puts the leap day last: months then have a regular length and 400 years always 146,097 days.
fn civil(days: u64) -> (u64, u64, u64) {
    let since_era = days + 719_468;
    let (era, day_of_era) = (since_era / 146_097, since_era % 146_097);
    let year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let march_month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * march_month + 2) / 5 + 1;
    let month = if march_month < 10 {
        march_month + 3
    } else {
        march_month - 9
    };
    (era * 400 + year_of_era + u64::from(month <= 2), month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_iso_8601() {
        let text = |seconds, milliseconds| {
            Date {
                seconds,
                milliseconds,
            }
            .to_string()
        };
        assert_eq!(text(0, 0), "1970-01-01T00:00:00Z");
        assert_eq!(text(951_782_400, 0), "2000-02-29T00:00:00Z");
        assert_eq!(text(951_868_799, 7), "2000-02-29T23:59:59.007Z");
        assert_eq!(text(4_107_542_400, 0), "2100-03-01T00:00:00Z");
        assert_eq!(text(1_735_689_599, 999), "2024-12-31T23:59:59.999Z");
        assert!(text(u64::MAX, 0).ends_with('Z'));
    }
}
