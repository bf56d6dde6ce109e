//! The table of ends (spec/proxy.md 1.3), row by row: the answer, another status, no answer, and the port `unanswered`.
//!
//! Rows that need more than one request under way or the end of the process have tests of their own: `client_gone`, `shutdown`, and the
//! refusals of what is no request.

use std::io;
use std::time::{Duration, Instant};

use temblor_testkit::{Behaviour, Recipe, Response, request};

use crate::common::{JSON, World};
use crate::{assert_error_event, assert_own};

/// Where the recipe's script returns the event.
const RETURN: &str = "event;\nend;\n# ensure";
const ENTRY: &str = "select event from in into request_handling;";
const ONRAMP: &str = "/onramp/http_in/{instance}/in";

/// A variation of the recipe.
type Vary = fn(Recipe) -> Recipe;
/// Makes a request and gives what comes of it.
type Ask = fn(&mut World) -> io::Result<Response>;

/// What an answer looks like.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Form {
    /// The record of spec/proxy.md 1.4.
    Own,
    /// An offramp's error event.
    OfframpError,
    /// The error record of an onramp.
    ErrorRecord,
    /// The text alone.
    Text,
    /// No body.
    Empty,
}

/// One row.
struct End {
    reason: &'static str,
    status: u16,
    form: Form,
    /// `retry-after`, where it is certain.
    retry_after: Option<&'static str>,
    /// Column cfg: another status can be set.
    is_configurable: bool,
    /// Column cfg: a pipeline can handle it.
    is_handled: bool,
    vary: Vary,
    /// Makes a request end so.
    ask: Ask,
}

impl End {
    /// A row of the most frequent kind.
    const fn own(reason: &'static str, status: u16, vary: Vary, ask: Ask) -> Self {
        Self {
            reason,
            status,
            form: Form::Own,
            retry_after: None,
            is_configurable: true,
            is_handled: true,
            vary,
            ask,
        }
    }
}

fn post(world: &mut World) -> io::Result<Response> {
    world.client().ask("POST", "/", JSON, "{}")
}

fn post_garbage(world: &mut World) -> io::Result<Response> {
    world.client().ask("POST", "/", JSON, "{\"a\":")
}

fn post_nothing(world: &mut World) -> io::Result<Response> {
    world.client().ask("POST", "/", JSON, "")
}

/// With all upstreams gone, as many requests as there are upstreams, and one more.
fn post_until_no_upstream_is_left(world: &mut World) -> io::Result<Response> {
    stop_all(world);
    for _ in 0..3 {
        assert_eq!(post(world)?.status, 503);
    }
    post(world)
}

fn stop_all(world: &mut World) {
    for upstream in &mut world.upstreams {
        upstream.stop();
    }
}

fn post_to_a_dead_upstream(world: &mut World) -> io::Result<Response> {
    world.upstreams[0].stop();
    post(world)
}

fn post_to_silence(world: &mut World) -> io::Result<Response> {
    world.set(&Behaviour::Hold);
    post(world)
}

fn post_past_the_second_balancer(world: &mut World) -> io::Result<Response> {
    world.upstreams[1].stop();
    assert_eq!(post(world)?.status, 503);
    post(world)
}

fn post_twice(world: &mut World) -> io::Result<Response> {
    assert_eq!(post(world)?.status, 200);
    post(world)
}

fn post_first_of_two(world: &mut World) -> io::Result<Response> {
    let mut first = world.client();
    first.send(&request("POST", "/", JSON, "{}"))?;
    let mut second = world.client();
    second.send(&request("POST", "/", JSON, "{}"))?;
    // Which of the two the batch resolves to depends on their arrival; the other one is the merged one.
    let (one, other) = (first.receive(), second.receive());
    let is_resolved = |answer: &io::Result<Response>| {
        let text = answer.as_ref().map(|response| response.json()["error"].clone());
        text.is_ok_and(|text| text == "Batched events not supported in linked REST source.")
    };
    if is_resolved(&one) { other } else { one }
}

