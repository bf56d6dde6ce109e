//! From syntax trees to the middle form: names become slots, constants are folded, calls find their functions.
//!
//! Errors come in textual order; the first one ends loading. Nothing is evaluated here but what is constant.

mod braces;
mod call;
pub(crate) mod expr;
pub(crate) mod fold;
mod format;
mod function;
pub(crate) mod items;
mod path;
mod pattern;
mod warn;

use temblor_syntax::ast::Dialect;
use temblor_syntax::span::Span;
use temblor_syntax::{Diagnostic, SourceMap};

use crate::diag;
use crate::env::Env;
use crate::func::AggregateDef;
use crate::ir;
use crate::resolve::{Files, ModuleId, ModuleTree, Scope};

/// A tree may be this many nodes deep, called functions included, whatever the source depth: what the stack can take.
pub(crate) const MAX_DEPTH: usize = 1024;

/// Result of lowering.
pub(crate) type Lowered<T> = Result<T, Box<Diagnostic>>;

/// Where an expression stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Site {
    /// A script.
    Script,
    /// The body of a function with so many parameters.
    Function { params: usize, is_open: bool },
    /// A clause of a query, where local names do not exist.
    Select,
    /// An argument of an aggregate.
    AggregateArgument,
}

/// An aggregate call that was met in a clause of a query.
#[derive(Debug)]
pub(crate) struct AggregateCall {
    pub function: AggregateDef,
    pub args: Vec<ir::Expr>,
    /// Slots that the arguments need.
    pub slots: usize,
    pub at: Span,
}

/// The state of lowering one text.
pub(crate) struct Lowerer<'a> {
    pub env: &'a Env,
    pub sources: &'a SourceMap,
    pub tree: &'a mut ModuleTree,
    pub files: &'a Files,
    pub warnings: &'a mut Vec<Diagnostic>,
    /// The module that names are looked up from.
    pub module: ModuleId,
    pub dialect: Dialect,
    pub scope: Scope,
    pub site: Site,
    /// Parameters that win over constants (spec/dialects.md L4).
    pub winning: Vec<String>,
    pub aggregates: Vec<AggregateCall>,
    /// Whether the script has parameters.
    pub has_args: bool,
    /// Only asks whether all names are known.
    probing: bool,
    /// Files that were put in place so far.
    used: usize,
    /// Expressions around the one at hand.
    depth: usize,
}

impl<'a> Lowerer<'a> {
    /// A lowerer at the root module of `tree`.
    pub(crate) fn new(
        env: &'a Env,
        sources: &'a SourceMap,
        tree: &'a mut ModuleTree,
        files: &'a Files,
        warnings: &'a mut Vec<Diagnostic>,
        dialect: Dialect,
        site: Site,
    ) -> Self {
        Self {
            env,
            sources,
            tree,
            files,
            warnings,
            module: ModuleTree::ROOT,
            dialect,
            scope: Scope::default(),
            site,
            winning: Vec::new(),
            aggregates: Vec::new(),
            has_args: false,
            probing: false,
            used: 0,
            depth: 0,
        }
    }

    /// Runs `inside` one level deeper.
    fn deeper<T>(&mut self, at: Span, inside: impl FnOnce(&mut Self) -> Lowered<T>) -> Lowered<T> {
        if self.depth >= MAX_DEPTH {
            return Err(diag::too_deep(at));
        }
        self.depth += 1;
        let result = inside(self);
        self.depth -= 1;
        result
    }
}
