//! Lowering expressions and actions.

use temblor_syntax::ast::{self, ExprKind, Literal, TextPart};
use temblor_syntax::span::Span;
use temblor_value::{Str, Value};

use super::{Lowered, Lowerer, MAX_DEPTH, Site, fold};
use crate::binary::{PartError, PartKind};
use crate::diag;
use crate::ir::{BytesPart, Clause, Expr, Field, For, Kind, Match, Patch, PatchOp, Place, Round, TextPart as IrPart};

/// Where an action stands in its function.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Position {
    /// Its value is the result of the function.
    Tail,
    /// Anywhere else.
    Inner,
}

impl Lowerer<'_> {
    /// Lowers an expression that stands in no tail position.
    pub(crate) fn expr(&mut self, expr: &ast::Expr) -> Lowered<Expr> {
        self.action(expr, Position::Inner)
    }

    /// Lowers several expressions.
    pub(crate) fn exprs(&mut self, list: &[ast::Expr]) -> Lowered<Vec<Expr>> {
        let mut lowered = Vec::with_capacity(list.len());
        for expr in list {
            lowered.push(self.expr(expr)?);
        }
        Ok(lowered)
    }

    /// Lowers an expression or action.
    pub(crate) fn action(&mut self, expr: &ast::Expr, position: Position) -> Lowered<Expr> {
        if self.depth >= MAX_DEPTH {
            return Err(diag::too_deep(expr.span));
        }
        self.depth += 1;
        let lowered = self.kind(expr, position);
        self.depth -= 1;
        lowered
    }

    /// Each kind has a method of its own, so that none takes more stack than it needs.
    fn kind(&mut self, expr: &ast::Expr, position: Position) -> Lowered<Expr> {
        let at = expr.span;
        match &expr.kind {
            ExprKind::Literal(literal) => Ok(Expr::new(Kind::Const(literal_value(literal)), at)),
            ExprKind::Text(text) => self.text(text, at),
            ExprKind::Array(elements) => self.array(elements, at),
            ExprKind::Record(fields) => self.record(fields, at),
            ExprKind::Bytes(parts) => self.bytes(parts, at),
            ExprKind::Path(path) => self.read(path),
            ExprKind::Present(path) => self.present(path, false, at),
            ExprKind::Absent(path) => self.present(path, true, at),
            ExprKind::Unary { op, operand } => self.unary(*op, operand, at),
            ExprKind::Binary { .. } => self.spine(expr),
            ExprKind::Call(call) => self.call(call, at),
            ExprKind::Recur(args) => self.recur(args, at, position),
            ExprKind::Match(inner) => self.matching(inner, at, position),
            ExprKind::For(inner) => self.looping(inner, at),
            ExprKind::Patch(inner) => self.patch(inner, at),
            ExprKind::Merge(inner) => self.merge(inner, at),
            ExprKind::Let { target, value } => self.assign(target, value, at, position),
            ExprKind::Emit(inner) => self.emit(inner, at),
            ExprKind::Drop => self.drop_event(at),
        }
    }

    fn array(&mut self, elements: &[ast::Expr], at: Span) -> Lowered<Expr> {
        fold::array(self.exprs(elements)?, at, &self.env.limits)
    }

    fn record(&mut self, fields: &[ast::Field], at: Span) -> Lowered<Expr> {
        let mut lowered = Vec::with_capacity(fields.len());
        for field in fields {
            let value = self.expr(&field.value)?;
            let key = self.text(&field.key, field.key_span)?;
            lowered.push(Field { key, value });
        }
        fold::record(lowered, at, &self.env.limits)
    }

    fn present(&mut self, path: &ast::Path, negated: bool, at: Span) -> Lowered<Expr> {
        let path = self.path(path)?;
        Ok(Expr::new(Kind::Present { path, negated }, at))
    }

    fn unary(&mut self, op: ast::UnaryOp, operand: &ast::Expr, at: Span) -> Lowered<Expr> {
        let operand = self.expr(operand)?;
        fold::unary(op, operand, at)
    }

    fn merge(&mut self, inner: &ast::Merge, at: Span) -> Lowered<Expr> {
        let target = self.expr(&inner.target)?;
        let value = self.expr(&inner.value)?;
        Ok(Expr::new(Kind::Merge(Box::new((target, value))), at))
    }

    fn assign(&mut self, target: &ast::Path, value: &ast::Expr, at: Span, position: Position) -> Lowered<Expr> {
        let value = Box::new(self.action(value, position)?);
        if let ast::Root::Name(name) = &target.root {
            self.scope.mark_set(&name.text);
        }
        let target = self.path(target)?;
        Ok(Expr::new(Kind::Let { target, value }, at))
    }

    fn emit(&mut self, inner: &ast::Emit, at: Span) -> Lowered<Expr> {
        if matches!(self.site, Site::Function { .. }) {
            return Err(diag::misplaced("emit", at));
        }
        let port = match &inner.port {
            Some((text, span)) => Some(Box::new(self.text(text, *span)?)),
            None => None,
        };
        let value = match &inner.value {
            Some(value) => Some(Box::new(self.expr(value)?)),
            None => None,
        };
        Ok(Expr::new(Kind::Emit { value, port }, at))
    }

    fn drop_event(&mut self, at: Span) -> Lowered<Expr> {
        if matches!(self.site, Site::Function { .. }) {
            return Err(diag::misplaced("drop", at));
        }
        Ok(Expr::new(Kind::Drop, at))
    }

    /// Lowers a string or heredoc.
    pub(crate) fn text(&mut self, text: &ast::Text, at: Span) -> Lowered<Expr> {
        self.warn_braces(at);
        let mut parts = Vec::with_capacity(text.parts.len());
        for part in &text.parts {
            parts.push(match part {
                TextPart::Literal(text) => IrPart::Literal(Str::new(text)),
                TextPart::Value(value) => IrPart::Value(self.expr(value)?),
            });
        }
        fold::text(parts, at, &self.env.limits)
    }

    /// Lowers the operations of a left spine without recursion, so that long sums need no stack.
    fn spine(&mut self, expr: &ast::Expr) -> Lowered<Expr> {
        let mut links = Vec::new();
        let mut current = expr;
        while let ExprKind::Binary { op, operands } = &current.kind {
            links.push((*op, &operands.1, current.span));
            current = &operands.0;
        }
        let mut left = self.expr(current)?;
        for (op, right, at) in links.into_iter().rev() {
            let right = self.expr(right)?;
            left = fold::binary(op, left, right, at, &self.env.limits)?;
        }
        Ok(left)
    }

    fn bytes(&mut self, parts: &[ast::BytesPart], at: Span) -> Lowered<Expr> {
        let mut lowered = Vec::with_capacity(parts.len());
        for part in parts {
            let name = part.kind.as_ref().map(|name| name.text.as_str());
            let size = part.size.as_ref().map(|(size, _)| *size);
            let kind = PartKind::new(name, size).map_err(|error| match error {
                PartError::Type => diag::bytes_type(part),
                PartError::Size => diag::bytes_size(part),
            })?;
            lowered.push(BytesPart {
                value: self.expr(&part.value)?,
                kind,
                at: Place(part.span),
            });
        }
        fold::bytes(lowered, at, &self.env.limits)
    }

    fn matching(&mut self, inner: &ast::Match, at: Span, position: Position) -> Lowered<Expr> {
        let target = self.expr(&inner.target)?;
        let mut clauses = Vec::with_capacity(inner.clauses.len());
        for clause in &inner.clauses {
            let (pattern, binds) = self.clause_pattern(clause)?;
            let guard = self.guard(clause.guard.as_ref())?;
            let body = self.effectors(&clause.effectors, position)?;
            if binds.is_some() {
                self.scope.leave();
            }
            clauses.push(Clause {
                pattern,
                binds,
                guard,
                body,
            });
        }
        self.warn_defaults(&clauses, at);
        // A `recur` behind a value-level match in tail position makes an action of it.
        let recurs = position == Position::Tail && clauses.iter().any(|clause| clause.body.last().is_some_and(Expr::is_action));
        Ok(Expr::new(
            Kind::Match(Box::new(Match {
                target,
                clauses,
                is_action: inner.is_action || recurs,
            })),
            at,
        ))
    }

    /// Lowers the guard of a clause.
    pub(crate) fn guard(&mut self, guard: Option<&ast::Expr>) -> Lowered<Option<Expr>> {
        match guard {
            Some(guard) => self.expr(guard).map(Some),
            None => Ok(None),
        }
    }

    /// Lowers effectors; the last one stands where its match does.
    pub(crate) fn effectors(&mut self, effectors: &[ast::Expr], position: Position) -> Lowered<Vec<Expr>> {
        let last = effectors.len().saturating_sub(1);
        let mut lowered = Vec::with_capacity(effectors.len());
        for (index, effector) in effectors.iter().enumerate() {
            let position = if index == last { position } else { Position::Inner };
            lowered.push(self.action(effector, position)?);
        }
        Ok(lowered)
    }

    fn looping(&mut self, inner: &ast::For, at: Span) -> Lowered<Expr> {
        let target = self.expr(&inner.target)?;
        let mut rounds = Vec::with_capacity(inner.rounds.len());
        for round in &inner.rounds {
            let key = self.scope.enter(&round.key.text);
            let value = self.scope.enter(&round.value.text);
            let guard = self.guard(round.guard.as_ref())?;
            let body = self.effectors(&round.effectors, Position::Inner)?;
            self.scope.leave();
            self.scope.leave();
            rounds.push(Round { key, value, guard, body });
        }
        Ok(Expr::new(
            Kind::For(Box::new(For {
                target,
                rounds,
                is_action: inner.is_action,
            })),
            at,
        ))
    }

    fn patch(&mut self, inner: &ast::Patch, at: Span) -> Lowered<Expr> {
        let target = self.expr(&inner.target)?;
        let mut ops = Vec::with_capacity(inner.ops.len());
        for op in &inner.ops {
            ops.push(self.patch_op(op)?);
        }
        let patch = Patch {
            target,
            ops,
            head: Place(inner.head_span),
        };
        Ok(Expr::new(Kind::Patch(Box::new(patch)), at))
    }

    fn patch_op(&mut self, op: &ast::PatchOp) -> Lowered<PatchOp> {
        use ast::PatchOpKind as Op;
        let (key, other) = match &op.kind {
            Op::Insert(key, other)
            | Op::Update(key, other)
            | Op::Upsert(key, other)
            | Op::Move(key, other)
            | Op::Copy(key, other)
            | Op::Merge(key, other) => (key, other),
            Op::Erase(key) => return self.expr(key).map(PatchOp::Erase),
            Op::MergeAll(value) => return self.expr(value).map(PatchOp::MergeAll),
        };
        let (key, other) = (self.expr(key)?, self.expr(other)?);
        Ok(match &op.kind {
            Op::Insert(..) => PatchOp::Insert(key, other),
            Op::Update(..) => PatchOp::Update(key, other),
            Op::Upsert(..) => PatchOp::Upsert(key, other),
            Op::Move(..) => PatchOp::Move(key, other),
            Op::Copy(..) => PatchOp::Copy(key, other),
            _ => PatchOp::Merge(key, other),
        })
    }

    fn recur(&mut self, args: &[ast::Expr], at: Span, position: Position) -> Lowered<Expr> {
        let Site::Function { params, is_open } = self.site else {
            return Err(diag::misplaced("recur", at));
        };
        if position == Position::Inner {
            return Err(diag::misplaced("recur", at));
        }
        let given = args.len();
        if given > params || (given < params && !is_open) {
            return Err(diag::recur_arity(params, given, at));
        }
        Ok(Expr::new(Kind::Recur(self.exprs(args)?), at))
    }
}

fn literal_value(literal: &Literal) -> Value {
    match literal {
        Literal::Null => Value::Null,
        Literal::Bool(flag) => Value::Bool(*flag),
        Literal::Int(number) => Value::I64(*number),
        Literal::Float(number) => Value::F64(*number),
    }
}
