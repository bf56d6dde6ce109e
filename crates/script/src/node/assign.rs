//! `let` (spec/script.md 4.5 and 4.6).
//!
//! The value is evaluated first. A failing assignment changes nothing.

use smallvec::SmallVec;
use temblor_syntax::span::Span;
use temblor_value::{Key, Str, Value};

use super::path::KeyStep;
use super::{Expr, Flow, Frame, Stmt, World};
use crate::trap::{Expected, Trap, TrapKind};

/// The right side of a `let`.
#[derive(Debug)]
pub(crate) enum Source {
    Pure(Box<dyn Expr>),
    Action(Box<dyn Stmt>),
}

impl Source {
    /// The value, or how the action ended without one.
    pub(crate) fn obtain(&self, world: &mut World<'_>, frame: &mut Frame<'_>) -> Result<Result<Value, Flow>, Box<Trap>> {
        match self {
            Self::Pure(expr) => Ok(Ok(expr.eval(&world.view(), frame)?.into_owned())),
            Self::Action(stmt) => Ok(match stmt.exec(world, frame)? {
                Flow::Value(value) => Ok(value),
                other => Err(other),
            }),
        }
    }
}

/// A root that can be set.
#[derive(Clone, Debug)]
pub(crate) enum SetRoot {
    Event,
    Meta,
    State,
    Local { slot: usize, name: Str },
}

impl SetRoot {
    /// The value as it is.
    pub(crate) fn read<'v>(&self, world: &'v World<'_>, frame: &'v Frame<'_>) -> Option<&'v Value> {
        match self {
            Self::Event => Some(world.event),
            Self::Meta => Some(world.meta),
            Self::State => Some(world.state),
            Self::Local { slot, .. } => frame.local(*slot),
        }
    }

    /// The value, to be changed in a part.
    pub(crate) fn change<'v>(&self, world: &'v mut World<'_>, frame: &'v mut Frame<'_>) -> Option<&'v mut Value> {
        match self {
            Self::Event => Some(world.event),
            Self::Meta => Some(world.meta),
            Self::State => Some(world.state),
            Self::Local { slot, .. } => frame.local_mut(*slot)?.as_mut(),
        }
    }

    /// Notes that the value was changed in a part.
    pub(crate) fn changed(&self, world: &mut World<'_>) {
        world.event_replaced |= matches!(self, Self::Event);
    }

    /// Prepares a value that will live under this root: state outlives the event.
    pub(crate) fn keep(&self, value: &mut Value) {
        if matches!(self, Self::State) {
            value.detach();
        }
    }
}

/// The flow of a `let` that set `value`.
fn finish(value: Option<Value>) -> Flow {
    value.map_or(Flow::Done, Flow::Value)
}

/// Sets a root as a whole.
#[derive(Debug)]
pub(crate) struct SetWhole {
    pub root: SetRoot,
    pub value: Source,
    /// Whether the value of the `let` is used.
    pub wanted: bool,
}

impl Stmt for SetWhole {
    fn exec(&self, world: &mut World<'_>, frame: &mut Frame<'_>) -> Result<Flow, Box<Trap>> {
        let mut value = match self.value.obtain(world, frame)? {
            Ok(value) => value,
            Err(ended) => return Ok(ended),
        };
        self.root.keep(&mut value);
        let wanted = self.wanted.then(|| value.clone());
        match &self.root {
            SetRoot::Event => {
                *world.event = value;
                world.event_replaced = true;
            }
            SetRoot::Meta => *world.meta = value,
            SetRoot::State => *world.state = value,
            SetRoot::Local { slot, .. } => frame.set(*slot, Some(value)),
        }
        Ok(finish(wanted))
    }
}

/// Sets a field below fields with constant keys.
#[derive(Debug)]
pub(crate) struct SetField {
    pub root: SetRoot,
    /// At least one.
    pub steps: Box<[KeyStep]>,
    pub value: Source,
    pub wanted: bool,
    /// The path.
    pub at: Span,
}

impl Stmt for SetField {
    fn exec(&self, world: &mut World<'_>, frame: &mut Frame<'_>) -> Result<Flow, Box<Trap>> {
        let mut value = match self.value.obtain(world, frame)? {
            Ok(value) => value,
            Err(ended) => return Ok(ended),
        };
        frame.check_depth(&value, self.steps.len(), self.at)?;
        self.root.keep(&mut value);
        let wanted = self.wanted.then(|| value.clone());
        let steps = self.steps.iter().map(|step| (&step.key, step.at));
        put(&self.root, steps, value, world, frame, self.at)?;
        self.root.changed(world);
        Ok(finish(wanted))
    }
}

