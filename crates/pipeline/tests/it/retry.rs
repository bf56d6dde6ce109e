//! `qos::retry` with a virtual clock (spec/proxy.md 4.5).

use std::sync::Arc;

use temblor_event::{Attempt, Claim, Event, Insight, InsightKind, Mark, Outcome, Payload, Stream, StreamPlace, Uid};
use temblor_metrics::{Format, Page};

use crate::bench::{Bench, json, refusal};

const S: u64 = 1_000_000_000;
const NOW: u64 = 1_000 * S;

fn retry(parameters: &str) -> Bench {
    Bench::new(&format!(
        "define qos::retry operator again with {parameters} end; create operator again;\n\
         select event from in into again; select event from again into out;\n\
         select event from in/control into again/control;"
    ))
}

fn send(bench: &mut Bench, meta: &str, at_ns: u64) -> Event {
    let mut event = bench.event("0", at_ns);
    event.payload.meta = json(meta);
    let mut out = bench.run(event);
    assert_eq!(out.len(), 1);
    out.remove(0).1
}

const POST: &str = r#"{"request": {"method": "POST"}}"#;
const GET: &str = r#"{"request": {"method": "GET"}}"#;

fn failure(event: &Event, outcome: Outcome, status: Option<u16>, at_ns: u64) -> Insight {
    Insight {
        attempt: Some(Attempt {
            outcome,
            is_sent: true,
            status,
            elapsed_ms: 1.0,
        }),
        repeatable_until_ns: Some(u64::MAX),
        ..Insight::about(event, InsightKind::Fail, Uid(1 << 52), at_ns)
    }
}

fn claim(bench: &mut Bench, event: &Event, outcome: Outcome, status: Option<u16>, at_ns: u64) -> Option<Claim> {
    bench.feed_back(failure(event, outcome, status, at_ns)).claim
}

#[test]
fn events_leave_marked_and_transactional() {
    let mut bench = retry("attempts = 2");
    let event = send(&mut bench, GET, NOW);
    assert!(event.transactional);
    assert_eq!(event.op_meta.attempted().unwrap().number, 1);
}

#[test]
fn classes_say_what_is_tried_again() {
    let table: &[(&str, Outcome, Option<u16>, bool)] = &[
        ("attempts = 2", Outcome::Connect, None, true),
        ("attempts = 2", Outcome::Reset, None, true),
        ("attempts = 2", Outcome::Truncated, Some(200), true),
        ("attempts = 2", Outcome::Timeout, None, false),
        ("attempts = 2", Outcome::Status, Some(503), false),
        ("on = [\"503\"]", Outcome::Status, Some(503), true),
        ("on = [\"503\"]", Outcome::Status, Some(502), false),
        ("on = [\"5xx\", \"timeout\"]", Outcome::Timeout, None, true),
        ("on = [\"5xx\", \"timeout\"]", Outcome::Connect, None, false),
        ("on = [\"overload\"]", Outcome::Overload, None, true),
    ];
    for (parameters, outcome, status, expected) in table {
        let mut bench = retry(parameters);
        let event = send(&mut bench, GET, NOW);
        let claimed = claim(&mut bench, &event, *outcome, *status, NOW + 1).is_some();
        assert_eq!(claimed, *expected, "{parameters} {outcome:?} {status:?}");
    }
}

#[test]
fn acknowledgements_and_withdrawals_are_left_alone() {
    let mut bench = retry("on = [\"5xx\", \"connect\"]");
    let event = send(&mut bench, GET, NOW);
    assert!(claim(&mut bench, &event, Outcome::Ok, Some(200), NOW).is_none());
    let mut withdrawn = failure(&event, Outcome::Cancelled, None, NOW);
    withdrawn.kind = InsightKind::Cancelled;
    assert!(bench.feed_back(withdrawn).claim.is_none());
}

