//! `$upstream` (spec/proxy.md 2.3, 2.6 step 4, 2.7 last item), shown to the client by a script behind the offramp.

use std::time::Duration;

use serde_json::{Value, json};
use temblor_testkit::{Behaviour, FaultyUpstream, Response, request};

use crate::world::{World, gate};

/// Two upstreams behind a retry operator and a balancer; `$upstream` of the request is what the header `x-wish` says, that of the
/// response or error goes back in `x-upstream`.
fn page(offramp: &str, expose: bool) -> String {
    let settings = format!("expose: {expose}\n      failure: {{status: [\"5xx\"]}}\n      {offramp}");
    let gate = gate("proxy: {name: gate}", &["one", "two"], &settings, &["out", "err"]);
    format!("{PIPELINES}{gate}")
}

const PIPELINES: &str = "```trickle route.trickle
define script wish script
  use std::json;
  match $request.headers of
    case %{present `x-wish`} => let $upstream = json::decode($request.headers[\"x-wish\"][0])
    default => null
  end;
  event
end;
define qos::retry operator again with on = [\"connect\", \"503\"], backoff = 0 end;
define qos::roundrobin operator turn with outputs = [\"left\", \"right\"] end;
create script wish;
create operator again;
create operator turn;
select event from in into wish;
select event from wish into again;
select event from again into turn;
select event from turn/left into out/one;
select event from turn/right into out/two;
select event from wish/err into err;
```
```trickle back.trickle
define script show script
  use std::json;
  let $response.headers[\"x-upstream\"] = match present $upstream of case true => json::encode($upstream) default => \"none\" end;
  event
end;
create script show;
select event from in into show;
select event from show into out;
select event from show/err into err;
```
";

fn upstream(response: &Response) -> Value {
    let text = response.header("x-upstream").unwrap_or_else(|| panic!("{response:?}"));
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{text}: {error}"))
}

/// The record without its times.
fn told(response: &Response) -> Value {
    let mut told = upstream(response);
    told.as_object_mut().unwrap().remove("time");
    told
}

fn ask(world: &World<2>, wish: Option<&str>) -> Response {
    let headers: Vec<(&str, &str)> = wish.map(|wish| ("X-Wish", wish)).into_iter().collect();
    let answer = world.proxy.client().unwrap().ask("GET", "/", &headers, "");
    answer.unwrap_or_else(|error| panic!("{error}; the program wrote:\n{}", world.proxy.stderr()))
}

#[test]
fn responses_tell_of_their_attempt() {
    let world: World<2> = World::of_page(&page("", true));
    let address = |at: usize| format!("127.0.0.1:{}", world.upstreams[at].port());
    for (reused, name, output, at) in [
        (false, "one", "left", 0),
        (false, "two", "right", 1),
        (true, "one", "left", 0),
        (true, "two", "right", 1),
    ] {
        let expected = json!({
            "name": name, "output": output, "address": address(at), "attempt": 1, "outcome": "ok", "reused": reused, "protocol": "HTTP/1.1",
        });
        let response = ask(&world, None);
        assert_eq!(told(&response), expected);
        let time = &upstream(&response)["time"];
        let part = |key: &str| time[key].as_u64().unwrap_or_else(|| panic!("{key}: {time}"));
        assert_eq!(part("queue_us"), 0);
        assert_eq!(part("connect_us") == 0, reused, "{time}");
        assert!(
            part("connect_us") <= part("first_byte_us") && part("first_byte_us") <= part("total_us"),
            "{time}"
        );
    }
}

#[test]
fn further_attempts_and_failures_tell_as_well() {
    let mut world: World<2> = World::of_page(&page("", true));
    world.upstreams[0].set(Behaviour::answer(503, &[], ""));
    let second = told(&ask(&world, None));
    assert_eq!(
        (&second["attempt"], &second["name"], &second["outcome"]),
        (&json!(2), &json!("two"), &json!("ok"))
    );
    world.upstreams[1].set(Behaviour::answer(503, &[], ""));
    let failed = ask(&world, None);
    assert_eq!((failed.status, &told(&failed)["outcome"]), (503, &json!("status")));
    world.upstreams.iter_mut().for_each(FaultyUpstream::stop);
    let gone = told(&ask(&world, None));
    assert_eq!(gone["outcome"], "connect");
    assert_eq!(
        (&gone["address"], &gone["protocol"], &gone["reused"]),
        (&Value::Null, &Value::Null, &json!(false))
    );
    assert_eq!(gone["attempt"], 2);
}

#[test]
fn an_event_sets_its_own_host_and_times() {
    let world: World<2> = World::of_page(&page("timeouts: {total: 1h, first_byte: 1h}", true));
    assert_eq!(
        ask(&world, Some(r#"{"host": "other.example"}"#)).json()["headers"]["Host"],
        "other.example"
    );
    assert_ne!(ask(&world, Some(r#"{"host": 7}"#)).json()["headers"]["Host"], "7");
    for upstream in &world.upstreams {
        upstream.set(Behaviour::Hold);
    }
    for wish in [r#"{"timeout": 100}"#, r#"{"first_byte": 100}"#] {
        let late = ask(&world, Some(wish));
        assert_eq!((late.status, &told(&late)["outcome"]), (504, &json!("timeout")), "{wish}");
        assert!(upstream(&late)["time"]["total_us"].as_u64() >= Some(100_000), "{wish}");
    }
    let unbuilt = ask(&world, Some("{\"host\": \"a\\nb\"}"));
    assert_eq!((unbuilt.status, &told(&unbuilt)["outcome"]), (400, &json!("build")));
}

#[test]
fn time_in_the_queue_is_told_and_counts_where_that_is_asked_for() {
    for counted in [false, true] {
        let offramp = format!("concurrency: 1\n      queue: {{timeout: 1h, counted: {counted}}}");
        let world: World<2> = World::of_page(&page(&offramp, true));
        let held = Behaviour::Slow(Duration::from_millis(200), Box::new(Behaviour::Echo));
        world.upstreams[0].set(held);
        let send = |_| {
            let mut client = world.client();
            client.send(&request("GET", "/", &[], "")).unwrap();
            client
        };
        let mut clients: Vec<_> = (0..3).map(send).collect();
        // The first and the third go to the first upstream, one behind the other.
        let third = clients[2].receive().unwrap();
        let time = &upstream(&third)["time"];
        let (queued, total) = (time["queue_us"].as_u64().unwrap(), time["total_us"].as_u64().unwrap());
        assert!(queued >= 150_000, "{time}");
        assert_eq!(total >= queued + 200_000, counted, "{time}");
        assert!(total >= 200_000, "{time}");
    }
}

#[test]
fn nothing_is_read_or_told_where_it_is_not_asked_for() {
    let world: World<2> = World::of_page(&page("", false));
    let response = ask(&world, Some(r#"{"host": "other.example"}"#));
    assert_ne!(response.json()["headers"]["Host"], "other.example");
    // What the program wrote stays on the request's side.
    assert_eq!(response.header("x-upstream"), Some("none"));
}