fn unread_script_errors(recipe: Recipe) -> Recipe {
    let unread = recipe.request_pipeline("select event from request_handling/err into err;", "");
    unread.request_pipeline(RETURN, "let x = event / 2;\nevent;\nend;\n# ensure")
}

fn limited(recipe: Recipe) -> Recipe {
    let limit = "define script classify script\nlet $class = \"all\";\nlet $rate = 1;\nlet $time_range = 60000;\nevent;\nend;\n\
                 create script classify;\ndefine grouper::bucket operator limit;\ncreate operator limit;\n\
                 select event from in into classify;\nselect event from classify into limit;\n\
                 select event from limit into request_handling;";
    recipe.request_pipeline(ENTRY, limit)
}

/// All requests go to the first upstream, and its responses through a balancer of their own to the second one.
fn second_balancer(recipe: Recipe) -> Recipe {
    let one_way = recipe
        .without_links_from("/pipeline/request_handling/{instance}/ws02")
        .without_links_from("/pipeline/request_handling/{instance}/ws03")
        .without_links_from("/pipeline/response_handling/{instance}/out")
        .without_links_from("/offramp/upstream02/{instance}/out")
        .request_pipeline("outputs = [\"ws01\", \"ws02\", \"ws03\"]", "outputs = [\"ws01\"]");
    let unused = [
        "select event from rr/ws02 into bp02;",
        "select event from rr/ws03 into bp03;",
        "select event from bp02 into out/ws02;",
        "select event from bp03 into out/ws03;",
    ];
    let one_way = unused.iter().fold(one_way, |recipe, line| recipe.request_pipeline(line, ""));
    let balancer = "define qos::roundrobin operator second with outputs = [\"only\"] end;\ncreate operator second;\n\
                    define qos::backpressure operator breaker with timeout = 10000, steps = [60000], circuit_breaker = true end;\n\
                    create operator breaker;\n\
                    select event from response_handling into second;\nselect event from second/only into breaker;\n\
                    select event from breaker into out;";
    one_way
        .response_pipeline("select event from response_handling into out;", balancer)
        .link(
            "/pipeline/response_handling/{instance}/out",
            "/offramp/upstream02/{instance}/in",
        )
}

fn to_a_sink_that_never_answers(recipe: Recipe) -> Recipe {
    let silent = "\"/pipeline/request_handling/{instance}/ws01\": [\"/offramp/upstream01/{instance}/in\"]";
    let void = "\"/pipeline/request_handling/{instance}/ws01\": [\"/offramp/void/{instance}/in\"]";
    recipe
        .config("offramp:\n", "offramp:\n  - id: void\n    type: blackhole\n    codec: json\n    config: {warmup_secs: 0, stop_after_secs: 0, significant_figures: 1}\n")
        .config(silent, void)
}

/// Two requests become one event, which goes back as it is.
fn put_together(recipe: Recipe) -> Recipe {
    let batch = "define generic::batch operator batch with count = 2 end;\ncreate operator batch;\n\
                 select event from in into batch;\nselect {\"n\": 1} from batch into out/summary;";
    let straight_back = recipe.link("/pipeline/request_handling/{instance}/summary", ONRAMP);
    straight_back.request_pipeline(ENTRY, batch).onramp("timeout: 10s")
}

fn with_circuit_breakers(recipe: Recipe) -> Recipe {
    let breaking = recipe.request_pipeline("timeout = 10000,", "timeout = 10000,\ncircuit_breaker = true,");
    breaking.back_off("60000").onramp("timeouts: {reply: 600ms}")
}

