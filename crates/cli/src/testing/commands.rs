//! Command tests: the files `command.yml` (spec/runtime.md 7.7.4).

use std::path::Path;
use std::time::Instant;

use temblor_value::Value;

use super::asserts::Expected;
use super::files::{files_named, list, read_yaml, text, texts};
use super::process::{Background, after, command, finish, set_env};
use super::report::{Element, Keyword, Report, Stats, Suite};
use super::tags::{Tags, tags_of};
use super::words::split;
use super::{Kind, Runner};

/// A suite of a file, checked.
struct Plan {
    name: String,
    cases: Vec<Case>,
}

/// A case with all its tags.
struct Case {
    name: String,
    command: String,
    tags: Tags,
    expected: Expected,
    record: Value,
}

impl Plan {
    fn read(record: &Value, tags: &Tags, what: &str) -> Result<Self, String> {
        let tags = tags.with(&texts(record, "tags", what)?);
        let case = |record: &Value| {
            Ok(Case {
                name: text(record, "name", what)?.to_owned(),
                command: text(record, "command", what)?.to_owned(),
                tags: tags.with(&texts(record, "tags", what)?),
                expected: Expected::read(record, "expects", what)?,
                record: record.clone(),
            })
        };
        Ok(Self {
            name: text(record, "name", what)?.to_owned(),
            cases: list(record, "cases", what)?.iter().map(case).collect::<Result<_, String>>()?,
        })
    }
}

impl Runner<'_> {
    /// Runs the command tests of a root.
    pub(super) fn commands(&mut self, root: &Path, top: &Path) -> Result<Vec<Report>, String> {
        let mut number = 0;
        let mut reports = Vec::new();
        for file in files_named(root, "command.yml")? {
            let started = Instant::now();
            let folder = file.parent().unwrap_or(root);
            let tags = tags_of(top, folder);
            let (name, suites) = match self.command_file(&file, folder, &tags, &mut number) {
                Ok(done) => done,
                Err(error) => (file.display().to_string(), vec![broken(&file, error)]),
            };
            let report = Report::new(name, suites, started.elapsed());
            self.log.report(&report)?;
            reports.push(report);
        }
        Ok(reports)
    }

    fn command_file(&self, file: &Path, folder: &Path, tags: &Tags, number: &mut u64) -> Result<(String, Vec<Suite>), String> {
        let what = file.display().to_string();
        let record = read_yaml(file)?;
        let name = text(&record, "name", &what)?.to_owned();
        let suites = list(&record, "suites", &what)?.iter();
        let plans: Vec<Plan> = suites.map(|suite| Plan::read(suite, tags, &what)).collect::<Result<_, _>>()?;
        let background = Background::start(folder)?;
        let suites = plans.iter().map(|plan| self.command_suite(plan, folder, number)).collect();
        after(folder)?;
        drop(background);
        Ok((name, suites))
    }

    fn command_suite(&self, plan: &Plan, folder: &Path, number: &mut u64) -> Suite {
        let started = Instant::now();
        let mut suite = Suite {
            name: plan.name.clone(),
            description: plan.name.clone(),
            ..Suite::default()
        };
        for case in &plan.cases {
            if !self.selection.takes(&case.tags, Kind::Command) {
                // A standard output that is gone is met at the next report.
                let _ = self.log.deselected(&case.name);
                continue;
            }
            let began = Instant::now();
            let result = self.case(case, folder, number, &mut suite);
            let (predicates, stats, error) = match result {
                Ok((predicates, stats)) => (predicates, stats, None),
                Err(error) => (Vec::new(), Stats::default(), Some(error)),
            };
            let passed = error.is_none() && predicates.iter().all(|predicate| predicate.passed);
            suite.stats += stats;
            suite.stats.count(passed);
            suite.elements.push(Element {
                keyword: Keyword::Test,
                description: case.name.clone(),
                passed,
                info: error,
                duration: began.elapsed(),
            });
            suite.elements.extend(predicates);
        }
        suite.duration = started.elapsed();
        suite
    }

    fn case(&self, case: &Case, folder: &Path, number: &mut u64, suite: &mut Suite) -> Result<(Vec<Element>, Stats), String> {
        let words = split(&case.command).ok_or("a quote of the command is not closed")?;
        let (program, args) = words.split_first().ok_or("the command is empty")?;
        let mut command = command(program, self.globals.dialect, args)?;
        set_env(&mut command, &case.record);
        let name = format!("fg.{number}");
        *number += 1;
        let finished = finish(command, folder, &name)?;
        let (predicates, stats) = case.expected.check(&finished, folder)?;
        if predicates.iter().any(|predicate| !predicate.passed) {
            suite.evidence.push((format!("{name}.out.log"), finished.stdout));
            suite.evidence.push((format!("{name}.err.log"), finished.stderr));
        }
        Ok((predicates, stats))
    }
}

/// A file that cannot be run counts as one failure.
fn broken(file: &Path, error: String) -> Suite {
    let name = file.display().to_string();
    let mut suite = Suite {
        name: name.clone(),
        description: name.clone(),
        ..Suite::default()
    };
    suite.stats.count(false);
    suite.elements.push(Element {
        keyword: Keyword::Test,
        description: name,
        passed: false,
        info: Some(error),
        duration: std::time::Duration::ZERO,
    });
    suite
}
