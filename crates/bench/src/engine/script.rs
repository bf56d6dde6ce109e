//! The language itself.

use std::sync::Arc;

use bytes::Bytes;
use serde_json::Value as Json;
use temblor_script::host::NoHost;
use temblor_script::loader::NoModules;
use temblor_script::{Env, EventInfo, Limits, Program, Registry, Scope, Scratch, Trap, Verdict, compile_script};
use temblor_syntax::SourceMap;
use temblor_syntax::ast::Dialect;
use temblor_value::{Value, json};

use super::{Engine, Outcome};

/// Value and metadata of an event.
pub struct Message {
    /// The event's value.
    pub event: Value,
    /// Its metadata.
    pub meta: Value,
}

impl Message {
    /// An event as it comes from a decoder: unshared, long texts as slices of what was decoded.
    pub fn decoded(event: &str) -> Self {
        let decoded = json::decode(Bytes::copy_from_slice(event.as_bytes()), &mut json::Scratch::default());
        Self {
            event: decoded.expect("valid JSON").value,
            meta: Value::object(),
        }
    }

    /// What [`Outcome`] names, as JSON; `value` is the value that the program gave.
    pub(super) fn outcome(self, outcome: Outcome, value: Value) -> Json {
        let of = |value: &Value| serde_json::from_str(&json::to_string(value)).expect("values have a JSON form");
        match outcome {
            Outcome::Value => of(&value),
            Outcome::Event => of(&self.event),
            Outcome::Both => Json::Array(vec![of(&self.event), of(&self.meta)]),
        }
    }
}

/// A compiled script with the buffers it runs in.
pub struct Script {
    program: Program,
    scratch: Scratch,
    input: Arc<dyn Fn() -> Message>,
    outcome: Outcome,
}

impl Script {
    /// Compiles `text`, which must be a valid script; `input` makes its events.
    pub fn new(text: &str, dialect: Dialect, outcome: Outcome, input: Arc<dyn Fn() -> Message>) -> Self {
        let mut registry = Registry::new();
        temblor_stdlib::install(&mut registry);
        let env = Env {
            registry: Arc::new(registry),
            loader: Arc::new(NoModules),
            host: Arc::new(NoHost),
            limits: Limits::default(),
            dialect,
        };
        let mut sources = SourceMap::new();
        let source = sources.add("work.tremor", text.to_owned());
        let compiled = compile_script(&mut sources, source, &env).expect("the script compiles");
        Self {
            program: compiled.program,
            scratch: Scratch::default(),
            input,
            outcome,
        }
    }
}

impl Engine for Script {
    type Input = Message;
    type Output = Result<Verdict, Box<Trap>>;

    fn source(&self) -> impl Fn() -> Message + 'static {
        let input = Arc::clone(&self.input);
        move || input()
    }

    #[inline]
    fn run(&mut self, input: &mut Message) -> Self::Output {
        let mut scope = Scope {
            event: &mut input.event,
            meta: &mut input.meta,
            state: &mut Value::Null,
            args: &Value::Null,
            group: &Value::Null,
            window: &Value::Null,
            info: EventInfo::default(),
            event_replaced: false,
        };
        self.program.run(&mut scope, &mut self.scratch)
    }

    fn outcome(&self, input: Message, output: Self::Output) -> Json {
        let value = match output.expect("the script does not fail") {
            Verdict::EmitValue(value, None) => value,
            _ => Value::Null,
        };
        input.outcome(self.outcome, value)
    }
}
