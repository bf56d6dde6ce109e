//! `test`: runs the tests below a folder and writes a report (spec/runtime.md 7.7).

mod asserts;
mod commands;
mod files;
mod integration;
mod process;
mod report;
mod roots;
mod tags;
mod unit;
mod words;

use std::path::Path;
use std::process::ExitCode;

use temblor_script::Env;

use self::report::{Log, Report, Stats};
use self::roots::{Root, RootKind};
use self::tags::{Selection, tags_of};
use crate::args::{Globals, TestOptions};
use crate::diagnostics::Form;
use crate::{env, output};

/// Kinds of tests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Bench,
    Integration,
    Command,
    Unit,
}

impl Kind {
    const ALL: [Self; 4] = [Self::Bench, Self::Integration, Self::Command, Self::Unit];

    /// The tag that tests of this kind must have, and the kind's key in reports.
    fn name(self) -> &'static str {
        match self {
            Self::Bench => "bench",
            Self::Integration => "integration",
            Self::Command => "command",
            Self::Unit => "unit",
        }
    }

    /// The kinds that a mode runs.
    fn of_mode(mode: &str) -> Result<&'static [Self], String> {
        match mode.to_lowercase().as_str() {
            "all" => Ok(&Self::ALL),
            "bench" | "benchmark" => Ok(&[Self::Bench]),
            "integration" | "it" => Ok(&[Self::Integration]),
            "command" | "api" | "rest" => Ok(&[Self::Command]),
            "unit" => Ok(&[Self::Unit]),
            _ => Err(format!(
                "Unknown mode `{mode}`, choose one of all, unit, command (api, rest), integration (it), bench (benchmark)"
            )),
        }
    }
}

/// What runs tests of any kind.
struct Runner<'a> {
    env: Env,
    globals: &'a Globals,
    selection: Selection,
    log: Log,
}

/// Runs the tests and writes the report.
pub(crate) fn run(options: &TestOptions, globals: &Globals) -> Result<ExitCode, String> {
    let kinds = Kind::of_mode(&options.mode)?;
    let limits = env::limits(None, &options.limits)?;
    let mut runner = Runner {
        env: env::new(globals.dialect.unwrap_or_default(), &globals.instance, limits),
        globals,
        selection: Selection::new(&options.includes, &options.excludes),
        log: Log::new(options.quiet),
    };
    let mut done: Vec<(Kind, Vec<Report>)> = Vec::new();
    for root in roots::find(&options.path)? {
        match root.kind {
            RootKind::All => runner.selection.include("all"),
            RootKind::Of(kind) if kinds.contains(&kind) => {
                let reports = runner.root(&root, kind, &options.path)?;
                match done.iter_mut().find(|(known, _)| *known == kind) {
                    Some((_, known)) => known.extend(reports),
                    None => done.push((kind, reports)),
                }
            }
            RootKind::Of(_) => {}
        }
    }
    let json = report::json(&runner.selection, &done);
    std::fs::write(&options.report, json).map_err(|error| format!("cannot write {}: {error}", options.report.display()))?;
    let total: Stats = done.iter().flat_map(|(_, reports)| reports).map(|report| report.stats).sum();
    report::print_total(total)?;
    if total.fail > 0 {
        return Err(format!("{} out of {} tests failed.", total.fail, total.tests()));
    }
    Ok(ExitCode::SUCCESS)
}

impl Runner<'_> {
    fn root(&mut self, root: &Root, kind: Kind, top: &Path) -> Result<Vec<Report>, String> {
        self.log.root(kind, &root.folder)?;
        match kind {
            Kind::Unit => self.unit(&root.folder, &tags_of(top, &root.folder)),
            Kind::Command => self.commands(&root.folder, top),
            Kind::Integration | Kind::Bench => self.integration(root, kind, top),
        }
    }

    fn form(&self) -> Form {
        self.globals.diagnostics
    }

    fn warn(&self, text: &str) {
        if !self.log.is_quiet() {
            output::report(text);
        }
    }
}
