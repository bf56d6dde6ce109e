//! What is measured: each [`Work`] as a script, by hand, and in other languages where they can do it.

mod extractors;
mod language;

use std::fmt;
use std::sync::Arc;

use serde_json::Value as Json;
use temblor_syntax::ast::Dialect;
use temblor_value::Value;

use crate::engine::{Hand, Message, Outcome, Runner, Script};
use crate::recipe;

/// Who does a work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Who {
    /// A script.
    Script,
    /// Rust by hand.
    Hand,
    /// A VRL program.
    Vrl,
    /// A Rhai program.
    Rhai,
}

impl Who {
    /// All of them; without the feature `compare` the other languages do no work.
    pub const ALL: [Self; 4] = [Self::Script, Self::Hand, Self::Vrl, Self::Rhai];
}

/// Makes the events of a work.
type Input = Arc<dyn Fn() -> Message>;

/// Makes the engine of a work that is written by hand.
type MakeHand = Box<dyn Fn(Outcome, Input) -> Box<dyn Runner>>;

/// A program in another language.
#[cfg_attr(not(feature = "compare"), allow(dead_code, reason = "nothing else runs it"))]
struct Other {
    text: &'static str,
    /// Its outcome, where the other language gives the same in another shape.
    expected: Option<Json>,
}

/// A piece of work.
pub struct Work {
    /// What it is, in a few words.
    pub name: &'static str,
    /// Allocations that the script makes for an event.
    pub allocations: u64,
    script: String,
    dialect: Dialect,
    outcome: Outcome,
    expected: Json,
    input: Input,
    /// The event once more, for other languages.
    #[cfg_attr(not(feature = "compare"), allow(dead_code, reason = "nothing else reads it"))]
    event: Json,
    /// Its metadata.
    #[cfg_attr(not(feature = "compare"), allow(dead_code, reason = "nothing else reads it"))]
    meta: Json,
    hand: Option<MakeHand>,
    vrl: Option<Other>,
    rhai: Option<Other>,
}

impl Work {
    /// A script that gives `expected`, in JSON, for an event.
    fn new(name: &'static str, event: &str, script: &str, expected: &str) -> Self {
        let text = event.to_owned();
        Self {
            name,
            allocations: 0,
            script: script.to_owned(),
            dialect: Dialect::default(),
            outcome: Outcome::Value,
            expected: json(expected),
            input: Arc::new(move || Message::decoded(&text)),
            event: json(event),
            meta: Json::Object(serde_json::Map::new()),
            hand: None,
            vrl: None,
            rhai: None,
        }
    }

    fn outcome(mut self, outcome: Outcome) -> Self {
        self.outcome = outcome;
        self
    }

    fn allocations(mut self, number: u64) -> Self {
        self.allocations = number;
        self
    }

    /// Adds the work by hand; `make` prepares it.
    fn hand<F, W>(mut self, make: F) -> Self
    where
        F: Fn() -> W + 'static,
        W: FnMut(&mut Message) -> Option<Value> + 'static,
    {
        self.hand = Some(Box::new(move |outcome, input| Box::new(Hand::new(make(), outcome, input))));
        self
    }

    fn vrl(mut self, text: &'static str) -> Self {
        self.vrl = Some(Other { text, expected: None });
        self
    }

    /// Adds a VRL program that does the same work and gives its result in another shape.
    fn vrl_shaped(mut self, text: &'static str, expected: &str) -> Self {
        let expected = Some(json(expected));
        self.vrl = Some(Other { text, expected });
        self
    }

    fn rhai(mut self, text: &'static str) -> Self {
        self.rhai = Some(Other { text, expected: None });
        self
    }

