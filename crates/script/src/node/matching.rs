//! `match` on both layers, and matching functions (spec/script.md 5.4 and 6.2).

use smallvec::SmallVec;
use temblor_syntax::span::Span;
use temblor_value::{Key, Str, Value};

use super::literals::LiteralTable;
use super::pattern::{Element, Pattern};
use super::{Expr, Flow, Frame, Res, Stmt, Test, View, World};
use crate::trap::{Trap, TrapKind};

/// The patterns and guards of a `match`, in textual order.
#[derive(Debug)]
pub(crate) struct Clauses {
    pub groups: Box<[Group]>,
    /// The name that a clause sets while its body runs, by the number of the clause.
    pub binds: Box<[Option<usize>]>,
    /// The whole match.
    pub at: Span,
}

/// Clauses that are tried together.
#[derive(Debug)]
pub(crate) enum Group {
    One(Clause),
    /// Unguarded literals that bind nothing.
    Table(LiteralTable),
    /// Unguarded record patterns that bind nothing and hold one field against a literal.
    FieldTable {
        key: Key,
        table: LiteralTable,
    },
}

/// One clause.
#[derive(Debug)]
pub(crate) struct Clause {
    /// Its number, which is that of its body.
    pub index: usize,
    pub pattern: Box<dyn Pattern>,
    pub binds: Option<usize>,
    pub guard: Option<Box<dyn Test>>,
}

impl Clauses {
    /// The number of the clause that is taken.
    fn select(&self, target: &Value, view: &View<'_>, frame: &mut Frame<'_>) -> Result<usize, Box<Trap>> {
        for group in &self.groups {
            match group {
                Group::One(clause) => {
                    if clause.is_taken(target, view, frame)? {
                        return Ok(clause.index);
                    }
                }
                Group::Table(table) => {
                    if let Some(index) = table.find(target) {
                        return Ok(index);
                    }
                }
                Group::FieldTable { key, table } => {
                    if let Some(index) = target.get_key(key).and_then(|field| table.find(field)) {
                        return Ok(index);
                    }
                }
            }
        }
        Err(Trap::new(TrapKind::NoClause, self.at, self.at))
    }
}

impl Clause {
    fn is_taken(&self, target: &Value, view: &View<'_>, frame: &mut Frame<'_>) -> Result<bool, Box<Trap>> {
        match self.binds {
            None => {
                if !self.pattern.matches(target, view, frame)? {
                    return Ok(false);
                }
            }
            Some(slot) => {
                frame.set(slot, None);
                let Some(value) = self.pattern.bind(target, view, frame)? else {
                    return Ok(false);
                };
                frame.set(slot, Some(value));
            }
        }
        match &self.guard {
            Some(guard) => guard.test(view, frame),
            None => Ok(true),
        }
    }
}

/// `match` as a value.
#[derive(Debug)]
pub(crate) struct MatchExpr {
    pub target: Box<dyn Expr>,
    pub clauses: Clauses,
    pub bodies: Box<[Box<dyn Expr>]>,
}

impl Expr for MatchExpr {
    fn eval<'a>(&'a self, view: &View<'a>, frame: &mut Frame<'_>) -> Res<'a> {
        let target = self.target.eval(view, frame)?;
        let index = self.clauses.select(&target, view, frame)?;
        drop(target);
        let Some(body) = self.bodies.get(index) else {
            return Err(Trap::new(TrapKind::NoClause, self.clauses.at, self.clauses.at));
        };
        match self.clauses.binds.get(index) {
            Some(Some(slot)) => {
                let result = body.eval(view, frame);
                frame.set(*slot, None);
                result
            }
            // As a tail call: the result is written where it belongs, without a copy.
            _ => body.eval(view, frame),
        }
    }
}

/// `match` as an action.
#[derive(Debug)]
pub(crate) struct MatchStmt {
    pub target: Box<dyn Expr>,
    pub clauses: Clauses,
    pub bodies: Box<[Box<dyn Stmt>]>,
}

impl Stmt for MatchStmt {
    fn exec(&self, world: &mut World<'_>, frame: &mut Frame<'_>) -> Result<Flow, Box<Trap>> {
        let index = {
            let view = world.view();
            let target = self.target.eval(&view, frame)?;
            self.clauses.select(&target, &view, frame)?
        };
        let Some(body) = self.bodies.get(index) else {
            return Err(Trap::new(TrapKind::NoClause, self.clauses.at, self.clauses.at));
        };
        match self.clauses.binds.get(index) {
            Some(Some(slot)) => {
                let result = body.exec(world, frame);
                frame.set(*slot, None);
                result
            }
            // As a tail call: the result is written where it belongs, without a copy.
            _ => body.exec(world, frame),
        }
    }
}

/// The body of a matching function.
#[derive(Debug)]
pub(crate) struct ParamMatch {
    /// Names of the parameters, which are the first slots.
    pub params: Box<[Str]>,
    pub clauses: Box<[ParamClause]>,
    pub default: Box<dyn Stmt>,
    /// The whole function.
    pub at: Span,
}

/// A clause of a matching function with one pattern for each parameter.
#[derive(Debug)]
pub(crate) struct ParamClause {
    pub elements: Box<[Element]>,
    pub guard: Option<Box<dyn Test>>,
    pub body: Box<dyn Stmt>,
}

impl Stmt for ParamMatch {
    fn exec(&self, world: &mut World<'_>, frame: &mut Frame<'_>) -> Result<Flow, Box<Trap>> {
        let mut values: SmallVec<[Value; 3]> = SmallVec::new();
        for (slot, name) in self.params.iter().enumerate() {
            match frame.local(slot) {
                Some(value) => values.push(value.clone()),
                None => return Err(Trap::new(TrapKind::Unset(name.clone()), self.at, self.at)),
            }
        }
        for clause in &self.clauses {
            let view = world.view();
            let Some(bound) = clause.bind(&values, &view, frame)? else {
                continue;
            };
            for (slot, value) in bound.into_iter().enumerate() {
                frame.set(slot, Some(value));
            }
            return clause.body.exec(world, frame);
        }
        drop(values);
        self.default.exec(world, frame)
    }
}

impl ParamClause {
    /// What the parameters are set to if the clause is taken.
    fn bind(&self, values: &[Value], view: &View<'_>, frame: &mut Frame<'_>) -> Result<Option<SmallVec<[Value; 3]>>, Box<Trap>> {
        let mut bound = SmallVec::new();
        for (element, value) in self.elements.iter().zip(values) {
            match element.bind(value, view, frame)? {
                Some(value) => bound.push(value),
                None => return Ok(None),
            }
        }
        match &self.guard {
            Some(guard) if !guard.test(view, frame)? => Ok(None),
            _ => Ok(Some(bound)),
        }
    }
}
