//! Integration tests and benches: a deployment in each folder (spec/runtime.md 7.7.3).

use std::path::{Path, PathBuf};
use std::time::Instant;

use glob::{MatchOptions, Pattern};

use super::asserts::Expected;
use super::files::{files_in, folders_below, read_yaml, text};
use super::process::{Background, Finished, after, command, finish};
use super::report::{Element, Keyword, Report, Stats, Suite};
use super::roots::Root;
use super::tags::tags_of;
use super::{Kind, Runner};

impl Runner<'_> {
    /// Runs the tests in the folders of a root.
    pub(super) fn integration(&mut self, root: &Root, kind: Kind, top: &Path) -> Result<Vec<Report>, String> {
        let wanted = Folders::new(&root.includes)?;
        let mut reports = Vec::new();
        for folder in folders_below(&root.folder)? {
            let relative = folder.strip_prefix(&root.folder).unwrap_or(&folder);
            if !wanted.take(relative) {
                continue;
            }
            let started = Instant::now();
            let name = relative.display().to_string();
            let suite = if self.selection.takes(&tags_of(top, &folder), kind) {
                self.deployment(&folder, name)
            } else {
                self.log.deselected(&name)?;
                let mut skipped = named(name);
                skipped.stats.skip += 1;
                skipped
            };
            let report = Report::new(folder.display().to_string(), vec![suite], started.elapsed());
            self.log.report(&report)?;
            reports.push(report);
        }
        Ok(reports)
    }

    fn deployment(&self, folder: &Path, name: String) -> Suite {
        let started = Instant::now();
        let mut suite = named(name);
        let (passed, info) = match self.run_deployment(folder, &mut suite) {
            Ok(passed) => (passed, None),
            Err(error) => (false, Some(error)),
        };
        suite.stats.count(passed);
        let test = Element {
            keyword: Keyword::Test,
            description: suite.name.clone(),
            passed,
            info,
            duration: started.elapsed(),
        };
        suite.elements.insert(0, test);
        suite.duration = started.elapsed();
        suite
    }

    /// Whether the test passed; its predicates and outputs go into the suite.
    fn run_deployment(&self, folder: &Path, suite: &mut Suite) -> Result<bool, String> {
        let files = artefacts(folder)?;
        let (expected, label) = match expected(folder)? {
            Some((expected, label)) => (Some(expected), Some(label)),
            None => (None, None),
        };
        let background = Background::start(folder)?;
        let mut args = vec!["server".to_owned(), "run".to_owned(), "-n".to_owned(), "-f".to_owned()];
        args.extend(files);
        let mut server = command("tremor", self.globals.dialect, &args)?;
        server.env("RUST_LOG", "info");
        let finished = finish(server, folder, "fg")?;
        after(folder)?;
        drop(background);
        suite.description = label.unwrap_or_else(|| suite.name.clone());
        let (passed, predicates, stats) = match expected {
            Some(expected) => {
                let (predicates, stats) = expected.check(&finished, folder)?;
                (predicates.iter().all(|predicate| predicate.passed), predicates, stats)
            }
            None => (finished.status == Some(0), Vec::new(), Stats::default()),
        };
        suite.elements = predicates;
        suite.stats += stats;
        keep_evidence(suite, finished, passed);
        Ok(passed)
    }
}

fn named(name: String) -> Suite {
    Suite {
        description: name.clone(),
        name,
        ..Suite::default()
    }
}

fn keep_evidence(suite: &mut Suite, finished: Finished, passed: bool) {
    if !passed {
        suite.evidence.push(("fg.out.log".to_owned(), finished.stdout));
        suite.evidence.push(("fg.err.log".to_owned(), finished.stderr));
    }
}

fn expected(folder: &Path) -> Result<Option<(Expected, String)>, String> {
    let file = folder.join("assert.yaml");
    if !file.is_file() {
        return Ok(None);
    }
    let (record, what) = (read_yaml(&file)?, file.display().to_string());
    let name = text(&record, "name", &what)?.to_owned();
    Ok(Some((Expected::read(&record, "asserts", &what)?, name)))
}

