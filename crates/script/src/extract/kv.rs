//! `kv`: strings of keys and values (spec/extractors.md 3.6).

use std::ops::Range;

use temblor_value::{ObjectMap, Value};

use super::escape::unescape;
use super::{Extract, ExtractError, bad, text};

const KEY: &str = "%{key}";
const VAL: &str = "%{val}";

/// A compiled format.
pub(super) struct KeyValue {
    fields: Separators,
    keys: Separators,
}

impl KeyValue {
    /// Compiles the format.
    pub(super) fn compile(format: &str) -> Result<Self, ExtractError> {
        let (mut keys, mut fields) = (Vec::new(), Vec::new());
        let mut rest = format;
        while let Some((before, after)) = rest.split_once(KEY) {
            declare(&mut fields, before)?;
            let Some((separator, after)) = after.split_once(VAL) else {
                let place = format.chars().count() - rest.chars().count() + before.chars().count();
                return Err(bad(format!("invalid pattern at character {place}")));
            };
            declare(&mut keys, separator)?;
            rest = after;
        }
        declare(&mut fields, rest)?;
        if keys.is_empty() {
            keys.push(":".to_owned());
        }
        if fields.is_empty() {
            fields.push(" ".to_owned());
        }
        refuse_nested(&fields, &keys)?;
        Ok(Self {
            fields: Separators::new(fields),
            keys: Separators::new(keys),
        })
    }

    /// The keys and values of `text`, as places in it.
    fn entries(&self, text: &str) -> impl Iterator<Item = (Range<usize>, Range<usize>)> {
        self.fields.split(text, 0..text.len()).filter_map(move |field| {
            let mut parts = self.keys.split(text, field);
            match (parts.next(), parts.next(), parts.next()) {
                (Some(key), Some(value), None) => Some((key, value)),
                _ => None,
            }
        })
    }
}

impl Extract for KeyValue {
    fn accepts(&self, target: &Value) -> bool {
        text(target).is_some_and(|text| self.entries(text).next().is_some())
    }

    fn extract(&self, target: &Value, _ingest_ns: u64) -> Option<Value> {
        let text = text(target)?;
        let mut record = ObjectMap::new();
        for (key, value) in self.entries(text) {
            record.insert(text.slice(key), Value::Str(text.slice(value)));
        }
        (!record.is_empty()).then(|| Value::from(record))
    }
}

/// Adds the separator written as `text`; nothing written declares nothing.
fn declare(separators: &mut Vec<String>, text: &str) -> Result<(), ExtractError> {
    let separator = unescape(text)?;
    if !separator.is_empty() {
        separators.push(separator);
    }
    Ok(())
}

/// Refuses separators of which one occurs in another, since neither could be told from the other.
fn refuse_nested(fields: &[String], keys: &[String]) -> Result<(), ExtractError> {
    let all = || fields.iter().chain(keys).enumerate();
    for (place, inner) in all() {
        for (other, outer) in all() {
            if place != other && outer.contains(inner.as_str()) {
                return Err(bad(format!("separator '{inner}' occurs in separator '{outer}'")));
            }
        }
    }
    Ok(())
}

/// The separators of one kind; none is empty.
struct Separators {
    texts: Vec<String>,
    /// Which bytes a separator begins with, by value.
    starts: [bool; 256],
}

impl Separators {
    fn new(texts: Vec<String>) -> Self {
        let mut starts = [false; 256];
        for first in texts.iter().filter_map(|text| text.bytes().next()) {
            starts[usize::from(first)] = true;
        }
        Self { texts, starts }
    }

    /// The parts of `text[within]` between the separators, as places in `text`.
    fn split(&self, text: &str, within: Range<usize>) -> impl Iterator<Item = Range<usize>> {
        let mut rest = Some(within.start);
        let end = within.end;
        std::iter::from_fn(move || {
            let from = rest?;
            let found = self.find(&text.as_bytes()[from..end]);
            rest = found.as_ref().map(|separator| from + separator.end);
            Some(from..found.map_or(end, |separator| from + separator.start))
        })
    }

    /// Place of the first separator in `text`.
    fn find(&self, text: &[u8]) -> Option<Range<usize>> {
        let candidates = text.iter().enumerate().filter(|&(_, &byte)| self.starts[usize::from(byte)]);
        for (at, _) in candidates {
            let here = &text[at..];
            if let Some(found) = self.texts.iter().find(|own| here.starts_with(own.as_bytes())) {
                return Some(at..at + found.len());
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use temblor_value::json;

    use super::*;

    fn extracted(format: &str, text: &str) -> Option<String> {
        let extractor = KeyValue::compile(format).unwrap();
        let target = Value::from(text);
        let extracted = extractor.extract(&target, 0);
        assert_eq!(extractor.accepts(&target), extracted.is_some());
        extracted.map(|value| json::to_string(&value))
    }

    #[test]
    fn separators_come_from_the_format() {
        for (format, text, record) in [
            ("", "a:1 b:2", r#"{"a":"1","b":"2"}"#),
            ("&", "a:1&b:2 3", r#"{"a":"1","b":"2 3"}"#),
            ("%{key}=%{val}", "a=1 b=x:y", r#"{"a":"1","b":"x:y"}"#),
            ("%{key}=%{val}&", "q=big pump&n=1", r#"{"q":"big pump","n":"1"}"#),
            ("%{key}=%{val} %{key}:%{val};", "a=1 b:2;c=3", r#"{"a":"1","b":"2","c":"3"}"#),
            ("%{key}%{val},", "a:1,b:2", r#"{"a":"1","b":"2"}"#),
            ("%{key}->%{val}, ", "a->1, b->2,3", r#"{"a":"1","b":"2,3"}"#),
            (r"%{key}\\%{val}\t", "a\\1\tb\\2", r#"{"a":"1","b":"2"}"#),
            (r"\n%{key}=%{val}\r", "a=1\nb=2\rc=3", r#"{"a":"1","b":"2","c":"3"}"#),
            ("%{val}", "a:1%{val}b:2", r#"{"a":"1","b":"2"}"#),
            ("%{key}→%{val}—", "ä→ö—ü→ß", r#"{"ä":"ö","ü":"ß"}"#),
        ] {
            assert_eq!(extracted(format, text).as_deref(), Some(record), "{format}");
        }
    }

    #[test]
    fn fields_of_exactly_two_parts_are_entries() {
        assert_eq!(
            extracted("", "a:1 lonely b:2 t:10:20").as_deref(),
            Some(r#"{"a":"1","b":"2"}"#)
        );
        assert_eq!(extracted("", "a: :b").as_deref(), Some(r#"{"a":"","":"b"}"#));
        assert_eq!(extracted("", "a:1  a:2 ").as_deref(), Some(r#"{"a":"2"}"#));
        for text in ["hello world", "", "10:20:30"] {
            assert_eq!(extracted("", text), None, "{text}");
        }
    }

    #[test]
    fn bad_formats_are_refused() {
        for format in [
            "%{key}=",
            "%{key}=%{val}%{key}",
            r"%{key}=%{val}\x",
            r"a\",
            ":",
            "%{key}:%{val}:",
            "%{key}=%{val} %{key}==%{val}",
            "%{key} %{val}",
        ] {
            assert!(KeyValue::compile(format).is_err(), "{format}");
        }
        assert_eq!(
            KeyValue::compile("ä%{key}=").err().map(|error| error.to_string()).as_deref(),
            Some("invalid pattern at character 1")
        );
    }
}
