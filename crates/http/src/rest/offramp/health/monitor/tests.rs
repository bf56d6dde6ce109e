use proptest::prelude::*;

use super::*;

fn rules(healthy: u32, unhealthy: u32) -> Rules {
    Rules {
        interval: Duration::from_secs(5),
        healthy: NonZeroU32::new(healthy).unwrap(),
        unhealthy: NonZeroU32::new(unhealthy).unwrap(),
        is_healthy_at_first: true,
    }
}

#[test]
fn only_results_in_a_row_change_the_state() {
    let mut monitor = Monitor::new(&rules(2, 3), 0);
    let mut take = |results: &str| -> Vec<Option<bool>> { results.chars().map(|result| monitor.take(result == '+')).collect() };
    assert_eq!(take("+--+--"), [None; 6]);
    assert_eq!(take("-"), [Some(false)]);
    assert_eq!(take("-+-+"), [None; 4]);
    assert_eq!(take("+"), [Some(true)]);
    assert_eq!(take("--"), [None; 2]);
}

#[test]
fn the_first_probes_decide_on_an_endpoint_that_is_unhealthy_until_seen() {
    let rules = Rules {
        is_healthy_at_first: false,
        ..rules(1, 1)
    };
    let mut monitor = Monitor::new(&rules, 0);
    assert_eq!(
        (monitor.take(false), monitor.take(true), monitor.take(false)),
        (None, Some(true), Some(false))
    );
}

/// What happened: when the state changed, and to what.
type Changes = Vec<(Duration, bool)>;

const TIMEOUT: Duration = Duration::from_secs(2);

/// Two minutes of probes against an endpoint that answers at once whenever `is_up` says so and otherwise not at all.
fn simulate(rules: &Rules, seed: u64, is_up: impl Fn(Duration) -> bool) -> (Changes, Vec<Duration>) {
    let origin = Instant::now();
    let mut monitor = Monitor::new(rules, seed);
    let (mut changes, mut probes) = (Vec::new(), Vec::new());
    let mut began = origin;
    while began < origin + Duration::from_mins(2) {
        probes.push(began - origin);
        let is_success = is_up(began - origin);
        let ended = if is_success { began } else { began + TIMEOUT };
        changes.extend(monitor.take(is_success).map(|state| (ended - origin, state)));
        began = monitor.next(began, ended);
    }
    (changes, probes)
}

proptest! {
    #[test]
    fn an_outage_is_noticed_and_its_end_too(
        healthy in 1_u32..4,
        unhealthy in 1_u32..5,
        seed in any::<u64>(),
        dies_ms in 10_000_u64..20_000,
        lasts_ms in 40_000_u64..50_000,
    ) {
        let rules = rules(healthy, unhealthy);
        let (dies, back) = (Duration::from_millis(dies_ms), Duration::from_millis(dies_ms + lasts_ms));
        let (changes, _) = simulate(&rules, seed, |at| at < dies || at >= back);
        prop_assert_eq!(changes.len(), 2);
        let longest = |count: u32| rules.interval.mul_f64(1.1) * count + TIMEOUT;
        let (noticed, is_healthy) = changes[0];
        prop_assert!(!is_healthy && noticed > dies && noticed <= dies + longest(unhealthy), "{noticed:?}");
        let (returned, is_healthy) = changes[1];
        prop_assert!(is_healthy && returned >= back && returned <= back + longest(healthy), "{returned:?}");
    }

    #[test]
    fn an_interruption_shorter_than_the_row_changes_nothing(seed in any::<u64>(), begin_ms in 0_u64..100_000) {
        // Two probes at most fall into it.
        let begin = Duration::from_millis(begin_ms);
        let end = begin + Duration::from_millis(8_900);
        let (changes, _) = simulate(&rules(2, 3), seed, |at| at < begin || at >= end);
        prop_assert_eq!(changes, []);
    }

    #[test]
    fn probes_are_spread_and_never_overlap(seed in any::<u64>(), is_up in any::<bool>()) {
        let (_, probes) = simulate(&rules(2, 3), seed, |_| is_up);
        let pauses: Vec<Duration> = probes.windows(2).map(|pair| pair[1].saturating_sub(pair[0])).collect();
        let (least, most) = (Duration::from_millis(4_500), Duration::from_millis(5_500));
        prop_assert!(pauses.iter().all(|pause| (least..=most).contains(pause)), "{pauses:?}");
        prop_assert!(pauses.windows(2).any(|pair| pair[0] != pair[1]));
    }
}

#[test]
fn a_probe_that_takes_longer_than_the_interval_is_followed_at_once() {
    let mut monitor = Monitor::new(&rules(2, 3), 7);
    let began = Instant::now();
    let ended = began + Duration::from_secs(20);
    assert_eq!(monitor.next(began, ended), ended);
}
