//! From text or tree to [`Program`].

use std::sync::Arc;

use temblor_syntax::ast::{self, Item, Stmt};
use temblor_syntax::{Diagnostic, SourceId, SourceMap, Span, parse_script};
use temblor_value::Value;

use crate::diag;
use crate::env::Env;
use crate::ir::prune::{mark_result, prune};
use crate::ir::walk::size_of_all;
use crate::ir::{Expr, Kind};
use crate::lower::expr::Position;
use crate::lower::{Lowerer, MAX_DEPTH, Site};
use crate::node::build::{self, BodyCx};
use crate::node::frame::Shared;
use crate::program::Program;
use crate::resolve::files::ReadCx;
use crate::resolve::{Braces, Files, ModuleTree};
use crate::uses::Uses;

/// A compiled script with the warnings that were found.
#[derive(Debug)]
pub struct Compiled {
    /// The script.
    pub program: Program,
    /// Warnings, ordered by position.
    pub warnings: Vec<Diagnostic>,
    /// Places of the statements' expressions that are known at load, with their values, literals included; those within functions are not.
    pub constants: Vec<(Span, Value)>,
}

/// Compiles the script in `source`.
///
/// # Errors
/// The errors that refuse it, the first one first.
pub fn compile_script(sources: &mut SourceMap, source: SourceId, env: &Env) -> Result<Compiled, Vec<Diagnostic>> {
    let parsed = parse_script(sources, source, env.dialect, &env.parse_limits());
    let mut warnings = Vec::new();
    let script = diag::accept(parsed.tree, parsed.diagnostics, &mut warnings)?;
    let mut braces = Braces::default();
    braces.add(parsed.braces);
    compile(sources, &script, false, env, Files::new(braces), warnings)
}

/// Compiles a script that stands in a query; its dialect is that of the query's file. `args` are its parameters, which are constant but
/// come with each run; `braces` are those of the query.
///
/// # Errors
/// The errors that refuse it, the first one first.
pub fn compile_embedded(
    sources: &mut SourceMap,
    script: &ast::Script,
    args: &Value,
    braces: &Braces,
    env: &Env,
) -> Result<Compiled, Vec<Diagnostic>> {
    let has_args = args.as_object().is_some_and(|args| !args.is_empty());
    compile(sources, script, has_args, env, Files::new(braces.clone()), Vec::new())
}

fn compile(
    sources: &mut SourceMap,
    script: &ast::Script,
    has_args: bool,
    env: &Env,
    mut files: Files,
    mut warnings: Vec<Diagnostic>,
) -> Result<Compiled, Vec<Diagnostic>> {
    let items: Vec<&Item> = script
        .stmts
        .iter()
        .filter_map(|stmt| match stmt {
            Stmt::Item(item) => Some(item),
            Stmt::Expr(_) => None,
        })
        .collect();
    let mut cx = ReadCx {
        env,
        sources,
        warnings: &mut warnings,
    };
    files.read_script(items.into_iter(), script.dialect, &mut cx)?;
    let mut tree = ModuleTree::default();
    let mut lowerer = Lowerer::new(env, sources, &mut tree, &files, &mut warnings, script.dialect, Site::Script);
    lowerer.has_args = has_args;
    let body = lowerer.script(script).map_err(|error| vec![*error])?;
    let slots = lowerer.scope.slots();
    let size = size_of_all(&body);
    if size.depth > MAX_DEPTH {
        return Err(vec![*diag::too_deep(script.span)]);
    }
    warnings.sort_by_key(|warning| warning.span.map(|span| (span.source, span.start)));
    let mut constants = Vec::new();
    for expr in &body {
        collect_constants(expr, &mut constants);
    }
    Ok(Compiled {
        constants,
        program: Program {
            uses: Uses::of_script(&body),
            body: build::body(body, true, BodyCx::default()),
            slots,
            cost: size.nodes,
            shared: Shared {
                host: Arc::clone(&env.host),
                limits: env.limits.clone(),
            },
            at: script.span,
        },
        warnings,
    })
}

fn collect_constants(expr: &Expr, into: &mut Vec<(Span, Value)>) {
    if let Some(value) = expr.as_const() {
        into.push((expr.at.0, value.clone()));
    }
    expr.children(&mut |child| collect_constants(child, into));
}

impl Lowerer<'_> {
    /// Lowers the statements of a script and marks its result (spec/script.md 8.2).
    fn script(&mut self, script: &ast::Script) -> Result<Vec<Expr>, Box<Diagnostic>> {
        let mut body = Vec::new();
        let mut last_constant: Option<(Value, Span)> = None;
        for stmt in &script.stmts {
            last_constant = None;
            match stmt {
                Stmt::Item(Item::Const(item)) => last_constant = Some((self.constant_item(item)?, item.span)),
                Stmt::Item(item) => self.item(item)?,
                Stmt::Expr(expr) => body.push(self.action(expr, Position::Inner)?),
            }
        }
        if let Some((value, at)) = last_constant {
            body.push(Expr::new(Kind::Const(value), at));
        }
        if body.is_empty() {
            body.push(Expr::new(Kind::ReturnEvent, script.span));
        }
        prune(&mut body, true);
        mark_result(&mut body);
        Ok(body)
    }
}
