//! The operator over a log in a folder, through several lives of the process.

use std::sync::Arc;

use temblor_event::{Insight, InsightKind, Mark, Origin, Signal, UidSource};
use temblor_pipeline::graph::{Graph, NoLinks, PipelineState};
use temblor_pipeline::outputs::Outputs;
use temblor_pipeline::{InstanceCx, Query};
use temblor_script::host::NoHost;
use temblor_script::loader::NoModules;
use temblor_script::{Env, Limits, Registry};
use temblor_syntax::ast::Dialect;
use temblor_value::{Str, json};

use super::*;

const SOURCE: Uid = Uid(7);
const SINK: Uid = Uid(1 << 52);

/// One life of a process with a log.
struct Life {
    graph: Graph,
    state: PipelineState,
    out: Outputs,
}

impl Life {
    fn new(dir: &Path, with: &str) -> Self {
        let env = Env {
            registry: Arc::new(Registry::new()),
            loader: Arc::new(NoModules),
            host: Arc::new(NoHost),
            limits: Limits::default(),
            dialect: Dialect::Modern,
        };
        let dir = dir.display();
        let text = format!(
            "define qos::wal operator w with dir = \"{dir}\", read_count = 100, {with} end; create operator w; select event from in into w; select event from w into out;"
        );
        let query = Query::compile("test.trickle", &text, &env).unwrap();
        let cx = InstanceCx {
            url: String::new(),
            uids: &UidSource::default(),
            logs: &LogFolders,
        };
        let (graph, state) = query.instantiate(&cx).unwrap();
        Self {
            graph,
            state,
            out: Outputs::new(),
        }
    }

    fn send(&mut self, event: Event) -> Vec<Event> {
        let input = self.graph.input("in").unwrap();
        self.graph.run(&mut self.state, input, event, &NoLinks, &mut self.out);
        while self.out.is_turn_open() {
            self.graph.end_turn(&mut self.state, &NoLinks, &mut self.out);
        }
        self.take()
    }

    fn tick(&mut self) -> Vec<Event> {
        self.signal(Signal::Tick { ingest_ns: 1 })
    }

    fn signal(&mut self, signal: Signal) -> Vec<Event> {
        self.graph.signal(&mut self.state, signal, &NoLinks, &mut self.out);
        self.take()
    }

    /// What left; it reaches a sink.
    fn take(&mut self) -> Vec<Event> {
        assert_eq!(self.out.errors, []);
        let events: Vec<Event> = self.out.events.drain(..).map(|(_, event)| event).collect();
        for event in &events {
            event.lease.deliver();
        }
        events
    }

    fn feed_back(&mut self, mut insight: Insight) {
        self.graph.feedback(&mut self.state, None, &mut insight);
        assert_eq!(insight.kind, InsightKind::None);
    }

    fn open(&mut self) {
        self.feed_back(Insight::breaker(InsightKind::Resume, SINK, 0));
    }

    /// What the log told those before it, as far as it is about their pace.
    fn told(&mut self) -> Vec<InsightKind> {
        self.out.insights.drain(..).map(|(_, insight)| insight.kind).collect()
    }
}

fn sent(number: u64) -> Event {
    let payload = Payload::new(
        json::from_str("[1, {\"a\": 2.5}]").unwrap(),
        json::from_str("{\"m\": null}").unwrap(),
    );
    let mut event = Event::new(EventId::new(SOURCE, number), payload, 1000 + number);
    event.origin = Some(Arc::new(Origin {
        scheme: Str::from_static("test"),
        host: Str::from_static("host"),
        port: Some(1),
        path: [Str::from_static("path")].into(),
    }));
    event.op_meta.set(Uid(55), Mark::Passed);
    event
}

#[test]
fn what_was_not_confirmed_comes_back_as_it_was_but_for_what_speaks_of_another_process() {
    let dir = tempfile::tempdir().unwrap();
    let mut life = Life::new(dir.path(), "max_elements = 100");
    for number in 0..5 {
        assert!(life.send(sent(number)).is_empty());
    }
    drop(life);

    let mut life = Life::new(dir.path(), "max_elements = 100");
    assert!(life.tick().is_empty());
    life.open();
    let events = life.tick();
    assert_eq!(events.len(), 5);
    for (number, event) in (0..).zip(&events) {
        let before = sent(number);
        assert_eq!(event.id.number(), number);
        assert!(event.id.tracked().is_empty() && event.op_meta.is_empty() && event.transactional);
        assert_eq!(event.id.max_by_source(SOURCE), None);
        assert_eq!(json::to_string(event.value()), json::to_string(before.value()));
        assert_eq!(json::to_string(event.meta()), json::to_string(before.meta()));
        assert_eq!((event.ingest_ns, &event.origin), (before.ingest_ns, &before.origin));
    }
    // One of this life is as it came.
    let own = life.send(sent(5)).remove(0);
    assert_eq!(own.id.max_by_source(SOURCE), Some((0, 5)));
    assert!(own.op_meta.get(Uid(55)).is_some());
    for event in &events[..2] {
        life.feed_back(Insight::about(event, InsightKind::Ack, SINK, 0));
    }
    life.feed_back(Insight::about(&events[3], InsightKind::Ack, SINK, 0));
    drop(life);

    let mut life = Life::new(dir.path(), "max_elements = 100");
    life.open();
    let numbers: Vec<u64> = life.tick().iter().map(|event| event.id.number()).collect();
    assert_eq!(numbers, [2, 3, 4, 5], "confirmed is what has nothing unsettled before it");
}

#[test]
fn a_full_log_is_still_full_after_a_restart() {
    let dir = tempfile::tempdir().unwrap();
    for limit in ["max_elements = 2", "max_bytes = 100"] {
        let mut life = Life::new(dir.path(), limit);
        life.send(sent(0));
        life.send(sent(1));
        drop(life);
        let mut life = Life::new(dir.path(), limit);
        life.tick();
        assert_eq!(life.told(), [InsightKind::Pause], "{limit}");
        life.open();
        for event in life.tick() {
            life.feed_back(Insight::about(&event, InsightKind::Ack, SINK, 0));
        }
        life.tick();
        assert_eq!(life.told(), [InsightKind::Resume], "{limit}");
    }
}

#[test]
fn a_failure_is_read_again_from_the_files() {
    let dir = tempfile::tempdir().unwrap();
    let mut life = Life::new(dir.path(), "max_elements = 100");
    life.open();
    let first = life.send(sent(0)).remove(0);
    life.send(sent(1));
    life.feed_back(Insight::about(&first, InsightKind::Fail, SINK, 0));
    let again = life.tick().remove(0);
    assert_eq!(again.id, first.id, "in the same process, it is the same event");
    assert!(again.op_meta.get(Uid(55)).is_some());
}

#[test]
fn what_a_folder_keeps_is_not_sent_while_the_end_is_near() {
    let dir = tempfile::tempdir().unwrap();
    let mut life = Life::new(dir.path(), "max_elements = 100");
    life.send(sent(0));
    life.open();
    assert!(life.signal(Signal::Drain { ingest_ns: 1 }).is_empty());
    drop(life);
    let mut life = Life::new(dir.path(), "max_elements = 100");
    life.open();
    assert_eq!(life.tick().len(), 1);
}
