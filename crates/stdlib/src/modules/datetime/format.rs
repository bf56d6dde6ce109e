//! The format language of points in time (spec/stdlib.md 6.2 and 6.3).
//!
//! Formats are read and mostly carried out by `chrono`; where it knows more or does otherwise than the specification (newer
//! specifiers, fractions of fixed width when reading, the looser form of `%+`), this module decides.

use std::fmt;

use chrono::format::{Fixed, Item, Numeric, Pad, ParseError, Parsed, StrftimeItems, parse, parse_and_remainder};
use chrono::{DateTime, Utc};
use temblor_script::func::{CallCx, FnError};
use temblor_value::Str;

use crate::args::failure;
use crate::growth::Text;

/// Why a text could not be read.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub(super) enum ReadError {
    /// The format itself is wrong.
    #[error("the format is invalid")]
    Format,
    /// The format asks for a zone, but none of its specifiers gives an offset.
    #[error("the format gives no offset")]
    NoOffset,
    /// The text and the format do not agree.
    #[error("{0}")]
    Text(#[from] ParseError),
}

/// The specifiers of `format`; `None` if one of them is not in the table of spec/stdlib.md 6.2.
fn items(format: &str) -> Option<Vec<Item<'_>>> {
    let known = |item: Item<'_>| {
        !matches!(
            item,
            Item::Error
                | Item::Numeric(Numeric::Quarter, _)
                | Item::Fixed(Fixed::TimezoneOffsetDoubleColon | Fixed::TimezoneOffsetTripleColon)
        )
    };
    let items: Vec<Item<'_>> = StrftimeItems::new(format).collect();
    items.iter().cloned().all(known).then_some(items)
}

/// Whether a format is zone-aware, found by scanning it.
fn is_zone_aware(format: &str) -> bool {
    let mut rest = format;
    while let Some(percent) = rest.find('%') {
        rest = &rest[percent + 1..];
        if ["z", "Z", ":z", "#z", "+"].iter().any(|zone| rest.starts_with(zone)) {
            return true;
        }
        rest = rest.strip_prefix('%').unwrap_or(rest);
    }
    false
}

/// `time` in `format`.
pub(super) fn write(cx: &CallCx<'_>, time: &DateTime<Utc>, format: &str) -> Result<Str, FnError> {
    let items = items(format).ok_or_else(|| failure("the format is invalid"))?;
    let mut out = Limited {
        text: Text::new(cx.limits),
        refused: None,
    };
    if time.format_with_items(items.iter()).write_to(&mut out).is_err() {
        return Err(out.refused.unwrap_or_else(|| failure("the format cannot be written")));
    }
    out.text.finish()
}

/// A text under limits as a target of formatting.
struct Limited<'l> {
    text: Text<'l>,
    refused: Option<FnError>,
}

impl fmt::Write for Limited<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.text.push_str(text).map_err(|error| {
            self.refused = Some(error);
            fmt::Error
        })
    }
}

