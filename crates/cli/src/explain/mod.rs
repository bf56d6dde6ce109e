//! `explain`: what a compiled script or query does with events (spec/runtime.md 12), and what a deployment does (spec/proxy.md 3.5).

mod deployment;
mod query;
mod script;

use std::process::ExitCode;

use temblor_script::limits::Limits;
use temblor_syntax::lexer::FileKind;

use crate::args::{ExplainOptions, Globals};
use crate::env;
use crate::output::print;
use crate::source_file::SourceFile;

/// Explains a file.
pub(crate) fn run(options: &ExplainOptions, globals: &Globals) -> Result<ExitCode, String> {
    let Some(file) = &options.file else {
        return deployment::explain(options, globals);
    };
    let file = SourceFile::read(file)?;
    let env = env::new(globals.dialect.unwrap_or_default(), &globals.instance, Limits::default());
    let text = match file.kind {
        FileKind::Script => script::explain(file, &env, globals.diagnostics)?,
        FileKind::Query => query::explain(&file, &env, globals.diagnostics)?,
    };
    print(&text)?;
    Ok(ExitCode::SUCCESS)
}

/// A line of an explanation.
fn line(name: &str, text: &str) -> String {
    format!("  {name:<10} {text}\n")
}
