//! Which events of a log were emitted and are not settled (spec/operators-and-flow.md B.9, *Settling*).
//!
//! Invariant: a number is under way, or waits to be emitted again, or is neither and then settled; *confirmed* lies below all that are not
//! settled, so an event is never deleted because one behind it was delivered.

use std::collections::BTreeSet;
use std::ops::RangeInclusive;

use temblor_event::{EventId, Lease, LeaseBook, Lent, Uid};

use super::under_way::UnderWay;

/// See the module's documentation.
#[derive(Debug, Default)]
pub(super) struct Settling {
    /// Emitted and not judged.
    under_way: UnderWay,
    /// Failed, to be emitted again.
    returned: BTreeSet<u64>,
    /// Highest number ever emitted, by an earlier instance too.
    last: Option<u64>,
    rounds: u64,
    book: LeaseBook,
    /// Buffer for what ended.
    ended: Vec<Lent>,
}

impl Settling {
    /// Everything up to `confirmed` is settled.
    pub(super) fn new(confirmed: Option<u64>) -> Self {
        Self {
            last: confirmed,
            ..Self::default()
        }
    }

    /// Notes that an event is emitted; the lease goes with it.
    pub(super) fn lend(&mut self, number: u64) -> Lease {
        self.returned.remove(&number);
        self.rounds += 1;
        self.under_way.insert(number, self.rounds);
        self.last = self.last.max(Some(number));
        self.book.lend(Lent {
            number,
            round: self.rounds,
        })
    }

    /// The lowest number from `from` on that has to be emitted again.
    pub(super) fn returned_from(&self, from: u64) -> Option<u64> {
        self.returned.range(from..).next().copied()
    }

    /// These were delivered, or can never be.
    pub(super) fn settle(&mut self, numbers: RangeInclusive<u64>) {
        self.under_way.remove(numbers.clone(), |_| {});
        if !self.returned.is_empty() {
            self.returned.retain(|number| !numbers.contains(number));
        }
    }

    /// These were not delivered. Gives those that cannot be delivered again, because they lie at or below `deleted`.
    pub(super) fn put_back(&mut self, numbers: RangeInclusive<u64>, deleted: Option<u64>) -> Option<RangeInclusive<u64>> {
        let returned = &mut self.returned;
        self.under_way.remove(numbers.clone(), |number| {
            returned.insert(number);
        });
        let (first, last) = (*numbers.start(), *numbers.end());
        // Settled by one sink and failed by another: it can be had as long as it is stored. Of a range nobody knows which were in it.
        let is_settled = first == last && Some(first) <= self.last && !self.returned.contains(&first);
        if is_settled && deleted < Some(first) {
            self.returned.insert(first);
        }
        deleted
            .filter(|deleted| first <= *deleted)
            .map(|deleted| first..=last.min(deleted))
    }

    /// Settles what ended inside the graph since the last call.
    pub(super) fn settle_ended(&mut self) {
        self.book.take_ended(&mut self.ended);
        for Lent { number, round } in self.ended.drain(..) {
            if self.under_way.round(number) == Some(round) {
                self.under_way.remove(number..=number, |_| {});
            }
        }
    }

    /// The highest number up to which everything is settled.
    pub(super) fn confirmed(&self) -> Option<u64> {
        let lowest = match (self.under_way.first(), self.returned.first().copied()) {
            (Some(one), Some(other)) => one.min(other),
            (Some(only), None) | (None, Some(only)) => only,
            (None, None) => return self.last,
        };
        lowest.checked_sub(1)
    }
}

/// The numbers of source `uid` that an id speaks of: its tracked ranges, or its own number if it tracks nothing.
pub(super) fn numbers_of(id: &EventId, uid: Uid) -> impl Iterator<Item = RangeInclusive<u64>> + '_ {
    let own = (id.tracked().is_empty() && id.source() == uid).then(|| id.number()..=id.number());
    let tracked = id.tracked().iter().filter(move |range| range.source == uid);
    own.into_iter().chain(tracked.map(|range| range.min..=range.max))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn emitted(count: u64) -> (Settling, Vec<Lease>) {
        let mut settling = Settling::new(None);
        let leases = (0..count).map(|number| settling.lend(number)).collect();
        (settling, leases)
    }

    #[test]
    fn an_overtaking_answer_confirms_nothing_before_it() {
        let (mut settling, _leases) = emitted(3);
        assert_eq!(settling.confirmed(), None);
        settling.settle(2..=2);
        assert_eq!(settling.confirmed(), None);
        settling.settle(0..=0);
        assert_eq!(settling.confirmed(), Some(0));
        settling.settle(1..=1);
        assert_eq!(settling.confirmed(), Some(2));
    }

    #[test]
    fn a_failure_puts_back_its_own_numbers_only() {
        let (mut settling, _leases) = emitted(4);
        settling.settle(0..=0);
        assert_eq!(settling.put_back(1..=2, Some(0)), None);
        assert_eq!(settling.returned_from(0), Some(1));
        settling.settle(3..=3);
        assert_eq!(settling.confirmed(), Some(0));
        let _again = settling.lend(1);
        assert_eq!(settling.returned_from(0), Some(2));
        settling.settle(1..=2);
        assert_eq!((settling.returned_from(0), settling.confirmed()), (None, Some(3)));
    }

    #[test]
    fn what_ended_is_settled_by_the_last_lease_of_its_emission() {
        let (mut settling, mut leases) = emitted(2);
        let first = leases.remove(0);
        settling.put_back(0..=0, None);
        let again = settling.lend(0);
        drop(first);
        settling.settle_ended();
        assert_eq!(settling.confirmed(), None, "an end of the failed emission is late");
        drop(again);
        settling.settle_ended();
        assert_eq!(settling.confirmed(), Some(0));
    }

    #[test]
    fn failed_after_it_was_settled() {
        let (mut settling, _leases) = emitted(2);
        settling.settle(0..=1);
        assert_eq!(settling.put_back(1..=1, Some(0)), None);
        assert_eq!((settling.returned_from(0), settling.confirmed()), (Some(1), Some(0)));
        assert_eq!(settling.put_back(0..=0, Some(0)), Some(0..=0), "it is deleted");
        assert_eq!(settling.returned_from(0), Some(1));
        assert_eq!(settling.put_back(7..=7, Some(0)), None);
        assert_eq!(settling.returned_from(0), Some(1), "it was never emitted");
    }

    #[test]
    fn ids_name_numbers() {
        let log = Uid(5);
        let numbers = |id: &EventId| numbers_of(id, log).collect::<Vec<_>>();
        assert_eq!(numbers(&EventId::new(log, 3)), [3..=3]);
        assert_eq!(numbers(&EventId::new(Uid(6), 3)), []);
        let mut batch = EventId::new(Uid(6), 0);
        batch.track(&EventId::new(log, 3));
        batch.track(&EventId::new(log, 9));
        assert_eq!(numbers(&batch), [3..=9]);
    }
}
