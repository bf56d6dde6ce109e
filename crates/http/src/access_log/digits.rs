//! Numbers, durations, times and addresses as digits.

use std::cell::Cell;
use std::io::Write as _;
use std::net::IpAddr;
use std::time::Duration;

use crate::date::{MONTHS, civil_date};

const NS_PER_S: u64 = 1_000_000_000;

/// A whole number.
#[inline]
pub(super) fn write_number(number: u64, out: &mut Vec<u8>) {
    // Most are small: statuses, counts, parts of durations and addresses.
    if number < 10 {
        out.push(b'0' + number as u8);
    } else {
        out.extend_from_slice(itoa::Buffer::new().format(number).as_bytes());
    }
}

/// Milliseconds to the microsecond: `5.123`, `0.0`.
pub(super) fn write_millis(time: Duration, out: &mut Vec<u8>) {
    let micros = time.as_secs() * 1_000_000 + u64::from(time.subsec_nanos() + 500) / 1000;
    if micros == 0 {
        return out.extend_from_slice(b"0.0");
    }
    write_number(micros / 1000, out);
    let digits = three_digits(micros % 1000);
    let length = match digits {
        [_, b'0', b'0'] => 1,
        [_, _, b'0'] => 2,
        _ => 3,
    };
    out.push(b'.');
    out.extend_from_slice(&digits);
    out.truncate(out.len() - (digits.len() - length));
}

/// An address; those of IPv4 without the detour over formatting.
pub(super) fn write_address(address: IpAddr, out: &mut Vec<u8>) {
    match address {
        IpAddr::V4(address) => {
            let [first, rest @ ..] = address.octets();
            write_number(u64::from(first), out);
            for octet in rest {
                out.push(b'.');
                write_number(u64::from(octet), out);
            }
        }
        // Writing to a vector cannot fail.
        IpAddr::V6(address) => {
            let _ = write!(out, "{address}");
        }
    }
}

/// `2030-01-02T10:11:12.345Z`.
pub(super) fn write_time(time_ns: u64, out: &mut Vec<u8>) {
    let mut text = second_of(time_ns).moment;
    text[20..23].copy_from_slice(&three_digits(time_ns / 1_000_000 % 1000));
    out.extend_from_slice(&text);
}

/// `02/Jan/2030:10:11:12 +0000`.
pub(super) fn write_clock(time_ns: u64, out: &mut Vec<u8>) {
    out.extend_from_slice(&second_of(time_ns).clock);
}

/// A second as text.
#[derive(Clone, Copy)]
struct Second {
    seconds: u64,
    moment: [u8; 24],
    clock: [u8; 26],
}

thread_local! {
    /// Most lines are of the same second as the one before.
    static SECOND: Cell<Second> = const { Cell::new(Second { seconds: u64::MAX, moment: [0; 24], clock: [0; 26] }) };
}

fn second_of(time_ns: u64) -> Second {
    let seconds = time_ns / NS_PER_S;
    let known = SECOND.get();
    if known.seconds == seconds {
        return known;
    }
    let second = Second::new(seconds);
    SECOND.set(second);
    second
}

impl Second {
    fn new(seconds: u64) -> Self {
        let (year, month, day) = civil_date(seconds / 86_400);
        let [year_high, year_low] = [two_digits(year / 100), two_digits(year)];
        let [hour, minute, second] = [seconds / 3600 % 24, seconds / 60 % 60, seconds % 60].map(two_digits);
        let mut moment = *b"0000-00-00T00:00:00.000Z";
        let places = [
            (0, year_high),
            (2, year_low),
            (5, two_digits(month)),
            (8, two_digits(day)),
            (11, hour),
            (14, minute),
            (17, second),
        ];
        for (at, digits) in places {
            moment[at..at + 2].copy_from_slice(&digits);
        }
        let mut clock = *b"00/Jan/0000:00:00:00 +0000";
        clock[3..6].copy_from_slice(MONTHS[(month - 1) as usize]);
        let places = [
            (0, two_digits(day)),
            (7, year_high),
            (9, year_low),
            (12, hour),
            (15, minute),
            (18, second),
        ];
        for (at, digits) in places {
            clock[at..at + 2].copy_from_slice(&digits);
        }
        Self { seconds, moment, clock }
    }
}

/// The last two digits of a number.
fn two_digits(number: u64) -> [u8; 2] {
    [b'0' + (number / 10 % 10) as u8, b'0' + (number % 10) as u8]
}

/// The digits of a number below 1000.
fn three_digits(number: u64) -> [u8; 3] {
    [number / 100, number / 10 % 10, number % 10].map(|digit| b'0' + digit as u8)
}
