//! Windows against a naive model and against their laws.
//!
//! The model keeps every event of a group for ever and finds the emissions by slicing that history; it shares no code and no idea of
//! state with the operator.

use std::collections::BTreeMap;

use proptest::prelude::*;
use temblor_value::Value;

use crate::bench::Bench;

/// What happens to a select: an event of a group, or a tick.
#[derive(Clone, Copy, Debug)]
enum Step {
    Event { key: u8 },
    Tick,
}

fn steps() -> impl Strategy<Value = Vec<(u64, Step)>> {
    let step = prop_oneof![5 => (0_u8..3).prop_map(|key| Step::Event { key }), 1 => Just(Step::Tick)];
    proptest::collection::vec((0_u64..8, step), 0..120)
}

/// Runs the steps at growing times, events numbered from 0; gives (step index, time, window, group, numbers) of each emission.
fn run(windows: &str, list: &str, steps: &[(u64, Step)]) -> Vec<(u64, String, u64, Vec<u64>)> {
    let query = format!(
        "{windows} select {{ \"w\": window, \"g\": group[0], \"all\": aggr::test::all(event.n) }} from in[{list}] group by event.k into out;"
    );
    let mut bench = Bench::new(&query);
    let mut now = 1000;
    let mut found = Vec::new();
    for (number, (pause, step)) in steps.iter().enumerate() {
        now += pause;
        let sent = match step {
            Step::Event { key } => {
                let event = bench.event(&format!(r#"{{"k":{key},"n":{number}}}"#), now);
                bench.run(event)
            }
            Step::Tick => bench.tick_events(now),
        };
        assert!(bench.errors.is_empty());
        for (_, event) in sent {
            let value = event.value();
            let text = |key| value.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
            let numbers = value.get("all").and_then(Value::as_array).unwrap_or_default();
            let numbers = numbers.iter().filter_map(Value::as_u64).collect();
            let group = value.get("g").and_then(Value::as_u64).unwrap_or(u64::MAX);
            found.push((now, text("w"), group, numbers));
        }
    }
    found
}

/// Numbers of the events of each group with their times.
fn histories(steps: &[(u64, Step)]) -> BTreeMap<u64, Vec<(u64, u64)>> {
    let mut now = 1000;
    let mut histories: BTreeMap<u64, Vec<(u64, u64)>> = BTreeMap::new();
    for (number, (pause, step)) in steps.iter().enumerate() {
        now += pause;
        if let Step::Event { key } = step {
            histories.entry(u64::from(*key)).or_default().push((number as u64, now));
        }
    }
    histories
}

fn of<'f>(found: &'f [(u64, String, u64, Vec<u64>)], window: &str, group: u64) -> Vec<&'f (u64, String, u64, Vec<u64>)> {
    found
        .iter()
        .filter(|(_, name, of, _)| name == window && *of == group)
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn count_windows_cut_the_history_into_equal_pieces(size in 1_usize..6, steps in steps()) {
        let found = run(&format!("define tumbling window w with size = {size} end;"), "w", &steps);
        for (group, history) in histories(&steps) {
            let wanted: Vec<Vec<u64>> = history.chunks_exact(size).map(|piece| piece.iter().map(|(number, _)| *number).collect()).collect();
            let got: Vec<Vec<u64>> = of(&found, "w", group).into_iter().map(|(.., numbers)| numbers.clone()).collect();
            prop_assert_eq!(got, wanted);
        }
    }

    #[test]
    fn coarser_count_windows_hold_what_the_finer_ones_emitted(first in 1_usize..4, second in 1_usize..4, third in 1_usize..4, steps in steps()) {
        let windows = format!(
            "define tumbling window a with size = {first} end; define tumbling window b with size = {second} end;
             define tumbling window c with size = {third} end;"
        );
        let found = run(&windows, "a, b, c", &steps);
        for (group, history) in histories(&steps) {
            for (window, size) in [("a", first), ("b", first * second), ("c", first * second * third)] {
                let wanted: Vec<Vec<u64>> = history.chunks_exact(size).map(|piece| piece.iter().map(|(number, _)| *number).collect()).collect();
                let got: Vec<Vec<u64>> = of(&found, window, group).into_iter().map(|(.., numbers)| numbers.clone()).collect();
                prop_assert_eq!(got, wanted);
            }
        }
    }

    #[test]
    fn time_windows_lose_nothing_and_hold_only_what_lies_within(interval in 1_u64..40, steps in steps()) {
        let found = run(&format!("define tumbling window w with interval = {interval} end;"), "w", &steps);
        for (group, history) in histories(&steps) {
            let times: BTreeMap<u64, u64> = history.iter().copied().collect();
            let emissions = of(&found, "w", group);
            let emitted: Vec<u64> = emissions.iter().flat_map(|(.., numbers)| numbers.iter().copied()).collect();
            let history: Vec<u64> = history.iter().map(|(number, _)| *number).collect();
            prop_assert_eq!(&emitted[..], &history[..emitted.len()], "in order, none twice, none left out");
            let mut opened_at = history.first().map_or(0, |number| times[number]);
            for (now, _, _, numbers) in emissions {
                prop_assert!(*now >= opened_at + interval, "closed before its end");
                prop_assert!(numbers.iter().all(|number| times[number] < *now || times[number] == opened_at));
                prop_assert!(numbers.iter().all(|number| times[number] < opened_at.max(times[&numbers[0]]) + interval));
                opened_at = *now;
            }
        }
    }

    #[test]
    fn a_coarser_time_window_is_made_of_whole_emissions(fine in 1_u64..10, coarse in 1_u64..60, steps in steps()) {
        let windows = format!("define tumbling window a with interval = {fine} end; define tumbling window b with interval = {coarse} end;");
        let found = run(&windows, "a, b", &steps);
        for group in histories(&steps).into_keys() {
            let numbers = |window| of(&found, window, group).into_iter().flat_map(|(.., numbers)| numbers.clone()).collect::<Vec<_>>();
            let (fine, coarse) = (numbers("a"), numbers("b"));
            prop_assert_eq!(&fine[..coarse.len()], &coarse[..]);
            let mut ends = vec![0];
            let mut end = 0;
            for (.., numbers) in of(&found, "a", group) {
                end += numbers.len();
                ends.push(end);
            }
            let mut end = 0;
            for (.., numbers) in of(&found, "b", group) {
                end += numbers.len();
                prop_assert!(ends.contains(&end), "a piece of an emission");
            }
        }
    }
}
