//! Points in time and durations (spec/stdlib.md 6).

use super::*;

/// 2021-03-04T05:06:07.089012345Z
const TIME: &str = "1614834367089012345";

#[test]
fn fields() {
    let rows = [
        ("year", "2021"),
        ("month", "3"),
        ("day", "4"),
        ("hour", "5"),
        ("minute", "6"),
        ("second", "7"),
        ("millisecond", "89"),
        ("microsecond", "12"),
        ("nanosecond", "345"),
        ("subsecond", "89012345"),
        ("without_subseconds", "1614834367"),
        ("iso8601", "\"2021-03-04T05:06:07.089012345+00:00\""),
    ];
    for (name, expected) in rows {
        let path = format!("datetime::{name}");
        table(
            &path,
            &[
                (&format!("[{TIME}]"), expected),
                ("[-1]", "bad type"),
                ("[1.0]", "bad type"),
                ("[\"1\"]", "bad type"),
            ],
        );
    }
    table("datetime::year", &[("[18446744073709551615]", "2554")]);
}

#[test]
fn rounding() {
    table(
        "datetime::to_nearest_second",
        &[
            ("[1500000000]", "2000000000"),
            ("[1499999999]", "1000000000"),
            ("[18446744073709551615]", "runtime error"),
        ],
    );
    table(
        "datetime::to_nearest_millisecond",
        &[("[1999500000]", "2000000000"), ("[1499999]", "1000000")],
    );
    table(
        "datetime::to_nearest_microsecond",
        &[("[1500]", "2000"), ("[1999999500]", "2000000000"), ("[-1]", "bad type")],
    );
    table("datetime::today", &[("[]", "0")]);
}

#[test]
fn writing() {
    let rows = [
        ("%Y-%m-%d|%C|%y", "2021-03-04|20|21"),
        ("%b %h %B|%e|%a %A|%w %u", "Mar Mar March| 4|Thu Thursday|4 4"),
        ("%U %W|%G %g %V|%j", "09 09|2021 21 09|063"),
        ("%D|%x|%F|%v", "03/04/21|03/04/21|2021-03-04| 4-Mar-2021"),
        ("%H:%M:%S|%k|%l|%I %p %P", "05:06:07| 5| 5|05 AM am"),
        ("%R|%T|%X|%r", "05:06|05:06:07|05:06:07|05:06:07 AM"),
        ("%c|%s", "Thu Mar  4 05:06:07 2021|1614834367"),
        ("%f|%.f|%.3f|%.6f|%.9f", "089012345|.089012345|.089|.089012|.089012345"),
        ("%3f|%6f|%9f", "089|089012|089012345"),
        ("%z|%:z|%Z|%+", "+0000|+00:00|UTC|2021-03-04T05:06:07.089012345+00:00"),
        ("%t%%%%z", "\t%%z"),
        ("%-d|%_d|%0e|%-H|%_H|%-j|%_j", "4| 4|04|5| 5|63| 63"),
        ("", ""),
    ];
    for (format, expected) in rows {
        let format = json::to_string(&Value::from(format));
        let expected = json::to_string(&Value::from(expected));
        table("datetime::format", &[(&format!("[{TIME},{format}]"), &expected)]);
    }
    table(
        "datetime::format",
        &[
            ("[0,\"%S%.f\"]", "\"00\""),
            ("[250000000,\"%S%.f\"]", "\"00.250\""),
            ("[0,\"%Q\"]", "runtime error"),
            ("[0,\"%#z\"]", "runtime error"),
            ("[0,\"%\"]", "runtime error"),
            ("[0,5]", "bad type"),
            ("[-1,\"%Y\"]", "bad type"),
        ],
    );
}

