//! A binding that is undeployed and deployed again over the admin interface (spec/proxy.md 1.3 and 2.17, spec/runtime.md 3.3 and 6).
#![allow(clippy::unwrap_used)] // helpers of tests

use std::process::Command;
use std::thread::scope;

use temblor_testkit::{Behaviour, Deployment, FaultyUpstream, Page, RawClient, Recipe, Response, free_port, request, wait_until};

use crate::common::{JSON, PATIENCE, World};
use crate::wait_for_requests;

const INSTANCE: &str = "/binding/main/01";
const YAML: (&str, &str) = ("accept", "application/yaml");

/// Waits until everything is deployed; the port opens a little earlier.
fn wait_until_ready(gate: &Deployment) {
    let is_ready = wait_until(PATIENCE, || gate.admin("GET", "/ready", &[]).unwrap().status == 200);
    assert!(is_ready, "not ready\n{}", gate.stderr());
}

/// The recipe, deployed.
fn ready(vary: impl FnOnce(Recipe) -> Recipe) -> World {
    let world = World::new(vary);
    wait_until_ready(&world.proxy);
    world
}

fn undeploy(world: &World) -> Response {
    world.proxy.admin("DELETE", INSTANCE, &[]).unwrap()
}

/// Deploys it again.
fn deploy(world: &World, kind: &str, body: &str) -> Response {
    let mut client = world.proxy.admin_client().unwrap();
    client.ask("POST", INSTANCE, &[("content-type", kind)], body).unwrap()
}

/// Waits until nothing listens at the onramp's port.
fn wait_for_closed_port(world: &World) {
    assert!(
        wait_until(PATIENCE, || world.proxy.client().is_err()),
        "the port is still open"
    );
}

