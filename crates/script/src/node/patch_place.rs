//! `let x = patch x of … end` and `let x = merge x of … end` without a copy.
//!
//! The record is changed where it lies. That nothing shows of a failing patch is kept by checking all operations before the first one is
//! applied, which is possible if no two of them touch the same key; `node::build` sees to that.

use temblor_syntax::span::Span;
use temblor_value::{ObjectMap, Value};

use super::assign::SetRoot;
use super::patch::Ops;
use super::path::KeyStep;
use super::{Expr, Flow, Frame, Stmt, World};
use crate::ops::merge::merge_into;
use crate::trap::{Expected, Trap};

/// A record that is read and set: a root and fields with constant keys.
#[derive(Debug)]
pub(crate) struct RecordPlace {
    pub root: SetRoot,
    pub steps: Box<[KeyStep]>,
    /// Reads the place, for its errors.
    pub read: Box<dyn Expr>,
}

impl RecordPlace {
    /// The place, made unique on the way.
    fn change<'v>(&self, world: &'v mut World<'_>, frame: &'v mut Frame<'_>) -> Option<&'v mut Value> {
        let start = self.root.change(world, frame)?;
        self.steps
            .iter()
            .try_fold(start, |value, step| value.object_mut()?.get_key_mut(&step.key))
    }

    /// The flow of the `let`, now that the place is changed.
    fn finish(&self, wanted: bool, world: &mut World<'_>, frame: &mut Frame<'_>) -> Result<Flow, Box<Trap>> {
        self.root.changed(world);
        if !wanted {
            return Ok(Flow::Done);
        }
        Ok(Flow::Value(self.read.eval(&world.view(), frame)?.into_owned()))
    }
}

/// `let x = patch x of … end`.
#[derive(Debug)]
pub(crate) struct PatchPlace {
    pub place: RecordPlace,
    pub ops: Ops,
    pub wanted: bool,
}

impl Stmt for PatchPlace {
    fn exec(&self, world: &mut World<'_>, frame: &mut Frame<'_>) -> Result<Flow, Box<Trap>> {
        let mut ready = {
            let view = world.view();
            let target = self.place.read.eval(&view, frame)?;
            let ready = self.ops.prepare(self.place.steps.len(), &view, frame)?;
            let Some(map) = target.as_object() else {
                return Err(Trap::conflict(&target, Expected::Record, self.ops.target, self.ops.at));
            };
            self.ops.check_all(map, &ready)?;
            ready
        };
        ready.keep_under(&self.place.root);
        if let Some(map) = self.place.change(world, frame).and_then(Value::object_mut) {
            self.ops.apply_checked(map, ready);
        }
        self.place.finish(self.wanted, world, frame)
    }
}

/// `let x = merge x of … end`.
#[derive(Debug)]
pub(crate) struct MergePlace {
    pub place: RecordPlace,
    pub value: Box<dyn Expr>,
    pub target_at: Span,
    pub value_at: Span,
    pub at: Span,
    pub wanted: bool,
}

impl Stmt for MergePlace {
    fn exec(&self, world: &mut World<'_>, frame: &mut Frame<'_>) -> Result<Flow, Box<Trap>> {
        let mut value = {
            let view = world.view();
            let target = self.place.read.eval(&view, frame)?;
            let Some(size) = target.as_object().map(ObjectMap::len) else {
                return Err(Trap::conflict(&target, Expected::Record, self.target_at, self.at));
            };
            let value = self.value.eval(&view, frame)?.into_owned();
            let Some(map) = value.as_object() else {
                return Err(Trap::conflict(&value, Expected::Record, self.value_at, self.at));
            };
            frame.check_elements(size + map.len(), self.at)?;
            frame.check_depth(&value, self.place.steps.len(), self.at)?;
            value
        };
        self.place.root.keep(&mut value);
        if let Some(whole) = self.place.change(world, frame).and_then(Value::object_mut)
            && let Some(value) = value.as_object()
        {
            merge_into(whole, value);
        }
        self.place.finish(self.wanted, world, frame)
    }
}