fn circle(recipe: Recipe) -> Recipe {
    let circle = recipe.without_links_from("/pipeline/response_handling/{instance}/out").link(
        "/pipeline/response_handling/{instance}/out",
        "/pipeline/request_handling/{instance}/in",
    );
    let limited = circle.onramp("limits: {exchanges: 3}");
    limited.request_pipeline("from in into request_handling;", "from in into rr;")
}

/// The upstream is the proxy itself.
fn mirror(recipe: Recipe) -> Recipe {
    recipe.onramp("proxy: {name: gate, max_hops: 2}")
}

fn post_with_via(world: &mut World) -> io::Result<Response> {
    let via = [JSON[0], ("Via", "1.1 gate, 1.0 other"), ("Via", "1.1 gate")];
    world.client().ask("POST", "/", &via, "{}")
}

fn ends() -> Vec<End> {
    vec![
        End {
            form: Form::Text,
            is_handled: false,
            ..End::own(
                "reply_invalid",
                500,
                |recipe| recipe.response_pipeline("event;\nend;", "let $response.status = 77;\nevent;\nend;"),
                post,
            )
        },
        End {
            form: Form::ErrorRecord,
            ..End::own("decode_error", 400, |recipe| recipe, post_garbage)
        },
        End {
            form: Form::Empty,
            is_configurable: false,
            is_handled: false,
            ..End::own(
                "empty",
                400,
                |recipe| {
                    recipe.config("type: rest\n    linked: true\n    codec: json\n    config:\n      host: 127.0.0.1\n      port", "type: rest\n    linked: true\n    codec: json\n    preprocessors: [remove-empty]\n    config:\n      host: 127.0.0.1\n      port")
                },
                post_nothing,
            )
        },
        End::own("script_error", 500, unread_script_errors, post),
        End::own(
            "select_error",
            500,
            |recipe| recipe.request_pipeline(ENTRY, "select event.nowhere from in into request_handling;"),
            post,
        ),
        End::own(
            "dropped",
            500,
            |recipe| recipe.request_pipeline(RETURN, "drop;\nevent;\nend;\n# ensure"),
            post,
        ),
        End::own(
            "filtered",
            404,
            |recipe| recipe.request_pipeline(ENTRY, "select event from in where false into request_handling;"),
            post,
        ),
        End::own(
            "unlinked",
            500,
            |recipe| recipe.without_links_from("/pipeline/request_handling/{instance}/ws01"),
            post,
        ),
        End {
            // Measured from the arrival of the request to the end of the back-off, which began before.
            retry_after: Some("60"),
            ..End::own(
                "overflow",
                503,
                |recipe| recipe.back_off("60000"),
                post_until_no_upstream_is_left,
            )
        },
        End {
            retry_after: Some("1"),
            ..End::own("no_upstream", 503, second_balancer, post_past_the_second_balancer)
        },
        End {
            retry_after: Some("60"),
            ..End::own("rate_limited", 429, limited, post_twice)
        },
        End {
            form: Form::OfframpError,
            ..End::own(
                "offramp",
                503,
                |recipe| recipe.without_links_from("/offramp/upstream01/{instance}/err"),
                post_to_a_dead_upstream,
            )
        },
        End::own("no_reply", 500, to_a_sink_that_never_answers, post),
        End::own("merged", 500, put_together, post_first_of_two),
        End::own(
            "timeout",
            504,
            |recipe| recipe.onramp("timeouts: {reply: 400ms}"),
            post_to_silence,
        ),
        End {
            retry_after: Some("1"),
            ..End::own("paused", 503, with_circuit_breakers, post_until_no_upstream_is_left)
        },
        End {
            is_handled: false,
            ..End::own("loop", 508, circle, post)
        },
        End {
            is_handled: false,
            ..End::own("loop", 508, mirror, post_with_via)
        },
    ]
}

fn ask(end: &End, vary: impl FnOnce(Recipe) -> Recipe) -> (World, io::Result<Response>) {
    let mut world = World::new(|recipe| vary((end.vary)(recipe)));
    let answer = (end.ask)(&mut world);
    (world, answer)
}

