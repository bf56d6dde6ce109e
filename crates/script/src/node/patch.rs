//! `patch` and `merge` (spec/script.md 5.7 and 5.8).
//!
//! All keys and values are evaluated before the first operation is applied.

use smallvec::SmallVec;
use temblor_syntax::span::Span;
use temblor_value::{Key, ObjectMap, Value};

use super::assign::SetRoot;
use super::{Expr, Frame, Res, Val, View};
use crate::ops::merge::merge_into;
use crate::trap::{Expected, Trap, TrapKind};

/// The operations of a patch.
#[derive(Debug)]
pub(crate) struct Ops {
    pub list: Box<[Op]>,
    /// From `patch` to the end of the target.
    pub head: Span,
    pub target: Span,
    /// The whole patch.
    pub at: Span,
}

/// One operation.
#[derive(Debug)]
pub(crate) enum Op {
    Insert(OpKey, Box<dyn Expr>),
    Update(OpKey, Box<dyn Expr>),
    Upsert(OpKey, Box<dyn Expr>),
    Erase(OpKey),
    Move(OpKey, OpKey),
    Copy(OpKey, OpKey),
    Merge(OpKey, Box<dyn Expr>),
    MergeAll(Box<dyn Expr>),
}

/// A key of an operation.
#[derive(Debug)]
pub(crate) struct OpKey {
    pub source: KeySource,
    pub at: Span,
}

/// Where a key comes from.
#[derive(Debug)]
pub(crate) enum KeySource {
    Const(Key),
    Computed(Box<dyn Expr>),
}

/// What the operations need, evaluated: computed keys and values, each in textual order.
#[derive(Default)]
pub(crate) struct Ready {
    keys: SmallVec<[Key; 2]>,
    values: SmallVec<[Value; 3]>,
}

impl Ready {
    /// Prepares the values to live under `root`.
    pub(crate) fn kept_under(mut self, root: &SetRoot) -> Self {
        for value in &mut self.values {
            root.keep(value);
        }
        self
    }
}

impl OpKey {
    fn prepare(&self, within: Span, view: &View<'_>, frame: &mut Frame<'_>, ready: &mut Ready) -> Result<(), Box<Trap>> {
        if let KeySource::Computed(expr) = &self.source {
            match expr.eval(view, frame)?.into_owned() {
                Value::Str(text) => ready.keys.push(Key::new(text)),
                other => return Err(Trap::conflict(&other, Expected::String, self.at, within)),
            }
        }
        Ok(())
    }

    fn get<'k>(&'k self, computed: &mut std::slice::Iter<'k, Key>) -> Option<&'k Key> {
        match &self.source {
            KeySource::Const(key) => Some(key),
            KeySource::Computed(_) => computed.next(),
        }
    }
}

impl Ops {
    /// Evaluates all keys and values; `below` is how deep in its root the patched record stands.
    pub(crate) fn prepare(&self, below: usize, view: &View<'_>, frame: &mut Frame<'_>) -> Result<Ready, Box<Trap>> {
        let mut ready = Ready::default();
        for op in &self.list {
            let (key, other, value, depth) = match op {
                Op::Insert(key, value) | Op::Update(key, value) | Op::Upsert(key, value) | Op::Merge(key, value) => {
                    (Some(key), None, Some(value), below + 1)
                }
                Op::Erase(key) => (Some(key), None, None, 0),
                Op::Move(from, to) | Op::Copy(from, to) => (Some(from), Some(to), None, 0),
                Op::MergeAll(value) => (None, None, Some(value), below),
            };
            for key in [key, other].into_iter().flatten() {
                key.prepare(self.at, view, frame, &mut ready)?;
            }
            if let Some(value) = value {
                let value = value.eval(view, frame)?.into_owned();
                frame.check_depth(&value, depth, self.at)?;
                ready.values.push(value);
            }
        }
        Ok(ready)
    }

    /// Applies the operations one after the other, each checked against what those before it made.
    pub(crate) fn apply(&self, whole: &mut Value, ready: Ready) -> Result<(), Box<Trap>> {
        let mut keys = ready.keys.iter();
        let mut values = ready.values.into_iter();
        for op in &self.list {
            let kind = whole.kind();
            let Some(map) = whole.object_mut() else {
                let conflict = TrapKind::Conflict {
                    got: kind,
                    expected: Expected::Record,
                };
                return Err(Trap::new(conflict, self.target, self.at));
            };
            let step = Step::new(op, &mut keys, &mut values);
            if let Some(step) = step {
                self.check(op, &step, map)?;
                if let Some(replacement) = step.run(op, map) {
                    *whole = replacement;
                }
            }
        }
        Ok(())
    }

    /// Applies operations that [`check_all`](Self::check_all) let through to the record they were checked against.
    pub(crate) fn apply_checked(&self, map: &mut ObjectMap, ready: Ready) {
        let mut keys = ready.keys.iter();
        let mut values = ready.values.into_iter();
        for op in &self.list {
            if let Some(step) = Step::new(op, &mut keys, &mut values) {
                step.run(op, map);
            }
        }
    }

    /// Whether all operations can be applied to `map`, given that no two touch the same key.
    pub(crate) fn check_all(&self, map: &ObjectMap, ready: &Ready) -> Result<(), Box<Trap>> {
        let mut keys = ready.keys.iter();
        let mut values = std::iter::repeat(Value::Null);
        for op in &self.list {
            if let Some(step) = Step::new(op, &mut keys, &mut values) {
                self.check(op, &step, map)?;
            }
        }
        Ok(())
    }

