//! `patch` and `merge` (spec/script.md 5.7 and 5.8).
//!
//! All keys and values are evaluated before the first operation is applied.

use smallvec::SmallVec;
use temblor_syntax::span::Span;
use temblor_value::{Key, Kind, ObjectMap, Value};

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
    pub(crate) fn keep_under(&mut self, root: &SetRoot) {
        for value in &mut self.values {
            root.keep(value);
        }
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
        let mut computed = ready.keys.iter();
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
            let Some(keys) = op.keys(&mut computed) else {
                continue;
            };
            self.check(op, keys, map)?;
            if let Some(replacement) = op.run(keys, &mut values, map) {
                *whole = replacement;
            }
        }
        Ok(())
    }

    /// Applies operations that [`check_all`](Self::check_all) let through to the record they were checked against.
    pub(crate) fn apply_checked(&self, map: &mut ObjectMap, ready: Ready) {
        let mut computed = ready.keys.iter();
        let mut values = ready.values.into_iter();
        for op in &self.list {
            if let Some(keys) = op.keys(&mut computed) {
                op.run(keys, &mut values, map);
            }
        }
    }

    /// Whether all operations can be applied to `map`, given that no two touch the same key.
    pub(crate) fn check_all(&self, map: &ObjectMap, ready: &Ready) -> Result<(), Box<Trap>> {
        let mut computed = ready.keys.iter();
        for op in &self.list {
            if let Some(keys) = op.keys(&mut computed) {
                self.check(op, keys, map)?;
            }
        }
        Ok(())
    }

    #[inline]
    fn check(&self, op: &Op, (key, other): Keys<'_>, map: &ObjectMap) -> Result<(), Box<Trap>> {
        let found = match op {
            Op::Insert(..) | Op::Update(..) | Op::Merge(..) => map.get_key(key),
            Op::Move(..) | Op::Copy(..) => map.get_key(other),
            Op::Upsert(..) | Op::Erase(_) | Op::MergeAll(_) => return Ok(()),
        };
        let is_fine = match (op, found) {
            (Op::Update(..), found) => found.is_some(),
            (Op::Merge(..), Some(held)) => held.as_object().is_some(),
            (Op::Merge(..), None) => true,
            (_, found) => found.is_none(),
        };
        if is_fine {
            Ok(())
        } else {
            Err(self.refusal(op, (key, other), found))
        }
    }

    /// Why an operation cannot be applied.
    #[cold]
    fn refusal(&self, op: &Op, (key, other): Keys<'_>, found: Option<&Value>) -> Box<Trap> {
        let (kind, at) = match op {
            Op::Update(place, _) => (TrapKind::PatchMissing(key.str().clone()), place.at),
            Op::Merge(place, _) => {
                let kind = TrapKind::PatchMerge {
                    key: key.str().clone(),
                    got: found.map_or(Kind::Null, Value::kind),
                };
                (kind, place.at)
            }
            Op::Insert(place, _) => (TrapKind::PatchExists(key.str().clone()), place.at),
            _ => (TrapKind::PatchExists(other.str().clone()), self.head),
        };
        Trap::new(kind, at, self.at)
    }
}

/// The keys of an operation; the second one is that of `move` and `copy`, otherwise the first again.
type Keys<'k> = (&'k Key, &'k Key);

/// Stands in where an operation has no key.
static NO_KEY: std::sync::LazyLock<Key> = std::sync::LazyLock::new(|| Key::new(""));

impl Op {
    /// The keys, computed ones from those that were prepared; `None` never happens.
    #[inline]
    fn keys<'k>(&'k self, computed: &mut std::slice::Iter<'k, Key>) -> Option<Keys<'k>> {
        Some(match self {
            Self::Insert(key, _) | Self::Update(key, _) | Self::Upsert(key, _) | Self::Merge(key, _) | Self::Erase(key) => {
                let key = key.get(computed)?;
                (key, key)
            }
            Self::Move(from, to) | Self::Copy(from, to) => (from.get(computed)?, to.get(computed)?),
            Self::MergeAll(_) => (&NO_KEY, &NO_KEY),
        })
    }

    /// Changes `map`; gives what takes the place of the whole, if anything.
    #[inline]
    fn run(&self, (key, other): Keys<'_>, values: &mut impl Iterator<Item = Value>, map: &mut ObjectMap) -> Option<Value> {
        match self {
            Self::Insert(..) | Self::Update(..) | Self::Upsert(..) => {
                map.insert_key(key, values.next()?);
            }
            Self::Erase(_) => {
                map.remove_key(key);
            }
            Self::Move(..) => {
                if let Some(value) = map.remove_key(key) {
                    map.insert_key(other, value);
                }
            }
            Self::Copy(..) => {
                if let Some(value) = map.get_key(key).cloned() {
                    map.insert_key(other, value);
                }
            }
            Self::Merge(..) => merge_under(map, key, values.next()?),
            Self::MergeAll(_) => {
                let value = values.next()?;
                match value.as_object() {
                    None => return Some(value),
                    Some(value) => merge_into(map, value),
                }
            }
        }
        None
    }
}

/// Merges into the record under `key`, or sets it.
fn merge_under(map: &mut ObjectMap, key: &Key, value: Value) {
    let Some(entries) = value.as_object() else {
        map.insert_key(key, value);
        return;
    };
    if !map.contains(key) {
        map.insert_key(key, Value::object());
    }
    if let Some(held) = map.get_key_mut(key).and_then(Value::object_mut) {
        merge_into(held, entries);
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
