//! Results of tests, as lines for people and as the report file (spec/runtime.md 7.7.7).

use std::iter::Sum;
use std::ops::AddAssign;
use std::path::Path;
use std::time::Duration;

use temblor_value::{ObjectMap, Str, Value, json};

use super::Kind;
use super::tags::Selection;
use crate::name::VERSION;
use crate::output::print;

/// Counts of results.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Stats {
    pub(super) pass: u64,
    pub(super) fail: u64,
    pub(super) skip: u64,
    /// Assertions that were looked at.
    pub(super) asserts: u64,
}

impl Stats {
    /// Counts a test.
    pub(super) fn count(&mut self, passed: bool) {
        if passed {
            self.pass += 1;
        } else {
            self.fail += 1;
        }
    }

    /// Tests that were found.
    pub(super) fn tests(self) -> u64 {
        self.pass + self.fail + self.skip
    }
}

impl AddAssign for Stats {
    fn add_assign(&mut self, other: Self) {
        self.pass += other.pass;
        self.fail += other.fail;
        self.skip += other.skip;
        self.asserts += other.asserts;
    }
}

impl Sum for Stats {
    fn sum<I: Iterator<Item = Self>>(all: I) -> Self {
        all.fold(Self::default(), |mut sum, stats| {
            sum += stats;
            sum
        })
    }
}

/// What an element of a suite is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Keyword {
    /// A test.
    Test,
    /// One of a test's assertions.
    Predicate,
}

/// A result.
#[derive(Debug)]
pub(super) struct Element {
    pub(super) keyword: Keyword,
    pub(super) description: String,
    pub(super) passed: bool,
    /// What is known about a failure.
    pub(super) info: Option<String>,
    pub(super) duration: Duration,
}

/// The results of a suite.
#[derive(Debug, Default)]
pub(super) struct Suite {
    pub(super) name: String,
    pub(super) description: String,
    pub(super) elements: Vec<Element>,
    /// Outputs by name, where something failed.
    pub(super) evidence: Vec<(String, String)>,
    pub(super) stats: Stats,
    pub(super) duration: Duration,
}

/// The results of one file of tests, or of one folder.
#[derive(Debug)]
pub(super) struct Report {
    pub(super) description: String,
    pub(super) suites: Vec<Suite>,
    pub(super) stats: Stats,
    pub(super) duration: Duration,
}

impl Report {
    pub(super) fn new(description: String, suites: Vec<Suite>, duration: Duration) -> Self {
        Self {
            stats: suites.iter().map(|suite| suite.stats).sum(),
            description,
            suites,
            duration,
        }
    }
}