fn assert_form(response: &Response, end: &End, status: u16) {
    let reason = end.reason;
    assert_eq!(response.header("server"), Some("Tremor"), "{reason}: {response:?}");
    match end.form {
        Form::Own => assert_own(response, status, reason, reason),
        Form::OfframpError => assert_error_event(response, status, None, reason),
        Form::ErrorRecord => {
            let body = response.json();
            assert!(body["source_id"].is_string() && body["event_id"].is_u64(), "{body}");
        }
        Form::Text => assert_eq!(
            response.json().as_object().map(serde_json::Map::len),
            Some(1),
            "{reason}: {response:?}"
        ),
        Form::Empty => {
            assert_eq!(
                (response.body(), response.header("content-type")),
                (&b""[..], None),
                "{reason}: {response:?}"
            );
            assert_eq!(response.header("content-length"), Some("0"));
        }
    }
    assert_eq!(response.status, status, "{reason}: {response:?}");
    assert_eq!(response.header("retry-after"), end.retry_after, "{reason}: {response:?}");
    assert_eq!(response.header("via"), None, "{reason}: own answers have none");
}

#[test]
fn every_end_has_its_answer() {
    for end in ends() {
        let (world, answer) = ask(&end, |recipe| recipe);
        let response = answer.unwrap_or_else(|error| panic!("{}: {error}\n{}", end.reason, world.proxy.stderr()));
        assert_form(&response, &end, end.status);
        let proxy = &world.proxy;
        let counted = proxy.wait_for_number("temblor_http_answers_total", &[("reason", end.reason)], |count| count >= 1.0);
        counted.unwrap_or_else(|error| panic!("{}: {error}", end.reason));
        let status = end.status.to_string();
        assert!(
            proxy
                .metrics()
                .unwrap()
                .value("temblor_http_requests_total", &[("code", &status)])
                >= 1.0
        );
    }
}

#[test]
fn statuses_can_be_set_and_leave_the_body_alone() {
    for end in ends().into_iter().filter(|end| end.is_configurable) {
        let (_world, answer) = ask(&end, |recipe| recipe.onramp(&format!("answers: {{{}: 418}}", end.reason)));
        assert_form(&answer.unwrap(), &end, 418);
    }
}

#[test]
fn an_end_can_be_no_answer_at_all() {
    for end in ends().into_iter().filter(|end| end.is_configurable) {
        let (_world, answer) = ask(&end, |recipe| recipe.onramp(&format!("answers: {{{}: close}}", end.reason)));
        let error = answer.expect_err(end.reason).to_string();
        assert_eq!(error, "closed after \"\"", "{}", end.reason);
    }
}

#[test]
fn an_empty_status_has_no_body() {
    for status in [204, 304] {
        let world = World::new(|recipe| {
            let dropped = recipe.request_pipeline(RETURN, "drop;\nevent;\nend;\n# ensure");
            dropped.onramp(&format!("answers: {{dropped: {status}}}\n      server_header: gate"))
        });
        let mut client = world.client();
        for _ in 0..2 {
            let response = client.ask("POST", "/", JSON, "{}").unwrap();
            assert_eq!((response.status, response.body()), (status, &b""[..]));
            assert_eq!(
                (response.header("content-type"), response.header("content-length")),
                (None, None)
            );
            assert_eq!(response.header("server"), Some("gate"));
        }
    }
}

const UNANSWERED: &str = "/onramp/http_in/{instance}/unanswered";

#[test]
fn a_pipeline_that_passes_on_gives_exactly_the_own_answer() {
    for end in ends() {
        let (world, answer) = ask(&end, |recipe| {
            let passed = recipe.link(UNANSWERED, "/pipeline/system::passthrough/{instance}/in");
            passed.link("/pipeline/system::passthrough/{instance}/out", ONRAMP)
        });
        let response = answer.unwrap_or_else(|error| panic!("{}: {error}\n{}", end.reason, world.proxy.stderr()));
        assert_form(&response, &end, end.status);
    }
}

