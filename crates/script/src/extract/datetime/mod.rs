//! `datetime`: strings that name a point in time (spec/extractors.md 3.11, spec/stdlib.md 6.2 and 6.3).
//!
//! This is the one reader of times: the function `datetime::parse` uses it too. Reading the characters is done here, by the
//! specification's table; putting the fields together and checking them against each other is left to `chrono`.

mod item;
mod read;

use chrono::format::Parsed;
use temblor_value::Value;

use self::item::Item;
use super::{Extract, text};

/// A compiled format. One that is invalid compiles and never reads anything.
#[derive(Debug)]
pub struct Format {
    /// `None`: the format is invalid.
    items: Option<Vec<Item>>,
    zoned: bool,
}

impl Format {
    /// Compiles a format of spec/stdlib.md 6.2.
    pub fn compile(format: &str) -> Self {
        let items = item::items(format);
        let zoned = items.iter().flatten().any(Item::is_zone);
        Self { items, zoned }
    }

    /// The point in time that the whole of `text` names, as an integer of nanoseconds since the epoch, which is negative before 1970.
    ///
    /// `None`: the format is invalid, `text` does not fit it, what it says is incomplete or contradictory, or the time does not fit an
    /// integer, which holds the years 1677 to 2554.
    pub fn parse(&self, text: &str) -> Option<Value> {
        let mut fields = Parsed::new();
        let mut rest = text;
        for item in self.items.as_ref()? {
            rest = read::item(item, rest, &mut fields)?;
        }
        if !rest.is_empty() {
            return None;
        }
        let offset = if self.zoned { fields.offset()? } else { 0 };
        let local = fields.to_naive_datetime_with_offset(offset).ok()?.and_utc();
        let seconds = i128::from(local.timestamp()) - i128::from(offset);
        let ns = seconds * 1_000_000_000 + i128::from(local.timestamp_subsec_nanos());
        if let Ok(ns) = i64::try_from(ns) {
            return Some(Value::from(ns));
        }
        u64::try_from(ns).ok().map(Value::from)
    }
}

impl Extract for Format {
    fn accepts(&self, target: &Value) -> bool {
        text(target).is_some_and(|text| self.parse(text).is_some())
    }

    fn extract(&self, target: &Value, _ingest_ns: u64) -> Option<Value> {
        self.parse(text(target)?)
    }
}

#[cfg(test)]
mod tests;
