mod drain;
mod held;
mod islands;
mod repeated;
mod territory;
mod turns;
mod withdrawn;

use std::sync::atomic::{AtomicBool, Ordering};

use temblor_event::{Event, EventId, Payload, Reason, RequestKey, UidSource};
use temblor_pipeline::graph::Mode;
use temblor_pipeline::op::wal::NoFolders;
use temblor_pipeline::{InstanceCx, Query};
use temblor_script::host::NoHost;
use temblor_script::loader::NoModules;
use temblor_script::{Env, Limits, MetaPaths, Registry};
use temblor_syntax::ast::Dialect;
use temblor_value::Value;

use super::*;
use crate::need::Need;
use crate::sink::{Delivery, Exchange, Insights, Reply, SinkCx, Withdrawal};

/// A sink that answers with the event it got, or never answers.
struct Echo {
    answers: bool,
    is_available: AtomicBool,
}

impl Echo {
    fn new(answers: bool) -> Arc<Self> {
        Arc::new(Self {
            answers,
            is_available: AtomicBool::new(true),
        })
    }
}

impl Sink for Echo {
    fn deliver(&self, _port: &str, event: Event, _cx: &SinkCx<'_>) -> Delivery {
        if !self.answers {
            return Delivery::Done(Insights::new());
        }
        Delivery::Exchange(Exchange {
            future: Box::pin(async move {
                let mut reply = Reply::default();
                reply.events.push((SinkPort::Out, event));
                reply
            }),
            answers: true,
            withdrawal: Withdrawal::Always,
            about: None,
        })
    }

    fn is_available(&self) -> bool {
        self.is_available.load(Ordering::Relaxed)
    }
}

const UID: Uid = Uid(1);
/// Uid of the first sink.
const SINK: Uid = Uid(2);
const SOURCE: SourceIx = SourceIx(0);

fn key(number: u64) -> RequestKey {
    RequestKey {
        source: UID,
        number,
        answers_merged: false,
    }
}

fn pipeline(text: &str, targets: &[(&str, Target)]) -> PipelineNode {
    let env = Env {
        registry: Arc::new(Registry::new()),
        loader: Arc::new(NoModules),
        host: Arc::new(NoHost),
        limits: Limits::default(),
        dialect: Dialect::Modern,
    };
    let query = Query::compile("test.trickle", text, &env).unwrap();
    let cx = InstanceCx {
        url: "tremor://localhost/pipeline/test/1".to_owned(),
        uids: &UidSource::default(),
        logs: &NoFolders,
    };
    let (graph, state) = query.instantiate(&cx).unwrap();
    let mut outputs = vec![Vec::new(); graph.outputs().len()];
    for (port, target) in targets {
        outputs[usize::from(graph.output(port).unwrap().0)].push(target.clone());
    }
    PipelineNode {
        url: Str::from(cx.url),
        state: (graph.mode() == Mode::Serial).then(|| Arc::new(Mutex::new(state))),
        island: None,
        is_leaving: false,
        activity: Activity::default(),
        graph: Arc::new(graph),
        outputs,
        feeders: vec![Feeder::Source(SOURCE)],
    }
}

fn entry(flow: &[PipelineNode], at: u32) -> Entry {
    Entry {
        pipeline: PipelineIx(at),
        port: Str::from_static("in"),
        input: flow[at as usize].graph.input("in"),
    }
}

fn source() -> SourceNode {
    SourceNode {
        uid: UID,
        out: Vec::new(),
        err: Vec::new(),
        unanswered: Vec::new(),
        control: Arc::default(),
        passes_bodies: true,
        need: BodyNeed::NOTHING,
        metrics: None,
    }
}

fn sink(sink: Arc<dyn Sink>, out: Vec<Entry>) -> SinkNode {
    SinkNode {
        uid: SINK,
        sink,
        out,
        err: Vec::new(),
        feeders: vec![PipelineIx(0)],
        passes_bodies: true,
        response_need: BodyNeed::NOTHING,
        response_meta: MetaPaths::default(),
        metrics: None,
    }
}

/// Sinks with uids of their own, whose responses go to pipeline 1.
fn sinks_of(sinks: Vec<Arc<dyn Sink>>, pipelines: &[PipelineNode]) -> Vec<SinkNode> {
    let nodes = sinks.into_iter().zip(SINK.0..).map(|(one, uid)| SinkNode {
        uid: Uid(uid),
        ..sink(one, vec![entry(pipelines, 1)])
    });
    nodes.collect()
}

/// Source → pipeline 0 → sinks; responses → pipeline 1 → source.
fn proxy(request: &str, response: &str, ports: &[&str], sinks: Vec<Arc<dyn Sink>>) -> Arc<Flow> {
    let targets: Vec<(&str, Target)> = ports
        .iter()
        .zip(0..)
        .map(|(port, at)| (*port, Target::Sink(SinkIx(at), Str::from_static("in"))))
        .collect();
    let pipelines = vec![
        pipeline(request, &targets),
        pipeline(response, &[("out", Target::Source(SOURCE))]),
    ];
    let mut flow = Flow {
        sources: vec![SourceNode {
            out: vec![entry(&pipelines, 0)],
            ..source()
        }],
        sinks: sinks_of(sinks, &pipelines),
        pipelines,
        metrics: None,
    };
    flow.compute_needs();
    flow.compute_islands();
    Arc::new(flow)
}

const PASS: &str = "select event from in into out;";

