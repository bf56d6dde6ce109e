//! Sequences, results, `emit` and `drop` (spec/script.md 5.9 and 8.2).

use temblor_value::{Str, Value};

use super::{Expr, Flow, Frame, Stmt, World};
use crate::program::Verdict;
use crate::trap::Trap;

/// Actions in order; the flow of the last one counts.
#[derive(Debug)]
pub(crate) struct Sequence(pub Box<[Box<dyn Stmt>]>);

impl Stmt for Sequence {
    fn exec(&self, world: &mut World<'_>, frame: &mut Frame<'_>) -> Result<Flow, Box<Trap>> {
        let mut flow = Flow::Done;
        for stmt in &self.0 {
            flow = stmt.exec(world, frame)?;
            if matches!(flow, Flow::Exit | Flow::Recur) {
                break;
            }
        }
        Ok(flow)
    }
}

/// A value that is used.
#[derive(Debug)]
pub(crate) struct Give(pub Box<dyn Expr>);

impl Stmt for Give {
    fn exec(&self, world: &mut World<'_>, frame: &mut Frame<'_>) -> Result<Flow, Box<Trap>> {
        Ok(Flow::Value(self.0.eval(&world.view(), frame)?.into_owned()))
    }
}

/// A value known at load.
#[derive(Debug)]
pub(crate) struct GiveConst(pub Value);

impl Stmt for GiveConst {
    fn exec(&self, _world: &mut World<'_>, _frame: &mut Frame<'_>) -> Result<Flow, Box<Trap>> {
        Ok(Flow::Value(self.0.clone()))
    }
}

/// A value that is not used, and so not evaluated (spec/script.md 8.3).
#[derive(Debug)]
pub(crate) struct Nothing;

impl Stmt for Nothing {
    fn exec(&self, _world: &mut World<'_>, _frame: &mut Frame<'_>) -> Result<Flow, Box<Trap>> {
        Ok(Flow::Done)
    }
}

/// A final bare `event`.
#[derive(Debug)]
pub(crate) struct ReturnEvent;

impl Stmt for ReturnEvent {
    fn exec(&self, _world: &mut World<'_>, frame: &mut Frame<'_>) -> Result<Flow, Box<Trap>> {
        frame.outcome = Some(Verdict::ReturnEvent);
        Ok(Flow::Exit)
    }
}

/// `drop`.
#[derive(Debug)]
pub(crate) struct Drop;

impl Stmt for Drop {
    fn exec(&self, _world: &mut World<'_>, frame: &mut Frame<'_>) -> Result<Flow, Box<Trap>> {
        frame.outcome = Some(Verdict::Drop);
        Ok(Flow::Exit)
    }
}

/// A port of an `emit`.
#[derive(Debug)]
pub(crate) enum Port {
    Const(Str),
    Computed(Box<dyn Expr>),
}

impl Port {
    fn name(&self, world: &World<'_>, frame: &mut Frame<'_>) -> Result<Str, Box<Trap>> {
        match self {
            Self::Const(name) => Ok(name.clone()),
            Self::Computed(expr) => Ok(match expr.eval(&world.view(), frame)?.into_owned() {
                Value::Str(name) => name,
                _ => Str::default(),
            }),
        }
    }
}

/// `emit`; no value: the event.
#[derive(Debug)]
pub(crate) struct Emit {
    pub value: Option<Box<dyn Expr>>,
    pub port: Option<Port>,
}

impl Stmt for Emit {
    fn exec(&self, world: &mut World<'_>, frame: &mut Frame<'_>) -> Result<Flow, Box<Trap>> {
        let port = match &self.port {
            Some(port) => Some(port.name(world, frame)?),
            None => None,
        };
        frame.outcome = Some(match &self.value {
            Some(value) => Verdict::EmitValue(value.eval(&world.view(), frame)?.into_owned(), port),
            None => Verdict::EmitEvent(port),
        });
        Ok(Flow::Exit)
    }
}