/// Walks to the record that holds the last key, making what is missing, and sets it.
fn put<'k>(
    root: &SetRoot,
    steps: impl ExactSizeIterator<Item = (&'k Key, Span)>,
    value: Value,
    world: &mut World<'_>,
    frame: &mut Frame<'_>,
    at: Span,
) -> Result<(), Box<Trap>> {
    if let SetRoot::Local { name, slot } = root
        && frame.local(*slot).is_none()
    {
        return Err(Trap::new(TrapKind::Unset(name.clone()), at, at));
    }
    let Some(mut current) = root.change(world, frame) else {
        return Ok(());
    };
    let last = steps.len().saturating_sub(1);
    for (position, (key, step_at)) in steps.enumerate() {
        if !matches!(current, Value::Object(_)) {
            return Err(Trap::conflict(current, Expected::Record, step_at, at));
        }
        let Some(map) = current.object_mut() else {
            return Ok(());
        };
        if position == last {
            map.insert_key(key, value);
            return Ok(());
        }
        if !map.contains(key) {
            map.insert_key(key, Value::object());
        }
        let Some(next) = map.get_key_mut(key) else {
            return Ok(());
        };
        current = next;
    }
    Ok(())
}

/// Sets along a path with computed elements, or with elements that cannot be set.
#[derive(Debug)]
pub(crate) struct SetPath {
    pub root: SetRoot,
    pub steps: Box<[SetStep]>,
    pub value: Source,
    pub wanted: bool,
    pub at: Span,
}

/// A step of a [`SetPath`].
#[derive(Debug)]
pub(crate) enum SetStep {
    Key(KeyStep),
    Computed {
        index: Box<dyn Expr>,
        at: Span,
    },
    /// A constant index or a range.
    IntoArray {
        at: Span,
    },
}

impl Stmt for SetPath {
    fn exec(&self, world: &mut World<'_>, frame: &mut Frame<'_>) -> Result<Flow, Box<Trap>> {
        let mut value = match self.value.obtain(world, frame)? {
            Ok(value) => value,
            Err(ended) => return Ok(ended),
        };
        let keys = self.keys(world, frame)?;
        frame.check_depth(&value, keys.len(), self.at)?;
        self.root.keep(&mut value);
        let wanted = self.wanted.then(|| value.clone());
        let steps = keys.iter().map(|(key, at)| (key, *at));
        put(&self.root, steps, value, world, frame, self.at)?;
        self.root.changed(world);
        Ok(finish(wanted))
    }
}

impl SetPath {
    /// The keys of all steps, each checked against the value it applies to, so that a failure leaves nothing half made.
    fn keys(&self, world: &World<'_>, frame: &mut Frame<'_>) -> Result<SmallVec<[(Key, Span); 4]>, Box<Trap>> {
        let Some(start) = self.root.read(world, frame).cloned() else {
            let name = match &self.root {
                SetRoot::Local { name, .. } => name.clone(),
                SetRoot::Event | SetRoot::Meta | SetRoot::State => Str::default(),
            };
            return Err(Trap::new(TrapKind::Unset(name), self.at, self.at));
        };
        let view = world.view();
        let mut current = Some(&start);
        let mut keys = SmallVec::new();
        for step in &self.steps {
            let (key, at) = match step {
                SetStep::Key(step) => (step.key.clone(), step.at),
                SetStep::IntoArray { at } => return Err(Trap::new(TrapKind::SetInArray, *at, self.at)),
                SetStep::Computed { index, at } => match index.eval(&view, frame)?.into_owned() {
                    Value::Str(key) => (Key::new(key), *at),
                    other => return Err(Trap::conflict(&other, Expected::String, *at, self.at)),
                },
            };
            if let Some(value) = current {
                if !matches!(value, Value::Object(_)) {
                    return Err(Trap::conflict(value, Expected::Record, at, self.at));
                }
                current = value.get_key(&key);
            }
            keys.push((key, at));
        }
        Ok(keys)
    }
}

/// A `let` that never works: constants, `args`, `group`, `window`, `$` as a whole.
#[derive(Debug)]
pub(crate) struct SetRefused {
    pub kind: TrapKind,
    pub value: Source,
    /// Everything after `let`.
    pub at: Span,
}

impl Stmt for SetRefused {
    fn exec(&self, world: &mut World<'_>, frame: &mut Frame<'_>) -> Result<Flow, Box<Trap>> {
        match self.value.obtain(world, frame)? {
            Ok(_) => Err(Trap::new(self.kind.clone(), self.at, self.at)),
            Err(ended) => Ok(ended),
        }
    }
}
