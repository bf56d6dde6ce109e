//! What a body without a meaning of its own is, in both dialects (spec/dialects.md C1).
#![allow(clippy::unwrap_used)] // helpers of tests

use temblor_testkit::{Deployment, FaultyUpstream, Page};

const GATE: &str = "
```yaml gate.yaml
dialect: '0.11'
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
    config: {endpoints: ['http://127.0.0.1:9000']}
binding:
  - id: gate
    links:
      /onramp/gate/a/out: [/pipeline/read/a/in]
      /pipeline/read/a/out: [/offramp/shop/a/in]
      /offramp/shop/a/out: [/pipeline/system::passthrough/a/in]
      /pipeline/system::passthrough/a/out: [/onramp/gate/a/in]
mapping:
  /binding/gate/a: {}
```
```trickle read.trickle
select {\"n\": event.n} from in into out;
```
";

#[test]
fn a_body_of_bytes_is_read_by_the_onramps_codec_in_dialect_09() {
    let shop = FaultyUpstream::echo().unwrap();
    let upstream = format!("127.0.0.1:{}", shop.port());
    for (dialect, status) in [("0.11", 500), ("0.9", 200)] {
        let page = Page::new(GATE).unwrap().with("'0.11'", &format!("'{dialect}'"));
        let page = page.with("127.0.0.1:9000", &upstream).logging("warn");
        let gate = Deployment::of_page(env!("CARGO_BIN_EXE_temblor"), &page).unwrap();
        let ask = |kind: &str| {
            let mut client = gate.client().unwrap();
            client
                .ask("POST", "/", &[("content-type", kind)], r#"{"n":1}"#)
                .unwrap()
                .status
        };
        assert_eq!(ask("application/json"), 200, "{dialect}");
        assert_eq!(ask("application/octet-stream"), status, "{dialect}");
        // The old name of the endpoint, in both.
        let log = gate.stderr();
        assert!(log.contains("`endpoints`") && log.contains("`endpoint`"), "{log}");
    }
}