fn outcome(flow: &Arc<Flow>, number: u64, max_exchanges: u32) -> Outcome {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let mut dispatch = Dispatch::of_request(Arc::clone(flow), key(number), max_exchanges);
    let payload = Payload::new(Value::from(1_i64), Value::object());
    dispatch.send_out(SOURCE, Event::new(EventId::new(UID, number), payload, 1));
    runtime.block_on(dispatch.reply())
}

fn reason(outcome: &Outcome) -> Option<Reason> {
    match outcome {
        Outcome::Exhausted(end) => Some(end.reason),
        Outcome::Reply(_) | Outcome::Loop => None,
    }
}

#[test]
fn a_program_that_only_returns_the_event_needs_no_value() {
    let flow = proxy(PASS, PASS, &["out"], vec![Echo::new(true)]);
    let expected = BodyNeed {
        need: Need::Stream,
        keeps_original: true,
    };
    assert_eq!(flow.source(SOURCE).unwrap().need, expected);
    assert_eq!(flow.sink(SinkIx(0)).unwrap().response_need, expected);
}

#[test]
fn reading_the_event_needs_the_value_on_that_side_only() {
    let reads = "select event from in where event.a == 1 into out;";
    let flow = proxy(reads, PASS, &["out"], vec![Echo::new(true)]);
    assert_eq!(flow.source(SOURCE).unwrap().need.need, Need::Value);
    assert!(flow.source(SOURCE).unwrap().need.keeps_original, "reading is not replacing");
    assert_eq!(flow.sink(SinkIx(0)).unwrap().response_need.need, Need::Stream);
}

#[test]
fn a_replaced_value_needs_no_original() {
    let replaces = "select { \"a\": event } from in into out;";
    let flow = proxy(replaces, PASS, &["out"], vec![Echo::new(true)]);
    let need = flow.source(SOURCE).unwrap().need;
    assert_eq!((need.need, need.keeps_original), (Need::Value, false));
}

#[test]
fn copies_are_collected_and_foreign_sinks_need_the_value() {
    let copies = "select event from in into out/a; select event from in into out/b;";
    let flow = proxy(copies, PASS, &["a", "b"], vec![Echo::new(true), Echo::new(true)]);
    assert_eq!(flow.source(SOURCE).unwrap().need.need, Need::Bytes);
    let mut flow = Arc::into_inner(proxy(PASS, PASS, &["out"], vec![Echo::new(false)])).unwrap();
    flow.sinks[0].passes_bodies = false;
    flow.compute_needs();
    assert_eq!(flow.source(SOURCE).unwrap().need.need, Need::Value);
}

#[test]
fn only_metadata_that_programs_name_may_be_looked_at() {
    let script = "define script via script let $response.headers.via = \"x\"; event; end; create script via;\n\
                  select event from in into via; select event from via into out;";
    let flow = proxy(PASS, script, &["out"], vec![Echo::new(true)]);
    let meta = &flow.sink(SinkIx(0)).unwrap().response_meta;
    assert!(meta.touches("response", "headers"));
    assert!(!meta.touches("response", "request"));
}

#[test]
fn a_response_that_reaches_the_source_is_the_reply() {
    let flow = proxy(PASS, PASS, &["out"], vec![Echo::new(true)]);
    match outcome(&flow, 7, 64) {
        Outcome::Reply(event) => assert_eq!(event.value().as_i64(), Some(1)),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_request_that_nothing_answers_ends_at_once_with_the_best_reason() {
    let cases = [
        (PASS, Reason::NoReply),
        ("select event from in where false into out;", Reason::Filtered),
        (
            "create stream nowhere; select event from in into nowhere; select event from in into out;",
            Reason::Unlinked,
        ),
        ("select event from in where event > \"a\" into out;", Reason::SelectError),
    ];
    for (request, expected) in cases {
        let flow = proxy(request, PASS, &["out"], vec![Echo::new(false)]);
        assert_eq!(reason(&outcome(&flow, 0, 64)), Some(expected), "{request}");
    }
}

#[test]
fn a_circle_of_links_ends_at_the_limit_of_exchanges() {
    let sinks: Vec<Arc<dyn Sink>> = vec![Echo::new(true)];
    let again = Target::Sink(SinkIx(0), Str::from_static("in"));
    let pipelines = vec![pipeline(PASS, &[("out", again.clone())]), pipeline(PASS, &[("out", again)])];
    let mut flow = Flow {
        sources: vec![SourceNode {
            out: vec![entry(&pipelines, 0)],
            ..source()
        }],
        sinks: sinks_of(sinks, &pipelines),
        pipelines,
        metrics: None,
    };
    flow.compute_needs();
    flow.compute_islands();
    assert!(matches!(outcome(&Arc::new(flow), 0, 5), Outcome::Loop));
}

#[test]
fn round_robin_passes_over_a_sink_without_room() {
    let request = "define qos::roundrobin operator rr with outputs = [\"a\", \"b\"] end; create operator rr;\n\
                   select event from in into rr; select event from rr/a into out/a; select event from rr/b into out/b;";
    let (full, free) = (Echo::new(false), Echo::new(true));
    full.is_available.store(false, Ordering::Relaxed);
    let flow = proxy(request, PASS, &["a", "b"], vec![full.clone(), free]);
    for number in 0..4 {
        assert!(
            matches!(outcome(&flow, number, 64), Outcome::Reply(_)),
            "request {number} goes to the free one"
        );
    }
    full.is_available.store(true, Ordering::Relaxed);
    let replies = (4..8)
        .filter(|number| matches!(outcome(&flow, *number, 64), Outcome::Reply(_)))
        .count();
    assert_eq!(replies, 2, "both in turn again");
}
