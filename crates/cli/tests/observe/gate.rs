//! Deployments of one onramp in front of one upstream.
#![allow(clippy::unwrap_used)] // helpers of tests

use temblor_testkit::{FaultyUpstream, Page, free_port};

const GATE_AND_SHOP: &str = "
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
";

/// The text of a page with onramp `gate` and offramp `shop`, which does not look into bodies; `rest` goes on with the YAML, from the bindings on.
pub(crate) fn text(rest: &str) -> String {
    format!("{GATE_AND_SHOP}{rest}")
}

/// Such a page with an upstream and an admin interface.
pub(crate) fn page(text: &str, shop: &FaultyUpstream) -> Page {
    let page = Page::new(text).unwrap();
    page.at(9000, shop.port()).admin(free_port().unwrap())
}