#[test]
fn what_is_left_when_the_onramp_ends_is_answered() {
    let world = ready(|recipe| recipe.document("temblor: {drain: 300ms}"));
    world.set(&Behaviour::Hold);
    let mut client = world.client();
    client.send(&request("POST", "/", JSON, "{}")).unwrap();
    wait_for_requests(&world, 1);
    let gone = undeploy(&world);
    assert_eq!((gone.status, gone.body()), (204, &b""[..]));
    let response = client.receive().unwrap();
    assert_eq!((response.status, response.body()), (503, &b""[..]));
    assert_eq!(response.header("connection"), Some("close"));
    assert_eq!(response.header("server"), Some("Tremor"));
    assert!(world.proxy.client().is_err(), "the port is still open");
    // The process goes on, and the binding can come back.
    assert_eq!(world.proxy.admin("GET", "/health", &[]).unwrap().status, 200);
    world.set(&Behaviour::Echo);
    for _ in 0..2 {
        let made = deploy(&world, "application/json", r#"{"instance":"01"}"#);
        assert_eq!(made.status, 201, "{made:?}");
        assert_eq!(made.json()["id"], "main");
        assert_eq!(world.ask("POST", "/", "{}").status, 200);
        assert_eq!(undeploy(&world).status, 204);
        assert!(world.proxy.client().is_err(), "the port is still open");
    }
}

#[test]
fn what_is_under_way_is_finished() {
    let world = ready(|recipe| recipe);
    world.set(&Behaviour::Hold);
    let mut client = world.client();
    client.send(&request("POST", "/", JSON, r#"{"n":1}"#)).unwrap();
    wait_for_requests(&world, 1);
    let mut admin = world.proxy.admin_client().unwrap();
    scope(|scope| {
        let undeploying = scope.spawn(move || admin.ask("DELETE", INSTANCE, &[], "").unwrap().status);
        wait_for_closed_port(&world);
        world.set(&Behaviour::Echo);
        let response = client.receive().unwrap();
        assert_eq!((response.status, &response.json()["json"]["n"]), (200, &1.into()));
        assert_eq!(response.header("connection"), Some("close"));
        assert_eq!(undeploying.join().unwrap(), 204);
    });
}

#[test]
fn bindings_are_listed_shown_and_refused_as_specified() {
    let world = ready(|recipe| recipe);
    let ask = |method: &str, path: &str| world.proxy.admin(method, path, &[]).unwrap();
    assert_eq!(ask("GET", "/binding").json(), serde_json::json!(["main"]));
    let shown = ask("GET", INSTANCE).json();
    let from = "tremor://localhost/onramp/http_in/01/out";
    assert_eq!(
        shown["links"][from],
        serde_json::json!(["tremor://localhost/pipeline/request_handling/01/in"])
    );
    let yaml = world.proxy.admin("GET", "/binding", &[YAML]).unwrap();
    assert_eq!(
        (yaml.header("content-type"), yaml.body()),
        (Some("application/yaml"), &b"---\n- main\n"[..])
    );
    for (method, path) in [
        ("GET", "/binding/main/02"),
        ("DELETE", "/binding/main/02"),
        ("DELETE", "/binding/other/01"),
        ("GET", "/binding/other/01"),
    ] {
        let refused = ask(method, path);
        assert_eq!(
            (refused.status, &refused.json()["code"]),
            (404, &404.into()),
            "{method} {path}"
        );
        assert_eq!(refused.json()["error"], "Artefact not found");
    }
    assert_eq!(deploy(&world, "application/json", "{}").status, 409);
    let other = |kind: &str, body: &str| {
        let mut client = world.proxy.admin_client().unwrap();
        let response = client
            .ask("POST", "/binding/main/02", &[("content-type", kind)], body)
            .unwrap();
        response.status
    };
    assert_eq!(other("text/plain", "{}"), 415);
    assert_eq!(other("application/json", r#"{"instance":2}"#), 400);
    assert_eq!(other("application/json", "{"), 400);
    assert_eq!(other("application/yaml", "a: [b]"), 400);
    let refused = ask("PUT", INSTANCE);
    assert_eq!(
        (refused.status, refused.header("allow")),
        (405, Some("GET, HEAD, POST, DELETE"))
    );
    assert_eq!(world.ask("POST", "/", "{}").status, 200);
}

#[test]
fn changes_without_a_token_and_in_a_form_that_there_is_not_are_refused_before_anything_is_done() {
    let world = ready(|recipe| recipe);
    let ask = |method: &str, header: (&str, &str)| {
        let json = ("content-type", "application/json");
        let mut client = world.proxy.admin_client().unwrap();
        let answer = client.ask(method, INSTANCE, &[header, json], "").unwrap();
        assert_eq!(answer.json()["code"], answer.status);
        answer.status
    };
    for method in ["DELETE", "POST", "PUT"] {
        assert_eq!(ask(method, ("host", "rebound.example:9898")), 421, "{method}");
    }
    for method in ["DELETE", "POST"] {
        assert_eq!(ask(method, ("accept", "application/vnd.trickle")), 406, "{method}");
    }
    assert_eq!(
        world
            .proxy
            .admin("GET", INSTANCE, &[("host", "shop.example")])
            .unwrap()
            .status,
        200
    );
    assert_eq!(world.ask("POST", "/", "{}").status, 200);
    assert_eq!(
        world
            .proxy
            .admin("DELETE", INSTANCE, &[("host", "127.0.0.1")])
            .unwrap()
            .status,
        204
    );
}

/// Two gates in front of one shop.
const SHARED: &str = "\
```yaml gates.yaml
onramp:
  - id: first
    type: rest
    linked: true
    codec: json
    config: {host: 127.0.0.1, port: 8080}
  - id: second
    type: rest
    linked: true
    codec: json
    config: {host: 127.0.0.1, port: 8081}
offramp:
  - id: shop
    type: rest
    linked: true
    codec: json
    config:
      endpoint:
        host: 127.0.0.1
        port: 9000
binding:
  - id: one
    links:
      /onramp/first/a/out: [/pipeline/pass/a/in]
      /pipeline/pass/a/out: [/offramp/shop/a/in]
      /offramp/shop/a/out: [/pipeline/system::passthrough/a/in]
      /pipeline/system::passthrough/a/out: [/onramp/first/a/in]
  - id: other
    links:
      /onramp/second/a/out: [/pipeline/pass/a/in]
      /pipeline/pass/a/out: [/offramp/shop/a/in]
      /offramp/shop/a/out: [/pipeline/system::passthrough/a/in]
      /pipeline/system::passthrough/a/out: [/onramp/second/a/in]
mapping:
  /binding/one/a: {}
  /binding/other/a: {}
```
```trickle pass.trickle
select event from in into out;
```
";

#[test]
fn what_other_bindings_use_stays() {
    let shop = FaultyUpstream::echo().unwrap();
    let second = free_port().unwrap();
    let page = Page::new(SHARED)
        .unwrap()
        .at(9000, shop.port())
        .at(8081, second)
        .admin(free_port().unwrap());
    let gates = Deployment::of_page(env!("CARGO_BIN_EXE_temblor"), &page).unwrap();
    wait_until_ready(&gates);
    let ask = |port: u16| RawClient::connect(port).and_then(|mut client| client.ask("POST", "/", JSON, "{}"));
    assert_eq!(
        [ask(page.port()), ask(second)].map(|answer| answer.unwrap().status),
        [200, 200]
    );
    assert_eq!(gates.admin("DELETE", "/binding/one/a", &[]).unwrap().status, 204);
    assert!(ask(page.port()).is_err());
    assert_eq!(ask(second).unwrap().status, 200);
    assert_eq!(gates.admin("DELETE", "/binding/other/a", &[]).unwrap().status, 204);
    assert!(ask(second).is_err());
}

#[test]
fn a_deployment_that_waits_for_a_file_holds_up_nobody_else() {
    let folder = tempfile::tempdir().unwrap();
    // Nobody ever writes to it, so opening it takes for ever.
    let endless = folder.path().join("endless");
    assert!(Command::new("mkfifo").arg(&endless).status().unwrap().success());
    let onramp = format!(
        "  - id: endless\n    type: file\n    config: {{source: \"{}\"}}\nofframp:\n",
        endless.display()
    );
    let binding = "  - id: waiting\n    links:\n      /onramp/endless/a/out: [/pipeline/pass/a/in]\nmapping:\n";
    let text = SHARED.replace("offramp:\n", &onramp).replace("mapping:\n", binding);
    let shop = FaultyUpstream::echo().unwrap();
    let page = Page::new(&text)
        .unwrap()
        .at(9000, shop.port())
        .at(8081, free_port().unwrap())
        .admin(free_port().unwrap());
    let mut gates = Deployment::of_page(env!("CARGO_BIN_EXE_temblor"), &page).unwrap();
    wait_until_ready(&gates);
    let mut deploying = gates.admin_client().unwrap();
    let kind = [("content-type", "application/json")];
    deploying.send(&request("POST", "/binding/waiting/a", &kind, "{}")).unwrap();
    for path in ["/health", "/metrics", "/ready", "/binding", "/binding/one/a"] {
        assert_eq!(gates.admin("GET", path, &[]).unwrap().status, 200, "{path}");
    }
    let through = RawClient::connect(page.port()).and_then(|mut client| client.ask("POST", "/", JSON, "{}"));
    assert_eq!(through.unwrap().status, 200);
    assert_eq!(gates.admin("DELETE", "/binding/one/a", &[]).unwrap().status, 204);
    assert!(RawClient::connect(page.port()).is_err());
    let mut again = gates.admin_client().unwrap();
    assert_eq!(again.ask("POST", "/binding/one/a", &kind, "{}").unwrap().status, 201);
    let through = RawClient::connect(page.port()).and_then(|mut client| client.ask("POST", "/", JSON, "{}"));
    assert_eq!(through.unwrap().status, 200);
    gates.terminate().unwrap();
    assert!(gates.wait(PATIENCE).unwrap().success(), "{}", gates.stderr());
}