/// Reads `text` by `format`; the result is in nanoseconds since the epoch, negative before it.
pub(super) fn read(text: &str, format: &str) -> Result<i128, ReadError> {
    let mut rest = text;
    let mut parsed = Parsed::new();
    for item in items(format).ok_or(ReadError::Format)? {
        rest = match item {
            Item::Fixed(Fixed::RFC3339) => rfc3339(&mut parsed, rest)?,
            // These widths matter for writing only.
            Item::Fixed(Fixed::Nanosecond3 | Fixed::Nanosecond6 | Fixed::Nanosecond9) => {
                one(&mut parsed, rest, Item::Fixed(Fixed::Nanosecond))?
            }
            item => one(&mut parsed, rest, item)?,
        };
    }
    // With no specifier left, any text that is left is an error.
    parse(&mut Parsed::new(), rest, std::iter::empty::<Item<'_>>())?;
    let time = if is_zone_aware(format) {
        if parsed.offset().is_none() {
            return Err(ReadError::NoOffset);
        }
        parsed.to_datetime()?.to_utc()
    } else {
        parsed.to_naive_datetime_with_offset(0)?.and_utc()
    };
    // A leap second has a fraction above one second and so counts as the next second.
    Ok(i128::from(time.timestamp()) * 1_000_000_000 + i128::from(time.timestamp_subsec_nanos()))
}

fn one<'t>(parsed: &mut Parsed, text: &'t str, item: Item<'_>) -> Result<&'t str, ParseError> {
    parse_and_remainder(parsed, text, std::iter::once(item))
}

/// `%+`: a date, `T` or `t`, a time with optional fraction, and an offset or `UTC`.
fn rfc3339<'t>(parsed: &mut Parsed, text: &'t str) -> Result<&'t str, ParseError> {
    const DATE: [Item<'static>; 5] = [
        Item::Numeric(Numeric::Year, Pad::Zero),
        Item::Literal("-"),
        Item::Numeric(Numeric::Month, Pad::Zero),
        Item::Literal("-"),
        Item::Numeric(Numeric::Day, Pad::Zero),
    ];
    const TIME: [Item<'static>; 6] = [
        Item::Numeric(Numeric::Hour, Pad::Zero),
        Item::Literal(":"),
        Item::Numeric(Numeric::Minute, Pad::Zero),
        Item::Literal(":"),
        Item::Numeric(Numeric::Second, Pad::Zero),
        Item::Fixed(Fixed::Nanosecond),
    ];
    let rest = parse_and_remainder(parsed, text, DATE.iter())?;
    let rest = match rest.strip_prefix('t') {
        Some(rest) => rest,
        None => one(parsed, rest, Item::Literal("T"))?,
    };
    let rest = parse_and_remainder(parsed, rest, TIME.iter())?;
    match rest.strip_prefix("UTC") {
        Some(rest) => parsed.set_offset(0).map(|()| rest),
        None => one(parsed, rest, Item::Fixed(Fixed::TimezoneOffsetZ)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seconds(text: &str, format: &str) -> Option<i128> {
        read(text, format).ok().map(|time| time / 1_000_000_000)
    }

    #[test]
    fn unknown_specifiers_are_refused() {
        for format in ["%", "%Q", "%q", "%::z", "%:::z", "%-D", "%_T", "%-B", "%.7f", "%5f", "%E"] {
            assert!(items(format).is_none(), "{format}");
        }
        assert!(items("%-d %_H %0e %% %t%n%.3f%6f%+%#z%:z").is_some());
    }

    #[test]
    fn zone_awareness_is_found_by_scanning() {
        for format in ["%z", "a %:z", "%#z", "%H%Z", "%+", "%%%z"] {
            assert!(is_zone_aware(format), "{format}");
        }
        for format in ["", "z", "%%z", "%H", "%%+", "%%%%Z"] {
            assert!(!is_zone_aware(format), "{format}");
        }
    }

    #[test]
    fn numeric_reading_skips_white_space_and_ignores_padding() {
        assert_eq!(seconds("2021-3-4 5:6", "%Y-%m-%d %H:%M"), Some(1_614_834_360));
        assert_eq!(seconds("2021- 3- 4   5:6  ", "%Y-%m-%d %H:%M "), Some(1_614_834_360));
        assert_eq!(seconds("2021-3-45:6", "%Y-%m-%d %H:%M"), None);
        assert_eq!(seconds("20210304 0506", "%Y%m%d %H%M"), Some(1_614_834_360));
    }

    #[test]
    fn rfc3339_takes_what_the_table_says() {
        for text in [
            "2021-03-04T05:06:07+00:00",
            "2021-03-04t05:06:07Z",
            "2021-03-04T06:06:07.000+01:00",
            "2021-03-04T05:06:07UTC",
        ] {
            assert_eq!(seconds(text, "%+"), Some(1_614_834_367), "{text}");
        }
        for text in ["2021-03-04 05:06:07Z", "2021-03-04T05:06Z", "2021-03-04T05:06:07"] {
            assert_eq!(seconds(text, "%+"), None, "{text}");
        }
    }

    #[test]
    fn a_zone_aware_format_needs_an_offset() {
        assert_eq!(read("2021-03-04 05:06 UTC", "%F %R %Z"), Err(ReadError::NoOffset));
        assert_eq!(read("0 UTC", "%s %Z"), Err(ReadError::NoOffset));
        assert_eq!(seconds("2021-03-04 06:06 CET +0100", "%F %R %Z %z"), Some(1_614_834_360));
        assert_eq!(seconds("2021-03-04 06:06 +01", "%F %R %#z"), Some(1_614_834_360));
        assert_eq!(seconds("2021-03-04 06:06 +01", "%F %R %z"), None);
    }

    #[test]
    fn times_before_the_epoch_are_negative() {
        assert_eq!(read("1969-12-31 23:59:59.5", "%F %T%.f"), Ok(-500_000_000));
    }
}
