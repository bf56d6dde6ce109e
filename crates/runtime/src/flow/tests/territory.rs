//! Insights of sinks without a mark belong to the balancer's output behind which the sink lies (spec/proxy.md 4.1, *Territory*).

use temblor_event::{Insight, InsightKind};

use super::*;

const BALANCE: &str = "define qos::roundrobin operator rr with outputs = [\"a\", \"b\"] end; create operator rr;\n\
                       select event from in into rr; select event from rr/a into out/a; select event from rr/b into out/b;";

fn breaker(flow: &Flow, sink: u32, kind: InsightKind) {
    let made_by = flow.sink(SinkIx(sink)).unwrap().uid;
    flow.feedback_from_sink(SinkIx(sink), Insight::breaker(kind, made_by, 1));
}

/// Which sink answers: the first one never does.
fn is_answered(flow: &Arc<Flow>, number: u64) -> bool {
    matches!(outcome(flow, number, 64), Outcome::Reply(_))
}

#[test]
fn a_sink_that_closes_gets_no_more_events() {
    let flow = proxy(BALANCE, PASS, &["a", "b"], vec![Echo::new(false), Echo::new(true)]);
    flow.tell_territories();
    assert_eq!((0..4).filter(|number| is_answered(&flow, *number)).count(), 2);
    breaker(&flow, 0, InsightKind::Pause);
    assert!((4..8).all(|number| is_answered(&flow, number)));
    breaker(&flow, 0, InsightKind::Resume);
    assert_eq!((8..12).filter(|number| is_answered(&flow, *number)).count(), 2);
}

#[test]
fn a_source_is_paused_when_the_last_output_closes() {
    let flow = proxy(BALANCE, PASS, &["a", "b"], vec![Echo::new(false), Echo::new(true)]);
    flow.tell_territories();
    let control = &flow.source(SOURCE).unwrap().control;
    breaker(&flow, 0, InsightKind::Pause);
    assert!(!control.is_paused());
    breaker(&flow, 1, InsightKind::Pause);
    assert!(control.is_paused());
    breaker(&flow, 0, InsightKind::Resume);
    assert!(!control.is_paused());
}

#[test]
fn a_sink_behind_a_linked_pipeline_belongs_to_the_output_too() {
    let behind = pipeline(PASS, &[("out", Target::Sink(SinkIx(0), Str::from_static("in")))]);
    let into = Entry {
        pipeline: PipelineIx(1),
        port: Str::from_static("in"),
        input: behind.graph.input("in"),
    };
    let balancer = pipeline(
        BALANCE,
        &[
            ("a", Target::Pipeline(into)),
            ("b", Target::Sink(SinkIx(1), Str::from_static("in"))),
        ],
    );
    let mut pipelines = vec![balancer, behind];
    pipelines[1].feeders = vec![Feeder::Pipeline(PipelineIx(0))];
    let mut first = sink(Echo::new(false), Vec::new());
    first.uid = Uid(51);
    first.feeders = vec![PipelineIx(1)];
    let mut second = sink(Echo::new(false), Vec::new());
    second.uid = Uid(52);
    let mut flow = Flow {
        sources: vec![SourceNode {
            out: vec![entry(&pipelines, 0)],
            ..source()
        }],
        sinks: vec![first, second],
        pipelines,
        metrics: None,
    };
    flow.compute_islands();
    flow.tell_territories();
    let control = Arc::clone(&flow.source(SOURCE).unwrap().control);
    breaker(&flow, 0, InsightKind::Pause);
    assert!(!control.is_paused());
    breaker(&flow, 1, InsightKind::Pause);
    assert!(control.is_paused());
}
