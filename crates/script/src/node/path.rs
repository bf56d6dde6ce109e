//! Reading paths (spec/script.md 4.1 to 4.3).

use temblor_syntax::span::Span;
use temblor_value::{Hint, Key, Str, Value};

use super::{Expr, Frame, Res, Val, View};
use crate::trap::{Expected, KeyOwner, Trap, TrapKind};

/// A root that expressions borrow from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FixedRoot {
    Event,
    Meta,
    State,
    Args,
    Group,
    Window,
}

impl FixedRoot {
    #[inline]
    pub(crate) fn get<'a>(self, view: &View<'a>) -> &'a Value {
        match self {
            Self::Event => view.event,
            Self::Meta => view.meta,
            Self::State => view.state,
            Self::Args => view.args,
            Self::Group => view.group,
            Self::Window => view.window,
        }
    }

    /// The word for it in messages about missing keys.
    pub(crate) fn owner(self) -> KeyOwner {
        match self {
            Self::Event => KeyOwner::Event,
            Self::Meta => KeyOwner::Meta,
            Self::State => KeyOwner::State,
            Self::Args | Self::Group | Self::Window => KeyOwner::Local,
        }
    }
}

/// A value known at load.
#[derive(Debug)]
pub(crate) struct Const(pub Value);

impl Expr for Const {
    fn eval<'a>(&'a self, _view: &View<'a>, _frame: &mut Frame<'_>) -> Res<'a> {
        Ok(Val::Ref(&self.0))
    }
}

/// A whole root.
#[derive(Debug)]
pub(crate) struct Whole(pub FixedRoot);

impl Expr for Whole {
    fn eval<'a>(&'a self, view: &View<'a>, _frame: &mut Frame<'_>) -> Res<'a> {
        Ok(Val::Ref(self.0.get(view)))
    }
}

/// A local name.
#[derive(Debug)]
pub(crate) struct Local {
    pub slot: usize,
    pub name: Str,
    pub at: Span,
}

impl Expr for Local {
    fn eval<'a>(&'a self, _view: &View<'a>, frame: &mut Frame<'_>) -> Res<'a> {
        match frame.local(self.slot) {
            Some(value) => Ok(Val::Own(value.clone())),
            None => Err(unset(&self.name, self.at)),
        }
    }
}

/// The name of the clause of a `match`, as the last that the clause does with it: taken, since it would be unset next.
#[derive(Debug)]
pub(crate) struct TakeLocal(pub usize);

impl Expr for TakeLocal {
    fn eval<'a>(&'a self, _view: &View<'a>, frame: &mut Frame<'_>) -> Res<'a> {
        Ok(Val::Own(frame.take(self.0).unwrap_or_default()))
    }
}

#[cold]
fn unset(name: &Str, at: Span) -> Box<Trap> {
    Trap::new(TrapKind::Unset(name.clone()), at, at)
}

/// A field step with a constant key.
#[derive(Debug)]
pub(crate) struct KeyStep {
    pub key: Key,
    /// Where records had the key.
    pub hint: Hint,
    pub at: Span,
}

impl KeyStep {
    #[inline]
    fn take<'v>(&self, value: &'v Value, owner: KeyOwner, within: Span) -> Result<&'v Value, Box<Trap>> {
        match value.as_object().and_then(|map| map.get_key_near(&self.key, &self.hint)) {
            Some(found) => Ok(found),
            None => Err(self.missing(value, owner, within)),
        }
    }

    #[cold]
    fn missing(&self, among: &Value, owner: KeyOwner, within: Span) -> Box<Trap> {
        if among.as_object().is_none() {
            return Trap::conflict(among, Expected::Record, self.at, within);
        }
        let kind = TrapKind::MissingKey {
            owner,
            key: self.key.str().clone(),
            among: among.clone(),
        };
        Trap::new(kind, self.at, within)
    }
}

/// One field of a root: the commonest path.
#[derive(Debug)]
pub(crate) struct Field {
    pub root: FixedRoot,
    pub step: KeyStep,
    pub at: Span,
}

impl Expr for Field {
    fn eval<'a>(&'a self, view: &View<'a>, _frame: &mut Frame<'_>) -> Res<'a> {
        self.step.take(self.root.get(view), self.root.owner(), self.at).map(Val::Ref)
    }
}

/// A root followed by fields only.
#[derive(Debug)]
pub(crate) struct Fields {
    pub root: FixedRoot,
    pub steps: Box<[KeyStep]>,
    pub at: Span,
}

impl Expr for Fields {
    fn eval<'a>(&'a self, view: &View<'a>, _frame: &mut Frame<'_>) -> Res<'a> {
        let mut value = self.root.get(view);
        for step in &self.steps {
            value = step.take(value, self.root.owner(), self.at)?;
        }
        Ok(Val::Ref(value))
    }
}

