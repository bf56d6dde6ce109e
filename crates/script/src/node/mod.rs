//! What runs: one boxed object of a concrete type for each node of the middle form (design 2.8).
//!
//! Three interfaces. An [`Expr`] gives a value, borrowed where it reads what cannot change while expressions run, owned where it is
//! computed; local names are read by cheap clone. A [`Test`] gives a boolean and builds no value. A [`Stmt`] may change the world.
//! No node looks at a syntax tree or at the middle form.

pub(crate) mod assign;
pub(crate) mod build;
pub(crate) mod call;
pub(crate) mod construct;
pub(crate) mod frame;
pub(crate) mod function;
pub(crate) mod literals;
pub(crate) mod looping;
pub(crate) mod matching;
pub(crate) mod operator;
pub(crate) mod patch;
pub(crate) mod patch_place;
pub(crate) mod path;
pub(crate) mod pattern;
pub(crate) mod present;
pub(crate) mod stmt;

use std::fmt::Debug;
use std::ops::Deref;

use temblor_value::Value;

use crate::func::{Aggregate, EventInfo};
use crate::trap::Trap;

pub(crate) use frame::Frame;

/// What statements may change, and what they may read beside: the scope of the run itself, which is not copied.
pub(crate) use crate::program::Scope as World;

/// A value that an expression gave.
#[derive(Debug)]
pub(crate) enum Val<'a> {
    /// Part of what was read.
    Ref(&'a Value),
    /// Computed.
    Own(Value),
}

impl Val<'_> {
    /// The value itself; a cheap clone if it was borrowed.
    #[inline]
    pub(crate) fn into_owned(self) -> Value {
        match self {
            Self::Ref(value) => value.clone(),
            Self::Own(value) => value,
        }
    }
}

impl Deref for Val<'_> {
    type Target = Value;

    #[inline]
    fn deref(&self) -> &Value {
        match self {
            Self::Ref(value) => value,
            Self::Own(value) => value,
        }
    }
}

/// Result of an expression.
pub(crate) type Res<'a> = Result<Val<'a>, Box<Trap>>;

/// What expressions may read.
///
/// The order of the roots is not that of [`World`]: two neighbours there, just written one by one, would be read at once to be copied, and
/// the processor waits until such writes have left its queue.
#[derive(Clone, Copy)]
pub(crate) struct View<'a> {
    pub event: &'a Value,
    pub state: &'a Value,
    pub group: &'a Value,
    pub meta: &'a Value,
    pub args: &'a Value,
    pub window: &'a Value,
    pub info: &'a EventInfo<'a>,
    /// State of the aggregate calls of a select expression, where there is one.
    pub aggregates: Option<&'a [Box<dyn Aggregate>]>,
}

impl World<'_> {
    /// The world as expressions see it.
    #[inline]
    pub(crate) fn view(&self) -> View<'_> {
        View {
            event: self.event,
            meta: self.meta,
            state: self.state,
            args: self.args,
            group: self.group,
            window: self.window,
            info: &self.info,
            aggregates: None,
        }
    }
}

/// An expression.
pub(crate) trait Expr: Debug + Send + Sync {
    /// Its value.
    fn eval<'a>(&'a self, view: &View<'a>, frame: &mut Frame<'_>) -> Res<'a>;
}

/// A condition.
pub(crate) trait Test: Debug + Send + Sync {
    /// Whether it holds.
    fn test(&self, view: &View<'_>, frame: &mut Frame<'_>) -> Result<bool, Box<Trap>>;
}

/// An action.
pub(crate) trait Stmt: Debug + Send + Sync {
    /// Runs it.
    fn exec(&self, world: &mut World<'_>, frame: &mut Frame<'_>) -> Result<Flow, Box<Trap>>;
}

/// How an action ended.
#[derive(Debug)]
pub(crate) enum Flow {
    /// It gave a value that is used.
    Value(Value),
    /// Its value is not used.
    Done,
    /// `emit` or `drop`: the script ends; the outcome lies in the frame.
    Exit,
    /// `recur`: the parameters are set, the function starts anew.
    Recur,
}
