//! Building actions.

use temblor_syntax::span::Span;
use temblor_value::{Key, Value};

use super::expr::{expr, exprs};
use super::path::{key_step, key_steps};
use super::pattern;
use crate::ir::{self, Kind, PatchOp, Path, Root, StepKind};
use crate::node::Stmt;
use crate::node::assign::{SetField, SetPath, SetRefused, SetRoot, SetStep, SetWhole, Source};
use crate::node::function::Recur;
use crate::node::looping::ForStmt;
use crate::node::matching::MatchStmt;
use crate::node::patch::{KeySource, Op, OpKey, Ops};
use crate::node::patch_place::{MergePlace, PatchPlace, RecordPlace};
use crate::node::stmt::{Drop, Emit, Give, GiveConst, Nothing, Port, ReturnEvent, Sequence};
use crate::trap::TrapKind;

/// What actions need to know of the function they stand in.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct BodyCx {
    /// Number of its parameters; 0 in a script.
    pub params: usize,
}

/// Builds actions in order, pruned before; `wanted` says whether the value of the last one is used.
pub(crate) fn body(mut list: Vec<ir::Expr>, wanted: bool, cx: BodyCx) -> Box<dyn Stmt> {
    let last = list.pop();
    let mut stmts: Vec<Box<dyn Stmt>> = list.into_iter().map(|action| stmt(action, false, cx)).collect();
    match last {
        None => Box::new(Nothing),
        Some(last) => {
            let last = stmt(last, wanted, cx);
            if stmts.is_empty() {
                return last;
            }
            stmts.push(last);
            Box::new(Sequence(stmts.into()))
        }
    }
}

fn stmt(action: ir::Expr, wanted: bool, cx: BodyCx) -> Box<dyn Stmt> {
    let at = action.at.0;
    match action.kind {
        Kind::Let { target, value } => assign(target, *value, wanted, cx),
        Kind::Emit { value, port } => Box::new(Emit {
            value: value.map(|value| expr(*value)),
            port: port.map(|port| match port.as_const() {
                Some(Value::Str(name)) => Port::Const(name.clone()),
                _ => Port::Computed(expr(*port)),
            }),
        }),
        Kind::Drop => Box::new(Drop),
        Kind::ReturnEvent => Box::new(ReturnEvent),
        Kind::Recur(args) => Box::new(Recur {
            args: exprs(args),
            params: cx.params,
        }),
        Kind::Match(inner) if inner.is_action => {
            let inner = *inner;
            let (clauses, bodies) = pattern::clauses(inner.clauses, at);
            let clause_body = |(list, binds): (Vec<ir::Expr>, &Option<usize>)| match pattern::own_name(&list, *binds) {
                Some(name) if wanted => Box::new(Give(Box::new(name))),
                _ => body(list, wanted, cx),
            };
            Box::new(MatchStmt {
                target: expr(inner.target),
                bodies: bodies.into_iter().zip(&clauses.binds).map(clause_body).collect(),
                clauses,
            })
        }
        Kind::For(inner) if inner.is_action => {
            let inner = *inner;
            let (rounds, bodies) = pattern::rounds(inner.rounds, at);
            Box::new(ForStmt {
                target: expr(inner.target),
                rounds,
                bodies: bodies.into_iter().map(|list| body(list, wanted, cx)).collect(),
                wanted,
            })
        }
        Kind::Const(value) if wanted => Box::new(GiveConst(value)),
        kind if wanted => Box::new(Give(expr(ir::Expr::new(kind, at)))),
        _ => Box::new(Nothing),
    }
}

fn source(value: ir::Expr, cx: BodyCx) -> Source {
    if value.is_action() {
        Source::Action(stmt(value, true, cx))
    } else {
        Source::Pure(expr(value))
    }
}

fn assign(target: Path, value: ir::Expr, wanted: bool, cx: BodyCx) -> Box<dyn Stmt> {
    let at = target.at.0;
    let whole = at.to(value.at.0);
    let root = match &target.root {
        Root::Event => SetRoot::Event,
        Root::Meta if target.steps.is_empty() => return refuse(TrapKind::SetInvalid, value, whole, cx),
        Root::Meta => SetRoot::Meta,
        Root::State => SetRoot::State,
        Root::Local { slot, name } => SetRoot::Local {
            slot: *slot,
            name: name.clone(),
        },
        Root::Args => return refuse(TrapKind::SetConstant("args".into()), value, whole, cx),
        Root::Group => return refuse(TrapKind::SetConstant("group".into()), value, whole, cx),
        Root::Window => return refuse(TrapKind::SetConstant("window".into()), value, whole, cx),
        Root::Const { name, .. } => return refuse(TrapKind::SetConstant(name.clone()), value, whole, cx),
    };
    let value = match in_place(&target, &root, value, wanted) {
        Ok(stmt) => return stmt,
        Err(value) => *value,
    };
    let value = source(value, cx);
    if target.steps.is_empty() {
        return Box::new(SetWhole { root, value, wanted });
    }
    match key_steps(&target.steps) {
        Some(steps) => Box::new(SetField {
            root,
            steps: steps.into(),
            value,
            wanted,
            at,
        }),
        None => Box::new(SetPath {
            root,
            steps: target.steps.into_iter().map(set_step).collect(),
            value,
            wanted,
            at,
        }),
    }
}

