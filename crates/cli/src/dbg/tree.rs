//! Syntax trees as JSON. Places are written as in listings of tokens.

use serde::Serialize;
use serde_json::Value;
use temblor_script::Env;
use temblor_syntax::ast::{Expr, Stmt};
use temblor_syntax::lexer::FileKind;
use temblor_syntax::{ParseLimits, SourceId, SourceMap, parse_query, parse_script};

/// The tree of a text that was compiled before, so that it has no errors.
pub(super) fn json(sources: &SourceMap, id: SourceId, kind: FileKind, exprs_only: bool, env: &Env) -> Result<String, String> {
    let limits = ParseLimits {
        source_depth: u32::try_from(env.limits.source_depth).unwrap_or(u32::MAX),
    };
    match kind {
        FileKind::Query => text(sources, id, &parse_query(sources, id, env.dialect, &limits).tree),
        FileKind::Script => {
            let tree = parse_script(sources, id, env.dialect, &limits).tree;
            if !exprs_only {
                return text(sources, id, &tree);
            }
            let stmts = tree.iter().flat_map(|script| &script.stmts);
            let exprs: Vec<&Expr> = stmts.filter_map(expression).collect();
            text(sources, id, &exprs)
        }
    }
}

fn expression(stmt: &Stmt) -> Option<&Expr> {
    match stmt {
        Stmt::Expr(expr) => Some(expr),
        Stmt::Item(_) => None,
    }
}

fn text(sources: &SourceMap, id: SourceId, tree: &impl Serialize) -> Result<String, String> {
    let failed = |error: serde_json::Error| format!("cannot show the tree: {error}");
    let mut json = serde_json::to_value(tree).map_err(failed)?;
    place(&mut json, sources, id);
    serde_json::to_string_pretty(&json).map_err(failed)
}

/// Writes ranges of bytes as lines and columns.
fn place(json: &mut Value, sources: &SourceMap, id: SourceId) {
    match json {
        Value::Object(fields) => {
            let byte = |name| fields.get(name).and_then(Value::as_u64);
            if let (3, Some(_), Some(start), Some(end)) = (fields.len(), byte("source"), byte("start"), byte("end")) {
                let (line, column) = sources.line_col(id, start as u32);
                let (end_line, end_column) = sources.line_col(id, end as u32);
                *json = Value::String(format!("{line}:{column} - {end_line}:{end_column}"));
            } else {
                fields.values_mut().for_each(|field| place(field, sources, id));
            }
        }
        Value::Array(elements) => elements.iter_mut().for_each(|element| place(element, sources, id)),
        _ => {}
    }
}
