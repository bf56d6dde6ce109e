//! Compiled scripts: what they use, how they run, how they end.

use temblor_syntax::span::Span;
use temblor_value::{Str, Value};

use crate::func::EventInfo;
use crate::node::frame::{Scratch, Shared};
use crate::node::{Flow, Frame, Stmt};
use crate::trap::Trap;
use crate::uses::Uses;

/// A compiled script. Immutable and shared; all that changes lies in the [`Scope`].
#[derive(Debug)]
pub struct Program {
    pub(crate) body: Box<dyn Stmt>,
    pub(crate) slots: usize,
    pub(crate) cost: usize,
    pub(crate) shared: Shared,
    pub(crate) uses: Uses,
    pub(crate) at: Span,
}

/// What a script sees and changes in one run.
pub struct Scope<'a> {
    /// The event's value.
    pub event: &'a mut Value,
    /// Its metadata, a record.
    pub meta: &'a mut Value,
    /// State of the script instance; null at first.
    pub state: &'a mut Value,
    /// Parameters: a record in scripts of queries, null otherwise.
    pub args: &'a Value,
    /// Null in scripts.
    pub group: &'a Value,
    /// Null in scripts.
    pub window: &'a Value,
    /// Ingest time and origin of the event.
    pub info: EventInfo<'a>,
    /// Set by a run that assigned the event, as a whole or in a part, also if it failed later (spec/proxy.md 3.1).
    pub event_replaced: bool,
}

/// How a script ended.
#[derive(Clone, Debug, PartialEq)]
pub enum Verdict {
    /// `drop`.
    Drop,
    /// A final bare `event`, or no statement at all: the event as it is now, to the default port. `run` tells this from
    /// [`EmitEvent`](Self::EmitEvent) (spec/formats.md 1.5).
    ReturnEvent,
    /// `emit`, `emit event`: the event as it is now, to a port; `None` is the default port.
    EmitEvent(Option<Str>),
    /// A value, to a port; `None` is the default port.
    EmitValue(Value, Option<Str>),
}

impl Program {
    /// Runs the script on one event.
    ///
    /// # Errors
    /// The runtime error that ended it; changes made so far stay (spec/script.md 8.6).
    pub fn run(&self, scope: &mut Scope<'_>, scratch: &mut Scratch) -> Result<Verdict, Box<Trap>> {
        let mut frame = Frame::new(scratch, self.slots, &self.shared);
        let ended = match frame.charge(self.cost, self.at) {
            Ok(()) => self.body.exec(scope, &mut frame),
            Err(limit) => Err(limit),
        };
        Ok(match ended? {
            Flow::Value(value) => Verdict::EmitValue(value, None),
            Flow::Done | Flow::Exit | Flow::Recur => frame.outcome.take().unwrap_or(Verdict::ReturnEvent),
        })
    }

    /// What the script uses.
    pub fn uses(&self) -> &Uses {
        &self.uses
    }

    /// The nodes, for people.
    pub fn dump(&self) -> String {
        format!("{:#?}", self.body)
    }
}
