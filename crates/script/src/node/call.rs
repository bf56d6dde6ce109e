//! Calls of library functions and readings of aggregates.

use smallvec::SmallVec;
use temblor_syntax::span::Span;
use temblor_value::Value;

use super::{Expr, Frame, Res, Val, View};
use crate::func::{CallCx, EventInfo, FunctionDef, NativeFn};
use crate::trap::{Callee, Trap, TrapKind};

/// A call of a library function whose number of arguments is right.
#[derive(Debug)]
pub(crate) struct Native {
    pub call: NativeFn,
    pub args: Box<[Box<dyn Expr>]>,
    pub callee: Callee,
    pub at: Span,
}

impl Expr for Native {
    fn eval<'a>(&'a self, view: &View<'a>, frame: &mut Frame<'_>) -> Res<'a> {
        let mut values: SmallVec<[Value; 3]> = SmallVec::new();
        for arg in &self.args {
            values.push(arg.eval(view, frame)?.into_owned());
        }
        frame.charge(1, self.at)?;
        let result = invoke(self.call, &values, *view.info, frame)
            .map_err(|error| Trap::new(TrapKind::function(self.callee, error, &values), self.at, self.at))?;
        frame.check_depth(&result, 0, self.at)?;
        Ok(Val::Own(result))
    }
}

fn invoke(call: NativeFn, args: &[Value], info: EventInfo<'_>, frame: &mut Frame<'_>) -> Result<Value, crate::func::FnError> {
    let mut cx = CallCx {
        info,
        host: &*frame.shared.host,
        limits: &frame.shared.limits,
        steps: &mut frame.steps,
    };
    call(&mut cx, args)
}

/// A call with a wrong number of arguments: evaluates them, then fails.
#[derive(Debug)]
pub(crate) struct WrongArity {
    pub function: FunctionDef,
    pub args: Box<[Box<dyn Expr>]>,
    pub at: Span,
}

impl Expr for WrongArity {
    fn eval<'a>(&'a self, view: &View<'a>, frame: &mut Frame<'_>) -> Res<'a> {
        for arg in &self.args {
            arg.eval(view, frame)?;
        }
        Err(Trap::new(arity_error(&self.function, self.args.len()), self.at, self.at))
    }
}

/// How messages name a function that was given `given` arguments.
pub(crate) fn callee(function: &FunctionDef, given: usize) -> Callee {
    let arity = function.arity;
    Callee {
        module: function.module,
        name: function.name,
        arity: if arity.max == Some(arity.min) {
            usize::from(arity.min)
        } else {
            given
        },
    }
}

/// The error of a wrong number of arguments.
pub(crate) fn arity_error(function: &FunctionDef, given: usize) -> TrapKind {
    TrapKind::Arity {
        callee: callee(function, given),
        given,
        min: function.arity.min,
        max: function.arity.max,
    }
}

/// The value of an aggregate call, read from the window's state.
#[derive(Debug)]
pub(crate) struct Aggregate {
    pub index: usize,
    pub callee: Callee,
    pub at: Span,
}

impl Expr for Aggregate {
    fn eval<'a>(&'a self, view: &View<'a>, _frame: &mut Frame<'_>) -> Res<'a> {
        let state = view.aggregates.and_then(|states| states.get(self.index));
        let Some(state) = state else {
            return Err(Trap::new(TrapKind::NoWindow(self.callee), self.at, self.at));
        };
        state.emit().map(Val::Own).map_err(|error| {
            let kind = TrapKind::Function {
                callee: self.callee,
                error,
            };
            Trap::new(kind, self.at, self.at)
        })
    }
}
