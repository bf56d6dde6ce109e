//! VRL: programs compiled before, one runtime for all events, as its hosts do it.

use serde_json::Value as Json;
use vrl::compiler::runtime::{Runtime, RuntimeResult};
use vrl::compiler::{Program, TargetValue, TimeZone};
use vrl::value::{Secrets, Value};

use super::{Engine, Outcome};

/// A compiled VRL program.
pub struct Vrl {
    program: Program,
    runtime: Runtime,
    zone: TimeZone,
    event: Value,
    meta: Value,
    outcome: Outcome,
}

impl Vrl {
    /// Compiles `text`, which must be a valid program.
    pub fn new(text: &str, outcome: Outcome, event: &Json, meta: &Json) -> Self {
        let compiled = vrl::compiler::compile(text, &vrl::stdlib::all());
        Self {
            program: compiled
                .map_err(|errors| format!("{errors:?}"))
                .expect("the program compiles")
                .program,
            runtime: Runtime::default(),
            zone: TimeZone::default(),
            event: Value::from(event.clone()),
            meta: Value::from(meta.clone()),
            outcome,
        }
    }
}

impl Engine for Vrl {
    type Input = TargetValue;
    type Output = RuntimeResult;

    fn source(&self) -> impl Fn() -> TargetValue + 'static {
        let (value, metadata) = (self.event.clone(), self.meta.clone());
        move || TargetValue {
            value: value.clone(),
            metadata: metadata.clone(),
            secrets: Secrets::default(),
        }
    }

    #[inline]
    fn run(&mut self, input: &mut TargetValue) -> RuntimeResult {
        let result = self.runtime.resolve(input, &self.program, &self.zone);
        self.runtime.clear();
        result
    }

    fn outcome(&self, input: TargetValue, output: RuntimeResult) -> Json {
        let of = |value: Value| serde_json::to_value(value).expect("values have a JSON form");
        let value = output.expect("the program does not fail");
        match self.outcome {
            Outcome::Value => of(value),
            Outcome::Event => of(input.value),
            Outcome::Both => Json::Array(vec![of(input.value), of(input.metadata)]),
        }
    }
}
