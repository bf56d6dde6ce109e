//! Every row of the table of outcomes (spec/proxy.md 2.15) that has an event, over real sockets, with both sets of statuses.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use socket2::{Domain, Socket, Type};
use temblor_testkit::{Authority, Behaviour, Deployment, FaultyUpstream, Page, Response, TlsFront, request};

use crate::world::PATIENCE;

/// One offramp with these settings; `x-outcome` of the answer is `$upstream.outcome`.
fn run(settings: &str, port: u16) -> Deployment {
    let text = format!(
        "```trickle route.trickle
define script wish script
  match $request.headers of
    case %{{present `x-host`}} => let $upstream = {{\"host\": \"a\\nb\"}}
    default => null
  end;
  event
end;
create script wish;
select event from in into wish;
select event from wish into out;
```
```trickle back.trickle
define script show script
  let $response.headers[\"x-outcome\"] = $upstream.outcome;
  event
end;
create script show;
select event from in into show;
select event from show into out;
```
```yaml gate.yaml
onramp:
  - id: gate
    type: rest
    linked: true
    codec: json
    config: {{host: 127.0.0.1, port: 8080}}
offramp:
  - id: shop
    type: rest
    linked: true
    codec: json
    config:
      expose: true
      {settings}
binding:
  - id: main
    links:
      \"/onramp/gate/{{instance}}/out\": [\"/pipeline/route/{{instance}}/in\"]
      \"/pipeline/route/{{instance}}/out\": [\"/offramp/shop/{{instance}}/in\"]
      \"/offramp/shop/{{instance}}/out\": [\"/pipeline/back/{{instance}}/in\"]
      \"/offramp/shop/{{instance}}/err\": [\"/pipeline/back/{{instance}}/in\"]
      \"/pipeline/back/{{instance}}/out\": [\"/onramp/gate/{{instance}}/in\"]
mapping:
  /binding/main/a:
    instance: a
```
"
    );
    let page = Page::new(&text).unwrap().at(9000, port);
    Deployment::of_page(env!("CARGO_BIN_EXE_temblor"), &page).unwrap_or_else(|error| panic!("{error}"))
}

fn outcome(response: &Response) -> (u16, String) {
    (response.status, response.header("x-outcome").unwrap_or("").to_owned())
}

fn ask(gate: &Deployment, headers: &[(&str, &str)]) -> (u16, String) {
    let answer = gate.client().unwrap().ask("GET", "/", headers, "");
    outcome(&answer.unwrap_or_else(|error| panic!("{error}\n{}", gate.stderr())))
}

fn json(status: u16, body: &'static str) -> Behaviour {
    Behaviour::answer(status, &[("Content-Type", "application/json")], body)
}

const HERE: &str = "endpoint:\n        host: 127.0.0.1\n        port: 9000";

/// What an upstream does, settings of the offramp beside `error_status`, the outcome, and its statuses: compat, gateway.
type Row<'a> = (Behaviour, &'a str, &'a str, [u16; 2]);

#[test]
fn what_upstreams_do_has_its_outcome_and_status() {
    let table: &[Row<'_>] = &[
        (json(200, "{}"), HERE, "ok", [200, 200]),
        (json(404, "{}"), HERE, "status", [404, 404]),
        (json(503, "{}"), HERE, "status", [503, 503]),
        (Behaviour::ResetAfterRequest, HERE, "reset", [503, 502]),
        (Behaviour::CloseAfterRequest, HERE, "reset", [503, 502]),
        (Behaviour::HalfHead, HERE, "reset", [503, 502]),
        (Behaviour::raw("HTTP/1.1 abc\r\n\r\n"), HERE, "protocol", [503, 502]),
        (Behaviour::HalfBody, HERE, "truncated", [500, 502]),
        (json(200, "not json"), HERE, "decode", [500, 502]),
        (
            json(200, "{\"more\": \"than ten bytes\"}"),
            "limits: {buffer: 10}",
            "too_large",
            [502, 502],
        ),
        (Behaviour::Hold, "timeouts: {first_byte: 100ms}", "timeout", [504, 504]),
        (Behaviour::Hold, "timeouts: {total: 100ms}", "timeout", [504, 504]),
    ];
    for (kind, at) in [("compat", 0), ("gateway", 1)] {
        for (behaviour, settings, name, statuses) in table {
            let upstream = FaultyUpstream::start(behaviour.clone()).unwrap();
            let own = if *settings == HERE { "" } else { settings };
            let gate = run(&format!("error_status: {kind}\n      {HERE}\n      {own}"), upstream.port());
            assert_eq!(
                ask(&gate, &[]),
                (statuses[at], (*name).to_owned()),
                "{kind} {behaviour:?} {settings}"
            );
        }
    }
}

#[test]
fn what_never_reaches_an_upstream_has_its_outcome_and_status() {
    for (kind, at) in [("compat", 0), ("gateway", 1)] {
        let settings = |more: &str| format!("error_status: {kind}\n      {more}");
        let status = |statuses: [u16; 2]| statuses[at];

        let upstream = FaultyUpstream::echo().unwrap();
        let gate = run(&settings(HERE), upstream.port());
        assert_eq!(ask(&gate, &[("X-Host", "1")]), (status([400, 500]), "build".to_owned()));

        upstream.set(Behaviour::Hold);
        let gate = run(&settings(&format!("concurrency: 1\n      {HERE}")), upstream.port());
        let mut first = gate.client().unwrap();
        first.send(&request("GET", "/", &[], "")).unwrap();
        assert!(upstream.wait(PATIENCE, |log| log.count == 1));
        assert_eq!(ask(&gate, &[]), (status([429, 503]), "overload".to_owned()));

        let gate = run(&settings("endpoint: http://nowhere.invalid:1"), 1);
        assert_eq!(ask(&gate, &[]), (status([503, 502]), "dns".to_owned()));

        let mut gone = FaultyUpstream::echo().unwrap();
        gone.stop();
        let gate = run(&settings(HERE), gone.port());
        assert_eq!(ask(&gate, &[]), (status([503, 502]), "connect".to_owned()));

        // An authority that nobody here trusts.
        let stranger = Authority::new("Stranger")
            .and_then(|authority| authority.server(&["127.0.0.1"]))
            .unwrap();
        let front = TlsFront::start(&stranger, None, upstream.port()).unwrap();
        let gate = run(
            &settings("endpoint:\n        scheme: https\n        host: 127.0.0.1\n        port: 9000"),
            front.port(),
        );
        assert_eq!(ask(&gate, &[]), (status([503, 502]), "tls".to_owned()));

        let (_full, _waiting, port) = full_listener();
        let gate = run(&settings(&format!("timeouts: {{connect: 200ms}}\n      {HERE}")), port);
        assert_eq!(ask(&gate, &[]), (status([503, 504]), "connect_timeout".to_owned()));
    }
}

/// A listener that nobody accepts from and whose line is full, so that the system answers no further connection.
fn full_listener() -> (Socket, Vec<Socket>, u16) {
    let listener = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
    listener.bind(&SocketAddr::from((Ipv4Addr::LOCALHOST, 0)).into()).unwrap();
    listener.listen(0).unwrap();
    let address = listener.local_addr().unwrap();
    let mut waiting = Vec::new();
    loop {
        let socket = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
        if socket.connect_timeout(&address, Duration::from_millis(200)).is_err() {
            return (listener, waiting, address.as_socket().unwrap().port());
        }
        waiting.push(socket);
    }
}

#[test]
fn which_statuses_are_failures_can_be_said() {
    let upstream = FaultyUpstream::echo().unwrap();
    let gate = run(
        &format!("failure: {{status: [\"500-599\", 429]}}\n      {HERE}"),
        upstream.port(),
    );
    for (status, name) in [
        (404, "ok"),
        (499, "ok"),
        (429, "status"),
        (500, "status"),
        (599, "status"),
        (600, "ok"),
    ] {
        upstream.set(json(status, "{}"));
        assert_eq!(ask(&gate, &[]), (status, name.to_owned()));
    }
}
