//! Operators (spec/script.md 3).

use temblor_syntax::ast::{BinaryOp, UnaryOp};
use temblor_syntax::span::Span;
use temblor_value::Value;

use super::{Expr, Frame, Res, Test, Val, View};
use crate::ops::{self, OpError};
use crate::trap::{Expected, Trap, TrapKind};

/// A binary operation that gives something else than a boolean, or whose operands decide what it gives.
#[derive(Debug)]
pub(crate) struct Binary {
    pub op: BinaryOp,
    pub left: Box<dyn Expr>,
    pub right: Box<dyn Expr>,
    pub at: Span,
}

impl Expr for Binary {
    fn eval<'a>(&'a self, view: &View<'a>, frame: &mut Frame<'_>) -> Res<'a> {
        let left = self.left.eval(view, frame)?;
        let right = self.right.eval(view, frame)?;
        apply(self.op, &left, &right, self.at, frame).map(Val::Own)
    }
}

#[inline]
fn apply(op: BinaryOp, left: &Value, right: &Value, at: Span, frame: &mut Frame<'_>) -> Result<Value, Box<Trap>> {
    if let (Value::I64(left), Value::I64(right)) = (left, right) {
        // Where nothing overflows, the levels of spec/script.md 3.3 agree.
        let result = match op {
            BinaryOp::Add => left.checked_add(*right),
            BinaryOp::Sub => left.checked_sub(*right),
            BinaryOp::Mul => left.checked_mul(*right),
            _ => None,
        };
        if let Some(result) = result {
            return Ok(Value::I64(result));
        }
    }
    match ops::binary(op, left, right, &frame.shared.limits) {
        Ok(Value::Str(text)) => {
            frame.charge(text.len() / 64, at)?;
            Ok(Value::Str(text))
        }
        Ok(value) => Ok(value),
        Err(error) => Err(Trap::binary(error, op, left, right, at)),
    }
}

/// A long left spine of operations, applied in a loop so that its length needs no stack.
#[derive(Debug)]
pub(crate) struct Chain {
    pub first: Box<dyn Expr>,
    pub rest: Vec<Link>,
}

/// One operation of a [`Chain`] with its right operand.
#[derive(Debug)]
pub(crate) struct Link {
    pub op: BinaryOp,
    pub right: Box<dyn Expr>,
    /// From the first operand of the chain to this one.
    pub at: Span,
}

impl Expr for Chain {
    fn eval<'a>(&'a self, view: &View<'a>, frame: &mut Frame<'_>) -> Res<'a> {
        let mut left = self.first.eval(view, frame)?;
        for link in &self.rest {
            if is_decided(link.op, &left) {
                continue;
            }
            let right = link.right.eval(view, frame)?;
            left = Val::Own(apply(link.op, &left, &right, link.at, frame)?);
        }
        Ok(left)
    }
}

/// Whether `and` or `or` need not look at the right operand.
#[inline]
fn is_decided(op: BinaryOp, left: &Value) -> bool {
    matches!(
        (op, left),
        (BinaryOp::And, Value::Bool(false)) | (BinaryOp::Or, Value::Bool(true))
    )
}

/// `and`, `or` over operands that need not be booleans.
#[derive(Debug)]
pub(crate) struct Logic {
    pub op: BinaryOp,
    pub left: Box<dyn Expr>,
    pub right: Box<dyn Expr>,
    pub at: Span,
}

impl Test for Logic {
    fn test(&self, view: &View<'_>, frame: &mut Frame<'_>) -> Result<bool, Box<Trap>> {
        let left = self.left.eval(view, frame)?;
        if is_decided(self.op, &left) {
            return Ok(self.op == BinaryOp::Or);
        }
        let right = self.right.eval(view, frame)?;
        match (&*left, &*right) {
            (Value::Bool(_), Value::Bool(right)) => Ok(*right),
            (left, right) => Err(Trap::binary(OpError::Invalid, self.op, left, right, self.at)),
        }
    }
}

/// `and` over conditions.
#[derive(Debug)]
pub(crate) struct AllOf(pub Box<[Box<dyn Test>]>);

