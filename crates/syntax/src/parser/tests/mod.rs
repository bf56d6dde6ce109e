mod any_text;
mod definitions;
mod expressions;
mod reports;

use super::*;
use crate::ast::*;
use crate::printer;

fn sources(text: &str) -> (SourceMap, SourceId) {
    let mut sources = SourceMap::new();
    let id = sources.add("test", text);
    (sources, id)
}

fn parsed(text: &str, dialect: Dialect) -> Parsed<Script> {
    let (sources, id) = sources(text);
    parse_script(&sources, id, dialect, &ParseLimits::default())
}

#[track_caller]
fn script(text: &str) -> Script {
    let parsed = parsed(text, Dialect::Modern);
    parsed.tree.unwrap_or_else(|| panic!("{text}: {:?}", parsed.diagnostics))
}

#[track_caller]
fn query(text: &str) -> Query {
    let (sources, id) = sources(text);
    let parsed = parse_query(&sources, id, Dialect::Modern, &ParseLimits::default());
    parsed.tree.unwrap_or_else(|| panic!("{text}: {:?}", parsed.diagnostics))
}

/// The only statement of a script.
#[track_caller]
fn expr(text: &str) -> Expr {
    match script(text).stmts.pop() {
        Some(Stmt::Expr(expr)) => expr,
        other => panic!("{text}: {other:?}"),
    }
}

fn first_error(parsed: &[Diagnostic], text: &str) -> Diagnostic {
    parsed
        .iter()
        .find(|one| one.is_error())
        .unwrap_or_else(|| panic!("no error in {text:?}"))
        .clone()
}

fn error(text: &str) -> Diagnostic {
    first_error(&parsed(text, Dialect::Modern).diagnostics, text)
}

fn query_error(text: &str) -> Diagnostic {
    let (sources, id) = sources(text);
    first_error(
        &parse_query(&sources, id, Dialect::Modern, &ParseLimits::default()).diagnostics,
        text,
    )
}

#[track_caller]
fn refused(text: &str, token: &str) {
    let error = error(text);
    let marker = format!("token `{token}`");
    assert!(
        error.message.contains(&marker) && error.message.contains("expected"),
        "{text:?}: {}",
        error.message
    );
}
