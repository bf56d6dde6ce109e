//! `for` on both layers (spec/script.md 5.6).

use temblor_syntax::span::Span;
use temblor_value::Value;

use super::{Expr, Flow, Frame, Res, Stmt, Test, Val, View, World};
use crate::trap::Trap;

/// Names and guards of the clauses of a `for`.
#[derive(Debug)]
pub(crate) struct Rounds {
    pub clauses: Box<[RoundClause]>,
    /// Steps that one round counts for.
    pub cost: usize,
    /// The whole loop.
    pub at: Span,
}

/// One clause; its number is that of its body.
#[derive(Debug)]
pub(crate) struct RoundClause {
    pub key: usize,
    pub value: usize,
    pub guard: Option<Box<dyn Test>>,
}

impl Rounds {
    /// The number of the clause taken in this round, its names set.
    fn select(&self, round: &(Value, Value), view: &View<'_>, frame: &mut Frame<'_>) -> Result<Option<usize>, Box<Trap>> {
        for (index, clause) in self.clauses.iter().enumerate() {
            frame.set(clause.key, Some(round.0.clone()));
            frame.set(clause.value, Some(round.1.clone()));
            match &clause.guard {
                Some(guard) if !guard.test(view, frame)? => {}
                _ => return Ok(Some(index)),
            }
        }
        Ok(None)
    }

    fn forget(&self, frame: &mut Frame<'_>) {
        for clause in &self.clauses {
            frame.set(clause.key, None);
            frame.set(clause.value, None);
        }
    }
}

/// How many rounds there are.
fn rounds_of(target: &Value) -> usize {
    match target {
        Value::Array(values) => values.len(),
        Value::Object(map) => map.len(),
        _ => 0,
    }
}

/// Key and element of round `number`; `None` behind the last one.
fn round(target: &Value, number: usize) -> Option<(Value, Value)> {
    match target {
        Value::Array(values) => values.get(number).map(|value| (Value::from(number), value.clone())),
        Value::Object(map) => map
            .get_index(number)
            .map(|(key, value)| (Value::Str(key.clone()), value.clone())),
        _ => None,
    }
}

/// `for` as a value.
#[derive(Debug)]
pub(crate) struct ForExpr {
    pub target: Box<dyn Expr>,
    pub rounds: Rounds,
    pub bodies: Box<[Box<dyn Expr>]>,
}

impl Expr for ForExpr {
    fn eval<'a>(&'a self, view: &View<'a>, frame: &mut Frame<'_>) -> Res<'a> {
        let target = self.target.eval(view, frame)?;
        let mut values = Vec::with_capacity(rounds_of(&target));
        let mut number = 0;
        while let Some(round) = round(&target, number) {
            number += 1;
            frame.charge(self.rounds.cost, self.rounds.at)?;
            let taken = self.rounds.select(&round, view, frame)?;
            if let Some(body) = taken.and_then(|index| self.bodies.get(index)) {
                let value = body.eval(view, frame)?.into_owned();
                frame.check_depth(&value, 1, self.rounds.at)?;
                values.push(value);
            }
        }
        self.rounds.forget(frame);
        Ok(Val::Own(Value::from(values)))
    }
}

/// `for` as an action.
#[derive(Debug)]
pub(crate) struct ForStmt {
    pub target: Box<dyn Expr>,
    pub rounds: Rounds,
    pub bodies: Box<[Box<dyn Stmt>]>,
    /// Whether the array of the values is used.
    pub wanted: bool,
}

impl Stmt for ForStmt {
    fn exec(&self, world: &mut World<'_>, frame: &mut Frame<'_>) -> Result<Flow, Box<Trap>> {
        let target = self.target.eval(&world.view(), frame)?.into_owned();
        let mut values = Vec::with_capacity(if self.wanted { rounds_of(&target) } else { 0 });
        let mut number = 0;
        while let Some(round) = round(&target, number) {
            number += 1;
            frame.charge(self.rounds.cost, self.rounds.at)?;
            let taken = self.rounds.select(&round, &world.view(), frame)?;
            drop(round);
            let Some(body) = taken.and_then(|index| self.bodies.get(index)) else {
                continue;
            };
            match body.exec(world, frame)? {
                Flow::Value(value) if self.wanted => {
                    frame.check_depth(&value, 1, self.rounds.at)?;
                    values.push(value);
                }
                Flow::Value(_) | Flow::Done => {}
                ended @ (Flow::Exit | Flow::Recur) => return Ok(ended),
            }
        }
        self.rounds.forget(frame);
        Ok(if self.wanted {
            Flow::Value(Value::from(values))
        } else {
            Flow::Done
        })
    }
}