impl Test for AllOf {
    fn test(&self, view: &View<'_>, frame: &mut Frame<'_>) -> Result<bool, Box<Trap>> {
        for test in &self.0 {
            if !test.test(view, frame)? {
                return Ok(false);
            }
        }
        Ok(true)
    }
}

/// `or` over conditions.
#[derive(Debug)]
pub(crate) struct AnyOf(pub Box<[Box<dyn Test>]>);

impl Test for AnyOf {
    fn test(&self, view: &View<'_>, frame: &mut Frame<'_>) -> Result<bool, Box<Trap>> {
        for test in &self.0 {
            if test.test(view, frame)? {
                return Ok(true);
            }
        }
        Ok(false)
    }
}

/// `not`, `!` of a condition.
#[derive(Debug)]
pub(crate) struct Not(pub Box<dyn Test>);

impl Test for Not {
    fn test(&self, view: &View<'_>, frame: &mut Frame<'_>) -> Result<bool, Box<Trap>> {
        self.0.test(view, frame).map(|holds| !holds)
    }
}

/// `==`, `!=`.
#[derive(Debug)]
pub(crate) struct Equal {
    pub left: Box<dyn Expr>,
    pub right: Box<dyn Expr>,
    pub negated: bool,
}

impl Test for Equal {
    fn test(&self, view: &View<'_>, frame: &mut Frame<'_>) -> Result<bool, Box<Trap>> {
        let left = self.left.eval(view, frame)?;
        let right = self.right.eval(view, frame)?;
        Ok((*left == *right) != self.negated)
    }
}

/// `==`, `!=` with a value known at load.
#[derive(Debug)]
pub(crate) struct EqualConst {
    pub operand: Box<dyn Expr>,
    pub value: Value,
    pub negated: bool,
}

impl Test for EqualConst {
    fn test(&self, view: &View<'_>, frame: &mut Frame<'_>) -> Result<bool, Box<Trap>> {
        let operand = self.operand.eval(view, frame)?;
        Ok((*operand == self.value) != self.negated)
    }
}

/// `<`, `<=`, `>`, `>=`.
#[derive(Debug)]
pub(crate) struct Ordered {
    pub op: BinaryOp,
    pub left: Box<dyn Expr>,
    pub right: Box<dyn Expr>,
    pub at: Span,
}

impl Test for Ordered {
    fn test(&self, view: &View<'_>, frame: &mut Frame<'_>) -> Result<bool, Box<Trap>> {
        let left = self.left.eval(view, frame)?;
        let right = self.right.eval(view, frame)?;
        ops::compare::ordered(self.op, &left, &right).map_err(|error| Trap::binary(error, self.op, &left, &right, self.at))
    }
}

/// A prefix operation.
#[derive(Debug)]
pub(crate) struct Unary {
    pub op: UnaryOp,
    pub operand: Box<dyn Expr>,
    /// The operand.
    pub at: Span,
    /// Operator and operand.
    pub within: Span,
}

impl Expr for Unary {
    fn eval<'a>(&'a self, view: &View<'a>, frame: &mut Frame<'_>) -> Res<'a> {
        let operand = self.operand.eval(view, frame)?;
        ops::unary(self.op, &operand).map(Val::Own).map_err(|_| {
            let kind = TrapKind::Unary {
                op: self.op,
                operand: operand.kind(),
            };
            Trap::new(kind, self.at, self.within)
        })
    }
}

/// A value where a condition is wanted: guards, `where`, `having`.
#[derive(Debug)]
pub(crate) struct Truth {
    pub operand: Box<dyn Expr>,
    pub at: Span,
    pub within: Span,
}

impl Test for Truth {
    fn test(&self, view: &View<'_>, frame: &mut Frame<'_>) -> Result<bool, Box<Trap>> {
        match &*self.operand.eval(view, frame)? {
            Value::Bool(holds) => Ok(*holds),
            other => Err(Trap::conflict(other, Expected::Boolean, self.at, self.within)),
        }
    }
}

/// A condition known at load.
#[derive(Debug)]
pub(crate) struct Always(pub bool);

impl Test for Always {
    fn test(&self, _view: &View<'_>, _frame: &mut Frame<'_>) -> Result<bool, Box<Trap>> {
        Ok(self.0)
    }
}
