//! One total order in an island (spec/operators-and-flow.md A.3): checked with several threads.

use temblor_event::{Insight, InsightKind};

use super::*;

/// A script that stamps events with how many it saw before.
fn stamping(field: &str) -> String {
    format!(
        "define script stamp script let state = match state of case null => 0 default => state + 1 end; let event.{field} = state; event; end;\n\
         create script stamp; select event from in into stamp; select event from stamp into out;"
    )
}

/// Writes down what it gets.
#[derive(Default)]
struct Recorder(Mutex<Vec<(Option<i64>, Option<i64>)>>);

impl Sink for Recorder {
    fn deliver(&self, _port: &str, event: Event, _cx: &SinkCx<'_>) -> Delivery {
        let stamp = |field| event.value().get(field).and_then(Value::as_i64);
        self.0.lock().push((stamp("first"), stamp("second")));
        Delivery::Done(Insights::from_iter([Insight::about(&event, InsightKind::Ack, UID, 1)]))
    }
}

fn chain(recorder: &Arc<Recorder>) -> Flow {
    let second = pipeline(
        &stamping("second"),
        &[("out", Target::Sink(SinkIx(0), Str::from_static("in")))],
    );
    let into_second = Entry {
        pipeline: PipelineIx(1),
        port: Str::from_static("in"),
        input: second.graph.input("in"),
    };
    let first = pipeline(&stamping("first"), &[("out", Target::Pipeline(into_second))]);
    let pipelines = vec![first, second];
    Flow {
        sources: vec![SourceNode {
            out: vec![entry(&pipelines, 0)],
            ..source()
        }],
        sinks: vec![sink(Arc::clone(recorder) as Arc<dyn Sink>, Vec::new())],
        pipelines,
        metrics: None,
    }
}

const THREADS: u64 = 4;
const EVENTS: u64 = 5_000;

/// What the sink saw after all threads sent all their events.
fn run(flow: Flow, recorder: &Recorder) -> Vec<(Option<i64>, Option<i64>)> {
    let flow = Arc::new(flow);
    std::thread::scope(|scope| {
        for thread in 0..THREADS {
            let flow = Arc::clone(&flow);
            scope.spawn(move || {
                for number in 0..EVENTS {
                    let payload = Payload::new(Value::object(), Value::object());
                    let mut dispatch = Dispatch::detached(Arc::clone(&flow));
                    dispatch.send_out(SOURCE, Event::new(EventId::new(UID, thread * EVENTS + number), payload, 1));
                    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
                    runtime.block_on(dispatch.finish());
                }
            });
        }
    });
    std::mem::take(&mut *recorder.0.lock())
}

#[test]
fn events_pass_linked_serial_pipelines_and_the_sink_in_one_order() {
    let recorder = Arc::new(Recorder::default());
    let mut flow = chain(&recorder);
    flow.compute_islands();
    let expected: Vec<_> = (0..(THREADS * EVENTS) as i64).map(|at| (Some(at), Some(at))).collect();
    assert_eq!(run(flow, &recorder), expected);
}

#[test]
fn a_sink_that_judges_at_once_lets_nobody_overtake_what_is_still_to_be_delivered() {
    let recorder = Arc::new(Recorder::default());
    let to_sink = || Target::Sink(SinkIx(0), Str::from_static("in"));
    let twice = format!("{} select event from stamp into out/again;", stamping("first"));
    let pipelines = vec![pipeline(&twice, &[("out", to_sink()), ("again", to_sink())])];
    let mut flow = Flow {
        sources: vec![SourceNode {
            out: vec![entry(&pipelines, 0)],
            ..source()
        }],
        sinks: vec![sink(Arc::clone(&recorder) as Arc<dyn Sink>, Vec::new())],
        pipelines,
        metrics: None,
    };
    flow.compute_islands();
    let expected: Vec<_> = (0..(THREADS * EVENTS) as i64).flat_map(|at| [(Some(at), None); 2]).collect();
    assert_eq!(run(flow, &recorder), expected);
}

#[test]
fn linked_pipelines_share_an_island_and_others_have_their_own() {
    let recorder = Arc::new(Recorder::default());
    let mut flow = chain(&recorder);
    flow.pipelines.push(pipeline(&stamping("x"), &[]));
    flow.pipelines.push(pipeline(PASS, &[]));
    flow.compute_islands();
    let island = |at: usize| flow.pipelines[at].island.as_ref().map(Arc::as_ptr);
    assert!(island(0).is_some());
    assert_eq!(island(0), island(1));
    assert!(island(2).is_some());
    assert_ne!(island(0), island(2));
    assert_eq!(island(3), None, "nothing keeps state there");
}