#[test]
fn a_copy_keeps_the_marks_of_the_nodes_behind_and_its_time_of_arrival() {
    let mut bench = retry("attempts = 3, backoff = 0");
    let mut event = send(&mut bench, GET, NOW);
    let balancer = Uid(77);
    event.op_meta.set(balancer, Mark::Output(1));
    let copy = claim(&mut bench, &event, Outcome::Reset, None, NOW + S).unwrap().event;
    assert!(matches!(copy.op_meta.get(balancer), Some(Mark::Output(1))));
    assert_eq!(copy.op_meta.attempted().unwrap().number, 2);
    assert_eq!((copy.ingest_ns, copy.at_ns()), (NOW, NOW + S));
    assert_eq!(copy.id, event.id);
    let third = claim(&mut bench, &copy, Outcome::Reset, None, NOW + 2 * S).unwrap().event;
    assert_eq!(third.op_meta.attempted().unwrap().number, 3);
    assert!(claim(&mut bench, &third, Outcome::Reset, None, NOW + 3 * S).is_none());
}

#[test]
fn pauses_grow_are_random_and_stay_below_their_bounds() {
    let mut bench = retry("attempts = 6, backoff = 40, backoff_max = 200, min_per_second = 100000");
    let mut longest = [0; 5];
    for _ in 0..400 {
        let mut event = send(&mut bench, GET, NOW);
        for longest in &mut longest {
            let claim = claim(&mut bench, &event, Outcome::Reset, None, NOW + 1).unwrap();
            *longest = claim.pause_ms.max(*longest);
            event = claim.event;
        }
    }
    for (longest, bound) in longest.into_iter().zip([40, 80, 160, 200, 200]) {
        assert!(longest <= bound && longest > bound * 9 / 10, "{longest} of {bound}");
    }
}

#[test]
fn nothing_is_tried_that_would_come_too_late() {
    let mut bench = retry("attempts = 3, backoff = 1000, backoff_max = 1000");
    let event = send(&mut bench, GET, NOW);
    let mut in_time = 0;
    for _ in 0..100 {
        let mut late = failure(&event, Outcome::Reset, None, NOW);
        late.repeatable_until_ns = Some(NOW + 500 * 1_000_000);
        if let Some(claim) = bench.feed_back(late).claim {
            assert!(claim.pause_ms < 500);
            in_time += 1;
        }
    }
    assert!((20..80).contains(&in_time), "{in_time} of 100 pauses end in the first half");
    let mut over = failure(&event, Outcome::Reset, None, NOW);
    over.repeatable_until_ns = Some(NOW);
    assert!(bench.feed_back(over).claim.is_none());
    let mut answered = failure(&event, Outcome::Reset, None, NOW);
    answered.repeatable_until_ns = None;
    assert!(bench.feed_back(answered).claim.is_none());
}

#[test]
fn what_comes_too_late_is_not_taken_from_the_budget() {
    // Two repeats in the ten seconds of the window.
    let mut bench = retry("attempts = 3, backoff = 60000, backoff_max = 60000, budget = 0, min_per_second = 0.2");
    let event = send(&mut bench, GET, NOW);
    assert!(claim(&mut bench, &event, Outcome::Reset, None, NOW).is_some());
    for _ in 0..20 {
        let mut late = failure(&event, Outcome::Reset, None, NOW);
        late.repeatable_until_ns = Some(NOW + 1);
        assert!(bench.feed_back(late).claim.is_none());
    }
    assert!(claim(&mut bench, &event, Outcome::Reset, None, NOW).is_some());
    assert!(claim(&mut bench, &event, Outcome::Reset, None, NOW).is_none(), "budget");
}

/// Sends `rate` events a second for `seconds`, all of which fail; gives first attempts and repeats.
fn storm(bench: &mut Bench, rate: u64, seconds: u64, begin_ns: u64) -> (u64, u64) {
    let (mut firsts, mut repeats) = (0, 0);
    for at in 0..rate * seconds {
        let at_ns = begin_ns + at * S / rate;
        let mut event = send(bench, GET, at_ns);
        firsts += 1;
        while let Some(claim) = claim(bench, &event, Outcome::Reset, None, at_ns) {
            event = claim.event;
            repeats += 1;
        }
    }
    (firsts, repeats)
}

#[test]
fn a_budget_keeps_repeats_to_a_share_of_the_first_attempts() {
    let mut bench = retry("attempts = 10, backoff = 0, budget = 20, min_per_second = 0");
    storm(&mut bench, 1000, 20, NOW);
    let (firsts, repeats) = storm(&mut bench, 1000, 20, NOW + 20 * S);
    let share = repeats as f64 / firsts as f64;
    assert!((0.17..=0.22).contains(&share), "{repeats} of {firsts}");
}

