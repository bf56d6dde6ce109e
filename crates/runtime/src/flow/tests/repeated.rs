//! Failures that `qos::retry` takes upon itself (spec/proxy.md 4.1, *Attempts and claims*, and 4.5).

use temblor_event::{Attempt, Insight, InsightKind, Outcome as AttemptOutcome};

use super::*;

const RETRY: &str = "define qos::retry operator again with attempts = 3, backoff = 0 end; create operator again;\n\
                     define qos::roundrobin operator rr with outputs = [\"a\", \"b\"] end; create operator rr;\n\
                     select event from in into again; select event from again into rr;\n\
                     select event from rr/a into out/a; select event from rr/b into out/b;";

const TO_ONE: &str = "define qos::retry operator again with attempts = 3, backoff = 0 end; create operator again;\n\
                      select event from in into again; select event from again into out;";

/// A request/response sink that fails its first events.
struct Upstream {
    uid: Uid,
    failures: Mutex<u32>,
    outcome: AttemptOutcome,
    is_sent: bool,
    seen: Mutex<Vec<Event>>,
}

impl Upstream {
    fn new(uid: u64, failures: u32, outcome: AttemptOutcome, is_sent: bool) -> Arc<Self> {
        Arc::new(Self {
            uid: Uid(uid),
            failures: Mutex::new(failures),
            outcome,
            is_sent,
            seen: Mutex::default(),
        })
    }
}

impl Sink for Upstream {
    fn deliver(&self, _port: &str, event: Event, cx: &SinkCx<'_>) -> Delivery {
        self.seen.lock().push(event.clone());
        let fails = {
            let mut failures = self.failures.lock();
            let fails = *failures > 0;
            *failures = failures.saturating_sub(1);
            fails
        };
        let mut insight = Insight::about(
            &event,
            if fails { InsightKind::Fail } else { InsightKind::Ack },
            self.uid,
            cx.now_ns,
        );
        insight.attempt = Some(Attempt {
            outcome: if fails { self.outcome } else { AttemptOutcome::Ok },
            is_sent: self.is_sent,
            status: (!fails).then_some(200),
            elapsed_ms: 1.0,
        });
        let mut reply = Reply {
            insight: event.transactional.then_some(insight),
            ..Reply::default()
        };
        reply.events.push((if fails { SinkPort::Err } else { SinkPort::Out }, event));
        Delivery::Exchange(Exchange {
            future: Box::pin(async move { reply }),
            answers: true,
            withdrawal: Withdrawal::Always,
            about: None,
        })
    }
}

fn ask(flow: &Arc<Flow>, meta: &str) -> Outcome {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    let mut dispatch = Dispatch::of_request(Arc::clone(flow), key(0), 64);
    let payload = Payload::new(Value::from(1_i64), temblor_value::json::from_str(meta).unwrap());
    dispatch.send_out(SOURCE, Event::new(EventId::new(UID, 0), payload, 1));
    runtime.block_on(dispatch.reply())
}

const GET: &str = r#"{"request": {"method": "GET"}}"#;
const POST: &str = r#"{"request": {"method": "POST"}}"#;

#[test]
fn a_failed_event_goes_to_another_upstream_and_nobody_sees_the_failure() {
    let broken = Upstream::new(2, u32::MAX, AttemptOutcome::Reset, true);
    let sound = Upstream::new(3, 0, AttemptOutcome::Reset, true);
    let flow = proxy(RETRY, PASS, &["a", "b"], vec![broken.clone(), sound.clone()]);
    assert!(matches!(ask(&flow, GET), Outcome::Reply(_)));
    assert_eq!((broken.seen.lock().len(), sound.seen.lock().len()), (1, 1));
    let (first, second) = (broken.seen.lock()[0].clone(), sound.seen.lock()[0].clone());
    assert_eq!(first.op_meta.attempted().unwrap().number, 1);
    assert_eq!(second.op_meta.attempted().unwrap().number, 2);
    assert_eq!(second.ingest_ns, first.ingest_ns, "programs see the time of arrival");
    assert!(second.at_ns() > first.at_ns());
}

