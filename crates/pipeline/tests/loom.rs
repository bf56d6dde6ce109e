//! Models of the operators that workers share, run in every interleaving:
//! `RUSTFLAGS="--cfg loom" CARGO_TARGET_DIR=target/loom cargo test --release -p temblor-pipeline --test loom`
#![cfg(loom)]
#![allow(clippy::unwrap_used)] // helpers of tests

use std::sync::Arc;

use loom::thread;
use temblor_event::{Event, EventId, Insight, InsightKind, Payload, Signal, Uid, UidSource};
use temblor_pipeline::graph::{Graph, NoLinks, PipelineState};
use temblor_pipeline::op::wal::NoFolders;
use temblor_pipeline::outputs::Outputs;
use temblor_pipeline::{InstanceCx, Query};
use temblor_script::host::NoHost;
use temblor_script::loader::NoModules;
use temblor_script::{Env, Limits, Registry};
use temblor_syntax::ast::Dialect;
use temblor_value::Value;

const MS: u64 = 1_000_000;

fn query(text: &str) -> Query {
    let env = Env {
        registry: Arc::new(Registry::new()),
        loader: Arc::new(NoModules),
        host: Arc::new(NoHost),
        limits: Limits::default(),
        dialect: Dialect::Modern,
    };
    Query::compile("model.trickle", text, &env).unwrap()
}

fn instance(query: &Query) -> Arc<Graph> {
    let cx = InstanceCx {
        url: "tremor://localhost/pipeline/model/01".to_owned(),
        uids: &UidSource::default(),
        logs: &NoFolders,
    };
    Arc::new(query.instantiate(&cx).unwrap().0)
}

/// Sends one event; gives the output it leaves by, and the event.
fn send(graph: &Graph, at_ns: u64) -> (String, Event) {
    let mut out = Outputs::new();
    let payload = Payload::new(Value::Null, Value::object());
    let event = Event::new(EventId::new(Uid(1), 0), payload, at_ns);
    graph.run(
        &mut PipelineState::default(),
        graph.input("in").unwrap(),
        event,
        &NoLinks,
        &mut out,
    );
    let (output, event) = out.events.pop().unwrap();
    (graph.outputs()[usize::from(output.0)].to_string(), event)
}

fn feed_back(graph: &Graph, event: &Event, kind: InsightKind, at_ns: u64) {
    let mut insight = Insight::about(event, kind, Uid(9), at_ns);
    graph.feedback(&mut PipelineState::default(), None, &mut insight);
}

const BALANCER: &str = "define qos::roundrobin operator rr with outputs = [\"a\", \"b\", \"c\"] end; create operator rr;\n\
    select event from in into rr; select event from rr/a into out/a; select event from rr/b into out/b; select event from rr/c into out/c;";

#[test]
fn workers_that_choose_at_once_take_different_outputs() {
    let query = query(BALANCER);
    loom::model(move || {
        let graph = instance(&query);
        let workers: Vec<_> = (0..2)
            .map(|_| {
                let graph = Arc::clone(&graph);
                thread::spawn(move || send(&graph, 1).0)
            })
            .collect();
        let mut chosen: Vec<String> = workers.into_iter().map(|worker| worker.join().unwrap()).collect();
        chosen.push(send(&graph, 1).0);
        chosen.sort();
        assert_eq!(chosen, ["a", "b", "c"]);
    });
}

const BREAKER: &str = "define qos::backpressure operator bp with timeout = 1000, steps = [100] end; create operator bp;\n\
    select event from in into bp; select event from bp into out; select event from bp/overflow into out/overflow;";

#[test]
fn of_events_that_come_when_a_back_off_is_due_one_passes() {
    let query = query(BREAKER);
    loom::model(move || {
        let graph = instance(&query);
        let (_, event) = send(&graph, MS);
        feed_back(&graph, &event, InsightKind::Fail, 2 * MS);
        assert_eq!(send(&graph, 50 * MS).0, "overflow");
        let workers: Vec<_> = (0..2)
            .map(|_| {
                let graph = Arc::clone(&graph);
                thread::spawn(move || send(&graph, 102 * MS).0)
            })
            .collect();
        let mut ways: Vec<String> = workers.into_iter().map(|worker| worker.join().unwrap()).collect();
        ways.sort();
        assert_eq!(ways, ["out", "overflow"]);
    });
}

#[test]
fn a_success_beside_an_event_leaves_the_way_open() {
    let query = query(BREAKER);
    loom::model(move || {
        let graph = instance(&query);
        let (_, failed) = send(&graph, MS);
        let (_, well) = send(&graph, MS);
        feed_back(&graph, &failed, InsightKind::Fail, 2 * MS);
        let other = Arc::clone(&graph);
        let worker = thread::spawn(move || feed_back(&other, &well, InsightKind::Ack, 3 * MS));
        send(&graph, 50 * MS);
        worker.join().unwrap();
        assert_eq!(send(&graph, 51 * MS).0, "out");
    });
}

#[test]
fn a_tick_beside_a_failure_never_leaves_a_back_off_without_end() {
    let query = query(BREAKER);
    loom::model(move || {
        let graph = instance(&query);
        let (_, first) = send(&graph, MS);
        let (_, second) = send(&graph, 150 * MS);
        feed_back(&graph, &first, InsightKind::Fail, 2 * MS);
        let other = Arc::clone(&graph);
        let ticker = thread::spawn(move || {
            let mut out = Outputs::new();
            let signal = Signal::Tick { ingest_ns: 160 * MS };
            other.signal(&mut PipelineState::default(), signal, &NoLinks, &mut out);
        });
        feed_back(&graph, &second, InsightKind::Fail, 160 * MS);
        ticker.join().unwrap();
        // Whatever came first: a back-off that was begun is over one step later.
        assert_eq!(send(&graph, 261 * MS).0, "out");
    });
}
