//! Header records: lower-case name to array of texts (spec/artefacts.md 3.3).
//!
//! The record of a received message makes a field's value when somebody looks at it. What nobody has replaced is found in the received head
//! again, and leaves from there without having been a value.

use std::collections::HashSet;
use std::sync::{Arc, OnceLock};

use bytes::Bytes;
use temblor_value::{Deferred, ObjectMap, Str, Value};

use crate::message::{Field, Headers, Name, Names, has_option};

/// Longest text that a value holds itself.
const INLINE: usize = 22;

/// Names that are compared with each other; more of them are hashed.
const FEW: usize = 32;

/// The fields of a received message, as a header record has them.
pub(crate) struct Received {
    headers: Headers,
    /// By entry of the record the place of its first field; empty where every field is an entry of its own.
    firsts: Vec<usize>,
    /// The head's buffer, for the texts that share it; made for the first of them.
    shared: OnceLock<Arc<Bytes>>,
}

/// The header record of a received message, names in order of arrival.
pub(crate) fn record(headers: Headers) -> Value {
    let received = Arc::new(Received {
        firsts: firsts(&headers),
        headers,
        shared: OnceLock::new(),
    });
    let source = Arc::clone(&received) as Arc<dyn Deferred>;
    let fields = received.headers.iter();
    let record = if received.firsts.is_empty() {
        ObjectMap::deferred(fields.map(name), source)
    } else {
        let firsts = fields.enumerate().filter(|(at, _)| received.firsts.binary_search(at).is_ok());
        ObjectMap::deferred(firsts.map(|(_, field)| name(field)), source)
    };
    Value::from(record)
}

/// The places of the first field of every name, if a name comes more than once.
fn firsts(headers: &Headers) -> Vec<usize> {
    let mut known = Names::default();
    let is_repeated = |(at, field): (usize, Field<'_>)| match field.known() {
        Some(name) => !known.add(name),
        None => headers.iter().take(at).any(|earlier| earlier.has_name_of(field)),
    };
    if headers.len() <= FEW && !headers.iter().enumerate().any(is_repeated) {
        return Vec::new();
    }
    let mut seen = HashSet::with_capacity(headers.len());
    let fields = headers.iter().enumerate();
    let firsts: Vec<_> = fields
        .filter(|(_, field)| seen.insert(field.name()))
        .map(|(at, _)| at)
        .collect();
    if firsts.len() == headers.len() { Vec::new() } else { firsts }
}

impl Received {
    /// The fields of one entry.
    fn fields(&self, place: usize) -> Fields<'_> {
        let first = self.firsts.get(place).copied().unwrap_or(place);
        let end = if self.firsts.is_empty() {
            first + 1
        } else {
            self.headers.len()
        };
        Fields {
            headers: &self.headers,
            name: self.headers.field(first),
            next: first,
            end,
        }
    }

    /// Long values share the head's buffer; bytes that are not UTF-8 are replaced (spec/proxy.md 2.1).
    fn text(&self, field: Field<'_>) -> Str {
        let value = field.value();
        if value.len() <= INLINE {
            return Str::from_utf8(value).unwrap_or_else(|| Str::from(field.text().into_owned()));
        }
        let buffer = self.headers.buffer();
        let start = value.as_ptr() as usize - buffer.as_ptr() as usize;
        let shared = self.shared.get_or_init(|| Arc::new(buffer.clone()));
        Str::from_buffer(shared, start..start + value.len()).unwrap_or_else(|_| Str::from(field.text().into_owned()))
    }
}

fn name(field: Field<'_>) -> Str {
    match field.known() {
        Some(known) => Str::from_static(known.as_str()),
        None => Str::new(field.name()),
    }
}

/// Received fields of one name.
#[derive(Clone)]
pub(crate) struct Fields<'a> {
    headers: &'a Headers,
    name: Option<Field<'a>>,
    next: usize,
    end: usize,
}

impl<'a> Iterator for Fields<'a> {
    type Item = Field<'a>;

    fn next(&mut self) -> Option<Field<'a>> {
        while self.next < self.end {
            let field = self.headers.field(self.next)?;
            self.next += 1;
            if field.has_name_of(self.name?) {
                return Some(field);
            }
        }
        None
    }
}

impl Deferred for Received {
    fn count(&self) -> usize {
        if self.firsts.is_empty() {
            self.headers.len()
        } else {
            self.firsts.len()
        }
    }

    fn value(&self, place: usize) -> Value {
        let mut texts = self.fields(place).map(|field| Value::Str(self.text(field)));
        match (texts.next(), texts.next()) {
            (None, _) => Value::Null,
            (Some(only), None) => Value::from([only]),
            (Some(first), Some(second)) => [first, second].into_iter().chain(texts).collect(),
        }
    }
}