    fn check(&self, op: &Op, step: &Step<'_>, map: &ObjectMap) -> Result<(), Box<Trap>> {
        let fail = |kind, at| Err(Trap::new(kind, at, self.at));
        match op {
            Op::Insert(key, _) if map.contains(step.key) => fail(TrapKind::PatchExists(step.key.str().clone()), key.at),
            Op::Update(key, _) if !map.contains(step.key) => fail(TrapKind::PatchMissing(step.key.str().clone()), key.at),
            Op::Move(..) | Op::Copy(..) if map.contains(step.other) => {
                fail(TrapKind::PatchExists(step.other.str().clone()), self.head)
            }
            Op::Merge(key, _) => match map.get_key(step.key) {
                Some(held) if held.as_object().is_none() => {
                    let kind = TrapKind::PatchMerge {
                        key: step.key.str().clone(),
                        got: held.kind(),
                    };
                    fail(kind, key.at)
                }
                _ => Ok(()),
            },
            _ => Ok(()),
        }
    }
}

/// An operation with its keys and value at hand.
struct Step<'k> {
    key: &'k Key,
    /// Second key of `move` and `copy`, otherwise the first again.
    other: &'k Key,
    value: Value,
}

/// Stands in where an operation has no key.
static NO_KEY: std::sync::LazyLock<Key> = std::sync::LazyLock::new(|| Key::new(""));

impl<'k> Step<'k> {
    fn new(op: &'k Op, keys: &mut std::slice::Iter<'k, Key>, values: &mut impl Iterator<Item = Value>) -> Option<Self> {
        Some(match op {
            Op::Insert(key, _) | Op::Update(key, _) | Op::Upsert(key, _) | Op::Merge(key, _) => {
                let key = key.get(keys)?;
                let value = values.next()?;
                Self { key, other: key, value }
            }
            Op::Erase(key) => {
                let key = key.get(keys)?;
                Self {
                    key,
                    other: key,
                    value: Value::Null,
                }
            }
            Op::Move(from, to) | Op::Copy(from, to) => Self {
                key: from.get(keys)?,
                other: to.get(keys)?,
                value: Value::Null,
            },
            Op::MergeAll(_) => Self {
                key: &NO_KEY,
                other: &NO_KEY,
                value: values.next()?,
            },
        })
    }

    /// Changes `map`; gives what takes the place of the whole, if anything.
    fn run(self, op: &Op, map: &mut ObjectMap) -> Option<Value> {
        match op {
            Op::Insert(..) | Op::Update(..) | Op::Upsert(..) => {
                map.insert_key(self.key, self.value);
            }
            Op::Erase(_) => {
                map.remove(self.key.as_str());
            }
            Op::Move(..) => {
                if let Some(value) = map.remove(self.key.as_str()) {
                    map.insert_key(self.other, value);
                }
            }
            Op::Copy(..) => {
                if let Some(value) = map.get_key(self.key).cloned() {
                    map.insert_key(self.other, value);
                }
            }
            Op::Merge(..) => match self.value.as_object() {
                None => {
                    map.insert_key(self.key, self.value);
                }
                Some(value) => {
                    if !map.contains(self.key) {
                        map.insert_key(self.key, Value::object());
                    }
                    if let Some(held) = map.get_key_mut(self.key).and_then(Value::object_mut) {
                        merge_into(held, value);
                    }
                }
            },
            Op::MergeAll(_) => match self.value.as_object() {
                None => return Some(self.value),
                Some(value) => merge_into(map, value),
            },
        }
        None
    }
}

/// `patch` as a value.
#[derive(Debug)]
pub(crate) struct Patch {
    pub target: Box<dyn Expr>,
    pub ops: Ops,
}

impl Expr for Patch {
    fn eval<'a>(&'a self, view: &View<'a>, frame: &mut Frame<'_>) -> Res<'a> {
        let target = self.target.eval(view, frame)?;
        let ready = self.ops.prepare(0, view, frame)?;
        let mut whole = target.into_owned();
        frame.charge(whole.as_object().map_or(0, ObjectMap::len), self.ops.at)?;
        self.ops.apply(&mut whole, ready)?;
        Ok(Val::Own(whole))
    }
}

/// `merge` as a value.
#[derive(Debug)]
pub(crate) struct Merge {
    pub target: Box<dyn Expr>,
    pub value: Box<dyn Expr>,
    pub target_at: Span,
    pub value_at: Span,
    /// The whole merge.
    pub at: Span,
}

impl Expr for Merge {
    fn eval<'a>(&'a self, view: &View<'a>, frame: &mut Frame<'_>) -> Res<'a> {
        let target = self.target.eval(view, frame)?;
        let Some(map) = target.as_object() else {
            return Err(Trap::conflict(&target, Expected::Record, self.target_at, self.at));
        };
        let size = map.len();
        let value = self.value.eval(view, frame)?;
        let Some(value_map) = value.as_object() else {
            return Err(Trap::conflict(&value, Expected::Record, self.value_at, self.at));
        };
        frame.check_elements(size + value_map.len(), self.at)?;
        let mut whole = target.into_owned();
        if let Some(map) = whole.object_mut() {
            merge_into(map, value_map);
        }
        Ok(Val::Own(whole))
    }
}
