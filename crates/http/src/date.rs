//! The `date` field (RFC 9110 5.6.7), written at most once a second and thread.

use std::cell::Cell;
use std::time::{SystemTime, UNIX_EPOCH};

/// Length of a date as text.
const LENGTH: usize = 29;

const DAYS: [&[u8; 3]; 7] = [b"Thu", b"Fri", b"Sat", b"Sun", b"Mon", b"Tue", b"Wed"];
pub(crate) const MONTHS: [&[u8; 3]; 12] = [
    b"Jan", b"Feb", b"Mar", b"Apr", b"May", b"Jun", b"Jul", b"Aug", b"Sep", b"Oct", b"Nov", b"Dec",
];

thread_local! {
    static CACHED: Cell<(u64, [u8; LENGTH])> = const { Cell::new((u64::MAX, [0; LENGTH])) };
}

/// Appends the line `date: …` for now.
pub(crate) fn write_date(out: &mut Vec<u8>) {
    let seconds = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |since| since.as_secs());
    let (cached_seconds, mut text) = CACHED.get();
    if cached_seconds != seconds {
        text = format_date(seconds);
        CACHED.set((seconds, text));
    }
    out.extend_from_slice(b"date: ");
    out.extend_from_slice(&text);
    out.extend_from_slice(b"\r\n");
}

/// The date so many seconds after the beginning of 1970, UTC, as `Sun, 06 Nov 1994 08:49:37 GMT`. Years up to 9999.
fn format_date(seconds: u64) -> [u8; LENGTH] {
    let days = seconds / 86_400;
    let (year, month, day) = civil_date(days);
    let of_day = seconds % 86_400;
    let mut text = *b"Thu, 01 Jan 1970 00:00:00 GMT";
    text[..3].copy_from_slice(DAYS[(days % 7) as usize]);
    put_two(&mut text[5..7], day);
    text[8..11].copy_from_slice(MONTHS[(month - 1) as usize]);
    put_two(&mut text[12..14], year / 100);
    put_two(&mut text[14..16], year % 100);
    put_two(&mut text[17..19], of_day / 3600);
    put_two(&mut text[20..22], of_day / 60 % 60);
    put_two(&mut text[23..25], of_day % 60);
    text
}

fn put_two(place: &mut [u8], number: u64) {
    place.copy_from_slice(&[b'0' + (number / 10 % 10) as u8, b'0' + (number % 10) as u8]);
}

/// Year, month (1–12) and day (1–31) of the day so many days after 1970-01-01.
pub(crate) fn civil_date(days: u64) -> (u64, u64, u64) {
    // Counted from 0000-03-01, so that leap days end a year and 400 years have equal length.
    let days = days + 719_468;
    let (era, of_era) = (days / 146_097, days % 146_097);
    let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = if shifted_month < 10 {
        shifted_month + 3
    } else {
        shifted_month - 9
    };
    (era * 400 + year_of_era + u64::from(month <= 2), month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_have_the_fixed_form() {
        for (seconds, expected) in [
            (0, "Thu, 01 Jan 1970 00:00:00 GMT"),
            (784_111_777, "Sun, 06 Nov 1994 08:49:37 GMT"),
            (951_782_400, "Tue, 29 Feb 2000 00:00:00 GMT"),
            (1_709_251_199, "Thu, 29 Feb 2024 23:59:59 GMT"),
            (4_107_542_400, "Mon, 01 Mar 2100 00:00:00 GMT"),
        ] {
            assert_eq!(std::str::from_utf8(&format_date(seconds)).unwrap(), expected);
        }
    }
}
