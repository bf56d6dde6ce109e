//! Load balancing under failures: a round robin in front of three operators with back-pressure, with a virtual clock and a seed
//! (spec/operators-and-flow.md B.6 and B.8, spec/proxy.md 4.2).

use std::collections::VecDeque;

use temblor_event::{Event, Insight, InsightKind, Uid};

use crate::bench::Bench;

const MS: u64 = 1_000_000;
const UPSTREAMS: [&str; 3] = ["a", "b", "c"];

fn balancer(skip_unavailable: bool) -> Bench {
    let mut text = format!(
        "define qos::roundrobin operator rr with outputs = [\"a\", \"b\", \"c\"], skip_unavailable = {skip_unavailable} end; create operator rr;
         define qos::backpressure operator bp with timeout = 1000, steps = [100, 500, 1000] end;
         select event from in into rr; select event from rr/overflow into out/overflow;"
    );
    for upstream in UPSTREAMS {
        text += &format!(
            "create operator bp_{upstream} from bp; select event from rr/{upstream} into bp_{upstream};
             select event from bp_{upstream} into out/{upstream}; select event from bp_{upstream}/overflow into out/overflow;"
        );
    }
    Bench::new(&text)
}

/// Three upstreams that answer after some time, and how many events they and `overflow` got.
struct World {
    bench: Bench,
    now_ns: u64,
    is_down: [bool; 3],
    /// (when, upstream, event) of answers to come.
    under_way: VecDeque<(u64, usize, Event)>,
    delivered: [u64; 3],
    failed: [u64; 3],
    overflowed: u64,
    seed: u64,
}

impl World {
    fn new(skip_unavailable: bool, seed: u64) -> Self {
        Self {
            bench: balancer(skip_unavailable),
            now_ns: 1000 * MS,
            is_down: [false; 3],
            under_way: VecDeque::new(),
            delivered: [0; 3],
            failed: [0; 3],
            overflowed: 0,
            seed,
        }
    }

    fn random(&mut self, below: u64) -> u64 {
        self.seed = self
            .seed
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.seed >> 33) % below
    }

    /// One event each millisecond, answers after 1 to 5 of them, a tick each hundred.
    fn pass(&mut self, milliseconds: u64) {
        for _ in 0..milliseconds {
            self.now_ns += MS;
            self.answer();
            if self.now_ns.is_multiple_of(100 * MS) {
                self.bench.tick(self.now_ns);
            }
            let event = self.bench.event("0", self.now_ns);
            let (port, event) = self.bench.run(event).remove(0);
            match UPSTREAMS.iter().position(|name| *name == port) {
                Some(upstream) => {
                    let at = self.now_ns + (1 + self.random(5)) * MS;
                    self.under_way.push_back((at, upstream, event));
                    self.delivered[upstream] += 1;
                }
                None => self.overflowed += 1,
            }
        }
    }

    fn answer(&mut self) {
        let now_ns = self.now_ns;
        let (due, later): (Vec<_>, Vec<_>) = self.under_way.drain(..).partition(|(at, ..)| *at <= now_ns);
        self.under_way.extend(later);
        for (_, upstream, event) in due {
            let is_down = self.is_down[upstream];
            let kind = if is_down { InsightKind::Fail } else { InsightKind::Ack };
            self.failed[upstream] += u64::from(is_down);
            let insight = Insight {
                time_ms: Some(3),
                ..Insight::about(&event, kind, Uid(1 << 52), now_ns)
            };
            self.bench.feed_back(insight);
        }
    }

    fn restart_counts(&mut self) {
        self.delivered = [0; 3];
        self.failed = [0; 3];
        self.overflowed = 0;
    }
}

fn seeds() -> impl Iterator<Item = u64> {
    (0..8).map(|seed| seed * 0x9e37_79b9)
}

#[test]
fn healthy_upstreams_share_alike() {
    for seed in seeds() {
        let mut world = World::new(true, seed);
        world.pass(3000);
        assert_eq!(world.delivered, [1000; 3], "seed {seed}");
        assert_eq!(world.overflowed, 0, "seed {seed}");
    }
}

#[test]
fn a_failing_upstream_gets_probes_only_and_nothing_overflows() {
    for seed in seeds() {
        let mut world = World::new(true, seed);
        world.pass(500);
        world.is_down[1] = true;
        world.pass(20);
        world.restart_counts();
        world.pass(10_000);
        assert_eq!(world.overflowed, 0, "seed {seed}: {:?}", world.delivered);
        // Ticks end a back-off, so a probe is a short burst each period; periods grow to a second.
        assert!(world.failed[1] < 120, "seed {seed}: {} failures", world.failed[1]);
        let [first, _, third] = world.delivered;
        assert!(first.abs_diff(third) < 200, "seed {seed}: {:?}", world.delivered);
    }
}

#[test]
fn a_recovered_upstream_gets_its_share_again() {
    for seed in seeds() {
        let mut world = World::new(true, seed);
        world.is_down[2] = true;
        world.pass(3000);
        world.is_down[2] = false;
        world.pass(1200);
        world.restart_counts();
        world.pass(3000);
        assert_eq!(world.delivered, [1000; 3], "seed {seed}");
    }
}

#[test]
fn without_skipping_the_turn_of_a_failing_upstream_overflows() {
    for seed in seeds() {
        let mut world = World::new(false, seed);
        world.is_down[0] = true;
        world.pass(6000);
        assert!(world.overflowed > 1500, "seed {seed}: {}", world.overflowed);
        assert_eq!(world.delivered[1], 2000, "seed {seed}");
        assert_eq!(world.delivered[2], 2000, "seed {seed}");
    }
}

#[test]
fn with_all_upstreams_down_events_overflow_and_all_come_back() {
    for seed in seeds() {
        let mut world = World::new(true, seed);
        world.is_down = [true; 3];
        world.pass(5000);
        assert!(world.overflowed > 4000, "seed {seed}: {}", world.overflowed);
        world.is_down = [false; 3];
        world.pass(1500);
        world.restart_counts();
        world.pass(3000);
        assert_eq!((world.delivered, world.overflowed), ([1000; 3], 0), "seed {seed}");
    }
}
