//! A table over many literal cases of a `match`, with the equality of spec/script.md 2.4.
//!
//! Strings and integers are found by hash; what only compares by tolerance is kept in a list. The first case in the text wins, as if the
//! cases were tried one after the other.

use hashbrown::{HashMap, HashTable};
use temblor_value::{Str, Value};

/// Literal cases and the numbers of their clauses.
#[derive(Debug, Default)]
pub(crate) struct LiteralTable {
    texts: TextTable,
    integers: HashMap<i128, usize>,
    /// All numbers with their clauses, in order: for targets and cases that are floats.
    numbers: Vec<(Value, usize)>,
    has_floats: bool,
    /// Everything else.
    others: Vec<(Value, usize)>,
}

impl LiteralTable {
    /// Adds a case behind those there are.
    pub(crate) fn push(&mut self, value: &Value, clause: usize) {
        match value {
            Value::Str(text) => {
                self.texts.push(text, clause);
            }
            Value::I64(_) | Value::U64(_) => {
                if let Some(number) = integer(value) {
                    self.integers.entry(number).or_insert(clause);
                }
                self.numbers.push((value.clone(), clause));
            }
            Value::F64(_) => {
                self.has_floats = true;
                self.numbers.push((value.clone(), clause));
            }
            other => self.others.push((other.clone(), clause)),
        }
    }

    /// The first clause whose literal equals `target`.
    #[inline]
    pub(crate) fn find(&self, target: &Value) -> Option<usize> {
        match target {
            Value::Str(text) if self.others.is_empty() => self.texts.find(text),
            _ => self.find_any(target),
        }
    }

    fn find_any(&self, target: &Value) -> Option<usize> {
        match target {
            Value::Str(text) => first(self.texts.find(text), scan(&self.others, target)),
            Value::I64(_) | Value::U64(_) if !self.has_floats => self.integers.get(&integer(target)?).copied(),
            Value::I64(_) | Value::U64(_) | Value::F64(_) => scan(&self.numbers, target),
            Value::Bytes(bytes) => {
                let by_text = std::str::from_utf8(bytes)
                    .ok()
                    .and_then(|text| self.texts.find(&Str::from(text)));
                first(by_text, scan(&self.others, target))
            }
            _ => scan(&self.others, target),
        }
    }
}

/// Texts and the numbers of their clauses.
#[derive(Debug, Default)]
struct TextTable(HashTable<(Str, usize)>);

impl TextTable {
    /// Adds a text, unless it is there.
    fn push(&mut self, text: &Str, clause: usize) {
        if self.find(text).is_none() {
            self.0
                .insert_unique(text.quick_hash(), (text.clone(), clause), |(text, _)| text.quick_hash());
        }
    }

    #[inline]
    fn find(&self, text: &Str) -> Option<usize> {
        let found = self.0.find(text.quick_hash(), |(own, _)| own == text);
        found.map(|(_, clause)| *clause)
    }
}

fn integer(value: &Value) -> Option<i128> {
    match value {
        Value::I64(number) => Some(i128::from(*number)),
        Value::U64(number) => Some(i128::from(*number)),
        _ => None,
    }
}

fn scan(cases: &[(Value, usize)], target: &Value) -> Option<usize> {
    cases.iter().find(|(value, _)| value == target).map(|(_, clause)| *clause)
}

fn first(one: Option<usize>, other: Option<usize>) -> Option<usize> {
    match (one, other) {
        (Some(one), Some(other)) => Some(one.min(other)),
        (one, other) => one.or(other),
    }
}

#[cfg(test)]
mod tests {
    use temblor_value::Blob;

    use super::*;

    fn table(cases: &[Value]) -> LiteralTable {
        let mut table = LiteralTable::default();
        for (clause, value) in cases.iter().enumerate() {
            table.push(value, clause);
        }
        table
    }

    #[test]
    fn the_first_equal_case_wins() {
        let table = table(&[
            Value::from("a"),
            Value::from(1.0),
            Value::from(1i64),
            Value::from("a"),
            Value::Null,
        ]);
        assert_eq!(table.find(&Value::from("a")), Some(0));
        assert_eq!(table.find(&Value::from(1i64)), Some(1));
        assert_eq!(table.find(&Value::Null), Some(4));
        assert_eq!(table.find(&Value::from(2i64)), None);
    }

    #[test]
    fn floats_find_integers_and_bytes_find_strings() {
        let table = table(&[Value::from("ab"), Value::from(7i64)]);
        assert_eq!(table.find(&Value::from(7.0)), Some(1));
        assert_eq!(table.find(&Value::Bytes(Blob::from(b"ab".to_vec()))), Some(0));
    }
}
