//! The events of a log that are with somebody, by number, each with the round of its emission.
//!
//! Algorithm. Numbers are lent in rising order and mostly settled in it, so they lie in a ring: one that ends is marked, and the ring gives up
//! what is marked at its front. Without gaps a number's distance from the first one is its place; where there are gaps it is searched for.
//!
//! Invariants: numbers rise; the first one has not ended.

use std::collections::VecDeque;
use std::ops::RangeInclusive;

#[derive(Clone, Copy, Debug)]
struct Slot {
    number: u64,
    /// `None`: it ended.
    round: Option<u64>,
}

/// See the module's documentation.
#[derive(Debug, Default)]
pub(super) struct UnderWay(VecDeque<Slot>);

impl UnderWay {
    /// Where a number is, or would be.
    fn place(&self, number: u64) -> Result<usize, usize> {
        let first = self.0.front().map_or(number, |slot| slot.number);
        let guess = usize::try_from(number.saturating_sub(first)).unwrap_or(usize::MAX);
        match self.0.get(guess) {
            Some(slot) if slot.number == number => Ok(guess),
            _ => self.0.binary_search_by_key(&number, |slot| slot.number),
        }
    }

    /// Enters a number, or gives it another round.
    pub(super) fn insert(&mut self, number: u64, round: u64) {
        let slot = Slot {
            number,
            round: Some(round),
        };
        if self.0.back().is_none_or(|last| last.number < number) {
            self.0.push_back(slot);
            return;
        }
        match self.place(number) {
            Ok(at) => {
                if let Some(known) = self.0.get_mut(at) {
                    *known = slot;
                }
            }
            Err(at) => self.0.insert(at, slot),
        }
    }

    /// The round of a number that has not ended.
    pub(super) fn round(&self, number: u64) -> Option<u64> {
        let at = self.place(number).ok()?;
        self.0.get(at)?.round
    }

    /// The lowest number.
    pub(super) fn first(&self) -> Option<u64> {
        self.0.front().map(|slot| slot.number)
    }

    /// Ends all numbers of a range, each of which `note` is given.
    pub(super) fn remove(&mut self, numbers: RangeInclusive<u64>, mut note: impl FnMut(u64)) {
        let (Ok(start) | Err(start)) = self.place(*numbers.start());
        let slots = self.0.range_mut(start..).take_while(|slot| numbers.contains(&slot.number));
        for slot in slots {
            if slot.round.take().is_some() {
                note(slot.number);
            }
        }
        while self.0.front().is_some_and(|slot| slot.round.is_none()) {
            self.0.pop_front();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    #[derive(Clone, Debug)]
    enum Step {
        /// Lends the number that lies so much above the highest one.
        Next(u64),
        /// Lends a number again.
        Again(u64),
        Remove(u64, u64),
    }

    fn step() -> impl Strategy<Value = Step> {
        prop_oneof![
            4 => (1..3_u64).prop_map(Step::Next),
            1 => (0..40_u64).prop_map(Step::Again),
            3 => (0..40_u64, 0..4_u64).prop_map(|(from, more)| Step::Remove(from, more)),
        ]
    }

    proptest! {
        #[test]
        fn it_is_a_map(steps in proptest::collection::vec(step(), 0..60)) {
            let mut model = BTreeMap::new();
            let mut under_way = UnderWay::default();
            let mut highest = 0;
            for (round, step) in (0..).zip(steps) {
                match step {
                    Step::Next(more) => {
                        highest += more;
                        model.insert(highest, round);
                        under_way.insert(highest, round);
                    }
                    Step::Again(number) => {
                        model.insert(number, round);
                        under_way.insert(number, round);
                    }
                    Step::Remove(from, more) => {
                        let expected: Vec<u64> = model.range(from..=from + more).map(|(number, _)| *number).collect();
                        let mut ended = Vec::new();
                        under_way.remove(from..=from + more, |number| ended.push(number));
                        model.retain(|number, _| !expected.contains(number));
                        prop_assert_eq!(ended, expected);
                    }
                }
                prop_assert_eq!(under_way.first(), model.keys().next().copied());
                for number in 0..=highest {
                    prop_assert_eq!(under_way.round(number), model.get(&number).copied());
                }
            }
        }
    }
}