    /// An engine for the work; `None` if `who` cannot do it, or is not compiled in.
    pub fn engine(&self, who: Who) -> Option<Box<dyn Runner>> {
        let input = || Arc::clone(&self.input);
        match who {
            Who::Script => Some(Box::new(Script::new(&self.script, self.dialect, self.outcome, input()))),
            Who::Hand => self.hand.as_ref().map(|make| make(self.outcome, input())),
            Who::Vrl => self.other_vrl(),
            Who::Rhai => self.other_rhai(),
        }
    }

    /// The outcome that `who` must come to.
    pub fn expected(&self, who: Who) -> &Json {
        let other = match who {
            Who::Script | Who::Hand => None,
            Who::Vrl => self.vrl.as_ref(),
            Who::Rhai => self.rhai.as_ref(),
        };
        other.and_then(|other| other.expected.as_ref()).unwrap_or(&self.expected)
    }

    #[cfg(feature = "compare")]
    fn other_vrl(&self) -> Option<Box<dyn Runner>> {
        let text = self.vrl.as_ref()?.text;
        Some(Box::new(crate::engine::Vrl::new(text, self.outcome, &self.event, &self.meta)))
    }

    #[cfg(feature = "compare")]
    fn other_rhai(&self) -> Option<Box<dyn Runner>> {
        let text = self.rhai.as_ref()?.text;
        Some(Box::new(crate::engine::Rhai::new(
            text,
            self.outcome,
            &self.event,
            &self.meta,
        )))
    }

    #[cfg(not(feature = "compare"))]
    #[allow(clippy::unused_self)] // as with the feature `compare`
    fn other_vrl(&self) -> Option<Box<dyn Runner>> {
        None
    }

    #[cfg(not(feature = "compare"))]
    #[allow(clippy::unused_self)] // as with the feature `compare`
    fn other_rhai(&self) -> Option<Box<dyn Runner>> {
        None
    }
}

impl fmt::Display for Work {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}

fn json(text: &str) -> Json {
    serde_json::from_str(text).expect("valid JSON")
}

/// All works.
pub fn works() -> Vec<Work> {
    let mut works = language::works();
    works.extend(extractors::works());
    works.push(request_script());
    works
}

/// Works that only read and compare, for which a script allocates nothing.
pub const READING: [&str; 5] = [
    "field read",
    "nested path",
    "comparisons",
    "string match of 20",
    "user function call",
];

/// The request script of the recipe.
fn request_script() -> Work {
    const FORWARDED: &str = "by=localhost:65535;host=localhost:65535;proto=http";
    let mut expected = serde_json::json!([json(recipe::EVENT), json(recipe::META)]);
    expected[0]["forwarded"] = FORWARDED.into();
    expected[1]["request"]["headers"]["Forwarded"] = FORWARDED.into();
    expected[1]["endpoint"] = json(r#"{"scheme": "http", "path": "/anything"}"#);
    let mut work = Work::new("request script of the recipe", recipe::EVENT, &recipe::script(), "null")
        .outcome(Outcome::Both)
        .allocations(4)
        .hand(recipe::by_hand)
        .vrl(
            r#"host = "UNDEFINED"
            if exists(%request.headers.host) { host = string!(%request.headers.host[0]) }
            forwarded = "by=localhost:65535;host={{ host }};proto=http"
            %request.headers.Forwarded = forwarded
            .forwarded = forwarded
            %endpoint = %request.url
            del(%endpoint.host)
            del(%endpoint.port)"#,
        )
        .rhai(
            r#"let host = if "host" in meta.request.headers { meta.request.headers.host[0] } else { "UNDEFINED" };
            let forwarded = `by=localhost:65535;host=${host};proto=http`;
            meta.request.headers.Forwarded = forwarded;
            event.forwarded = forwarded;
            let endpoint = meta.request.url;
            endpoint.remove("host");
            endpoint.remove("port");
            meta.endpoint = endpoint;"#,
        );
    work.dialect = Dialect::V09;
    work.input = Arc::new(recipe::message);
    work.meta = json(recipe::META);
    work.expected = expected;
    work
}
