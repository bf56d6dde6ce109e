//! Group expressions in windowed targets (spec/query.md 8.4).

use std::sync::Arc;

use temblor_syntax::Diagnostic;
use temblor_syntax::span::Span;

use super::{DimensionProgram, value_program};
use crate::ir::{Expr, Kind, Path, Root, Step, StepKind};
use crate::node::frame::Shared;

/// A lowered dimension: expressions with the number of their slots.
#[derive(Debug)]
pub(super) enum Lowered {
    Expr(Expr, usize),
    Set(Vec<Lowered>),
    Each(Expr, usize),
}

impl Lowered {
    /// The group expressions from left to right, depth first.
    pub(super) fn expressions<'e>(&'e self, into: &mut Vec<&'e Expr>) {
        match self {
            Self::Expr(expr, _) | Self::Each(expr, _) => into.push(expr),
            Self::Set(list) => list.iter().for_each(|dimension| dimension.expressions(into)),
        }
    }

    /// Builds the programs.
    pub(super) fn program(self, shared: &Arc<Shared>) -> Result<DimensionProgram, Box<Diagnostic>> {
        Ok(match self {
            Self::Expr(expr, slots) => DimensionProgram::Expr(value_program(expr, slots, shared)?),
            Self::Each(expr, slots) => DimensionProgram::Each(value_program(expr, slots, shared)?),
            Self::Set(list) => DimensionProgram::Set(
                list.into_iter()
                    .map(|dimension| dimension.program(shared))
                    .collect::<Result<_, _>>()?,
            ),
        })
    }
}

/// Replaces what equals a group expression by its element of `group`; gives the place of any other path at `event` or `$`.
///
/// `present` and `absent` escape, but for the expressions in their paths; arguments of aggregates are not part of the tree.
pub(super) fn rewrite(expr: &mut Expr, groups: &[&Expr]) -> Result<(), Span> {
    if let Some(index) = groups.iter().position(|group| *group == expr) {
        let at = expr.at;
        let step = Step {
            kind: StepKind::Index(index),
            at,
        };
        expr.kind = Kind::Path(Path {
            root: Root::Group,
            steps: vec![step],
            at,
        });
        return Ok(());
    }
    if let Kind::Path(path) = &expr.kind
        && matches!(path.root, Root::Event | Root::Meta)
    {
        return Err(expr.at.0);
    }
    let mut result = Ok(());
    expr.children_mut(&mut |child: &mut Expr| {
        if result.is_ok() {
            result = rewrite(child, groups);
        }
    });
    result
}
