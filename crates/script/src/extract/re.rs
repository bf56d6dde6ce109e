//! `re` and `rerg`: regular expressions and their named groups (spec/extractors.md 3.3, 3.4).
//!
//! The engine is linear in the target. Names of groups are hashed at load.

use regex::{Captures, Regex, RegexBuilder};
use temblor_value::{Key, ObjectMap, Str, Value};

use super::{Extract, ExtractError, bad, text};
use crate::limits::Limits;

/// Largest size of a compiled expression in bytes.
const COMPILED_BYTES: usize = 10 * 1024 * 1024;

/// An expression with its named groups, in the order of their numbers.
struct Expression {
    regex: Regex,
    groups: Vec<(usize, Key)>,
}

impl Expression {
    fn compile(format: &str) -> Result<Self, ExtractError> {
        let regex = RegexBuilder::new(format)
            .size_limit(COMPILED_BYTES)
            .build()
            .map_err(|error| bad(error.to_string()))?;
        let groups = regex
            .capture_names()
            .enumerate()
            .filter_map(|(number, name)| Some((number, Key::new(name?))))
            .collect();
        Ok(Self { regex, groups })
    }
}

/// The part of `text` that group `number` took, without a copy where it is long.
fn taken(text: &Str, captures: &Captures<'_>, number: usize) -> Option<Value> {
    captures.get(number).map(|group| Value::Str(text.slice(group.range())))
}

/// `re`: the named groups of the first match.
pub(super) struct First(Expression);

impl First {
    /// Compiles the expression.
    pub(super) fn compile(format: &str) -> Result<Self, ExtractError> {
        Expression::compile(format).map(Self)
    }
}

impl Extract for First {
    fn accepts(&self, target: &Value) -> bool {
        text(target).is_some_and(|text| self.0.regex.is_match(text))
    }

    fn extract(&self, target: &Value, _ingest_ns: u64) -> Option<Value> {
        let text = text(target)?;
        if self.0.groups.is_empty() {
            return self.0.regex.is_match(text).then(Value::object);
        }
        let captures = self.0.regex.captures(text)?;
        let mut record = ObjectMap::with_capacity(self.0.groups.len());
        for (number, name) in &self.0.groups {
            if let Some(value) = taken(text, &captures, *number) {
                record.insert_key(name, value);
            }
        }
        Some(Value::from(record))
    }
}

/// `rerg`: the named groups of all matches. Bound, it always accepts strings.
pub(super) struct All {
    expression: Expression,
    most_elements: usize,
}

impl All {
    /// Compiles the expression.
    pub(super) fn compile(format: &str, limits: &Limits) -> Result<Self, ExtractError> {
        Ok(Self {
            expression: Expression::compile(format)?,
            most_elements: if limits.value_elements == 0 {
                usize::MAX
            } else {
                limits.value_elements
            },
        })
    }
}

impl Extract for All {
    fn accepts(&self, target: &Value) -> bool {
        text(target).is_some_and(|text| self.expression.regex.is_match(text))
    }

    fn extract(&self, target: &Value, _ingest_ns: u64) -> Option<Value> {
        let text = text(target)?;
        let groups = &self.expression.groups;
        let mut record = ObjectMap::new();
        if groups.is_empty() {
            return Some(Value::from(record));
        }
        let mut columns = vec![Vec::new(); groups.len()];
        for (row, captures) in self.expression.regex.captures_iter(text).enumerate() {
            if row >= self.most_elements {
                return None;
            }
            for ((number, _), column) in groups.iter().zip(&mut columns) {
                column.extend(taken(text, &captures, *number));
            }
        }
        for ((_, name), column) in groups.iter().zip(columns) {
            if !column.is_empty() {
                record.insert_key(name, Value::from(column));
            }
        }
        Some(Value::from(record))
    }
}

#[cfg(test)]
mod tests {
    use temblor_value::json;

    use super::*;

    fn first(format: &str, text: &str) -> Option<String> {
        let extractor = First::compile(format).unwrap();
        let target = Value::from(text);
        let extracted = extractor.extract(&target, 0);
        assert_eq!(extractor.accepts(&target), extracted.is_some());
        extracted.map(|value| json::to_string(&value))
    }

    fn all(format: &str, text: &str) -> Option<String> {
        let extractor = All::compile(format, &Limits::default()).unwrap();
        extractor.extract(&Value::from(text), 0).map(|value| json::to_string(&value))
    }

    #[test]
    fn named_groups_of_the_first_match_are_bound() {
        assert_eq!(first("(?P<d>[0-9])", "a1b2").as_deref(), Some(r#"{"d":"1"}"#));
        assert_eq!(first("(a)(?P<b>b)(?<c>c)", "xabc").as_deref(), Some(r#"{"b":"b","c":"c"}"#));
        assert_eq!(first("^(?P<n>[0-9]*)x$", "x").as_deref(), Some(r#"{"n":""}"#));
        assert_eq!(first("(?P<n>[0-9]+)(?P<u>[a-z])?", "12").as_deref(), Some(r#"{"n":"12"}"#));
        assert_eq!(first("ab+", "xabb").as_deref(), Some("{}"));
        assert_eq!(first("", "").as_deref(), Some("{}"));
        assert_eq!(first("^b", "ab"), None);
    }

    #[test]
    fn long_groups_are_whole() {
        let long = "x".repeat(100);
        assert_eq!(
            first("=(?P<v>.*)", &format!("k={long}")),
            Some(format!(r#"{{"v":"{long}"}}"#))
        );
    }

    #[test]
    fn all_matches_are_collected_by_name() {
        assert_eq!(
            all("(?P<k>[a-z]+)=(?P<v>[0-9]+)", "a=1 bb=22").as_deref(),
            Some(r#"{"k":["a","bb"],"v":["1","22"]}"#)
        );
        assert_eq!(
            all("(?P<n>[0-9]+)(?P<u>[a-z])?", "1a 2").as_deref(),
            Some(r#"{"n":["1","2"],"u":["a"]}"#)
        );
        assert_eq!(all("(?P<n>[0-9]+)(?P<u>[a-z])?", "1").as_deref(), Some(r#"{"n":["1"]}"#));
    }

    #[test]
    fn all_always_accepts_strings_when_bound() {
        assert_eq!(all("(?P<d>[0-9])", "none").as_deref(), Some("{}"));
        let extractor = All::compile("[0-9]", &Limits::default()).unwrap();
        assert!(!extractor.accepts(&Value::from("a")));
        assert!(extractor.accepts(&Value::from("a1")));
        assert_eq!(extractor.extract(&Value::from(1), 0), None);
    }

    #[test]
    fn bad_and_too_large_expressions_are_refused() {
        for format in ["a(b", "a(?=b)", "(?P<a>x)(?P<a>y)", r"(a)\1", "*", r"(\w{100}){100}{100}"] {
            assert!(First::compile(format).is_err(), "{format}");
            assert!(All::compile(format, &Limits::default()).is_err(), "{format}");
        }
    }

    #[test]
    fn too_many_matches_bind_nothing() {
        let limits = Limits {
            value_elements: 2,
            ..Limits::default()
        };
        let extractor = All::compile("(?P<d>[0-9])", &limits).unwrap();
        assert!(extractor.extract(&Value::from("12"), 0).is_some());
        assert_eq!(extractor.extract(&Value::from("123"), 0), None);
    }
}
