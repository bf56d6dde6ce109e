//! Unit tests: suites in the files `all.tremor` (spec/runtime.md 7.7.6).

use std::path::Path;
use std::time::Instant;

use temblor_script::{Braces, Env, EventInfo, Scope, Scratch, Verdict, compile_embedded, compile_script};
use temblor_syntax::ast::{Expr, ExprKind, Field, Script, Stmt, Text, TextPart};
use temblor_syntax::{ParseLimits, SourceMap, parse_script};
use temblor_value::Value;

use super::files::{files_named, read_text};
use super::report::{Element, Keyword, Report, Suite};
use super::tags::Tags;
use super::{Kind, Runner};
use crate::diagnostics::Form;
use crate::output::is_coloured;

impl Runner<'_> {
    /// Runs the unit tests of a root.
    pub(super) fn unit(&mut self, folder: &Path, tags: &Tags) -> Result<Vec<Report>, String> {
        let mut reports = Vec::new();
        for file in files_named(folder, "all.tremor")? {
            let started = Instant::now();
            let suites = self.file(&file, tags)?;
            let report = Report::new(file.display().to_string(), suites, started.elapsed());
            self.log.report(&report)?;
            reports.push(report);
        }
        Ok(reports)
    }

    fn file(&self, file: &Path, tags: &Tags) -> Result<Vec<Suite>, String> {
        let mut sources = SourceMap::new();
        let id = sources.add(file.display().to_string(), read_text(file)?);
        let limits = ParseLimits {
            source_depth: u32::try_from(self.env.limits.source_depth).unwrap_or(u32::MAX),
        };
        let tree = parse_script(&sources, id, self.env.dialect, &limits).tree;
        let mut compiled_sources = sources.clone();
        let script = match (compile_script(&mut compiled_sources, id, &self.env), tree) {
            (Ok(compiled), Some(script)) => {
                self.warn(&self.form().render(&compiled_sources, &compiled.warnings, is_coloured()));
                script
            }
            (Err(errors), _) => return Ok(vec![refused(file, self.form().render(&compiled_sources, &errors, false))]),
            (Ok(_), None) => return Ok(vec![refused(file, "the script cannot be read".to_owned())]),
        };
        let (suites, definitions) = parts(script);
        let mut judge = Judge {
            sources,
            definitions,
            env: &self.env,
            form: self.form(),
        };
        suites.iter().map(|suite| self.suite(suite, tags, &mut judge)).collect()
    }

    /// Runs the tests of a suite that are selected.
    fn suite(&self, fields: &[Field], tags: &Tags, judge: &mut Judge<'_>) -> Result<Suite, String> {
        let started = Instant::now();
        let mut suite = Suite {
            name: judge.text(fields, "name").unwrap_or_else(|| "without name".to_owned()),
            ..Suite::default()
        };
        suite.description.clone_from(&suite.name);
        let Some(inner) = field(fields, "suite").and_then(record) else {
            suite.stats.skip += 1;
            return Ok(suite);
        };
        let tags = tags.with(&judge.tags(fields)).with(&judge.tags(inner));
        match field(inner, "tests").map(|tests| &tests.kind) {
            Some(ExprKind::Array(tests)) => {
                for (test, number) in tests.iter().zip(1_u64..) {
                    self.test(test, number, &tags, judge, &mut suite)?;
                }
            }
            _ => {
                suite.stats.count(false);
                suite.elements.push(failure(
                    suite.name.clone(),
                    "the field `tests` of the suite must be a list".to_owned(),
                ));
            }
        }
        suite.duration = started.elapsed();
        Ok(suite)
    }

    fn test(&self, test: &Expr, number: u64, tags: &Tags, judge: &mut Judge<'_>, suite: &mut Suite) -> Result<(), String> {
        let named = call_of(test, "test");
        let (expr, name, tags) = match named {
            Some(fields) => {
                let Some(expr) = field(fields, "test") else { return Ok(()) };
                let name = judge.text(fields, "name");
                (expr, name, tags.with(&judge.tags(fields)))
            }
            None => (test, None, tags.clone()),
        };
        let name = name.unwrap_or_else(|| format!("test {number}"));
        if !self.selection.takes(&tags, Kind::Unit) {
            suite.stats.skip += u64::from(named.is_some());
            return self.log.deselected(&name);
        }
        let started = Instant::now();
        let (passed, info) = match judge.value(expr) {
            Ok(Value::Bool(passed)) => (passed, None),
            Ok(_) => return Ok(()),
            Err(error) => (false, Some(error)),
        };
        let info = info.or_else(|| (!passed).then(|| judge.place(expr)));
        suite.stats.count(passed);
        suite.stats.asserts += 1;
        suite.elements.push(Element {
            keyword: Keyword::Test,
            description: name,
            passed,
            info,
            duration: started.elapsed(),
        });
        Ok(())
    }
}

