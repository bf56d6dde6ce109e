//! Script functions (spec/script.md 6.2); each is compiled as soon as it is defined.

use std::sync::Arc;

use temblor_syntax::ast::{self, Dialect, FnBody, FnClause};
use temblor_value::Str;

use super::expr::Position;
use super::{Lowered, Lowerer, MAX_DEPTH, Site};
use crate::diag;
use crate::ir::prune::prune;
use crate::ir::walk::{Size, size_of_all};
use crate::ir::{self, Expr, Kind, Root};
use crate::node::Stmt;
use crate::node::build::{self, BodyCx};
use crate::node::function::Function;
use crate::node::matching::{ParamClause, ParamMatch};
use crate::resolve::Scope;

impl Lowerer<'_> {
    /// Compiles a function.
    pub(crate) fn function(&mut self, item: &ast::Function) -> Lowered<Arc<Function>> {
        for (position, param) in item.params.iter().enumerate() {
            if let Some(first) = item.params.iter().take(position).find(|before| before.text == param.text) {
                return Err(diag::parameter_twice(first, param));
            }
        }
        let params = item.params.len();
        let scope = Scope::with_params(item.params.iter().map(|param| param.text.as_str()));
        let scope = std::mem::replace(&mut self.scope, scope);
        let is_open = item.is_open;
        let site = std::mem::replace(&mut self.site, Site::Function { params, is_open });
        let built = match &item.body {
            FnBody::Plain(body) => self.plain(body, params),
            FnBody::Matching { clauses, default } => self.by_clauses(item, clauses, default),
        };
        self.site = site;
        let scope = std::mem::replace(&mut self.scope, scope);
        let Body { stmt, size, reads_args } = built?;
        let depth = size.depth + 1;
        if depth > MAX_DEPTH {
            return Err(diag::too_deep(item.span));
        }
        Ok(Arc::new(Function {
            name: Str::new(&item.name.text),
            params,
            reads_args,
            slots: scope.slots(),
            body: stmt,
            cost: size.nodes,
            depth,
        }))
    }

    fn plain(&mut self, body: &[ast::Expr], params: usize) -> Lowered<Body> {
        let mut body = self.effectors(body, Position::Tail)?;
        prune(&mut body, true);
        let size = size_of_all(&body);
        Ok(Body {
            reads_args: body.iter().any(reads_args),
            stmt: build::body(body, true, BodyCx { params }),
            size,
        })
    }

    fn by_clauses(&mut self, item: &ast::Function, clauses: &[FnClause], default: &[ast::Expr]) -> Lowered<Body> {
        let params = item.params.len();
        let cx = BodyCx { params };
        let winning = if self.dialect == Dialect::V09 {
            item.params.iter().map(|param| param.text.clone()).collect()
        } else {
            Vec::new()
        };
        let winning = std::mem::replace(&mut self.winning, winning);
        let lowered = self.clauses_of(clauses, default);
        self.winning = winning;
        let (lowered, default) = lowered?;
        let mut size = size_of_all(&default);
        let mut names_args = default.iter().any(reads_args);
        let mut built = Vec::with_capacity(lowered.len());
        for clause in lowered {
            size = size.beside(size_of_all(clause.guard.iter().chain(&clause.body)));
            names_args |= clause.guard.iter().chain(&clause.body).any(reads_args);
            for element in &clause.elements {
                element.children(&mut |child| {
                    size = size.beside(ir::walk::size(child));
                    names_args |= reads_args(child);
                });
            }
            // A clause with another number of patterns than parameters never matches.
            if clause.elements.len() == params {
                built.push(ParamClause {
                    elements: build::elements(clause.elements, item.span),
                    guard: clause.guard.map(|guard| build::condition(guard, item.span)),
                    body: build::body(clause.body, true, cx),
                });
            }
        }
        let body = ParamMatch {
            params: item.params.iter().map(|param| Str::new(&param.text)).collect(),
            clauses: built.into(),
            default: build::body(default, true, cx),
            at: item.span,
        };
        Ok(Body {
            stmt: Box::new(body),
            size,
            reads_args: names_args,
        })
    }

    fn clauses_of(&mut self, clauses: &[FnClause], default: &[ast::Expr]) -> Lowered<(Vec<CaseOfFn>, Vec<Expr>)> {
        let mut lowered = Vec::with_capacity(clauses.len());
        for clause in clauses {
            let elements = self.elements(&clause.elements)?;
            let guard = self.guard(clause.guard.as_ref())?;
            let mut body = self.effectors(&clause.effectors, Position::Tail)?;
            prune(&mut body, true);
            lowered.push(CaseOfFn { elements, guard, body });
        }
        let mut default = self.effectors(default, Position::Tail)?;
        prune(&mut default, true);
        Ok((lowered, default))
    }
}

/// A lowered clause of a matching function.
struct CaseOfFn {
    elements: Vec<ir::Element>,
    guard: Option<Expr>,
    body: Vec<Expr>,
}

/// A compiled body.
struct Body {
    stmt: Box<dyn Stmt>,
    size: Size,
    reads_args: bool,
}

/// Whether `args` is named anywhere in `expr`.
fn reads_args(expr: &Expr) -> bool {
    let mut found = match &expr.kind {
        Kind::Path(path) | Kind::Present { path, .. } => path.root == Root::Args,
        _ => false,
    };
    expr.children(&mut |child| found |= reads_args(child));
    found
}
