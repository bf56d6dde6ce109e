//! A query with its state, a small library and a clock that only tests move.

use std::any::Any;
use std::sync::Arc;

use temblor_event::{End, Event, EventId, Insight, Payload, Signal, Uid, UidSource};
use temblor_pipeline::graph::{Graph, Links, NoLinks, PipelineState};
use temblor_pipeline::op::OpError;
use temblor_pipeline::op::wal::{LogStores, NoFolders};
use temblor_pipeline::outputs::Outputs;
use temblor_pipeline::port::NodeId;
use temblor_pipeline::{InstanceCx, Query};
use temblor_script::func::{Aggregate, AggregateDef, Arity, FnError, FunctionDoc};
use temblor_script::host::NoHost;
use temblor_script::loader::NoModules;
use temblor_script::{Env, Limits, Registry};
use temblor_syntax::ast::Dialect;
use temblor_value::{Value, json};

/// Uid that sources of the tests have.
pub(crate) const SOURCE: Uid = Uid(7);

/// All values, in order of arrival; merging appends.
#[derive(Default)]
struct All(Vec<Value>);

impl Aggregate for All {
    fn accumulate(&mut self, args: &[Value]) -> Result<(), FnError> {
        if args[0].as_str() == Some("refused") {
            return Err(FnError::BadType);
        }
        self.0.push(args[0].clone());
        Ok(())
    }

    fn merge(&mut self, other: &dyn Aggregate) -> Result<(), FnError> {
        let other = other.as_any().downcast_ref::<Self>().ok_or(FnError::BadType)?;
        self.0.extend(other.0.iter().cloned());
        Ok(())
    }

    fn emit(&self) -> Result<Value, FnError> {
        Ok(Value::from(self.0.clone()))
    }

    fn reset(&mut self) {
        self.0.clear();
    }