/// The records of a script's suites, and the script without its expressions.
fn parts(mut script: Script) -> (Vec<Vec<Field>>, Script) {
    let mut suites = Vec::new();
    script.stmts.retain_mut(|stmt| match stmt {
        Stmt::Item(_) => true,
        Stmt::Expr(expr) => {
            suites.extend(call_of(expr, "suite").map(<[Field]>::to_vec));
            false
        }
    });
    (suites, script)
}

/// The fields of the record that `test::name` is called with.
fn call_of<'e>(expr: &'e Expr, name: &str) -> Option<&'e [Field]> {
    let ExprKind::Call(call) = &expr.kind else { return None };
    let parts = call.function.parts.iter().map(|part| part.text.as_str());
    match call.args.as_slice() {
        [argument] if parts.eq(["test", name]) => record(argument),
        _ => None,
    }
}

fn record(expr: &Expr) -> Option<&[Field]> {
    match &expr.kind {
        ExprKind::Record(fields) => Some(fields),
        _ => None,
    }
}

/// The value of a field; of several the last one, as in the record itself.
fn field<'e>(fields: &'e [Field], key: &str) -> Option<&'e Expr> {
    let is_key = |text: &Text| matches!(text.parts.as_slice(), [TextPart::Literal(literal)] if literal == key);
    fields.iter().rev().find(|field| is_key(&field.key)).map(|field| &field.value)
}

fn refused(file: &Path, error: String) -> Suite {
    let name = file.display().to_string();
    let mut suite = Suite {
        name: name.clone(),
        description: name.clone(),
        ..Suite::default()
    };
    suite.stats.count(false);
    suite.elements.push(failure(name, error));
    suite
}

fn failure(description: String, info: String) -> Element {
    Element {
        keyword: Keyword::Test,
        description,
        passed: false,
        info: Some(info),
        duration: std::time::Duration::ZERO,
    }
}

/// Evaluates expressions of one file, each on its own, with the definitions of the file.
struct Judge<'a> {
    sources: SourceMap,
    /// The script with its definitions only.
    definitions: Script,
    env: &'a Env,
    form: Form,
}

impl Judge<'_> {
    /// The value of an expression; what went wrong otherwise.
    fn value(&mut self, expr: &Expr) -> Result<Value, String> {
        // Used modules are added to the sources, for this expression only.
        let mut sources = self.sources.clone();
        self.definitions.stmts.push(Stmt::Expr(expr.clone()));
        let compiled = compile_embedded(&mut sources, &self.definitions, &Value::Null, &Braces::default(), self.env);
        self.definitions.stmts.pop();
        let program = compiled.map_err(|errors| self.form.render(&sources, &errors, false))?.program;
        let mut event = Value::object();
        let mut scope = Scope {
            event: &mut event,
            meta: &mut Value::object(),
            state: &mut Value::object(),
            args: &Value::Null,
            group: &Value::Null,
            window: &Value::Null,
            info: EventInfo::default(),
            event_replaced: false,
        };
        match program.run(&mut scope, &mut Scratch::default()) {
            Ok(Verdict::EmitValue(value, _)) => Ok(value),
            Ok(Verdict::ReturnEvent | Verdict::EmitEvent(_)) => Ok(event),
            Ok(Verdict::Drop) => Ok(Value::Null),
            Err(trap) => Err(self.form.render(&sources, &[trap.diagnostic()], false)),
        }
    }

    fn text(&mut self, fields: &[Field], key: &str) -> Option<String> {
        let value = self.value(field(fields, key)?).ok()?;
        value.as_str().map(str::to_owned)
    }

    fn tags(&mut self, fields: &[Field]) -> Vec<String> {
        let value = field(fields, "tags").and_then(|tags| self.value(tags).ok());
        let tags = value.iter().filter_map(Value::as_array).flatten();
        tags.filter_map(Value::as_str).map(str::to_owned).collect()
    }

    /// Where a test stands.
    fn place(&self, expr: &Expr) -> String {
        let place = self.sources.location(expr.span);
        format!("{}:{}:{}", place.file, place.line, place.column)
    }
}