#[test]
fn after_the_last_attempt_the_failure_goes_on() {
    let broken = [2, 3].map(|uid| Upstream::new(uid, u32::MAX, AttemptOutcome::Reset, true));
    let flow = proxy(
        RETRY,
        PASS,
        &["a", "b"],
        broken.iter().map(|one| one.clone() as Arc<dyn Sink>).collect(),
    );
    assert_eq!(reason(&ask(&flow, GET)), Some(Reason::Offramp));
    assert_eq!(broken.iter().map(|one| one.seen.lock().len()).sum::<usize>(), 3);
}

#[test]
fn what_must_not_happen_twice_is_not_sent_twice() {
    let attempts = |meta: &str, is_sent: bool, outcome: AttemptOutcome| {
        let broken = Upstream::new(2, u32::MAX, outcome, is_sent);
        let flow = proxy(TO_ONE, PASS, &["out"], vec![broken.clone()]);
        ask(&flow, meta);
        broken.seen.lock().len()
    };
    assert_eq!(attempts(GET, true, AttemptOutcome::Reset), 3);
    assert_eq!(attempts(POST, true, AttemptOutcome::Reset), 1);
    assert_eq!(attempts(POST, false, AttemptOutcome::Connect), 3, "nothing was sent");
    assert_eq!(attempts(GET, true, AttemptOutcome::Timeout), 1, "no class of `on`");
    let consent = r#"{"request": {"method": "POST"}, "retry": true}"#;
    assert_eq!(attempts(consent, true, AttemptOutcome::Reset), 3);
    let refusal = r#"{"request": {"method": "GET"}, "retry": false}"#;
    assert_eq!(attempts(refusal, true, AttemptOutcome::Reset), 1);
}

#[test]
fn events_that_may_not_be_repeated_any_more_are_not() {
    let broken = Upstream::new(2, u32::MAX, AttemptOutcome::Reset, true);
    let flow = proxy(TO_ONE, PASS, &["out"], vec![broken.clone()]);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    let payload = Payload::new(Value::from(1_i64), temblor_value::json::from_str(GET).unwrap());
    let event = Event::new(EventId::new(UID, 0), payload, 1);
    runtime.block_on(async {
        let mut late = Dispatch::of_request(Arc::clone(&flow), key(0), 64).until(tokio::time::Instant::now());
        late.send_out(SOURCE, event.clone());
        assert_eq!(reason(&late.reply().await), Some(Reason::Offramp));
        assert_eq!(broken.seen.lock().len(), 1);
        let mut left = Dispatch::of_request(Arc::clone(&flow), key(0), 64);
        left.send_out(SOURCE, event);
        left.finish().await;
    });
    assert_eq!(broken.seen.lock().len(), 2);
}

#[test]
fn a_retry_in_front_of_a_linked_pipeline_works_too() {
    let broken = Upstream::new(2, 1, AttemptOutcome::Connect, false);
    let sinks: Vec<Arc<dyn Sink>> = vec![broken.clone()];
    let retry = "define qos::retry operator again with backoff = 0 end; create operator again;\n\
                 select event from in into again; select event from again into out;";
    let behind = pipeline(PASS, &[("out", Target::Sink(SinkIx(0), Str::from_static("in")))]);
    let into = Entry {
        pipeline: PipelineIx(1),
        port: Str::from_static("in"),
        input: behind.graph.input("in"),
    };
    let before = pipeline(retry, &[("out", Target::Pipeline(into))]);
    let mut pipelines = vec![before, behind, pipeline(PASS, &[("out", Target::Source(SOURCE))])];
    pipelines[1].feeders = vec![Feeder::Pipeline(PipelineIx(0))];
    let mut node = sink(Arc::clone(&sinks[0]), vec![entry(&pipelines, 2)]);
    node.feeders = vec![PipelineIx(1)];
    let mut flow = Flow {
        sources: vec![SourceNode {
            out: vec![entry(&pipelines, 0)],
            ..source()
        }],
        sinks: vec![node],
        pipelines,
        metrics: None,
    };
    flow.compute_islands();
    assert!(matches!(ask(&Arc::new(flow), POST), Outcome::Reply(_)));
    assert_eq!(broken.seen.lock().len(), 2);
}
