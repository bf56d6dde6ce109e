//! Reading text by the items of a format (spec/stdlib.md 6.2). Each function gives what is left of the text, `None` if it does not fit.

use chrono::Weekday;
use chrono::format::Parsed;

use super::item::{Item, Number, OffsetForm};

const MONTHS: [(&str, &str); 12] = [
    ("jan", "uary"),
    ("feb", "ruary"),
    ("mar", "ch"),
    ("apr", "il"),
    ("may", ""),
    ("jun", "e"),
    ("jul", "y"),
    ("aug", "ust"),
    ("sep", "tember"),
    ("oct", "ober"),
    ("nov", "ember"),
    ("dec", "ember"),
];

const WEEKDAYS: [(&str, &str, Weekday); 7] = [
    ("mon", "day", Weekday::Mon),
    ("tue", "sday", Weekday::Tue),
    ("wed", "nesday", Weekday::Wed),
    ("thu", "rsday", Weekday::Thu),
    ("fri", "day", Weekday::Fri),
    ("sat", "urday", Weekday::Sat),
    ("sun", "day", Weekday::Sun),
];

/// Reads `item` at the start of `text` into `fields`.
pub(super) fn item<'t>(item: &Item, text: &'t str, fields: &mut Parsed) -> Option<&'t str> {
    match item {
        Item::Literal(literal) => text.strip_prefix(literal.as_str()),
        Item::Space => Some(text.trim_start()),
        Item::Number(form) => number(*form, text, fields),
        Item::Month(full) => {
            let (place, rest) = name(text, *full, MONTHS)?;
            fields.set_month(place as i64 + 1).ok()?;
            Some(rest)
        }
        Item::Weekday(full) => {
            let (place, rest) = name(text, *full, WEEKDAYS.map(|(short, more, _)| (short, more)))?;
            fields.set_weekday(WEEKDAYS.get(place)?.2).ok()?;
            Some(rest)
        }
        Item::WeekdayNumber(sunday) => {
            let (number, rest) = digits(text.trim_start(), 1)?;
            let place = match number {
                _ if number == *sunday => 6,
                1..=6 => number - 1,
                _ => return None,
            };
            fields.set_weekday(WEEKDAYS.get(usize::try_from(place).ok()?)?.2).ok()?;
            Some(rest)
        }
        Item::Meridiem => {
            let (afternoon, rest) = if let Some(rest) = strip_word(text, "am") {
                (false, rest)
            } else {
                (true, strip_word(text, "pm")?)
            };
            fields.set_ampm(afternoon).ok()?;
            Some(rest)
        }
        Item::Fraction => fraction(text, fields),
        Item::FractionDigits(count) => {
            let (ns, rest) = exact_digits(text, *count)?;
            fields.set_nanosecond(scale(ns, *count)).ok()?;
            Some(rest)
        }
        Item::Offset(form) => offset(*form, text.trim_start(), fields),
        Item::ZoneName => Some(text.trim_start_matches(|c: char| !c.is_whitespace())),
        Item::Rfc3339 => rfc3339(text, fields),
    }
}

fn number<'t>(form: Number, text: &'t str, fields: &mut Parsed) -> Option<&'t str> {
    let text = text.trim_start();
    let (negative, most, unsigned) = match text.as_bytes().first() {
        Some(b'-') if form.signed => (true, usize::MAX, &text[1..]),
        Some(b'+') if form.signed => (false, usize::MAX, &text[1..]),
        _ => (false, form.digits, text),
    };
    let (number, rest) = digits(unsigned, most)?;
    (form.set)(fields, if negative { -number } else { number }).ok()?;
    Some(rest)
}

/// At least one and at most `most` decimal digits.
fn digits(text: &str, most: usize) -> Option<(i64, &str)> {
    let count = text.bytes().take(most).take_while(u8::is_ascii_digit).count();
    let (digits, rest) = text.split_at(count);
    Some((digits.parse().ok()?, rest))
}

