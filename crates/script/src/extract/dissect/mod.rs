//! `dissect`: strings described from start to end by delimiters and tokens (spec/extractors.md 3.7).
//!
//! The format is read once into parts ([`format`]). Matching walks them from left to right and never goes back.

mod format;

use std::ops::Range;

use smallvec::SmallVec;
use temblor_value::{Key, ObjectMap, Str, Value};

use self::format::{Name, Part, Token, Type};
use super::{Extract, ExtractError, text};

/// A compiled format.
pub(super) struct Dissect {
    parts: Vec<Part>,
    /// How many names `%{?name}` tokens remember texts under.
    slots: usize,
}

impl Dissect {
    /// Compiles the format.
    pub(super) fn compile(text: &str) -> Result<Self, ExtractError> {
        let (parts, slots) = format::read(text)?;
        Ok(Self { parts, slots })
    }

    /// Whether `text` matches; stores the fields in `record` if there is one.
    fn run(&self, text: &Str, record: Option<&mut ObjectMap>) -> bool {
        Run {
            text,
            at: 0,
            joint: " ",
            remembered: SmallVec::from_elem(None, self.slots),
            record,
        }
        .all(&self.parts)
        .is_some()
    }
}

impl Extract for Dissect {
    fn accepts(&self, target: &Value) -> bool {
        text(target).is_some_and(|text| self.run(text, None))
    }

    fn extract(&self, target: &Value, _ingest_ns: u64) -> Option<Value> {
        let mut record = ObjectMap::new();
        self.run(text(target)?, Some(&mut record)).then(|| Value::from(record))
    }
}

/// A walk over a string. Its steps give `None` where the string does not match.
struct Run<'a> {
    text: &'a Str,
    /// How much of the string is used up, in bytes.
    at: usize,
    /// What the next appended text is joined with.
    joint: &'a str,
    remembered: SmallVec<[Option<Range<usize>>; 4]>,
    record: Option<&'a mut ObjectMap>,
}

impl<'a> Run<'a> {
    fn all(mut self, parts: &'a [Part]) -> Option<()> {
        let mut left = parts;
        while let Some((part, after)) = left.split_first() {
            match part {
                Part::Delimiter(delimiter) => {
                    self.rest().strip_prefix(delimiter.as_str())?;
                    self.at += delimiter.len();
                }
                Part::Padding(padding) => {
                    while self.rest().starts_with(padding.as_str()) {
                        self.at += padding.len();
                    }
                    self.joint = padding;
                }
                Part::Token(token) => {
                    let end = self.at + taken(self.rest(), after)?;
                    let place = self.at..end;
                    self.at = end;
                    self.store(token, place)?;
                }
            }
            left = after;
        }
        self.rest().is_empty().then_some(())
    }

    fn rest(&self) -> &'a str {
        &self.text.as_str()[self.at..]
    }

    fn store(&mut self, token: &Token, place: Range<usize>) -> Option<()> {
        match token {
            Token::Skip => {}
            Token::Remember(slot) => *self.remembered.get_mut(*slot)? = Some(place),
            Token::Field(Name::Fixed(key), kind) => {
                let value = self.convert(*kind, place)?;
                if let Some(record) = &mut self.record {
                    record.insert_key(key, value);
                }
            }
            Token::Field(Name::Remembered(slot), kind) => {
                let key = self.remembered.get_mut((*slot)?)?.take()?;
                if key.is_empty() {
                    return None;
                }
                let value = self.convert(*kind, place)?;
                if let Some(record) = &mut self.record {
                    record.insert(self.text.slice(key), value);
                }
            }
            Token::Append(key) => self.append(key, place),
        }
        Some(())
    }

    fn append(&mut self, key: &Key, place: Range<usize>) {
        let Some(record) = &mut self.record else {
            return;
        };
        let joined = match record.get_key(key) {
            None => Some(self.text.slice(place)),
            Some(Value::Str(before)) => Some(Str::from([before, self.joint, &self.text[place]].concat())),
            Some(_) => None,
        };
        if let Some(joined) = joined {
            record.insert_key(key, Value::Str(joined));
        } else {
            record.remove(key.as_str());
        }
    }

    fn convert(&self, kind: Type, place: Range<usize>) -> Option<Value> {
        let text = &self.text.as_str()[place.clone()];
        match kind {
            Type::String if self.record.is_none() => Some(Value::Null),
            Type::String => Some(Value::Str(self.text.slice(place))),
            Type::Int => text.parse::<i64>().ok().map(Value::from),
            Type::Float => text.parse::<f64>().ok().map(Value::from),
        }
    }
}

/// How many bytes of `text` a token takes that is followed by the parts `after`.
fn taken(text: &str, after: &[Part]) -> Option<usize> {
    match after {
        [] => Some(text.len()),
        [Part::Delimiter(delimiter), ..] => text.find(delimiter.as_str()),
        [Part::Padding(padding), beyond @ ..] => text.find(padding.as_str()).or_else(|| match beyond {
            [] => Some(text.len()),
            [Part::Delimiter(delimiter), ..] => text.find(delimiter.as_str()),
            _ => None,
        }),
        [Part::Token(_), ..] => None,
    }
}

#[cfg(test)]
mod tests;
