use std::collections::VecDeque;
use std::task::Wake;
use std::thread::scope;
use std::time::Duration;

use parking_lot::Mutex as Lock;
use proptest::prelude::*;
use tokio::time::sleep;

use super::*;

struct Flag(Lock<bool>);

impl Wake for Flag {
    fn wake(self: Arc<Self>) {
        *self.0.lock() = true;
    }
}

fn taken_now(slots: &Slots) -> u32 {
    taken(slots.numbers.load(Ordering::Acquire))
}

fn is_idle(slots: &Slots) -> bool {
    slots.numbers.load(Ordering::Acquire) == 0 && slots.line.lock().waiting.is_empty()
}

fn slot(admission: Option<Admission>) -> Option<Slot> {
    match admission {
        Some(Admission::Now(slot)) => Some(slot),
        _ => None,
    }
}

#[test]
fn without_a_line_slots_are_bounded_and_come_back() {
    let slots = Slots::new(2, 0, Order::Fifo);
    let first = slot(slots.enter());
    let second = slot(slots.enter());
    assert!(first.is_some() && second.is_some());
    assert!(slots.enter().is_none() && !slots.has_room());
    drop(first);
    assert!(slots.has_room() && slot(slots.enter()).is_some());
}

#[test]
fn the_end_of_a_request_wakes_the_one_that_is_next_and_no_other() {
    let slots = Slots::new(1, 2, Order::Fifo);
    let held = slot(slots.enter());
    let mut turns = Vec::new();
    for _ in 0..2 {
        let Some(Admission::Later(mut turn)) = slots.enter() else {
            panic!("there is room");
        };
        let flag = Arc::new(Flag(Lock::new(false)));
        let waker = Waker::from(Arc::clone(&flag));
        assert!(turn.poll(&mut Context::from_waker(&waker)).is_pending());
        turns.push((turn, flag));
    }
    assert!(slots.enter().is_none() && !slots.has_room());
    drop(held);
    assert!(*turns[0].1.0.lock() && !*turns[1].1.0.lock());
    // The slot was handed over: whoever comes now finds none, but room in the line.
    assert!(slots.has_room() && slot(slots.enter()).is_none());
    // The one that was served goes without having looked; the next is served.
    turns.remove(0);
    assert!(*turns[0].1.0.lock());
    assert!(turns[0].0.poll(&mut Context::from_waker(Waker::noop())).is_ready());
    turns.clear();
    assert!(is_idle(&slots));
}

/// What happens to slots and lines; indices count round.
#[derive(Clone, Copy, Debug)]
enum Step {
    Enter,
    GiveBack(usize),
    Look(usize),
    Withdraw(usize),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        4 => Just(Step::Enter),
        3 => any::<usize>().prop_map(Step::GiveBack),
        2 => any::<usize>().prop_map(Step::Look),
        1 => any::<usize>().prop_map(Step::Withdraw),
    ];
    prop::collection::vec(step, 0..200)
}

proptest! {
    /// Against a model that keeps who has a slot and who waits, by name.
    #[test]
    fn no_slot_is_lost_and_nobody_is_passed(
        limit in 1_usize..4,
        room in 0_u32..5,
        order in prop_oneof![Just(Order::Fifo), Just(Order::Lifo)],
        steps in steps(),
    ) {
        let slots = Slots::new(limit, room, order);
        // Names with what they hold. `served`: the model says that the turn has come.
        let mut holding: Vec<Slot> = Vec::new();
        let mut turns: Vec<(u64, Turn)> = Vec::new();
        let mut line: VecDeque<u64> = VecDeque::new();
        let mut served: Vec<u64> = Vec::new();
        let mut names = 0;
        let serve = |line: &mut VecDeque<u64>, served: &mut Vec<u64>| {
            let next = if order == Order::Fifo { line.pop_front() } else { line.pop_back() };
            served.extend(next);
        };
        for step in steps {
            match step {
                Step::Enter => {
                    let is_free = holding.len() + served.len() < limit;
                    prop_assert_eq!(slots.has_room(), is_free || line.len() < room as usize);
                    match slots.enter() {
                        Some(Admission::Now(slot)) => {
                            prop_assert!(is_free && line.is_empty());
                            holding.push(slot);
                        }
                        Some(Admission::Later(turn)) => {
                            prop_assert!(!is_free && line.len() < room as usize);
                            names += 1;
                            turns.push((names, turn));
                            line.push_back(names);
                        }
                        None => prop_assert!(!is_free && line.len() == room as usize),
                    }
                }
                Step::GiveBack(at) if !holding.is_empty() => {
                    drop(holding.swap_remove(at % holding.len()));
                    serve(&mut line, &mut served);
                }
                Step::Look(at) if !turns.is_empty() => {
                    let at = at % turns.len();
                    let (name, mut turn) = turns.swap_remove(at);
                    match turn.poll(&mut Context::from_waker(Waker::noop())) {
                        Poll::Ready(slot) => {
                            prop_assert!(served.contains(&name));
                            served.retain(|known| *known != name);
                            holding.push(slot);
                        }
                        Poll::Pending => {
                            prop_assert!(line.contains(&name));
                            turns.push((name, turn));
                        }
                    }
                }
                Step::Withdraw(at) if !turns.is_empty() => {
                    let (name, turn) = turns.swap_remove(at % turns.len());
                    drop(turn);
                    if served.contains(&name) {
                        served.retain(|known| *known != name);
                        serve(&mut line, &mut served);
                    } else {
                        line.retain(|known| *known != name);
                    }
                }
                Step::GiveBack(_) | Step::Look(_) | Step::Withdraw(_) => {}
            }
            prop_assert_eq!(taken_now(&slots) as usize, holding.len() + served.len());
        }
        drop((holding, turns));
        prop_assert!(is_idle(&slots));
    }
}

