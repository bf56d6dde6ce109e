//! A queue that holds its first element itself: a request's events come one by one, and memory for more is seldom needed.
//!
//! Invariant: without a first element there are no others.

use std::collections::VecDeque;

/// See the module's documentation.
pub(super) struct Fifo<T> {
    first: Option<T>,
    others: VecDeque<T>,
}

impl<T> Fifo<T> {
    pub(super) const fn new() -> Self {
        Self {
            first: None,
            others: VecDeque::new(),
        }
    }

    pub(super) fn push_back(&mut self, element: T) {
        if self.first.is_none() {
            self.first = Some(element);
        } else {
            self.others.push_back(element);
        }
    }

    pub(super) fn pop_front(&mut self) -> Option<T> {
        let first = self.first.take()?;
        self.first = self.others.pop_front();
        Some(first)
    }

    pub(super) fn clear(&mut self) {
        self.first = None;
        self.others.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn elements_leave_in_the_order_in_which_they_came() {
        let mut queue = Fifo::new();
        let mut left = Vec::new();
        for number in 0..20 {
            queue.push_back(number);
            if number % 3 == 0 {
                left.extend(queue.pop_front());
            }
        }
        left.extend(std::iter::from_fn(|| queue.pop_front()));
        assert_eq!(left, (0..20).collect::<Vec<_>>());
        queue.push_back(1);
        queue.push_back(2);
        queue.clear();
        assert_eq!(queue.pop_front(), None);
    }
}
