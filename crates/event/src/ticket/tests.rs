use std::task::Waker;

use temblor_value::Value;

use super::*;
use crate::Payload;

const SOURCE: Uid = Uid(7);

fn event(number: u64) -> Event {
    Event::new(EventId::new(SOURCE, number), Payload::new(Value::Null, Value::object()), 0)
}

fn slot(number: u64, answers_merged: bool) -> RequestSlot {
    RequestSlot::new(RequestKey {
        source: SOURCE,
        number,
        answers_merged,
    })
}

fn poll(slot: &RequestSlot) -> Poll<Ending> {
    slot.poll(&mut Context::from_waker(Waker::noop()))
}

/// What an operator makes of two events.
fn merged(first: &mut (RequestSlot, Event), second: &mut (RequestSlot, Event)) -> Event {
    let mut event = Event::new(EventId::new(Uid(99), 0), Payload::new(Value::Null, Value::object()), 0);
    for (slot, part) in [first, second] {
        event.tickets.add(&slot.hold(part));
        event.id.track(&part.id);
    }
    event
}

#[test]
fn a_request_waits_as_long_as_something_holds_it() {
    let mut slot = slot(1, false);
    assert!(!slot.is_open());
    let held = slot.hold(&mut event(1));
    let copy = held.clone();
    slot.give_up(Some(End::new(Reason::Filtered)));
    assert!(poll(&slot).is_pending());
    drop(held);
    assert!(poll(&slot).is_pending());
    copy.offer(&End::new(Reason::Dropped));
    drop(copy);
    let Poll::Ready(Ending::Exhausted(Some(end))) = poll(&slot) else {
        panic!("not exhausted");
    };
    assert_eq!(end.reason, Reason::Dropped);
}

#[test]
fn the_running_call_is_a_holder_too() {
    let mut slot = slot(1, false);
    drop(slot.hold(&mut event(1)));
    assert!(poll(&slot).is_pending());
    slot.give_up(None);
    assert!(matches!(poll(&slot), Poll::Ready(Ending::Exhausted(None))));
}

#[test]
fn events_of_others_open_nothing() {
    let mut slot = slot(1, false);
    assert!(slot.hold(&mut event(2)).is_empty());
    assert!(RequestSlot::default().hold(&mut event(1)).is_empty());
    assert!(!slot.is_open());
}

#[test]
fn a_reply_for_several_requests_answers_the_one_it_resolves_to() {
    let (mut first, mut second) = ((slot(1, false), event(1)), (slot(2, false), event(2)));
    let mut reply = merged(&mut first, &mut second);
    let tickets = std::mem::take(&mut reply.tickets);
    assert!(tickets.reply(SOURCE, &reply));
    drop(tickets);
    first.0.give_up(None);
    second.0.give_up(None);
    assert!(matches!(poll(&second.0), Poll::Ready(Ending::Reply(_))));
    let Poll::Ready(Ending::Exhausted(Some(end))) = poll(&first.0) else {
        panic!("not exhausted");
    };
    assert_eq!(end.reason, Reason::Merged);
}

#[test]
fn requests_may_share_a_reply() {
    let (mut first, mut second) = ((slot(1, true), event(1)), (slot(2, true), event(2)));
    let mut reply = merged(&mut first, &mut second);
    let tickets = std::mem::take(&mut reply.tickets);
    assert!(tickets.reply(SOURCE, &reply));
    assert!(matches!(poll(&first.0), Poll::Ready(Ending::Reply(_))));
    assert!(matches!(poll(&second.0), Poll::Ready(Ending::Reply(_))));
}

#[test]
fn a_reply_at_another_source_is_nobodys() {
    let (mut first, mut second) = ((slot(1, true), event(1)), (slot(2, false), event(2)));
    let mut reply = merged(&mut first, &mut second);
    let tickets = std::mem::take(&mut reply.tickets);
    assert!(!tickets.reply(Uid(8), &reply));
}

#[test]
fn a_request_is_held_once_by_an_event() {
    let mut slot = slot(1, false);
    let mut carrier = event(1);
    carrier.tickets = slot.hold(&mut event(1));
    let held = slot.hold(&mut carrier);
    assert_eq!(held.iter().count(), 1);
    assert!(carrier.tickets.is_empty());
}
