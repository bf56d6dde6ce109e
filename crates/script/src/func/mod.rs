//! The interface of library functions and aggregates.
//!
//! A function is a plain function pointer over a slice of values; arity is checked by the caller, so that an implementation may index
//! its arguments within the declared range. Functions see of the event only its ingest time and origin ([`EventInfo`]).

pub mod aggregate;
pub mod registry;

use temblor_value::{Str, Value};

use crate::host::Host;
use crate::limits::{LimitReached, Limits, StepBudget};

pub use aggregate::{Aggregate, AggregateDef};
pub use registry::Registry;

/// What functions see of the event beside its value.
#[derive(Clone, Copy, Debug, Default)]
pub struct EventInfo<'a> {
    /// Ingest time in nanoseconds since the epoch.
    pub ingest_ns: u64,
    /// Origin, if the event has one.
    pub origin: Option<OriginRef<'a>>,
}

/// Where an event came from (spec/stdlib.md 7.2).
#[derive(Clone, Copy, Debug)]
pub struct OriginRef<'a> {
    /// Scheme.
    pub scheme: &'a str,
    /// Host.
    pub host: &'a str,
    /// Port, if the source has one.
    pub port: Option<u16>,
    /// Path segments.
    pub path: &'a [Str],
}

/// What a function may use while it runs.
pub struct CallCx<'a> {
    /// The event's time and origin.
    pub info: EventInfo<'a>,
    /// The program around the script.
    pub host: &'a dyn Host,
    /// Limits on the sizes of results.
    pub limits: &'a Limits,
    /// Work left for this event.
    pub steps: &'a mut StepBudget,
}

impl CallCx<'_> {
    /// Counts `elements` made or walked against the step limit (spec/script.md 14).
    pub fn charge(&mut self, elements: usize) -> Result<(), FnError> {
        Ok(self.steps.charge(elements as u64)?)
    }

    /// Checks the size of a string or binary before it is made.
    pub fn check_bytes(&self, bytes: usize) -> Result<(), FnError> {
        Ok(self.limits.check_bytes(bytes)?)
    }

    /// Checks the number of elements or keys of a result before it is made, and counts them as steps.
    pub fn check_elements(&mut self, elements: usize) -> Result<(), FnError> {
        self.limits.check_elements(elements)?;
        self.charge(elements)
    }
}

/// Why a function has no result (spec/stdlib.md 2).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FnError {
    /// An argument has a type that the function does not take.
    BadType,
    /// The number of arguments is wrong in a way that [`Arity`] cannot say.
    BadArity,
    /// Types are right, values are not; says what is wrong.
    Runtime(String),
    /// A limit of spec/script.md 14.
    Limit(LimitReached),
}

impl From<LimitReached> for FnError {
    fn from(limit: LimitReached) -> Self {
        Self::Limit(limit)
    }
}

/// The code of a function.
pub type NativeFn = fn(&mut CallCx<'_>, &[Value]) -> Result<Value, FnError>;

/// Numbers of arguments that a function takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Arity {
    /// Least number.
    pub min: u8,
    /// Greatest number; `None`: any.
    pub max: Option<u8>,
}

impl Arity {
    /// Exactly `count` arguments.
    pub const fn exactly(count: u8) -> Self {
        Self {
            min: count,
            max: Some(count),
        }
    }

    /// Between `min` and `max` arguments.
    pub const fn between(min: u8, max: u8) -> Self {
        Self { min, max: Some(max) }
    }

    /// `min` arguments or more.
    pub const fn at_least(min: u8) -> Self {
        Self { min, max: None }
    }

    /// Whether `count` arguments are allowed.
    pub fn accepts(self, count: usize) -> bool {
        count >= usize::from(self.min) && self.max.is_none_or(|max| count <= usize::from(max))
    }
}

/// Whether a call with constant arguments is computed at load (spec/stdlib.md 3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purity {
    /// Foldable.
    Pure,
    /// Evaluated for each event.
    Impure,
}

/// A library function.
#[derive(Clone, Copy, Debug)]
pub struct FunctionDef {
    /// Native module, such as `string`; segments of deeper ones are joined by `::`.
    pub module: &'static str,
    /// Its name in the module.
    pub name: &'static str,
    /// Numbers of arguments it takes.
    pub arity: Arity,
    /// Whether calls are folded.
    pub purity: Purity,
    /// Its code.
    pub call: NativeFn,
    /// Its documentation.
    pub doc: FunctionDoc,
}

/// Documentation of a function or aggregate.
#[derive(Clone, Copy, Debug, Default)]
pub struct FunctionDoc {
    /// Call form with parameter names, such as `len(s)`.
    pub signature: &'static str,
    /// What it does.
    pub text: &'static str,
    /// Calls with their results, run as tests.
    pub examples: &'static [Example],
}

/// An example in the documentation.
#[derive(Clone, Copy, Debug)]
pub struct Example {
    /// An expression.
    pub source: &'static str,
    /// Its value as JSON.
    pub result: &'static str,
}
