//! Turns: what operators do once for several events, as long as the next one is at hand.

use std::pin::pin;
use std::task::{Context, Poll, Waker};

use temblor_event::{Insight, InsightKind};

use super::*;

const LOG: &str = "define qos::wal operator log with read_count = 10, max_elements = 100 end; create operator log;\n\
                   select event from in into log; select event from log into out;";

/// Takes everything.
#[derive(Default)]
struct Taker(Mutex<Vec<Value>>);

impl Taker {
    fn take(&self) -> Vec<Value> {
        std::mem::take(&mut self.0.lock())
    }
}

impl Sink for Taker {
    fn deliver(&self, _port: &str, event: Event, _cx: &SinkCx<'_>) -> Delivery {
        self.0.lock().push(event.value().clone());
        Delivery::Done(Insights::new())
    }
}

fn send(dispatch: &mut Dispatch, number: u64) {
    let payload = Payload::new(Value::from(number), Value::object());
    dispatch.send_out(SOURCE, Event::new(EventId::new(UID, number), payload, 1));
}

fn run_out(dispatch: &mut Dispatch) {
    let future = pin!(dispatch.run_out());
    assert!(matches!(
        future.poll(&mut Context::from_waker(Waker::noop())),
        Poll::Ready(())
    ));
}

#[test]
fn a_turn_goes_on_until_everything_is_run_out() {
    for (query, at_once) in [(PASS, true), (LOG, false)] {
        let taker = Arc::new(Taker::default());
        let flow = proxy(query, PASS, &["out"], vec![Arc::clone(&taker) as Arc<dyn Sink>]);
        flow.feedback_from_sink(SinkIx(0), Insight::breaker(InsightKind::Resume, SINK, 0));
        let mut dispatch = Dispatch::detached(flow);
        for number in [1, 2] {
            send(&mut dispatch, number);
            assert!(dispatch.run_on());
            let wanted: &[Value] = if at_once { &[Value::from(number)] } else { &[] };
            assert_eq!(taker.take(), wanted);
        }
        run_out(&mut dispatch);
        let wanted: &[Value] = if at_once {
            &[]
        } else {
            &[Value::from(1_u64), Value::from(2_u64)]
        };
        assert_eq!(taker.take(), wanted);
        send(&mut dispatch, 3);
        run_out(&mut dispatch);
        assert_eq!(taker.take(), [Value::from(3_u64)], "a turn of one");
    }
}

#[test]
fn an_exchange_under_way_ends_the_turn() {
    let flow = proxy(PASS, PASS, &["out"], vec![Echo::new(true)]);
    let mut dispatch = Dispatch::detached(flow);
    send(&mut dispatch, 1);
    assert!(!dispatch.run_on());
    run_out(&mut dispatch);
    assert!(!dispatch.is_pending());
    assert!(dispatch.run_on());
}
