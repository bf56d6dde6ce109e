//! Tickets: what keeps a request waiting while something holds its event (spec/proxy.md 1.1).
//!
//! A request is normally answered in the call that runs its event, and nothing here is used. Where an operator keeps the event beyond that
//! call, a ticket is hung on what it keeps. A ticket is cloned with its event and given up where a carrier ends; when the last one is gone,
//! no reply can come any more. Nothing here knows a runtime: whoever waits hands in a waker.

use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use parking_lot::Mutex;
use smallvec::SmallVec;
use temblor_value::Value;

use crate::{End, Event, EventId, Reason, Uid};

/// Which request: the number of its first event at its source.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RequestKey {
    /// The source.
    pub source: Uid,
    /// Number of the first event.
    pub number: u64,
    /// A reply that carries several requests answers this one too (`answer_merged`, spec/proxy.md 1.4).
    pub answers_merged: bool,
}

impl RequestKey {
    /// Whether an event with that id is one of this request's carriers.
    pub fn is_carried_by(&self, id: &EventId) -> bool {
        id.max_by_source(self.source) == Some((0, self.number))
    }
}

/// How waiting ended.
#[derive(Debug)]
pub enum Ending {
    /// A reply arrived.
    Reply(Event),
    /// No reply can come any more; the best candidate, if a carrier left one.
    Exhausted(Option<End>),
}

#[derive(Debug, Default)]
struct State {
    reply: Option<Event>,
    candidate: Option<End>,
    is_exhausted: bool,
    waker: Option<Waker>,
}

#[derive(Debug)]
struct Shared {
    key: RequestKey,
    state: Mutex<State>,
}

impl Shared {
    fn change(&self, change: impl FnOnce(&mut State)) {
        let waker = {
            let mut state = self.state.lock();
            change(&mut state);
            state.waker.take()
        };
        if let Some(waker) = waker {
            waker.wake();
        }
    }
}

/// The last ticket's end is the request's.
#[derive(Debug)]
struct Carried(Arc<Shared>);

impl Drop for Carried {
    fn drop(&mut self) {
        self.0.change(|state| state.is_exhausted = true);
    }
}

/// A carrier's hold on one request.
#[derive(Clone, Debug)]
struct Ticket(Arc<Carried>);

impl Ticket {
    fn key(&self) -> RequestKey {
        self.0.0.key
    }

    fn offer(&self, end: End) {
        End::offer(&mut self.0.0.state.lock().candidate, end);
    }

    fn reply(&self, event: Event) {
        self.0.0.change(|state| {
            if state.reply.is_none() {
                state.reply = Some(event);
            }
        });
    }
}

/// The tickets of an event: those of all requests it was made from. Empty for nearly every event.
#[derive(Clone, Debug, Default)]
pub struct Tickets(Option<Box<SmallVec<[Ticket; 1]>>>);

impl Tickets {
    /// None at all.
    pub fn is_empty(&self) -> bool {
        self.0.is_none()
    }

    fn iter(&self) -> impl Iterator<Item = &Ticket> {
        self.0.iter().flat_map(|tickets| tickets.iter())
    }

    /// Whether one of them is that request's.
    pub fn holds(&self, key: RequestKey) -> bool {
        self.iter().any(|ticket| ticket.key() == key)
    }

    fn insert(&mut self, ticket: Ticket) {
        if !self.holds(ticket.key()) {
            self.0.get_or_insert_default().push(ticket);
        }
    }

    /// Takes in the tickets of another event.
    pub fn add(&mut self, others: &Self) {
        for ticket in others.iter() {
            self.insert(ticket.clone());
        }
    }

    /// Leaves a candidate for all of them.
    pub fn offer(&self, end: &End) {
        for ticket in self.iter() {
            ticket.offer(end.clone());
        }
    }

    /// Hands a reply that arrived at `source` to the request it resolves to. The others get the candidate `merged`, or the reply as well if
    /// they want that. Gives whether a request took it.
    pub fn reply(&self, source: Uid, event: &Event) -> bool {
        let mut is_taken = false;
        for ticket in self.iter() {
            let key = ticket.key();
            let is_its_own = key.source == source && key.is_carried_by(&event.id);
            if is_its_own || (key.source == source && key.answers_merged) {
                ticket.reply(event.clone());
                is_taken = true;
            } else {
                ticket.offer(End::new(Reason::Merged));
            }
        }
        is_taken
    }
}

/// The request's own side.
#[derive(Debug)]
struct Open {
    shared: Arc<Shared>,
    /// Held by the running call until it has nothing left that could lead to a reply.
    own: Option<Ticket>,
}

/// The request that runs of pipelines belong to. It is opened by the first holder that needs a ticket, and costs nothing before.
#[derive(Debug, Default)]
pub struct RequestSlot {
    key: Option<RequestKey>,
    open: Option<Open>,
    notes_correlation: bool,
}

impl RequestSlot {
    /// The slot of a request.
    pub fn new(key: RequestKey) -> Self {
        Self {
            key: Some(key),
            ..Self::default()
        }
    }

    /// Asks for `$correlation` of the events whose way ends, for the port `unanswered` (spec/proxy.md 1.5). Looking it up costs something
    /// at every step, so it is done on request only.
    pub fn note_correlation(&mut self) {
        self.notes_correlation = true;
    }

    /// `$correlation` of an event, if somebody asked for it.
    pub fn correlation_of(&self, event: &Event) -> Option<Value> {
        if self.notes_correlation {
            event.meta().get("correlation").cloned()
        } else {
            None
        }
    }

    /// The request, if runs belong to one.
    pub fn key(&self) -> Option<RequestKey> {
        self.key
    }

    /// Tickets for something that is about to keep an event: its own, and the request's if the event carries it.
    pub fn hold(&mut self, event: &mut Event) -> Tickets {
        let mut tickets = std::mem::take(&mut event.tickets);
        if let Some(key) = self.key.filter(|key| key.is_carried_by(&event.id) && !tickets.holds(*key)) {
            let open = self.open.get_or_insert_with(|| Open::new(key));
            if let Some(own) = &open.own {
                tickets.insert(own.clone());
            }
        }
        tickets
    }

    /// Whether something may still hold the request's event.
    pub fn is_open(&self) -> bool {
        self.open.is_some()
    }

    /// Gives up the running call's own ticket, with the candidate it has.
    pub fn give_up(&mut self, candidate: Option<End>) {
        if let Some(own) = self.open.as_mut().and_then(|open| open.own.take())
            && let Some(end) = candidate
        {
            own.offer(end);
        }
    }

    /// Waits for a reply or the end of the last ticket; never ready while nothing was held.
    pub fn poll(&self, cx: &mut Context<'_>) -> Poll<Ending> {
        let Some(open) = &self.open else { return Poll::Pending };
        let mut state = open.shared.state.lock();
        if let Some(event) = state.reply.take() {
            return Poll::Ready(Ending::Reply(event));
        }
        if state.is_exhausted {
            return Poll::Ready(Ending::Exhausted(state.candidate.take()));
        }
        if !state.waker.as_ref().is_some_and(|known| known.will_wake(cx.waker())) {
            state.waker = Some(cx.waker().clone());
        }
        Poll::Pending
    }
}

impl Open {
    fn new(key: RequestKey) -> Self {
        let shared = Arc::new(Shared {
            key,
            state: Mutex::default(),
        });
        Self {
            own: Some(Ticket(Arc::new(Carried(Arc::clone(&shared))))),
            shared,
        }
    }
}

#[cfg(test)]
mod tests;
