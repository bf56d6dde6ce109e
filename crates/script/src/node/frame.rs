//! The mutable side of a run: local names, step budget, buffers.

use std::sync::Arc;

use temblor_syntax::span::Span;
use temblor_value::Value;

use crate::host::Host;
use crate::limits::{LimitReached, Limits, StepBudget};
use crate::program::Verdict;
use crate::trap::Trap;

/// What all runs of a program share.
pub(crate) struct Shared {
    pub host: Arc<dyn Host>,
    pub limits: Limits,
}

impl std::fmt::Debug for Shared {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Shared").field("limits", &self.limits).finish_non_exhaustive()
    }
}

/// Buffers of a run, kept from event to event by whoever runs programs.
#[derive(Debug, Default)]
pub struct Scratch {
    pub(crate) slots: Vec<Option<Value>>,
    pub(crate) text: Vec<u8>,
}

/// State of one run.
pub(crate) struct Frame<'f> {
    /// Local names of the script and of the functions that are running, one frame above the other.
    pub slots: &'f mut Vec<Option<Value>>,
    /// Where the current frame starts in `slots`.
    pub base: usize,
    /// Text under construction; nested texts append behind.
    pub text: &'f mut Vec<u8>,
    pub steps: StepBudget,
    pub shared: &'f Shared,
    /// Set before an action ends with [`Flow::Exit`](super::Flow::Exit).
    pub outcome: Option<Verdict>,
}

impl<'f> Frame<'f> {
    /// A frame with `slots` unset local names.
    #[inline]
    pub(crate) fn new(scratch: &'f mut Scratch, slots: usize, shared: &'f Shared) -> Self {
        // Every frame leaves the buffers empty.
        if slots > 0 {
            scratch.slots.resize_with(slots, || None);
        }
        Self {
            slots: &mut scratch.slots,
            base: 0,
            text: &mut scratch.text,
            steps: StepBudget::new(&shared.limits),
            shared,
            outcome: None,
        }
    }

    /// The local name in `slot`, if it was set.
    #[inline]
    pub(crate) fn local(&self, slot: usize) -> Option<&Value> {
        self.slots.get(self.base + slot)?.as_ref()
    }

    /// The place of a local name; `None` never happens for slots of the running frame.
    #[inline]
    pub(crate) fn local_mut(&mut self, slot: usize) -> Option<&mut Option<Value>> {
        self.slots.get_mut(self.base + slot)
    }

    /// Takes a local name away.
    #[inline]
    pub(crate) fn take(&mut self, slot: usize) -> Option<Value> {
        self.local_mut(slot)?.take()
    }

    /// Sets or unsets a local name.
    #[inline]
    pub(crate) fn set(&mut self, slot: usize, value: Option<Value>) {
        if let Some(place) = self.slots.get_mut(self.base + slot) {
            *place = value;
        }
    }

    /// Counts work against the step limit.
    #[inline]
    pub(crate) fn charge(&mut self, steps: usize, at: Span) -> Result<(), Box<Trap>> {
        self.steps.charge(steps as u64).map_err(|limit| Trap::limit(limit, at))
    }

    /// Checks the number of elements of a container before it is made, and counts them.
    pub(crate) fn check_elements(&mut self, elements: usize, at: Span) -> Result<(), Box<Trap>> {
        self.shared
            .limits
            .check_elements(elements)
            .and_then(|()| self.steps.charge(elements as u64))
            .map_err(|limit| Trap::limit(limit, at))
    }

    /// Checks that `value` may stand `below` levels deep in another one.
    #[inline]
    pub(crate) fn check_depth(&self, value: &Value, below: usize, at: Span) -> Result<(), Box<Trap>> {
        if !matches!(value, Value::Array(_) | Value::Object(_)) {
            return Ok(());
        }
        let limit = self.shared.limits.depth_of_values();
        if below < limit && value.depth_at_most(limit - below) {
            return Ok(());
        }
        Err(Trap::limit(LimitReached::Depth, at))
    }
}

impl Drop for Frame<'_> {
    #[inline]
    fn drop(&mut self) {
        // Values left behind would keep buffers of the event alive until the next one.
        self.slots.clear();
        self.text.clear();
    }
}
