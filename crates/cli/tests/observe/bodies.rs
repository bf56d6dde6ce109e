//! Bodies by what was needed of them and how they left (spec/proxy.md 3 and 6.3).

use temblor_testkit::{Deployment, FaultyUpstream, Page, free_port};

use crate::common::JSON;

const BODIES: &str = "temblor_bodies_total";

const GATE: &str = "
```yaml gate.yaml
onramp:
  - id: gate
    type: rest
    linked: true
    codec: json
    config: {host: 127.0.0.1, port: 8080}
offramp:
  - id: shop
    type: rest
    linked: true
    codec: json
    config:
      validate: false
      endpoint:
        host: 127.0.0.1
        port: 9000
binding:
  - id: gate
    links:
      /onramp/gate/a/out: [/pipeline/pass/a/in]
      /pipeline/pass/a/out: [/offramp/shop/a/in]
      /offramp/shop/a/out: [/pipeline/system::passthrough/a/in]
      /pipeline/system::passthrough/a/out: [/onramp/gate/a/in]
mapping:
  /binding/gate/a: {}
```
```trickle pass.trickle
select event from in into out;
```
";

#[test]
fn bodies_are_counted_by_need_and_form() {
    let shop = FaultyUpstream::echo().unwrap();
    let unchecked = ("port: 8080}", "port: 8080, validate: false}");
    let read = ("from in into", "from in where event.n == 1 into");
    let made_anew = ("select event from", "select {\"n\": event.n} from");
    let always = ("validate: false\n", "validate: false\n      encode: always\n");
    for (change, need, form) in [
        (unchecked, "stream", "original"),
        (("gate", "gate"), "bytes", "original"),
        (read, "value", "original"),
        (made_anew, "value", "encoded"),
        (always, "bytes", "encoded"),
    ] {
        let page = Page::new(&GATE.replace(change.0, change.1)).unwrap();
        let page = page.at(9000, shop.port()).admin(free_port().unwrap());
        let gate = Deployment::of_page(env!("CARGO_BIN_EXE_temblor"), &page).unwrap();
        let mut client = gate.client().unwrap();
        for _ in 0..3 {
            assert_eq!(client.ask("POST", "/", JSON, r#"{"n": 1}"#).unwrap().status, 200);
        }
        let numbers = gate.metrics().unwrap();
        let requests = |labels: &[(&str, &str)]| numbers.value(BODIES, &[&[("artefact", "shop")], labels].concat());
        assert_eq!(
            (requests(&[("need", need), ("form", form)]), requests(&[])),
            (3.0, 3.0),
            "{change:?} {numbers:?}"
        );
        let replies = |labels: &[(&str, &str)]| numbers.value(BODIES, &[&[("artefact", "gate")], labels].concat());
        assert_eq!(
            (replies(&[("need", "stream"), ("form", "original")]), replies(&[])),
            (3.0, 3.0)
        );
    }
}

#[test]
fn a_message_without_a_body_does_not_count() {
    let shop = FaultyUpstream::echo().unwrap();
    let page = Page::new(GATE).unwrap().at(9000, shop.port()).admin(free_port().unwrap());
    let gate = Deployment::of_page(env!("CARGO_BIN_EXE_temblor"), &page).unwrap();
    assert_eq!(gate.client().unwrap().ask("GET", "/", &[], "").unwrap().status, 200);
    let numbers = gate.metrics().unwrap();
    assert_eq!(numbers.value(BODIES, &[("artefact", "shop")]), 0.0);
    assert_eq!(numbers.value(BODIES, &[("artefact", "gate")]), 1.0);
}