/// A local name followed by fields only.
#[derive(Debug)]
pub(crate) struct LocalFields {
    pub slot: usize,
    pub name: Str,
    pub steps: Box<[KeyStep]>,
    pub at: Span,
}

impl Expr for LocalFields {
    fn eval<'a>(&'a self, _view: &View<'a>, frame: &mut Frame<'_>) -> Res<'a> {
        let mut value = frame.local(self.slot).ok_or_else(|| unset(&self.name, self.at))?;
        for step in &self.steps {
            value = step.take(value, KeyOwner::Local, self.at)?;
        }
        Ok(Val::Own(value.clone()))
    }
}

/// Any root.
#[derive(Debug)]
pub(crate) enum AnyRoot {
    Fixed(FixedRoot),
    Local { slot: usize, name: Str },
    Const(Value),
}

impl AnyRoot {
    fn owner(&self) -> KeyOwner {
        match self {
            Self::Fixed(root) => root.owner(),
            Self::Local { .. } | Self::Const(_) => KeyOwner::Local,
        }
    }
}

/// Any step.
#[derive(Debug)]
pub(crate) enum AnyStep {
    Key(KeyStep),
    Index { index: usize, at: Span },
    Computed { index: Box<dyn Expr>, at: Span },
    Range { start: Bound, end: Bound, at: Span },
}

/// A bound of a range.
#[derive(Debug)]
pub(crate) struct Bound {
    pub value: Box<dyn Expr>,
    pub at: Span,
}

/// Any path.
#[derive(Debug)]
pub(crate) struct AnyPath {
    pub root: AnyRoot,
    pub steps: Box<[AnyStep]>,
    pub at: Span,
}

/// Where a walk along a path stands.
#[derive(Clone, Copy)]
enum Spot<'v> {
    Value(&'v Value),
    /// Within a range.
    Slice(&'v [Value]),
}

/// Why a walk ended early.
enum Fault {
    /// The path cannot be resolved; for `present` that is an answer.
    Absent(Box<Trap>),
    /// An error for `present` too.
    Hard(Box<Trap>),
}

impl From<Fault> for Box<Trap> {
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::Absent(trap) | Fault::Hard(trap) => trap,
        }
    }
}

impl Expr for AnyPath {
    fn eval<'a>(&'a self, view: &View<'a>, frame: &mut Frame<'_>) -> Res<'a> {
        let start: &'a Value = match &self.root {
            AnyRoot::Fixed(root) => root.get(view),
            AnyRoot::Const(value) => value,
            AnyRoot::Local { slot, name } => {
                let start = frame.local(*slot).cloned().ok_or_else(|| unset(name, self.at))?;
                let end = self.walk(&start, view, frame)?;
                return Ok(Val::Own(own(end, frame, self.at)?));
            }
        };
        match self.walk(start, view, frame)? {
            Spot::Value(value) => Ok(Val::Ref(value)),
            slice @ Spot::Slice(_) => Ok(Val::Own(own(slice, frame, self.at)?)),
        }
    }
}

fn own(spot: Spot<'_>, frame: &mut Frame<'_>, at: Span) -> Result<Value, Box<Trap>> {
    match spot {
        Spot::Value(value) => Ok(value.clone()),
        Spot::Slice(values) => {
            frame.charge(values.len(), at)?;
            Ok(Value::from(values.to_vec()))
        }
    }
}

impl AnyPath {
    /// Whether the path can be resolved (spec/script.md 4.7).
    pub(crate) fn is_present(&self, view: &View<'_>, frame: &mut Frame<'_>) -> Result<bool, Box<Trap>> {
        let local;
        let start = match &self.root {
            AnyRoot::Fixed(root) => root.get(view),
            AnyRoot::Const(value) => value,
            AnyRoot::Local { slot, .. } => match frame.local(*slot).cloned() {
                Some(value) => {
                    local = value;
                    &local
                }
                None => return Ok(false),
            },
        };
        match self.walk(start, view, frame) {
            Ok(_) => Ok(true),
            Err(Fault::Absent(_)) => Ok(false),
            Err(Fault::Hard(trap)) => Err(trap),
        }
    }