fn refuse(kind: TrapKind, value: ir::Expr, at: Span, cx: BodyCx) -> Box<dyn Stmt> {
    Box::new(SetRefused {
        kind,
        value: source(value, cx),
        at,
    })
}

fn set_step(step: ir::Step) -> SetStep {
    let at = step.at.0;
    match step.kind {
        StepKind::Field(ref key) => SetStep::Key(key_step(key, &step)),
        StepKind::Computed(index) => SetStep::Computed { index: expr(*index), at },
        StepKind::Index(_) | StepKind::Range(_) => SetStep::IntoArray { at },
    }
}

/// Builds a patch or merge that is written back to its own target; gives the value back if it is something else.
fn in_place(target: &Path, root: &SetRoot, value: ir::Expr, wanted: bool) -> Result<Box<dyn Stmt>, Box<ir::Expr>> {
    let at = value.at.0;
    let is_own = |expr: &ir::Expr| matches!(&expr.kind, Kind::Path(path) if path == target);
    let (Some(steps), true) = (
        key_steps(&target.steps),
        match &value.kind {
            Kind::Patch(patch) => is_own(&patch.target) && touch_different_keys(&patch.ops),
            Kind::Merge(parts) => is_own(&parts.0),
            _ => false,
        },
    ) else {
        return Err(Box::new(value));
    };
    let place = |read: ir::Expr| RecordPlace {
        root: root.clone(),
        steps: steps.into(),
        read: expr(read),
    };
    match value.kind {
        Kind::Patch(patch) => {
            let patch = *patch;
            Ok(Box::new(PatchPlace {
                ops: patch_ops(patch.ops, patch.head.0, patch.target.at.0, at),
                place: place(patch.target),
                wanted,
            }))
        }
        Kind::Merge(parts) => {
            let (read, merged) = *parts;
            Ok(Box::new(MergePlace {
                target_at: read.at.0,
                value_at: merged.at.0,
                place: place(read),
                value: expr(merged),
                at,
                wanted,
            }))
        }
        kind => Err(Box::new(ir::Expr::new(kind, at))),
    }
}

/// Whether all operations can be checked before the first one is applied: constant keys, each only once, and no merge into the whole.
fn touch_different_keys(ops: &[PatchOp]) -> bool {
    let mut seen: Vec<&str> = Vec::new();
    ops.iter().all(|op| {
        let keys = match op {
            PatchOp::Insert(key, _)
            | PatchOp::Update(key, _)
            | PatchOp::Upsert(key, _)
            | PatchOp::Merge(key, _)
            | PatchOp::Erase(key) => [Some(key), None],
            PatchOp::Move(from, to) | PatchOp::Copy(from, to) => [Some(from), Some(to)],
            PatchOp::MergeAll(_) => return false,
        };
        keys.into_iter()
            .flatten()
            .all(|key| match key.as_const().and_then(Value::as_str) {
                Some(key) if !seen.contains(&key) => {
                    seen.push(key);
                    true
                }
                _ => false,
            })
    })
}

/// Builds the operations of a patch.
pub(crate) fn patch_ops(ops: Vec<PatchOp>, head: Span, target: Span, at: Span) -> Ops {
    let list = ops
        .into_iter()
        .map(|op| match op {
            PatchOp::Insert(key, value) => Op::Insert(op_key(key), expr(value)),
            PatchOp::Update(key, value) => Op::Update(op_key(key), expr(value)),
            PatchOp::Upsert(key, value) => Op::Upsert(op_key(key), expr(value)),
            PatchOp::Erase(key) => Op::Erase(op_key(key)),
            PatchOp::Move(from, to) => Op::Move(op_key(from), op_key(to)),
            PatchOp::Copy(from, to) => Op::Copy(op_key(from), op_key(to)),
            PatchOp::Merge(key, value) => Op::Merge(op_key(key), expr(value)),
            PatchOp::MergeAll(value) => Op::MergeAll(expr(value)),
        })
        .collect();
    Ops { list, head, target, at }
}

fn op_key(key: ir::Expr) -> OpKey {
    let at = key.at.0;
    let source = match key.as_const() {
        Some(Value::Str(text)) => KeySource::Const(Key::new(text.clone())),
        _ => KeySource::Computed(expr(key)),
    };
    OpKey { source, at }
}