/// The deployment's files, as absolute paths.
fn artefacts(folder: &Path) -> Result<Vec<String>, String> {
    let is_artefact = |file: &PathBuf| {
        let name = file.file_name().unwrap_or_default();
        let extension = file.extension().unwrap_or_default();
        (extension == "yaml" || extension == "trickle") && name != "assert.yaml" && name != "logger.yaml"
    };
    let files: Vec<PathBuf> = files_in(folder)?.into_iter().filter(is_artefact).collect();
    if files.is_empty() {
        return Err(format!("{}: there is nothing to deploy", folder.display()));
    }
    let absolute = |file: &PathBuf| {
        let path = std::path::absolute(file).map_err(|error| format!("{}: {error}", file.display()))?;
        Ok(path.display().to_string())
    };
    files.iter().map(absolute).collect()
}

/// Which folders are tests (spec/runtime.md 7.7.1).
struct Folders {
    patterns: Vec<Pattern>,
    scope: Scope,
}

/// What a pattern is compared with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Scope {
    /// Only folders directly in the root.
    Children,
    /// The name of a folder at any depth.
    Name,
    /// The path from the root.
    Path,
}

impl Folders {
    fn new(pattern: &str) -> Result<Self, String> {
        let scope = match pattern {
            "*" => Scope::Children,
            _ if pattern.trim_end_matches('/').contains('/') => Scope::Path,
            _ => Scope::Name,
        };
        let patterns = alternatives(pattern.trim_matches('/'))
            .into_iter()
            .map(|pattern| Pattern::new(&pattern).map_err(|error| format!("the pattern `{pattern}` is malformed: {error}")));
        Ok(Self {
            patterns: patterns.collect::<Result<_, _>>()?,
            scope,
        })
    }

    /// Whether a folder, given from the root, is a test.
    fn take(&self, folder: &Path) -> bool {
        let options = MatchOptions {
            case_sensitive: false,
            require_literal_separator: true,
            require_literal_leading_dot: false,
        };
        let name = folder.file_name().unwrap_or_default();
        let compared = match self.scope {
            Scope::Children if folder.components().count() > 1 => return false,
            Scope::Children | Scope::Name => Path::new(name),
            Scope::Path => folder,
        };
        self.patterns
            .iter()
            .any(|pattern| pattern.matches_path_with(compared, options))
    }
}

/// `a{b,c}` as `ab` and `ac`.
fn alternatives(pattern: &str) -> Vec<String> {
    let Some((before, rest)) = pattern.split_once('{') else {
        return vec![pattern.to_owned()];
    };
    let Some((inside, after)) = rest.split_once('}') else {
        return vec![pattern.to_owned()];
    };
    let after = alternatives(after);
    let starts = inside.split(',').map(|choice| format!("{before}{choice}"));
    starts
        .flat_map(|start| after.iter().map(move |end| format!("{start}{end}")))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_find_folders_like_ignore_files() {
        let takes = |pattern: &str, folder: &str| Folders::new(pattern).unwrap().take(Path::new(folder));
        assert!(takes("*", "a") && !takes("*", "a/b"), "a lone star takes children only");
        assert!(takes("*-it", "deep/er/tide-it") && !takes("*-it", "deep/tide"));
        assert!(takes("TIDE", "a/tide"), "the case does not matter");
        assert!(takes("{ebb,flood}-*", "flood-1") && takes("{ebb,flood}-*", "x/ebb-2") && !takes("{ebb,flood}-*", "calm-1"));
        assert!(takes("a/*", "a/b") && !takes("a/*", "a/b/c") && !takes("a/*", "x/a/b"));
        assert!(takes("**/b", "x/y/b") && takes("/a", "a"));
    }
}
