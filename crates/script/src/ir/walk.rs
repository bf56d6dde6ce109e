//! Walks over the middle form: children, sizes.

use super::{
    BytesPart, Clause, Element, Expr, Field, FieldTestKind, Kind, Match, PatchOp, Path, Pattern, RecordPattern, StepKind,
    TextPart,
};

/// The same walk for reading and for changing.
macro_rules! walk {
    ($children:ident, $iter:ident, $($mutable:tt)?) => {
        impl Expr {
            /// Calls `visit` for each direct part, in textual order.
            pub(crate) fn $children<'e>(&'e $($mutable)? self, visit: &mut dyn FnMut(&'e $($mutable)? Expr)) {
                match &$($mutable)? self.kind {
                    Kind::Const(_) | Kind::Aggregate { .. } | Kind::Drop | Kind::ReturnEvent => {}
                    Kind::Path(path) | Kind::Present { path, .. } => path.$children(visit),
                    Kind::Text(parts) => {
                        for part in parts {
                            if let TextPart::Value(value) = part {
                                visit(value);
                            }
                        }
                    }
                    Kind::Array(values) | Kind::Recur(values) => values.$iter().for_each(visit),
                    Kind::Native { args, .. } | Kind::Call { args, .. } => args.$iter().for_each(visit),
                    Kind::Record(fields) => {
                        for Field { key, value } in fields {
                            visit(key);
                            visit(value);
                        }
                    }
                    Kind::Bytes(parts) => parts.$iter().for_each(|BytesPart { value, .. }| visit(value)),
                    Kind::Unary { operand, .. } => visit(operand),
                    Kind::Binary { first, rest } => {
                        visit(first);
                        for (_, right) in rest {
                            visit(right);
                        }
                    }
                    Kind::Match(inner) => inner.$children(visit),
                    Kind::For(inner) => {
                        visit(&$($mutable)? inner.target);
                        for round in &$($mutable)? inner.rounds {
                            round.guard.$iter().for_each(&mut *visit);
                            round.body.$iter().for_each(&mut *visit);
                        }
                    }
                    Kind::Patch(inner) => {
                        visit(&$($mutable)? inner.target);
                        inner.ops.$iter().for_each(|op| op.$children(visit));
                    }
                    Kind::Merge(parts) => {
                        visit(&$($mutable)? parts.0);
                        visit(&$($mutable)? parts.1);
                    }
                    Kind::Let { target, value } => {
                        target.$children(visit);
                        visit(value);
                    }
                    Kind::Emit { value, port } => {
                        for part in value.$iter().chain(port) {
                            visit(part);
                        }
                    }
                }
            }
        }

        impl Path {
            /// The expressions in its steps.
            pub(crate) fn $children<'e>(&'e $($mutable)? self, visit: &mut dyn FnMut(&'e $($mutable)? Expr)) {
                for step in &$($mutable)? self.steps {
                    match &$($mutable)? step.kind {
                        StepKind::Field(_) | StepKind::Index(_) => {}
                        StepKind::Computed(index) => visit(index),
                        StepKind::Range(bounds) => {
                            visit(&$($mutable)? bounds.0);
                            visit(&$($mutable)? bounds.1);
                        }
                    }
                }
            }
        }

        impl PatchOp {
            fn $children<'e>(&'e $($mutable)? self, visit: &mut dyn FnMut(&'e $($mutable)? Expr)) {
                match self {
                    Self::Erase(one) | Self::MergeAll(one) => visit(one),
                    Self::Insert(key, other)
                    | Self::Update(key, other)
                    | Self::Upsert(key, other)
                    | Self::Move(key, other)
                    | Self::Copy(key, other)
                    | Self::Merge(key, other) => {
                        visit(key);
                        visit(other);
                    }
                }
            }
        }

        impl Match {
            fn $children<'e>(&'e $($mutable)? self, visit: &mut dyn FnMut(&'e $($mutable)? Expr)) {
                visit(&$($mutable)? self.target);
                for Clause { pattern, guard, body, .. } in &$($mutable)? self.clauses {
                    pattern.$children(visit);
                    guard.$iter().for_each(&mut *visit);
                    body.$iter().for_each(&mut *visit);
                }
            }
        }

        impl Pattern {
            /// The expressions in it.
            pub(crate) fn $children<'e>(&'e $($mutable)? self, visit: &mut dyn FnMut(&'e $($mutable)? Expr)) {
                match self {
                    Self::Default | Self::Any | Self::Extract(_) => {}
                    Self::Value(value) => visit(value),
                    Self::Record(record) => record.$children(visit),
                    Self::Array(elements) | Self::Tuple { elements, .. } => {
                        for element in elements {
 element.$children(visit);
 }
                    }
                }
            }
        }

        impl RecordPattern {
            fn $children<'e>(&'e $($mutable)? self, visit: &mut dyn FnMut(&'e $($mutable)? Expr)) {
                for field in &$($mutable)? self.fields {
                    match &$($mutable)? field.kind {
                        FieldTestKind::Present | FieldTestKind::Absent | FieldTestKind::Extract(_) => {}
                        FieldTestKind::Compare(_, value) => visit(value),
                        FieldTestKind::Record(record) => record.$children(visit),
                        FieldTestKind::Array(elements) => {
                            for element in elements {
 element.$children(visit);
 }
                        }
                    }
                }
            }
        }

        impl Element {
            /// The expressions in it.
            pub(crate) fn $children<'e>(&'e $($mutable)? self, visit: &mut dyn FnMut(&'e $($mutable)? Expr)) {
                match self {
                    Self::Any | Self::Extract(_) => {}
                    Self::Value(value) => visit(value),
                    Self::Record(record) => record.$children(visit),
                }
            }
        }
    };
}

walk!(children, iter,);
walk!(children_mut, iter_mut, mut);

/// Size of a tree.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Size {
    /// Nodes, which is what a run counts as steps.
    pub nodes: usize,
    /// Nodes on the longest way down, called functions included.
    pub depth: usize,
}

impl Size {
    /// Joins trees that stand side by side.
    pub(crate) fn beside(self, other: Self) -> Self {
        Self {
            nodes: self.nodes.saturating_add(other.nodes),
            depth: self.depth.max(other.depth),
        }
    }
}

/// The size of `expr`.
pub(crate) fn size(expr: &Expr) -> Size {
    let mut below = Size::default();
    expr.children(&mut |child| below = below.beside(size(child)));
    if let Kind::Call { function, .. } = &expr.kind {
        below.depth = below.depth.max(function.0.depth);
    }
    Size {
        nodes: below.nodes.saturating_add(1),
        depth: below.depth + 1,
    }
}

/// The size of expressions side by side.
pub(crate) fn size_of_all<'e>(exprs: impl IntoIterator<Item = &'e Expr>) -> Size {
    exprs.into_iter().fold(Size::default(), |all, expr| all.beside(size(expr)))
}
