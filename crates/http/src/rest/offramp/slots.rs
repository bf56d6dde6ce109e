//! Slots for requests under way, and the queue for them (spec/artefacts.md 4.6, spec/proxy.md 4.9).
//!
//! Algorithm. One word holds two numbers: slots that are taken and events that wait. As long as nobody waits, taking a slot and giving it
//! back change that word by one atomic operation each and touch nothing else. An event that finds no slot joins the line: under its lock the
//! word is looked at once more, so that a slot given back in between is not missed. Who gives a slot back while somebody waits hands it over
//! instead: the number of slots taken stays as it is, and the event that is next (the oldest, or with `lifo` the newest) leaves the line and
//! is woken. A new event can therefore never pass one that waits. Who leaves the line unserved (its time is over, its client has gone) takes
//! itself out; if it was served at the same moment, it hands its slot on.
//!
//! Invariants: the number of those waiting is changed under the lock only and is the length of the line; somebody waits only while all slots
//! are taken; no lock is held while somebody is woken.

use std::collections::VecDeque;
use std::future::poll_fn;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll, Waker};

use parking_lot::Mutex;
use tokio::time::Instant;

use crate::timeouts::by;

/// One slot, in the lower half of the word.
const TAKEN: u64 = 1;
/// One event in the line, in the upper half.
const WAITING: u64 = 1 << 32;

/// Which event of a line is served next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Order {
    /// The one that came first.
    Fifo,
    /// The one that came last.
    Lifo,
}

/// See the module's documentation.
#[derive(Debug)]
pub(super) struct Slots {
    numbers: AtomicU64,
    limit: u32,
    room: u32,
    order: Order,
    line: Mutex<Line>,
}

/// What became of an event that wants a slot.
#[derive(Debug)]
pub(super) enum Admission {
    /// It has one.
    Now(Slot),
    /// It waits for one.
    Later(Turn),
}

/// A taken slot; given back when dropped.
#[derive(Debug)]
pub(super) struct Slot(Arc<Slots>);

/// A place in the line; given up when dropped.
#[derive(Debug)]
pub(super) struct Turn {
    slots: Arc<Slots>,
    number: u64,
    is_served: bool,
}

#[derive(Debug, Default)]
struct Line {
    joined: u64,
    /// In the order in which they came, so ordered by number.
    waiting: VecDeque<Waiting>,
}

#[derive(Debug)]
struct Waiting {
    number: u64,
    /// `None` until its task looks for the first time.
    waker: Option<Waker>,
}

impl Slots {
    /// `limit` free slots, and a line for `room` events.
    pub(super) fn new(limit: usize, room: u32, order: Order) -> Arc<Self> {
        Arc::new(Self {
            numbers: AtomicU64::new(0),
            limit: u32::try_from(limit).unwrap_or(u32::MAX),
            room,
            order,
            line: Mutex::default(),
        })
    }

    /// Takes a slot or a place in the line; `None` if there is neither.
    pub(super) fn enter(self: &Arc<Self>) -> Option<Admission> {
        let now = || Admission::Now(Slot(Arc::clone(self)));
        let take = |numbers| (taken(numbers) < self.limit).then_some(numbers + TAKEN);
        if self.change(take).is_some() {
            return Some(now());
        }
        if self.room == 0 {
            return None;
        }
        let join = |numbers| (waiting(numbers) < self.room).then_some(numbers + WAITING);
        let mut line = self.line.lock();
        let before = self.change(|numbers| take(numbers).or_else(|| join(numbers)))?;
        if taken(before) < self.limit {
            return Some(now());
        }
        Some(Admission::Later(Turn {
            number: line.join(),
            slots: Arc::clone(self),
            is_served: false,
        }))
    }

    /// Slots that are taken.
    pub(super) fn taken(&self) -> u32 {
        taken(self.numbers.load(Ordering::Relaxed))
    }

    /// Events that wait.
    pub(super) fn waiting(&self) -> u32 {
        waiting(self.numbers.load(Ordering::Relaxed))
    }

    /// Slots there are.
    pub(super) fn limit(&self) -> u32 {
        self.limit
    }

    /// Whether an event would get a slot or a place in the line right now.
    pub(super) fn has_room(&self) -> bool {
        let numbers = self.numbers.load(Ordering::Relaxed);
        taken(numbers) < self.limit || waiting(numbers) < self.room
    }

    fn give_back(&self) {
        let leave = |numbers| (waiting(numbers) == 0).then(|| numbers - TAKEN);
        if self.change(leave).is_some() {
            return;
        }
        let served = {
            let mut line = self.line.lock();
            let served = line.serve(self.order);
            let left = if served.is_some() { WAITING } else { TAKEN };
            self.numbers.fetch_sub(left, Ordering::AcqRel);
            served
        };
        if let Some(waker) = served.and_then(|served| served.waker) {
            waker.wake();
        }
    }

    /// The numbers as they were before the change; `None` if they are not to be changed.
    fn change(&self, make: impl Fn(u64) -> Option<u64>) -> Option<u64> {
        self.numbers.fetch_update(Ordering::AcqRel, Ordering::Relaxed, make).ok()
    }
}

impl Line {
    fn join(&mut self) -> u64 {
        let number = self.joined;
        self.joined += 1;
        self.waiting.push_back(Waiting { number, waker: None });
        number
    }

    fn serve(&mut self, order: Order) -> Option<Waiting> {
        match order {
            Order::Fifo => self.waiting.pop_front(),
            Order::Lifo => self.waiting.pop_back(),
        }
    }

    /// Sets the waker of an event and gives the one before; false if the event waits no more.
    fn wake_by(&mut self, number: u64, waker: &mut Option<Waker>) -> bool {
        let Some(at) = self.find(number) else { return false };
        std::mem::swap(&mut self.waiting[at].waker, waker);
        true
    }

    fn find(&self, number: u64) -> Option<usize> {
        self.waiting.binary_search_by_key(&number, |waiting| waiting.number).ok()
    }
}

impl Turn {
    /// Waits for the slot, but no longer than until `end`.
    pub(super) async fn wait(mut self, end: Option<Instant>) -> Option<Slot> {
        by(end, poll_fn(|cx| self.poll(cx))).await
    }

    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Slot> {
        let mut waker = Some(cx.waker().clone());
        let is_waiting = self.slots.line.lock().wake_by(self.number, &mut waker);
        // A waker may be the last that keeps a task, which may have a place in this line.
        drop(waker);
        if is_waiting {
            return Poll::Pending;
        }
        self.is_served = true;
        Poll::Ready(Slot(Arc::clone(&self.slots)))
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        if self.is_served {
            return;
        }
        let was_waiting = {
            let mut line = self.slots.line.lock();
            let left = line.find(self.number).and_then(|at| line.waiting.remove(at));
            if left.is_some() {
                self.slots.numbers.fetch_sub(WAITING, Ordering::AcqRel);
            }
            left.is_some()
        };
        if !was_waiting {
            self.slots.give_back();
        }
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        self.0.give_back();
    }
}

fn taken(numbers: u64) -> u32 {
    numbers as u32
}

fn waiting(numbers: u64) -> u32 {
    (numbers >> 32) as u32
}

#[cfg(test)]
mod tests;
