//! Limits on what a script may use up (spec/script.md 14).
//!
//! Everything here is counted, never timed, so that a script fails at the same place on every machine.

/// The limits of spec/script.md 14. A `0` in a field means no limit, except for the two depths, which always hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Nesting of a source text; at least 64.
    pub source_depth: usize,
    /// Nesting of a value; taken as 128 if lower and as [`Limits::MAX_VALUE_DEPTH`] if higher.
    pub value_depth: usize,
    /// Bytes of one string or binary that an operation makes.
    pub value_bytes: usize,
    /// Elements or keys of one array or record that an operation makes.
    pub value_elements: usize,
    /// Work for one event in one script or select.
    pub steps: u64,
    /// Rounds of `recur`, the first call included.
    pub recursion: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            source_depth: 256,
            value_depth: 1024,
            value_bytes: 268_435_456,
            value_elements: 16_777_216,
            steps: 100_000_000,
            recursion: 1024,
        }
    }
}

/// A limit that was met.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LimitReached {
    /// `value_depth`.
    Depth,
    /// `value_bytes`.
    Bytes,
    /// `value_elements`.
    Elements,
    /// `steps`.
    Steps,
}

impl Limits {
    /// Nesting of values that merging can walk on the stack of an ordinary thread.
    pub const MAX_VALUE_DEPTH: usize = 4096;
    const MIN_VALUE_DEPTH: usize = 128;

    /// The nesting of values that holds.
    #[inline]
    pub fn depth_of_values(&self) -> usize {
        self.value_depth.clamp(Self::MIN_VALUE_DEPTH, Self::MAX_VALUE_DEPTH)
    }

    /// Checks the size of a string or binary before it is made.
    pub fn check_bytes(&self, bytes: usize) -> Result<(), LimitReached> {
        if self.value_bytes != 0 && bytes > self.value_bytes {
            return Err(LimitReached::Bytes);
        }
        Ok(())
    }

    /// Checks the number of elements or keys of an array or record before it is made.
    pub fn check_elements(&self, elements: usize) -> Result<(), LimitReached> {
        if self.value_elements != 0 && elements > self.value_elements {
            return Err(LimitReached::Elements);
        }
        Ok(())
    }
}

/// What is left of `steps` for the current event.
#[derive(Clone, Debug)]
pub struct StepBudget {
    left: u64,
}

impl StepBudget {
    /// The whole budget that `limits` grants.
    pub fn new(limits: &Limits) -> Self {
        Self {
            left: if limits.steps == 0 { u64::MAX } else { limits.steps },
        }
    }

    /// Takes `steps` from the budget.
    ///
    /// # Errors
    /// [`LimitReached::Steps`] if less is left; the budget is empty from then on.
    #[inline]
    pub fn charge(&mut self, steps: u64) -> Result<(), LimitReached> {
        if let Some(left) = self.left.checked_sub(steps) {
            self.left = left;
            Ok(())
        } else {
            self.left = 0;
            Err(LimitReached::Steps)
        }
    }
}
