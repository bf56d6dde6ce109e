//! Work for a client that went away (spec/proxy.md 1.6, `cancel`), and work that waits for its turn (4.9).

use std::future::pending;
use std::pin::pin;
use std::task::{Context, Waker};
use std::time::Duration;

use temblor_event::{Insight, InsightKind};

use super::*;
use crate::clock::now_ns;
use crate::sink::{SentMark, TurnMark, Withdrawal};

/// A sink whose exchanges never end.
struct Stuck {
    withdrawal: Withdrawal,
}

impl Sink for Stuck {
    fn deliver(&self, _port: &str, event: Event, _cx: &SinkCx<'_>) -> Delivery {
        Delivery::Exchange(Exchange {
            future: Box::pin(pending()),
            answers: true,
            withdrawal: self.withdrawal.clone(),
            about: Some(Insight::about(&event, InsightKind::None, Uid(9), 0)),
        })
    }
}

/// Whether the exchange is still under way after the client has gone.
fn runs_on(withdrawal: Withdrawal, all: bool) -> bool {
    let flow = proxy(PASS, PASS, &["out"], vec![Arc::new(Stuck { withdrawal })]);
    let mut dispatch = Dispatch::of_request(flow, key(0), 0);
    let payload = Payload::new(Value::from(1_i64), Value::object());
    dispatch.send_out(SOURCE, Event::new(EventId::new(UID, 0), payload, 1));
    let mut cx = Context::from_waker(Waker::noop());
    assert!(pin!(dispatch.reply()).poll(&mut cx).is_pending(), "the exchange never ends");
    dispatch.cancel(all);
    dispatch.is_pending()
}

#[test]
fn what_was_not_sent_and_what_is_safe_is_withdrawn() {
    assert!(!runs_on(Withdrawal::Always, false));
    let mark = SentMark::default();
    assert!(!runs_on(Withdrawal::Unsent(mark.clone()), false));
    mark.set();
    assert!(runs_on(Withdrawal::Unsent(mark), false));
    assert!(runs_on(Withdrawal::Never, false));
}

#[test]
fn everything_is_aborted_where_that_is_asked_for() {
    let mark = SentMark::default();
    mark.set();
    assert!(!runs_on(Withdrawal::Unsent(mark), true));
    assert!(!runs_on(Withdrawal::Never, true));
}

#[test]
fn what_waits_for_its_turn_is_withdrawn_and_afterwards_as_everything() {
    let turn = TurnMark::default();
    let queued = |then| Withdrawal::Queued(turn.clone(), Box::new(then));
    assert!(!runs_on(queued(Withdrawal::Never), false));
    assert!(queued(Withdrawal::Never).is_queued() && !queued(Withdrawal::Always).may_be_sent());
    turn.set(Duration::from_millis(3));
    assert!(runs_on(queued(Withdrawal::Never), false));
    assert!(!runs_on(queued(Withdrawal::Always), false));
    assert!(!queued(Withdrawal::Never).is_queued());
    assert_eq!(queued(Withdrawal::Never).uncounted(), Duration::from_millis(3));
    let sent = SentMark::default();
    assert!(!queued(Withdrawal::Unsent(sent.clone())).may_be_sent());
    sent.set();
    assert!(queued(Withdrawal::Unsent(sent)).may_be_sent());
}

/// Whether the next event reaches the sink after the deadline of one before: an operator in between keeps events away from what fails.
fn is_trusted_after_the_deadline(withdrawal: Withdrawal) -> bool {
    let guarded = "define qos::backpressure operator bp with timeout = 1000, steps = [60000] end; create operator bp;\n\
                   select event from in into bp; select event from bp into out;";
    let flow = proxy(guarded, PASS, &["out"], vec![Arc::new(Stuck { withdrawal })]);
    let is_delivered = |number| {
        let mut dispatch = Dispatch::of_request(Arc::clone(&flow), key(number), 0);
        let payload = Payload::new(Value::from(1_i64), Value::object());
        dispatch.send_out(SOURCE, Event::new(EventId::new(UID, number), payload, now_ns()));
        let mut cx = Context::from_waker(Waker::noop());
        let _ = pin!(dispatch.reply()).poll(&mut cx);
        let is_delivered = dispatch.is_pending();
        dispatch.time_out();
        is_delivered
    };
    assert!(is_delivered(0));
    is_delivered(1)
}

#[test]
fn the_deadline_of_what_waits_for_its_turn_is_no_judgement() {
    let turn = TurnMark::default();
    let queued = Withdrawal::Queued(turn.clone(), Box::new(Withdrawal::Always));
    assert!(is_trusted_after_the_deadline(queued.clone()));
    turn.set(Duration::ZERO);
    assert!(!is_trusted_after_the_deadline(queued));
    assert!(!is_trusted_after_the_deadline(Withdrawal::Always));
}
