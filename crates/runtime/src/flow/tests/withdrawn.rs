//! Work for a client that went away (spec/proxy.md 1.6, `cancel`).

use std::future::pending;
use std::pin::pin;
use std::task::{Context, Waker};

use temblor_event::{Insight, InsightKind};

use super::*;
use crate::sink::{SentMark, Withdrawal};

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
