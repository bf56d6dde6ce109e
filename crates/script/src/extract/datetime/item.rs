//! The items of a time format (spec/stdlib.md 6.2).

use chrono::format::{ParseResult, Parsed};

/// Takes a number into the fields read so far; fails where it is out of range or contradicts them.
pub(super) type Set = fn(&mut Parsed, i64) -> ParseResult<()>;

/// A piece of a format.
#[derive(Clone, Debug)]
pub(super) enum Item {
    /// These characters.
    Literal(String),
    /// Any run of white space, also none.
    Space,
    /// A number, white space before it skipped.
    Number(Number),
    /// Name of a month: three letters, or `true`: also the full name.
    Month(bool),
    /// Name of a weekday: three letters, or `true`: also the full name.
    Weekday(bool),
    /// Number of a weekday, Monday being 1 and Sunday this.
    WeekdayNumber(i64),
    /// `am` or `pm`.
    Meridiem,
    /// A dot and digits of a fraction of a second, or nothing.
    Fraction,
    /// Exactly so many digits of a fraction of a second.
    FractionDigits(usize),
    /// An offset from UTC.
    Offset(OffsetForm),
    /// A word.
    ZoneName,
    /// Date, time and offset by RFC 3339.
    Rfc3339,
}

impl Item {
    /// Whether a format with this item has to yield an offset.
    pub(super) fn is_zone(&self) -> bool {
        matches!(self, Self::Offset(_) | Self::ZoneName | Self::Rfc3339)
    }
}

/// How a number is written.
#[derive(Clone, Copy, Debug)]
pub(super) struct Number {
    /// Most digits that belong to it. With a sign, there is no most.
    pub(super) digits: usize,
    /// Whether a sign may stand before it.
    pub(super) signed: bool,
    /// Where it goes.
    pub(super) set: Set,
}

/// How an offset is written, beside `+hhmm`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum OffsetForm {
    /// Colons and spaces between hours and minutes.
    Plain,
    /// The same, minutes may be missing; `Z` is zero.
    Permissive,
    /// Always a colon; `Z`, `z` and `UTC` are zero.
    Rfc3339,
}

/// The items of `format`, `None` if it is invalid.
pub(super) fn items(format: &str) -> Option<Vec<Item>> {
    let mut items = Vec::new();
    let mut rest = format;
    while let Some(first) = rest.chars().next() {
        rest = if first == '%' {
            specifier(&rest[1..], &mut items)?
        } else if first.is_whitespace() {
            items.push(Item::Space);
            rest.trim_start()
        } else {
            let end = rest.find(|c: char| c == '%' || c.is_whitespace()).unwrap_or(rest.len());
            items.push(Item::Literal(rest[..end].to_owned()));
            &rest[end..]
        };
    }
    Some(items)
}

/// Reads the specifier that `text` begins with, its `%` being read already; what is left after it.
fn specifier<'t>(text: &'t str, items: &mut Vec<Item>) -> Option<&'t str> {
    if let Some(after) = text.strip_prefix(['-', '_', '0']) {
        let mut letters = after.chars();
        items.push(numeric(letters.next()?)?);
        return Some(letters.as_str());
    }
    for (spelling, item) in LONG {
        if let Some(after) = text.strip_prefix(spelling) {
            items.push(item);
            return Some(after);
        }
    }
    let mut letters = text.chars();
    let letter = letters.next()?;
    if let Some(item) = numeric(letter) {
        items.push(item);
    } else if let Some(format) = composite(letter) {
        items.extend(self::items(format)?);
    } else {
        items.push(single(letter)?);
    }
    Some(letters.as_str())
}

/// Specifiers of more than one letter.
const LONG: [(&str, Item); 9] = [
    (".f", Item::Fraction),
    (".3f", Item::Fraction),
    (".6f", Item::Fraction),
    (".9f", Item::Fraction),
    ("3f", Item::FractionDigits(3)),
    ("6f", Item::FractionDigits(6)),
    ("9f", Item::FractionDigits(9)),
    (":z", Item::Offset(OffsetForm::Plain)),
    ("#z", Item::Offset(OffsetForm::Permissive)),
];

/// The specifiers of single numbers, which may be padded.
fn numeric(letter: char) -> Option<Item> {
    let (digits, set): (usize, Set) = match letter {
        'Y' => return Some(year(Parsed::set_year)),
        'G' => return Some(year(Parsed::set_isoyear)),
        'C' => (2, Parsed::set_year_div_100),
        'y' => (2, Parsed::set_year_mod_100),
        'g' => (2, Parsed::set_isoyear_mod_100),
        'm' => (2, Parsed::set_month),
        'd' | 'e' => (2, Parsed::set_day),
        'w' => return Some(Item::WeekdayNumber(0)),
        'u' => return Some(Item::WeekdayNumber(7)),
        'U' => (2, Parsed::set_week_from_sun),
        'W' => (2, Parsed::set_week_from_mon),
        'V' => (2, Parsed::set_isoweek),
        'j' => (3, Parsed::set_ordinal),
        'H' | 'k' => (2, Parsed::set_hour),
        'I' | 'l' => (2, Parsed::set_hour12),
        'M' => (2, Parsed::set_minute),
        'S' => (2, Parsed::set_second),
        'f' => (9, Parsed::set_nanosecond),
        's' => (usize::MAX, Parsed::set_timestamp),
        _ => return None,
    };
    Some(Item::Number(Number {
        digits,
        signed: false,
        set,
    }))
}

fn year(set: Set) -> Item {
    Item::Number(Number {
        digits: 4,
        signed: true,
        set,
    })
}

/// The specifiers that stand for other formats.
fn composite(letter: char) -> Option<&'static str> {
    Some(match letter {
        'D' | 'x' => "%m/%d/%y",
        'F' => "%Y-%m-%d",
        'v' => "%e-%b-%Y",
        'R' => "%H:%M",
        'T' | 'X' => "%H:%M:%S",
        'r' => "%I:%M:%S %p",
        'c' => "%a %b %e %H:%M:%S %Y",
        _ => return None,
    })
}

fn single(letter: char) -> Option<Item> {
    Some(match letter {
        'b' | 'h' => Item::Month(false),
        'B' => Item::Month(true),
        'a' => Item::Weekday(false),
        'A' => Item::Weekday(true),
        'p' | 'P' => Item::Meridiem,
        'z' => Item::Offset(OffsetForm::Plain),
        'Z' => Item::ZoneName,
        '+' => Item::Rfc3339,
        't' | 'n' => Item::Space,
        '%' => Item::Literal("%".to_owned()),
        _ => return None,
    })
}