#[test]
fn few_repeats_a_second_are_always_allowed() {
    let mut bench = retry("attempts = 10, backoff = 0, budget = 0, min_per_second = 10");
    let (_, repeats) = storm(&mut bench, 100, 30, NOW);
    // 100 in each window of ten seconds, and what the first window had not used up.
    assert!((290..=420).contains(&repeats), "{repeats} in 30 seconds");
}

#[test]
fn commands_change_attempts_and_budget() {
    let mut bench = retry("attempts = 2");
    let command = |bench: &mut Bench, value: &str| {
        let event = bench.event(value, NOW);
        let left = bench.run_at("in/control", event, &temblor_pipeline::graph::NoLinks);
        assert!(left.is_empty(), "commands are never forwarded");
    };
    command(&mut bench, r#"{"attempts": 1}"#);
    let event = send(&mut bench, GET, NOW);
    assert!(claim(&mut bench, &event, Outcome::Reset, None, NOW).is_none());
    command(&mut bench, r#"[{"attempts": 2}, {"budget": 0}, 7, {"attempts": 0}]"#);
    assert!(claim(&mut bench, &event, Outcome::Reset, None, NOW).is_some());
}

#[test]
fn bad_parameters_are_refused_by_name() {
    let table = [
        ("attempts = 0", "`attempts` must be at least 1"),
        ("atempts = 2", "unknown parameter `atempts`"),
        ("on = [\"conect\"]", "\"conect\""),
        ("budget_window = 0", "`budget_window` must be at least 1"),
        ("methods = \"GET\"", "`methods` must be a list of strings"),
    ];
    for (parameters, expected) in table {
        let text = refusal(&format!(
            "define qos::retry operator again with {parameters} end; create operator again; select event from in into again; select event from again into out;"
        ));
        assert!(text.contains(expected), "{parameters}: {text}");
    }
}

/// A body on its way of which nobody kept everything, or somebody did.
struct OnItsWay(bool);

impl StreamPlace for OnItsWay {
    fn is_whole(&self) -> bool {
        self.0
    }
}

#[test]
fn a_body_that_is_not_whole_any_more_is_not_sent_again() {
    for is_whole in [false, true] {
        let mut bench = retry("attempts = 2, body_limit = 100");
        let mut event = bench.event("0", NOW);
        let stream = Stream::new(Some("binary"), None, Arc::new(OnItsWay(is_whole)));
        event.payload = Payload::stream(stream, json(GET));
        let sent = bench.run(event).remove(0).1;
        assert_eq!(sent.op_meta.attempted().unwrap().body_limit, 100);
        assert_eq!(claim(&mut bench, &sent, Outcome::Reset, None, NOW).is_some(), is_whole);
    }
}

#[test]
fn every_failure_is_counted_with_what_was_done_about_it() {
    let mut bench = retry("attempts = 2, backoff = 0, backoff_max = 0, budget = 0, min_per_second = 0.1");
    let get = send(&mut bench, GET, NOW);
    let post = send(&mut bench, POST, NOW);
    let again = claim(&mut bench, &get, Outcome::Reset, None, NOW).unwrap().event;
    assert!(claim(&mut bench, &again, Outcome::Reset, None, NOW).is_none(), "attempts");
    assert!(claim(&mut bench, &post, Outcome::Reset, None, NOW).is_none(), "method");
    assert!(claim(&mut bench, &get, Outcome::Decode, None, NOW).is_none(), "class");
    assert!(claim(&mut bench, &get, Outcome::Reset, None, NOW).is_none(), "budget");
    let mut late = failure(&get, Outcome::Reset, None, NOW);
    late.repeatable_until_ns = None;
    assert!(bench.feed_back(late).claim.is_none(), "deadline");
    let mut page = Page::default();
    bench.graph.collect("p", "i", &mut page);
    let text = page.render(Format::Text);
    for (result, count) in [
        ("repeated", 1),
        ("attempts", 1),
        ("method", 1),
        ("class", 1),
        ("budget", 1),
        ("deadline", 1),
        ("body", 0),
    ] {
        let wanted = format!("temblor_retry_total{{pipeline=\"p\",instance=\"i\",node=\"again\",result=\"{result}\"}} {count}\n");
        assert!(text.contains(&wanted), "{wanted}{text}");
    }
}