/// A header record, as those read it who send it.
#[derive(Clone, Copy)]
pub(crate) struct HeaderRecord<'a> {
    record: Option<&'a ObjectMap>,
    /// What the record was made from.
    received: Option<&'a Received>,
    /// The received fields, if the record begins with all of them as they came: none was replaced, and no name came twice.
    untouched: Option<&'a Headers>,
}

/// One name of a header record.
#[derive(Clone, Copy)]
pub(crate) struct Entry<'a> {
    /// The name as it stands there.
    pub(crate) name: &'a str,
    place: usize,
    of: HeaderRecord<'a>,
}

impl<'a> HeaderRecord<'a> {
    /// What a value has for header fields; what is no record has none.
    pub(crate) fn of(value: Option<&'a Value>) -> Self {
        let record = value.and_then(Value::as_object);
        let untouched: Option<&Received> = record.and_then(ObjectMap::untouched_source);
        Self {
            record,
            received: record.and_then(ObjectMap::source),
            untouched: untouched
                .filter(|received| received.firsts.is_empty())
                .map(|received| &received.headers),
        }
    }

    /// The received fields, if the record begins with all of them as they came.
    pub(crate) fn untouched(self) -> Option<&'a Headers> {
        self.untouched
    }

    /// The entries in order, from that place on.
    pub(crate) fn entries_from(self, first: usize) -> impl Iterator<Item = Entry<'a>> {
        let record = self.record.into_iter();
        record.flat_map(move |record| {
            let names = record.keys().enumerate().skip(first);
            names.map(move |(place, name)| Entry { name, place, of: self })
        })
    }

    /// First text under a name, in any case that the record has it; the name in lower case goes first.
    pub(crate) fn first(self, name: Name) -> Option<&'a str> {
        let untouched = self.untouched;
        if let Some(value) = untouched.and_then(|received| received.get(name))
            && let Ok(text) = std::str::from_utf8(value)
        {
            return Some(text);
        }
        let mut found = None;
        // What is no text is looked for among all entries: its value is.
        for entry in self.entries_from(untouched.filter(|received| !received.contains(name)).map_or(0, Headers::len)) {
            if entry.name == name.as_str() {
                found = Some(entry);
                break;
            }
            if found.is_none() && entry.name.eq_ignore_ascii_case(name.as_str()) {
                found = Some(entry);
            }
        }
        found?.first()
    }

    /// Whether there is a text under a name, in any case that the record has it.
    pub(crate) fn has(self, name: &str) -> bool {
        let mut entries = self.entries_from(0).filter(|entry| entry.name.eq_ignore_ascii_case(name));
        entries.any(|entry| entry.first().is_some())
    }

    /// Whether a list of options under a name has one (lower case), in any case.
    pub(crate) fn names_option(self, name: Name, option: &str) -> bool {
        let has = |text: &[u8]| has_option(text, option.as_bytes());
        let untouched = self.untouched;
        if untouched.is_some_and(|received| received.get_all(name).any(has)) {
            return true;
        }
        let entries = self.entries_from(untouched.map_or(0, Headers::len));
        let mut entries = entries.filter(|entry| entry.name.eq_ignore_ascii_case(name.as_str()));
        entries.any(|entry| match entry.received() {
            Some(mut fields) => fields.any(|field| has(field.value())),
            None => match entry.value() {
                Value::Str(text) => has(text.as_bytes()),
                Value::Array(values) => values.iter().filter_map(Value::as_str).any(|text| has(text.as_bytes())),
                _ => false,
            },
        })
    }
}

impl<'a> Entry<'a> {
    /// The received fields of that name, if it has no other values by now.
    pub(crate) fn received(self) -> Option<Fields<'a>> {
        let is_of_source = self.of.record.is_some_and(|record| record.is_of_source(self.place));
        let received = self.of.received.filter(|_| is_of_source)?;
        Some(received.fields(self.place))
    }

    fn first(self) -> Option<&'a str> {
        let received = self.received().and_then(|mut fields| fields.next());
        if let Some(Ok(text)) = received.map(|field| std::str::from_utf8(field.value())) {
            return Some(text);
        }
        match self.value() {
            Value::Str(text) => Some(text.as_str()),
            Value::Array(values) => values.iter().find_map(Value::as_str),
            _ => None,
        }
    }

    /// Its value.
    pub(crate) fn value(self) -> &'a Value {
        let entry = self.of.record.and_then(|record| record.get_index(self.place));
        entry.map_or(&Value::Null, |(_, value)| value)
    }
}

#[cfg(test)]
mod tests;
