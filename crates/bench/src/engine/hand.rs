//! The same work written in Rust on the same values, with keys hashed and formats compiled before: what a script can reach at best.

use std::sync::Arc;

use serde_json::Value as Json;
use temblor_value::Value;

use super::{Engine, Message, Outcome};

/// A work written by hand.
pub struct Hand<F> {
    work: F,
    input: Arc<dyn Fn() -> Message>,
    outcome: Outcome,
}

impl<F: FnMut(&mut Message) -> Option<Value>> Hand<F> {
    /// `work` gives `None` if the event is not as it expects.
    pub fn new(work: F, outcome: Outcome, input: Arc<dyn Fn() -> Message>) -> Self {
        Self { work, input, outcome }
    }
}

impl<F: FnMut(&mut Message) -> Option<Value>> Engine for Hand<F> {
    type Input = Message;
    type Output = Option<Value>;

    fn source(&self) -> impl Fn() -> Message + 'static {
        let input = Arc::clone(&self.input);
        move || input()
    }

    #[inline]
    fn run(&mut self, input: &mut Message) -> Option<Value> {
        (self.work)(input)
    }

    fn outcome(&self, input: Message, output: Option<Value>) -> Json {
        input.outcome(self.outcome, output.expect("the event is as expected"))
    }
}
