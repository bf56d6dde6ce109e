//! Leases: how a log learns that an event it lent out ended inside the graph (spec/operators-and-flow.md B.9, *Settling*).
//!
//! A log hangs a lease on every event it emits. The lease is cloned with the event and taken over by what is made of it. A sink judges what it
//! was given (it acknowledges or fails it), so a lease that reached one says nothing more; one that reached none and whose last clone goes
//! tells its log. Cheap for events that no log emitted: nothing is there.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use parking_lot::Mutex;

/// Which emission of which event: a late end of an earlier emission must not settle a later one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lent {
    /// Number of the event in the log.
    pub number: u64,
    /// Number of the emission.
    pub round: u64,
}

/// Where a log finds what ended.
#[derive(Clone, Debug, Default)]
pub struct LeaseBook(Arc<Mutex<Vec<Lent>>>);

impl LeaseBook {
    /// A lease for an event that is about to leave the log.
    pub fn lend(&self, lent: Lent) -> Lease {
        Lease(Some(Arc::new(Holder::One(Entry {
            book: self.clone(),
            lent,
            is_delivered: AtomicBool::new(false),
        }))))
    }

    /// Moves what ended since the last call to the end of `into`.
    pub fn take_ended(&self, into: &mut Vec<Lent>) {
        into.append(&mut self.0.lock());
    }
}

/// The lease of an event, or of all events it was made from. Empty for nearly every event.
#[derive(Clone, Debug, Default)]
pub struct Lease(Option<Arc<Holder>>);

#[derive(Debug)]
enum Holder {
    One(Entry),
    Many(Vec<Lease>),
}

#[derive(Debug)]
struct Entry {
    book: LeaseBook,
    lent: Lent,
    is_delivered: AtomicBool,
}

impl Drop for Entry {
    fn drop(&mut self) {
        // What a panic drops did not end: it is delivered again after a restart.
        if !*self.is_delivered.get_mut() && !std::thread::panicking() {
            self.book.0.lock().push(self.lent);
        }
    }
}

impl Lease {
    /// Takes in the lease of another event.
    pub fn add(&mut self, other: &Self) {
        if other.0.is_none() {
            return;
        }
        if let Some(Holder::Many(leases)) = self.0.as_mut().and_then(Arc::get_mut) {
            leases.push(other.clone());
        } else if self.0.is_none() {
            *self = other.clone();
        } else {
            let leases = vec![std::mem::take(self), other.clone()];
            self.0 = Some(Arc::new(Holder::Many(leases)));
        }
    }

    /// Notes that a sink was given the event: what becomes of it is the sink's to say.
    pub fn deliver(&self) {
        match self.0.as_deref() {
            Some(Holder::One(entry)) => entry.is_delivered.store(true, Ordering::Relaxed),
            Some(Holder::Many(leases)) => leases.iter().for_each(Self::deliver),
            None => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lent(number: u64) -> Lent {
        Lent { number, round: 0 }
    }

    fn ended(book: &LeaseBook) -> Vec<u64> {
        let mut ended = Vec::new();
        book.take_ended(&mut ended);
        ended.iter().map(|lent| lent.number).collect()
    }

    #[test]
    fn the_last_clone_tells() {
        let book = LeaseBook::default();
        let lease = book.lend(lent(1));
        let copy = lease.clone();
        drop(lease);
        assert_eq!(ended(&book), [0; 0]);
        drop(copy);
        assert_eq!(ended(&book), [1]);
        assert_eq!(ended(&book), [0; 0], "told once");
    }

    #[test]
    fn what_reached_a_sink_tells_nothing() {
        let book = LeaseBook::default();
        let lease = book.lend(lent(1));
        let at_sink = lease.clone();
        at_sink.deliver();
        drop((lease, at_sink));
        assert_eq!(ended(&book), [0; 0]);
    }

    #[test]
    fn what_is_made_of_several_holds_them_all() {
        let book = LeaseBook::default();
        let mut batch = Lease::default();
        for number in 1..=3 {
            batch.add(&book.lend(lent(number)));
        }
        batch.add(&Lease::default());
        assert_eq!(ended(&book), [0; 0]);
        let copy = batch.clone();
        let mut larger = batch;
        larger.add(&book.lend(lent(4)));
        drop(larger);
        assert_eq!(ended(&book), [4]);
        drop(copy);
        assert_eq!(ended(&book), [1, 2, 3]);

        let mut batch = book.lend(lent(5));
        batch.add(&book.lend(lent(6)));
        batch.deliver();
        drop(batch);
        assert_eq!(ended(&book), [0; 0]);
    }
}
