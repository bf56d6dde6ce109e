//! Bodies by what was needed of them and how they left (spec/proxy.md 3 and 6.3).

use temblor_testkit::{Deployment, FaultyUpstream};

use crate::common::JSON;
use crate::gate::{page, text};

const BODIES: &str = "temblor_bodies_total";

const REST: &str = "\
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
        let page = page(&text(REST).replace(change.0, change.1), &shop);
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
    let page = page(&text(REST), &shop);
    let gate = Deployment::of_page(env!("CARGO_BIN_EXE_temblor"), &page).unwrap();
    assert_eq!(gate.client().unwrap().ask("GET", "/", &[], "").unwrap().status, 200);
    let numbers = gate.metrics().unwrap();
    assert_eq!(numbers.value(BODIES, &[("artefact", "shop")]), 0.0);
    assert_eq!(numbers.value(BODIES, &[("artefact", "gate")]), 1.0);
}