fn record<const N: usize>(fields: [(&'static str, Value); N]) -> Value {
    fields
        .into_iter()
        .map(|(key, value)| (Str::from_static(key), value))
        .collect()
}

fn nanoseconds(duration: Duration) -> Value {
    Value::from(duration.as_nanos() as u64)
}

fn stats(stats: Stats) -> Value {
    record([
        ("pass", Value::from(stats.pass)),
        ("fail", Value::from(stats.fail)),
        ("skip", Value::from(stats.skip)),
        ("assert", Value::from(stats.asserts)),
    ])
}

fn element(element: &Element) -> Value {
    let keyword = match element.keyword {
        Keyword::Test => "Test",
        Keyword::Predicate => "Predicate",
    };
    let status = if element.passed { "Passed" } else { "Failed" };
    record([
        ("description", Value::from(element.description.as_str())),
        ("keyword", Value::from(keyword)),
        (
            "result",
            record([("status", Value::from(status)), ("duration", nanoseconds(element.duration))]),
        ),
        ("info", Value::from(element.info.as_deref())),
        ("hidden", Value::from(false)),
    ])
}

fn suite(suite: &Suite) -> Value {
    let evidence = suite
        .evidence
        .iter()
        .map(|(label, content)| (Str::new(label), Value::from(content.as_str())));
    record([
        ("name", Value::from(suite.name.as_str())),
        ("description", Value::from(suite.description.as_str())),
        ("elements", suite.elements.iter().map(element).collect()),
        (
            "evidence",
            if suite.evidence.is_empty() {
                Value::Null
            } else {
                evidence.collect()
            },
        ),
        ("stats", stats(suite.stats)),
        ("duration", nanoseconds(suite.duration)),
    ])
}

fn report(report: &Report) -> Value {
    let mut suites = ObjectMap::new();
    for one in &report.suites {
        // Two suites of one name are both kept.
        let names = std::iter::once(one.name.clone()).chain((2_u64..).map(|number| format!("{} ({number})", one.name)));
        if let Some(name) = { names }.find(|name| !suites.contains_key(name)) {
            suites.insert(name, suite(one));
        }
    }
    record([
        ("description", Value::from(report.description.as_str())),
        ("elements", Value::from(suites)),
        ("stats", stats(report.stats)),
        ("duration", nanoseconds(report.duration)),
    ])
}

/// The report file.
pub(super) fn json(selection: &Selection, done: &[(Kind, Vec<Report>)]) -> String {
    let metadata = record([
        ("name", Value::from("temblor")),
        ("version", Value::from(VERSION)),
        ("authors", Value::from("the Temblor authors")),
        ("description", Value::from(env!("CARGO_PKG_DESCRIPTION"))),
        ("homepage", Value::from(env!("CARGO_PKG_HOMEPAGE"))),
        ("repository", Value::from(env!("CARGO_PKG_REPOSITORY"))),
        ("allocator", Value::from("mimalloc")),
        ("librdkafka", Value::from("")),
    ]);
    let tags = |tags: &[String]| -> Value { tags.iter().map(|tag| Value::from(tag.as_str())).collect() };
    let of_kind = |kind: Kind| {
        done.iter()
            .filter(move |(other, _)| *other == kind)
            .flat_map(|(_, reports)| reports)
    };
    let total = |reports: &mut dyn Iterator<Item = &Report>| stats(reports.map(|report| report.stats).sum());
    let reports = done
        .iter()
        .map(|(kind, reports)| (Str::from_static(kind.name()), reports.iter().map(report).collect()));
    let all = (
        Str::from_static("all"),
        total(&mut done.iter().flat_map(|(_, reports)| reports)),
    );
    let kinds = Kind::ALL.map(|kind| (Str::from_static(kind.name()), total(&mut of_kind(kind))));
    let json = record([
        ("metadata", metadata),
        ("includes", tags(&selection.includes)),
        ("excludes", tags(&selection.excludes)),
        ("reports", reports.collect()),
        ("stats", std::iter::once(all).chain(kinds).collect()),
    ]);
    json::to_string_pretty(&json) + "\n"
}

/// Progress on standard output.
pub(super) struct Log {
    is_quiet: bool,
}

impl Log {
    pub(super) fn new(is_quiet: bool) -> Self {
        Self { is_quiet }
    }

    pub(super) fn is_quiet(&self) -> bool {
        self.is_quiet
    }

    /// A root begins.
    pub(super) fn root(&self, kind: Kind, folder: &Path) -> Result<(), String> {
        self.unless_quiet(&format!("{} tests in {}\n", kind.name(), folder.display()))
    }

    /// A report is done.
    pub(super) fn report(&self, report: &Report) -> Result<(), String> {
        self.unless_quiet(&format!("  {}\n", report.description))?;
        for suite in &report.suites {
            self.unless_quiet(&format!("    {}\n", suite.name))?;
            for element in &suite.elements {
                self.element(element)?;
            }
            self.unless_quiet(&format!("    {}\n", summary(suite.stats, suite.duration)))?;
        }
        self.unless_quiet(&format!("  {}\n", summary(report.stats, report.duration)))
    }

    fn element(&self, element: &Element) -> Result<(), String> {
        let mark = if element.passed { '+' } else { '-' };
        let mut text = format!("      ({mark}) {}\n", element.description);
        for line in element.info.iter().flat_map(|info| info.trim_end().lines()) {
            text = text + "          " + line + "\n";
        }
        if element.passed {
            self.unless_quiet(&text)
        } else {
            print(&text)
        }
    }

    /// A test was left out.
    pub(super) fn deselected(&self, name: &str) -> Result<(), String> {
        self.unless_quiet(&format!("      ( ) {name}: not selected\n"))
    }

    fn unless_quiet(&self, text: &str) -> Result<(), String> {
        if self.is_quiet { Ok(()) } else { print(text) }
    }
}

/// All is done.
pub(super) fn print_total(stats: Stats) -> Result<(), String> {
    print(&format!("All: {}\n", counts(stats)))
}

fn counts(stats: Stats) -> String {
    format!(
        "Stats: Pass {} Fail {} Skip {} Asserts {}",
        stats.pass, stats.fail, stats.skip, stats.asserts
    )
}

fn summary(stats: Stats, duration: Duration) -> String {
    format!("{} in {duration:.2?}", counts(stats))
}
