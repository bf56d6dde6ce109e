//! `dbg`: how a script or query is read (spec/runtime.md 7.4).

mod expand;
mod tokens;
mod tree;

use std::fmt::Write as _;
use std::path::Path;
use std::process::ExitCode;

use temblor_pipeline::{Query, QueryErrors};
use temblor_script::limits::Limits;
use temblor_script::{Env, compile_script};
use temblor_syntax::ast::Dialect;
use temblor_syntax::lexer::FileKind;
use temblor_syntax::{SourceId, SourceMap, highlight};

use self::tokens::{Row, listing};
use crate::args::{DbgOptions, DbgView, Globals};
use crate::diagnostics::Form;
use crate::env;
use crate::output::{is_coloured, is_output_coloured, numbered, print, report};
use crate::source_file::{SourceFile, kind_of};

/// Shows one view of a file.
pub(crate) fn run(options: &DbgOptions, globals: &Globals) -> Result<ExitCode, String> {
    let Some(view) = &options.view else {
        return Err("Missing subcommand".to_owned());
    };
    let shown = Shown {
        has_banner: !options.no_banner,
        has_colours: !options.no_highlight && is_output_coloured(),
        form: globals.diagnostics,
    };
    let env = env::new(globals.dialect.unwrap_or_default(), &globals.instance, Limits::default());
    match view {
        DbgView::Src(options) => shown.source(&options.file, env.dialect),
        DbgView::Lex(options) => shown.tokens(&options.file, env.dialect),
        DbgView::Preprocess(options) => shown.expanded(&options.file, &env),
        DbgView::Ast(options) => shown.tree(&options.file, options.exprs_only, &env),
        DbgView::Dot(options) => shown.graph(&options.file, &env),
    }
}

/// How views are shown.
#[derive(Clone, Copy)]
struct Shown {
    has_banner: bool,
    has_colours: bool,
    form: Form,
}

/// A text that was read, ready to be compiled.
struct Loaded {
    sources: SourceMap,
    id: SourceId,
    kind: FileKind,
}

impl Loaded {
    fn read(file: &Path) -> Result<Self, String> {
        let file = SourceFile::read(file)?;
        let mut sources = SourceMap::new();
        let id = sources.add(file.name, file.text);
        Ok(Self {
            sources,
            id,
            kind: file.kind,
        })
    }
}

impl Shown {
    fn source(self, file: &Path, dialect: Dialect) -> Result<ExitCode, String> {
        if kind_of(file).is_none() {
            return Ok(ExitCode::SUCCESS);
        }
        let Loaded { sources, id, kind } = Loaded::read(file)?;
        let text = if self.has_colours {
            highlight::ansi(&sources, id, dialect, kind)
        } else {
            sources.text(id).to_owned()
        };
        self.section("Source", &numbered(&text))
    }

    fn tokens(self, file: &Path, dialect: Dialect) -> Result<ExitCode, String> {
        let Loaded { sources, id, kind } = Loaded::read(file)?;
        let rows: Vec<Row> = tokens::of_file(&sources, id, dialect, kind)
            .0
            .iter()
            .map(|token| Row::of(token, &sources))
            .collect();
        self.section("Tokens", &listing(&rows, self.has_colours))
    }

    fn expanded(self, file: &Path, env: &Env) -> Result<ExitCode, String> {
        let Loaded { mut sources, id, kind } = Loaded::read(file)?;
        match expand::rows(&mut sources, id, kind, env) {
            Ok(rows) => self.section("Preprocessed tokens", &listing(&rows, self.has_colours)),
            Err(error) => Err(self.form.render(&sources, &[*error], is_coloured())),
        }
    }

    fn tree(self, file: &Path, exprs_only: bool, env: &Env) -> Result<ExitCode, String> {
        let Loaded { mut sources, id, kind } = Loaded::read(file)?;
        // The tree is that of the text alone; compiling finds what is wrong beyond the grammar.
        match kind {
            FileKind::Script => match compile_script(&mut sources, id, env) {
                Ok(compiled) => report(&self.form.render(&sources, &compiled.warnings, is_coloured())),
                Err(errors) => return refused(&self.form.render(&sources, &errors, self.has_colours)),
            },
            FileKind::Query => match Query::compile(sources.name(id), sources.text(id), env) {
                Ok(query) => self.warn_query(&query),
                Err(errors) => return refused(&self.errors(&errors)),
            },
        }
        let json = tree::json(&sources, id, kind, exprs_only, env)?;
        self.section("AST", &self.painted_json(json))
    }

    fn graph(self, file: &Path, env: &Env) -> Result<ExitCode, String> {
        if kind_of(file) != Some(FileKind::Query) {
            return Err("Dot visualisation is only supported for trickle files.".to_owned());
        }
        let file = SourceFile::read(file)?;
        let compiled = Query::compile(&file.name, &file.text, env).and_then(|query| Ok((query.dot()?, query)));
        match compiled {
            Ok((dot, query)) => {
                self.warn_query(&query);
                self.section("Dot", &dot)
            }
            Err(errors) => refused(&self.errors(&errors)),
        }
    }

    fn warn_query(self, query: &Query) {
        if let Some(warnings) = query.warnings() {
            report(&self.form.render(warnings.sources(), warnings.diagnostics(), is_coloured()));
        }
    }

    fn errors(self, errors: &QueryErrors) -> String {
        self.form.render(errors.sources(), errors.diagnostics(), self.has_colours)
    }

    fn section(self, name: &str, content: &str) -> Result<ExitCode, String> {
        let mut text = String::from("\n");
        if self.has_banner {
            let line = "*".repeat(name.chars().count() + 4);
            // Writing to a string cannot fail.
            let _ = writeln!(text, "{line}\n* {name} *\n{line}\n");
        }
        text.push_str(content);
        if !text.ends_with('\n') {
            text.push('\n');
        }
        print(&text)?;
        Ok(ExitCode::SUCCESS)
    }

    /// JSON has the tokens of a script.
    fn painted_json(self, json: String) -> String {
        if !self.has_colours {
            return json;
        }
        let mut sources = SourceMap::new();
        let id = sources.add("", json);
        highlight::ansi(&sources, id, Dialect::Modern, FileKind::Script)
    }
}

/// Errors of the compiler are what these views have to show.
fn refused(errors: &str) -> Result<ExitCode, String> {
    print(errors)?;
    Ok(ExitCode::FAILURE)
}