    fn fresh(&self) -> Box<dyn Aggregate> {
        Box::<Self>::default()
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

/// The first value.
#[derive(Default)]
struct First(Option<Value>);

impl Aggregate for First {
    fn accumulate(&mut self, args: &[Value]) -> Result<(), FnError> {
        self.0.get_or_insert_with(|| args[0].clone());
        Ok(())
    }

    fn merge(&mut self, other: &dyn Aggregate) -> Result<(), FnError> {
        let other = other.as_any().downcast_ref::<Self>().ok_or(FnError::BadType)?;
        self.0 = self.0.take().or_else(|| other.0.clone());
        Ok(())
    }

    fn emit(&self) -> Result<Value, FnError> {
        Ok(self.0.clone().unwrap_or(Value::Null))
    }

    fn reset(&mut self) {
        self.0 = None;
    }

    fn fresh(&self) -> Box<dyn Aggregate> {
        Box::<Self>::default()
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

fn aggregate(name: &'static str, create: fn() -> Box<dyn Aggregate>) -> AggregateDef {
    AggregateDef {
        module: "test",
        name,
        arity: Arity::exactly(1),
        warning: None,
        create,
        doc: FunctionDoc::default(),
    }
}

/// Surroundings whose library is `aggr::test::all(x)` and `aggr::test::first(x)`.
pub(crate) fn env(dialect: Dialect) -> Env {
    let mut registry = Registry::new();
    registry.add_aggregate(aggregate("all", || Box::<All>::default()));
    registry.add_aggregate(aggregate("first", || Box::<First>::default()));
    Env {
        registry: Arc::new(registry),
        loader: Arc::new(NoModules),
        host: Arc::new(NoHost),
        limits: Limits::default(),
        dialect,
    }
}

/// See the module's documentation.
pub(crate) struct Bench {
    pub(crate) graph: Graph,
    state: PipelineState,
    out: Outputs,
    number: u64,
    /// What the nodes raised since the last look.
    pub(crate) raised: Vec<(NodeId, Insight)>,
    /// How the last event ended.
    pub(crate) end: Option<End>,
    /// Errors of the last event.
    pub(crate) errors: Vec<OpError>,
}

impl Bench {
    pub(crate) fn new(query: &str) -> Self {
        Self::in_dialect(query, Dialect::Modern)
    }

    pub(crate) fn in_dialect(query: &str, dialect: Dialect) -> Self {
        Self::build(query, dialect, &NoFolders)
    }

    pub(crate) fn with_logs(query: &str, logs: &dyn LogStores) -> Self {
        Self::build(query, Dialect::Modern, logs)
    }

    fn build(query: &str, dialect: Dialect, logs: &dyn LogStores) -> Self {
        let query = Query::compile("test.trickle", query, &env(dialect)).unwrap_or_else(|errors| panic!("{errors}"));
        let cx = InstanceCx {
            url: "tremor://localhost/pipeline/test/01".to_owned(),
            uids: &UidSource::default(),
            logs,
        };
        let (graph, state) = query.instantiate(&cx).unwrap_or_else(|errors| panic!("{errors}"));
        Self {
            graph,
            state,
            out: Outputs::new(),
            number: 0,
            raised: Vec::new(),
            end: None,
            errors: Vec::new(),
        }
    }

    /// The next event of the source, a value and a time in nanoseconds.
    pub(crate) fn event(&mut self, value: &str, at_ns: u64) -> Event {
        let id = EventId::new(SOURCE, self.number);
        self.number += 1;
        Event::new(id, Payload::new(json(value), Value::object()), at_ns)
    }

    /// Runs an event of a turn that goes on.
    pub(crate) fn run_in_turn(&mut self, event: Event) -> Vec<(String, Event)> {
        let input = self.graph.input("in").expect("the input exists");
        self.graph.run(&mut self.state, input, event, &NoLinks, &mut self.out);
        self.take_outputs()
    }

    /// Ends the turn.
    pub(crate) fn end_turn(&mut self) -> Vec<(String, Event)> {
        assert!(self.out.is_turn_open());
        self.graph.end_turn(&mut self.state, &NoLinks, &mut self.out);
        self.take_outputs()
    }

    pub(crate) fn run_at(&mut self, port: &str, event: Event, links: &dyn Links) -> Vec<(String, Event)> {
        let input = self.graph.input(port).expect("the input exists");
        self.out.clear();
        self.graph.run(&mut self.state, input, event, links, &mut self.out);
        while self.out.is_turn_open() {
            self.graph.end_turn(&mut self.state, links, &mut self.out);
        }
        self.take_outputs()
    }

    pub(crate) fn run(&mut self, event: Event) -> Vec<(String, Event)> {
        self.run_at("in", event, &NoLinks)
    }

    /// Sends a value; gives what leaves as `port value`.
    pub(crate) fn send(&mut self, value: &str, at_ns: u64) -> Vec<String> {
        let event = self.event(value, at_ns);
        texts(&self.run(event))
    }

    pub(crate) fn tick_events(&mut self, at_ns: u64) -> Vec<(String, Event)> {
        self.out.clear();
        let signal = Signal::Tick { ingest_ns: at_ns };
        self.graph.signal(&mut self.state, signal, &NoLinks, &mut self.out);
        self.take_outputs()
    }

    pub(crate) fn tick(&mut self, at_ns: u64) -> Vec<String> {
        texts(&self.tick_events(at_ns))
    }

    /// Tells it that nothing more is to come.
    pub(crate) fn drain(&mut self, at_ns: u64) -> Vec<String> {
        self.out.clear();
        let signal = Signal::Drain { ingest_ns: at_ns };
        self.graph.signal(&mut self.state, signal, &NoLinks, &mut self.out);
        texts(&self.take_outputs())
    }

    /// What would be lost if it ended now.
    pub(crate) fn held(&self) -> u64 {
        self.state.held()
    }

    /// Ends its operators.
    pub(crate) fn end(&mut self) {
        self.state.end();
    }

    pub(crate) fn feed_back(&mut self, mut insight: Insight) -> Insight {
        self.graph.feedback(&mut self.state, None, &mut insight);
        insight
    }

    /// Offers an insight that a node raised to the nodes before it.
    pub(crate) fn feed_back_from(&mut self, node: NodeId, mut insight: Insight) -> Insight {
        self.graph.feedback(&mut self.state, Some(node), &mut insight);
        insight
    }

    fn take_outputs(&mut self) -> Vec<(String, Event)> {
        self.raised.extend(self.out.insights.drain(..));
        self.end = self.out.end.take();
        self.errors = std::mem::take(&mut self.out.errors);
        let outputs = self.graph.outputs();
        let name = |(port, event): (temblor_pipeline::port::OutputId, Event)| {
            // Whatever leaves the bench reaches a sink.
            event.lease.deliver();
            (outputs[usize::from(port.0)].to_string(), event)
        };
        self.out.events.drain(..).map(name).collect()
    }
}

pub(crate) fn json(text: &str) -> Value {
    json::from_str(text).expect("the test's JSON")
}

pub(crate) fn texts(events: &[(String, Event)]) -> Vec<String> {
    events
        .iter()
        .map(|(port, event)| format!("{port} {}", json::to_string(event.value())))
        .collect()
}

/// The text of the errors that refuse a query, in whichever stage.
pub(crate) fn refusal(query: &str) -> String {
    match Query::compile("test.trickle", query, &env(Dialect::Modern)) {
        Err(errors) => errors.to_string(),
        Ok(query) => query.check().expect_err("the query is refused").to_string(),
    }
}
