//! The tables of spec/stdlib.md 6.2 and spec/extractors.md 3.11.

use super::*;

fn ns(format: &str, text: &str) -> Option<Value> {
    Format::compile(format).parse(text)
}

/// Seconds since the epoch of 2031-05-06T07:08:09Z, a Tuesday, day 126 of its year.
const MAY: i64 = 1_935_817_689;
/// The same day at midnight.
const MIDNIGHT: i64 = MAY - 25_689;

#[track_caller]
fn reads(format: &str, text: &str, seconds: i64) {
    assert_eq!(
        ns(format, text),
        Some(Value::from(seconds * 1_000_000_000)),
        "{format} on {text}"
    );
}

#[track_caller]
fn refuses(format: &str, text: &str) {
    assert_eq!(ns(format, text), None, "{format} on {text}");
}

#[test]
fn dates() {
    for (format, text) in [
        ("%Y-%m-%d %R", "2031-05-06 00:00"),
        ("%Y-%m-%e %R", "2031-5-6 0:0"),
        ("%C%y%m%d %R", "20310506 00:00"),
        ("%y-%m-%d %R", "31-05-06 00:00"),
        ("%D %R", "05/06/31 00:00"),
        ("%x %R", "05/06/31 00:00"),
        ("%v %R", " 6-MAY-2031 00:00"),
        ("%d %h %Y %R", "06 may 2031 00:00"),
        ("%d %B %Y %R", "06 may 2031 00:00"),
        ("%Y.%j %R", "2031.126 00:00"),
        ("%Y %U %a %R", "2031 18 Tue 00:00"),
        ("%Y %W %A %R", "2031 18 Tuesday 00:00"),
        ("%Y %W %w %R", "2031 18 2 00:00"),
        ("%G %V %u %R", "2031 19 2 00:00"),
        ("%F %g %R", "2031-05-06 31 00:00"),
        ("%Y%m%d %H%M", "20310506 0000"),
        ("%Y %m %d %R", "+2031 05 06 00:00"),
    ] {
        reads(format, text, MIDNIGHT);
    }
    reads("%y %j %R", "70 1 00:00", 0);
    reads("%y %j %R", "69 1 00:00", 3_124_224_000);
    reads("%d %B %Y %R", "06 Sep 2031 07:08", 1_946_444_880);
    reads("%d %B %Y %R", "06 September 2031 07:08", 1_946_444_880);
    refuses("%d %b %Y %R", "06 September 2031 07:08");
    refuses("%Y%m%d %R", "120310506 00:00");
}

#[test]
fn times() {
    for (format, text) in [
        ("%F %T", "2031-05-06 07:08:09"),
        ("%F %X", "2031-05-06 07:08:09"),
        ("%F %k:%M:%S", "2031-05-06  7:08:09"),
        ("%F %r", "2031-05-06 07:08:09 AM"),
        ("%F %l:%M:%S%P", "2031-05-06  7:08:09am"),
        ("%c", "Tue May  6 07:08:09 2031"),
        ("%Y%m%d%H%M%S", "20310506070809"),
        ("%-Y-%_m-%0d %H:%M:%-S", "2031-05-06 07:08:9"),
        ("%F%n%T%t", "2031-05-06 \t\n07:08:09"),
        ("%F %T %%", "2031-05-06 07:08:09%"),
        ("%s", "1935817689"),
        ("%F %s", "2031-05-06 1935817689"),
    ] {
        reads(format, text, MAY);
    }
    reads("%D %I:%M %p", "05/06/31 07:08 pM", 1_935_860_880);
    reads("%D %I:%M %p", "05/06/31 12:00 am", MIDNIGHT);
    refuses("%D %I:%M %p", "05/06/31 13:00 PM");
    refuses("%D %I:%M %p", "05/06/31 00:00 AM");
    reads("%F %T", "2016-12-31 23:59:60", 1_483_228_800);
    refuses("%F %T", "2016-12-31 23:59:61");
}

#[test]
fn fractions() {
    for (format, text, fraction) in [
        ("%F %T%.f", "2031-05-06 07:08:09.5", 500_000_000),
        ("%F %T%.f", "2031-05-06 07:08:09.123456789", 123_456_789),
        ("%F %T%.f", "2031-05-06 07:08:09.1234567899", 123_456_789),
        ("%F %T%.f", "2031-05-06 07:08:09", 0),
        ("%F %T%.3f", "2031-05-06 07:08:09.25", 250_000_000),
        ("%F %T,%3f", "2031-05-06 07:08:09,007", 7_000_000),
        ("%F %T,%6f", "2031-05-06 07:08:09,000007", 7_000),
        ("%F %T,%9f", "2031-05-06 07:08:09,000000007", 7),
        ("%F %T %f", "2031-05-06 07:08:09 5", 5),
        ("%s%.f", "1935817689.5", 500_000_000),
    ] {
        assert_eq!(
            ns(format, text),
            Some(Value::from(MAY * 1_000_000_000 + fraction)),
            "{format} on {text}"
        );
    }
    refuses("%F %T%.f", "2031-05-06 07:08:09.");
    refuses("%F %T,%3f", "2031-05-06 07:08:09,07");
    refuses("%F %T,%3f", "2031-05-06 07:08:09,0075");
    refuses("%F %R%.f", "2031-05-06 07:08.5");
}