#[test]
fn reading() {
    let rows = [
        ("2021-03-04 05:06:07", "%Y-%m-%d %H:%M:%S", "1614834367000000000"),
        ("2021-03-04T05:06", "%FT%R", "1614834360000000000"),
        ("21-63 05:06", "%y-%j %R", "1614834360000000000"),
        ("70-001 00:00", "%y-%j %R", "0"),
        ("20 21-063 05:06", "%C %y-%j %R", "1614834360000000000"),
        ("2021 W09 Thu 05:06", "%Y W%U %a %R", "1614834360000000000"),
        ("2021-W09-4 05:06", "%G-W%V-%u %R", "1614834360000000000"),
        (
            "thursday 4 march 2021 05:06 AM",
            "%A %d %B %Y %I:%M %p",
            "1614834360000000000",
        ),
        ("2021-03-04 05:06:07.5", "%F %T%.f", "1614834367500000000"),
        ("2021-03-04 05:06:07", "%F %T%.f", "1614834367000000000"),
        ("2021-03-04 05:06:07.123456789123", "%F %T%.3f", "1614834367123456789"),
        ("2021-03-04 05:06:07.7", "%F %T.%f", "1614834367000000007"),
        ("2021-03-04 05:06:07,250", "%F %T,%3f", "1614834367250000000"),
        ("2016-12-31 23:59:60", "%F %T", "1483228800000000000"),
        ("1600000000.25", "%s%.f", "1600000000250000000"),
        ("2021-03-04 06:06:07 +01: 00", "%F %T %z", "1614834367000000000"),
        ("2021-03-04T00:06:07.25-05:00", "%+", "1614834367250000000"),
        ("1969-12-31 23:59", "%F %R", "-60000000000"),
        ("2554-07-21 23:34:33.709551615", "%F %T%.f", "18446744073709551615"),
        ("2554-07-21 23:34:33.709551616", "%F %T%.f", "runtime error"),
        ("1600-01-01 00:00", "%F %R", "runtime error"),
        ("2021-03-04", "%F", "runtime error"),
        ("2021-03-04 05", "%F %H", "runtime error"),
        ("2021-02-30 05:06", "%F %R", "runtime error"),
        ("Fri 2021-03-04 05:06", "%a %F %R", "runtime error"),
        ("2021-03-04 05:06 x", "%F %R", "runtime error"),
        ("2021-03-04 05:06:07 UTC", "%F %T %Z", "runtime error"),
        ("1600000001 2020-09-13 12:26:40", "%s %F %T", "runtime error"),
        ("2021-03-04 05:06", "%F %Q", "runtime error"),
    ];
    for (text, format, expected) in rows {
        table("datetime::parse", &[(&format!("[\"{text}\",\"{format}\"]"), expected)]);
    }
    table(
        "datetime::parse",
        &[("[20210304,\"%Y%m%d\"]", "bad type"), ("[\"\",1]", "bad type")],
    );
}

#[test]
fn durations() {
    let units = [
        ("nanoseconds", 1_u64),
        ("microseconds", 1000),
        ("milliseconds", 1_000_000),
        ("seconds", 1_000_000_000),
        ("minutes", 60_000_000_000),
        ("hours", 3_600_000_000_000),
        ("days", 86_400_000_000_000),
        ("weeks", 604_800_000_000_000),
    ];
    for (unit, length) in units {
        let path = format!("datetime::with_{unit}");
        table(
            &path,
            &[
                ("[3]", &(3 * length).to_string()),
                ("[0]", "0"),
                ("[-1]", "bad type"),
                ("[1.0]", "bad type"),
                ("[4294967296]", "bad type"),
            ],
        );
    }
    table("datetime::with_minutes", &[("[71582789]", "4294967340000000000")]);
    table("datetime::with_weeks", &[("[4294967295]", "runtime error")]);
    table(
        "datetime::with_years",
        &[
            ("[1]", "31536000000000000"),
            ("[4]", "126230400000000000"),
            ("[137]", "4323369600000000000"),
            ("[600]", "runtime error"),
        ],
    );
}

#[test]
fn human_durations() {
    let rows = [
        ("3 days", "259200000000000"),
        ("2 minutes 1 second", "121000000000"),
        ("1 weeks", "604800000000000"),
        ("+1 week", "604800000000000"),
        ("1 year 2 weeks 3 milliseconds", "32745600003000000"),
        ("10 microseconds 1 nanosecond", "10001"),
        ("5 days 2 hours", "432000000000000"),
        ("5 days 2 day", "432000000000000"),
        ("5 days and 3 seconds", "432000000000000"),
        ("5 days  3 seconds", "432000000000000"),
        ("5 days 7", "432000000000000"),
        ("5 days 4294967296 seconds", "432000000000000"),
        ("4 hours", "runtime error"),
        ("0 days", "runtime error"),
        ("1 Day", "runtime error"),
        ("", "runtime error"),
        ("4294967295 years", "runtime error"),
    ];
    for (text, expected) in rows {
        table("datetime::from_human_format", &[(&format!("[\"{text}\"]"), expected)]);
    }
    table("datetime::from_human_format", &[("[3]", "bad type")]);
}
