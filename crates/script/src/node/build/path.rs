//! Building reads of paths.

use temblor_value::{Hint, Key, Str};

use super::expr::expr;
use crate::ir::{Path, Root, Step, StepKind};
use crate::node::path::{AnyPath, AnyRoot, AnyStep, Bound, Const, Field, Fields, FixedRoot, KeyStep, Local, LocalFields, Whole};
use crate::node::present::{HasFields, HasLocal, HasPath};
use crate::node::{Expr, Test};

/// A node that reads `path`.
pub(crate) fn read(path: Path) -> Box<dyn Expr> {
    let at = path.at.0;
    if let Some(mut steps) = key_steps(&path.steps) {
        match (&path.root, steps.len()) {
            (Root::Local { slot, name }, 0) => {
                return Box::new(Local {
                    slot: *slot,
                    name: name.clone(),
                    at,
                });
            }
            (Root::Local { slot, name }, _) => {
                return Box::new(LocalFields {
                    slot: *slot,
                    name: name.clone(),
                    steps: steps.into(),
                    at,
                });
            }
            (Root::Const { value, .. }, 0) => return Box::new(Const(value.clone())),
            (root, length) => {
                if let Some(root) = fixed(root) {
                    return match (length, steps.pop()) {
                        (1, Some(step)) => Box::new(Field { root, step, at }),
                        (_, None) => Box::new(Whole(root)),
                        (_, Some(step)) => {
                            steps.push(step);
                            Box::new(Fields {
                                root,
                                steps: steps.into(),
                                at,
                            })
                        }
                    };
                }
            }
        }
    }
    Box::new(any(path))
}

/// A test whether `path` can be resolved.
pub(crate) fn present(path: Path, negated: bool) -> Box<dyn Test> {
    if let Some(steps) = key_steps(&path.steps) {
        let keys: Box<[Key]> = steps.into_iter().map(|step| step.key).collect();
        if let Some(root) = fixed(&path.root) {
            return Box::new(HasFields { root, keys, negated });
        }
        if let Root::Local { slot, .. } = path.root {
            return Box::new(HasLocal { slot, keys, negated });
        }
    }
    Box::new(HasPath {
        path: any(path),
        negated,
    })
}

/// The root, if expressions can borrow from it.
pub(crate) fn fixed(root: &Root) -> Option<FixedRoot> {
    Some(match root {
        Root::Event => FixedRoot::Event,
        Root::Meta => FixedRoot::Meta,
        Root::State => FixedRoot::State,
        Root::Args => FixedRoot::Args,
        Root::Group => FixedRoot::Group,
        Root::Window => FixedRoot::Window,
        Root::Local { .. } | Root::Const { .. } => return None,
    })
}

/// The steps, if all are fields with constant keys.
pub(crate) fn key_steps(steps: &[Step]) -> Option<Vec<KeyStep>> {
    steps
        .iter()
        .map(|step| match &step.kind {
            StepKind::Field(key) => Some(key_step(key, step)),
            StepKind::Index(_) | StepKind::Computed(_) | StepKind::Range(_) => None,
        })
        .collect()
}

/// A field step.
pub(crate) fn key_step(key: &Str, step: &Step) -> KeyStep {
    KeyStep {
        key: Key::new(key.clone()),
        hint: Hint::default(),
        at: step.at.0,
    }
}

fn any(path: Path) -> AnyPath {
    let root = match fixed(&path.root) {
        Some(root) => AnyRoot::Fixed(root),
        None => match path.root {
            Root::Local { slot, name } => AnyRoot::Local { slot, name },
            Root::Const { value, .. } => AnyRoot::Const(value),
            // Every other root is fixed.
            _ => AnyRoot::Fixed(FixedRoot::Event),
        },
    };
    let steps = path
        .steps
        .into_iter()
        .map(|step| {
            let at = step.at.0;
            match step.kind {
                StepKind::Field(ref key) => AnyStep::Key(key_step(key, &step)),
                StepKind::Index(index) => AnyStep::Index { index, at },
                StepKind::Computed(index) => AnyStep::Computed { index: expr(*index), at },
                StepKind::Range(bounds) => {
                    let (start, end) = *bounds;
                    let bound = |value: crate::ir::Expr| Bound {
                        at: value.at.0,
                        value: expr(value),
                    };
                    AnyStep::Range {
                        start: bound(start),
                        end: bound(end),
                        at,
                    }
                }
            }
        })
        .collect();
    AnyPath {
        root,
        steps,
        at: path.at.0,
    }
}
