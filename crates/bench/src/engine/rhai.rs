//! Rhai: programs compiled before, event and metadata as maps in the scope.

use rhai::serde::to_dynamic;
use rhai::{AST, Dynamic, EvalAltResult, Scope};
use serde_json::Value as Json;

use super::{Engine, Outcome};

/// A compiled Rhai program.
pub struct Rhai {
    engine: rhai::Engine,
    program: AST,
    event: Dynamic,
    meta: Dynamic,
    outcome: Outcome,
}

impl Rhai {
    /// Compiles `text`, which must be a valid program.
    pub fn new(text: &str, outcome: Outcome, event: &Json, meta: &Json) -> Self {
        let engine = rhai::Engine::new();
        Self {
            program: engine.compile(text).expect("the program compiles"),
            engine,
            event: to_dynamic(event).expect("JSON has a form as value"),
            meta: to_dynamic(meta).expect("JSON has a form as value"),
            outcome,
        }
    }
}

impl Engine for Rhai {
    type Input = Scope<'static>;
    type Output = Result<Dynamic, Box<EvalAltResult>>;

    fn source(&self) -> impl Fn() -> Scope<'static> + 'static {
        let (event, meta) = (self.event.clone(), self.meta.clone());
        move || {
            let mut scope = Scope::new();
            scope.push_dynamic("event", event.clone());
            scope.push_dynamic("meta", meta.clone());
            scope
        }
    }

    #[inline]
    fn run(&mut self, input: &mut Scope<'static>) -> Self::Output {
        self.engine.eval_ast_with_scope(input, &self.program)
    }

    fn outcome(&self, input: Scope<'static>, output: Self::Output) -> Json {
        let of = |value: &Dynamic| serde_json::to_value(value).expect("values have a JSON form");
        let named = |name: &str| input.get(name).map_or(Json::Null, of);
        let value = output.expect("the program does not fail");
        match self.outcome {
            Outcome::Value => of(&value),
            Outcome::Event => named("event"),
            Outcome::Both => Json::Array(vec![named("event"), named("meta")]),
        }
    }
}
