//! What an output must hold: `assert.yaml` and `expects` (spec/runtime.md 7.7.3).

use std::path::Path;
use std::time::Duration;

use temblor_value::Value;

use super::files::{list, read_text, text, texts};
use super::process::Finished;
use super::report::{Element, Keyword, Stats};

/// An expected exit status and what the outputs must hold.
pub(super) struct Expected {
    status: i64,
    asserts: Vec<Assert>,
}

struct Assert {
    source: String,
    contains: Vec<String>,
    doesnt_contain: Vec<String>,
    equals_file: Option<String>,
}

impl Expected {
    /// Reads the fields `status` and `key` (the list of asserts) of a record.
    pub(super) fn read(record: &Value, key: &str, what: &str) -> Result<Self, String> {
        let status = record.get("status").and_then(Value::as_i64);
        Ok(Self {
            status: status.ok_or_else(|| format!("{what}: `status` must be an integer"))?,
            asserts: list(record, key, what)?
                .iter()
                .map(|assert| Assert::read(assert, what))
                .collect::<Result<_, _>>()?,
        })
    }

    /// The predicates, with counts of assertions and of asserts without any.
    pub(super) fn check(&self, finished: &Finished, folder: &Path) -> Result<(Vec<Element>, Stats), String> {
        let mut stats = Stats::default();
        let status = finished
            .status
            .map_or_else(|| "ended by a signal".to_owned(), |status| status.to_string());
        let mut elements = vec![predicate(
            format!("status is {}", self.status),
            finished.status.map(i64::from) == Some(self.status),
            || format!("it is {status}"),
        )];
        for assert in &self.asserts {
            let found = assert.check(finished, folder)?;
            stats.skip += u64::from(found.is_empty());
            elements.extend(found);
        }
        stats.asserts = elements.len() as u64;
        Ok((elements, stats))
    }
}

impl Assert {
    fn read(record: &Value, what: &str) -> Result<Self, String> {
        Ok(Self {
            source: text(record, "source", what)?.to_owned(),
            contains: texts(record, "contains", what)?,
            doesnt_contain: texts(record, "doesnt_contain", what)?,
            equals_file: match record.get("equals_file") {
                None | Some(Value::Null) => None,
                Some(_) => Some(text(record, "equals_file", what)?.to_owned()),
            },
        })
    }

    fn check(&self, finished: &Finished, folder: &Path) -> Result<Vec<Element>, String> {
        let source = &self.source;
        let content = self.content(finished, folder)?;
        let has = |text: &str| content.lines().any(|line| line.contains(text));
        let mut elements = Vec::new();
        for text in self.contains.iter().map(|text| text.trim()) {
            elements.push(predicate(format!("{source} contains {text:?}"), has(text), || {
                "no line does".to_owned()
            }));
        }
        for text in self.doesnt_contain.iter().map(|text| text.trim()) {
            elements.push(predicate(format!("{source} does not contain {text:?}"), !has(text), || {
                "a line does".to_owned()
            }));
        }
        if let Some(file) = &self.equals_file {
            let expected = read_text(&folder.join(file))?;
            elements.push(predicate(format!("{source} equals {file}"), content == expected, || {
                difference(&expected, &content)
            }));
        }
        Ok(elements)
    }

    fn content(&self, finished: &Finished, folder: &Path) -> Result<String, String> {
        if self.source.eq_ignore_ascii_case("stdout") {
            return Ok(finished.stdout.clone());
        }
        if self.source.eq_ignore_ascii_case("stderr") {
            return Ok(finished.stderr.clone());
        }
        let written = read_text(&folder.join(&self.source));
        // Files of older tests may have been named in any case.
        written.or_else(|error| read_text(&folder.join(self.source.to_lowercase())).map_err(|_| error))
    }
}

fn predicate(description: String, passed: bool, info: impl FnOnce() -> String) -> Element {
    Element {
        keyword: Keyword::Predicate,
        description,
        passed,
        info: (!passed).then(info),
        duration: Duration::ZERO,
    }
}

/// The first line that differs.
fn difference(expected: &str, got: &str) -> String {
    let (mut wanted, mut found) = (expected.split('\n'), got.split('\n'));
    for number in 1_u64.. {
        match (wanted.next(), found.next()) {
            (None, None) => break,
            (one, other) if one == other => {}
            (one, other) => {
                let line = |line: Option<&str>| line.map_or_else(|| "nothing".to_owned(), |line| format!("{line:?}"));
                return format!("line {number}: expected {}, got {}", line(one), line(other));
            }
        }
    }
    String::new()
}