#[test]
fn offsets() {
    let format = "%Y-%m-%dT%H:%M:%S%z";
    reads(format, "2031-05-06T07:08:09+0200", MAY - 7200);
    reads(format, "2031-05-06T07:08:09-01:30", MAY + 5400);
    reads(format, "2031-05-06T07:08:09 +02 : 00", MAY - 7200);
    for text in ["", "Z", "+2", "+02", "+02:0", "0200", "+2400", "+0260"] {
        refuses(format, &format!("2031-05-06T07:08:09{text}"));
    }
    reads("%F %T %:z", "2031-05-06 07:08:09 +05:30", MAY - 19_800);
    reads("%F %T%#z", "2031-05-06 07:08:09Z", MAY);
    reads("%F %T%#z", "2031-05-06 07:08:09+02", MAY - 7200);
    reads("%F %T%#z", "2031-05-06 07:08:09+02:30", MAY - 9000);
    reads("%F %T %Z %z", "2031-05-06 07:08:09 CEST +0200", MAY - 7200);
    refuses("%F %T %Z", "2031-05-06 07:08:09 UTC");
    refuses("%s %Z", "1935817689 UTC");
    reads("%s %z", "1935817689 +0200", MAY);
    refuses("%F %T %Z", "2031-05-06 07:08:09 ");
}

#[test]
fn rfc_3339() {
    reads("%+", "2031-05-06T07:08:09Z", MAY);
    reads("%+", "2031-05-06t07:08:09z", MAY);
    reads("%+", "2031-05-06T07:08:09UTC", MAY);
    reads("%+", "2031-05-06T07:08:09+01:00", MAY - 3600);
    assert_eq!(
        ns("%+", "2031-05-06T07:08:09.25Z"),
        Some(Value::from(MAY * 1_000_000_000 + 250_000_000))
    );
    for text in [
        "2031-05-06",
        "2031-05-06T07:08:09",
        "2031-05-06 07:08:09Z",
        "2031-05-06T07:08:09+0100",
        "2031-05-06T07:08:09+01",
        "2031-5-06T07:08:09Z",
        "12031-05-06T07:08:09Z",
    ] {
        refuses("%+", text);
    }
}

#[test]
fn the_whole_text_has_to_fit() {
    reads("at %F %R o", "at 2031-05-06   00:00o", MIDNIGHT);
    reads("ä%Fö %R", "ä2031-05-06ö00:00", MIDNIGHT);
    refuses("at %F %R o", "At 2031-05-06 00:00 o");
    refuses("%F %R", "2031-05-06 07:08 ");
    refuses("%F %R", "2031-05-06 07:08:09");
    refuses("%F %R", "");
    refuses("%s", "17x");
    refuses("%s", "-17");
    refuses("%s", "99999999999999999999");
}

#[test]
fn incomplete_and_contradictory_times_are_refused() {
    for (format, text) in [
        ("", ""),
        ("%F", "2031-05-06"),
        ("%T", "07:08:09"),
        ("%F %H", "2031-05-06 07"),
        ("%F %I:%M", "2031-05-06 07:08"),
        ("%Y-%m %R", "2031-05 07:08"),
        ("%F %R", "2031-02-29 00:00"),
        ("%F %R", "2031-13-01 00:00"),
        ("%F %R", "2031-01-01 24:00"),
        ("%F %R", "2031-01-01 00:60"),
        ("%Y.%j %R", "2031.366 00:00"),
        ("%a %F %R", "Wed 2031-05-06 00:00"),
        ("%w %F %R", "7 2031-05-04 00:00"),
        ("%u %F %R", "0 2031-05-04 00:00"),
        ("%F %T %s", "2031-05-06 07:08:09 1935817688"),
        ("%F %T %H", "2031-05-06 07:08:09 08"),
    ] {
        refuses(format, text);
    }
    reads("%w %F %R", "0 2031-05-04 00:00", MIDNIGHT - 2 * 86_400);
    reads("%u %F %R", "7 2031-05-04 00:00", MIDNIGHT - 2 * 86_400);
    reads("%F %T %H", "2031-05-06 07:08:09 07", MAY);
}

#[test]
fn invalid_formats_read_nothing() {
    for format in [
        "%", "%F %R %", "%Q", "%-D", "%_%", "%0B", "%-3f", "%::z", "%.4f", "%4f", "%ä", "%-",
    ] {
        refuses(format, "2031-05-06 07:08");
        refuses(format, "");
    }
}

#[test]
fn the_years_1677_to_2554_fit() {
    assert_eq!(
        ns("%F %R", "2300-01-01 00:00"),
        Some(Value::from(10_413_792_000_000_000_000_u64))
    );
    assert_eq!(ns("%F %R", "1969-12-31 23:59"), Some(Value::from(-60_000_000_000_i64)));
    assert!(ns("%F %R", "1677-09-22 00:00").is_some());
    assert!(ns("%F %R", "2554-07-21 00:00").is_some());
    refuses("%F %R", "1677-09-21 00:00");
    refuses("%F %R", "2554-07-22 00:00");
    refuses("%F %R", "+200000-01-01 00:00");
    refuses("%F %R", "-99999999999-01-01 00:00");
}