#[test]
fn threads_lose_no_slot() {
    let slots = Slots::new(3, 4, Order::Fifo);
    let most = AtomicU64::new(0);
    let inside = AtomicU64::new(0);
    scope(|threads| {
        for thread in 0..8_u32 {
            let (slots, most, inside) = (&slots, &most, &inside);
            threads.spawn(move || {
                for round in 0..2_000_u32 {
                    let slot = match slots.enter() {
                        Some(Admission::Now(slot)) => Some(slot),
                        // Some give up at once, as a client that leaves.
                        Some(Admission::Later(turn)) if (thread + round) % 3 == 0 => {
                            drop(turn);
                            None
                        }
                        Some(Admission::Later(mut turn)) => loop {
                            match turn.poll(&mut Context::from_waker(Waker::noop())) {
                                Poll::Ready(slot) => break Some(slot),
                                Poll::Pending => std::thread::yield_now(),
                            }
                        },
                        None => None,
                    };
                    if slot.is_some() {
                        most.fetch_max(inside.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                        inside.fetch_sub(1, Ordering::SeqCst);
                    }
                }
            });
        }
    });
    assert!(most.into_inner() <= 3);
    assert!(is_idle(&slots));
}

/// What became of an event in a simulation: its number, how long it waited, and whether it got a slot.
type Fate = (u32, u128, bool);

/// `count` events, one every 100 ms; each that gets a slot keeps it for `work_ms`, each that has none waits for at most a second.
async fn crowd(slots: Arc<Slots>, count: u32, work_ms: u64) -> Vec<Fate> {
    let fates = Arc::new(Lock::new(Vec::new()));
    let mut tasks = Vec::new();
    for number in 0..count {
        let (slots, fates) = (Arc::clone(&slots), Arc::clone(&fates));
        tasks.push(tokio::spawn(async move {
            sleep(Duration::from_millis(u64::from(number) * 100)).await;
            let begin = Instant::now();
            let slot = match slots.enter() {
                Some(Admission::Now(slot)) => Some(slot),
                Some(Admission::Later(turn)) => turn.wait(Some(begin + Duration::from_secs(1))).await,
                None => None,
            };
            fates.lock().push((number, begin.elapsed().as_millis(), slot.is_some()));
            if slot.is_some() {
                sleep(Duration::from_millis(work_ms)).await;
            }
        }));
    }
    for task in tasks {
        task.await.unwrap();
    }
    Arc::into_inner(fates).unwrap().into_inner()
}

#[tokio::test(start_paused = true)]
async fn a_short_crowd_is_served_in_the_order_in_which_it_came() {
    // Ten events in a second, of which two at a time take 300 ms: the last ones wait for half a second.
    let slots = Slots::new(2, 10, Order::Fifo);
    let fates = crowd(Arc::clone(&slots), 10, 300).await;
    let order: Vec<u32> = fates.iter().map(|(number, ..)| *number).collect();
    assert_eq!(order, (0..10).collect::<Vec<_>>());
    let waits: Vec<u128> = fates.iter().map(|(_, waited, _)| *waited).collect();
    assert_eq!(waits, [0, 0, 100, 100, 200, 200, 300, 300, 400, 400]);
    assert!(fates.iter().all(|(.., is_served)| *is_served) && is_idle(&slots));
}

#[tokio::test(start_paused = true)]
async fn under_lasting_overload_nobody_waits_longer_than_allowed() {
    // Twice as many events as can be served.
    let slots = Slots::new(1, 100, Order::Fifo);
    let fates = crowd(Arc::clone(&slots), 200, 200).await;
    assert!(fates.iter().all(|(_, waited, _)| *waited <= 1_000));
    let served = fates.iter().filter(|(.., is_served)| *is_served).count();
    assert!(
        (100..=107).contains(&served),
        "{served}: every slot is used as soon as it is free"
    );
    assert!(is_idle(&slots));
}

#[tokio::test(start_paused = true)]
async fn lifo_keeps_the_wait_of_those_it_serves_short() {
    let mean = |fates: &[Fate]| {
        let served: Vec<u128> = fates.iter().filter(|fate| fate.2).map(|fate| fate.1).collect();
        served.iter().sum::<u128>() / served.len() as u128
    };
    let fifo = crowd(Slots::new(1, 100, Order::Fifo), 200, 200).await;
    let lifo = crowd(Slots::new(1, 100, Order::Lifo), 200, 200).await;
    // First come, first served: everybody waits nearly to the end of the patience. Last come: hardly at all, the others in vain.
    assert!(mean(&fifo) > 700, "{}", mean(&fifo));
    assert!(mean(&lifo) < 200, "{}", mean(&lifo));
}

#[tokio::test(start_paused = true)]
async fn a_full_line_takes_nobody() {
    let slots = Slots::new(1, 1, Order::Fifo);
    let fates = crowd(Arc::clone(&slots), 4, 10_000).await;
    let fate = |number: u32| fates.iter().find(|fate| fate.0 == number).copied().unwrap();
    assert_eq!(fate(0), (0, 0, true));
    assert_eq!(fate(1), (1, 1_000, false));
    assert_eq!(fate(2), (2, 0, false), "full");
    assert!(is_idle(&slots));
}
