//! Lowering expressions and actions.

use temblor_syntax::ast::{self, ExprKind, Literal, TextPart};
use temblor_value::{Str, Value};

use super::{Lowered, Lowerer, Site, fold};
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
        list.iter().map(|expr| self.expr(expr)).collect()
    }

    /// Lowers an expression or action.
    pub(crate) fn action(&mut self, expr: &ast::Expr, position: Position) -> Lowered<Expr> {
        self.deeper(expr.span, |this| this.kind(expr, position))
    }

    fn kind(&mut self, expr: &ast::Expr, position: Position) -> Lowered<Expr> {
        let at = expr.span;
        let kind = match &expr.kind {
            ExprKind::Literal(literal) => Kind::Const(literal_value(literal)),
            ExprKind::Text(text) => return self.text(text, at),
            ExprKind::Array(elements) => return Ok(fold::array(self.exprs(elements)?, at)),
            ExprKind::Record(fields) => {
                let mut lowered = Vec::with_capacity(fields.len());
                for field in fields {
                    let value = self.expr(&field.value)?;
                    let key = self.text(&field.key, field.key_span)?;
                    lowered.push(Field { key, value });
                }
                return Ok(fold::record(lowered, at));
            }
            ExprKind::Bytes(parts) => return self.bytes(parts, at),
            ExprKind::Path(path) => return self.read(path),
            ExprKind::Present(path) => Kind::Present {
                path: self.path(path)?,
                negated: false,
            },
            ExprKind::Absent(path) => Kind::Present {
                path: self.path(path)?,
                negated: true,
            },
            ExprKind::Unary { op, operand } => {
                let operand = self.expr(operand)?;
                return fold::unary(*op, operand, at);
            }
            ExprKind::Binary { .. } => return self.spine(expr),
            ExprKind::Call(call) => return self.call(call, at),
            ExprKind::Recur(args) => return self.recur(args, at, position),
            ExprKind::Match(inner) => return self.matching(inner, at, position),
            ExprKind::For(inner) => return self.looping(inner, at),
            ExprKind::Patch(inner) => self.patch(inner)?,
            ExprKind::Merge(inner) => Kind::Merge(Box::new((self.expr(&inner.target)?, self.expr(&inner.value)?))),
            ExprKind::Let { target, value } => {
                let value = self.action(value, position)?;
                if let ast::Root::Name(name) = &target.root {
                    self.scope.mark_set(&name.text);
                }
                let target = self.path(target)?;
                Kind::Let {
                    target,
                    value: Box::new(value),
                }
            }
            ExprKind::Emit(inner) => {
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
                Kind::Emit { value, port }
            }
            ExprKind::Drop => {
                if matches!(self.site, Site::Function { .. }) {
                    return Err(diag::misplaced("drop", at));
                }
                Kind::Drop
            }
        };
        Ok(Expr::new(kind, at))
    }

    /// Lowers a string or heredoc.
    pub(crate) fn text(&mut self, text: &ast::Text, at: temblor_syntax::span::Span) -> Lowered<Expr> {
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

    fn bytes(&mut self, parts: &[ast::BytesPart], at: temblor_syntax::span::Span) -> Lowered<Expr> {
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

    fn matching(&mut self, inner: &ast::Match, at: temblor_syntax::span::Span, position: Position) -> Lowered<Expr> {
        let target = self.expr(&inner.target)?;
        let mut clauses = Vec::with_capacity(inner.clauses.len());
        for clause in &inner.clauses {
            let (pattern, binds) = self.clause_pattern(clause)?;
            let guard = clause.guard.as_ref().map(|guard| self.expr(guard)).transpose()?;
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

    /// Lowers effectors; the last one stands where its match does.
    pub(crate) fn effectors(&mut self, effectors: &[ast::Expr], position: Position) -> Lowered<Vec<Expr>> {
        let last = effectors.len().saturating_sub(1);
        effectors
            .iter()
            .enumerate()
            .map(|(index, effector)| {
                let position = if index == last { position } else { Position::Inner };
                self.action(effector, position)
            })
            .collect()
    }

    fn looping(&mut self, inner: &ast::For, at: temblor_syntax::span::Span) -> Lowered<Expr> {
        let target = self.expr(&inner.target)?;
        let mut rounds = Vec::with_capacity(inner.rounds.len());
        for round in &inner.rounds {
            let key = self.scope.enter(&round.key.text);
            let value = self.scope.enter(&round.value.text);
            let guard = round.guard.as_ref().map(|guard| self.expr(guard)).transpose()?;
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

    fn patch(&mut self, inner: &ast::Patch) -> Lowered<Kind> {
        let target = self.expr(&inner.target)?;
        let mut ops = Vec::with_capacity(inner.ops.len());
        for op in &inner.ops {
            use ast::PatchOpKind as Op;
            ops.push(match &op.kind {
                Op::Insert(key, value) => PatchOp::Insert(self.expr(key)?, self.expr(value)?),
                Op::Update(key, value) => PatchOp::Update(self.expr(key)?, self.expr(value)?),
                Op::Upsert(key, value) => PatchOp::Upsert(self.expr(key)?, self.expr(value)?),
                Op::Erase(key) => PatchOp::Erase(self.expr(key)?),
                Op::Move(from, to) => PatchOp::Move(self.expr(from)?, self.expr(to)?),
                Op::Copy(from, to) => PatchOp::Copy(self.expr(from)?, self.expr(to)?),
                Op::Merge(key, value) => PatchOp::Merge(self.expr(key)?, self.expr(value)?),
                Op::MergeAll(value) => PatchOp::MergeAll(self.expr(value)?),
            });
        }
        Ok(Kind::Patch(Box::new(Patch {
            target,
            ops,
            head: Place(inner.head_span),
        })))
    }

    fn recur(&mut self, args: &[ast::Expr], at: temblor_syntax::span::Span, position: Position) -> Lowered<Expr> {
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
