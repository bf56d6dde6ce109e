//! Requests whose event an operator holds (spec/proxy.md 1.1 and 1.2).

use std::task::{Context, Poll, Waker};

use super::*;
use crate::flow::tick::tick;

const BATCH: &str = "define generic::batch operator batch with count = 2, timeout = 1000 end; create operator batch;\n\
                     select event from in into batch; select event from batch into out;";
const WINDOW: &str = "define tumbling window ten with interval = 10000000000 end;\n\
                      select {\"kind\": \"summary\"} from in[ten] into out;";

/// A request under way, polled by hand.
struct Asked {
    future: std::pin::Pin<Box<dyn Future<Output = Outcome>>>,
}

impl Asked {
    fn poll(&mut self) -> Option<Outcome> {
        match self.future.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(outcome) => Some(outcome),
            Poll::Pending => None,
        }
    }
}

fn ask(flow: &Arc<Flow>, key: RequestKey) -> Asked {
    let mut dispatch = Dispatch::of_request(Arc::clone(flow), key, 64);
    let payload = Payload::new(Value::from(1_i64), Value::object());
    dispatch.send_out(SOURCE, Event::new(EventId::new(UID, key.number), payload, 1));
    Asked {
        future: Box::pin(async move { dispatch.reply().await }),
    }
}

fn time_passes(flow: &Arc<Flow>, at_ns: u64) {
    for (_, caused) in tick(flow, at_ns, false) {
        let mut caused = Box::pin(caused.finish());
        assert!(caused.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_ready());
    }
}

#[test]
fn a_batched_request_is_answered_with_the_batch() {
    let flow = proxy(BATCH, PASS, &["out"], vec![Echo::new(true)]);
    let (mut first, mut second) = (ask(&flow, key(0)), ask(&flow, key(1)));
    assert!(first.poll().is_none());
    assert!(
        matches!(second.poll(), Some(Outcome::Reply(_))),
        "the batch resolves to its last part"
    );
    assert_eq!(first.poll().as_ref().and_then(reason), Some(Reason::Merged));
}

#[test]
fn all_requests_of_a_batch_may_share_its_reply() {
    let flow = proxy(BATCH, PASS, &["out"], vec![Echo::new(true)]);
    let shared = |number| RequestKey {
        answers_merged: true,
        ..key(number)
    };
    let (mut first, mut second) = (ask(&flow, shared(0)), ask(&flow, shared(1)));
    assert!(first.poll().is_none());
    assert!(matches!(second.poll(), Some(Outcome::Reply(_))));
    assert!(matches!(first.poll(), Some(Outcome::Reply(_))));
}

#[test]
fn a_tick_may_bring_the_reply() {
    let flow = proxy(BATCH, PASS, &["out"], vec![Echo::new(true)]);
    let mut request = ask(&flow, key(0));
    assert!(request.poll().is_none());
    time_passes(&flow, 900_000_000);
    assert!(request.poll().is_none(), "the batch is not due");
    time_passes(&flow, 1_000_000_002);
    assert!(matches!(request.poll(), Some(Outcome::Reply(_))));
}

#[test]
fn what_ends_a_held_event_is_the_candidate_of_its_requests() {
    let cases = [
        (BATCH, "select event from in where false into out;", Reason::Filtered),
        (
            BATCH,
            "define script gone script drop; event; end; create script gone; select event from in into gone; select event from gone into out;",
            Reason::Dropped,
        ),
        (BATCH, "select event from in where event > 1 into out;", Reason::SelectError),
        (
            "define generic::batch operator batch with count = 2 end; create operator batch; select event from in into batch;",
            PASS,
            Reason::Unlinked,
        ),
    ];
    for (request, response, expected) in cases {
        let flow = proxy(request, response, &["out"], vec![Echo::new(true)]);
        let (mut first, mut second) = (ask(&flow, key(0)), ask(&flow, key(1)));
        assert!(first.poll().is_none(), "{request}");
        assert_eq!(second.poll().as_ref().and_then(reason), Some(expected), "{request}");
        assert_eq!(first.poll().as_ref().and_then(reason), Some(expected), "{request}");
    }
}

#[test]
fn a_batch_for_a_sink_that_never_answers_answers_nobody() {
    let flow = proxy(BATCH, PASS, &["out"], vec![Echo::new(false)]);
    let (mut first, mut second) = (ask(&flow, key(0)), ask(&flow, key(1)));
    assert!(first.poll().is_none());
    assert_eq!(second.poll().as_ref().and_then(reason), Some(Reason::NoReply));
    assert_eq!(first.poll().as_ref().and_then(reason), Some(Reason::NoReply));
}

#[test]
fn a_request_whose_event_went_two_ways_waits_for_the_slower_one() {
    let both = format!("{BATCH} select event from in where false into out;");
    let flow = proxy(&both, PASS, &["out"], vec![Echo::new(true)]);
    let mut request = ask(&flow, key(0));
    assert!(request.poll().is_none(), "the batch may still lead to a reply");
    time_passes(&flow, 1_000_000_002);
    assert!(matches!(request.poll(), Some(Outcome::Reply(_))));
}

#[test]
fn a_log_holds_requests_until_it_emits() {
    let log = "define qos::wal operator log with max_elements = 10, read_count = 10 end; create operator log;\n\
               select event from in into log; select event from log into out;";
    let flow = proxy(log, PASS, &["out"], vec![Echo::new(true)]);
    let mut request = ask(&flow, key(0));
    assert!(request.poll().is_none(), "a log is closed at first");
    flow.feedback_from_sink(
        SinkIx(0),
        temblor_event::Insight::breaker(temblor_event::InsightKind::Resume, Uid(0), 2),
    );
    time_passes(&flow, 100_000_000);
    assert!(matches!(request.poll(), Some(Outcome::Reply(_))));
}

#[test]
fn a_window_holds_its_requests() {
    let flow = proxy(WINDOW, PASS, &["out"], vec![Echo::new(true)]);
    let (mut first, mut second) = (ask(&flow, key(0)), ask(&flow, key(1)));
    assert!(first.poll().is_none() && second.poll().is_none());
    time_passes(&flow, 5_000_000_000);
    assert!(first.poll().is_none() && second.poll().is_none());
    time_passes(&flow, 10_000_000_002);
    assert!(matches!(second.poll(), Some(Outcome::Reply(_))));
    assert_eq!(first.poll().as_ref().and_then(reason), Some(Reason::Merged));
}