    fn walk<'v>(&self, start: &'v Value, view: &View<'_>, frame: &mut Frame<'_>) -> Result<Spot<'v>, Fault> {
        let mut spot = Spot::Value(start);
        for step in &self.steps {
            spot = match step {
                AnyStep::Key(step) => self.field(spot, step)?,
                AnyStep::Index { index, at } => self.index(spot, *index as u64, *at)?,
                AnyStep::Computed { index, at } => {
                    let index = index.eval(view, frame).map_err(Fault::Hard)?;
                    self.element(spot, &index, *at)?
                }
                AnyStep::Range { start, end, at } => {
                    let Some(values) = elements(spot) else {
                        return Err(Fault::Absent(self.conflict(spot, Expected::Array, *at)));
                    };
                    let from = self.bound(start, view, frame).map_err(Fault::Hard)?;
                    let to = self.bound(end, view, frame).map_err(Fault::Hard)?;
                    Spot::Slice(self.slice(values, from, to, *at)?)
                }
            };
        }
        Ok(spot)
    }

    fn field<'v>(&self, spot: Spot<'v>, step: &KeyStep) -> Result<Spot<'v>, Fault> {
        match spot {
            Spot::Value(value) => step
                .take(value, self.root.owner(), self.at)
                .map(Spot::Value)
                .map_err(Fault::Absent),
            Spot::Slice(_) => Err(Fault::Absent(self.conflict(spot, Expected::Record, step.at))),
        }
    }

    fn index<'v>(&self, spot: Spot<'v>, index: u64, at: Span) -> Result<Spot<'v>, Fault> {
        let Some(values) = elements(spot) else {
            return Err(Fault::Absent(self.conflict(spot, Expected::Array, at)));
        };
        usize::try_from(index)
            .ok()
            .and_then(|place| values.get(place))
            .map(Spot::Value)
            .ok_or_else(|| {
                let length = values.len();
                Fault::Absent(Trap::new(TrapKind::IndexOutOfBounds { index, length }, at, self.at))
            })
    }

    fn element<'v>(&self, spot: Spot<'v>, index: &Value, at: Span) -> Result<Spot<'v>, Fault> {
        if elements(spot).is_some() {
            return match index {
                Value::I64(number) if *number < 0 => Err(Fault::Hard(self.negative(*number, at))),
                Value::I64(number) => self.index(spot, *number as u64, at),
                Value::U64(number) => self.index(spot, *number, at),
                _ => Err(Fault::Hard(Trap::conflict(index, Expected::Integer, at, self.at))),
            };
        }
        match (spot, index) {
            (Spot::Value(value), Value::Str(key)) => {
                let step = KeyStep {
                    key: Key::new(key.clone()),
                    hint: Hint::default(),
                    at,
                };
                step.take(value, self.root.owner(), self.at)
                    .map(Spot::Value)
                    .map_err(Fault::Absent)
            }
            (Spot::Value(Value::Object(_)), _) => Err(Fault::Absent(Trap::conflict(index, Expected::String, at, self.at))),
            (_, Value::I64(number)) if *number < 0 => {
                Err(Fault::Absent(Trap::conflict(index, Expected::IntegerOrString, at, self.at)))
            }
            (_, Value::I64(_) | Value::U64(_)) => Err(Fault::Absent(self.conflict(spot, Expected::Array, at))),
            _ => Err(Fault::Absent(Trap::conflict(index, Expected::IntegerOrString, at, self.at))),
        }
    }

    fn bound(&self, bound: &Bound, view: &View<'_>, frame: &mut Frame<'_>) -> Result<u64, Box<Trap>> {
        match &*bound.value.eval(view, frame)? {
            Value::I64(number) if *number < 0 => Err(self.negative(*number, bound.at)),
            Value::I64(number) => Ok(*number as u64),
            Value::U64(number) => Ok(*number),
            other => Err(Trap::conflict(other, Expected::Integer, bound.at, self.at)),
        }
    }

    fn slice<'v>(&self, values: &'v [Value], start: u64, end: u64, at: Span) -> Result<&'v [Value], Fault> {
        if end < start {
            return Err(Fault::Hard(Trap::new(TrapKind::RangeBackwards { start, end }, at, self.at)));
        }
        let range = usize::try_from(start).ok().zip(usize::try_from(end).ok());
        range.and_then(|(start, end)| values.get(start..end)).ok_or_else(|| {
            let length = values.len();
            Fault::Absent(Trap::new(TrapKind::RangeOutOfBounds { start, end, length }, at, self.at))
        })
    }

    #[cold]
    fn negative(&self, index: i64, at: Span) -> Box<Trap> {
        Trap::new(TrapKind::NegativeIndex(index), at, self.at)
    }

    #[cold]
    fn conflict(&self, spot: Spot<'_>, expected: Expected, at: Span) -> Box<Trap> {
        let got = match spot {
            Spot::Value(value) => value.kind(),
            Spot::Slice(_) => temblor_value::Kind::Array,
        };
        Trap::new(TrapKind::Conflict { got, expected }, at, self.at)
    }
}

fn elements(spot: Spot<'_>) -> Option<&[Value]> {
    match spot {
        Spot::Value(Value::Array(values)) => Some(values),
        Spot::Value(_) => None,
        Spot::Slice(values) => Some(values),
    }
}