/// Exactly `count` decimal digits.
fn exact_digits(text: &str, count: usize) -> Option<(i64, &str)> {
    digits(text, count).filter(|(_, rest)| text.len() - rest.len() == count)
}

/// Nanoseconds of a fraction of `count` digits, at most nine.
fn scale(fraction: i64, count: usize) -> i64 {
    (count..9).fold(fraction, |number, _| number * 10)
}

/// A month or weekday: the first three letters of its name, or with `full` the whole of it, in any case.
fn name<'t, const N: usize>(text: &'t str, full: bool, names: [(&str, &str); N]) -> Option<(usize, &'t str)> {
    names.iter().enumerate().find_map(|(place, (short, more))| {
        let rest = strip_word(text, short)?;
        let all = if full { strip_word(rest, more) } else { None };
        Some((place, all.unwrap_or(rest)))
    })
}

/// `text` without the ASCII word `word` at its start, in any case.
fn strip_word<'t>(text: &'t str, word: &str) -> Option<&'t str> {
    let (start, rest) = text.split_at_checked(word.len())?;
    start.eq_ignore_ascii_case(word).then_some(rest)
}

/// A dot with at least one digit, of which those after the ninth do not count; or nothing.
fn fraction<'t>(text: &'t str, fields: &mut Parsed) -> Option<&'t str> {
    let Some(text) = text.strip_prefix('.') else {
        return Some(text);
    };
    let (number, rest) = digits(text, 9)?;
    fields.set_nanosecond(scale(number, text.len() - rest.len())).ok()?;
    Some(rest.trim_start_matches(|c: char| c.is_ascii_digit()))
}

fn offset<'t>(form: OffsetForm, text: &'t str, fields: &mut Parsed) -> Option<&'t str> {
    let zero: &[&str] = match form {
        OffsetForm::Plain => &[],
        OffsetForm::Permissive => &["Z", "z"],
        OffsetForm::Rfc3339 => &["Z", "z", "UTC"],
    };
    if let Some(rest) = zero.iter().find_map(|word| text.strip_prefix(word)) {
        fields.set_offset(0).ok()?;
        return Some(rest);
    }
    let sign = match text.as_bytes().first()? {
        b'+' => 1,
        b'-' => -1,
        _ => return None,
    };
    let (hours, after_hours) = exact_digits(&text[1..], 2)?;
    let between = match form {
        OffsetForm::Plain | OffsetForm::Permissive => after_hours.trim_start_matches(|c: char| c == ':' || c.is_whitespace()),
        OffsetForm::Rfc3339 => after_hours.strip_prefix(':')?,
    };
    let (minutes, rest) = match exact_digits(between, 2) {
        Some(minutes) => minutes,
        None if form == OffsetForm::Permissive => (0, after_hours),
        None => return None,
    };
    if hours > 23 || minutes > 59 {
        return None;
    }
    fields.set_offset(sign * (hours * 3600 + minutes * 60)).ok()?;
    Some(rest)
}

fn rfc3339<'t>(text: &'t str, fields: &mut Parsed) -> Option<&'t str> {
    let (year, rest) = exact_digits(text, 4)?;
    let (month, rest) = exact_digits(rest.strip_prefix('-')?, 2)?;
    let (day, rest) = exact_digits(rest.strip_prefix('-')?, 2)?;
    let (hour, rest) = exact_digits(rest.strip_prefix(['T', 't'])?, 2)?;
    let (minute, rest) = exact_digits(rest.strip_prefix(':')?, 2)?;
    let (second, rest) = exact_digits(rest.strip_prefix(':')?, 2)?;
    fields.set_year(year).ok()?;
    fields.set_month(month).ok()?;
    fields.set_day(day).ok()?;
    fields.set_hour(hour).ok()?;
    fields.set_minute(minute).ok()?;
    fields.set_second(second).ok()?;
    offset(OffsetForm::Rfc3339, fraction(rest, fields)?, fields)
}