/// A way for unanswered requests through the response pipeline, past its script.
fn with_stand_in(recipe: Recipe, query: &str) -> Recipe {
    let last = "select event from response_handling/err into err;";
    recipe
        .response_pipeline(last, &format!("{last}\ncreate stream unanswered;\n{query}"))
        .link(UNANSWERED, "/pipeline/response_handling/{instance}/unanswered")
}

/// Tells what the event has.
const TELL: &str = "define script tell script\nlet $response.status = 299;\nlet correlation = match $ of case %{present correlation} => $correlation \
                    default => null end;\nlet event = {\"value\": event, \"error\": $error, \"reason\": $reason, \"response\": $response, \
                    \"method\": $request.method, \"correlation\": correlation};\nevent;\nend;\ncreate script tell;\n\
                    select event from unanswered into tell;\nselect event from tell into outcome;\n\
                    select event from tell/err into outcome;";

#[test]
fn a_pipeline_may_answer_instead() {
    for end in ends().into_iter().filter(|end| end.is_handled) {
        let (world, answer) = ask(&end, |recipe| {
            let told = with_stand_in(recipe, &TELL.replace("into outcome", "into out/told"));
            told.link("/pipeline/response_handling/{instance}/told", ONRAMP)
                .onramp("answers: {timeout: 599}")
        });
        let reason = end.reason;
        let response = answer.unwrap_or_else(|error| panic!("{reason}: {error}\n{}", world.proxy.stderr()));
        let body = response.json();
        assert_eq!(response.status, 299, "{reason}: {response:?}");
        assert_eq!((&body["reason"], &body["method"]), (&reason.into(), &"POST".into()), "{body}");
        assert_eq!(body["error"], body["value"]["error"], "{body}");
        assert_eq!(body["response"]["headers"]["server"], "Tremor", "{body}");
        assert_eq!(body["response"]["headers"]["content-type"], "application/json", "{body}");
        if let Some(seconds) = end.retry_after {
            assert_eq!(body["response"]["headers"]["retry-after"], seconds, "{body}");
        }
        if end.form == Form::Own {
            assert_eq!(body["value"]["reason"], reason, "{body}");
        }
    }
}

#[test]
fn an_unanswered_request_tells_its_correlation() {
    let cases: [(&str, Vary); 4] = [
        ("dropped", |recipe| {
            recipe.response_pipeline("event;\nend;", "drop;\nevent;\nend;")
        }),
        ("offramp", |recipe| {
            recipe.without_links_from("/offramp/upstream01/{instance}/err")
        }),
        ("unlinked", |recipe| {
            recipe.without_links_from("/pipeline/request_handling/{instance}/ws01")
        }),
        ("timeout", |recipe| recipe.onramp("timeouts: {reply: 400ms}")),
    ];
    for (reason, vary) in cases {
        let mut world = World::new(|recipe| {
            let marked = vary(recipe).request_pipeline(RETURN, "let $correlation = [\"mark\", 7];\nevent;\nend;\n# ensure");
            let told = with_stand_in(marked, &TELL.replace("into outcome", "into out/told"));
            told.link("/pipeline/response_handling/{instance}/told", ONRAMP)
        });
        match reason {
            "offramp" => world.upstreams[0].stop(),
            "timeout" => world.set(&Behaviour::Hold),
            _ => {}
        }
        let body = post(&mut world).unwrap().json();
        assert_eq!(
            (&body["reason"], &body["correlation"]),
            (&reason.into(), &serde_json::json!(["mark", 7])),
            "{body}"
        );
    }
}

