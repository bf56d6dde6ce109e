//! Script functions and their calls (spec/script.md 5.10, 5.11 and 6.2).

use std::sync::Arc;

use smallvec::SmallVec;
use temblor_syntax::span::Span;
use temblor_value::{Str, Value};

use super::{Expr, Flow, Frame, Res, Stmt, Val, View, World};
use crate::trap::{Trap, TrapKind};

/// A script function.
#[derive(Debug)]
pub(crate) struct Function {
    pub name: Str,
    /// Number of parameters; they are the first slots.
    pub params: usize,
    /// Whether it names `args`.
    pub reads_args: bool,
    /// Number of local names, parameters included.
    pub slots: usize,
    pub body: Box<dyn Stmt>,
    /// Steps that one run of the body counts for.
    pub cost: usize,
    /// Nodes that a run may stack up, called functions included.
    pub depth: usize,
}

/// A call of a script function.
#[derive(Debug)]
pub(crate) struct Call {
    pub function: Arc<Function>,
    pub args: Box<[Box<dyn Expr>]>,
    pub at: Span,
}

impl Expr for Call {
    fn eval<'a>(&'a self, view: &View<'a>, frame: &mut Frame<'_>) -> Res<'a> {
        let base = frame.slots.len();
        let result = self.prepare(view, frame).and_then(|surplus| {
            let caller = std::mem::replace(&mut frame.base, base);
            let result = self.run(&surplus, view, frame);
            frame.base = caller;
            result
        });
        frame.slots.truncate(base);
        result.map(Val::Own)
    }
}

impl Call {
    /// Pushes the parameters and gives the `args` of the function.
    fn prepare(&self, view: &View<'_>, frame: &mut Frame<'_>) -> Result<Value, Box<Trap>> {
        let mut surplus = Vec::new();
        for (position, arg) in self.args.iter().enumerate() {
            let value = arg.eval(view, frame)?.into_owned();
            if position < self.function.params {
                // Calls within the next arguments put their frames above and take them away again.
                frame.slots.push(Some(value));
            } else if self.function.reads_args {
                frame.check_depth(&value, 1, self.at)?;
                surplus.push(value);
            }
        }
        Ok(if self.function.reads_args {
            Value::from(surplus)
        } else {
            Value::Null
        })
    }

    fn run(&self, surplus: &Value, view: &View<'_>, frame: &mut Frame<'_>) -> Result<Value, Box<Trap>> {
        let (mut event, mut meta, mut state) = (Value::Null, Value::Null, Value::Null);
        let mut world = World {
            event: &mut event,
            meta: &mut meta,
            state: &mut state,
            args: surplus,
            group: &Value::Null,
            window: &Value::Null,
            info: *view.info,
            event_replaced: false,
        };
        let end = frame.base + self.function.slots;
        if frame.slots.len() < end {
            frame.slots.resize_with(end, || None);
        }
        let rounds = frame.shared.limits.recursion;
        let mut round = 1;
        loop {
            frame.charge(self.function.cost, self.at)?;
            match self.function.body.exec(&mut world, frame)? {
                Flow::Value(value) => return Ok(value),
                Flow::Done | Flow::Exit => return Ok(Value::Null),
                Flow::Recur => {
                    if rounds != 0 && round >= rounds {
                        return Err(Trap::new(TrapKind::Recursion(self.function.name.clone()), self.at, self.at));
                    }
                    round += 1;
                    let locals = frame.base + self.function.params;
                    if let Some(locals) = frame.slots.get_mut(locals..) {
                        locals.fill(None);
                    }
                }
            }
        }
    }
}

/// `recur`: sets the parameters for the next round, all at once.
#[derive(Debug)]
pub(crate) struct Recur {
    pub args: Box<[Box<dyn Expr>]>,
    /// Number of parameters; arguments beyond are evaluated and forgotten.
    pub params: usize,
}

impl Stmt for Recur {
    fn exec(&self, world: &mut World<'_>, frame: &mut Frame<'_>) -> Result<Flow, Box<Trap>> {
        let view = world.view();
        let mut values: SmallVec<[Value; 4]> = SmallVec::new();
        for arg in &self.args {
            values.push(arg.eval(&view, frame)?.into_owned());
        }
        for (slot, value) in values.into_iter().take(self.params).enumerate() {
            frame.set(slot, Some(value));
        }
        Ok(Flow::Recur)
    }
}