#[test]
fn a_pipeline_that_loses_the_event_changes_nothing() {
    let losses = [
        "select event from unanswered where false into out;",
        "define script lose script drop end; create script lose; select event from unanswered into lose; select event from lose into out;",
        "select event.nowhere from unanswered into out;",
        "select event from unanswered into out/nowhere;",
    ];
    for loss in losses {
        let world = World::new(|recipe| {
            let dropped = recipe.request_pipeline(RETURN, "drop;\nevent;\nend;\n# ensure");
            with_stand_in(dropped, loss)
        });
        assert_own(&world.ask("POST", "/", "{}"), 500, "dropped", loss);
    }
}

#[test]
fn a_late_pipeline_has_a_second_at_least() {
    let keeps = "define generic::batch operator keep with count = 9 end;\ncreate operator keep;\n\
                 select event from unanswered into keep;\nselect event from keep into out;";
    let world = World::new(|recipe| with_stand_in(recipe.onramp("timeouts: {reply: 300ms}"), keeps));
    world.set(&Behaviour::Hold);
    let begin = Instant::now();
    assert_own(&world.ask("POST", "/", "{}"), 504, "timeout", "kept");
    let time = begin.elapsed();
    assert!(
        time >= Duration::from_millis(1300) && time < Duration::from_secs(6),
        "{time:?}"
    );
}

#[test]
fn a_reply_that_cannot_be_sent_is_not_handed_on_again() {
    let bad = "define script bad script\nlet $response.status = 77;\nevent;\nend;\ncreate script bad;\n\
               select event from unanswered into bad;\nselect event from bad into out/told;";
    let world = World::new(|recipe| {
        let dropped = recipe.request_pipeline(RETURN, "drop;\nevent;\nend;\n# ensure");
        with_stand_in(dropped, bad).link("/pipeline/response_handling/{instance}/told", ONRAMP)
    });
    let response = world.ask("POST", "/", "{}");
    assert_eq!(response.status, 500);
    assert_eq!(
        response.json(),
        serde_json::json!({"error": "The response status 77 is not within 100 to 999."})
    );
}

#[test]
fn a_second_reply_is_ignored() {
    let out = "\"/pipeline/response_handling/{instance}/out\": [\"/onramp/http_in/{instance}/in\"]";
    let twice =
        "\"/pipeline/response_handling/{instance}/out\": [\"/onramp/http_in/{instance}/in\", \"/onramp/http_in/{instance}/in\"]";
    let world = World::new(|recipe| recipe.config(out, twice));
    let mut client = world.client();
    for number in 0..6 {
        let response = client.ask("POST", "/", JSON, &format!("{{\"n\":{number}}}")).unwrap();
        assert_eq!((response.status, &response.json()["json"]["n"]), (200, &number.into()));
    }
}

#[test]
fn refused_requests_obey_the_setting_too() {
    let world = World::new(|recipe| {
        recipe.onramp("answers: {bad_request: close, version: 426, expectation: 204}\n      server_header: \"\"")
    });
    let send = |bytes: &str| {
        let mut client = world.client();
        client.send(bytes.as_bytes()).unwrap();
        client.receive()
    };
    assert_eq!(send("GET / HTTP/1.1\r\n\r\n").unwrap_err().to_string(), "closed after \"\"");
    let version = send("GET / HTTP/2.0\r\nHost: a\r\n\r\n").unwrap();
    assert_eq!((version.status, version.header("server")), (426, None));
    assert_eq!(
        version.json(),
        serde_json::json!({"error": "the protocol version is not supported", "reason": "version"})
    );
    assert_eq!(version.header("connection"), Some("close"));
    let expectation = send("POST / HTTP/1.1\r\nHost: a\r\nExpect: cake\r\nContent-Length: 2\r\n\r\n{}").unwrap();
    assert_eq!((expectation.status, expectation.body()), (204, &b""[..]));
    let method = send("CONNECT a:80 HTTP/1.1\r\nHost: a\r\n\r\n").unwrap();
    assert_eq!(method.status, 501);
}
